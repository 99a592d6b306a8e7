package consensus

import (
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// The compact form of a target is a base-256 floating point number: one byte
// of size and three of mantissa, whose top bit is a sign (Core:
// arith_uint256.cpp, SetCompact and GetCompact).
const (
	compactMantissa = 0x007fffff
	compactSign     = 0x00800000
)

// CompactToTarget expands bits. Whoever uses a target as a rule refuses it
// when it is negative, overflown or zero. The value is then what Core computes,
// magnitude without sign and cut to 256 bits.
func CompactToTarget(bits uint32) (target uint256.Int, negative, overflow bool) {
	size := bits >> 24
	word := bits & compactMantissa
	if size <= 3 {
		word >>= 8 * (3 - size)
		target.SetUint64(uint64(word))
	} else {
		target.SetUint64(uint64(word))
		target.Lsh(&target, uint(8*(size-3)))
	}
	negative = word != 0 && bits&compactSign != 0
	overflow = word != 0 && (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32))
	return target, negative, overflow
}

// TargetToCompact gives the compact form of a target. It keeps the three
// highest bytes and drops the rest, so the result never expands to more than
// the target.
func TargetToCompact(target *uint256.Int) uint32 {
	size := uint32(target.BitLen()+7) / 8
	var word uint32
	if size <= 3 {
		word = uint32(target.Uint64() << (8 * (3 - size)))
	} else {
		var t uint256.Int
		word = uint32(t.Rsh(target, uint(8*(size-3))).Uint64())
	}
	if word&compactSign != 0 { // the mantissa's top bit would read as a sign
		word >>= 8
		size++
	}
	return word | size<<24
}

// Work is the expected number of hashes for a block with these bits:
// 2^256 / (target+1). It is zero when bits are no valid target (Core:
// GetBlockProof in chain.cpp).
func Work(bits uint32) uint256.Int {
	target, negative, overflow := CompactToTarget(bits)
	if negative || overflow || target.IsZero() {
		return uint256.Int{}
	}
	// 2^256 does not fit; 2^256/(t+1) = (2^256-t-1)/(t+1) + 1 = ~t/(t+1) + 1.
	var work, next uint256.Int
	work.Not(&target)
	next.AddUint64(&target, 1)
	work.Div(&work, &next)
	work.AddUint64(&work, 1)
	return work
}

// HashToInt reads a hash, in internal byte order, as the little-endian number
// that proof of work compares with the target.
func HashToInt(hash chainhash.Hash) uint256.Int {
	var be [chainhash.HashSize]byte
	for i, b := range hash {
		be[chainhash.HashSize-1-i] = b
	}
	var n uint256.Int
	n.SetBytes32(be[:])
	return n
}

// CheckProofOfWork returns a *RuleError of kind HighHash unless bits are a
// positive target of at most powLimit and hash is not above it (Core:
// CheckProofOfWork in pow.cpp).
func CheckProofOfWork(hash chainhash.Hash, bits uint32, powLimit *uint256.Int) error {
	target, negative, overflow := CompactToTarget(bits)
	if negative || overflow || target.IsZero() || target.Gt(powLimit) {
		return ruleError(HighHash, "bits %08x are not a target between 1 and the limit of this chain", bits)
	}
	n := HashToInt(hash)
	if n.Gt(&target) {
		return ruleError(HighHash, "block hash %v is above the target of bits %08x", hash, bits)
	}
	return nil
}
