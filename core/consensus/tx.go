package consensus

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// WitnessScale is how many weight units a non-witness byte costs (BIP141).
const WitnessScale = 4

// Tx is a transaction with its hashes and sizes computed once. It is
// immutable: nobody changes Msg after NewTx, so a Tx is shared freely between
// the chain, the mempool and readers.
type Tx struct {
	Msg *wire.MsgTx

	id, wid        chainhash.Hash
	size, stripped int
}

// NewTx takes ownership of msg.
func NewTx(msg *wire.MsgTx) *Tx {
	t := &Tx{Msg: msg, id: msg.TxHash(), size: msg.SerializeSize(), stripped: msg.SerializeSizeStripped()}
	t.wid = t.id
	if msg.HasWitness() {
		t.wid = msg.WitnessHash()
	}
	return t
}

// ParseTx decodes exactly one transaction with its witness. Trailing bytes, a
// witness flag without a witness and non-minimal counts are ErrDecode.
func ParseTx(raw []byte) (*Tx, error) {
	t, rest, err := readTx(raw)
	if err != nil {
		return nil, err
	}
	if len(rest) != 0 {
		return nil, decodeError("%d bytes after the transaction", len(rest))
	}
	return t, nil
}

// readTx decodes the transaction that raw begins with and returns what
// follows it.
func readTx(raw []byte) (t *Tx, rest []byte, err error) {
	n, err := scanTx(raw)
	if err != nil {
		return nil, nil, err
	}
	msg := new(wire.MsgTx)
	if n == minTxSize {
		// wire takes the missing inputs for a damaged witness marker.
		msg.Version = int32(binary.LittleEndian.Uint32(raw))
		msg.LockTime = binary.LittleEndian.Uint32(raw[n-4:])
	} else if err := msg.Deserialize(bytes.NewReader(raw[:n])); err != nil {
		return nil, nil, decodeError("transaction: %v", err)
	}
	t = NewTx(msg)
	// Core refuses a "superfluous witness record", which takes more bytes
	// than the canonical form.
	if n != t.size {
		return nil, nil, decodeError("transaction: superfluous witness record")
	}
	return t, raw[n:], nil
}

// ID is the transaction id: the hash without the witness.
func (t *Tx) ID() chainhash.Hash { return t.id }

// WitnessID is the hash with the witness (wtxid, BIP141).
func (t *Tx) WitnessID() chainhash.Hash { return t.wid }

// Size is the serialized length in bytes, witness included.
func (t *Tx) Size() int { return t.size }

// StrippedSize is the serialized length in bytes without the witness.
func (t *Tx) StrippedSize() int { return t.stripped }

// Weight is in BIP141 weight units.
func (t *Tx) Weight() int { return t.stripped*(WitnessScale-1) + t.size }

// VSize is the weight divided by four, rounded up, in virtual bytes.
func (t *Tx) VSize() int { return (t.Weight() + WitnessScale - 1) / WitnessScale }

// Bytes returns the serialization with the witness.
func (t *Tx) Bytes() []byte {
	var b bytes.Buffer
	b.Grow(t.size)
	_ = t.Msg.Serialize(&b) // a bytes.Buffer never fails
	return b.Bytes()
}

// IsCoinbase reports whether the only input has the null outpoint.
func (t *Tx) IsCoinbase() bool {
	return len(t.Msg.TxIn) == 1 && isNullOutpoint(&t.Msg.TxIn[0].PreviousOutPoint)
}

func isNullOutpoint(o *wire.OutPoint) bool {
	return o.Index == math.MaxUint32 && o.Hash == chainhash.Hash{}
}
