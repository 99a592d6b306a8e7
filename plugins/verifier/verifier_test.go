package verifier

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"go.uber.org/goleak"

	"orrery/core/consensus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testKey(tb testing.TB) (*btcec.PrivateKey, []byte) {
	tb.Helper()
	key, pub := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{7}, 32))
	id := address.Hash160(pub.SerializeCompressed())
	return key, append(append([]byte{txscript.OP_DUP, txscript.OP_HASH160, 20}, id...), txscript.OP_EQUALVERIFY, txscript.OP_CHECKSIG)
}

// payment is a signed transaction with that many P2PKH inputs; n makes it
// differ from others.
func payment(tb testing.TB, n, inputs int) consensus.TxCheck {
	tb.Helper()
	key, script := testKey(tb)
	msg := wire.NewMsgTx(2)
	check := consensus.TxCheck{Flags: consensus.BlockFlags}
	for i := range inputs {
		prev := chainhash.HashH(fmt.Appendf(nil, "%d/%d", n, i))
		msg.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&prev, uint32(i)), nil, nil))
		check.Spent = append(check.Spent, &consensus.Coin{Value: 1000, Script: script, Height: 1})
	}
	msg.AddTxOut(wire.NewTxOut(int64(inputs)*1000-1, script))
	for i := range inputs {
		sig, err := txscript.SignatureScript(msg, i, script, txscript.SigHashAll, key, true)
		if err != nil {
			tb.Fatal(err)
		}
		msg.TxIn[i].SignatureScript = sig
	}
	check.Tx = consensus.NewTx(msg)
	return check
}

func payments(tb testing.TB, n, inputs int) []consensus.TxCheck {
	tb.Helper()
	list := make([]consensus.TxCheck, n)
	for i := range list {
		list[i] = payment(tb, i, inputs)
	}
	return list
}

// broken returns a copy of check in which the signature of one input is of
// other data.
func broken(check consensus.TxCheck, input int) consensus.TxCheck {
	msg := check.Tx.Msg.Copy()
	msg.TxIn[input].SignatureScript[10] ^= 1
	check.Tx = consensus.NewTx(msg)
	return check
}

func withFlags(list []consensus.TxCheck, flags consensus.Flags) []consensus.TxCheck {
	out := append([]consensus.TxCheck(nil), list...)
	for i := range out {
		out[i].Flags = flags
	}
	return out
}

// counted makes a Verifier that counts how many inputs it runs.
func counted(workers int) (*Verifier, *atomic.Int64) {
	v := New(Config{Workers: workers}, slog.New(slog.DiscardHandler))
	var runs atomic.Int64
	v.verify = func(s *consensus.TxScripts, in int) *consensus.RuleError {
		runs.Add(1)
		return s.Verify(in)
	}
	return v, &runs
}

func wantFault(t *testing.T, err error, txIndex, input int) {
	t.Helper()
	var re *consensus.RuleError
	if !errors.As(err, &re) || !errors.Is(err, consensus.ScriptFailed) {
		t.Fatalf("got %v, want a script fault", err)
	}
	if re.TxIndex != txIndex || re.Input != input {
		t.Fatalf("fault at %d/%d, want %d/%d: %v", re.TxIndex, re.Input, txIndex, input, err)
	}
}

func TestRemembers(t *testing.T) {
	v, runs := counted(2)
	block := payments(t, 5, 2)
	steps := []struct {
		name  string
		flags consensus.Flags
		runs  int64
	}{
		{"first time", consensus.BlockFlags, 10},
		{"again", consensus.BlockFlags, 0},
		{"under more rules", consensus.StandardFlags, 10},
		{"again under more rules", consensus.StandardFlags, 0},
		{"under fewer rules again", consensus.BlockFlags, 0},
	}
	for _, s := range steps {
		runs.Store(0)
		if err := v.Verify(withFlags(block, s.flags)); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if got := runs.Load(); got != s.runs {
			t.Fatalf("%s: ran %d inputs, want %d", s.name, got, s.runs)
		}
	}
}

// TestWitnessIsPartOfTheKey: the same txid with another witness is not known.
func TestWitnessIsPartOfTheKey(t *testing.T) {
	v, _ := counted(1)
	msg := wire.NewMsgTx(2)
	msg.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{1}, 0), nil, wire.TxWitness{{txscript.OP_TRUE}}))
	msg.AddTxOut(wire.NewTxOut(1, []byte{txscript.OP_TRUE}))
	program := chainhash.HashB([]byte{txscript.OP_TRUE})
	coin := &consensus.Coin{Value: 2, Script: append([]byte{txscript.OP_0, 32}, program...)}
	good := consensus.TxCheck{Tx: consensus.NewTx(msg), Spent: []*consensus.Coin{coin}, Flags: consensus.BlockFlags}
	if err := v.Verify([]consensus.TxCheck{good}); err != nil {
		t.Fatal(err)
	}
	other := msg.Copy()
	other.TxIn[0].Witness = wire.TxWitness{{txscript.OP_1NEGATE}}
	bad := good
	bad.Tx = consensus.NewTx(other)
	if bad.Tx.ID() != good.Tx.ID() {
		t.Fatal("the txid changed")
	}
	wantFault(t, v.Verify([]consensus.TxCheck{bad}), 0, 0)
}

