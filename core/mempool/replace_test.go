package mempool

import (
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// TestReplaceByFee goes through Core's feature_rbf.py as far as single
// transactions go.
func TestReplaceByFee(t *testing.T) {
	t.Run("one for one, whatever it signals", func(t *testing.T) {
		c := newChain(t)
		old := c.pay(1000, 2, c.coinbase(1, 0))
		if c.pool.View().Replaceable(c.pool.View().Get(old.ID())) {
			t.Fatal("sequence 0xfffffffe signals nothing")
		}
		res := c.accept(c.tx(2000, 2, c.coinbase(1, 0)))
		if len(res.Replaced) != 1 || removedAs(res.Change, old) != Replaced || len(res.Change.Added) != 1 {
			t.Fatalf("%+v", res)
		}
		c.check()
	})
	t.Run("fewer fees", func(t *testing.T) {
		c := newChain(t)
		c.pay(1000, 2, c.coinbase(1, 0))
		e := c.refuse(c.tx(999, 1, c.coinbase(1, 0)), InsufficientFee)
		if want := "less fees than conflicting txs; 0.00000999 < 0.00001"; !strings.HasSuffix(e.Detail, want) || !strings.HasPrefix(e.Detail, "rejecting replacement ") {
			t.Fatalf("detail %q", e.Detail)
		}
	})
	t.Run("too little for its own relay", func(t *testing.T) {
		c := newChain(t)
		c.pay(1000, 1, c.coinbase(1, 0)) // 95 vbytes, so 10 satoshi more are needed
		e := c.refuse(c.tx(1009, 1, c.coinbase(1, 0)), InsufficientFee)
		if want := "not enough additional fees to relay; 0.00000009 < 0.0000001"; !strings.HasSuffix(e.Detail, want) {
			t.Fatalf("detail %q", e.Detail)
		}
		c.pay(1010, 1, c.coinbase(1, 0))
	})
	t.Run("the fees of descendants count", func(t *testing.T) {
		// old ── child ── grandchild
		c := newChain(t)
		old := c.pay(1000, 1, c.coinbase(1, 0))
		child := c.pay(5000, 1, out(old, 0))
		grandchild := c.pay(5000, 1, out(child, 0))
		c.refuse(c.tx(10_000, 1, c.coinbase(1, 0)), InsufficientFee)
		res := c.accept(c.tx(12_000, 1, c.coinbase(1, 0)))
		for _, tx := range []*consensus.Tx{old, child, grandchild} {
			if removedAs(res.Change, tx) != Replaced {
				t.Fatalf("%v is still there", tx.ID())
			}
		}
		c.check()
	})
	t.Run("an unconfirmed input may be new", func(t *testing.T) {
		c := newChain(t)
		c.pay(1000, 1, c.coinbase(1, 0))
		other := c.pay(1000, 1, c.coinbase(1, 1))
		c.pay(5000, 1, c.coinbase(1, 0), out(other, 0))
		c.check()
	})
	t.Run("more fees at a lower rate", func(t *testing.T) {
		c := newChain(t)
		c.pay(10_000, 1, c.coinbase(1, 0))
		e := c.refuse(c.tx(11_000, 40, c.coinbase(1, 0)), ReplacementFailed)
		if e.Detail != "insufficient feerate: does not improve feerate diagram" {
			t.Fatalf("detail %q", e.Detail)
		}
	})
	t.Run("spends from what it replaces", func(t *testing.T) {
		c := newChain(t)
		old := c.pay(1000, 1, c.coinbase(1, 0))
		e := c.refuse(c.tx(50_000, 1, c.coinbase(1, 0), out(old, 0)), SpendsConflicting)
		if !strings.Contains(e.Detail, " spends conflicting transaction "+old.ID().String()) {
			t.Fatalf("detail %q", e.Detail)
		}
		child := c.pay(1000, 1, out(old, 0))
		c.refuse(c.tx(90_000, 1, c.coinbase(1, 0), out(child, 0)), SpendsConflicting)
	})
	t.Run("too many clusters", func(t *testing.T) {
		c := newChain(t)
		for range 6 {
			c.mine()
		}
		var ins []wire.OutPoint
		for n := range uint32(101) {
			o := c.coinbase(int32(1+n/testSpread), n%testSpread)
			c.pay(100, 1, o)
			ins = append(ins, o)
		}
		e := c.refuse(c.tx(1_000_000, 1, ins...), TooManyReplacements)
		if !strings.HasSuffix(e.Detail, "too many conflicting clusters (101 > 100)") {
			t.Fatalf("detail %q", e.Detail)
		}
		c.pay(1_000_000, 1, ins[1:]...)
		c.check()
	})
	t.Run("a replacement frees its place in the cluster", func(t *testing.T) {
		c := newChain(t)
		parent := c.pay(10_000, 64, c.coinbase(1, 0))
		for n := range uint32(63) {
			c.pay(1000, 1, out(parent, n))
		}
		c.refuse(c.tx(1000, 1, out(parent, 63)), TooLargeCluster)
		c.pay(3000, 1, out(parent, 62), out(parent, 63))
		c.check()
	})
	t.Run("a replacement that parts a cluster", func(t *testing.T) {
		// a (31) ─┬─ bridge        a (31) ─┬─ replacement
		// b (32) ─┘                d (10) ─┘     b (32)
		c := newChain(t)
		grow := func(n int, o wire.OutPoint) wire.OutPoint {
			for range n {
				o = out(c.pay(1000, 1, o), 0)
			}
			return o
		}
		a, b, d := grow(31, c.coinbase(1, 0)), grow(32, c.coinbase(1, 1)), grow(10, c.coinbase(1, 2))
		c.pay(1000, 1, a, b)
		c.pay(5000, 1, a, d)
		c.check()
	})
	t.Run("a replacement that makes a cluster too large", func(t *testing.T) {
		c := newChain(t)
		a, b := c.coinbase(1, 0), c.coinbase(1, 1)
		for _, o := range []*wire.OutPoint{&a, &b} {
			for range 32 {
				*o = out(c.pay(1000, 1, *o), 0)
			}
		}
		conflict := c.coinbase(1, 2)
		c.pay(1000, 1, conflict)
		c.refuse(c.tx(50_000, 1, conflict, a, b), TooLargeCluster)
	})
	t.Run("test only", func(t *testing.T) {
		c := newChain(t)
		old := c.pay(1000, 2, c.coinbase(1, 0))
		res, err := c.pool.Accept(c.tx(2000, 2, c.coinbase(1, 0)), c.env(), Options{TestOnly: true})
		if err != nil || len(res.Replaced) != 1 || res.Entry.Fee != 2000 || !res.Change.Empty() || !has(c, old) {
			t.Fatalf("%+v, %v", res, err)
		}
		c.check()
	})
}

// TestOtherWitness: the same transaction with another witness is no
// replacement.
func TestOtherWitness(t *testing.T) {
	c := newChain(t)
	tx := c.pay(1000, 2, c.coinbase(1, 0))
	m := tx.Msg.Copy()
	m.TxIn[0].Witness = [][]byte{{1}, anyone}
	other := consensus.NewTx(m)
	c.refuse(other, SameNonWitnessData)
	v := c.pool.View()
	if v.ByWitnessID(tx.WitnessID()) == nil || v.ByWitnessID(other.WitnessID()) != nil || v.ByWitnessID(tx.ID()) != nil {
		t.Fatal("found by the wrong witness id")
	}
}
