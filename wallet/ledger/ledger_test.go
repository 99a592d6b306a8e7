package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/keys"
)

// testRing knows scripts "w0" … and recognises those below its limit, which
// moves gap beyond each used one.
type testRing struct{ gap, limit uint32 }

func (r *testRing) Find(script []byte) (keys.Path, bool) {
	if len(script) != 5 || script[0] != 'w' && script[0] != 'c' {
		return keys.Path{}, false
	}
	i := binary.BigEndian.Uint32(script[1:])
	return keys.Path{Branch: keys.Branch{Purpose: keys.BIP44, Change: script[0] == 'c'}, Index: i}, i < r.limit
}

func (r *testRing) Used(p keys.Path) (bool, error) {
	grew := p.Index+1+r.gap > r.limit
	if grew {
		r.limit = p.Index + 1 + r.gap
	}
	return grew, nil
}

func ours(i uint32) []byte   { return binary.BigEndian.AppendUint32([]byte{'w'}, i) }
func change(i uint32) []byte { return binary.BigEndian.AppendUint32([]byte{'c'}, i) }

var theirs = []byte{0x51}

const maturity = 3

// net builds blocks and transactions that differ by a counter.
type net struct{ n uint32 }

func out(value int64, script []byte) *wire.TxOut { return wire.NewTxOut(value, script) }

func (n *net) coinbase(outs ...*wire.TxOut) *consensus.Tx {
	n.n++
	m := wire.NewMsgTx(2)
	m.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{}, 0xffffffff), binary.BigEndian.AppendUint32(nil, n.n), nil))
	m.TxOut = outs
	return consensus.NewTx(m)
}

// foreign is an outpoint that nobody of the test owns.
func (n *net) foreign() wire.OutPoint {
	n.n++
	var h chainhash.Hash
	binary.BigEndian.PutUint32(h[:], n.n)
	return wire.OutPoint{Hash: h}
}

func pay(ins []wire.OutPoint, outs ...*wire.TxOut) *consensus.Tx {
	m := wire.NewMsgTx(2)
	for i := range ins {
		m.AddTxIn(wire.NewTxIn(&ins[i], nil, nil))
	}
	m.TxOut = outs
	return consensus.NewTx(m)
}

func at(tx *consensus.Tx, i uint32) wire.OutPoint { return wire.OutPoint{Hash: tx.ID(), Index: i} }

func (n *net) block(prev chainhash.Hash, txs ...*consensus.Tx) *consensus.Block {
	n.n++
	return consensus.NewBlock(consensus.Header{Prev: prev, Time: 1000 + n.n, Nonce: n.n}, txs)
}

// world drives a ledger with the last block at hand.
type world struct {
	*net
	t     *testing.T
	l     *Ledger
	chain []*consensus.Block
}

func newWorld(t *testing.T) *world {
	return &world{net: &net{}, t: t, l: New(&testRing{gap: 5, limit: 20}, maturity, NoTip)}
}

func (w *world) mine(txs ...*consensus.Tx) *consensus.Block {
	w.t.Helper()
	if len(txs) == 0 || !txs[0].IsCoinbase() {
		txs = append([]*consensus.Tx{w.coinbase(out(50, theirs))}, txs...)
	}
	var prev chainhash.Hash
	if len(w.chain) > 0 {
		prev = w.chain[len(w.chain)-1].Hash()
	}
	b := w.block(prev, txs...)
	w.connect(b)
	return b
}

func (w *world) connect(b *consensus.Block) {
	w.t.Helper()
	if err := w.l.Connect(b, int32(len(w.chain))); err != nil {
		w.t.Fatal(err)
	}
	w.chain = append(w.chain, b)
}

