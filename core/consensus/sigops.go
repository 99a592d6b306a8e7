package consensus

import (
	"encoding/binary"

	"github.com/btcsuite/btcd/txscript/v2"
)

// MaxPubkeysPerMultisig is what a CHECKMULTISIG counts for when the number of
// its keys is not read (Core: MAX_PUBKEYS_PER_MULTISIG).
const MaxPubkeysPerMultisig = 20

// LegacySigOps counts the signature operations in the input and output
// scripts as they stand, without weight (Core: GetLegacySigOpCount).
func LegacySigOps(tx *Tx) int {
	n := 0
	for _, in := range tx.Msg.TxIn {
		n += scriptSigOps(in.SignatureScript, false)
	}
	for _, out := range tx.Msg.TxOut {
		n += scriptSigOps(out.PkScript, false)
	}
	return n
}

// SigOpCost is the cost of the transaction's signature operations: those of
// legacy and P2SH scripts four each, those of witness programs one each
// (BIP141; Core: GetTransactionSigOpCost with P2SH and WITNESS). spent has
// one coin for each input and is ignored for a coinbase.
func SigOpCost(tx *Tx, spent []*Coin) int64 {
	cost := int64(LegacySigOps(tx)) * WitnessScale
	if tx.IsCoinbase() {
		return cost
	}
	for i, in := range tx.Msg.TxIn {
		script, redeem := spent[i].Script, []byte(nil)
		if isP2SH(script) {
			// Core counts nothing for an input script that does more
			// than push; running it fails later.
			var pushOnly bool
			if redeem, pushOnly = lastPush(in.SignatureScript); pushOnly {
				cost += int64(scriptSigOps(redeem, true)) * WitnessScale
			}
			script = redeem
		}
		if version, program, ok := witnessProgram(script); ok {
			cost += int64(witnessSigOps(version, program, in.Witness))
		}
	}
	return cost
}

// witnessSigOps counts version 0 only: tapscript has a budget of its own
// (BIP342), and later versions have no meaning yet.
func witnessSigOps(version int, program []byte, witness [][]byte) int {
	if version != 0 {
		return 0
	}
	switch {
	case len(program) == 20:
		return 1
	case len(program) == 32 && len(witness) > 0:
		return scriptSigOps(witness[len(witness)-1], true)
	}
	return 0
}

// scriptSigOps counts up to the first malformed push. When accurate, a
// CHECKMULTISIG right after a small number counts as that number (Core:
// CScript::GetSigOpCount).
func scriptSigOps(script []byte, accurate bool) int {
	n, last := 0, byte(txscript.OP_INVALIDOPCODE)
	for len(script) > 0 {
		op, _, rest, ok := nextOp(script)
		if !ok {
			break
		}
		switch op {
		case txscript.OP_CHECKSIG, txscript.OP_CHECKSIGVERIFY:
			n++
		case txscript.OP_CHECKMULTISIG, txscript.OP_CHECKMULTISIGVERIFY:
			if accurate && last >= txscript.OP_1 && last <= txscript.OP_16 {
				n += int(last-txscript.OP_1) + 1
			} else {
				n += MaxPubkeysPerMultisig
			}
		}
		last, script = op, rest
	}
	return n
}

// nextOp splits off the first operation and the data that it pushes; false
// when a push reaches beyond the end (Core: GetScriptOp).
func nextOp(script []byte) (op byte, data, rest []byte, ok bool) {
	op, rest = script[0], script[1:]
	if op > txscript.OP_PUSHDATA4 {
		return op, nil, rest, true
	}
	n, width := uint64(op), 0
	switch op {
	case txscript.OP_PUSHDATA1:
		width = 1
	case txscript.OP_PUSHDATA2:
		width = 2
	case txscript.OP_PUSHDATA4:
		width = 4
	}
	if width > 0 {
		if len(rest) < width {
			return op, nil, nil, false
		}
		var b [8]byte
		copy(b[:], rest[:width])
		n, rest = binary.LittleEndian.Uint64(b[:]), rest[width:]
	}
	if n > uint64(len(rest)) {
		return op, nil, nil, false
	}
	return op, rest[:n], rest[n:], true
}

// lastPush returns the data of the last push of a script that does nothing
// but push; it is empty for OP_1 … OP_16, whose value is not data (Core:
// CScript::GetSigOpCount, IsPushOnly).
func lastPush(script []byte) (data []byte, pushOnly bool) {
	for len(script) > 0 {
		op, d, rest, ok := nextOp(script)
		if !ok || op > txscript.OP_16 {
			return nil, false
		}
		data, script = d, rest
	}
	return data, true
}

// isP2SH matches HASH160 <20 bytes> EQUAL exactly (BIP16).
func isP2SH(s []byte) bool {
	return len(s) == 23 && s[0] == txscript.OP_HASH160 && s[1] == 20 && s[22] == txscript.OP_EQUAL
}

// witnessProgram matches a version (OP_0, OP_1 … OP_16) followed by one push
// of 2 to 40 bytes (BIP141).
func witnessProgram(s []byte) (version int, program []byte, ok bool) {
	if len(s) < 4 || len(s) > 42 || int(s[1])+2 != len(s) {
		return 0, nil, false
	}
	switch op := s[0]; {
	case op == txscript.OP_0:
		return 0, s[2:], true
	case op >= txscript.OP_1 && op <= txscript.OP_16:
		return int(op-txscript.OP_1) + 1, s[2:], true
	}
	return 0, nil, false
}
