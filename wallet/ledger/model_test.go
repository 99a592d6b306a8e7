package ledger

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// model is the naive truth: the best chain and the mempool as lists. A coin is
// what a walk over all of it leaves.
type model struct {
	*world
	rng  *rand.Rand
	pool []*consensus.Tx
	used []*consensus.Tx // everything ever made, for double spends
}

type utxo struct {
	value    int64
	height   int32 // -1: mempool
	coinbase bool
}

// scan walks the chain and the mempool and returns all unspent outputs; ok
// tells of each mempool transaction whether it is valid after those before it.
func (m *model) scan(pool []*consensus.Tx) (coins map[wire.OutPoint]utxo, ok []bool) {
	coins = map[wire.OutPoint]utxo{}
	spent := map[wire.OutPoint]bool{}
	apply := func(tx *consensus.Tx, height int32) {
		if !tx.IsCoinbase() {
			for _, in := range tx.Msg.TxIn {
				delete(coins, in.PreviousOutPoint)
				spent[in.PreviousOutPoint] = true
			}
		}
		for i, o := range tx.Msg.TxOut {
			coins[at(tx, uint32(i))] = utxo{o.Value, height, tx.IsCoinbase()}
		}
	}
	for h, b := range m.chain {
		for _, tx := range b.Txs {
			apply(tx, int32(h))
		}
	}
	for _, tx := range pool {
		valid := true
		for _, in := range tx.Msg.TxIn {
			c, exists := coins[in.PreviousOutPoint]
			fake := [28]byte(in.PreviousOutPoint.Hash[4:]) == [28]byte{} // net.foreign
			immature := c.coinbase && int32(len(m.chain))-c.height < maturity
			if spent[in.PreviousOutPoint] || !exists && !fake || immature {
				valid = false
			}
		}
		ok = append(ok, valid)
		if valid {
			apply(tx, -1)
		}
	}
	return coins, ok
}

// settle drops what is no longer valid from the mempool, as a node does.
func (m *model) settle() {
	_, ok := m.scan(m.pool)
	var keep []*consensus.Tx
	for i, tx := range m.pool {
		if ok[i] {
			keep = append(keep, tx)
		} else {
			m.l.MempoolRemove(tx.ID())
		}
	}
	m.pool = keep
}

func (m *model) check(step string) {
	m.t.Helper()
	coins, _ := m.scan(m.pool)
	want := map[wire.OutPoint]utxo{}
	var confirmed int64
	for o, c := range coins {
		if _, mine := m.l.ring.Find(m.script(o)); mine {
			want[o] = c
			if c.height >= 0 {
				confirmed += c.value
			}
		}
	}
	var sum int64
	for c := range m.l.Coins() {
		w, ok := want[c.Outpoint]
		if !ok || w.value != c.Value || w.height != c.Height || w.coinbase != c.Coinbase {
			m.t.Fatalf("%s: coin %+v, want %+v %v", step, c, w, ok)
		}
		delete(want, c.Outpoint)
		sum += c.Value
	}
	for o := range m.l.held {
		w, ok := want[o.outpoint()]
		if !ok {
			m.t.Fatalf("%s: held coin %v does not exist", step, o.outpoint())
		}
		if !slices.ContainsFunc(m.l.slots[o.outpoint()].spenders, func(r *record) bool { return m.possible(r, coins) }) {
			m.t.Fatalf("%s: coin %v is held by nothing that can confirm", step, o.outpoint())
		}
		delete(want, o.outpoint())
		if w.height >= 0 {
			confirmed -= w.value
		}
	}
	if len(want) > 0 {
		m.t.Fatalf("%s: coins missing: %v", step, want)
	}
	b := m.l.Balance(0, false)
	if b.Trusted+b.Pending+b.Immature != sum {
		m.t.Fatalf("%s: balance %+v does not sum up to %d", step, b, sum)
	}
	if b := m.l.Balance(1, false); b.Trusted+b.Immature != confirmed {
		m.t.Fatalf("%s: confirmed balance %+v, want %d", step, b, confirmed)
	}
}

