package netsync

import (
	"encoding/binary"
	"math/bits"
)

// sipHash is SipHash-2-4 of a message, under a key of two little-endian words
// (as in BIP152).
func sipHash(k0, k1 uint64, message []byte) uint64 {
	v := sipState{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	length := uint64(len(message))
	for ; len(message) >= 8; message = message[8:] {
		v.word(binary.LittleEndian.Uint64(message))
	}
	var last [8]byte
	copy(last[:], message)
	v.word(binary.LittleEndian.Uint64(last[:]) | length<<56)
	v[2] ^= 0xff
	for range 4 {
		v.round()
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

type sipState [4]uint64

func (v *sipState) word(m uint64) {
	v[3] ^= m
	v.round()
	v.round()
	v[0] ^= m
}

func (v *sipState) round() {
	v[0] += v[1]
	v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
	v[0] = bits.RotateLeft64(v[0], 32)
	v[2] += v[3]
	v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
	v[0] += v[3]
	v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
	v[2] += v[1]
	v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
	v[2] = bits.RotateLeft64(v[2], 32)
}
