package consensus

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// allFlags are Core's names of all script rules in the public vectors.
var allFlags = []struct {
	name string
	flag Flags
}{
	{"P2SH", txscript.ScriptBip16},
	{"STRICTENC", txscript.ScriptVerifyStrictEncoding},
	{"DERSIG", txscript.ScriptVerifyDERSignatures},
	{"LOW_S", txscript.ScriptVerifyLowS},
	{"SIGPUSHONLY", txscript.ScriptVerifySigPushOnly},
	{"MINIMALDATA", txscript.ScriptVerifyMinimalData},
	{"NULLDUMMY", txscript.ScriptStrictMultiSig},
	{"DISCOURAGE_UPGRADABLE_NOPS", txscript.ScriptDiscourageUpgradableNops},
	{"CLEANSTACK", txscript.ScriptVerifyCleanStack},
	{"MINIMALIF", txscript.ScriptVerifyMinimalIf},
	{"NULLFAIL", txscript.ScriptVerifyNullFail},
	{"CHECKLOCKTIMEVERIFY", txscript.ScriptVerifyCheckLockTimeVerify},
	{"CHECKSEQUENCEVERIFY", txscript.ScriptVerifyCheckSequenceVerify},
	{"WITNESS", txscript.ScriptVerifyWitness},
	{"DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM", txscript.ScriptVerifyDiscourageUpgradeableWitnessProgram},
	{"WITNESS_PUBKEYTYPE", txscript.ScriptVerifyWitnessPubKeyType},
	{"CONST_SCRIPTCODE", txscript.ScriptVerifyConstScriptCode},
	{"TAPROOT", txscript.ScriptVerifyTaproot},
	{"DISCOURAGE_UPGRADABLE_PUBKEYTYPE", txscript.ScriptVerifyDiscourageUpgradeablePubkeyType},
	{"DISCOURAGE_OP_SUCCESS", txscript.ScriptVerifyDiscourageOpSuccess},
	{"DISCOURAGE_UPGRADABLE_TAPROOT_VERSION", txscript.ScriptVerifyDiscourageUpgradeableTaprootVersion},
}

func parseFlags(t *testing.T, s string) Flags {
	t.Helper()
	var flags Flags
next:
	for _, name := range strings.Split(s, ",") {
		for _, f := range allFlags {
			if f.name == name {
				flags |= f.flag
				continue next
			}
		}
		if name != "NONE" && name != "" {
			t.Fatalf("unknown flag %q", name)
		}
	}
	return flags
}

// trimFlags leaves out what has no meaning without a missing flag: CLEANSTACK
// needs WITNESS, WITNESS needs P2SH (Core: TrimFlags).
func trimFlags(f Flags) Flags {
	if f&txscript.ScriptBip16 == 0 {
		f &^= txscript.ScriptVerifyWitness
	}
	if f&txscript.ScriptVerifyWitness == 0 {
		f &^= txscript.ScriptVerifyCleanStack
	}
	return f
}

// fillFlags adds what other flags need (Core: FillFlags).
func fillFlags(f Flags) Flags {
	if f&txscript.ScriptVerifyCleanStack != 0 {
		f |= txscript.ScriptVerifyWitness
	}
	if f&txscript.ScriptVerifyWitness != 0 {
		f |= txscript.ScriptBip16
	}
	return f
}

// parseScript reads the notation of Core's vectors: numbers, 0x raw bytes,
// 'text' and names of operations.
func parseScript(t *testing.T, s string) []byte {
	t.Helper()
	var out []byte
	for _, w := range strings.Fields(s) {
		if n, err := strconv.ParseInt(w, 10, 64); err == nil {
			out = append(out, pushNumber(n)...)
			continue
		}
		if h, ok := strings.CutPrefix(w, "0x"); ok {
			raw, err := hex.DecodeString(h)
			if err != nil {
				t.Fatalf("script %q: %v", s, err)
			}
			out = append(out, raw...)
			continue
		}
		if len(w) >= 2 && w[0] == '\'' && w[len(w)-1] == '\'' {
			out = append(out, pushBytes([]byte(w[1:len(w)-1]))...)
			continue
		}
		op, ok := txscript.OpcodeByName["OP_"+strings.TrimPrefix(w, "OP_")]
		if !ok {
			t.Fatalf("script %q: unknown word %q", s, w)
		}
		out = append(out, op)
	}
	return out
}

