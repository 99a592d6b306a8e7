package consensus

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// coinMap is a set of coins for tests.
type coinMap map[wire.OutPoint]*Coin

func (m coinMap) Coin(o wire.OutPoint) (*Coin, error) { return m[o], nil }

// brokenCoins fails as a disk does.
type brokenCoins struct{ err error }

func (b brokenCoins) Coin(wire.OutPoint) (*Coin, error) { return nil, b.err }

func testOut(n byte) wire.OutPoint { return wire.OutPoint{Hash: [32]byte{n}} }

func testCoinbase(height int32, sat int64) *Tx {
	msg := wire.NewMsgTx(1)
	msg.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: wire.MaxPrevOutIndex}, append(HeightScript(height), 0), nil))
	msg.AddTxOut(wire.NewTxOut(sat, []byte{txscript.OP_TRUE}))
	return NewTx(msg)
}

func testSpend(from []wire.OutPoint, sats ...int64) *Tx {
	msg := wire.NewMsgTx(1)
	for i := range from {
		msg.AddTxIn(wire.NewTxIn(&from[i], nil, nil))
	}
	for _, sat := range sats {
		msg.AddTxOut(wire.NewTxOut(sat, []byte{txscript.OP_TRUE}))
	}
	return NewTx(msg)
}

func connectTxs(coins Coins, subsidy int64, txs ...*Tx) (*ConnectResult, error) {
	p := &Params{Maturity: 100, MaxWeight: 4_000_000}
	return Connect(ConnectInput{
		Block: NewBlock(Header{}, txs), Height: 200, ParentMedianTime: 1000, Subsidy: subsidy, Coins: coins,
		MedianTimeAt: func(int32) int64 { return 0 },
	}, p)
}

// TestBIP30 has a transaction that is there already, with some of its outputs
// unspent. With heights in coinbases it takes a forged set of coins to see it.
func TestBIP30(t *testing.T) {
	cb := testCoinbase(200, 50)
	tx := testSpend([]wire.OutPoint{testOut(1)}, 1, 2, 3)
	funded := coinMap{testOut(1): {Value: 6, Height: 1}}
	if _, err := connectTxs(funded, 50, cb, tx); err != nil {
		t.Fatal(err)
	}
	for _, twin := range []struct {
		out   wire.OutPoint
		index int
	}{
		{wire.OutPoint{Hash: cb.ID()}, 0},
		{wire.OutPoint{Hash: tx.ID()}, 1},
		{wire.OutPoint{Hash: tx.ID(), Index: 2}, 1},
	} {
		coins := coinMap{testOut(1): funded[testOut(1)], twin.out: {Value: 1, Height: 1}}
		_, err := connectTxs(coins, 50, cb, tx)
		var e *RuleError
		if !errors.As(err, &e) || e.Kind != BIP30 || e.TxIndex != twin.index {
			t.Errorf("twin of output %d of transaction %d: %v", twin.out.Index, twin.index, err)
		}
	}
	beyond := coinMap{testOut(1): funded[testOut(1)], {Hash: tx.ID(), Index: 3}: {Value: 1}}
	if _, err := connectTxs(beyond, 50, cb, tx); err != nil {
		t.Errorf("a coin of another number of outputs: %v", err)
	}
}

