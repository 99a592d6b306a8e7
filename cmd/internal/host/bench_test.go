package host

import "testing"

// BenchmarkPublish is what a new view costs, the store's snapshot included, on
// a chain of 1,000 blocks.
func BenchmarkPublish(b *testing.B) {
	r := newRig(b, openPebble(b))
	r.submit(false, r.Chain("a", r.Genesis(), 1000)...)
	r.stop()
	<-r.ended // nobody else owns the node now
	b.ReportAllocs()
	for b.Loop() {
		v, err := r.take()
		if err != nil {
			b.Fatal(err)
		}
		r.publish(v)
	}
}

// BenchmarkSubmitEmptyBlock is a block from one caller, verdict included.
func BenchmarkSubmitEmptyBlock(b *testing.B) {
	for name, durable := range map[string]bool{"volatile": false, "durable": true} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b, openPebble(b))
			blocks := r.Chain("a", r.Genesis(), b.N)
			b.ReportAllocs()
			b.ResetTimer()
			for _, x := range blocks {
				r.submit(durable, x)
			}
		})
	}
}

// BenchmarkAcquire is what a reader pays for a view.
func BenchmarkAcquire(b *testing.B) {
	r := newRig(b, nil)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_, release := r.Acquire()
			release()
		}
	})
}
