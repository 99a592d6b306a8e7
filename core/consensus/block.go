package consensus

import (
	"bytes"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// minTxSize is the size in bytes of the smallest transaction, which has neither
// inputs nor outputs; it bounds how many a block of a given length can hold.
const minTxSize = 10

// Block is a block with its hash and sizes computed once. It is immutable.
type Block struct {
	Header Header
	Txs    []*Tx

	hash           chainhash.Hash
	size, stripped int
}

// NewBlock takes ownership of txs.
func NewBlock(h Header, txs []*Tx) *Block {
	b := &Block{Header: h, Txs: txs, hash: h.Hash()}
	n := HeaderSize + wire.VarIntSerializeSize(uint64(len(txs)))
	b.size, b.stripped = n, n
	for _, t := range txs {
		b.size += t.size
		b.stripped += t.stripped
	}
	return b
}

// ParseBlock decodes exactly one block with witnesses; anything else, trailing
// bytes included, is ErrDecode.
func ParseBlock(raw []byte) (*Block, error) {
	h, err := ParseHeader(raw)
	if err != nil {
		return nil, err
	}
	r := bytes.NewReader(raw[HeaderSize:])
	n, err := wire.ReadVarInt(r, 0)
	if err != nil {
		return nil, decodeError("block: %v", err)
	}
	if n > uint64(r.Len()/minTxSize) {
		return nil, decodeError("block: %d transactions cannot fit into %d bytes", n, r.Len())
	}
	txs, rest := make([]*Tx, n), raw[len(raw)-r.Len():]
	for i := range txs {
		if txs[i], rest, err = readTx(rest); err != nil {
			return nil, err
		}
	}
	if len(rest) != 0 {
		return nil, decodeError("%d bytes after the block", len(rest))
	}
	return NewBlock(h, txs), nil
}

// Hash is the header's hash, in internal byte order.
func (b *Block) Hash() chainhash.Hash { return b.hash }

// Size is the serialized length in bytes, witnesses included.
func (b *Block) Size() int { return b.size }

// StrippedSize is the serialized length in bytes without witnesses.
func (b *Block) StrippedSize() int { return b.stripped }

// Weight is in BIP141 weight units.
func (b *Block) Weight() int { return b.stripped*(WitnessScale-1) + b.size }

// Bytes returns the serialization with witnesses.
func (b *Block) Bytes() []byte {
	var w bytes.Buffer
	w.Grow(b.size)
	h := b.Header.Bytes()
	w.Write(h[:])
	_ = wire.WriteVarInt(&w, 0, uint64(len(b.Txs))) // a bytes.Buffer never fails
	for _, t := range b.Txs {
		_ = t.Msg.Serialize(&w)
	}
	return w.Bytes()
}
