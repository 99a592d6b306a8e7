package chaintest

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// Model says what the chain should do, as plainly as can be: it looks at all
// blocks to find the best branch, and replays that from genesis to know the
// coins. It does not check rules: blocks say themselves which they break.
type Model struct {
	maker  Maker
	blocks []*modelBlock // in the order of their headers
	seen   uint64
}

type modelBlock struct {
	*Block
	parent  *modelBlock
	body    bool
	revoked bool
	seen    uint64 // order in which branches became whole, 0 before
	work    uint256.Int
}

// NewModel begins with the genesis block.
func NewModel(m Maker) *Model {
	g := &modelBlock{Block: m.Genesis(), body: true, work: consensus.Work(m.Params.Genesis.Header.Bits)}
	g.seen = 1
	return &Model{maker: m, blocks: []*modelBlock{g}, seen: 1}
}

func (m *Model) find(h chainhash.Hash) *modelBlock {
	for _, b := range m.blocks {
		if b.Hash() == h {
			return b
		}
	}
	return nil
}

// Header notes a header that was accepted.
func (m *Model) Header(b *Block) {
	if m.find(b.Hash()) != nil {
		return
	}
	p := m.find(b.Header.Prev)
	n := &modelBlock{Block: b, parent: p, work: consensus.Work(b.Header.Bits)}
	n.work.Add(&n.work, &p.work)
	m.blocks = append(m.blocks, n)
}

// Body notes a body that was accepted.
func (m *Model) Body(b *Block) {
	m.Header(b)
	n := m.find(b.Hash())
	n.body = true
	if n.parent.seen > 0 {
		m.link(n)
	}
}

// link numbers the blocks whose branch is whole now, parents first, siblings
// in the order of their headers.
func (m *Model) link(n *modelBlock) {
	for queue := []*modelBlock{n}; len(queue) > 0; queue = queue[1:] {
		m.seen++
		queue[0].seen = m.seen
		for _, b := range m.blocks {
			if b.parent == queue[0] && b.body {
				queue = append(queue, b)
			}
		}
	}
}

// Invalidate notes a person's word.
func (m *Model) Invalidate(b *Block) { m.find(b.Hash()).revoked = true }

// Reconsider takes the word back, for ancestors and descendants too.
func (m *Model) Reconsider(b *Block) {
	n := m.find(b.Hash())
	for _, x := range m.blocks {
		if x.descends(n) || n.descends(x) {
			x.revoked = false
		}
	}
}

func (b *modelBlock) descends(from *modelBlock) bool {
	for ; b != nil; b = b.parent {
		if b == from {
			return true
		}
	}
	return false
}

// Reopen forgets what is not stored: which branch was whole first. The tip
// stays, all else goes by the order of headers.
func (m *Model) Reopen(tip *Block) {
	t := m.find(tip.Hash())
	for i, b := range m.blocks {
		if b.seen > 0 {
			b.seen = uint64(i) + 2
		}
		if t.descends(b) {
			b.seen = 1
		}
	}
	m.seen = uint64(len(m.blocks)) + 2
}

// good says whether a branch may be the best chain.
func (b *modelBlock) good() bool {
	for ; b != nil; b = b.parent {
		if !b.body || b.revoked || b.Fault != "" {
			return false
		}
	}
	return true
}

// doomed says whether the block or an ancestor was revoked.
func (b *modelBlock) doomed() bool {
	for ; b != nil; b = b.parent {
		if b.revoked {
			return true
		}
	}
	return false
}

// faultless says whether nothing can be held against the block.
func (b *modelBlock) faultless() bool {
	for n := b; n != nil; n = n.parent {
		if n.Fault != "" {
			return false
		}
	}
	return !b.doomed()
}

// Tip is the end of the best branch.
func (m *Model) Tip() *Block {
	best := m.blocks[0]
	for _, b := range m.blocks {
		if c := b.work.Cmp(&best.work); (c > 0 || c == 0 && b.seen < best.seen) && b.good() {
			best = b
		}
	}
	return best.Block
}

// Replay computes from genesis which coins there are after a block, how much
// was issued, and how much of that was never paid out or went to outputs that
// cannot be spent, in satoshi.
func (m *Model) Replay(tip *Block) (coins map[wire.OutPoint]consensus.Coin, issued, burned int64) {
	coins = map[wire.OutPoint]consensus.Coin{}
	for _, b := range tip.Path()[1:] {
		subsidy := m.maker.Rules.subsidyAt(b.Height)
		issued += subsidy
		left := subsidy
		for i, t := range b.Txs {
			var in int64
			for _, x := range t.Msg.TxIn {
				if i > 0 {
					in += coins[x.PreviousOutPoint].Value
					delete(coins, x.PreviousOutPoint)
				}
			}
			left += fees(t.Msg, in)
			for n, o := range t.Msg.TxOut {
				if unspendable(o.PkScript) {
					burned += o.Value
					continue
				}
				coins[wire.OutPoint{Hash: t.ID(), Index: uint32(n)}] = consensus.Coin{Value: o.Value, Script: o.PkScript, Height: b.Height, Coinbase: i == 0}
			}
		}
		burned += left
	}
	return coins, issued, burned
}

// CheckCoins compares a store with the replay of the branch that ends at tip,
// and its sum with what was issued (I1, I2).
func (m *Model) CheckCoins(s chain.Store, tip *Block) error {
	want, issued, burned := m.Replay(tip)
	snap, err := s.Snapshot()
	if err != nil {
		return err
	}
	defer snap.Close()
	var sum int64
	n := 0
	err = snap.EachCoin(func(o wire.OutPoint, c *consensus.Coin) error {
		w, ok := want[o]
		if !ok {
			return fmt.Errorf("coin %v should not be there", o)
		}
		if w.Value != c.Value || w.Height != c.Height || w.Coinbase != c.Coinbase || string(w.Script) != string(c.Script) {
			return fmt.Errorf("coin %v is %v, want %v", o, *c, w)
		}
		sum += c.Value
		n++
		return nil
	})
	if err == nil && n != len(want) {
		err = fmt.Errorf("%d coins, want %d", n, len(want))
	}
	if err == nil && sum != issued-burned {
		err = fmt.Errorf("coins of %d satoshi, want %d issued - %d burned", sum, issued, burned)
	}
	return err
}
