package mempool

import (
	"errors"
	"math"
	"runtime"
	"testing"

	"orrery/core/consensus"
)

// TestEviction fills a pool that has room for a few.
func TestEviction(t *testing.T) {
	c := newChain(t)
	one := usage(c.tx(1000, 1, c.coinbase(1, 0)))
	c.pool.config.MaxUsage = 4 * one
	rich := c.pay(9000, 1, c.coinbase(1, 0))
	poor := c.pay(1000, 1, c.coinbase(1, 1))
	helper := c.pay(9000, 1, out(poor, 0)) // pays for its parent
	middle := c.pay(3000, 1, c.coinbase(1, 2))

	res := c.accept(c.tx(4000, 1, c.coinbase(1, 3)))
	if removedAs(res.Change, middle) != SizeLimit || len(res.Change.Removed) != 1 {
		t.Fatalf("%+v", res.Change)
	}
	c.check()
	// 3000 satoshi for 96 vbytes went, so the next must pay 100 sat/kvB more.
	if got, want := c.pool.View().Totals().MinFee, (Frac{3000, int64(middle.VSize())}).Rate()+100; got != want {
		t.Fatalf("minimum fee %d, want %d", got, want)
	}
	e := c.refuse(c.tx(3000, 1, c.coinbase(1, 4)), MempoolMinFee)
	if e.Detail != "3000 < 3010" {
		t.Fatalf("detail %q", e.Detail)
	}
	if !has(c, rich) || !has(c, poor) || !has(c, helper) {
		t.Fatal("the wrong ones went")
	}
}

// TestMempoolFull: what is evicted at once is refused.
func TestMempoolFull(t *testing.T) {
	c := newChain(t)
	c.pool.config.MaxUsage = 2 * usage(c.tx(1000, 1, c.coinbase(1, 0)))
	c.pay(5000, 1, c.coinbase(1, 0))
	c.pay(5000, 1, c.coinbase(1, 1))
	tx := c.tx(4000, 1, c.coinbase(1, 2))
	res, err := c.pool.Accept(tx, c.env(), Options{})
	if !errors.Is(err, MempoolFull) || res.Entry != nil || removedAs(res.Change, tx) != SizeLimit || has(c, tx) {
		t.Fatalf("%+v, %v", res, err)
	}
	c.check()
}

func TestExpiry(t *testing.T) {
	c := newChain(t)
	old := c.pay(1000, 1, c.coinbase(1, 0))
	c.now += c.pool.config.Expiry / 2
	child := c.pay(1000, 1, out(old, 0))
	young := c.pay(1000, 1, c.coinbase(1, 1))
	c.now += c.pool.config.Expiry / 2
	if ch := c.pool.Tick(c.now); !ch.Empty() {
		t.Fatalf("expired early: %+v", ch)
	}
	c.now++
	ch := c.pool.Tick(c.now)
	if removedAs(ch, old) != Expired || removedAs(ch, child) != Expired || len(ch.Removed) != 2 || !has(c, young) {
		t.Fatalf("%+v", ch)
	}
	c.check()
	// A transaction read from disk keeps its time.
	tx := c.tx(1000, 1, c.coinbase(1, 2))
	if res, _ := c.pool.Accept(tx, c.env(), Options{Time: c.now - c.pool.config.Expiry - 1}); res.Entry != nil || removedAs(res.Change, tx) != Expired {
		t.Fatalf("%+v", res)
	}
}

// TestRollingFee halves as Core's floating point does.
func TestRollingFee(t *testing.T) {
	const limit, floor = 1000, 100
	for _, tt := range []struct {
		usage    int64
		halflife float64
	}{{900, 43200}, {400, 21600}, {100, 10800}} {
		f := rollingFee{}
		f.raise(50_000)
		if got := f.at(1_000_000, tt.usage, limit, floor); got != f {
			t.Fatal("fell before a block came")
		}
		f.decays = true
		for now := int64(0); now < 100_000; now += 997 {
			f = f.at(now, tt.usage, limit, floor)
			want := 50_000 * math.Pow(2, -float64(now-now%10)/tt.halflife)
			if got := float64(f.feeRate(floor)); math.Abs(got-want) > 0.002*want+1 && want > floor {
				t.Fatalf("half-life %v: %v after %d s, want %v", tt.halflife, got, now, want)
			}
		}
		if f = f.at(1_000_000, tt.usage, limit, floor); f.rate != 0 || f.feeRate(floor) != 0 {
			t.Fatalf("still %d", f.feeRate(floor))
		}
	}
	f := rollingFee{}
	f.raise(FeeRate(consensus.MaxMoney))
	if f.feeRate(0) != maxRolling {
		t.Fatalf("%d", f.feeRate(0))
	}
}

// TestPrioritise: a delta counts for eviction and ancestors, not for the sum
// of fees.
func TestPrioritise(t *testing.T) {
	c := newChain(t)
	parent := c.pay(1000, 1, c.coinbase(1, 0))
	child := c.pay(1000, 1, out(parent, 0))
	if !c.pool.Prioritise(child.ID(), 500) || !c.pool.Prioritise(child.ID(), 250) || c.pool.Prioritise(c.blocks[1].Txs[0].ID(), 1) {
		t.Fatal("found or not found")
	}
	c.check()
	v := c.pool.View()
	if f := v.AncestorTotals(v.Get(child.ID())); f.Fees != 2750 || v.Totals().Fees != 2000 || v.Spender(out(parent, 0)).FeeDelta != 750 {
		t.Fatalf("%+v %+v", f, v.Totals())
	}
	if !c.pool.Prioritise(child.ID(), math.MinInt64) {
		t.Fatal("not found")
	}
	c.check()
}

// TestUsageEstimate compares the estimate with what the heap grows by.
func TestUsageEstimate(t *testing.T) {
	c := newChain(t)
	env := c.env()
	env.Verifier = noScripts{}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	fill(c, 2000)
	before, usageBefore := heap(), c.pool.View().Totals().Usage
	raw := make([][]byte, 0, 2000)
	for e := range c.pool.View().All() {
		o := out(e.Tx, 0)
		tx := c.tx(1000, 2, o)
		raw = append(raw, tx.Bytes())
	}
	if _, err := consensus.ParseTx(raw[0]); err != nil { // wire keeps its first 4 MB buffer
		t.Fatal(err)
	}
	slack := heap() - before
	for _, b := range raw {
		tx, err := consensus.ParseTx(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.pool.Accept(tx, env, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	grown, noted := heap()-before-slack, c.pool.View().Totals().Usage-usageBefore
	runtime.KeepAlive(raw)
	t.Logf("%d bytes a transaction, estimated %d", grown/2000, noted/2000)
	if grown < noted*2/3 || grown > noted*3/2 {
		t.Errorf("2,000 transactions take %d bytes, estimated %d", grown, noted)
	}
}
