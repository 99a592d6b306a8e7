package chain_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

// The random test plays so many steps for each of so many seeds.
const (
	randomSeeds = 60
	randomSteps = 250
)

// TestRandomChains lets random blocks, bad ones among them, come in random
// order, with invalidations and restarts even in the middle of reorgs. After
// each step the chain must be as the model says (I1 to I4).
func TestRandomChains(t *testing.T) {
	moves := map[string]int{}
	seeds := randomSeeds
	if testing.Short() {
		seeds = 10
	}
	for seed := range uint64(seeds) {
		p := newPlayer(t, seed)
		for range randomSteps {
			p.play(moves)
		}
		p.Rest()
	}
	for _, want := range []string{"refused", "reorg", "duplicate-invalid", "bad-prevblk", "duplicate", "prev-blk-not-found", "bad-cb-height"} {
		if moves[want] < seeds {
			t.Errorf("%s happened %d times only: the test tests too little; %v", want, moves[want], moves)
		}
	}
}

// player makes random moves.
type player struct {
	*chaintest.Harness
	rng    *rand.Rand
	blocks []*chaintest.Block // all that were ever made, genesis first
	moves  map[string]int
}

func newPlayer(t *testing.T, seed uint64) *player {
	m := chaintest.NewMaker(2)
	p := &player{Harness: chaintest.New(t, m), rng: rand.New(rand.NewPCG(seed, 0)), blocks: []*chaintest.Block{m.Genesis()}}
	p.Deep = true
	p.Note = fmt.Sprintf("seed %d: ", seed)
	return p
}

func (p *player) play(moves map[string]int) {
	p.moves = moves
	switch n := p.rng.IntN(100); {
	case n < 45:
		b := p.newBlock()
		p.blocks = append(p.blocks, b)
		if p.rng.IntN(8) > 0 { // else it comes later
			p.offer(b)
		}
	case n < 65:
		p.offer(p.pick())
	case n < 70:
		if b := p.pick(); p.Chain.Lookup(b.Hash()) != nil && b.Height > 0 {
			p.Invalidate(b)
		}
	case n < 75:
		if b := p.pick(); p.Chain.Lookup(b.Hash()) != nil {
			p.Reconsider(b)
		}
	case n < 80:
		p.Reopen()
	default:
		p.header(p.pick())
	}
	p.advance()
}

// advance sometimes stops in the middle.
func (p *player) advance() {
	before := p.TipBlock()
	if p.rng.IntN(4) == 0 {
		for range p.rng.IntN(3) {
			p.Step()
		}
	} else {
		p.Rest()
	}
	if after := p.TipBlock(); after.Height > 0 && after != before && after.Parent != before {
		p.moves["reorg"]++
	}
}

// pick takes late blocks more often than early ones.
func (p *player) pick() *chaintest.Block {
	last := len(p.blocks) - 1
	return p.blocks[last-min(p.rng.IntN(last+1), p.rng.IntN(last+1))]
}

func (p *player) header(b *chaintest.Block) {
	want := wantHeader(p.Chain, b)
	p.same(b, p.AddHeader(b), want)
}

func (p *player) offer(b *chaintest.Block) {
	want := wantBlock(p.Chain, b)
	p.same(b, p.File(b), want)
}

func (p *player) same(b *chaintest.Block, got, want error) {
	if want == nil && got != nil || !errors.Is(got, want) {
		p.Fail("%s: %v, want %v", b.Name, got, want)
	}
	if want != nil {
		p.moves[want.Error()]++
	}
	if b.Fault == consensus.BadCoinbaseAmount && p.Chain.Lookup(b.Hash()) != nil && p.Chain.Record(p.Chain.Lookup(b.Hash())).Status&chain.Failed != 0 {
		p.moves["refused"]++
	}
}

// wantHeader says what AcceptHeader must answer.
func wantHeader(c *chain.Chain, b *chaintest.Block) error {
	if n := c.Lookup(b.Hash()); n != nil {
		if c.Record(n).Failed {
			return consensus.AlreadyInvalid
		}
		return nil
	}
	parent := c.Lookup(b.Header.Prev)
	switch {
	case parent == nil:
		return consensus.PrevNotFound
	case c.Record(parent).Failed:
		return consensus.BadPrev
	}
	return nil
}

