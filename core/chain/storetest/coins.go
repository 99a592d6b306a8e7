package storetest

import (
	"errors"
	"math"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

func testCoinEdges(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	for i, c := range []consensus.Coin{
		{},
		{Value: 0, Script: []byte{}, Height: 0, Coinbase: true},
		{Value: 0, Script: []byte{0}, Height: 1},
		{Value: 1, Height: math.MaxInt32},
		{Value: consensus.MaxMoney, Script: script(9, 10_000), Height: math.MaxInt32, Coinbase: true},
		{Value: math.MaxInt64, Script: []byte{0xff}, Height: 300},
	} {
		for _, index := range []uint32{0, math.MaxUint32} {
			commit(t, s, m, &chain.Batch{Coins: []consensus.CoinChange{{Outpoint: outpoint(byte(i), index), Coin: &c}}})
		}
	}
	check(t, s, m)
	for _, o := range []wire.OutPoint{outpoint(0, 1), outpoint(0, math.MaxUint32-1), outpoint(200, 0)} {
		if c, err := s.Coin(o); c != nil || err != nil {
			t.Fatalf("Coin(%v) = %v, %v, want nil, nil", o, c, err)
		}
	}
}

func testCoinsComeAndGo(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	change := func(changes ...consensus.CoinChange) {
		t.Helper()
		commit(t, s, m, &chain.Batch{Coins: changes})
		check(t, s, m)
	}
	o := func(i uint32) wire.OutPoint { return outpoint(1, i) }
	change(consensus.CoinChange{Outpoint: o(0), Coin: coin(1)}, consensus.CoinChange{Outpoint: o(1), Coin: coin(2)}, consensus.CoinChange{Outpoint: o(2), Coin: coin(3)})
	change(consensus.CoinChange{Outpoint: o(1)})
	change(consensus.CoinChange{Outpoint: o(1)}) // removing what is not there is no error
	// Out of order, and interrupted by another transaction.
	change(consensus.CoinChange{Outpoint: o(3), Coin: coin(4)}, consensus.CoinChange{Outpoint: o(0)},
		consensus.CoinChange{Outpoint: outpoint(2, 0), Coin: coin(5)}, consensus.CoinChange{Outpoint: o(1), Coin: coin(6)})
	change(consensus.CoinChange{Outpoint: o(1), Coin: coin(7)}) // a coin can be replaced
	change(consensus.CoinChange{Outpoint: o(1)}, consensus.CoinChange{Outpoint: o(2)}, consensus.CoinChange{Outpoint: o(3)})
	change(consensus.CoinChange{Outpoint: outpoint(9, 9)})
	change(consensus.CoinChange{Outpoint: o(2), Coin: coin(3)})
}

func testEachCoin(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	// Output indexes that order differently as text or in little-endian.
	for _, n := range []byte{200, 3, 0, 255, 100} {
		for _, i := range []uint32{256, 1, 65536, 0, 255, 10, 2} {
			commit(t, s, m, &chain.Batch{Coins: []consensus.CoinChange{{Outpoint: outpoint(n, i), Coin: coin(int64(i))}}})
		}
	}
	// Other kinds of records must not get in between.
	commit(t, s, m, BlockBatch(1))
	commit(t, s, m, &chain.Batch{Meta: []chain.KV{{Key: long("c", 36), Value: []byte("c")}}})
	check(t, s, m)
	seen := 0
	err := snapshot(t, s).EachCoin(func(wire.OutPoint, *consensus.Coin) error {
		if seen++; seen == 4 {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) || seen != 4 {
		t.Fatalf("EachCoin: %v after %d coins, want the error of yield after 4", err, seen)
	}
	// What EachCoin yields stays valid after the call.
	var kept []*consensus.Coin
	err = snapshot(t, s).EachCoin(func(_ wire.OutPoint, c *consensus.Coin) error { kept = append(kept, c); return nil })
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	err = snapshot(t, s).EachCoin(func(_ wire.OutPoint, c *consensus.Coin) error {
		if coinText(kept[i]) != coinText(c) {
			t.Fatalf("coin %d changed after the call: %s, want %s", i, coinText(kept[i]), coinText(c))
		}
		i++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
