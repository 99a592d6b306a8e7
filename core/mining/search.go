package mining

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// nonceAt is where a header's nonce is, in bytes from its begin.
const nonceAt = 76

// Search tries count nonces from start on, but none above 2^32-1, and returns
// the first with which the header's hash is not above target. tried is how
// many hashes it took. The header is not changed.
//
// The first 64 of the header's 80 bytes are hashed once: each nonce then costs
// two SHA-256 blocks instead of three. The standard library gives access to
// the state after a block by its encoding: "sha\x03", eight big-endian words,
// what does not fill a block yet, and the length. Feeding whole padded blocks
// and reading the words is faster than asking for the sum.
func Search(header *[consensus.HeaderSize]byte, target *uint256.Int, start uint32, count uint64) (nonce uint32, tried uint64, found bool) {
	count = min(count, math.MaxUint32-uint64(start)+1)
	m, ok := newMidstate(header)
	if !ok {
		return searchPlain(*header, target, start, count)
	}
	top := target[3]
	for ; tried < count; tried++ {
		nonce = start + uint32(tried)
		m.hash(nonce)
		// The hash is a little-endian number: its last bytes decide nearly
		// always.
		if binary.LittleEndian.Uint64(m.out[stateAt+24:]) > top {
			continue
		}
		n := consensus.HashToInt(chainhash.Hash(m.out[stateAt : stateAt+sha256.Size]))
		if !n.Gt(target) {
			return nonce, tried + 1, true
		}
	}
	return 0, tried, false
}

// searchPlain serves a standard library whose encoding of the state is another.
func searchPlain(header [consensus.HeaderSize]byte, target *uint256.Int, start uint32, count uint64) (nonce uint32, tried uint64, found bool) {
	for ; tried < count; tried++ {
		nonce = start + uint32(tried)
		binary.LittleEndian.PutUint32(header[nonceAt:], nonce)
		n := consensus.HashToInt(chainhash.DoubleHashH(header[:]))
		if !n.Gt(target) {
			return nonce, tried + 1, true
		}
	}
	return 0, tried, false
}

// The encoding of a SHA-256 state.
const (
	stateMagic = "sha\x03"
	stateAt    = len(stateMagic)
	stateSize  = stateAt + sha256.Size + sha256.BlockSize + 8
)

// digest is what the standard library's SHA-256 can do.
type digest interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// midstate hashes headers that differ in the nonce alone, without allocating.
type midstate struct {
	digest digest
	begin  []byte // the state after the first 64 bytes
	out    []byte // the state after the last block
	first  [sha256.BlockSize]byte
	second [sha256.BlockSize]byte
}

func newMidstate(header *[consensus.HeaderSize]byte) (*midstate, bool) {
	d, ok := sha256.New().(digest)
	if !ok {
		return nil, false
	}
	m := &midstate{digest: d, out: make([]byte, 0, stateSize)}
	m.digest.Write(header[:sha256.BlockSize])
	begin, err := m.digest.MarshalBinary()
	if err != nil || len(begin) != stateSize || string(begin[:stateAt]) != stateMagic {
		return nil, false
	}
	m.begin = begin
	copy(m.first[:], header[sha256.BlockSize:])
	pad(&m.first, consensus.HeaderSize)
	pad(&m.second, sha256.Size)
	return m, true
}

// pad ends a message of n bytes whose last block is b.
func pad(b *[sha256.BlockSize]byte, n int) {
	b[n%sha256.BlockSize] = 0x80
	binary.BigEndian.PutUint64(b[sha256.BlockSize-8:], uint64(n)*8)
}

// hash leaves the header's hash at out[stateAt:]. The encoding was accepted by
// newMidstate, so that nothing here can fail.
func (m *midstate) hash(nonce uint32) {
	binary.LittleEndian.PutUint32(m.first[nonceAt-sha256.BlockSize:], nonce)
	_ = m.digest.UnmarshalBinary(m.begin)
	m.digest.Write(m.first[:])
	m.out, _ = m.digest.AppendBinary(m.out[:0])
	copy(m.second[:], m.out[stateAt:stateAt+sha256.Size])
	m.digest.Reset()
	m.digest.Write(m.second[:])
	m.out, _ = m.digest.AppendBinary(m.out[:0])
}