// TestConnectAmounts uses coins that no honest chain has.
func TestConnectAmounts(t *testing.T) {
	a, b, c := testOut(1), testOut(2), testOut(3)
	coins := coinMap{
		a: {Value: MaxMoney, Height: 1}, b: {Value: MaxMoney, Height: 1}, c: {Value: 1, Height: 1},
		testOut(4): {Value: MaxMoney + 1, Height: 1}, testOut(5): {Value: -1, Height: 1},
	}
	cb := testCoinbase(200, 50)
	for _, tt := range []struct {
		name string
		txs  []*Tx
		want error
	}{
		{"fees of all money", []*Tx{cb, testSpend([]wire.OutPoint{a}, 0)}, nil},
		{"fees above all money", []*Tx{cb, testSpend([]wire.OutPoint{a}, 0), testSpend([]wire.OutPoint{c}, 0)}, AccumulatedFee},
		{"inputs above all money", []*Tx{cb, testSpend([]wire.OutPoint{a, c}, 0)}, InputValues},
		{"twice all money", []*Tx{cb, testSpend([]wire.OutPoint{a, b}, 0)}, InputValues},
		{"a coin above all money", []*Tx{cb, testSpend([]wire.OutPoint{testOut(4)}, 0)}, InputValues},
		{"a coin below zero", []*Tx{cb, testSpend([]wire.OutPoint{testOut(5)}, 0)}, InputValues},
		{"the subsidy and one", []*Tx{testCoinbase(200, 51)}, BadCoinbaseAmount},
		{"the subsidy and the fee", []*Tx{testCoinbase(200, 51), testSpend([]wire.OutPoint{c}, 0)}, nil},
	} {
		if _, err := connectTxs(coins, 50, tt.txs...); tt.want == nil && err != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	broken := errors.New("disk on fire")
	if _, err := connectTxs(brokenCoins{broken}, 50, cb); !errors.Is(err, broken) {
		t.Errorf("a failing store: %v", err)
	}
}

// TestConnectResult looks at the difference that a block makes, and at its
// way back.
func TestConnectResult(t *testing.T) {
	in := testOut(1)
	coin := &Coin{Value: 10, Height: 7, Script: []byte{txscript.OP_TRUE}}
	first := testSpend([]wire.OutPoint{in}, 4, 5)
	second := testSpend([]wire.OutPoint{{Hash: first.ID()}}, 3)
	second.Msg.AddTxOut(wire.NewTxOut(1, []byte{txscript.OP_RETURN}))
	second = NewTx(second.Msg)
	cb := testCoinbase(200, 51)
	coins := coinMap{in: coin}
	res, err := connectTxs(coins, 50, cb, first, second)
	if err != nil {
		t.Fatal(err)
	}
	if res.Fees != 1 || len(res.Spent) != 2 || res.Spent[0].Height != 7 || res.Spent[1].Value != 4 || res.Spent[1].Height != 200 {
		t.Errorf("fees %d, spent %v", res.Fees, res.Spent)
	}
	if len(res.Checks) != 2 || res.Checks[0].Tx != first || res.Checks[1].Spent[0].Value != 4 {
		t.Errorf("checks %v", res.Checks)
	}
	apply := func(changes []CoinChange) {
		t.Helper()
		for _, c := range changes {
			if _, there := coins[c.Outpoint]; there == (c.Coin != nil) {
				t.Errorf("%v is set to %v, and was there: %v", c.Outpoint, c.Coin, there)
			}
			if c.Coin == nil {
				delete(coins, c.Outpoint)
			} else {
				coins[c.Outpoint] = c.Coin
			}
		}
	}
	apply(res.Changes)
	left := coinMap{{Hash: cb.ID()}: nil, {Hash: first.ID(), Index: 1}: nil, {Hash: second.ID()}: nil}
	for o := range left {
		if coins[o] == nil {
			t.Errorf("%v is missing", o)
		}
	}
	if len(coins) != len(left) || !coins[wire.OutPoint{Hash: cb.ID()}].Coinbase {
		t.Errorf("coins %v", coins)
	}
	apply(Disconnect(NewBlock(Header{}, []*Tx{cb, first, second}), res.Spent))
	if len(coins) != 1 || coins[in].Height != 7 || coins[in].Value != 10 {
		t.Errorf("after the way back: %v", coins)
	}
}

// TestHeightScript pins BIP34's form where the number of bytes changes.
func TestHeightScript(t *testing.T) {
	for height, want := range map[int32][]byte{
		0: {0x00}, 1: {0x51}, 15: {0x5f}, 16: {0x60}, 17: {1, 17}, 127: {1, 127}, 128: {2, 128, 0}, 255: {2, 255, 0}, 256: {2, 0, 1},
		32767: {2, 255, 127}, 32768: {3, 0, 128, 0}, 65535: {3, 255, 255, 0}, 65536: {3, 0, 0, 1},
		8388607: {3, 255, 255, 127}, 8388608: {4, 0, 0, 128, 0}, 2147483647: {4, 255, 255, 255, 127},
	} {
		if got := HeightScript(height); !bytes.Equal(got, want) {
			t.Errorf("height %d: % x, want % x", height, got, want)
		}
	}
	p := &Params{Maturity: 100, MaxWeight: 4_000_000}
	for _, height := range []int32{1, 16, 17, 127, 128, 32767, 32768} {
		for _, off := range []int32{-1, 0, 1} {
			b := NewBlock(Header{}, []*Tx{testCoinbase(height+off, 0)})
			err := CheckBlockInContext(b, height, 0, p)
			if (off == 0) != (err == nil) || off != 0 && !errors.Is(err, BadCoinbaseHeight) {
				t.Errorf("height %d in a block at %d: %v", height+off, height, err)
			}
		}
		// The script may not end within the height.
		short := testCoinbase(height, 0)
		short.Msg.TxIn[0].SignatureScript = HeightScript(height)[:len(HeightScript(height))-1]
		if err := CheckBlockInContext(NewBlock(Header{}, []*Tx{NewTx(short.Msg)}), height, 0, p); !errors.Is(err, BadCoinbaseHeight) {
			t.Errorf("height %d cut short: %v", height, err)
		}
	}
}

// TestKinds pins which faults are held against whom.
func TestKinds(t *testing.T) {
	for _, k := range []Kind{BadMerkleRoot, DuplicateTxs, BadWitnessNonceSize, BadWitnessMerkle, UnexpectedWitness} {
		if !k.Mutated() || k.Permanent() || !k.SenderFault() {
			t.Errorf("%s: mutated %v, permanent %v, sender %v", k, k.Mutated(), k.Permanent(), k.SenderFault())
		}
	}
	for _, k := range []Kind{TimeTooNew, PrevNotFound} {
		if k.Mutated() || k.Permanent() || k.SenderFault() {
			t.Errorf("%s: mutated %v, permanent %v, sender %v", k, k.Mutated(), k.Permanent(), k.SenderFault())
		}
	}
	for _, k := range []Kind{HighHash, BadBits, BadCoinbaseHeight, BadBlockWeight, BadCoinbaseAmount, ScriptFailed, MissingInputs} {
		if k.Mutated() || !k.Permanent() || !k.SenderFault() {
			t.Errorf("%s: mutated %v, permanent %v, sender %v", k, k.Mutated(), k.Permanent(), k.SenderFault())
		}
	}
}

func TestUnspendable(t *testing.T) {
	for _, tt := range []struct {
		script []byte
		want   bool
	}{
		{nil, false},
		{[]byte{txscript.OP_RETURN}, true},
		{[]byte{txscript.OP_TRUE, txscript.OP_RETURN}, false},
		{make([]byte, txscript.MaxScriptSize), false},
		{make([]byte, txscript.MaxScriptSize+1), true},
	} {
		if got := Unspendable(tt.script); got != tt.want {
			t.Errorf("script of %d bytes: %t, want %t", len(tt.script), got, tt.want)
		}
	}
}
