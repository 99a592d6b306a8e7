package ledger

import (
	"reflect"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

func TestDoubleSpendOfAnIncomingPayment(t *testing.T) {
	w := newWorld(t)
	coin := w.foreign()
	in := pay([]wire.OutPoint{coin}, out(100, ours(0)))
	w.pool(in)
	replaced := pay([]wire.OutPoint{coin}, out(99, theirs))
	w.l.MempoolRemove(in.ID())
	w.pool(replaced) // foreign: it only blocks
	if tx := w.state(in, Inactive, 0); !reflect.DeepEqual(tx.MempoolConflicts, []chainhash.Hash{replaced.ID()}) {
		t.Errorf("mempool conflicts %v", tx.MempoolConflicts)
	}
	w.balance(Balance{})
	w.mine(replaced)
	w.l.MempoolRemove(replaced.ID())
	if tx := w.state(in, Conflicted, -1); tx.MempoolConflicts != nil {
		t.Errorf("mempool conflicts %v", tx.MempoolConflicts)
	}
	w.undo()
	w.state(in, Inactive, 0)
}

// Replace-by-fee: while the replacement waits, the coins that only the
// replaced transaction took are free again.
func TestReplacementFreesOtherCoins(t *testing.T) {
	w := newWorld(t)
	a := pay([]wire.OutPoint{w.foreign()}, out(10, ours(0)))
	b := pay([]wire.OutPoint{w.foreign()}, out(20, ours(1)))
	w.mine(a, b)
	first := pay([]wire.OutPoint{at(a, 0), at(b, 0)}, out(29, theirs))
	w.pool(first)
	second := pay([]wire.OutPoint{at(a, 0)}, out(5, theirs))
	w.l.MempoolRemove(first.ID())
	w.pool(second)
	w.balance(Balance{Trusted: 20})
	w.l.MempoolRemove(second.ID())
	w.balance(Balance{Trusted: 30, NonMempool: -30})
}

func TestRestore(t *testing.T) {
	w := newWorld(t)
	in := pay([]wire.OutPoint{w.foreign()}, out(100, ours(0)))
	w.mine(in)
	send := pay([]wire.OutPoint{at(in, 0)}, out(30, theirs), out(60, change(0)))
	given := pay([]wire.OutPoint{at(send, 1)}, out(50, theirs))
	w.pool(send)
	w.pool(given)
	w.l.MempoolRemove(given.ID())
	if err := w.l.Abandon(given.ID()); err != nil {
		t.Fatal(err)
	}
	fresh := newWorld(t)
	for _, c := range w.l.Pending() {
		if err := fresh.l.Restore(c.Tx, c.Received, c.Abandoned); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range w.chain {
		fresh.connect(b)
	}
	fresh.balance(Balance{Trusted: 100, NonMempool: -100})
	fresh.state(given, Abandoned, 0)
	fresh.pool(send)
	fresh.balance(Balance{Trusted: 60})
	if tx := fresh.state(send, InMempool, 0); tx.Received != 77 {
		t.Errorf("received at %d, want 77", tx.Received)
	}
	fresh.mine(send)
	pending := map[chainhash.Hash]bool{}
	for _, c := range fresh.l.Changes() {
		pending[c.Tx.ID()] = c.Pending
	}
	// in was never pending, so there is nothing to delete.
	if want := map[chainhash.Hash]bool{send.ID(): false, given.ID(): true}; !reflect.DeepEqual(pending, want) {
		t.Errorf("changes %v, want %v", pending, want)
	}
	if again := fresh.l.Changes(); len(again) != 0 {
		t.Errorf("%d changes told twice", len(again))
	}
}

func TestCluster(t *testing.T) {
	w := newWorld(t)
	in := pay([]wire.OutPoint{w.foreign()}, out(100, ours(0)))
	w.mine(in)
	if n := w.l.Cluster(at(in, 0)); n != 0 {
		t.Errorf("confirmed: %d", n)
	}
	tx := in
	for i := 1; i <= 70; i++ {
		tx = pay([]wire.OutPoint{at(tx, 0)}, out(int64(100-i), change(uint32(i%10))))
		w.pool(tx)
		if n := w.l.Cluster(at(tx, 0)); n != min(i, maxCluster) {
			t.Errorf("chain of %d: %d", i, n)
		}
	}
}

func TestSetMempool(t *testing.T) {
	w := newWorld(t)
	in := pay([]wire.OutPoint{w.foreign()}, out(100, ours(0)))
	w.mine(in)
	first := pay([]wire.OutPoint{at(in, 0)}, out(90, change(0)))
	second := pay([]wire.OutPoint{at(first, 0)}, out(80, theirs))
	alien := pay([]wire.OutPoint{w.foreign()}, out(1, theirs))
	set := func(txs ...*consensus.Tx) {
		t.Helper()
		if err := w.l.SetMempool(txs, 5); err != nil {
			t.Fatal(err)
		}
	}
	set(second, alien, first) // the child first
	w.balance(Balance{})
	w.state(second, InMempool, 0)
	set(first, alien)
	w.state(second, Inactive, 0)
	set(alien)
	w.balance(Balance{Trusted: 100, NonMempool: -100})
	rival := pay([]wire.OutPoint{at(in, 0)}, out(70, theirs))
	set(rival)
	w.balance(Balance{})
	if len(w.l.pool) != 1 {
		t.Errorf("%d in the mempool, want 1", len(w.l.pool))
	}
}