func pushNumber(n int64) []byte {
	switch {
	case n == 0:
		return []byte{txscript.OP_0}
	case n == -1 || n >= 1 && n <= 16:
		return []byte{byte(txscript.OP_1 - 1 + n)}
	}
	abs := uint64(max(n, -n))
	var b []byte
	for ; abs > 0; abs >>= 8 {
		b = append(b, byte(abs))
	}
	if b[len(b)-1]&0x80 != 0 {
		b = append(b, 0)
	}
	if n < 0 {
		b[len(b)-1] |= 0x80
	}
	return pushBytes(b)
}

// pushBytes is Core's CScript << bytes: the shortest push of that length, with
// no regard to small numbers.
func pushBytes(b []byte) []byte {
	n := len(b)
	switch {
	case n < txscript.OP_PUSHDATA1:
		return append([]byte{byte(n)}, b...)
	case n <= 0xff:
		return append([]byte{txscript.OP_PUSHDATA1, byte(n)}, b...)
	case n <= 0xffff:
		return append(binary.LittleEndian.AppendUint16([]byte{txscript.OP_PUSHDATA2}, uint16(n)), b...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte{txscript.OP_PUSHDATA4}, uint32(n)), b...)
}

// readVectors decodes a file of the folder of public vectors beside the
// repository; it ends the test when the folder is missing.
func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the package")
		}
	}
	folder := filepath.Join(dir, "..", "shared", "vectors")
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("left out: the folder of public vectors %s is missing", folder)
	}
	raw, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// txVector is a row of tx_valid.json or tx_invalid.json.
type txVector struct {
	row   int
	raw   []byte
	coins map[wire.OutPoint]*Coin
	flags string
}

func readTxVectors(t *testing.T, name string) []txVector {
	t.Helper()
	var rows [][]json.RawMessage
	readVectors(t, name, &rows)
	var out []txVector
	for n, row := range rows {
		if len(row) != 3 {
			continue // a comment
		}
		v := txVector{row: n, coins: map[wire.OutPoint]*Coin{}}
		var ins [][]json.RawMessage
		var rawHex string
		for i, into := range []any{&ins, &rawHex, &v.flags} {
			if err := json.Unmarshal(row[i], into); err != nil {
				t.Fatalf("%s row %d: %v", name, n, err)
			}
		}
		var err error
		if v.raw, err = hex.DecodeString(rawHex); err != nil {
			t.Fatalf("%s row %d: %v", name, n, err)
		}
		for _, in := range ins {
			o, c, err := vectorCoin(t, in)
			if err != nil {
				t.Fatalf("%s row %d: %v", name, n, err)
			}
			v.coins[o] = c
		}
		out = append(out, v)
	}
	return out
}

func vectorCoin(t *testing.T, in []json.RawMessage) (wire.OutPoint, *Coin, error) {
	t.Helper()
	var txid, script string
	var index, value int64
	into := []any{&txid, &index, &script, &value}
	if len(in) < 3 || len(in) > len(into) {
		return wire.OutPoint{}, nil, fmt.Errorf("input with %d fields", len(in))
	}
	for i, raw := range in {
		if err := json.Unmarshal(raw, into[i]); err != nil {
			return wire.OutPoint{}, nil, err
		}
	}
	hash, err := chainhash.NewHashFromStr(txid)
	if err != nil {
		return wire.OutPoint{}, nil, err
	}
	return wire.OutPoint{Hash: *hash, Index: uint32(index)}, &Coin{Value: value, Script: parseScript(t, script)}, nil
}

// check finds the coins of the parsed transaction.
func (v *txVector) check(t *testing.T, tx *Tx, flags Flags) TxCheck {
	t.Helper()
	c := TxCheck{Tx: tx, Flags: flags}
	for _, in := range tx.Msg.TxIn {
		coin := v.coins[in.PreviousOutPoint]
		if coin == nil {
			t.Fatalf("row %d: no coin for %v", v.row, in.PreviousOutPoint)
		}
		c.Spent = append(c.Spent, coin)
	}
	return c
}
