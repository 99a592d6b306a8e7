package mining

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// TestSearch compares with hashing whole headers.
func TestSearch(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	hits := 0
	for range 300 {
		var header [consensus.HeaderSize]byte
		r.Read(header[:])
		before := header
		bits := []uint32{0x207fffff, 0x2007ffff, 0x1f00ffff, 0x2000ffff}[r.Intn(4)]
		target, _, _ := consensus.CompactToTarget(bits)
		start, count := r.Uint32(), uint64(r.Intn(600))
		if r.Intn(4) == 0 {
			start = math.MaxUint32 - uint32(r.Intn(5)) // the nonces end
		}
		nonce, tried, found := Search(&header, &target, start, count)
		if header != before {
			t.Fatal("the header changed")
		}
		n, tr, f := searchPlain(header, &target, start, min(count, math.MaxUint32-uint64(start)+1))
		if n = n * b2u(f); nonce != n || tried != tr || found != f {
			t.Fatalf("%d after %d, %v; want %d after %d, %v", nonce, tried, found, n, tr, f)
		}
		if found {
			hits++
			binary.LittleEndian.PutUint32(header[nonceAt:], nonce)
			if err := consensus.CheckProofOfWork(chainhash.DoubleHashH(header[:]), bits, new(uint256.Int).Not(new(uint256.Int))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if hits < 100 || hits == 300 {
		t.Fatalf("%d of 300 found", hits)
	}
}

func b2u(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// TestMidstateInUse: the fast way is the one that is taken.
func TestMidstateInUse(t *testing.T) {
	if _, ok := newMidstate(new([consensus.HeaderSize]byte)); !ok {
		t.Fatal("the standard library encodes SHA-256 states in another way: the search is slow, change newMidstate")
	}
}

var sink byte

// BenchmarkPlainHash is what Search is measured against: the double hash of 80
// bytes by the standard library.
func BenchmarkPlainHash(b *testing.B) {
	var header [consensus.HeaderSize]byte
	for i := range b.N {
		binary.LittleEndian.PutUint32(header[nonceAt:], uint32(i))
		first := sha256.Sum256(header[:])
		second := sha256.Sum256(first[:])
		sink = second[0]
	}
}

// BenchmarkSearch is per nonce.
func BenchmarkSearch(b *testing.B) {
	var header [consensus.HeaderSize]byte
	target := uint256.NewInt(1)
	b.ReportAllocs()
	for left := uint64(b.N); left > 0; {
		n := min(left, 100_000)
		Search(&header, target, 0, n)
		left -= n
	}
}
