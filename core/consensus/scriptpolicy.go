package consensus

import (
	"bytes"

	"github.com/btcsuite/btcd/txscript/v2"
)

// policyWatch looks at signature operations for rules of the mempool that
// txscript applies less widely than Core: it leaves out some signatures that
// are empty or cannot be parsed. It is not used for blocks.
type policyWatch struct {
	flags Flags
	at    *cursor
	op    byte
	stage *stage
	stack [][]byte // before the operation; nil when it is no signature operation
}

func newPolicyWatch(stages []stage, flags Flags) *policyWatch {
	return &policyWatch{flags: flags, at: newCursor(stages)}
}

func (w *policyWatch) has(f Flags) bool { return w.flags&f != 0 }

func (w *policyWatch) before(vm *txscript.Engine) {
	w.stack = nil
	var ok bool
	if w.op, w.stage, ok = w.at.next(); ok && isSigOp(w.op) {
		w.stack = vm.GetStack()
	}
}

func isSigOp(op byte) bool {
	return op >= txscript.OP_CHECKSIG && op <= txscript.OP_CHECKMULTISIGVERIFY || op == txscript.OP_CHECKSIGADD
}

// after is called when the operation went well.
func (w *policyWatch) after(vm *txscript.Engine) scriptFault {
	if w.stack == nil {
		return ""
	}
	left := vm.GetStack()
	// Each signature operation takes more than it leaves; an equal stack
	// means that it stood in a branch which is not run.
	if len(left) >= len(w.stack) {
		return ""
	}
	var result []byte
	if len(left) > 0 {
		result = left[len(left)-1]
	}
	switch {
	case w.stage.version == sigTapscript:
		return w.tapscript()
	case w.op == txscript.OP_CHECKSIG:
		sig := w.stack[len(w.stack)-2]
		if w.erases(sig) {
			return faultFindAndDelete
		}
		if w.has(txscript.ScriptVerifyNullFail) && len(sig) > 0 && len(result) == 0 {
			return faultNullFail
		}
	case w.op == txscript.OP_CHECKMULTISIG:
		return w.multisig(len(result) > 0)
	}
	// A VERIFY that went well had signatures that were checked in full.
	return ""
}

// erases reports whether Core would remove the push of this empty signature
// from the signed script: it looks for any OP_0.
func (w *policyWatch) erases(sig []byte) bool {
	return w.has(txscript.ScriptVerifyConstScriptCode) && w.stage.version == sigBase &&
		len(sig) == 0 && containsPush(w.stage.script, nil)
}

// pushOf is the shortest push of data by length; of a single byte or none,
// too, it is no operation like OP_1 (Core: operator<< of CScript).
func pushOf(data []byte) []byte {
	n := len(data)
	var push []byte
	switch {
	case n < txscript.OP_PUSHDATA1:
		push = []byte{byte(n)}
	case n <= 0xff:
		push = []byte{txscript.OP_PUSHDATA1, byte(n)}
	default:
		push = []byte{txscript.OP_PUSHDATA2, byte(n), byte(n >> 8)}
	}
	return append(push, data...)
}

// containsPush looks for pushOf data, as Core does to remove a signature from
// the script that it signs (FindAndDelete).
func containsPush(script, data []byte) bool {
	push := pushOf(data)
	for len(script) > 0 {
		if bytes.HasPrefix(script, push) {
			return true
		}
		_, _, rest, ok := nextOp(script)
		if !ok {
			return false
		}
		script = rest
	}
	return false
}

// tapscript refuses unknown kinds of keys for empty signatures, too.
func (w *policyWatch) tapscript() scriptFault {
	key := w.stack[len(w.stack)-1]
	if w.has(txscript.ScriptVerifyDiscourageUpgradeablePubkeyType) && len(key) != 0 && len(key) != 32 {
		return faultUpgradablePubkey
	}
	return ""
}

// multisig looks at a CHECKMULTISIG whose counts, order and stack are known
// to be good, because it went well.
func (w *policyWatch) multisig(success bool) scriptFault {
	top := len(w.stack) - 1
	keys := smallNumber(w.stack[top])
	sigs := smallNumber(w.stack[top-1-keys])
	anyEmpty, allEmpty := false, true
	for i := range sigs {
		sig := w.stack[top-2-keys-i]
		if w.erases(sig) {
			return faultFindAndDelete
		}
		anyEmpty, allEmpty = anyEmpty || len(sig) == 0, allEmpty && len(sig) == 0
	}
	if success || !anyEmpty || !allEmpty {
		return ""
	}
	// Core holds the first, empty signature against one key after the other
	// until too few are left, and looks at the form of each of them.
	for i := range keys - sigs + 1 {
		if fault := w.keyFault(w.stack[top-1-i]); fault != "" {
			return fault
		}
	}
	return ""
}

// keyFault is Core's CheckPubKeyEncoding.
func (w *policyWatch) keyFault(key []byte) scriptFault {
	compressed := len(key) == 33 && (key[0] == 2 || key[0] == 3)
	if w.has(txscript.ScriptVerifyStrictEncoding) && !compressed && !(len(key) == 65 && key[0] == 4) {
		return faultPubkeyType
	}
	if w.has(txscript.ScriptVerifyWitnessPubKeyType) && w.stage.version == sigWitness0 && !compressed {
		return faultWitnessPubkeyType
	}
	return ""
}

// smallNumber reads a number that is known to be from 0 to 20; of what is not
// minimal, 0x80 is negative zero.
func smallNumber(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	return int(b[0] & 0x7f)
}
