package mempool

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// TestBlockConnected: what a block confirms leaves alone, what it makes
// impossible leaves with its descendants.
func TestBlockConnected(t *testing.T) {
	c := newChain(t)
	parent := c.pay(1000, 2, c.coinbase(1, 0))
	child := c.pay(1000, 1, out(parent, 0))
	loser := c.pay(1000, 2, c.coinbase(1, 1))
	losersChild := c.pay(1000, 1, out(loser, 0))
	winner := c.tx(500, 1, c.coinbase(1, 1))
	before := c.pool.View()

	c.mine(parent, winner)
	c.check()
	for _, tx := range []*consensus.Tx{parent, loser, losersChild, winner} {
		if has(c, tx) {
			t.Errorf("%v is still there", tx.ID())
		}
	}
	if !has(c, child) || c.pool.View().Len() != 1 {
		t.Fatal("the child of a confirmed transaction is gone")
	}
	if before.Len() != 4 || before.Get(parent.ID()) == nil || before.Spender(c.coinbase(1, 1)) == nil {
		t.Fatal("an older view changed")
	}
}

func TestBlockConnectedReasons(t *testing.T) {
	c := newChain(t)
	in, loser := c.pay(1000, 1, c.coinbase(1, 0)), c.pay(1000, 1, c.coinbase(1, 1))
	child := c.pay(1000, 1, out(loser, 0))
	b := consensus.NewBlock(consensus.Header{}, []*consensus.Tx{c.blocks[1].Txs[0], in, c.tx(5, 1, c.coinbase(1, 1))})
	ch := c.pool.BlockConnected(b, c.now)
	if removedAs(ch, in) != InBlock || removedAs(ch, loser) != Conflict || removedAs(ch, child) != Conflict || len(ch.Removed) != 3 {
		t.Fatalf("%+v", ch)
	}
}

// TestReorgReturns:
//
//	… ─ A1{parent} ─ A2{child}        grandchild in the mempool
//	  └ B1 ─ B2 ─ B3
//
// All three are in the mempool on B3, in one cluster.
func TestReorgReturns(t *testing.T) {
	c := newChain(t)
	parent := c.tx(1000, 2, c.coinbase(1, 0))
	c.mine(parent)
	child := c.tx(1000, 2, out(parent, 0))
	c.mine(child)
	grandchild := c.pay(1000, 1, out(child, 0), out(parent, 1))
	other := c.pay(1000, 1, c.coinbase(1, 1))

	c.disconnect()
	if _, err := c.pool.Accept(c.tx(1000, 1, c.coinbase(1, 2)), c.env(), Options{}); !errors.Is(err, ErrReorg) {
		t.Fatalf("accepted within a reorg: %v", err)
	}
	c.disconnect()
	for range 3 {
		c.mine()
	}
	ch := c.settle()
	for _, tx := range []*consensus.Tx{parent, child, grandchild, other} {
		if !has(c, tx) {
			t.Fatalf("%v is lost", tx.ID())
		}
	}
	if len(ch.Added) != 2 || ch.Added[0].Tx != parent || ch.Added[1].Tx != child || len(ch.Removed) != 0 {
		t.Fatalf("%+v", ch)
	}
	v := c.pool.View()
	if f := v.AncestorTotals(v.Get(grandchild.ID())); f.Count != 3 || f.Fees != 3000 {
		t.Fatalf("ancestors of the grandchild: %+v", f)
	}
	if f := v.DescendantTotals(v.Get(parent.ID())); f.Count != 3 {
		t.Fatalf("descendants of the parent: %+v", f)
	}
	if p := v.Parents(v.Get(grandchild.ID())); len(p) != 2 || p[0].Tx != child || p[1].Tx != parent {
		t.Fatal("parents of the grandchild are wrong")
	}
}

// TestReorgConflict (failures.md 57):
//
//	… ─ A1{loser}        child of the loser, and its child, in the mempool
//	  └ B1{winner} ─ B2
func TestReorgConflict(t *testing.T) {
	c := newChain(t)
	loser, winner := c.tx(1000, 2, c.coinbase(1, 0)), c.tx(2000, 2, c.coinbase(1, 0))
	c.mine(loser)
	child := c.pay(1000, 1, out(loser, 0))
	grandchild := c.pay(1000, 1, out(child, 0))
	stays := c.pay(1000, 1, c.coinbase(1, 1))

	c.disconnect()
	c.mine(winner)
	c.mine()
	ch := c.settle()
	if removedAs(ch, child) != Reorg || removedAs(ch, grandchild) != Reorg || len(ch.Removed) != 2 || len(ch.Added) != 0 {
		t.Fatalf("%+v", ch)
	}
	if !has(c, stays) || c.pool.View().Len() != 1 {
		t.Fatal("an unrelated transaction is gone")
	}
}

