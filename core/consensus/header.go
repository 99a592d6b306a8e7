package consensus

import (
	"encoding/binary"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// HeaderSize is the length of a serialized block header in bytes.
const HeaderSize = 80

// Header is Bitcoin's block header. It differs from wire.BlockHeader in that
// its time is the plain 32-bit number of the wire, so nothing here depends on
// a clock or a time zone. Hashes are in internal byte order.
type Header struct {
	Version    int32
	Prev       chainhash.Hash
	MerkleRoot chainhash.Hash
	Time       uint32 // seconds since 1970-01-01 UTC
	Bits       uint32 // target in compact form
	Nonce      uint32
}

// Bytes returns the 80 bytes that are hashed and sent.
func (h *Header) Bytes() [HeaderSize]byte {
	var b [HeaderSize]byte
	binary.LittleEndian.PutUint32(b[0:], uint32(h.Version))
	copy(b[4:], h.Prev[:])
	copy(b[36:], h.MerkleRoot[:])
	binary.LittleEndian.PutUint32(b[68:], h.Time)
	binary.LittleEndian.PutUint32(b[72:], h.Bits)
	binary.LittleEndian.PutUint32(b[76:], h.Nonce)
	return b
}

// Hash returns the double SHA-256 of the header: the block's identity.
func (h *Header) Hash() chainhash.Hash {
	b := h.Bytes()
	return chainhash.DoubleHashH(b[:])
}

// ParseHeader reads the first 80 bytes of b. It fails with ErrDecode when b is
// shorter.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, decodeError("header of %d bytes, want %d", len(b), HeaderSize)
	}
	h := Header{
		Version: int32(binary.LittleEndian.Uint32(b[0:])),
		Time:    binary.LittleEndian.Uint32(b[68:]),
		Bits:    binary.LittleEndian.Uint32(b[72:]),
		Nonce:   binary.LittleEndian.Uint32(b[76:]),
	}
	copy(h.Prev[:], b[4:36])
	copy(h.MerkleRoot[:], b[36:68])
	return h, nil
}
