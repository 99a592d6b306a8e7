package consensus

import (
	"errors"

	"github.com/btcsuite/btcd/txscript/v2"
)

// explain finds Core's reason for a failure. txscript fails where Core fails,
// but not always for the first reason that Core would name, nor with a code
// as fine.
func (t *TxScripts) explain(input int, flags Flags, end runEnd) scriptFault {
	op, st := t.opAt(input, flags, end)
	var e txscript.Error
	if !errors.As(end.err, &e) {
		return t.unnamedFault(input, flags, end, st)
	}
	fault, known := faultOf(e.ErrorCode)
	if !known {
		return faultUnknown
	}
	tapscript := st != nil && st.version == sigTapscript
	switch e.ErrorCode {
	case txscript.ErrMalformedPush:
		return t.badPushFault(input, flags)
	case txscript.ErrInvalidStackOperation:
		if op == txscript.OP_FROMALTSTACK {
			return faultAltstackOperation
		}
	case txscript.ErrMinimalData, txscript.ErrNumberTooBig:
		if op > txscript.OP_PUSHDATA4 {
			return t.numberFault(input, flags, end, op)
		}
	case txscript.ErrMinimalIf:
		if tapscript {
			return faultTapscriptMinimalIf
		}
	case txscript.ErrNullFail, txscript.ErrTaprootSigInvalid, txscript.ErrInvalidTaprootSigLen:
		if tapscript || e.ErrorCode != txscript.ErrNullFail {
			return t.taprootSigFault(input, flags, end, op, tapscript)
		}
	case txscript.ErrCheckSigVerify:
		if tapscript && t.unknownKey(input, flags, end) {
			return faultUpgradablePubkey
		}
	case txscript.ErrDiscourageOpSuccess:
		// Core asks for the leaf version first.
		if flags&txscript.ScriptVerifyDiscourageUpgradeableTaprootVersion != 0 && !t.isBaseLeaf(input) {
			return faultUpgradableTaproot
		}
	}
	if t.signatureInScript(input, flags, end, op, st, fault) {
		return faultFindAndDelete
	}
	return t.earlierFault(input, flags, end, e.ErrorCode, fault)
}

// unknownKey reports whether a tapscript's CHECKSIGVERIFY has a key of unknown
// kind, which the mempool refuses for an empty signature, too.
func (t *TxScripts) unknownKey(input int, flags Flags, end runEnd) bool {
	stack := t.stackAt(input, flags, end.steps)
	if flags&txscript.ScriptVerifyDiscourageUpgradeablePubkeyType == 0 || len(stack) == 0 {
		return false
	}
	n := len(stack[len(stack)-1])
	return n != 0 && n != 32
}

// signatureInScript reports whether the signature of a CHECKSIG stands in the
// script that it signs, which Core refuses before it looks at the form of
// signature and key.
func (t *TxScripts) signatureInScript(input int, flags Flags, end runEnd, op byte, st *stage, fault scriptFault) bool {
	if flags&txscript.ScriptVerifyConstScriptCode == 0 || st == nil || st.version != sigBase ||
		op != txscript.OP_CHECKSIG && op != txscript.OP_CHECKSIGVERIFY {
		return false
	}
	switch fault {
	case faultSigDER, faultSigHashType, faultHighS, faultPubkeyType:
	default:
		return false
	}
	stack := t.stackAt(input, flags, end.steps)
	return len(stack) >= 2 && containsPush(st.script, stack[len(stack)-2])
}

// opAt is the operation that failed and its stage; 0, nil when none did.
func (t *TxScripts) opAt(input int, flags Flags, end runEnd) (byte, *stage) {
	if end.final {
		return 0, nil
	}
	at := newCursor(t.stages(input, flags))
	for range end.steps {
		at.next()
	}
	op, st, ok := at.next()
	if !ok {
		return 0, nil
	}
	return op, st
}

// numberFault: Core counts the stack before it reads numbers.
func (t *TxScripts) numberFault(input int, flags Flags, end runEnd, op byte) scriptFault {
	if stack := t.stackAt(input, flags, end.steps); stack != nil && len(stack) < operands(op) {
		return faultStackOperation
	}
	return faultScriptNum
}

// operands is how many stack elements an operation that reads numbers needs.
func operands(op byte) int {
	switch {
	case op == txscript.OP_PICK, op == txscript.OP_ROLL:
		return 2
	case op >= txscript.OP_ADD && op <= txscript.OP_MAX:
		return 2
	case op == txscript.OP_WITHIN, op == txscript.OP_CHECKSIGADD:
		return 3
	}
	return 1
}

