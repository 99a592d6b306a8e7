package netsync_test

import (
	"testing"

	"orrery/core/chain/chaintest"
)

// BenchmarkInitialSync is a joiner that takes 10,000 empty blocks from a peer,
// both in memory.
func BenchmarkInitialSync(b *testing.B) { benchSync(b, 10_000, 1) }

// BenchmarkInitialSyncOfEight has eight peers to take them from.
func BenchmarkInitialSyncOfEight(b *testing.B) { benchSync(b, 10_000, 8) }

func benchSync(b *testing.B, n, peers int) {
	m := chaintest.NewMaker(100)
	blocks := m.Chain("a", m.Genesis(), n)
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, m)
		w.delay = ms
		w.node("joiner")
		for range peers {
			r := w.node("full")
			r.give(blocks...)
		}
		b.StartTimer()
		for _, r := range w.nodes[1:] {
			w.connect(w.nodes[0], r)
		}
		w.agree(1000*second, blocks[n-1], w.nodes[0])
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
}

// BenchmarkGossip is a network of 50 nodes with eight links each in which one
// after the other finds a block: the price of a block at one node.
func BenchmarkGossip(b *testing.B) {
	const nodes, blocks = 50, 200
	m := chaintest.NewMaker(100)
	chain := m.Chain("a", m.Genesis(), blocks)
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b, m)
		for range nodes {
			w.node("n")
		}
		for i := range nodes {
			for _, d := range []int{1, 5, 13, 21} {
				w.connect(w.nodes[i], w.nodes[(i+d)%nodes])
			}
		}
		w.pass(second)
		b.StartTimer()
		for i, x := range chain {
			w.nodes[i*7%nodes].give(x)
			w.agree(second, x, w.nodes...)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*nodes*blocks), "µs/block")
}
