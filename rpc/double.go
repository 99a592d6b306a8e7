package rpc

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"

	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// double is a number with 16 significant digits, as Core prints it.
type double float64

// MarshalJSON writes what C's %.16g writes.
func (d double) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(d), 0) || math.IsNaN(float64(d)) {
		return []byte("0"), nil
	}
	return strconv.AppendFloat(nil, float64(d), 'g', 16, 64), nil
}

// difficulty is how much harder the target is than 0xffff·2^208, Bitcoin's
// easiest (Core: GetDifficulty).
func difficulty(bits uint32) double {
	const easiestSize = 29
	d := float64(0xffff) / float64(bits&0xffffff)
	for size := bits >> 24; size < easiestSize; size++ {
		d *= 256
	}
	for size := bits >> 24; size > easiestSize; size-- {
		d /= 256
	}
	return double(d)
}

// target is the target of bits in 64 hexadecimal digits.
func target(bits uint32) string {
	t, _, _ := consensus.CompactToTarget(bits)
	return hex64(&t)
}

// hex64 writes a number as people see hashes.
func hex64(n *uint256.Int) string {
	b := n.Bytes32()
	return hex.EncodeToString(b[:])
}

func toFloat(n *uint256.Int) float64 {
	f, _ := new(big.Float).SetInt(n.ToBig()).Float64()
	return f
}

const hexDigits = "0123456789abcdef"

// hex32 writes 32 bits, as in bits and versionHex.
func hex32(n uint32) string {
	var b [8]byte
	for i := range b {
		b[i] = hexDigits[n>>(28-4*i)&15]
	}
	return string(b[:])
}