// unnamedFault is for errors of key and signature parsers, which txscript
// hands on without a code. They occur in taproot only.
func (t *TxScripts) unnamedFault(input int, flags Flags, end runEnd, st *stage) scriptFault {
	switch {
	case st == nil:
		return faultUnknown
	case st.version == sigTapscript:
		op, _ := t.opAt(input, flags, end)
		return t.taprootSigFault(input, flags, end, op, true)
	case len(withoutAnnex(t.check.Tx.Msg.TxIn[input].Witness)) == 1:
		return t.taprootSigFault(input, flags, end, 0, false)
	}
	// The control block's internal key is not on the curve.
	return faultProgramMismatch
}

// taprootSigFault says what is wrong with a Schnorr signature that did not
// verify (Core: CheckSchnorrSignature).
func (t *TxScripts) taprootSigFault(input int, flags Flags, end runEnd, op byte, tapscript bool) scriptFault {
	var sig []byte
	if tapscript {
		below := 2 // CHECKSIG: signature, key
		if op == txscript.OP_CHECKSIGADD {
			below = 3 // signature, number, key
		}
		stack := t.stackAt(input, flags, end.steps)
		if len(stack) < below {
			return faultUnknown
		}
		sig = stack[len(stack)-below]
	} else {
		sig = t.check.Tx.Msg.TxIn[input].Witness[0]
	}
	hashType := byte(0)
	switch len(sig) {
	case 64:
	case 65:
		if hashType = sig[64]; hashType == 0 {
			return faultSchnorrHashType
		}
	default:
		return faultSchnorrSize
	}
	if hashType > 3 && (hashType < 0x81 || hashType > 0x83) {
		return faultSchnorrHashType
	}
	if hashType&3 == 3 && input >= len(t.check.Tx.Msg.TxOut) {
		return faultSchnorrHashType // SINGLE without its output
	}
	return faultSchnorrSig
}

func (t *TxScripts) isBaseLeaf(input int) bool {
	wit := withoutAnnex(t.check.Tx.Msg.TxIn[input].Witness)
	return wit[len(wit)-1][0]&txscript.TaprootLeafMask == byte(txscript.BaseLeafVersion)
}

// earlierFault is for rules that txscript tests before others which Core
// tests first: the scripts are run again without the rule. When they still
// fail, at the same operation where it is about one, that is Core's reason.
func (t *TxScripts) earlierFault(input int, flags Flags, end runEnd, code txscript.ErrorCode, fault scriptFault) scriptFault {
	const (
		p2sh    = txscript.ScriptBip16
		witness = txscript.ScriptVerifyWitness | txscript.ScriptVerifyTaproot
		clean   = txscript.ScriptVerifyCleanStack
	)
	var without Flags
	var sameOp []scriptFault // nil: any reason counts
	switch code {
	case txscript.ErrWitnessUnexpected:
		without = witness
	case txscript.ErrWitnessMalleated, txscript.ErrWitnessMalleatedP2SH:
		without = witness | clean
	case txscript.ErrNotPushOnly:
		if flags&txscript.ScriptVerifySigPushOnly != 0 {
			return fault // Core's first test as well
		}
		without = p2sh | witness | clean
	case txscript.ErrCleanStack:
		if list := t.stages(input, flags); list[len(list)-1].version != sigBase {
			return fault // a rule of witness programs
		}
		without = clean
	case txscript.ErrSigNullDummy:
		without = txscript.ScriptStrictMultiSig
		sameOp = []scriptFault{faultSigDER, faultHighS, faultSigHashType, faultPubkeyType, faultWitnessPubkeyType, faultNullFail, faultFindAndDelete}
	case txscript.ErrInvalidSigHashType:
		without = txscript.ScriptVerifyStrictEncoding
		flags |= txscript.ScriptVerifyDERSignatures // which STRICTENC implies
		sameOp = []scriptFault{faultSigDER, faultHighS}
	case txscript.ErrWitnessPubKeyType:
		without = txscript.ScriptVerifyWitnessPubKeyType
		sameOp = []scriptFault{faultPubkeyType}
	default:
		return fault
	}
	flags &^= without
	again := t.execute(input, flags)
	earlier := again.fault
	if again.err != nil {
		earlier = t.explain(input, flags, again)
	}
	if earlier == "" {
		return fault
	}
	if sameOp == nil {
		return earlier
	}
	for _, f := range sameOp {
		if f == earlier && again.steps == end.steps {
			return earlier
		}
	}
	return fault
}
