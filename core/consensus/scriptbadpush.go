package consensus

import (
	"crypto/sha256"
	"slices"

	"github.com/btcsuite/btcd/txscript/v2"
)

// badPushFault is for scripts with a push that reaches beyond the end. Core
// runs them up to there, and may find another fault before; txscript does not
// run them at all. So they are run again with OP_VERIF in place of such a
// push, which fails there even in a branch that is not run. A signature that
// covers the script itself then counts as a wrong one.
func (t *TxScripts) badPushFault(input int, flags Flags) scriptFault {
	in, coin := *t.check.Tx.Msg.TxIn[input], *t.check.Spent[input]
	list := t.stages(input, flags)
	last := list[len(list)-1]
	sig, badSig := cutBadPush(in.SignatureScript)
	out, badOut := cutBadPush(coin.Script)
	inner, badInner := cutBadPush(last.script)
	switch {
	case badSig || badOut:
		in.SignatureScript, coin.Script = sig, out
	case !badInner || last.version == sigTapscript:
		return faultBadOpcode // Core reads a tapscript as a whole, too
	case last.version == sigWitness0:
		hash := sha256.Sum256(inner)
		coin.Script = append([]byte{txscript.OP_0, sha256.Size}, hash[:]...)
		in.SignatureScript = nil
		in.Witness = append(slices.Clone(in.Witness[:len(in.Witness)-1]), inner)
	default: // what P2SH reveals is run on what the input script leaves below
		in.SignatureScript, coin.Script = beforeLastPush(in.SignatureScript), inner
	}
	msg := *t.check.Tx.Msg
	msg.TxIn = slices.Clone(msg.TxIn)
	msg.TxIn[input] = &in
	spent := slices.Clone(t.check.Spent)
	spent[input] = &coin
	again := PrepareScripts(&TxCheck{Tx: NewTx(&msg), Spent: spent, Flags: t.check.Flags}, nil)
	if fault := again.run(input, flags); fault != "" {
		return fault
	}
	return faultBadOpcode
}

// cutBadPush puts OP_VERIF in place of a push that reaches beyond the end, and
// tells whether there was one.
func cutBadPush(script []byte) (cut []byte, bad bool) {
	for rest := script; len(rest) > 0; {
		_, _, next, ok := nextOp(rest)
		if !ok {
			at := len(script) - len(rest)
			return append(slices.Clone(script[:at]), txscript.OP_VERIF), true
		}
		rest = next
	}
	return script, false
}

// beforeLastPush drops the last operation of a script.
func beforeLastPush(script []byte) []byte {
	at := 0
	for rest := script; len(rest) > 0; {
		at = len(script) - len(rest)
		_, _, next, ok := nextOp(rest)
		if !ok {
			break
		}
		rest = next
	}
	return script[:at]
}