// exists is what a node answers: unspent in the chain, or made in the mempool.
func (m *model) exists(o wire.OutPoint) bool {
	coins, _ := m.scan(nil)
	if _, ok := coins[o]; ok {
		return true
	}
	if [28]byte(o.Hash[4:]) == [28]byte{} {
		for _, b := range m.chain {
			for _, tx := range b.Txs {
				for _, in := range tx.Msg.TxIn {
					if in.PreviousOutPoint == o {
						return false
					}
				}
			}
		}
		return true
	}
	return slices.ContainsFunc(m.pool, func(p *consensus.Tx) bool { return p.ID() == o.Hash })
}

// possible tells whether an unconfirmed transaction may confirm: everything
// that it spends exists or is made by one that may.
func (m *model) possible(r *record, coins map[wire.OutPoint]utxo) bool {
	if r.state != Inactive {
		return false
	}
	for _, in := range r.tx.Msg.TxIn {
		o := in.PreviousOutPoint
		if _, ok := coins[o]; ok {
			continue
		}
		fake := [28]byte(o.Hash[4:]) == [28]byte{}
		if m.exists(o) && fake && !slices.ContainsFunc(m.pool, func(p *consensus.Tx) bool {
			return slices.ContainsFunc(p.Msg.TxIn, func(in *wire.TxIn) bool { return in.PreviousOutPoint == o })
		}) {
			continue
		}
		if p := m.l.records[o.Hash]; p == nil || !m.possible(p, coins) {
			return false
		}
	}
	return true
}

func (m *model) script(o wire.OutPoint) []byte {
	for _, tx := range m.used {
		if tx.ID() == o.Hash {
			return tx.Msg.TxOut[o.Index].PkScript
		}
	}
	return nil
}

func (m *model) someScript() []byte {
	switch m.rng.IntN(3) {
	case 0:
		return ours(uint32(m.rng.IntN(20)))
	case 1:
		return change(uint32(m.rng.IntN(20)))
	}
	return theirs
}

// newTx spends random coins, sometimes foreign ones, sometimes coins that are
// spent already.
func (m *model) newTx() *consensus.Tx {
	coins, _ := m.scan(m.pool)
	var all []wire.OutPoint
	for o := range coins {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b wire.OutPoint) int { return compare(a, b) })
	ins := []wire.OutPoint{}
	for range 1 + m.rng.IntN(2) {
		switch {
		case m.rng.IntN(4) == 0 || len(all) == 0:
			ins = append(ins, m.foreign())
		case m.rng.IntN(3) == 0:
			old := m.used[m.rng.IntN(len(m.used))]
			ins = append(ins, old.Msg.TxIn[m.rng.IntN(len(old.Msg.TxIn))].PreviousOutPoint)
			if ins[len(ins)-1].Index == 0xffffffff {
				ins[len(ins)-1] = m.foreign()
			}
		default:
			ins = append(ins, all[m.rng.IntN(len(all))])
		}
	}
	slices.SortFunc(ins, compare)
	ins = slices.Compact(ins)
	var outs []*wire.TxOut
	for range 1 + m.rng.IntN(3) {
		outs = append(outs, out(1+m.rng.Int64N(100), m.someScript()))
	}
	tx := pay(ins, outs...)
	m.used = append(m.used, tx)
	return tx
}

func compare(a, b wire.OutPoint) int {
	if c := slices.Compare(a.Hash[:], b.Hash[:]); c != 0 {
		return c
	}
	return int(a.Index) - int(b.Index)
}

// offer puts a transaction into the mempool; a conflict is replaced with its
// descendants, or wins.
func (m *model) offer(tx *consensus.Tx) {
	if slices.ContainsFunc(m.pool, func(p *consensus.Tx) bool { return p.ID() == tx.ID() }) {
		return
	}
	_, ok := m.scan(append(slices.Clone(m.pool), tx))
	if !ok[len(ok)-1] {
		if m.rng.IntN(2) == 0 {
			return
		}
		before := m.pool // replace: the new one first, then whatever still fits
		m.pool = append([]*consensus.Tx{tx}, before...)
		_, ok := m.scan(m.pool)
		if !ok[0] {
			m.pool = before
			return
		}
		m.settle()
	} else {
		m.pool = append(m.pool, tx)
	}
	m.world.pool(tx)
}

