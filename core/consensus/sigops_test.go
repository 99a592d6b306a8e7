package consensus

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

func TestScriptSigOps(t *testing.T) {
	tests := []struct {
		name, script    string
		legacy, precise int
	}{
		{"empty", "", 0, 0},
		{"checksig", "CHECKSIG CHECKSIGVERIFY", 2, 2},
		{"in a branch that is not run", "0 IF CHECKSIG ENDIF", 1, 1},
		{"multisig of 2", "1 0x0101 0x0102 2 CHECKMULTISIG", 20, 2},
		{"multisig of 16", "16 CHECKMULTISIGVERIFY", 20, 16},
		{"multisig of 17", "17 CHECKMULTISIG", 20, 20},
		{"multisig of 0", "0 CHECKMULTISIG", 20, 20},
		{"number pushed as data", "0x0102 CHECKMULTISIG", 20, 20},
		{"first operation", "CHECKMULTISIG", 20, 20},
		{"number before another operation", "2 NOP CHECKMULTISIG", 20, 20},
		{"inside a push", "0x02acac", 0, 0},
		{"after a malformed push", "CHECKSIG 0x02ac", 1, 1},
		{"malformed PUSHDATA1", "CHECKSIG 0x4c", 1, 1},
		{"malformed PUSHDATA2", "CHECKSIG 0x4dff", 1, 1},
		{"malformed PUSHDATA4", "CHECKSIG 0x4effffffff CHECKSIG", 1, 1},
		{"PUSHDATA forms", "0x4c01ac 0x4d0100ac 0x4e01000000ac CHECKSIG", 1, 1},
		{"checksigadd is none", "CHECKSIGADD", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			script := parseScript(t, tt.script)
			if got := scriptSigOps(script, false); got != tt.legacy {
				t.Errorf("legacy %d, want %d", got, tt.legacy)
			}
			if got := scriptSigOps(script, true); got != tt.precise {
				t.Errorf("precise %d, want %d", got, tt.precise)
			}
		})
	}
}

// TestSigOpCost follows Core's test GetTxSigOpCost.
func TestSigOpCost(t *testing.T) {
	multisig := parseScript(t, "1 0x0101 0x0102 2 CHECKMULTISIGVERIFY")
	const hash20, hash32 = "0x14 0x0000000000000000000000000000000000000001", "0x20 0x0000000000000000000000000000000000000000000000000000000000000001"
	p2sh, p2wsh, p2wpkh := "HASH160 "+hash20+" EQUAL", "0 "+hash32, "0 "+hash20
	tests := []struct {
		name             string
		sigScript, spent string
		redeem           []byte // pushed after sigScript
		witness          wire.TxWitness
		cost             int64
	}{
		{"bare multisig is its creator's cost", "0 0", "2 NOP 2 CHECKMULTISIG", nil, nil, 0},
		{"in the input script", "CHECKSIG 2 CHECKMULTISIG", "1", nil, nil, 21 * 4},
		{"P2SH", "0 0", p2sh, multisig, nil, 2 * 4},
		{"P2SH, input script not only pushes", "NOP", p2sh, multisig, nil, 0},
		{"P2SH with an empty input script", "", p2sh, nil, nil, 0},
		{"P2SH whose last push is a small number", "2", p2sh, nil, nil, 0},
		{"P2WPKH", "", p2wpkh, nil, wire.TxWitness{{1}, {2}}, 1},
		{"P2WPKH without witness", "", p2wpkh, nil, nil, 1},
		{"P2WSH", "", p2wsh, nil, wire.TxWitness{nil, multisig}, 2},
		{"P2WSH without witness", "", p2wsh, nil, nil, 0},
		{"P2SH-P2WPKH", "", p2sh, parseScript(t, p2wpkh), wire.TxWitness{{1}, {2}}, 1},
		{"P2SH-P2WSH", "", p2sh, parseScript(t, p2wsh), wire.TxWitness{multisig}, 2},
		{"P2SH-P2WSH, input script not only pushes", "NOP", p2sh, parseScript(t, p2wsh), wire.TxWitness{multisig}, 0},
		{"taproot", "", "1 " + hash32, nil, wire.TxWitness{{txscript.OP_CHECKSIG}, multisig}, 0},
		{"version 0 of another length", "", "0 0x02 0x0101", nil, wire.TxWitness{multisig}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tx := testTx(1, []int64{1}, func(m *wire.MsgTx) {
				m.TxIn[0].SignatureScript = parseScript(t, tt.sigScript)
				if tt.redeem != nil {
					m.TxIn[0].SignatureScript = append(m.TxIn[0].SignatureScript, pushBytes(tt.redeem)...)
				}
				m.TxIn[0].Witness = tt.witness
			})
			if got := SigOpCost(tx, []*Coin{{Script: parseScript(t, tt.spent)}}); got != tt.cost {
				t.Errorf("cost %d, want %d", got, tt.cost)
			}
		})
	}
}

func TestCoinbaseSigOpCost(t *testing.T) {
	tx := testTx(1, []int64{1}, func(m *wire.MsgTx) {
		coinbaseWith(2)(m)
		m.TxIn[0].SignatureScript = []byte{txscript.OP_CHECKSIG, txscript.OP_CHECKSIG}
		m.TxOut[0].PkScript = []byte{txscript.OP_CHECKMULTISIG}
	})
	if got := SigOpCost(tx, nil); got != 22*4 {
		t.Fatalf("cost %d, want %d", got, 22*4)
	}
}

// TestSigOpsAgreeWithTxscript holds our counters against txscript's on random
// scripts made of what matters to them.
func TestSigOpsAgreeWithTxscript(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	words := [][]byte{
		{0}, {0x51}, {0x52}, {0x60}, {0x61}, {0xac}, {0xad}, {0xae}, {0xaf}, {1, 0xac}, {2, 0xae, 0xae},
		{0x4c, 1, 7}, {0x4d, 1, 0, 7}, {0x4e, 1, 0, 0, 0, 7}, {0x4c}, {0x4d, 9}, {75}, {0x4f}, {0x50},
	}
	random := func() []byte {
		var s []byte
		for range r.IntN(12) {
			s = append(s, words[r.IntN(len(words))]...)
		}
		return s
	}
	outputs := [][]byte{
		parseScript(t, "HASH160 0x14 0x0000000000000000000000000000000000000001 EQUAL"),
		parseScript(t, "0 0x14 0x0000000000000000000000000000000000000001"),
		parseScript(t, "0 0x20 0x0000000000000000000000000000000000000000000000000000000000000001"),
	}
	for range 20_000 {
		sig, wit := random(), wire.TxWitness{random()}
		if r.IntN(2) == 0 {
			redeem := slices.Concat(outputs[1+r.IntN(2)])
			sig = pushBytes(redeem)
		}
		if got, want := scriptSigOps(sig, false), txscript.GetSigOpCount(sig); got != want {
			t.Fatalf("%x: %d, txscript %d", sig, got, want)
		}
		for _, out := range outputs {
			tx := testTx(1, []int64{1}, func(m *wire.MsgTx) { m.TxIn[0].SignatureScript, m.TxIn[0].Witness = sig, wit })
			want := int64(LegacySigOps(tx))*4 + int64(txscript.GetWitnessSigOpCount(sig, out, wit))
			if txscript.IsPayToScriptHash(out) {
				want += 4 * int64(txscript.GetPreciseSigOpCount(sig, out, true))
			}
			if got := SigOpCost(tx, []*Coin{{Script: out}}); got != want {
				t.Fatalf("input %x output %x witness %x: %d, txscript %d", sig, out, wit, got, want)
			}
		}
	}
}
