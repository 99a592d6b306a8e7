package consensus

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// TestEveryErrorCode: each of txscript's codes has a text of Core, or is known
// not to come from running the scripts of an input.
func TestEveryErrorCode(t *testing.T) {
	never := []struct {
		code txscript.ErrorCode
		why  string
	}{
		{txscript.ErrInternal, "a bug of txscript: unknown error"},
		{txscript.ErrInvalidFlags, "WITNESS without P2SH; both sets of flags in use have both"},
		{txscript.ErrInvalidIndex, "the index runs over the transaction's inputs"},
		{txscript.ErrUnsupportedAddress, "addresses are not made here"},
		{txscript.ErrNotMultisigScript, "scripts are not analysed here"},
		{txscript.ErrTooManyRequiredSigs, "scripts are not made here"},
		{txscript.ErrTooMuchNullData, "scripts are not made here"},
		{txscript.ErrUnsupportedScriptVersion, "the engine's version is 0"},
		{txscript.ErrScriptUnfinished, "the end is asked for after the last step"},
		{txscript.ErrInvalidProgramCounter, "no step follows the last"},
		{txscript.ErrWitnessHasNoAnnex, "the annex is read only where one is seen"},
	}
	codes := 0
next:
	for code := txscript.ErrorCode(0); !strings.HasPrefix(code.String(), "Unknown"); code++ {
		codes++
		fault, ok := faultOf(code)
		for _, n := range never {
			if n.code == code {
				if ok {
					t.Errorf("%v has the text %q, but: %s", code, fault, n.why)
				}
				continue next
			}
		}
		if !ok || fault == "" || fault == faultUnknown {
			t.Errorf("%v has no text", code)
		}
	}
	if codes < 80 {
		t.Fatalf("only %d codes", codes)
	}
}

func TestFlags(t *testing.T) {
	want := parseFlags(t, "P2SH,WITNESS,TAPROOT,DERSIG,CHECKLOCKTIMEVERIFY,CHECKSEQUENCEVERIFY,NULLDUMMY")
	if BlockFlags != want {
		t.Errorf("block flags %b, want %b", BlockFlags, want)
	}
	// All that Core knows but one, which its blocks and mempool do without.
	if want = everyFlag() &^ txscript.ScriptVerifySigPushOnly; StandardFlags != want {
		t.Errorf("standard flags %b, want %b", StandardFlags, want)
	}
	// The list of flags in the tests leaves none of txscript's out.
	if next := everyFlag() + 1; next&everyFlag() != 0 || next != txscript.ScriptVerifyConstScriptCode<<1 {
		t.Errorf("flags are missing: %b", everyFlag())
	}
}

// TestOpSuccess: txscript and BIP342 agree on which operations make a
// tapscript succeed.
func TestOpSuccess(t *testing.T) {
	for op := range 256 {
		want := op == 80 || op == 98 || op >= 126 && op <= 129 || op >= 131 && op <= 134 || op >= 137 && op <= 138 ||
			op >= 141 && op <= 142 || op >= 149 && op <= 153 || op >= 187 && op <= 254
		script := append([]byte{byte(op)}, make([]byte, op)...) // enough for a push
		if got := txscript.ScriptHasOpSuccess(script[:max(1, min(len(script), 1+op%76))]); got != want {
			t.Errorf("operation %d: %t, want %t", op, got, want)
		}
	}
}

// spend is a transaction of one input and one output that spends a coin of
// 1000 satoshi.
type spend struct {
	output, input []byte
	witness       wire.TxWitness
	edit          func(*wire.MsgTx)
}

func (s spend) check(flags Flags) TxCheck {
	tx := testTx(1, []int64{900}, func(m *wire.MsgTx) {
		m.TxIn[0].SignatureScript, m.TxIn[0].Witness = s.input, s.witness
		if s.edit != nil {
			s.edit(m)
		}
	})
	return TxCheck{Tx: tx, Spent: []*Coin{{Value: 1000, Script: s.output}}, Flags: flags}
}

