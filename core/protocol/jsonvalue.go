package protocol

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

const hashDigits = 2 * chainhash.HashSize

// id reads 32 bytes in hex, first byte first: a SHA-256 that names a network or
// a policy.
func (r *reader) id(what string) (h chainhash.Hash) {
	raw := r.bytesOf(hashDigits, what)
	if r.err != nil {
		return h
	}
	if len(raw) != hashDigits {
		r.fail(FaultProtocol, "%s: %d digits, want %d", what, len(raw), hashDigits)
		return h
	}
	if _, err := hex.Decode(h[:], raw); err != nil {
		r.fail(FaultProtocol, "%s: not hexadecimal", what)
	}
	return h
}

// hash reads a block hash or txid as people see it: the last byte first.
func (r *reader) hash(what string) chainhash.Hash {
	h := r.id(what)
	slices.Reverse(h[:])
	return h
}

func (r *reader) hashes(max int, what string) (list []chainhash.Hash) {
	r.array(max, what, func() { list = append(list, r.hash(what)) })
	return list
}

// number256 reads 256 bits in hex, the highest digit first.
func (r *reader) number256(what string) (n uint256.Int) {
	h := r.id(what)
	n.SetBytes32(h[:])
	return n
}

// number64 reads 64 bits in hex: JSON's numbers are exact up to 2^53 only.
func (r *reader) number64(what string) (n uint64) {
	const digits = 16
	raw := r.bytesOf(digits, what)
	if r.err != nil {
		return 0
	}
	var b [8]byte
	if len(raw) != digits {
		r.fail(FaultProtocol, "%s: %d digits, want %d", what, len(raw), digits)
	} else if _, err := hex.Decode(b[:], raw); err != nil {
		r.fail(FaultProtocol, "%s: not hexadecimal", what)
	}
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

func (r *reader) uint32(what string) uint32 { return uint32(r.integer(0, math.MaxUint32, what)) }

// data reads base64 of at most max bytes. The result is scratch: it is good
// until the next call.
func (r *reader) data(max int, what string) []byte {
	raw := r.bytesOf(base64.StdEncoding.EncodedLen(max), what)
	if r.err != nil {
		return nil
	}
	r.scratch = slices.Grow(r.scratch[:0], base64.StdEncoding.DecodedLen(len(raw)))
	n, err := strictBase64.Decode(r.scratch[:cap(r.scratch)], raw)
	switch {
	case err != nil:
		r.fail(FaultProtocol, "%s: not base64", what)
	case n > max:
		r.fail(FaultSize, "%s: %d bytes, at most %d are allowed", what, n, max)
	}
	if r.err != nil {
		return nil
	}
	return r.scratch[:n]
}

// strictBase64 has one form for each value.
var strictBase64 = base64.StdEncoding.Strict()

// copied is data that may be kept.
func (r *reader) copied(max int, what string) []byte {
	if b := r.data(max, what); len(b) > 0 {
		return slices.Clone(b)
	}
	return nil
}

func (r *reader) header(what string) (h consensus.Header) {
	raw := r.data(consensus.HeaderSize, what)
	if r.err == nil && len(raw) != consensus.HeaderSize {
		r.fail(FaultProtocol, "%s: %d bytes, want %d", what, len(raw), consensus.HeaderSize)
	}
	if r.err != nil {
		return h
	}
	h, err := consensus.ParseHeader(raw)
	if err != nil {
		r.fail(FaultProtocol, "%s: %v", what, err)
	}
	return h
}

func (r *reader) headers(max int, what string) (list []consensus.Header) {
	r.array(max, what, func() { list = append(list, r.header(what)) })
	return list
}

func (r *reader) tx(what string) *consensus.Tx {
	raw := r.data(MaxBlockBytes, what)
	if r.err != nil {
		return nil
	}
	t, err := consensus.ParseTx(raw)
	if err != nil {
		r.fail(FaultProtocol, "%s: %v", what, err)
	}
	return t
}

func (r *reader) txs(max int, what string) (list []*consensus.Tx) {
	r.array(max, what, func() { list = append(list, r.tx(what)) })
	return list
}

func (r *reader) block(what string) *consensus.Block {
	raw := r.data(MaxBlockBytes, what)
	if r.err != nil {
		return nil
	}
	b, err := consensus.ParseBlock(raw)
	if err != nil {
		r.fail(FaultProtocol, "%s: %v", what, err)
	}
	return b
}

func (r *reader) members(max int, what string) (list []Member) {
	r.array(max, what, func() { list = append(list, r.member(what)) })
	return list
}

func (r *reader) member(what string) (m Member) {
	r.object(what, func(name string) {
		switch name {
		case "id":
			m.ID = r.uint32("id")
		case "address":
			m.Address = r.text(MaxAddress, "address")
		case "kind":
			m.Kind = r.text(MaxKind, "kind")
		default:
			r.skip()
		}
	})
	return m
}
