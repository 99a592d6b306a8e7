package consensus

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// coreFaults are the names of the vectors for Core's script errors.
var coreFaults = []struct {
	name  string
	fault scriptFault
}{
	{"OK", ""},
	{"EVAL_FALSE", faultEvalFalse},
	{"OP_RETURN", faultReturn},
	{"SCRIPT_SIZE", faultScriptSize},
	{"PUSH_SIZE", faultPushSize},
	{"OP_COUNT", faultOpCount},
	{"STACK_SIZE", faultStackSize},
	{"SIG_COUNT", faultSigCount},
	{"PUBKEY_COUNT", faultPubkeyCount},
	{"VERIFY", faultVerify},
	{"EQUALVERIFY", faultEqualVerify},
	{"CHECKMULTISIGVERIFY", faultCheckMultisig},
	{"CHECKSIGVERIFY", faultCheckSig},
	{"NUMEQUALVERIFY", faultNumEqualVerify},
	{"BAD_OPCODE", faultBadOpcode},
	{"DISABLED_OPCODE", faultDisabledOpcode},
	{"INVALID_STACK_OPERATION", faultStackOperation},
	{"INVALID_ALTSTACK_OPERATION", faultAltstackOperation},
	{"UNBALANCED_CONDITIONAL", faultConditional},
	{"NEGATIVE_LOCKTIME", faultNegativeLocktime},
	{"UNSATISFIED_LOCKTIME", faultLocktime},
	{"SIG_HASHTYPE", faultSigHashType},
	{"SIG_DER", faultSigDER},
	{"MINIMALDATA", faultMinimalData},
	{"SIG_PUSHONLY", faultPushOnly},
	{"SIG_HIGH_S", faultHighS},
	{"SIG_NULLDUMMY", faultNullDummy},
	{"PUBKEYTYPE", faultPubkeyType},
	{"CLEANSTACK", faultCleanStack},
	{"MINIMALIF", faultMinimalIf},
	{"NULLFAIL", faultNullFail},
	{"DISCOURAGE_UPGRADABLE_NOPS", faultUpgradableNops},
	{"DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM", faultUpgradableProgram},
	{"WITNESS_PROGRAM_WRONG_LENGTH", faultProgramLength},
	{"WITNESS_PROGRAM_WITNESS_EMPTY", faultProgramEmpty},
	{"WITNESS_PROGRAM_MISMATCH", faultProgramMismatch},
	{"WITNESS_MALLEATED", faultMalleated},
	{"WITNESS_MALLEATED_P2SH", faultMalleatedP2SH},
	{"WITNESS_UNEXPECTED", faultWitnessUnexpected},
	{"WITNESS_PUBKEYTYPE", faultWitnessPubkeyType},
	{"TAPSCRIPT_EMPTY_PUBKEY", faultTapscriptPubkey},
	{"OP_CODESEPARATOR", faultCodeSeparator},
	{"SIG_FINDANDDELETE", faultFindAndDelete},
	{"SCRIPTNUM", faultScriptNum},
}

// scriptTests reads Core's script_tests.json, a copy of which comes with the
// txscript module.
func scriptTests(t *testing.T) [][]json.RawMessage {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/btcsuite/btcd/txscript/v2").Output()
	if err != nil {
		t.Fatalf("cannot find the txscript module, whose copy of script_tests.json this reads: %v", err)
	}
	raw, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "data", "script_tests.json"))
	if err != nil {
		t.Fatalf("the txscript module has no script_tests.json: %v", err)
	}
	var rows [][]json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestScriptVectors compares verdict and text of every row with Core's.
func TestScriptVectors(t *testing.T) {
	ran := 0
	for n, row := range scriptTests(t) {
		check, want, ok := scriptVector(t, n, row)
		if !ok {
			continue
		}
		ran++
		scripts := PrepareScripts(&check, nil)
		if got := scripts.run(0, check.Flags); got != want {
			t.Errorf("row %d %s: got %q, want %q", n, row, got, want)
		}
	}
	if ran < 1200 {
		t.Fatalf("only %d rows", ran)
	}
}

// scriptVector makes of a row [[witness …, amount]?, input script, output
// script, flags, error, comment?] the transaction that Core's test makes;
// false when the row is a comment.
func scriptVector(t *testing.T, n int, row []json.RawMessage) (check TxCheck, want scriptFault, ok bool) {
	t.Helper()
	var witness [][]byte
	var amount int64
	var taproot []byte
	var parts []json.RawMessage
	if len(row) > 0 && json.Unmarshal(row[0], &parts) == nil {
		witness, amount, taproot = vectorWitness(t, n, parts)
		row = row[1:]
	}
	if len(row) < 4 {
		return check, "", false
	}
	var text [4]string
	for i := range text {
		if err := json.Unmarshal(row[i], &text[i]); err != nil {
			t.Fatalf("row %d: %v", n, err)
		}
	}
	pkScript := taproot
	if text[1] != "0x51 0x20 #TAPROOTOUTPUT#" {
		pkScript = parseScript(t, text[1])
	}
	flags := fillFlags(parseFlags(t, text[2]))

	credit := wire.NewMsgTx(1)
	credit.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: math.MaxUint32}, []byte{0, 0}, nil))
	credit.AddTxOut(wire.NewTxOut(amount, pkScript))
	id := credit.TxHash()
	spend := wire.NewMsgTx(1)
	spend.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&id, 0), parseScript(t, text[0]), witness))
	spend.AddTxOut(wire.NewTxOut(amount, nil))
	check = TxCheck{Tx: NewTx(spend), Spent: []*Coin{{Value: amount, Script: pkScript}}, Flags: flags}
	for _, f := range coreFaults {
		if f.name == text[3] {
			return check, f.fault, true
		}
	}
	t.Fatalf("row %d: unknown error %q", n, text[3])
	return
}

// vectorWitness also makes the control block and the taproot output of key 1
// with the witness' script as only leaf, where the row asks for them.
func vectorWitness(t *testing.T, n int, parts []json.RawMessage) (witness [][]byte, amount int64, taproot []byte) {
	t.Helper()
	var coins float64
	if err := json.Unmarshal(parts[len(parts)-1], &coins); err != nil {
		t.Fatalf("row %d: %v", n, err)
	}
	for _, raw := range parts[:len(parts)-1] {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatalf("row %d: %v", n, err)
		}
		if script, ok := strings.CutPrefix(s, "#SCRIPT#"); ok {
			witness = append(witness, parseScript(t, script))
			continue
		}
		if s == "#CONTROLBLOCK#" {
			control, output := taprootOf(t, witness[len(witness)-1])
			witness, taproot = append(witness, control), output
			continue
		}
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatalf("row %d: %v", n, err)
		}
		witness = append(witness, b)
	}
	return witness, int64(math.Round(coins * float64(CoinUnit))), taproot
}

// taprootOf commits to one tapscript under the generator as internal key. It
// returns the control block and the output script.
func taprootOf(t *testing.T, script []byte) (control, output []byte) {
	t.Helper()
	x, _ := hex.DecodeString("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
	key, err := schnorr.ParsePubKey(x)
	if err != nil {
		t.Fatal(err)
	}
	leaf := txscript.NewBaseTapLeaf(script)
	root := leaf.TapHash()
	out := txscript.ComputeTaprootOutputKey(key, root[:])
	proof := txscript.TapscriptProof{TapLeaf: leaf, RootNode: leaf}
	block := proof.ToControlBlock(key)
	control, err = block.ToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return control, append([]byte{txscript.OP_1, 32}, schnorr.SerializePubKey(out)...)
}
