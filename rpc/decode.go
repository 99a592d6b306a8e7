package rpc

import (
	"bytes"
	"encoding/hex"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

var errTxDecode = &Error{Code: CodeDeserialization, Message: "TX decode failed. Make sure the tx has at least one input."}

// txForm says which serializations of a transaction are tried.
type txForm struct{ witness, legacy bool }

var (
	anyForm = txForm{true, true} // also one to which inputs will be added
	whole   = txForm{witness: true}
)

// decodeTx reads a transaction in hexadecimal. One without inputs looks like
// the beginning of one with a witness: where both readings are possible, what
// has sane scripts is taken, with a witness first (Core: DecodeTx). It returns
// nil when neither works.
func decodeTx(text string, form txForm) *consensus.Tx {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil
	}
	var extended, legacy *consensus.Tx
	if form.witness {
		if extended, err = consensus.ParseTx(raw); err == nil && saneScripts(extended) {
			return extended
		}
	}
	if form.legacy {
		if legacy = parseLegacy(raw); legacy != nil && saneScripts(legacy) {
			return legacy
		}
	}
	if extended != nil {
		return extended
	}
	return legacy
}

func parseLegacy(raw []byte) *consensus.Tx {
	r := bytes.NewReader(raw)
	msg := new(wire.MsgTx)
	if err := msg.DeserializeNoWitness(r); err != nil || r.Len() != 0 {
		return nil
	}
	return consensus.NewTx(msg)
}

// saneScripts reports whether all scripts consist of known operations (Core:
// CheckTxScriptsSanity).
func saneScripts(tx *consensus.Tx) bool {
	if !tx.IsCoinbase() {
		for _, in := range tx.Msg.TxIn {
			if !validOps(in.SignatureScript) {
				return false
			}
		}
	}
	for _, out := range tx.Msg.TxOut {
		if !validOps(out.PkScript) {
			return false
		}
	}
	return true
}

// validOps reports whether a script can be taken apart into operations that
// mean something (Core: CScript::HasValidOps, and the limit on its size).
func validOps(script []byte) bool {
	if len(script) > txscript.MaxScriptSize {
		return false
	}
	for len(script) > 0 {
		op, data, rest, ok := consensus.NextOp(script)
		if !ok || op > txscript.OP_NOP10 || len(data) > txscript.MaxScriptElementSize {
			return false
		}
		script = rest
	}
	return true
}

// decodeBlock reads a block in hexadecimal; -22 with Core's text.
func decodeBlock(text string) (*consensus.Block, error) {
	raw, err := hex.DecodeString(text)
	if err == nil {
		var b *consensus.Block
		if b, err = consensus.ParseBlock(raw); err == nil {
			return b, nil
		}
	}
	return nil, &Error{Code: CodeDeserialization, Message: "Block decode failed"}
}