// wantBlock says what AcceptBlock must answer.
func wantBlock(c *chain.Chain, b *chaintest.Block) error {
	err := wantHeader(c, b)
	n := c.Lookup(b.Hash())
	switch {
	case err != nil:
		return err
	case n != nil && c.Record(n).Status&chain.HaveBody != 0:
		return chain.ErrKnown
	case b.Fault == consensus.BadCoinbaseHeight:
		return consensus.BadCoinbaseHeight
	}
	return nil
}

// newBlock builds on some block, mostly a late one.
func (p *player) newBlock() *chaintest.Block {
	parent := p.pick()
	for parent.Fault == consensus.BadCoinbaseHeight || p.rng.IntN(3) == 0 {
		parent = p.pick()
	}
	if p.rng.IntN(2) == 0 {
		parent = p.TipBlock()
	}
	var o []chaintest.Option
	txs, fees := p.txs(parent)
	o = append(o, chaintest.With(txs...), chaintest.Extra(fees-fees*p.rng.Int64N(2)))
	switch p.rng.IntN(20) {
	case 0:
		o = append(o, chaintest.WrongHeight)
	case 1, 2:
		o = append(o, chaintest.Extra(fees), chaintest.Greedy)
	case 3:
		if len(txs) > 0 {
			o = append(o, p.doubleSpend(txs))
		}
	}
	return p.Block(fmt.Sprint("n", len(p.blocks)), parent, o...)
}

// doubleSpend adds a transaction that spends what the block has spent.
func (p *player) doubleSpend(txs []*wire.MsgTx) chaintest.Option {
	in := txs[p.rng.IntN(len(txs))].TxIn[0].PreviousOutPoint
	return func(d *chaintest.Draft) {
		chaintest.With(chaintest.Spend([]chaintest.Out{{OutPoint: in}}, chaintest.Pay(0, chaintest.Anyone)))(d)
		d.Fault = consensus.MissingInputs
	}
}

// txs spends random coins as they are after parent, those made in the block
// too, and returns the fees.
func (p *player) txs(parent *chaintest.Block) (txs []*wire.MsgTx, fees int64) {
	coins := p.coins(parent)
	for range p.rng.IntN(4) {
		var from []chaintest.Out
		var left int64
		for range 1 + p.rng.IntN(3) {
			if len(coins) == 0 {
				break
			}
			i := p.rng.IntN(len(coins))
			from = append(from, coins[i])
			left += coins[i].Value
			coins = slices.Delete(coins, i, i+1)
		}
		if len(from) == 0 {
			break
		}
		tx := chaintest.Spend(from)
		for range 1 + p.rng.IntN(4) {
			script := chaintest.Anyone
			if p.rng.IntN(8) == 0 {
				script = []byte{txscript.OP_RETURN, 1, byte(p.rng.Uint32())}
			}
			pay := p.rng.Int64N(left + 1)
			left -= pay
			tx.AddTxOut(chaintest.Pay(pay, script))
		}
		fees += left
		txs = append(txs, tx)
		for i, o := range tx.TxOut {
			if !consensus.Unspendable(o.PkScript) {
				coins = append(coins, chaintest.OutOf(tx, i))
			}
		}
	}
	return txs, fees
}

// coins are those that the next block may spend, in the order of their
// outpoints.
func (p *player) coins(parent *chaintest.Block) []chaintest.Out {
	all, _, _ := p.Model.Replay(parent)
	var list []chaintest.Out
	for o, c := range all {
		if c.Coinbase && parent.Height+1-c.Height < p.Params.Maturity {
			continue
		}
		list = append(list, chaintest.Out{OutPoint: o, TxOut: wire.TxOut{Value: c.Value, PkScript: c.Script}})
	}
	slices.SortFunc(list, func(a, b chaintest.Out) int {
		return cmp.Or(bytes.Compare(a.Hash[:], b.Hash[:]), cmp.Compare(a.Index, b.Index))
	})
	return list
}
