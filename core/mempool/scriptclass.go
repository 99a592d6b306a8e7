package mempool

import (
	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/consensus"
)

// class is the form of an output script.
type class uint8

// The forms that Core tells apart (Core: script/solver.cpp, TxoutType).
const (
	nonstandard class = iota
	pubkey
	pubkeyHash
	scriptHash
	multisig
	nullData
	witnessKeyHash
	witnessScriptHash
	taproot
	anchor
	witnessUnknown
)

// The lengths in bytes of a serialized public key.
const (
	compressedKey   = 33
	uncompressedKey = 65
)

// classify finds the form of an output script (Core: Solver).
func classify(s []byte) class {
	if consensus.IsP2SH(s) {
		return scriptHash
	}
	if version, program, ok := consensus.WitnessProgram(s); ok {
		return classifyWitness(version, program)
	}
	switch {
	case len(s) > 0 && s[0] == txscript.OP_RETURN && isPushOnly(s[1:]):
		return nullData
	case isPayToPubkey(s):
		return pubkey
	case len(s) == 25 && s[0] == txscript.OP_DUP && s[1] == txscript.OP_HASH160 && s[2] == 20 &&
		s[23] == txscript.OP_EQUALVERIFY && s[24] == txscript.OP_CHECKSIG:
		return pubkeyHash
	}
	if _, _, ok := multisigOf(s); ok {
		return multisig
	}
	return nonstandard
}

func classifyWitness(version int, program []byte) class {
	switch {
	case version == 0 && len(program) == 20:
		return witnessKeyHash
	case version == 0 && len(program) == 32:
		return witnessScriptHash
	case version == 1 && len(program) == 32:
		return taproot
	case version == 1 && len(program) == 2 && program[0] == 0x4e && program[1] == 0x73:
		return anchor
	case version != 0:
		return witnessUnknown
	}
	return nonstandard
}

func isPayToPubkey(s []byte) bool {
	n := len(s) - 2
	return (n == compressedKey || n == uncompressedKey) && int(s[0]) == n &&
		s[n+1] == txscript.OP_CHECKSIG && isKey(s[1:n+1])
}

// isKey looks at the length that the first byte announces, nothing else
// (Core: CPubKey::ValidSize).
func isKey(k []byte) bool {
	if len(k) == 0 {
		return false
	}
	switch k[0] {
	case 2, 3:
		return len(k) == compressedKey
	case 4, 6, 7:
		return len(k) == uncompressedKey
	}
	return false
}

// multisigOf reads OP_m <keys> OP_n CHECKMULTISIG (Core: MatchMultisig).
func multisigOf(s []byte) (m, n int, ok bool) {
	if len(s) == 0 || s[len(s)-1] != txscript.OP_CHECKMULTISIG {
		return 0, 0, false
	}
	op, data, rest, ok := consensus.NextOp(s)
	if !ok {
		return 0, 0, false
	}
	if m, ok = scriptNumber(op, data, 1); !ok {
		return 0, 0, false
	}
	keys := 0
	for {
		if len(rest) == 0 {
			return 0, 0, false
		}
		if op, data, rest, ok = consensus.NextOp(rest); !ok {
			return 0, 0, false
		}
		if !isKey(data) {
			break
		}
		keys++
	}
	if n, ok = scriptNumber(op, data, m); !ok || n != keys || len(rest) != 1 {
		return 0, 0, false
	}
	return m, n, true
}

// scriptNumber reads a number from low to MaxPubkeysPerMultisig in its
// shortest form: an opcode up to 16, one byte above.
func scriptNumber(op byte, data []byte, low int) (int, bool) {
	n := 0
	switch {
	case op >= txscript.OP_1 && op <= txscript.OP_16:
		n = int(op-txscript.OP_1) + 1
	case op == txscript.OP_DATA_1 && data[0] > 16:
		n = int(data[0])
	}
	return n, n >= low && n <= consensus.MaxPubkeysPerMultisig
}

func isPushOnly(s []byte) bool {
	_, ok := consensus.LastPush(s)
	return ok
}
