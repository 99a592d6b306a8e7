package address

import "github.com/btcsuite/btcd/txscript/v2"

// ScriptType names a scriptPubKey as Core's Solver and GetTxnOutputType do:
// pubkey, pubkeyhash, scripthash, multisig, nulldata, witness_v0_keyhash,
// witness_v0_scripthash, witness_v1_taproot, anchor, witness_unknown or
// nonstandard.
func ScriptType(script []byte) string {
	switch {
	case isScriptHash(script):
		return "scripthash"
	case isWitnessProgram(script):
		return witnessType(witnessVersion(script[0]), script[2:])
	case len(script) >= 1 && script[0] == txscript.OP_RETURN && txscript.IsPushOnlyScript(script[1:]):
		return "nulldata"
	case PubKey(script) != nil:
		return "pubkey"
	case isPubKeyHash(script):
		return "pubkeyhash"
	}
	if _, keys := Multisig(script); keys != nil {
		return "multisig"
	}
	return "nonstandard"
}

func witnessType(version byte, program []byte) string {
	if version == 0 && len(program) != 20 && len(program) != 32 {
		return "nonstandard"
	}
	switch witnessKind(version, program) {
	case P2WPKH:
		return "witness_v0_keyhash"
	case P2WSH:
		return "witness_v0_scripthash"
	case P2TR:
		return "witness_v1_taproot"
	case Anchor:
		return "anchor"
	}
	return "witness_unknown"
}

// PubKey returns the public key that a bare pay-to-pubkey script holds, or
// nil. Only its length and first byte are checked, as in Core.
func PubKey(script []byte) []byte {
	n := len(script)
	if (n == 67 || n == 35) && int(script[0]) == n-2 && script[n-1] == txscript.OP_CHECKSIG && validKeySize(script[1:n-1]) {
		return script[1 : n-1]
	}
	return nil
}

// maxMultisigKeys is Core's MAX_PUBKEYS_PER_MULTISIG.
const maxMultisigKeys = 20

// Multisig returns how many signatures a bare multisig script needs, and its
// public keys in script order; nil keys when the script is something else.
func Multisig(script []byte) (required int, keys [][]byte) {
	if len(script) == 0 || script[len(script)-1] != txscript.OP_CHECKMULTISIG {
		return 0, nil
	}
	t := txscript.MakeScriptTokenizer(0, script)
	if !t.Next() {
		return 0, nil
	}
	required, ok := scriptNumber(&t, 1)
	if !ok {
		return 0, nil
	}
	for t.Next() && validKeySize(t.Data()) {
		keys = append(keys, t.Data())
	}
	n, ok := scriptNumber(&t, required)
	if !ok || n != len(keys) || int(t.ByteIndex()) != len(script)-1 {
		return 0, nil
	}
	return required, keys
}

// scriptNumber reads the current token as a minimally encoded number between
// low and maxMultisigKeys (Core: GetScriptNumber).
func scriptNumber(t *txscript.ScriptTokenizer, low int) (int, bool) {
	if t.Err() != nil {
		return 0, false
	}
	n, op, data := 0, t.Opcode(), t.Data()
	switch {
	case op >= txscript.OP_1 && op <= txscript.OP_16:
		n = int(op-txscript.OP_1) + 1
	case op == txscript.OP_DATA_1 && len(data) == 1 && data[0] > 16 && data[0] < 0x80:
		n = int(data[0]) // 17 to 20 have no opcode; below that a push is not minimal
	default:
		return 0, false
	}
	return n, n >= low && n <= maxMultisigKeys
}

// validKeySize is Core's CPubKey::ValidSize.
func validKeySize(key []byte) bool {
	switch {
	case len(key) == 33:
		return key[0] == 2 || key[0] == 3
	case len(key) == 65:
		return key[0] == 4 || key[0] == 6 || key[0] == 7
	}
	return false
}

func isPubKeyHash(s []byte) bool {
	return len(s) == 25 && s[0] == txscript.OP_DUP && s[1] == txscript.OP_HASH160 && s[2] == 20 &&
		s[23] == txscript.OP_EQUALVERIFY && s[24] == txscript.OP_CHECKSIG
}

func isScriptHash(s []byte) bool {
	return len(s) == 23 && s[0] == txscript.OP_HASH160 && s[1] == 20 && s[22] == txscript.OP_EQUAL
}

// isWitnessProgram is Core's CScript::IsWitnessProgram (BIP141).
func isWitnessProgram(s []byte) bool {
	return len(s) >= 4 && len(s) <= 42 && int(s[1]) == len(s)-2 &&
		(s[0] == txscript.OP_0 || s[0] >= txscript.OP_1 && s[0] <= txscript.OP_16)
}

func witnessVersion(op byte) byte {
	if op == txscript.OP_0 {
		return 0
	}
	return op - txscript.OP_1 + 1
}
