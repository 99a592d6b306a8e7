package directory

import (
	"testing"

	"orrery/core/chain/chaintest"
)

// BenchmarkBuild is a whole table from nothing, of blocks without claims, as
// most are, and of blocks with two.
func BenchmarkBuild(b *testing.B) {
	const blocks = 1000
	for _, c := range []struct {
		name string
		fill func(*world)
	}{
		{"empty", func(w *world) { w.submit(w.Chain("e", w.tip, blocks, chaintest.PayTo(chaintest.Anyone))...) }},
		{"claims", func(w *world) {
			outs := carry(w.claim(alice, "alice", 1, alice), w.claim(bob, "bob", 1, alice)) // of which one is false
			w.submit(w.Chain("c", w.tip, blocks, outs)...)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, 1)
			c.fill(w)
			for b.Loop() {
				d := w.make(filePath(b), newNotes())
				err := d.start()
				for there := false; !there && err == nil; {
					there, err = d.catchUp(b.Context())
				}
				d.close()
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(blocks*b.N)/b.Elapsed().Seconds(), "blocks/s")
		})
	}
}
