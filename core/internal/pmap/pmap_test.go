package pmap

import (
	"bytes"
	"maps"
	"math/rand"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// randomKey makes keys that collide: most of them share a prefix of 0 to 31
// bytes with every other such key and differ in few bits after it.
func randomKey(r *rand.Rand) chainhash.Hash {
	var k chainhash.Hash
	switch r.Intn(4) {
	case 0:
		r.Read(k[:])
	case 1:
		k[r.Intn(32)] = byte(1) << r.Intn(8)
	case 2:
		k[31] = byte(r.Intn(256)) // shares 31 bytes with the others
	default:
		for i := range k {
			k[i] = 0xff
		}
		k[r.Intn(32)] ^= byte(r.Intn(4))
	}
	return k
}

func checkEqual(t *testing.T, m Map[int], want map[chainhash.Hash]int) {
	t.Helper()
	if m.Len() != len(want) {
		t.Fatalf("Len() = %d, want %d", m.Len(), len(want))
	}
	keys := slices.SortedFunc(maps.Keys(want), compare)
	i := 0
	for k, v := range m.All() {
		if i == len(keys) || k != keys[i] || v != want[k] {
			t.Fatalf("All: item %d is %v = %d, want %v = %d", i, k, v, keys[i], want[keys[i]])
		}
		i++
	}
	if i != len(keys) {
		t.Fatalf("All yielded %d items, want %d", i, len(keys))
	}
	for k, v := range want {
		if got, ok := m.Get(&k); !ok || got != v {
			t.Fatalf("Get(%v) = %d, %v, want %d", k, got, ok, v)
		}
	}
}

func compare(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) }

// checkShape fails unless every node below the root leads to at least two keys.
func checkShape(t *testing.T, n *node[int], root bool) int {
	t.Helper()
	if n == nil {
		return 0
	}
	total := 0
	for _, s := range n.slots {
		if (s.leaf == nil) == (s.child == nil) {
			t.Fatal("a slot is neither leaf nor child, or both")
		}
		if s.leaf != nil {
			total++
		} else {
			total += checkShape(t, s.child, false)
		}
	}
	if total < 2 && !root || total == 0 {
		t.Fatalf("a node with %d keys (root: %v)", total, root)
	}
	return total
}

func TestMapAgainstGoMap(t *testing.T) {
	type version struct {
		m    Map[int]
		want map[chainhash.Hash]int
	}
	for seed := range int64(20) {
		r := rand.New(rand.NewSource(seed))
		var m Map[int]
		want := map[chainhash.Hash]int{}
		var old []version
		for i := range 2000 {
			k := randomKey(r)
			if grow := (i/400)%2 == 0; r.Intn(10) < 7 == grow {
				m = m.Set(&k, i)
				want[k] = i
			} else {
				m = m.Delete(&k)
				delete(want, k)
			}
			got, ok := m.Get(&k)
			if v, wantOK := want[k]; ok != wantOK || got != v {
				t.Fatalf("seed %d: step %d: Get = %d, %v, want %d, %v", seed, i, got, ok, v, wantOK)
			}
			if i%100 == 0 {
				old = append(old, version{m, maps.Clone(want)})
				checkShape(t, m.root, true)
			}
		}
		checkEqual(t, m, want)
		for _, v := range old {
			checkEqual(t, v.m, v.want)
		}
		for len(want) > 0 {
			keys := slices.SortedFunc(maps.Keys(want), compare)
			k := keys[r.Intn(len(keys))]
			m = m.Delete(&k)
			delete(want, k)
			if len(want)%50 == 0 {
				checkEqual(t, m, want)
			}
		}
		if m.root != nil || m.Len() != 0 {
			t.Fatalf("seed %d: an emptied map has a root or a length of %d", seed, m.Len())
		}
	}
}

func TestOrderDoesNotDependOnInsertion(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	keys := make([]chainhash.Hash, 500)
	for i := range keys {
		keys[i] = randomKey(r)
	}
	var a, b Map[int]
	for i := range keys {
		a = a.Set(&keys[i], 0)
		b = b.Set(&keys[len(keys)-1-i], 0)
	}
	var ka, kb []chainhash.Hash
	for k := range a.All() {
		ka = append(ka, k)
	}
	for k := range b.All() {
		kb = append(kb, k)
	}
	if !slices.Equal(ka, kb) || !slices.IsSortedFunc(ka, compare) {
		t.Fatal("the order of All depends on the order of insertion")
	}
}

func TestDeleteOfMissingKeyReturnsSameMap(t *testing.T) {
	var m Map[int]
	a, b := chainhash.Hash{1}, chainhash.Hash{1, 31: 1}
	if m.Delete(&a) != m {
		t.Fatal("deleting from an empty map changed it")
	}
	m = m.Set(&a, 1)
	if m.Delete(&b) != m {
		t.Fatal("deleting a missing key changed the map")
	}
}

func TestAllStops(t *testing.T) {
	var m Map[int]
	for i := range 100 {
		m = m.Set(&chainhash.Hash{31: byte(i)}, i)
	}
	n := 0
	for _, v := range m.All() {
		if n++; v == 9 {
			break
		}
	}
	if n != 10 {
		t.Fatalf("All yielded %d items before the break, want 10", n)
	}
}

func TestAllFrom(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	var m Map[int]
	for i := range 400 {
		k := randomKey(r)
		m = m.Set(&k, i)
	}
	for range 400 {
		from := randomKey(r)
		var want, got []chainhash.Hash
		for k := range m.All() {
			if compare(k, from) >= 0 {
				want = append(want, k)
			}
		}
		for k := range m.AllFrom(&from) {
			got = append(got, k)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("AllFrom(%v) yielded %d keys, want %d", from, len(got), len(want))
		}
	}
}

func benchKeys() []chainhash.Hash {
	r := rand.New(rand.NewSource(1))
	keys := make([]chainhash.Hash, 100_000)
	for i := range keys {
		r.Read(keys[i][:])
	}
	return keys
}

func benchMap(keys []chainhash.Hash) Map[uint64] {
	var m Map[uint64]
	for i := range keys {
		m = m.Set(&keys[i], uint64(i))
	}
	return m
}

func BenchmarkGet100k(b *testing.B) {
	keys := benchKeys()
	m := benchMap(keys)
	i := 0
	for b.Loop() {
		if _, ok := m.Get(&keys[i]); !ok {
			b.Fatal("lost a key")
		}
		if i++; i == len(keys) {
			i = 0
		}
	}
}

func BenchmarkSet100k(b *testing.B) {
	keys := benchKeys()
	m := benchMap(keys)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		m = m.Set(&keys[i], 1)
		if i++; i == len(keys) {
			i = 0
		}
	}
}

func BenchmarkAll100k(b *testing.B) {
	m := benchMap(benchKeys())
	for b.Loop() {
		for range m.All() {
		}
	}
}
