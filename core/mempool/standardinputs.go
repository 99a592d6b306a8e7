package mempool

import (
	"bytes"

	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/consensus"
)

// What makes the spending of a coin standard (Core: policy/policy.h).
const (
	maxP2SHSigOps        = 15
	maxLegacySigOps      = 2500 // executed ones, whole transaction (BIP54)
	maxP2WSHScript       = 3600 // bytes
	maxP2WSHItems        = 100
	maxP2WSHItemSize     = 80 // bytes
	maxTapscriptItemSize = 80 // bytes

	tapscriptLeaf = 0xc0
	leafMask      = 0xfe
	annexTag      = 0x50
)

// checkInputs refuses coins of unknown form and scripts with very many
// signature operations (Core: ValidateInputsStandardness).
func checkInputs(tx *consensus.Tx, spent []*consensus.Coin) error {
	if !legacySigOpsWithin(tx, spent, maxLegacySigOps) {
		return reject(NonstandardInputs, "non-witness sigops exceed bip54 limit")
	}
	for i, coin := range spent {
		switch classify(coin.Script) {
		case nonstandard:
			return reject(NonstandardInputs, "input %d script unknown", i)
		case witnessUnknown:
			return reject(NonstandardInputs, "input %d witness program is undefined", i)
		case scriptHash:
			redeem, n, fault := pushed(tx.Msg.TxIn[i].SignatureScript)
			if fault != "" {
				return reject(NonstandardInputs, "p2sh scriptsig malformed (input %d: %s)", i, fault)
			}
			if n == 0 {
				return reject(NonstandardInputs, "input %d P2SH redeemscript missing", i)
			}
			if ops := consensus.ScriptSigOps(redeem, true); ops > maxP2SHSigOps {
				return reject(NonstandardInputs, "p2sh redeemscript sigops exceed limit (input %d: %d > %d)", i, ops, maxP2SHSigOps)
			}
		}
	}
	return nil
}

// legacySigOpsWithin counts what legacy scripts can execute, the spent output's
// script included (BIP54).
func legacySigOpsWithin(tx *consensus.Tx, spent []*consensus.Coin, limit int) bool {
	n := 0
	for i, in := range tx.Msg.TxIn {
		n += consensus.ScriptSigOps(in.SignatureScript, true)
		script := spent[i].Script
		if consensus.IsP2SH(script) {
			script, _ = consensus.LastPush(in.SignatureScript)
		}
		if n += consensus.ScriptSigOps(script, true); n > limit {
			return false
		}
	}
	return true
}

// pushed returns the topmost item and the number of items that a push-only
// script leaves on the stack; fault is Core's text when running it fails.
func pushed(script []byte) (top []byte, n int, fault string) {
	for len(script) > 0 {
		op, data, rest, ok := consensus.NextOp(script)
		switch {
		case !ok || op == txscript.OP_RESERVED:
			return nil, n, "Opcode missing or not understood"
		case len(data) > txscript.MaxScriptElementSize:
			return nil, n, "Push value size limit exceeded"
		case op == txscript.OP_1NEGATE:
			data = []byte{0x81}
		case op >= txscript.OP_1:
			data = []byte{op - txscript.OP_1 + 1}
		}
		top, script = data, rest
		if n++; n > txscript.MaxStackSize {
			return nil, n, "Stack size limit exceeded"
		}
	}
	return top, n, ""
}

// checkWitnesses refuses witnesses that nobody needs and that would only make
// a transaction bigger (Core: IsWitnessStandard).
func checkWitnesses(tx *consensus.Tx, spent []*consensus.Coin) error {
	for i, in := range tx.Msg.TxIn {
		if len(in.Witness) > 0 && !standardWitness(in.Witness, in.SignatureScript, spent[i].Script) {
			return reject(NonstandardWitness, "the witness of input %d is not of a standard form", i)
		}
	}
	return nil
}

func standardWitness(witness [][]byte, sigScript, script []byte) bool {
	p2sh := consensus.IsP2SH(script)
	if p2sh {
		redeem, n, fault := pushed(sigScript)
		if fault != "" || n == 0 {
			return false
		}
		script = redeem
	}
	version, program, ok := consensus.WitnessProgram(script)
	if !ok {
		return false
	}
	switch c := classifyWitness(version, program); {
	case c == anchor && !p2sh:
		return false
	case c == witnessScriptHash:
		last := len(witness) - 1
		return len(witness[last]) <= maxP2WSHScript && last <= maxP2WSHItems && itemsWithin(witness[:last], maxP2WSHItemSize)
	case c == taproot && !p2sh:
		return standardTaproot(witness)
	}
	return true
}

// standardTaproot refuses annexes and big items of a tapscript (BIP341,
// BIP342).
func standardTaproot(witness [][]byte) bool {
	if len(witness) < 2 {
		return true // spent with the key alone
	}
	control := witness[len(witness)-1]
	if bytes.HasPrefix(control, []byte{annexTag}) || len(control) == 0 {
		return false
	}
	return control[0]&leafMask != tapscriptLeaf || itemsWithin(witness[:len(witness)-2], maxTapscriptItemSize)
}

func itemsWithin(items [][]byte, size int) bool {
	for _, item := range items {
		if len(item) > size {
			return false
		}
	}
	return true
}

// checkEphemeralSpends asks a child to spend all dust that its unconfirmed
// parents made, so that the dust never becomes a coin (Core:
// CheckEphemeralSpends).
func checkEphemeralSpends(tx *consensus.Tx, parents []*Entry) error {
	for _, p := range parents {
		for n, out := range p.Tx.Msg.TxOut {
			if isDust(out) && !spendsOutput(tx, p, uint32(n)) {
				return reject(MissingEphemeralSpend, "tx %v (wtxid=%v) did not spend parent's ephemeral dust", tx.ID(), tx.WitnessID())
			}
		}
	}
	return nil
}

func spendsOutput(tx *consensus.Tx, parent *Entry, n uint32) bool {
	for _, in := range tx.Msg.TxIn {
		if in.PreviousOutPoint.Index == n && in.PreviousOutPoint.Hash == parent.Tx.ID() {
			return true
		}
	}
	return false
}
