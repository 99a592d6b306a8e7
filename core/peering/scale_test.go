package peering

import (
	"fmt"
	"testing"
)

// BenchmarkNetwork is 200 nodes that join one after the other, and an hour of
// what they do then.
func BenchmarkNetwork(b *testing.B) {
	for range b.N {
		w := newWorld(b)
		w.first()
		for i := range 200 {
			w.joiner(fmt.Sprint("n", i), "127.0.0.1:8000")
			w.pass(second)
		}
		w.pass(3600 * second)
		joined := 0
		for _, h := range w.nodes {
			if h.p.View().ID != 0 {
				joined++
			}
		}
		b.ReportMetric(float64(w.events), "events/op")
		b.ReportMetric(float64(joined), "joined")
	}
}