func TestLowestFault(t *testing.T) {
	good := payments(t, 30, 3)
	tests := []struct {
		name           string
		broken         [][2]int
		txIndex, input int
	}{
		{"one", [][2]int{{17, 2}}, 17, 2},
		{"first", [][2]int{{0, 0}}, 0, 0},
		{"last", [][2]int{{29, 2}}, 29, 2},
		{"of several", [][2]int{{28, 0}, {5, 2}, {6, 0}, {5, 1}}, 5, 1},
	}
	for _, tt := range tests {
		for _, workers := range []int{1, 2, 8} {
			t.Run(fmt.Sprintf("%s, %d workers", tt.name, workers), func(t *testing.T) {
				block := append([]consensus.TxCheck(nil), good...)
				for _, b := range tt.broken {
					block[b[0]] = broken(block[b[0]], b[1])
				}
				v, runs := counted(workers)
				wantFault(t, v.Verify(block), tt.txIndex, tt.input)
				wantFault(t, consensus.SerialVerifier{}.Verify(block), tt.txIndex, tt.input)
				// What failed is not remembered.
				runs.Store(0)
				wantFault(t, v.Verify(block[tt.txIndex:]), 0, tt.input)
				if runs.Load() == 0 {
					t.Fatal("a failed transaction was remembered")
				}
			})
		}
	}
}

// TestLateFaults: of inputs that run at the same time the lowest counts,
// whichever ends last.
func TestLateFaults(t *testing.T) {
	v, _ := counted(2)
	low, high := errors.New("low"), errors.New("high")
	for _, order := range [][]int64{{3, 4}, {4, 3}} {
		b := v.newBatch(payments(t, 6, 1))
		for _, i := range order {
			b.fail(i, map[int64]error{3: low, 4: high}[i])
		}
		if b.err != low || b.failed.Load() != 3 {
			t.Errorf("order %d: %v at %d", order, b.err, b.failed.Load())
		}
	}
}

func TestKnownTransactionsKeepTheirIndex(t *testing.T) {
	v, _ := counted(2)
	block := payments(t, 6, 1)
	if err := v.Verify(block[:4]); err != nil {
		t.Fatal(err)
	}
	block[5] = broken(block[5], 0)
	wantFault(t, v.Verify(block), 5, 0)
}

func TestPanicIsOurs(t *testing.T) {
	var out bytes.Buffer
	v := New(Config{Workers: 4}, slog.New(slog.NewTextHandler(&out, nil)))
	block := payments(t, 8, 1)
	id := block[3].Tx.ID()
	v.verify = func(s *consensus.TxScripts, in int) *consensus.RuleError {
		if s.Tx().ID() == id {
			panic("planted")
		}
		return s.Verify(in)
	}
	err := v.Verify(block)
	var re *consensus.RuleError
	if !errors.Is(err, consensus.ErrUnverified) || errors.As(err, &re) {
		t.Fatalf("got %v, want ErrUnverified and no rule", err)
	}
	if !strings.Contains(out.String(), "planted") || !strings.Contains(out.String(), "verifier.go") {
		t.Fatalf("log without panic and stack: %s", out.String())
	}
	// An input at fault before it is the answer all the same.
	block[2] = broken(block[2], 0)
	wantFault(t, v.Verify(block), 2, 0)
}

// TestMissingCoin: an input without a coin is never passed over.
func TestMissingCoin(t *testing.T) {
	v, _ := counted(2)
	check := payment(t, 1, 2)
	check.Spent = check.Spent[:1]
	for range 2 {
		if err := v.Verify([]consensus.TxCheck{check}); !errors.Is(err, consensus.ErrUnverified) {
			t.Fatalf("got %v, want ErrUnverified", err)
		}
	}
}

func TestEmptyBatch(t *testing.T) {
	v, _ := counted(2)
	if err := v.Verify(nil); err != nil {
		t.Fatal(err)
	}
}

func TestScriptCacheForgetsTheOldest(t *testing.T) {
	c := newScriptCache(3)
	list := payments(t, 5, 1)
	for i := range list {
		c.add(&list[i])
	}
	for i := range list {
		if got, want := c.has(&list[i]), i >= 2; got != want {
			t.Errorf("transaction %d: remembered %t, want %t", i, got, want)
		}
	}
	if len(c.valid) != 3 || len(c.ring) != 3 {
		t.Fatalf("%d entries, %d places", len(c.valid), len(c.ring))
	}
}
