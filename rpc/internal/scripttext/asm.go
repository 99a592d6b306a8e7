// Package scripttext writes scripts as people and tools read them: in Core's
// assembly language and as output descriptors.
package scripttext

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/consensus"
)

// names are the operations from OP_1NEGATE on, as Core's GetOpName spells them.
var names = strings.Fields(`-1 OP_RESERVED 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
	OP_NOP OP_VER OP_IF OP_NOTIF OP_VERIF OP_VERNOTIF OP_ELSE OP_ENDIF OP_VERIFY OP_RETURN
	OP_TOALTSTACK OP_FROMALTSTACK OP_2DROP OP_2DUP OP_3DUP OP_2OVER OP_2ROT OP_2SWAP OP_IFDUP OP_DEPTH OP_DROP OP_DUP
	OP_NIP OP_OVER OP_PICK OP_ROLL OP_ROT OP_SWAP OP_TUCK
	OP_CAT OP_SUBSTR OP_LEFT OP_RIGHT OP_SIZE OP_INVERT OP_AND OP_OR OP_XOR OP_EQUAL OP_EQUALVERIFY OP_RESERVED1 OP_RESERVED2
	OP_1ADD OP_1SUB OP_2MUL OP_2DIV OP_NEGATE OP_ABS OP_NOT OP_0NOTEQUAL
	OP_ADD OP_SUB OP_MUL OP_DIV OP_MOD OP_LSHIFT OP_RSHIFT OP_BOOLAND OP_BOOLOR OP_NUMEQUAL OP_NUMEQUALVERIFY OP_NUMNOTEQUAL
	OP_LESSTHAN OP_GREATERTHAN OP_LESSTHANOREQUAL OP_GREATERTHANOREQUAL OP_MIN OP_MAX OP_WITHIN
	OP_RIPEMD160 OP_SHA1 OP_SHA256 OP_HASH160 OP_HASH256 OP_CODESEPARATOR
	OP_CHECKSIG OP_CHECKSIGVERIFY OP_CHECKMULTISIG OP_CHECKMULTISIGVERIFY
	OP_NOP1 OP_CHECKLOCKTIMEVERIFY OP_CHECKSEQUENCEVERIFY OP_NOP4 OP_NOP5 OP_NOP6 OP_NOP7 OP_NOP8 OP_NOP9 OP_NOP10
	OP_CHECKSIGADD`)

func opName(op byte) string {
	if i := int(op) - txscript.OP_1NEGATE; i >= 0 && i < len(names) {
		return names[i]
	}
	if op == txscript.OP_INVALIDOPCODE {
		return "OP_INVALIDOPCODE"
	}
	return "OP_UNKNOWN"
}

// maxNumber is how many pushed bytes are shown as a number.
const maxNumber = 4

// Asm disassembles an output script, or one of which nothing more is known
// (Core: ScriptToAsmStr).
func Asm(script []byte) string { return string(appendAsm(nil, script, false)) }

// InputAsm disassembles an input script: the hash type of what looks like a
// signature is shown by its name.
func InputAsm(script []byte) string {
	return string(appendAsm(nil, script, !consensus.Unspendable(script)))
}

func appendAsm(dst, script []byte, signatures bool) []byte {
	if dst == nil {
		dst = make([]byte, 0, 2*len(script)+32)
	}
	for first := true; len(script) > 0; first = false {
		if !first {
			dst = append(dst, ' ')
		}
		op, data, rest, ok := consensus.NextOp(script)
		if !ok {
			return append(dst, "[error]"...)
		}
		switch {
		case op > txscript.OP_PUSHDATA4:
			dst = append(dst, opName(op)...)
		case len(data) <= maxNumber:
			dst = strconv.AppendInt(dst, number(data), 10)
		case signatures:
			dst = appendSignature(dst, data)
		default:
			dst = hex.AppendEncode(dst, data)
		}
		script = rest
	}
	return dst
}

// number reads at most four bytes as a script number, which may not be minimal:
// little-endian, the top bit being the sign.
func number(b []byte) int64 {
	var n int64
	for i, c := range b {
		n |= int64(c) << (8 * i)
	}
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 {
		return -(n &^ (0x80 << (8 * (len(b) - 1))))
	}
	return n
}

var hashTypes = map[byte]string{
	1: "[ALL]", 2: "[NONE]", 3: "[SINGLE]",
	0x81: "[ALL|ANYONECANPAY]", 0x82: "[NONE|ANYONECANPAY]", 0x83: "[SINGLE|ANYONECANPAY]",
}

func appendSignature(dst, data []byte) []byte {
	last := len(data) - 1
	name := hashTypes[data[last]]
	if name == "" || !isDER(data[:last]) {
		return hex.AppendEncode(dst, data)
	}
	return append(hex.AppendEncode(dst, data[:last]), name...)
}

// isDER reports whether a signature, without its hash type, is what BIP66
// allows.
func isDER(sig []byte) bool {
	if len(sig) < 8 || len(sig) > 72 || sig[0] != 0x30 || int(sig[1]) != len(sig)-2 {
		return false
	}
	r, rest, ok := derInteger(sig[2:])
	if !ok || !r {
		return false
	}
	s, rest, ok := derInteger(rest)
	return ok && s && len(rest) == 0
}

// derInteger splits an integer off; good says that it is positive and minimal.
func derInteger(b []byte) (good bool, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != 2 || int(b[1]) > len(b)-2 {
		return false, nil, false
	}
	n, rest := b[2:2+int(b[1])], b[2+int(b[1]):]
	good = len(n) > 0 && n[0]&0x80 == 0 && !(len(n) > 1 && n[0] == 0 && n[1]&0x80 == 0)
	return good, rest, true
}
