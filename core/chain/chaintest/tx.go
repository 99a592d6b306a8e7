package chaintest

import (
	"crypto/sha256"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Anyone is an output script that anyone can spend with an empty input script.
var Anyone = []byte{txscript.OP_TRUE}

// Out is an output together with where it is: all that is needed to spend it.
type Out struct {
	wire.OutPoint
	wire.TxOut
}

// OutOf returns an output of a transaction.
func OutOf(tx *wire.MsgTx, n int) Out {
	return Out{wire.OutPoint{Hash: tx.TxHash(), Index: uint32(n)}, *tx.TxOut[n]}
}

// Pay is an output of so many satoshi.
func Pay(satoshi int64, script []byte) *wire.TxOut { return wire.NewTxOut(satoshi, script) }

// Spend makes a transaction without input scripts, of version 2, final.
func Spend(from []Out, to ...*wire.TxOut) *wire.MsgTx {
	tx := wire.NewMsgTx(2)
	for i := range from {
		tx.AddTxIn(wire.NewTxIn(&from[i].OutPoint, nil, nil))
	}
	for _, o := range to {
		tx.AddTxOut(o)
	}
	return tx
}

// Pass spends one output to anyone, less a fee in satoshi.
func Pass(from Out, fee int64) *wire.MsgTx {
	return Spend([]Out{from}, Pay(from.Value-fee, Anyone))
}

// Script joins parts to a script: an int or byte is an opcode, a []byte a push.
func Script(parts ...any) []byte {
	b := txscript.NewScriptBuilder()
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b.AddOp(byte(p))
		case byte:
			b.AddOp(p)
		case int64:
			b.AddInt64(p)
		case []byte:
			b.AddData(p)
		default:
			panic("chaintest: a script of opcodes, numbers and pushes")
		}
	}
	s, err := b.Script()
	if err != nil {
		panic(err) // the test asks for a script that is too long
	}
	return s
}

// P2SH pays to a script by its HASH160 (BIP16).
func P2SH(redeem []byte) []byte {
	return Script(txscript.OP_HASH160, Hash160(redeem), txscript.OP_EQUAL)
}

// P2WSH pays to a script by its SHA-256 (BIP141).
func P2WSH(script []byte) []byte {
	h := sha256.Sum256(script)
	return Script(txscript.OP_0, h[:])
}

// Hash160 is RIPEMD-160 of SHA-256. The core may not import RIPEMD-160, so the
// script engine computes it.
func Hash160(data []byte) []byte {
	tx := Spend([]Out{{}}, Pay(0, nil))
	prev := txscript.NewCannedPrevOutputFetcher(nil, 0)
	vm, err := txscript.NewEngine(Script(txscript.OP_HASH160), tx, 0, 0, nil, nil, 0, prev)
	if err != nil {
		panic(err)
	}
	vm.SetStack([][]byte{data})
	for done := false; !done; {
		if done, err = vm.Step(); err != nil {
			panic(err)
		}
	}
	return vm.GetStack()[0]
}

// fees is what a transaction leaves to the miner, given what it spends.
func fees(tx *wire.MsgTx, in int64) int64 {
	for _, o := range tx.TxOut {
		in -= o.Value
	}
	return in
}

// unspendable repeats the rule for what is no coin.
func unspendable(script []byte) bool { return consensus.Unspendable(script) }
