package consensus

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

const testMaxWeight = 4_000_000

// testTx makes a transaction of n inputs with distinct outpoints and one
// output for each value; edit may change it before it is hashed.
func testTx(inputs int, values []int64, edit func(*wire.MsgTx)) *Tx {
	m := wire.NewMsgTx(2)
	for i := range inputs {
		m.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{1}, uint32(i)), nil, nil))
	}
	for _, v := range values {
		m.AddTxOut(wire.NewTxOut(v, []byte{0x51}))
	}
	if edit != nil {
		edit(m)
	}
	return NewTx(m)
}

func coinbaseWith(script int) func(*wire.MsgTx) {
	return func(m *wire.MsgTx) {
		m.TxIn[0].PreviousOutPoint = wire.OutPoint{Index: wire.MaxPrevOutIndex}
		m.TxIn[0].SignatureScript = make([]byte, script)
	}
}

// paddedTo gives the only output a script so long that the transaction has
// this stripped size in bytes.
func paddedTo(size int) func(*wire.MsgTx) {
	return func(m *wire.MsgTx) {
		script := make([]byte, size)
		for m.TxOut[0].PkScript = script; m.SerializeSizeStripped() > size; m.TxOut[0].PkScript = script {
			script = script[:len(script)-(m.SerializeSizeStripped()-size)]
		}
	}
}

func TestCheckTransaction(t *testing.T) {
	one := []int64{1}
	tests := []struct {
		name   string
		inputs int
		values []int64
		edit   func(*wire.MsgTx)
		want   error
	}{
		{"plain", 1, one, nil, nil},
		{"no inputs", 0, one, nil, VinEmpty},
		{"no inputs is told before no outputs", 0, nil, nil, VinEmpty},
		{"no outputs", 1, nil, nil, VoutEmpty},
		{"at the size limit", 1, one, paddedTo(testMaxWeight / 4), nil},
		{"one byte above the size limit", 1, one, paddedTo(testMaxWeight/4 + 1), TxOversize},
		{"witness does not count", 1, one, func(m *wire.MsgTx) {
			m.TxIn[0].Witness = wire.TxWitness{make([]byte, testMaxWeight)}
		}, nil},
		{"zero amount", 1, []int64{0}, nil, nil},
		{"negative amount", 1, []int64{-1}, nil, VoutNegative},
		{"smallest amount", 1, []int64{-1 << 63}, nil, VoutNegative},
		{"all money", 1, []int64{MaxMoney}, nil, nil},
		{"more than all money", 1, []int64{MaxMoney + 1}, nil, VoutTooLarge},
		{"largest amount", 1, []int64{1<<63 - 1}, nil, VoutTooLarge},
		{"sum at the limit", 1, []int64{MaxMoney - 1, 1}, nil, nil},
		{"sum above the limit", 1, []int64{MaxMoney, 1}, nil, VoutTotal},
		{"the first bad output decides", 1, []int64{MaxMoney, 1, -1}, nil, VoutTotal},
		{"duplicate input", 2, one, func(m *wire.MsgTx) {
			m.TxIn[1].PreviousOutPoint = m.TxIn[0].PreviousOutPoint
		}, InputsDuplicate},
		{"duplicate input, first and last of many", 40, one, func(m *wire.MsgTx) {
			m.TxIn[39].PreviousOutPoint = m.TxIn[0].PreviousOutPoint
		}, InputsDuplicate},
		{"many inputs", 40, one, nil, nil},
		{"same transaction, other index", 16, one, nil, nil},
		{"two null inputs are duplicates first", 2, one, func(m *wire.MsgTx) {
			coinbaseWith(2)(m)
			m.TxIn[1].PreviousOutPoint = m.TxIn[0].PreviousOutPoint
		}, InputsDuplicate},
		{"coinbase script of 1", 1, one, coinbaseWith(1), CoinbaseLength},
		{"coinbase script of 2", 1, one, coinbaseWith(2), nil},
		{"coinbase script of 100", 1, one, coinbaseWith(100), nil},
		{"coinbase script of 101", 1, one, coinbaseWith(101), CoinbaseLength},
		{"null input beside another", 2, one, coinbaseWith(2), PrevoutNull},
		{"zero hash with another index is no null", 1, one, func(m *wire.MsgTx) {
			m.TxIn[0].PreviousOutPoint = wire.OutPoint{Index: 0}
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := CheckTransaction(testTx(tt.inputs, tt.values, tt.edit), testMaxWeight)
			checkKind(t, err, tt.want)
		})
	}
}

func checkKind(t *testing.T, err, want error) {
	t.Helper()
	if want == nil {
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return
	}
	var re *RuleError
	if !errors.As(err, &re) || !errors.Is(err, want) {
		t.Fatalf("got %v, want a RuleError %v", err, want)
	}
	if re.RejectWord() != want.Error() {
		t.Fatalf("word %q, want %q", re.RejectWord(), want)
	}
}

func TestCheckTxInputs(t *testing.T) {
	coin := func(v int64) *Coin { return &Coin{Value: v, Height: 1} }
	mined := func(height int32) *Coin { return &Coin{Value: 10, Height: height, Coinbase: true} }
	tests := []struct {
		name   string
		spent  []*Coin
		values []int64
		fee    int64
		want   error
	}{
		{"fee", []*Coin{coin(7), coin(5)}, []int64{9}, 3, nil},
		{"no fee", []*Coin{coin(9)}, []int64{9}, 0, nil},
		{"outputs above inputs", []*Coin{coin(9)}, []int64{10}, 0, InBelowOut},
		{"missing", []*Coin{nil}, []int64{1}, 0, MissingInputs},
		{"missing is told before immature", []*Coin{mined(199), nil}, []int64{1}, 0, MissingInputs},
		{"coinbase at depth 99", []*Coin{mined(101)}, []int64{1}, 0, PrematureSpend},
		{"coinbase at depth 100", []*Coin{mined(100)}, []int64{10}, 0, nil},
		{"coin above all money", []*Coin{coin(MaxMoney + 1)}, []int64{1}, 0, InputValues},
		{"coin below zero", []*Coin{coin(-1)}, []int64{1}, 0, InputValues},
		{"coin that would overflow the sum", []*Coin{coin(1), coin(1<<63 - 1)}, []int64{1}, 0, InputValues},
		{"sum at all money", []*Coin{coin(MaxMoney - 1), coin(1)}, []int64{1}, MaxMoney - 1, nil},
		{"sum above all money", []*Coin{coin(MaxMoney), coin(1)}, []int64{1}, 0, InputValues},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fee, err := CheckTxInputs(testTx(len(tt.spent), tt.values, nil), tt.spent, 200, 100)
			checkKind(t, err, tt.want)
			if fee != tt.fee {
				t.Fatalf("fee %d, want %d", fee, tt.fee)
			}
		})
	}
}

func TestFormatMoney(t *testing.T) {
	for _, tt := range []struct {
		satoshi int64
		want    string
	}{
		{0, "0.00"}, {1, "0.00000001"}, {10, "0.0000001"}, {5_000_000, "0.05"}, {CoinUnit, "1.00"},
		{150_000_000, "1.50"}, {MaxMoney, "21000000.00"}, {123_456_789, "1.23456789"},
	} {
		if got := formatMoney(tt.satoshi); got != tt.want {
			t.Errorf("%d: got %s, want %s", tt.satoshi, got, tt.want)
		}
	}
}