// keyPath spends a taproot output by key; edit may spoil the signature.
func keyPath(t *testing.T, hashType txscript.SigHashType, edit func([]byte) []byte, outputs int) spend {
	t.Helper()
	key, _ := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{3}, 32))
	out := txscript.ComputeTaprootKeyNoScript(key.PubKey())
	s := spend{output: append([]byte{txscript.OP_1, 32}, schnorr.SerializePubKey(out)...)}
	s.edit = func(m *wire.MsgTx) { m.TxOut = m.TxOut[:outputs] }
	msg := s.check(0).Tx.Msg
	hashes := txscript.NewTxSigHashes(msg, txscript.NewCannedPrevOutputFetcher(s.output, 1000))
	wit, err := txscript.TaprootWitnessSignature(msg, hashes, 0, 1000, s.output, hashType, key)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		wit[0] = edit(wit[0])
	}
	s.witness = wit
	return s
}

// scriptPath spends a taproot output by a tapscript.
func scriptPath(t *testing.T, script string, items ...[]byte) spend {
	t.Helper()
	leaf := parseScript(t, script)
	control, output := taprootOf(t, leaf)
	return spend{output: output, witness: append(append(wire.TxWitness{}, items...), leaf, control)}
}

func p2wsh(t *testing.T, script string, items ...[]byte) spend {
	t.Helper()
	raw := parseScript(t, script)
	return spend{output: append([]byte{0, 32}, chainhash.HashB(raw)...), witness: append(append(wire.TxWitness{}, items...), raw)}
}

func bare(t *testing.T, output, input string) spend {
	t.Helper()
	return spend{output: parseScript(t, output), input: parseScript(t, input)}
}

func p2sh(t *testing.T, redeem, input string) spend {
	t.Helper()
	raw := parseScript(t, redeem)
	out := append(append([]byte{txscript.OP_HASH160, 20}, hash160(t, raw)...), txscript.OP_EQUAL)
	return spend{output: out, input: append(parseScript(t, input), pushBytes(raw)...)}
}

// hash160 lets the script engine compute the hash, by the only output script
// under which it is right.
func hash160(t *testing.T, data []byte) []byte {
	t.Helper()
	s := spend{output: []byte{txscript.OP_HASH160}, input: pushBytes(data)}
	check := s.check(0)
	vm, err := PrepareScripts(&check, nil).engine(0, 0)
	for done := false; err == nil && !done; {
		done, err = vm.Step()
	}
	if err != nil {
		t.Fatal(err)
	}
	return vm.GetStack()[0]
}

func (s spend) with(edit func(*spend)) spend {
	edit(&s)
	return s
}

