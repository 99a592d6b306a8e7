package addrindex

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
)

// emptyBlocks makes a chain whose coinbases pay to one address.
func emptyBlocks(b *testing.B, n int) *world {
	w := newWorld(b, 1)
	w.submit(w.Chain("e", w.tip, n, chaintest.PayTo(places[0].script))...)
	return w
}

// fullBlocks makes a chain of which each block pays to 1,000 addresses.
func fullBlocks(b *testing.B, n int) *world {
	w := newWorld(b, 1)
	w.submit(w.Block("first", w.tip))
	for i := range n {
		from := w.tip.Out(0, 0)
		var to []*wire.TxOut
		for j := range 1000 {
			script := chaintest.P2SH(fmt.Appendf(nil, "%d/%d", i, j))
			to = append(to, chaintest.Pay(from.Value/1000, script))
		}
		w.submit(w.Block(fmt.Sprint("f", i), w.tip, chaintest.With(chaintest.Spend([]chaintest.Out{from}, to...))))
	}
	return w
}

// BenchmarkBuild is a whole index from nothing.
func BenchmarkBuild(b *testing.B) {
	for _, c := range []struct {
		name   string
		blocks int
		make   func(*testing.B, int) *world
	}{{"1000 empty blocks", 1000, emptyBlocks}, {"20 blocks of 1000 outputs", 20, fullBlocks}} {
		b.Run(c.name, func(b *testing.B) {
			w := c.make(b, c.blocks)
			for b.Loop() {
				build(b, w, indexPath(b))
			}
			b.ReportMetric(float64(c.blocks*b.N)/b.Elapsed().Seconds(), "blocks/s")
		})
	}
}

func build(b *testing.B, w *world, path string) *Index {
	x := New(Config{Path: path}, w, w.codec, slogOf(newNotes()))
	if err := x.start(); err != nil {
		b.Fatal(err)
	}
	for there := false; !there; {
		var err error
		if there, err = x.catchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	x.close()
	return x
}

// BenchmarkOpen is what a start costs: reading and checking all records.
func BenchmarkOpen(b *testing.B) {
	w := fullBlocks(b, 20)
	path := indexPath(b)
	build(b, w, path)
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := New(Config{Path: path}, w, w.codec, slogOf(newNotes()))
		if err := x.start(); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(x.at.count), "B/record")
		b.ReportMetric(float64(x.at.count), "records")
		x.close()
	}
}

// BenchmarkOutputs is the question for an address of 1,000 outputs.
func BenchmarkOutputs(b *testing.B) {
	w := emptyBlocks(b, 1000)
	r := w.run(indexPath(b))
	for b.Loop() {
		if list, _, err := r.Outputs(b.Context(), somebody(w)); err != nil || len(list) != 1000 {
			b.Fatal(len(list), err)
		}
	}
}