func (w *world) undo() {
	w.t.Helper()
	b := w.chain[len(w.chain)-1]
	w.chain = w.chain[:len(w.chain)-1]
	if err := w.l.Disconnect(b, int32(len(w.chain))); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pool(tx *consensus.Tx) {
	w.t.Helper()
	if _, err := w.l.MempoolAdd(tx, 77); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) balance(want Balance) {
	w.t.Helper()
	if got := w.l.Balance(0, true); got != want {
		w.t.Errorf("balance %+v, want %+v", got, want)
	}
}

func (w *world) state(tx *consensus.Tx, want State, confirmations int32) *Transaction {
	w.t.Helper()
	got, ok := w.l.Transaction(tx.ID())
	if !ok {
		w.t.Fatalf("transaction %v is unknown", tx.ID())
	}
	if got.State != want || got.Confirmations != confirmations {
		w.t.Errorf("state %d with %d confirmations, want %d with %d", got.State, got.Confirmations, want, confirmations)
	}
	return got
}

func entries(t *Transaction) (list []string) {
	for _, e := range t.Entries {
		list = append(list, fmt.Sprintf("%s %d %d", e.Category, e.Value, e.Vout))
	}
	return list
}

func (w *world) entries(tx *consensus.Tx, want ...string) {
	w.t.Helper()
	got, _ := w.l.Transaction(tx.ID())
	if !reflect.DeepEqual(entries(got), want) {
		w.t.Errorf("entries %q, want %q", entries(got), want)
	}
}

func TestCoinbaseMaturesAndIsOrphaned(t *testing.T) {
	w := newWorld(t)
	cb := w.coinbase(out(50, ours(0)))
	w.mine(cb)
	w.balance(Balance{Immature: 50, NextMature: 3})
	w.entries(cb, "immature 50 0")
	w.mine()
	w.mine()
	w.balance(Balance{Immature: 50, NextMature: 1})
	w.mine()
	w.balance(Balance{Trusted: 50})
	w.entries(cb, "generate 50 0")
	w.undo()
	w.balance(Balance{Immature: 50, NextMature: 1})
	w.undo()
	w.undo()
	w.undo()
	w.balance(Balance{})
	w.entries(cb, "orphan 50 0")
	w.state(cb, Abandoned, 0)
	if n := len(w.l.Pending()); n != 0 {
		t.Errorf("%d pending: an orphaned coinbase must never be offered again", n)
	}
}

func TestSendWithChange(t *testing.T) {
	w := newWorld(t)
	in := pay([]wire.OutPoint{w.foreign()}, out(100, ours(1)))
	w.pool(in)
	w.balance(Balance{Pending: 100})
	w.state(in, InMempool, 0)
	w.mine(in)
	w.l.MempoolRemove(in.ID())
	w.balance(Balance{Trusted: 100})
	send := pay([]wire.OutPoint{at(in, 0)}, out(30, theirs), out(60, change(0)), out(4, ours(2)))
	w.pool(send)
	w.balance(Balance{Trusted: 64}) // own unconfirmed coins are trusted
	tx := w.state(send, InMempool, 0)
	if tx.Fee != -6 || tx.Debit != 100 || tx.Credit != 64 || !tx.FromMe || !tx.Trusted {
		t.Errorf("%+v", tx)
	}
	w.entries(send, "send -30 0", "send -4 2", "receive 4 2")
	if got := w.l.Balance(1, true); got != (Balance{}) {
		t.Errorf("balance with one confirmation %+v", got)
	}
	w.l.MempoolRemove(send.ID()) // evicted: it may come back, so its coin stays taken
	w.balance(Balance{Trusted: 100, NonMempool: -100})
	if got := w.l.Balance(0, false); got != (Balance{}) {
		t.Errorf("getbalance %+v", got)
	}
	w.state(send, Inactive, 0)
	if err := w.l.Abandon(send.ID()); err != nil {
		t.Fatal(err)
	}
	w.balance(Balance{Trusted: 100})
	w.state(send, Abandoned, 0)
	w.pool(send)
	w.balance(Balance{Trusted: 64})
	if err := w.l.Abandon(send.ID()); !errors.Is(err, ErrNotAbandonable) {
		t.Errorf("error %v, want ErrNotAbandonable", err)
	}
	if err := w.l.Abandon(chainhash.Hash{1}); !errors.Is(err, ErrUnknownTx) {
		t.Errorf("error %v, want ErrUnknownTx", err)
	}
}

// A chain of two payments loses against a double spend in a block, and wins
// again when that block goes.
//
//	0 ── 1(in) ── 2(rival)      in → first → second
//	         └─── 2'(first) ── 3'(second)
func TestDoubleSpendInABlock(t *testing.T) {
	w := newWorld(t)
	in := pay([]wire.OutPoint{w.foreign()}, out(100, ours(0)))
	other := pay([]wire.OutPoint{w.foreign()}, out(7, ours(1)))
	w.mine(in, other)
	first := pay([]wire.OutPoint{at(in, 0)}, out(90, change(0)))
	second := pay([]wire.OutPoint{at(first, 0), at(other, 0)}, out(95, theirs))
	w.pool(first)
	w.pool(second)
	w.balance(Balance{})
	rival := pay([]wire.OutPoint{at(in, 0)}, out(99, theirs))
	w.mine(rival)
	w.l.MempoolRemove(first.ID())
	w.l.MempoolRemove(second.ID())
	w.balance(Balance{Trusted: 7})
	w.state(first, Conflicted, -1)
	tx := w.state(second, Conflicted, -1)
	if tx := w.state(first, Conflicted, -1); !reflect.DeepEqual(tx.Conflicts, []chainhash.Hash{rival.ID()}) {
		t.Errorf("conflicts %v", tx.Conflicts)
	}
	if len(tx.Entries) != 1 || tx.Fee != -2 {
		t.Errorf("%+v", tx)
	}
	w.undo()
	w.state(first, Inactive, 0)
	w.state(rival, Inactive, 0)
	w.mine(first)
	w.state(rival, Conflicted, -1)
	w.mine(second)
	w.state(second, Confirmed, 1)
	w.balance(Balance{})
}

// Two blocks hold double spends of two coins of one payment: it stays
// conflicted until both are gone.
func TestTwoDoubleSpends(t *testing.T) {
	w := newWorld(t)
	a := pay([]wire.OutPoint{w.foreign()}, out(10, ours(0)))
	b := pay([]wire.OutPoint{w.foreign()}, out(20, ours(1)))
	w.mine(a, b)
	both := pay([]wire.OutPoint{at(a, 0), at(b, 0)}, out(29, theirs))
	w.pool(both)
	w.mine(pay([]wire.OutPoint{at(a, 0)}, out(9, theirs)))
	w.mine(pay([]wire.OutPoint{at(b, 0)}, out(19, theirs)))
	w.l.MempoolRemove(both.ID())
	w.state(both, Conflicted, -2)
	w.undo()
	w.state(both, Conflicted, -1)
	w.undo()
	w.state(both, Inactive, 0)
}

// A payment that spends a coinbase which a reorg removes can never confirm, so
// its other coins are free; if the coinbase comes back, so does the payment.
func TestOrphanedCoinbaseFreesOtherCoins(t *testing.T) {
	w := newWorld(t)
	in := pay([]wire.OutPoint{w.foreign()}, out(7, ours(1)))
	w.mine(in)
	cb := w.coinbase(out(50, ours(0)))
	last := w.mine(cb)
	var above []*consensus.Block
	for range maturity {
		above = append(above, w.mine())
	}
	send := pay([]wire.OutPoint{at(cb, 0), at(in, 0)}, out(20, theirs), out(36, change(0)))
	w.pool(send)
	w.balance(Balance{Trusted: 36})
	for range maturity + 1 {
		w.undo()
	}
	w.l.MempoolRemove(send.ID())
	w.balance(Balance{Trusted: 7})
	for _, b := range append([]*consensus.Block{last}, above...) {
		w.connect(b)
	}
	w.balance(Balance{Trusted: 57, NonMempool: -57})
	w.pool(send)
	w.balance(Balance{Trusted: 36})
	w.undo() // all the same in the other order
	w.l.MempoolRemove(send.ID())
	for range maturity {
		w.undo()
	}
	w.balance(Balance{Trusted: 7})
}

func TestBlocksOutOfOrderChangeNothing(t *testing.T) {
	w := newWorld(t)
	b := w.mine(w.coinbase(out(50, ours(0))))
	next := w.block(b.Hash(), w.coinbase(out(50, ours(0))))
	for name, err := range map[string]error{
		"same block again": w.l.Connect(b, 1),
		"wrong height":     w.l.Connect(next, 2),
		"no parent":        w.l.Connect(w.block(chainhash.Hash{1}), 1),
		"not the tip":      w.l.Disconnect(next, 0),
		"tip, height":      w.l.Disconnect(b, 1),
	} {
		if !errors.Is(err, ErrOrder) {
			t.Errorf("%s: error %v, want ErrOrder", name, err)
		}
	}
	w.balance(Balance{Immature: 50, NextMature: 3})
}

func TestLookAheadMovesWithinABlock(t *testing.T) {
	w := newWorld(t)
	far := pay([]wire.OutPoint{w.foreign()}, out(10, ours(23)))
	near := pay([]wire.OutPoint{w.foreign()}, out(20, ours(18)))
	lost := pay([]wire.OutPoint{w.foreign()}, out(40, ours(40)))
	w.mine(far, near, lost)
	w.balance(Balance{Trusted: 30})
}