// TestReorgSame: the other branch confirms the same transaction.
func TestReorgSame(t *testing.T) {
	c := newChain(t)
	parent := c.tx(1000, 2, c.coinbase(1, 0))
	c.mine(parent)
	child := c.pay(1000, 1, out(parent, 0))
	c.disconnect()
	c.mine()
	c.mine(parent)
	if ch := c.settle(); !ch.Empty() || !has(c, child) || c.pool.View().Len() != 1 {
		t.Fatalf("%+v", ch)
	}
}

// TestReorgImmature: a coinbase output that was just mature is not one block
// lower; one of a block that is gone is not there at all.
func TestReorgImmature(t *testing.T) {
	c := newChain(t)
	tip := c.height()
	immature := c.pay(1000, 1, c.coinbase(tip-1, 0)) // depth 2 in the next block
	child := c.pay(1000, 1, out(immature, 0))
	mature := c.pay(1000, 1, c.coinbase(tip-2, 0))
	c.disconnect()
	ch := c.settle()
	if removedAs(ch, immature) != Reorg || removedAs(ch, child) != Reorg || !has(c, mature) {
		t.Fatalf("%+v", ch)
	}
	c.disconnect()
	c.disconnect()
	if ch := c.settle(); removedAs(ch, mature) != Reorg {
		t.Fatalf("%+v", ch)
	}
}

// TestReorgLocks: what was final at the old height is not at a lower one.
func TestReorgLocks(t *testing.T) {
	c := newChain(t)
	next := uint32(c.height() + 1)
	absolute := c.msg(1000, 1, c.coinbase(1, 0))
	absolute.LockTime, absolute.TxIn[0].Sequence = next-1, 0
	relative := c.msg(1000, 1, c.coinbase(2, 0))
	relative.TxIn[0].Sequence = next - 2
	seconds := c.msg(1000, 1, c.coinbase(3, 0))
	seconds.TxIn[0].Sequence = wire.SequenceLockTimeIsSeconds | uint32((c.medianTime(c.height())-c.medianTime(2))>>9)
	free := c.pay(1000, 1, c.coinbase(4, 0))
	txs := []*consensus.Tx{consensus.NewTx(absolute), consensus.NewTx(relative), consensus.NewTx(seconds)}
	for _, tx := range txs {
		c.accept(tx)
	}
	c.check()
	c.disconnect()
	ch := c.settle()
	for i, tx := range txs {
		if removedAs(ch, tx) != Reorg {
			t.Errorf("lock %d: still there", i)
		}
	}
	if !has(c, free) {
		t.Fatal("a transaction without a lock is gone")
	}
}

// TestReorgCluster: what comes back can hang too many together; those that
// pay least go.
func TestReorgCluster(t *testing.T) {
	c := newChain(t)
	root := c.tx(1000, 70, c.coinbase(1, 0))
	c.mine(root)
	for n := range uint32(70) {
		c.pay(int64(1000+n), 1, out(root, n))
	}
	c.disconnect()
	ch := c.settle()
	if c.pool.View().Len() != MaxClusterCount || len(ch.Removed) != 7 || !has(c, root) {
		t.Fatalf("%d left, %d removed", c.pool.View().Len(), len(ch.Removed))
	}
	for _, r := range ch.Removed {
		if r.Reason != SizeLimit || r.Entry.Fee >= 1007 {
			t.Fatalf("removed %+v", r)
		}
	}
}

// TestReorgLongChain: of a chain in one block no more comes back than a
// cluster may hold, and what depends on the rest goes.
func TestReorgLongChain(t *testing.T) {
	c := newChain(t)
	var txs []*consensus.Tx
	o := c.coinbase(1, 0)
	for range 70 {
		txs = append(txs, c.tx(1000, 1, o))
		c.coins[out(txs[len(txs)-1], 0)] = &consensus.Coin{Value: txs[len(txs)-1].Msg.TxOut[0].Value} // for the next one's value
		o = out(txs[len(txs)-1], 0)
	}
	for _, tx := range txs {
		delete(c.coins, out(tx, 0))
	}
	c.mine(txs...)
	last := c.pay(1000, 1, o)
	c.disconnect()
	ch := c.settle()
	if len(ch.Added) != MaxClusterCount || removedAs(ch, last) != Reorg {
		t.Fatalf("%d added, last %q", len(ch.Added), removedAs(ch, last))
	}
}

// TestReorgBudget: a very deep reorg gives up what was confirmed last.
func TestReorgBudget(t *testing.T) {
	d := disconnected{}
	c := newChain(t)
	a, b := c.tx(1000, 1, c.coinbase(1, 0)), c.tx(1000, 1, c.coinbase(1, 1))
	block := func(tx *consensus.Tx) *consensus.Block {
		return consensus.NewBlock(consensus.Header{}, []*consensus.Tx{tx})
	}
	if given := d.push(block(a), usage(a)); len(given) != 0 {
		t.Fatal("gave up within the budget")
	}
	if given := d.push(block(b), usage(a)); len(given) != 1 || given[0] != a {
		t.Fatalf("gave up %v", given)
	}
	if left := d.take(); len(left) != 1 || left[0] != b || !d.empty() || d.usage != 0 {
		t.Fatalf("left %v", left)
	}
}
