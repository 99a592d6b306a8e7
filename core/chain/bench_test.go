package chain_test

import (
	"errors"
	"fmt"
	"testing"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

// advanceAll comes to rest and commits each step.
func advanceAll(b *testing.B, c *chain.Chain) {
	for more := true; more; {
		var err error
		if _, more, err = c.Advance(); err == nil {
			err = c.Commit(nil, false)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func newBench(b *testing.B, m chaintest.Maker) *chain.Chain {
	c, err := chain.Open(chain.Config{Params: m.Params, Store: chain.NewMemStore(), Verifier: consensus.SerialVerifier{}, Rules: m.Rules})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func acceptAll(b *testing.B, c *chain.Chain, blocks []*chaintest.Block) {
	now := int64(blocks[len(blocks)-1].Header.Time)
	for _, x := range blocks {
		if _, err := c.AcceptBlock(x.Block, now); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConnect accepts and connects 1,000 empty blocks.
func BenchmarkConnect(b *testing.B) {
	m := chaintest.NewMaker(100)
	blocks := m.Chain("a", m.Genesis(), 1000)
	for range b.N {
		c := newBench(b, m)
		for i := range blocks {
			acceptAll(b, c, blocks[i:i+1])
			advanceAll(b, c)
		}
	}
}

// BenchmarkRevoke disconnects 1,000 empty blocks and connects them again.
func BenchmarkRevoke(b *testing.B) {
	m := chaintest.NewMaker(100)
	blocks := m.Chain("a", m.Genesis(), 1001)
	c := newBench(b, m)
	acceptAll(b, c, blocks)
	advanceAll(b, c)
	b.ResetTimer()
	for range b.N {
		if err := c.Invalidate(blocks[1].Hash()); err != nil {
			b.Fatal(err)
		}
		advanceAll(b, c)
		if err := c.Reconsider(blocks[1].Hash()); err != nil {
			b.Fatal(err)
		}
		advanceAll(b, c)
	}
	if c.Tip().Hash != blocks[1000].Hash() {
		b.Fatal("another tip")
	}
}

// BenchmarkBodiesInReverse has 10,000 headers and then their bodies, the first
// one last.
func BenchmarkBodiesInReverse(b *testing.B) {
	m := chaintest.NewMaker(100)
	blocks := m.Chain("a", m.Genesis(), 10_000)
	now := int64(blocks[len(blocks)-1].Header.Time)
	for range b.N {
		c := newBench(b, m)
		for _, x := range blocks {
			if _, err := c.AcceptHeader(x.Header, now); err != nil {
				b.Fatal(err)
			}
		}
		for i := len(blocks) - 1; i >= 0; i-- {
			acceptAll(b, c, blocks[i:i+1])
			advanceAll(b, c)
		}
	}
}

// BenchmarkBadBlock accepts blocks that break a rule, on top of 1,000 and of
// 10,000 good ones: whoever finds one must not keep a long chain busy.
func BenchmarkBadBlock(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			m := chaintest.NewMaker(100)
			blocks := m.Chain("a", m.Genesis(), n)
			c := newBench(b, m)
			acceptAll(b, c, blocks)
			advanceAll(b, c)
			bad := make([]*chaintest.Block, b.N)
			for i := range bad {
				bad[i] = m.Block(fmt.Sprint("bad", i), blocks[n-1], chaintest.WrongHeight, chaintest.PayTo(fmt.Append(nil, i)))
			}
			b.ResetTimer()
			for _, x := range bad {
				if _, err := c.AcceptBlock(x.Block, int64(x.Header.Time)); !errors.Is(err, consensus.BadCoinbaseHeight) {
					b.Fatal(err)
				}
				advanceAll(b, c)
			}
		})
	}
}
