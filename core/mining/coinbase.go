package mining

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

const (
	// extranonceSize is in bytes. It is pushed after the height, so that a
	// coinbase script is never shorter than the two bytes that it needs, at
	// heights 1 to 16 too.
	extranonceSize = 8
	// MaxTag is in bytes: what a coinbase script of at most 100 bytes has room
	// for after the height, the extranonce and its own push.
	MaxTag = 80
	// maxLockHeight is the last that a lock time can say; beyond are times.
	maxLockHeight = 499_999_999
	// commitmentSize is the length in bytes of the script that commits to the
	// witnesses.
	commitmentSize = 38
)

// coinbase is a coinbase transaction with a hole for the extranonce.
type coinbase struct {
	msg      *wire.MsgTx // extranonce 0; never changed
	stripped []byte      // its serialization without the witness
	at       int         // of the extranonce in stripped
	inScript int         // of the extranonce in the input script
}

// extraValue is what the extra outputs pay, in satoshi.
func extraValue(in *Input) int64 {
	var sum int64
	for _, o := range in.Extra {
		sum += o.Value
	}
	return sum
}

// newCoinbase pays value satoshi: the extra outputs, and what is left to the
// payout script, which comes first. The commitment comes last.
func newCoinbase(in *Input, value int64, commitment []byte) (coinbase, error) {
	if len(in.Tag) > MaxTag {
		return coinbase{}, fmt.Errorf("coinbase tag of %d bytes, at most %d fit", len(in.Tag), MaxTag)
	}
	script := consensus.HeightScript(in.Height)
	c := coinbase{inScript: len(script) + 1}
	script = append(append(script, extranonceSize), make([]byte, extranonceSize)...)
	if len(in.Tag) > 0 {
		push, err := txscript.NewScriptBuilder().AddData(in.Tag).Script()
		if err != nil {
			return coinbase{}, fmt.Errorf("coinbase tag: %w", err)
		}
		script = append(script, push...)
	}
	c.msg = wire.NewMsgTx(2)
	c.msg.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: math.MaxUint32},
		SignatureScript:  script,
		Witness:          [][]byte{make([]byte, 32)},
		// Not final by sequence, and locked until the block before: no copy of
		// it can be mined earlier (Core does the same since 30).
		Sequence: wire.MaxTxInSequenceNum - 1,
	})
	c.msg.LockTime = uint32(min(in.Height-1, maxLockHeight))
	rest := value - extraValue(in)
	if rest < 0 {
		return coinbase{}, fmt.Errorf("the extra coinbase outputs pay %d satoshi more than the block earns", -rest)
	}
	c.msg.AddTxOut(wire.NewTxOut(rest, in.Payout))
	for _, o := range in.Extra {
		c.msg.AddTxOut(wire.NewTxOut(o.Value, o.PkScript))
	}
	c.msg.AddTxOut(wire.NewTxOut(0, commitment))
	var w bytes.Buffer
	_ = c.msg.SerializeNoWitness(&w) // a bytes.Buffer never fails
	c.stripped = w.Bytes()
	// Version, input count, outpoint and script length come before the script.
	c.at = 4 + 1 + 36 + 1 + c.inScript
	return c, nil
}

// txid hashes the transaction with the extranonce in its place.
func (c *coinbase) txid(extranonce uint64) chainhash.Hash {
	b := bytes.Clone(c.stripped)
	binary.LittleEndian.PutUint64(b[c.at:], extranonce)
	return chainhash.DoubleHashH(b)
}

func (c *coinbase) tx(extranonce uint64) *consensus.Tx {
	msg := c.msg.Copy()
	binary.LittleEndian.PutUint64(msg.TxIn[0].SignatureScript[c.inScript:], extranonce)
	return consensus.NewTx(msg)
}
