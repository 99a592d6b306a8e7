package pmap

import (
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"
)

func checkSorted(t *testing.T, s Sorted[int], want map[string]int, from string) {
	t.Helper()
	if s.Len() != len(want) {
		t.Fatalf("Len() = %d, want %d", s.Len(), len(want))
	}
	var names, got []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if v, ok := s.Get(name); !ok || v != want[name] {
			t.Fatalf("Get(%q) = %d, %v, want %d", name, v, ok, want[name])
		}
		if name >= from {
			names = append(names, name)
		}
	}
	for name, v := range s.From(from) {
		got = append(got, name)
		if v != want[name] {
			t.Fatalf("From yields %q = %d, want %d", name, v, want[name])
		}
	}
	if !slices.Equal(got, names) {
		t.Fatalf("From(%q) = %q, want %q", from, got, names)
	}
}

func TestSortedAgainstGoMap(t *testing.T) {
	type version struct {
		s    Sorted[int]
		want map[string]int
	}
	for seed := range int64(20) {
		r := rand.New(rand.NewSource(seed))
		name := func() string { return "key/"[:r.Intn(5)] + fmt.Sprint(r.Intn(120)) }
		var s Sorted[int]
		want := map[string]int{}
		var old []version
		for i := range 1000 {
			k := name()
			if r.Intn(5) < 3 {
				s = s.Set(k, i)
				want[k] = i
			} else {
				s = s.Delete(k)
				delete(want, k)
			}
			if i%50 == 0 {
				old = append(old, version{s, maps.Clone(want)})
			}
		}
		checkSorted(t, s, want, "")
		checkSorted(t, s, want, name())
		for _, v := range old {
			checkSorted(t, v.s, v.want, name())
		}
	}
}

func depth(b *branch[int]) int {
	if b == nil {
		return 0
	}
	return 1 + max(depth(b.left), depth(b.right))
}

func TestSortedStaysShallow(t *testing.T) {
	var s Sorted[int]
	for i := range 10_000 {
		s = s.Set(fmt.Sprintf("mempool/%05d", i), i)
	}
	// A random treap of 10,000 names is about 30 deep; a list would be 10,000.
	if d := depth(s.root); d > 60 {
		t.Fatalf("10,000 ascending names make a tree of depth %d", d)
	}
	for name := range s.From("mempool/05000") {
		if name != "mempool/05000" {
			t.Fatalf("From starts at %q", name)
		}
		break
	}
}

func BenchmarkSortedSet10k(b *testing.B) {
	var s Sorted[int]
	names := make([]string, 10_000)
	for i := range names {
		names[i] = fmt.Sprintf("mempool/%05d", i)
		s = s.Set(names[i], i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		s = s.Set(names[i], i)
		if i++; i == len(names) {
			i = 0
		}
	}
}
