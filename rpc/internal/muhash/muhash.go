// Package muhash hashes a set of byte strings so that members can be added
// and removed in any order (Core: crypto/muhash.h). Each member becomes a
// number of 3072 bits; the set's number is their product.
package muhash

import (
	"crypto/sha256"
	"math/big"

	"golang.org/x/crypto/chacha20"
)

const (
	numBytes = 384 // 3072 bits
	// distance is how far the modulus lies below 2^3072: it is the largest
	// such safe prime.
	distance = 1103717
)

var (
	modulus  = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 8*numBytes), big.NewInt(distance))
	mask     = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 8*numBytes), big.NewInt(1))
	bigShort = big.NewInt(distance)
)

// Set is the running product of a set. The zero Set is empty.
type Set struct {
	added, removed number
}

// Insert adds a member. Adding it twice counts twice.
func (s *Set) Insert(member []byte) { s.added.multiply(numberOf(sha256.Sum256(member))) }

// Remove takes a member out again.
func (s *Set) Remove(member []byte) { s.removed.multiply(numberOf(sha256.Sum256(member))) }

// Hash is the SHA-256 of the set's number, in the order in which it is
// computed; people see it reversed. The Set can go on.
func (s *Set) Hash() [32]byte {
	var n big.Int
	n.ModInverse(s.removed.value(), modulus) // exists: the modulus is a prime and no factor is 0
	n.Mod(n.Mul(&n, s.added.value()), modulus)
	var le [numBytes]byte
	n.FillBytes(le[:])
	reverse(le[:])
	return sha256.Sum256(le[:])
}

// number is a product that is reduced lazily; the zero number is 1.
type number struct {
	n          big.Int
	high, low  big.Int // scratch
	multiplied bool
}

func (a *number) value() *big.Int {
	if !a.multiplied {
		return big.NewInt(1)
	}
	return new(big.Int).Mod(&a.n, modulus)
}

// multiply keeps the product below 2^3072, not always below the modulus:
// 2^3072 is congruent to distance, so the upper half folds onto the lower.
func (a *number) multiply(b *big.Int) {
	if !a.multiplied {
		a.n.Set(b)
		a.multiplied = true
		return
	}
	a.n.Mul(&a.n, b)
	for a.n.BitLen() > 8*numBytes {
		a.high.Rsh(&a.n, 8*numBytes)
		a.low.And(&a.n, mask)
		a.n.Mul(&a.high, bigShort)
		a.n.Add(&a.n, &a.low)
	}
}

// numberOf expands 32 bytes with ChaCha20 into a little-endian number.
func numberOf(key [32]byte) *big.Int {
	c, err := chacha20.NewUnauthenticatedCipher(key[:], make([]byte, chacha20.NonceSize))
	if err != nil {
		panic(err) // both have the right length
	}
	var b [numBytes]byte
	c.XORKeyStream(b[:], b[:])
	reverse(b[:])
	return new(big.Int).SetBytes(b[:])
}

func reverse(b []byte) {
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
}
