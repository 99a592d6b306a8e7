package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestQueue puts things in and takes them out in any order and wants them by
// time, and by the order of their coming where times are equal.
func TestQueue(t *testing.T) {
	type thing struct {
		at int64
		n  int
	}
	r := rand.New(rand.NewPCG(1, 2))
	var q queue[thing]
	var model []thing
	for n := range 50_000 {
		if r.IntN(5) < 3 || len(model) == 0 {
			x := thing{int64(r.IntN(200)), n}
			q.push(x.at, x)
			model = append(model, x)
			continue
		}
		first := slices.MinFunc(model, func(a, b thing) int {
			if a.at != b.at {
				return int(a.at - b.at)
			}
			return a.n - b.n
		})
		if at := q.next(); at != first.at {
			t.Fatalf("next is at %d, want %d", at, first.at)
		}
		if at, got := q.pop(); got != first || at != first.at {
			t.Fatalf("got %v, want %v", got, first)
		}
		model = slices.DeleteFunc(model, func(x thing) bool { return x == first })
		if len(model) > 500 {
			for len(model) > 0 && q.len() > 0 {
				_, got := q.pop()
				model = slices.DeleteFunc(model, func(x thing) bool { return x == got })
			}
		}
	}
	if q.len() != len(model) {
		t.Fatalf("%d are left, want %d", q.len(), len(model))
	}
}

// TestStream wants streams that are the same each time and have nothing to do
// with each other.
func TestStream(t *testing.T) {
	seen := map[uint64]string{}
	for _, seed := range []uint64{0, 1} {
		for _, node := range []int{-1, 0, 1, 256} {
			for _, purpose := range []string{"mining", "lines"} {
				a, b := Stream(seed, node, purpose), Stream(seed, node, purpose)
				v := a.Uint64()
				if w := b.Uint64(); v != w {
					t.Errorf("seed %d node %d %s: %x and %x", seed, node, purpose, v, w)
				}
				if seen[v] != "" {
					t.Errorf("seed %d node %d %s begins as %s", seed, node, purpose, seen[v])
				}
				seen[v] = purpose
			}
		}
	}
}

// BenchmarkQueue holds 10,000 things, and takes and puts one each time.
func BenchmarkQueue(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var q queue[happening]
	for range 10_000 {
		q.push(r.Int64N(1e9), happening{})
	}
	b.ReportAllocs()
	for b.Loop() {
		at, h := q.pop()
		q.push(at+r.Int64N(1e9), h)
	}
}
