package protocol

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// object writes the members of one JSON object in the order they come.
type object struct {
	b    []byte
	rest bool // not the first member
}

func begin(b []byte) *object { return &object{b: append(b, '{')} }

func (o *object) end() []byte { return append(o.b, '}') }

// name begins a member; the caller appends its value to o.b.
func (o *object) name(name string) *object {
	if o.rest {
		o.b = append(o.b, ',')
	}
	o.rest = true
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
	return o
}

func (o *object) integer(name string, n int64) {
	o.b = strconv.AppendInt(o.name(name).b, n, 10)
}

func (o *object) text(name, s string) { o.b = appendText(o.name(name).b, s) }

func (o *object) hash(name string, h chainhash.Hash) { o.b = appendHash(o.name(name).b, h) }

func (o *object) id(name string, h chainhash.Hash) { o.b = appendID(o.name(name).b, h) }

func (o *object) number256(name string, n uint256.Int) { o.id(name, n.Bytes32()) }

func (o *object) number64(name string, n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	o.b = append(hex.AppendEncode(append(o.name(name).b, '"'), b[:]), '"')
}

func (o *object) data(name string, raw []byte) { o.b = appendData(o.name(name).b, raw) }

// list writes an array.
func list[T any](o *object, name string, items []T, item func([]byte, T) []byte) {
	b := append(o.name(name).b, '[')
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, items[i])
	}
	o.b = append(b, ']')
}

// optional is list that leaves an empty one out.
func optional[T any](o *object, name string, items []T, item func([]byte, T) []byte) {
	if len(items) > 0 {
		list(o, name, items, item)
	}
}

// appendText writes a string for people.
func appendText(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string never fails
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendID writes 32 bytes in hex, the first byte first.
func appendID(b []byte, h chainhash.Hash) []byte {
	return append(hex.AppendEncode(append(b, '"'), h[:]), '"')
}

// appendHash writes a block hash or txid as people see it: the last byte first.
func appendHash(b []byte, h chainhash.Hash) []byte {
	slices.Reverse(h[:])
	return appendID(b, h)
}

func appendData(b, raw []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(b, '"'), raw), '"')
}

func appendHeader(b []byte, h consensus.Header) []byte {
	raw := h.Bytes()
	return appendData(b, raw[:])
}

func appendTx(b []byte, t *consensus.Tx) []byte { return appendData(b, t.Bytes()) }

func appendBlock(b []byte, k *consensus.Block) []byte { return appendData(b, k.Bytes()) }

func appendUint32(b []byte, n uint32) []byte { return strconv.AppendUint(b, uint64(n), 10) }

func appendMember(b []byte, m Member) []byte {
	o := begin(b)
	o.integer("id", int64(m.ID))
	o.text("address", m.Address)
	o.text("kind", m.Kind)
	return o.end()
}
