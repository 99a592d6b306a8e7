package muhash

import (
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"testing"
)

// shown is a hash as people see it.
func shown(h [32]byte) string {
	reverse(h[:])
	return hex.EncodeToString(h[:])
}

func member(i byte) []byte { return append([]byte{i}, make([]byte, 31)...) }

// The vectors are Core's (src/test/crypto_tests.cpp, muhash_tests, and
// test_framework/crypto/muhash.py).
func TestCoreVectors(t *testing.T) {
	const want = "10d312b100cbd32ada024a6646e40d3482fcff103668d2625f10002a607d5863"
	var a Set
	a.Insert(member(0))
	a.Insert(member(1))
	a.Remove(member(2))
	if got := shown(a.Hash()); got != want {
		t.Errorf("inserted and removed: %s", got)
	}
	if got := shown(a.Hash()); got != want {
		t.Errorf("asked again: %s", got)
	}

	// 2^3072-1 is above the modulus: it counts as 1103716.
	var over Set
	over.added.multiply(new(big.Int).Set(mask))
	h := over.Hash()
	if got := hex.EncodeToString(h[:]); got != "3a31e6903aff0de9f62f9a9f7f8b861de76ce2cda09822b90014319ae5dc2271" {
		t.Errorf("overflow: %s", got)
	}
}

func TestExpansion(t *testing.T) {
	// The beginning of the product of 1 and 2, as Core serializes it.
	const want = "1fa093295ea30a6a3acdc7b3f770fa538eff537528e990e2910e40bbcfd7f669"
	var s Set
	s.Insert(member(1))
	s.Insert(member(2))
	le := make([]byte, numBytes)
	s.added.value().FillBytes(le)
	reverse(le)
	if got := hex.EncodeToString(le[:32]); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestOrder: neither the order of members nor those that came and went matter.
func TestOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		var table [4]byte
		for i := range table {
			table[i] = byte(rng.IntN(8))
		}
		var first string
		for order := range 4 {
			var s Set
			for i := range 4 {
				if v := table[i^order]; v&4 != 0 {
					s.Remove(member(v & 3))
				} else {
					s.Insert(member(v & 3))
				}
			}
			got := shown(s.Hash())
			if order == 0 {
				first = got
			} else if got != first {
				t.Fatalf("%v in order %d: %s, want %s", table, order, got, first)
			}
		}
	}
	var empty, again Set
	again.Insert([]byte("x"))
	again.Insert([]byte("y"))
	again.Remove([]byte("y"))
	if again.Hash() == empty.Hash() {
		t.Error("a set of one is as the empty set")
	}
	again.Remove([]byte("x"))
	if again.Hash() != empty.Hash() {
		t.Error("what was inserted and removed is still there")
	}
	// SHA-256 of the number 1 in 384 little-endian bytes.
	if got := shown(empty.Hash()); got != "dd5ad2a105c2d29495f577245c357409002329b9f4d6182c0af3dc2f462555c8" {
		t.Errorf("the empty set: %s", got)
	}
}

func BenchmarkInsert(b *testing.B) {
	var s Set
	data := make([]byte, 80)
	for i := range b.N {
		data[0], data[1], data[2] = byte(i), byte(i>>8), byte(i>>16)
		s.Insert(data)
	}
}
