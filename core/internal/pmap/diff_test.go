package pmap

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// TestDiff compares Diff with what the two versions say, over random changes
// of keys that often share their first bytes.
func TestDiff(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	key := func() (k chainhash.Hash) {
		for i := range k {
			k[i] = byte(r.IntN(2))
		}
		k[0], k[1] = byte(r.IntN(3)), byte(r.IntN(4))<<4
		for i := 3; i < len(k); i++ {
			k[i] = 0
		}
		return k
	}
	var versions []Map[int]
	var m Map[int]
	for i := range 3000 {
		k := key()
		if r.IntN(3) == 0 {
			m = m.Delete(&k)
		} else {
			m = m.Set(&k, i)
		}
		versions = append(versions, m)
		old := versions[r.IntN(len(versions))]
		checkDiff(t, old, m)
		checkDiff(t, m, old)
	}
}

func checkDiff(t *testing.T, old, now Map[int]) {
	t.Helper()
	want := map[chainhash.Hash][2]int{}
	for k, v := range old.All() {
		if w, ok := now.Get(&k); !ok {
			want[k] = [2]int{v, -1}
		} else if w != v {
			want[k] = [2]int{v, w}
		}
	}
	for k, v := range now.All() {
		if _, ok := old.Get(&k); !ok {
			want[k] = [2]int{-1, v}
		}
	}
	var last *chainhash.Hash
	Diff(old, now, func(k chainhash.Hash, before, after *int) bool {
		got := [2]int{-1, -1}
		if before != nil {
			got[0] = *before
		}
		if after != nil {
			got[1] = *after
		}
		if w, ok := want[k]; !ok || w != got {
			t.Fatalf("key %x: got %v, want %v (expected: %v)", k[:4], got, w, ok)
		}
		if last != nil && bytes.Compare(last[:], k[:]) >= 0 {
			t.Fatalf("key %x comes after %x", k[:4], last[:4])
		}
		last = &k
		delete(want, k)
		return true
	})
	if len(want) > 0 {
		t.Fatalf("%d differences were not yielded", len(want))
	}
}
