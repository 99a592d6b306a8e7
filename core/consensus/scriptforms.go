package consensus

// What relay policy and tools need to know of scripts, beside running them.

// NextOp splits off the first operation of a non-empty script and the data
// that it pushes; ok is false when a push reaches beyond the end (Core:
// GetScriptOp).
func NextOp(script []byte) (op byte, data, rest []byte, ok bool) { return nextOp(script) }

// ScriptSigOps counts the signature operations of one script up to its first
// malformed push. When accurate, a CHECKMULTISIG right after a small number
// counts as that number, else as MaxPubkeysPerMultisig (Core:
// CScript::GetSigOpCount).
func ScriptSigOps(script []byte, accurate bool) int { return scriptSigOps(script, accurate) }

// LastPush returns the data of the last push of a script that does nothing
// but push. It is empty for OP_1 … OP_16.
func LastPush(script []byte) (data []byte, pushOnly bool) { return lastPush(script) }

// IsP2SH reports whether an output script is HASH160 <20 bytes> EQUAL (BIP16).
func IsP2SH(script []byte) bool { return isP2SH(script) }

// WitnessProgram returns the version and the 2 to 40 bytes of a witness
// program (BIP141).
func WitnessProgram(script []byte) (version int, program []byte, ok bool) {
	return witnessProgram(script)
}
