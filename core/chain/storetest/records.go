package storetest

import (
	"errors"
	"math"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

var errStop = errors.New("stop")

func testEmpty(t *testing.T, open Opener) {
	s, _ := open(t)
	check(t, s, NewModel())
	for _, r := range []reader{s, snapshot(t, s)} {
		_, err := r.Block(0)
		wantNotFound(t, "Block", err)
		_, err = r.Undo(0)
		wantNotFound(t, "Undo", err)
		_, err = r.TxPos(hash(1))
		wantNotFound(t, "TxPos", err)
		if v, err := r.Meta("x"); v != nil || err != nil {
			t.Fatalf("Meta = %v, %v, want nil, nil", v, err)
		}
		if c, err := r.Coin(outpoint(1, 0)); c != nil || err != nil {
			t.Fatalf("Coin = %v, %v, want nil, nil", c, err)
		}
	}
}

func testEmptyBatch(t *testing.T, open Opener) {
	s, _ := open(t)
	for _, durable := range []bool{false, true} {
		if err := s.Commit(&chain.Batch{}, durable); err != nil {
			t.Fatalf("Commit of an empty batch, durable %v: %v", durable, err)
		}
	}
	if err := s.Sync(); err != nil {
		t.Fatalf("Sync: %v", err)
	}
	check(t, s, NewModel())
}

func testEntries(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	full := chain.Entry{Header: consensus.Header{Version: math.MinInt32, Prev: hash(1), MerkleRoot: hash(2),
		Time: math.MaxUint32, Bits: math.MaxUint32, Nonce: math.MaxUint32},
		Status: chain.HaveBody | chain.Connected | chain.Failed | chain.Revoked, TxN: math.MaxUint32, Size: math.MaxUint32,
		Issued: consensus.MaxMoney, Reason: "bad-version(0x00000003)"}
	// Sequence numbers that order differently as text or in little-endian.
	for _, seq := range []uint64{256, 1, math.MaxUint64, 255, 0, 1 << 40, 2, 10} {
		e := full
		e.Seq = seq
		e.Header.Time = uint32(seq)
		commit(t, s, m, &chain.Batch{Entries: []chain.Entry{e}})
	}
	check(t, s, m)
	commit(t, s, m, &chain.Batch{Entries: []chain.Entry{{Seq: 1}, {Seq: 3}, {Seq: 255, Status: chain.Failed, Reason: "high-hash"}}})
	check(t, s, m)
}

func testEntriesStop(t *testing.T, open Opener) {
	s, _ := open(t)
	for n := range uint64(5) {
		if err := s.Commit(BlockBatch(n), false); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	err := s.Entries(func(e chain.Entry) error {
		if seen++; e.Seq == 2 {
			return errStop
		}
		return nil
	})
	if !errors.Is(err, errStop) || seen != 3 {
		t.Fatalf("Entries: %v after %d entries, want the error of yield after 3", err, seen)
	}
}

func testBodies(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	for n, b := range []*consensus.Block{NewBlock(1, 1, 1, 25), NewBlock(2, 3, 2, 0), NewBlock(3, 50, 4, 100), NewBlock(4, 0, 0, 0)} {
		commit(t, s, m, &chain.Batch{Bodies: []chain.Body{{Seq: uint64(n) * 200, Block: b}}})
	}
	check(t, s, m)
	_, err := s.Block(1)
	wantNotFound(t, "Block between two others", err)
	_, err = s.Undo(0)
	wantNotFound(t, "Undo of a block that was never connected", err)
	b, err := s.Block(400)
	if err != nil {
		t.Fatal(err)
	}
	if b.Size() != m.Bodies[400].Size() || b.StrippedSize() != m.Bodies[400].StrippedSize() || b.Txs[49].WitnessID() != m.Bodies[400].Txs[49].WitnessID() {
		t.Fatal("a block came back without its witnesses")
	}
}

func testUndos(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	// The order is that of spending, which no order of the coins gives.
	spent := []consensus.Coin{*coin(3), {Value: 0}, *coin(1), {Value: consensus.MaxMoney, Script: script(1, 10_000), Height: math.MaxInt32, Coinbase: true}, *coin(2)}
	commit(t, s, m, &chain.Batch{Undos: []chain.Undo{{Seq: 5, Spent: spent}, {Seq: 6}, {Seq: 7, Spent: spent[:1]}}})
	check(t, s, m)
	if u, err := s.Undo(6); err != nil || len(u) != 0 {
		t.Fatalf("Undo of a block that spends nothing = %v, %v, want none and no error", u, err)
	}
	commit(t, s, m, &chain.Batch{Undos: []chain.Undo{{Seq: 5, Spent: spent[2:]}}})
	check(t, s, m)
	got, err := s.Undo(5)
	if err != nil {
		t.Fatal(err)
	}
	got[0].Value = 99
	check(t, s, m)
}

func testTxPositions(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	commit(t, s, m, &chain.Batch{Txs: []chain.TxRef{
		{Txid: chainhash.Hash{}},
		{Txid: hash(1), Pos: chain.TxPos{Seq: 1, Index: 2}},
		{Txid: hash(255), Pos: chain.TxPos{Seq: math.MaxUint64, Index: math.MaxUint32}},
	}})
	check(t, s, m)
	_, err := s.TxPos(hash(2))
	wantNotFound(t, "TxPos", err)
	// A reorg puts the transaction into another block.
	commit(t, s, m, &chain.Batch{Txs: []chain.TxRef{{Txid: hash(1), Pos: chain.TxPos{Seq: 9}}}})
	check(t, s, m)
}

func testTip(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	for _, n := range []byte{1, 2} {
		h := hash(n)
		commit(t, s, m, &chain.Batch{Tip: &h})
		check(t, s, m)
		h[5] = 0xee // the store must have its own copy
		check(t, s, m2(m, hash(n)))
	}
	commit(t, s, m, &chain.Batch{Entries: []chain.Entry{{Seq: 1}}})
	m.Hash = hash(2)
	check(t, s, m)
	var zero chainhash.Hash
	commit(t, s, m, &chain.Batch{Tip: &zero})
	check(t, s, m)
}

func m2(m *Model, tip chainhash.Hash) *Model {
	c := m.Clone()
	c.Hash = tip
	return c
}

func testBigValues(t *testing.T, open Opener) {
	s, reopen := open(t)
	m := NewModel()
	big := NewBlock(1, 4, 1, 950_000) // close to the 4 MB that a block can have
	commit(t, s, m, &chain.Batch{
		Bodies: []chain.Body{{Seq: 1, Block: big}, {Seq: 2, Block: NewBlock(2, 1, 1, 9)}},
		Undos:  []chain.Undo{{Seq: 1, Spent: []consensus.Coin{{Value: 1, Script: script(2, 1_000_000)}}}},
		Coins:  []consensus.CoinChange{{Outpoint: outpoint(1, 0), Coin: &consensus.Coin{Value: 1, Script: script(3, 1_000_000)}}},
		Meta:   []chain.KV{{Key: long("k", 5000), Value: script(4, 3_000_000)}},
	})
	check(t, s, m)
	check(t, reopen(), m)
}