func (m *model) mineSome() {
	m.settle()
	m.mineFrom(m.pool)
}

func (m *model) mineFrom(from []*consensus.Tx) {
	cb := m.coinbase(out(50, m.someScript()))
	m.used = append(m.used, cb)
	txs := []*consensus.Tx{cb}
	n := m.rng.IntN(len(from) + 1)
	txs = append(txs, from[:n]...)
	m.mine(txs...)
	for _, tx := range txs[1:] {
		m.l.MempoolRemove(tx.ID())
		m.pool = slices.DeleteFunc(m.pool, func(p *consensus.Tx) bool { return p.ID() == tx.ID() })
	}
	m.settle()
}

// reorg disconnects some blocks, mines other ones, sometimes with double
// spends of what was disconnected, and offers the rest again.
func (m *model) reorg() {
	var back []*consensus.Tx
	depth := 1 + m.rng.IntN(min(6, len(m.chain)))
	for range depth {
		b := m.chain[len(m.chain)-1]
		m.undo()
		back = append(slices.Clone(b.Txs[1:]), back...)
	}
	for range depth + 1 {
		var double []*consensus.Tx
		if len(back) > 0 && m.rng.IntN(2) == 0 {
			victim := back[m.rng.IntN(len(back))]
			tx := pay([]wire.OutPoint{victim.Msg.TxIn[0].PreviousOutPoint}, out(1, m.someScript()), out(int64(m.n), theirs))
			if _, ok := m.scan([]*consensus.Tx{tx}); ok[0] {
				m.used = append(m.used, tx)
				double = []*consensus.Tx{tx}
			}
		}
		m.mineFrom(double)
	}
	pool := m.pool
	m.pool = nil
	for _, tx := range append(back, pool...) {
		if slices.ContainsFunc(m.pool, func(p *consensus.Tx) bool { return p.ID() == tx.ID() }) {
			continue
		}
		if _, ok := m.scan(append(slices.Clone(m.pool), tx)); ok[len(ok)-1] {
			m.pool = append(m.pool, tx)
			m.world.pool(tx)
		} else {
			m.l.MempoolRemove(tx.ID())
		}
	}
}

// TestAgainstModel is invariant I7: after any history of blocks, reorgs,
// double spends and replacements the wallet's coins are exactly those that a
// walk over the chain and the mempool finds, and a ledger that starts afresh
// finds the same.
func TestAgainstModel(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m := &model{world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 1))}
			m.mineFrom(nil)
			for i := range 150 {
				step := fmt.Sprintf("seed %d step %d", seed, i)
				switch m.rng.IntN(8) {
				case 0, 1:
					m.mineSome()
				case 2:
					m.reorg()
				default:
					m.offer(m.newTx())
				}
				missing := map[wire.OutPoint]bool{}
				for _, o := range m.l.Doubtful() {
					missing[o] = !m.exists(o)
				}
				m.l.Judge(missing)
				m.check(step)
			}
			m.checkFresh()
		})
	}
}

func (m *model) checkFresh() {
	fresh := newWorld(m.t)
	for _, b := range m.chain {
		fresh.connect(b)
	}
	for _, tx := range m.pool {
		fresh.pool(tx)
	}
	got, want := m.l.Balance(0, true), fresh.l.Balance(0, false)
	if got.NonMempool = 0; got != want {
		m.t.Errorf("balance %+v, afresh %+v", got, want)
	}
	ids := map[chainhash.Hash]State{}
	for tx := range fresh.l.Recent {
		ids[tx.Tx.ID()] = tx.State
	}
	for id, state := range ids {
		if tx, ok := m.l.Transaction(id); !ok || tx.State != state {
			m.t.Errorf("transaction %v: %+v, afresh state %d", id, tx, state)
		}
	}
}