func TestScriptFaults(t *testing.T) {
	zero20, zero32 := make([]byte, 20), make([]byte, 32)
	anyKey := "0x20 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798 "
	offCurve := "0x20 0x" + strings.Repeat("ff", 32) + " "
	badKey := "0x21 0x02" + strings.Repeat("ff", 32) + " "
	sig := func(n int, last byte) []byte { b := bytes.Repeat([]byte{1}, n); b[n-1] = last; return b }
	cut := func(b []byte) []byte { return b[:63] }
	append0 := func(b []byte) []byte { return append(b, 0) }
	flip := func(b []byte) []byte { b[5] ^= 1; return b }
	noCheck := Flags(0)
	// In a DER signature of r = s = 1.
	const der = "0x09 0x300602010102010101"
	tests := []struct {
		name  string
		spend spend
		flags Flags // beside BlockFlags
		want  scriptFault
	}{
		{"key path", keyPath(t, txscript.SigHashDefault, nil, 1), noCheck, ""},
		{"key path, all", keyPath(t, txscript.SigHashAll, nil, 1), noCheck, ""},
		{"key path, wrong signature", keyPath(t, txscript.SigHashDefault, flip, 1), noCheck, faultSchnorrSig},
		{"key path, 63 bytes", keyPath(t, txscript.SigHashDefault, cut, 1), noCheck, faultSchnorrSize},
		{"key path, empty", keyPath(t, txscript.SigHashDefault, func([]byte) []byte { return nil }, 1), noCheck, faultSchnorrSize},
		{"key path, explicit default", keyPath(t, txscript.SigHashDefault, append0, 1), noCheck, faultSchnorrHashType},
		{"key path, unknown hash type", keyPath(t, txscript.SigHashAll, func(b []byte) []byte { b[64] = 4; return b }, 1), noCheck, faultSchnorrHashType},
		{"key path, single without output", keyPath(t, txscript.SigHashAll, func(b []byte) []byte { b[64] = 3; return b }, 0), noCheck, faultSchnorrHashType},
		{"key path, output key off the curve", spend{output: parseScript(t, "1 "+offCurve), witness: wire.TxWitness{sig(64, 1)}}, noCheck, faultSchnorrSig},
		{"key path, annex", keyPath(t, txscript.SigHashDefault, nil, 1).with(func(s *spend) { s.witness = append(s.witness, []byte{0x50}) }), noCheck, faultSchnorrSig},
		{"taproot without witness", keyPath(t, txscript.SigHashDefault, nil, 1).with(func(s *spend) { s.witness = nil }), noCheck, faultProgramEmpty},
		{"taproot with an input script", keyPath(t, txscript.SigHashDefault, nil, 1).with(func(s *spend) { s.input = []byte{0x51} }), noCheck, faultMalleated},

		{"script path", scriptPath(t, "1"), noCheck, ""},
		{"script path, two left", scriptPath(t, "1 1"), noCheck, faultCleanStack},
		{"script path, false", scriptPath(t, "0"), noCheck, faultEvalFalse},
		{"empty tapscript", scriptPath(t, "", []byte{1}), noCheck, ""},
		{"tapscript with a push cut short", scriptPath(t, "1 0x02ff"), noCheck, faultBadOpcode},
		{"success operation", scriptPath(t, "RETURN CAT"), noCheck, ""},
		{"success operation after a push cut short", scriptPath(t, "0x02ff"), noCheck, faultBadOpcode},
		{"success operation, policy", scriptPath(t, "RETURN CAT"), StandardFlags, faultOpSuccess},
		{"control block of 32 bytes", scriptPath(t, "1").with(func(s *spend) { s.witness[1] = s.witness[1][:32] }), noCheck, faultControlSize},
		{"control block of 34 bytes", scriptPath(t, "1").with(func(s *spend) { s.witness[1] = append(s.witness[1], 0) }), noCheck, faultControlSize},
		{"control block too long", scriptPath(t, "1").with(func(s *spend) { s.witness[1] = append(s.witness[1], make([]byte, 129*32)...) }), noCheck, faultControlSize},
		{"control block of another leaf", scriptPath(t, "1").with(func(s *spend) { s.witness[0] = []byte{0x52} }), noCheck, faultProgramMismatch},
		{"control block of the other parity", scriptPath(t, "1").with(func(s *spend) { s.witness[1][0] ^= 1 }), noCheck, faultProgramMismatch},
		{"control block's key off the curve", scriptPath(t, "1").with(func(s *spend) { copy(s.witness[1][1:], bytes.Repeat([]byte{0xff}, 32)) }), noCheck, faultProgramMismatch},
		{"tapscript, stack of 1001", scriptPath(t, "DROP", make([][]byte, 1001)...), noCheck, faultStackSize},
		{"tapscript, item of 521 bytes", scriptPath(t, "DROP 1", make([]byte, 521)), noCheck, faultPushSize},
		{"tapscript, if 2", scriptPath(t, "2 IF 1 ENDIF"), noCheck, faultTapscriptMinimalIf},
		{"tapscript, multisig", scriptPath(t, "0 0 0 CHECKMULTISIG"), noCheck, faultTapscriptMultisig},
		{"tapscript, empty key", scriptPath(t, "0 CHECKSIG", sig(64, 1)), noCheck, faultTapscriptPubkey},
		{"tapscript, unknown key", scriptPath(t, "0x020708 CHECKSIG", sig(64, 1)), noCheck, ""},
		{"tapscript, unknown key, policy", scriptPath(t, "0x020708 CHECKSIG", sig(64, 1)), StandardFlags, faultUpgradablePubkey},
		{"tapscript, unknown key, no signature, policy", scriptPath(t, "0x020708 CHECKSIG NOT", nil), StandardFlags, faultUpgradablePubkey},
		{"tapscript, unknown key, no signature to add, policy", scriptPath(t, "0 0x020708 CHECKSIGADD NOT", nil), StandardFlags, faultUpgradablePubkey},
		{"tapscript, unknown key in a branch not run, policy", scriptPath(t, "0 IF 0x020708 CHECKSIG ENDIF 1"), StandardFlags, ""},
		{"tapscript, wrong signature", scriptPath(t, anyKey+"CHECKSIG", sig(64, 1)), noCheck, faultSchnorrSig},
		{"tapscript, signature out of range", scriptPath(t, anyKey+"CHECKSIG", bytes.Repeat([]byte{0xff}, 64)), noCheck, faultSchnorrSig},
		{"tapscript, signature of 10 bytes", scriptPath(t, anyKey+"CHECKSIG", sig(10, 1)), noCheck, faultSchnorrSize},
		{"tapscript, signature of 10 bytes to add", scriptPath(t, "5 "+anyKey+"CHECKSIGADD", sig(10, 1)), noCheck, faultSchnorrSize},
		{"tapscript, hash type 0", scriptPath(t, anyKey+"CHECKSIGVERIFY 1", sig(65, 0)), noCheck, faultSchnorrHashType},
		{"tapscript, hash type 0x84", scriptPath(t, anyKey+"CHECKSIG", sig(65, 0x84)), noCheck, faultSchnorrHashType},
		{"tapscript, key off the curve", scriptPath(t, offCurve+"CHECKSIG", sig(64, 1)), noCheck, faultSchnorrSig},
		{"tapscript, key off the curve, bad hash type", scriptPath(t, offCurve+"CHECKSIG", sig(65, 9)), noCheck, faultSchnorrHashType},
		{"tapscript, no signature", scriptPath(t, anyKey+"CHECKSIG NOT", nil), noCheck, ""},
		{"tapscript, no signature to verify", scriptPath(t, anyKey+"CHECKSIGVERIFY 1", nil), noCheck, faultCheckSig},
		{"tapscript, weight used up", scriptPath(t, "0x020708 "+strings.Repeat("2DUP CHECKSIG DROP ", 9)+"CHECKSIG", []byte{1}), noCheck, faultValidationWeight},
		{"CHECKSIGADD outside", p2wsh(t, "0 0 0 CHECKSIGADD"), noCheck, faultBadOpcode},

		{"unknown leaf version", leafVersion(t, 0xc2, "CAT"), noCheck, ""},
		{"unknown leaf version, policy", leafVersion(t, 0xc2, "CAT"), StandardFlags, faultUpgradableTaproot},
		{"unknown program", bare(t, "2 0x020101", ""), noCheck, ""},
		{"unknown program, policy", bare(t, "2 0x020101", ""), StandardFlags, faultUpgradableProgram},
		{"unknown program of zeros", bare(t, "2 0x020000", ""), noCheck, faultEvalFalse},
		{"unknown program of negative zero", bare(t, "2 0x020080", ""), noCheck, faultEvalFalse},
		{"pay to anchor", bare(t, "1 0x024e73", ""), StandardFlags, ""},
		{"version 0 of zeros, 20 bytes", spend{output: append([]byte{0, 20}, zero20...)}, noCheck, faultEvalFalse},
		{"version 0 of zeros, 32 bytes", spend{output: append([]byte{0, 32}, zero32...)}, noCheck, faultEvalFalse},
		{"version 0 of 3 bytes", bare(t, "0 0x03010101", ""), noCheck, faultProgramLength},
		{"P2SH-P2TR is anybody's", p2sh(t, "1 "+anyKey, ""), noCheck, ""},
		{"if 2 in version 0", p2wsh(t, "2 IF 1 ENDIF"), noCheck, ""},
		{"if 2 in version 0, policy", p2wsh(t, "2 IF 1 ENDIF"), StandardFlags, faultMinimalIf},

		{"witness for a bare script", bare(t, "1", "").with(func(s *spend) { s.witness = wire.TxWitness{{1}} }), noCheck, faultWitnessUnexpected},
		{"witness for a bare script that fails", bare(t, "RETURN", "").with(func(s *spend) { s.witness = wire.TxWitness{{1}} }), noCheck, faultReturn},
		{"input script for a program that fails itself", p2wsh(t, "1").with(func(s *spend) { s.input = []byte{txscript.OP_RETURN} }), noCheck, faultReturn},
		{"P2SH, operation in the input script", p2sh(t, "1", "NOP"), noCheck, faultPushOnly},
		{"P2SH, operation in the input script of another hash", p2sh(t, "1", "NOP").with(func(s *spend) { s.output[5] ^= 1 }), noCheck, faultEvalFalse},
		{"P2SH-P2WSH, two pushes", p2shProgram(t, "1"), noCheck, faultMalleatedP2SH},
		{"P2SH-P2WSH, two pushes, another hash", p2shProgram(t, "1").with(func(s *spend) { s.output[5] ^= 1 }), noCheck, faultEvalFalse},
		{"two left, policy", bare(t, "1 1", ""), StandardFlags, faultCleanStack},
		{"two left, false, policy", bare(t, "1 0", ""), StandardFlags, faultEvalFalse},

		{"dummy", bare(t, "0 0 CHECKMULTISIG", "1"), noCheck, faultNullDummy},
		{"dummy that is verified", bare(t, "0 0 CHECKMULTISIGVERIFY 1", "1"), noCheck, faultNullDummy},
		{"dummy, bad signature", bare(t, "1 "+badKey+"1 CHECKMULTISIG", "1 0x0101"), noCheck, faultSigDER},
		{"dummy, bad signature in a later operation", bare(t, "0 0 CHECKMULTISIG DROP 0x0101 "+badKey+"CHECKSIG", "1"), noCheck, faultNullDummy},
		{"dummy, wrong signature, policy", bare(t, "1 "+badKey+"1 CHECKMULTISIG NOT", "1 "+der), StandardFlags, faultNullFail},
		{"wrong signature, key off the curve", bare(t, badKey+"CHECKSIG NOT", der), noCheck, ""},
		{"wrong signature, key off the curve, policy", bare(t, badKey+"CHECKSIG NOT", der), StandardFlags, faultNullFail},
		{"no signature, key off the curve, policy", bare(t, badKey+"CHECKSIG NOT", "0"), StandardFlags, ""},
		{"no signature, key of a strange form, policy", bare(t, "1 0x020708 1 CHECKMULTISIG NOT", "0 0"), StandardFlags, faultPubkeyType},
		{"no signature, strange key after the last that counts, policy", bare(t, "2 0x020708 "+badKey+"2 CHECKMULTISIG NOT", "0 0 0"), StandardFlags, ""},
		{"no signature, long key in version 0, policy", p2wsh(t, "1 0x41 0x04"+strings.Repeat("11", 64)+" 1 CHECKMULTISIG NOT", nil, nil), StandardFlags, faultWitnessPubkeyType},
		{"no signature, OP_0 in the script, policy", bare(t, "0 DROP "+badKey+"CHECKSIG NOT", "0"), StandardFlags, faultFindAndDelete},
		{"no signatures, OP_0 in the script, policy", bare(t, "0 DROP 1 "+badKey+"1 CHECKMULTISIG NOT", "0 0"), StandardFlags, faultFindAndDelete},
		{"no signature, OP_0 in the script, block", bare(t, "0 DROP "+badKey+"CHECKSIG NOT", "0"), noCheck, ""},
		{"no signature, OP_0 in a witness script, policy", p2wsh(t, "0 DROP "+badKey+"CHECKSIG NOT", nil), StandardFlags, ""},

		{"number of 5 bytes", bare(t, "1 0x050000000001 ADD", ""), noCheck, faultScriptNum},
		{"number of 5 bytes, too few of them", bare(t, "0x050000000001 ADD", ""), noCheck, faultStackOperation},
		{"other stack empty", bare(t, "FROMALTSTACK", ""), noCheck, faultAltstackOperation},
		{"stack empty", bare(t, "TOALTSTACK", ""), noCheck, faultStackOperation},
		{"both scripts empty", spend{}, noCheck, faultEvalFalse},
		{"output script too long", spend{output: bytes.Repeat([]byte{0x61}, 10_001), input: []byte{0x51}}, noCheck, faultScriptSize},
		{"operations at the limit", spend{output: bytes.Repeat([]byte{0x61}, 201), input: []byte{0x51}}, noCheck, ""},
		{"one operation too many", spend{output: bytes.Repeat([]byte{0x61}, 202), input: []byte{0x51}}, noCheck, faultOpCount},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check := tt.spend.check(BlockFlags | tt.flags)
			if got := PrepareScripts(&check, nil).run(0, check.Flags); got != tt.want {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestTaprootBeforeItsRule: without TAPROOT such an output is anybody's, under
// whatever other rules.
func TestTaprootBeforeItsRule(t *testing.T) {
	s := scriptPath(t, "RETURN")
	s.witness = nil
	flags := everyFlag() &^ txscript.ScriptVerifyTaproot
	check := s.check(flags)
	if got := PrepareScripts(&check, nil).run(0, flags); got != "" {
		t.Fatalf("got %q", got)
	}
}

// leafVersion spends a taproot output by a script of another leaf version.
func leafVersion(t *testing.T, version txscript.TapscriptLeafVersion, script string) spend {
	t.Helper()
	key, _ := btcec.PrivKeyFromBytes([]byte{1})
	leaf := txscript.NewTapLeaf(version, parseScript(t, script))
	proof := txscript.TapscriptProof{TapLeaf: leaf, RootNode: leaf}
	block := proof.ToControlBlock(key.PubKey())
	control, err := block.ToBytes()
	if err != nil {
		t.Fatal(err)
	}
	root := leaf.TapHash()
	out := txscript.ComputeTaprootOutputKey(key.PubKey(), root[:])
	return spend{output: append([]byte{txscript.OP_1, 32}, schnorr.SerializePubKey(out)...), witness: wire.TxWitness{leaf.Script, control}}
}

// p2shProgram spends a nested witness program with one push too many.
func p2shProgram(t *testing.T, script string) spend {
	t.Helper()
	inner := p2wsh(t, script)
	s := p2sh(t, fmt.Sprintf("0 0x20 0x%x", inner.output[2:]), "1")
	s.witness = inner.witness
	return s
}

// TestScriptWord: the word names the rules in use, as Core's does.
func TestScriptWord(t *testing.T) {
	for _, tt := range []struct {
		flags Flags
		want  string
	}{
		{BlockFlags, "block-script-verify-flag-failed (OP_RETURN was encountered)"},
		{StandardFlags, "mempool-script-verify-flag-failed (OP_RETURN was encountered)"},
	} {
		good, bad := bare(t, "1", "").check(tt.flags), bare(t, "RETURN", "1").check(tt.flags)
		err := SerialVerifier{}.Verify([]TxCheck{good, bad})
		var re *RuleError
		if !errors.As(err, &re) || !errors.Is(err, ScriptFailed) {
			t.Fatalf("got %v", err)
		}
		if re.RejectWord() != tt.want || re.TxIndex != 1 || re.Input != 0 {
			t.Errorf("got %q at %d/%d, want %q at 1/0", re.RejectWord(), re.TxIndex, re.Input, tt.want)
		}
		id := bad.Tx.ID().String()
		if want := "input 0 of " + id + " (wtxid " + id + "), spending "; !strings.HasPrefix(re.Detail, want) {
			t.Errorf("detail %q", re.Detail)
		}
	}
}
