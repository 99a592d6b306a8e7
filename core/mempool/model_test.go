package mempool

import (
	"errors"
	"math/rand"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// model is what the pool should hold, found out in the most naive way: by
// looking at all transactions again and again.
type model struct {
	c   *testChain
	txs []*consensus.Tx
}

func (m *model) spends(tx *consensus.Tx, o wire.OutPoint) bool {
	return slices.ContainsFunc(tx.Msg.TxIn, func(in *wire.TxIn) bool { return in.PreviousOutPoint == o })
}

// valid drops transactions until each that is left has all its inputs: mature
// coins, or outputs of others that are left.
func (m *model) valid() {
	for {
		n := len(m.txs)
		m.txs = slices.DeleteFunc(m.txs, func(tx *consensus.Tx) bool {
			return slices.ContainsFunc(tx.Msg.TxIn, func(in *wire.TxIn) bool { return !m.available(in.PreviousOutPoint) })
		})
		if len(m.txs) == n {
			return
		}
	}
}

func (m *model) available(o wire.OutPoint) bool {
	if coin := m.c.coins[o]; coin != nil {
		return !coin.Coinbase || m.c.height()+1-coin.Height >= m.c.params.Maturity
	}
	return slices.ContainsFunc(m.txs, func(tx *consensus.Tx) bool { return tx.ID() == o.Hash })
}

// add replaces what conflicts.
func (m *model) add(tx *consensus.Tx) {
	gone := map[chainhash.Hash]bool{}
	for changed := true; changed; {
		changed = false
		for _, old := range m.txs {
			if gone[old.ID()] {
				continue
			}
			for _, in := range old.Msg.TxIn {
				if gone[in.PreviousOutPoint.Hash] || m.spends(tx, in.PreviousOutPoint) {
					gone[old.ID()], changed = true, true
				}
			}
		}
	}
	m.txs = slices.DeleteFunc(m.txs, func(old *consensus.Tx) bool { return gone[old.ID()] })
	m.txs = append(m.txs, tx)
}

func (m *model) compare(t *testing.T) {
	t.Helper()
	v := m.c.pool.View()
	for _, tx := range m.txs {
		if v.Get(tx.ID()) == nil {
			t.Fatalf("%v is not in the pool", tx.ID())
		}
	}
	if v.Len() != len(m.txs) {
		t.Fatalf("the pool has %d transactions, want %d", v.Len(), len(m.txs))
	}
}

// player makes random moves.
type player struct {
	*testChain
	r     *rand.Rand
	model *model
}

// outputs lists what a transaction could spend: coins and unconfirmed outputs,
// spent ones included, in a fixed order.
func (p *player) outputs() []wire.OutPoint {
	var list []wire.OutPoint
	for h := max(1, p.height()-8); h <= p.height(); h++ {
		for n := range uint32(3) {
			list = append(list, p.coinbase(h, n))
		}
		for _, tx := range p.blocks[h].Txs[1:] {
			list = append(list, out(tx, 0))
		}
	}
	for e := range p.pool.View().All() {
		for n := range e.Tx.Msg.TxOut {
			list = append(list, out(e.Tx, uint32(n)))
		}
	}
	return list
}

func (p *player) randomTx() *consensus.Tx {
	all := p.outputs()
	var ins []wire.OutPoint
	for range 1 + p.r.Intn(3) {
		if o := all[p.r.Intn(len(all))]; !slices.Contains(ins, o) {
			ins = append(ins, o)
		}
	}
	return p.tx(int64(p.r.Intn(5000)), 1+p.r.Intn(3), ins...)
}

func (p *player) offer() {
	tx := p.randomTx()
	res, err := p.pool.Accept(tx, p.env(), Options{})
	var refusal *consensus.RuleError
	if err != nil && !errors.As(err, &refusal) {
		p.t.Fatal(err)
	}
	if err == nil {
		p.model.add(tx)
		if len(res.Change.Added) != 1 || len(res.Change.Removed) != len(res.Replaced) {
			p.t.Fatalf("%+v", res)
		}
	}
}

// blockTxs chooses what a block confirms: unconfirmed transactions with their
// ancestors, and sometimes one that conflicts.
func (p *player) blockTxs() []*consensus.Tx {
	var txs []*consensus.Tx
	in := map[chainhash.Hash]bool{}
	v := p.pool.View()
	for _, e := range v.Topological() {
		ready := !slices.ContainsFunc(e.Tx.Msg.TxIn, func(i *wire.TxIn) bool {
			return p.coins[i.PreviousOutPoint] == nil && !in[i.PreviousOutPoint.Hash]
		})
		if ready && p.r.Intn(3) == 0 {
			txs, in[e.Tx.ID()] = append(txs, e.Tx), true
		}
	}
	for range p.r.Intn(2) {
		tx := p.randomTx()
		fits := !slices.ContainsFunc(tx.Msg.TxIn, func(i *wire.TxIn) bool {
			coin := p.coins[i.PreviousOutPoint]
			return coin == nil || coin.Coinbase && p.height()+1-coin.Height < p.params.Maturity ||
				slices.ContainsFunc(txs, func(other *consensus.Tx) bool { return p.model.spends(other, i.PreviousOutPoint) })
		})
		if fits {
			txs = append(txs, tx)
		}
	}
	return txs
}

func (p *player) block() {
	p.mine(p.blockTxs()...)
	p.model.valid()
}

// reorg leaves up to four blocks for one more, or for none.
func (p *player) reorg() {
	depth := 1 + p.r.Intn(4)
	for range depth {
		p.model.txs = append(p.model.txs, p.blocks[p.height()].Txs[1:]...)
		p.disconnect()
	}
	if p.r.Intn(4) > 0 {
		for range depth + 1 {
			var txs []*consensus.Tx
			for _, tx := range p.model.txs { // some of what was confirmed before
				if p.r.Intn(3) == 0 && p.minable(tx, txs) {
					txs = append(txs, tx)
				}
			}
			if len(txs) == 0 {
				if tx := p.randomTx(); p.minable(tx, nil) {
					txs = append(txs, tx)
				}
			}
			p.mine(txs...)
			p.model.txs = slices.DeleteFunc(p.model.txs, func(tx *consensus.Tx) bool { return slices.Contains(txs, tx) })
		}
	}
	p.model.valid()
	p.settle()
}

func (p *player) minable(tx *consensus.Tx, before []*consensus.Tx) bool {
	return !slices.ContainsFunc(tx.Msg.TxIn, func(i *wire.TxIn) bool {
		coin := p.coins[i.PreviousOutPoint]
		return coin == nil || coin.Coinbase && p.height()+1-coin.Height < p.params.Maturity ||
			slices.ContainsFunc(before, func(other *consensus.Tx) bool { return p.model.spends(other, i.PreviousOutPoint) })
	})
}

// TestModel plays random acceptances, replacements, blocks and reorgs; after
// each move the pool holds what the naive model holds, and passes Check.
func TestModel(t *testing.T) {
	for seed := range int64(12) {
		c := newChain(t)
		p := &player{c, rand.New(rand.NewSource(seed)), &model{c: c}}
		most := 0
		for range 250 {
			switch n := p.r.Intn(20); {
			case n < 16:
				p.offer()
			case n < 19:
				p.block()
			default:
				p.reorg()
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
			c.check()
			p.model.compare(t)
			most = max(most, c.pool.View().Len())
		}
		if most < 10 {
			t.Fatalf("seed %d: never more than %d transactions, the test proves nothing", seed, most)
		}
	}
}

// TestModelFull plays with a pool that is always full, whose transactions
// expire: what it holds is left to it, Check must pass.
func TestModelFull(t *testing.T) {
	for seed := range int64(8) {
		c := newChain(t)
		c.pool.config.MaxUsage, c.pool.config.Expiry = 8_000, 5*blockTime
		p := &player{c, rand.New(rand.NewSource(seed)), &model{c: c}}
		reasons := map[Reason]int{}
		for range 300 {
			switch n := p.r.Intn(30); {
			case n < 27:
				res, err := c.pool.Accept(p.randomTx(), c.env(), Options{FeeDelta: int64(p.r.Intn(200) - 100)})
				if err == nil && res.Entry == nil {
					t.Fatal("neither accepted nor refused")
				}
				for _, r := range res.Change.Removed {
					reasons[r.Reason]++
				}
				c.now += 60
			case n < 29:
				for _, r := range c.pool.Tick(c.now).Removed {
					reasons[r.Reason]++
				}
				p.mine(p.blockTxs()...)
			default:
				p.model.txs = nil
				p.reorg()
			}
			c.check()
			if u := c.pool.View().Totals().Usage; u > c.pool.config.MaxUsage {
				t.Fatalf("seed %d: usage %d", seed, u)
			}
		}
		if reasons[SizeLimit] == 0 || reasons[Expired] == 0 || reasons[Replaced] == 0 {
			t.Fatalf("seed %d: removed %v, the test proves nothing", seed, reasons)
		}
	}
}
