package consensus

import (
	"bytes"
	"errors"
	"slices"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// eraser stands in for txscript in one case. Before a CHECKMULTISIG verifies,
// the pushes of its signatures are taken out of the signed script. Core does
// so for every signature (FindAndDelete), txscript not for empty ones and for
// single bytes of 1 to 16. Such ones never verify, but without their pushes
// another one may, or may not, and then a third is looked at, or not.
type eraser struct {
	t     *TxScripts
	input int
	flags Flags
	at    *cursor
	stage *stage
	conds []bool // of the open IFs: whether their branch is run
	code  int    // where the signed script begins
}

// newEraser returns nil for scripts that have no CHECKMULTISIG before witness
// programs.
func newEraser(t *TxScripts, input int, flags Flags) *eraser {
	sig, out := t.check.Tx.Msg.TxIn[input].SignatureScript, t.check.Spent[input].Script
	for _, op := range []byte{txscript.OP_CHECKMULTISIG, txscript.OP_CHECKMULTISIGVERIFY} {
		if bytes.IndexByte(sig, op) >= 0 || bytes.IndexByte(out, op) >= 0 {
			return &eraser{t: t, input: input, flags: flags, at: newCursor(t.stages(input, flags))}
		}
	}
	return nil
}

// before is called before each step. When the step is such a CHECKMULTISIG, it
// puts operands on the stack with which txscript comes to Core's result, or
// returns why Core fails.
func (e *eraser) before(vm *txscript.Engine) scriptFault {
	op, st, ok := e.at.next()
	if !ok || st.version != sigBase {
		return ""
	}
	if st != e.stage {
		e.stage, e.conds, e.code = st, nil, 0
	}
	running := !slices.Contains(e.conds, false)
	switch {
	case op == txscript.OP_IF || op == txscript.OP_NOTIF:
		stack := vm.GetStack()
		taken := running && len(stack) > 0 && isTrue(stack[len(stack)-1]) == (op == txscript.OP_IF)
		e.conds = append(e.conds, taken)
	case op == txscript.OP_ELSE && len(e.conds) > 0:
		e.conds[len(e.conds)-1] = !e.conds[len(e.conds)-1]
	case op == txscript.OP_ENDIF && len(e.conds) > 0:
		e.conds = e.conds[:len(e.conds)-1]
	case !running:
	case op == txscript.OP_CODESEPARATOR:
		e.code = len(st.script) - len(e.at.rest)
	case op == txscript.OP_CHECKMULTISIG || op == txscript.OP_CHECKMULTISIGVERIFY:
		return e.multisig(vm)
	}
	return ""
}

func (e *eraser) multisig(vm *txscript.Engine) scriptFault {
	stack := vm.GetStack()
	keys, sigs, ok := e.operandsOf(stack)
	if !ok || !e.differs(sigs) {
		return ""
	}
	success, fault := e.verify(keys, sigs)
	if fault != "" {
		return fault
	}
	// No signature of the keys is success, an empty one of them none.
	low := stack[:len(stack)-len(keys)-len(sigs)-2]
	same := slices.Clone(low)
	if success {
		same = append(same, nil)
	} else {
		same = append(same, nil, []byte{1})
	}
	vm.SetStack(append(same, stack[len(stack)-len(keys)-1:]...))
	return ""
}

// operandsOf reads keys and signatures, each the topmost first; false when the
// operation fails before it looks at them.
func (e *eraser) operandsOf(stack [][]byte) (keys, sigs [][]byte, ok bool) {
	take := func(most int) ([][]byte, bool) {
		if len(stack) == 0 {
			return nil, false
		}
		n, ok := e.count(stack[len(stack)-1])
		stack = stack[:len(stack)-1]
		if !ok || n > most || n > len(stack) {
			return nil, false
		}
		list := slices.Clone(stack[len(stack)-n:])
		stack = stack[:len(stack)-n]
		slices.Reverse(list)
		return list, true
	}
	if keys, ok = take(MaxPubkeysPerMultisig); !ok {
		return nil, nil, false
	}
	if sigs, ok = take(len(keys)); !ok {
		return nil, nil, false
	}
	return keys, sigs, len(stack) > 0 // the dummy
}

// count reads a number from 0 to 20; false for others, and for longer forms
// where they are forbidden.
func (e *eraser) count(b []byte) (int, bool) {
	minimal := e.flags&txscript.ScriptVerifyMinimalData != 0
	switch n := bytes.TrimRight(b, "\x00"); {
	case len(b) > 4:
		return 0, false
	case !isTrue(b):
		return 0, len(b) == 0 || !minimal
	default:
		return int(n[0]), len(n) == 1 && n[0] <= MaxPubkeysPerMultisig && (len(n) == len(b) || !minimal)
	}
}

// differs reports whether Core takes a push out that txscript leaves.
func (e *eraser) differs(sigs [][]byte) bool {
	for _, sig := range sigs {
		if (len(sig) == 0 || len(sig) == 1 && sig[0] <= 16) && containsPush(e.stage.script[e.code:], sig) {
			return true
		}
	}
	return false
}

// verify is Core's CHECKMULTISIG.
func (e *eraser) verify(keys, sigs [][]byte) (success bool, fault scriptFault) {
	code := e.stage.script[e.code:]
	for _, sig := range sigs {
		rest := withoutPush(code, sig)
		if len(rest) != len(code) && e.flags&txscript.ScriptVerifyConstScriptCode != 0 {
			return false, faultFindAndDelete
		}
		code = rest
	}
	given := sigs
	for len(sigs) > 0 && len(sigs) <= len(keys) {
		if fault := e.formFault(sigs[0], keys[0]); fault != "" {
			return false, fault
		}
		if e.valid(code, sigs[0], keys[0]) {
			sigs = sigs[1:]
		}
		keys = keys[1:]
	}
	if len(sigs) == 0 {
		return true, ""
	}
	notEmpty := func(sig []byte) bool { return len(sig) > 0 }
	if e.flags&txscript.ScriptVerifyNullFail != 0 && slices.ContainsFunc(given, notEmpty) {
		return false, faultNullFail
	}
	return false, ""
}

// formFault has txscript look at the form of a signature and a key.
func (e *eraser) formFault(sig, key []byte) scriptFault {
	script := append(append(pushOf(sig), pushOf(key)...), txscript.OP_CHECKSIG)
	tx := &wire.MsgTx{TxIn: []*wire.TxIn{{}}}
	flags := e.flags & (txscript.ScriptVerifyDERSignatures | txscript.ScriptVerifyLowS | txscript.ScriptVerifyStrictEncoding)
	vm, err := txscript.NewEngine(script, tx, 0, flags, nil, nil, 0, txscript.NewCannedPrevOutputFetcher(script, 0))
	for done := false; err == nil && !done; {
		done, err = vm.Step()
	}
	var broken txscript.Error
	if !errors.As(err, &broken) {
		return ""
	}
	if fault, known := signatureFault(broken.ErrorCode); known {
		return fault
	}
	return faultUnknown
}

func (e *eraser) valid(code, sig, key []byte) bool {
	if len(sig) == 0 {
		return false
	}
	last := len(sig) - 1
	parsed, err := ecdsa.ParseDERSignature(sig[:last])
	if err != nil {
		return false
	}
	public, err := btcec.ParsePubKey(key)
	if err != nil {
		return false
	}
	hash, err := txscript.CalcSignatureHash(code, txscript.SigHashType(sig[last]), e.t.check.Tx.Msg, e.input)
	return err == nil && parsed.Verify(hash, public)
}

// withoutPush takes all pushes of data out that containsPush finds.
func withoutPush(script, data []byte) []byte {
	push := pushOf(data)
	var left []byte
	for rest := script; len(rest) > 0; {
		if bytes.HasPrefix(rest, push) {
			rest = rest[len(push):]
			continue
		}
		_, _, next, ok := nextOp(rest)
		if !ok {
			return append(left, rest...)
		}
		left = append(left, rest[:len(rest)-len(next)]...)
		rest = next
	}
	return left
}
