package mempool

import (
	"fmt"
	"testing"

	"orrery/core/consensus"
)

// noScripts takes every script for good.
type noScripts struct{}

func (noScripts) Verify([]consensus.TxCheck) error { return nil }

// fill accepts n payments with two outputs each, from coins that it adds.
func fill(c *testChain, n int) {
	c.t.Helper()
	env := c.env()
	env.Verifier = noScripts{}
	for i := range n {
		if _, err := c.pool.Accept(c.tx(int64(1000+i), 2, c.coin(anyoneOut)), env, Options{}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// BenchmarkAccept takes a payment of one input and two outputs into a pool of
// 5,000, scripts left out.
func BenchmarkAccept(b *testing.B) {
	c := newChain(b)
	fill(c, 5000)
	txs := make([]*consensus.Tx, b.N)
	for i := range txs {
		txs[i] = c.tx(1000, 2, c.coin(anyoneOut))
	}
	env := c.env()
	env.Verifier = noScripts{}
	b.ReportAllocs()
	b.ResetTimer()
	for _, tx := range txs {
		if _, err := c.pool.Accept(tx, env, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAcceptChain adds the last transaction of a chain as long as a
// cluster may be.
func BenchmarkAcceptChain(b *testing.B) {
	c := newChain(b)
	o := c.coinbase(1, 0)
	for range MaxClusterCount - 1 {
		o = out(c.pay(1000, 1, o), 0)
	}
	tx := c.tx(1000, 1, o)
	env := c.env()
	env.Verifier = noScripts{}
	for b.Loop() {
		if _, err := c.pool.Accept(tx, env, Options{}); err != nil {
			b.Fatal(err)
		}
		c.pool.remove([]*Entry{c.pool.view.Get(tx.ID())}, SizeLimit)
		c.pool.takeChange()
	}
}

// BenchmarkBlockConnected confirms 2,000 of 5,000.
func BenchmarkBlockConnected(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		c := newChain(b)
		fill(c, 5000)
		var txs []*consensus.Tx
		for e := range c.pool.view.All() {
			if len(txs) < 2000 {
				txs = append(txs, e.Tx)
			}
		}
		block := consensus.NewBlock(consensus.Header{}, txs)
		b.StartTimer()
		c.pool.BlockConnected(block, c.now)
	}
}

// BenchmarkEvict keeps a full pool full.
func BenchmarkEvict(b *testing.B) {
	for _, n := range []int{5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newChain(b)
			fill(c, n)
			c.pool.config.MaxUsage = c.pool.view.totals.Usage
			env := c.env()
			env.Verifier = noScripts{}
			txs := make([]*consensus.Tx, b.N)
			for i := range txs {
				txs[i] = c.tx(int64(1000+n+100*i), 2, c.coin(anyoneOut))
			}
			b.ResetTimer()
			for _, tx := range txs {
				if _, err := c.pool.Accept(tx, env, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
