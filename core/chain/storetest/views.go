package storetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

func testWholeBatch(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	for n := range uint64(20) {
		b := BlockBatch(n)
		if n > 0 {
			prev := BlockBatch(n - 1).Coins[0]
			b.Coins = append(b.Coins, consensus.CoinChange{Outpoint: prev.Outpoint})
			b.Undos[0].Spent = []consensus.Coin{*prev.Coin}
		}
		b.Meta = []chain.KV{{Key: "height", Value: binary.BigEndian.AppendUint64(nil, n)}}
		commit(t, s, m, b)
		check(t, s, m)
	}
}

func testSnapshotIsolation(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	type view struct {
		snap chain.Snapshot
		want *Model
		next *chain.Batch
	}
	var views []view
	for n := range uint64(5) {
		b := BlockBatch(n)
		b.Meta = []chain.KV{{Key: "height", Value: []byte{byte(n)}}, {Key: fmt.Sprint("at", n), Value: []byte{1}}}
		b.Undos = append(b.Undos, chain.Undo{Seq: 1 << 20, Spent: []consensus.Coin{*coin(int64(n))}})
		if n > 0 {
			views[n-1].next = b
			b.Coins = append(b.Coins, consensus.CoinChange{Outpoint: BlockBatch(n - 1).Coins[0].Outpoint})
			b.Meta = append(b.Meta, chain.KV{Key: fmt.Sprint("at", n-1)})
			b.Txs = append(b.Txs, chain.TxRef{Txid: BlockBatch(0).Txs[0].Txid, Pos: chain.TxPos{Seq: n}})
		}
		commit(t, s, m, b)
		views = append(views, view{snap: snapshot(t, s), want: m.Clone()})
	}
	for i, v := range views {
		if err := v.want.DiffSnapshot(v.snap); err != nil {
			t.Fatalf("snapshot %d after later commits: %v", i, err)
		}
		if v.next == nil {
			continue
		}
		_, err := v.snap.Block(v.next.Bodies[0].Seq)
		wantNotFound(t, "block of a later commit", err)
		_, err = v.snap.Undo(v.next.Undos[0].Seq)
		wantNotFound(t, "undo of a later commit", err)
		_, err = v.snap.TxPos(v.next.Txs[0].Txid)
		wantNotFound(t, "transaction of a later commit", err)
		if c, err := v.snap.Coin(v.next.Coins[0].Outpoint); c != nil || err != nil {
			t.Fatalf("coin of a later commit: %v, %v", c, err)
		}
	}
}

// testSnapshotAtomicity takes views in the loop that commits, and reads them
// in other goroutines: a view has all of the n-th batch and nothing after it.
func testSnapshotAtomicity(t *testing.T, open Opener) {
	s, _ := open(t)
	const keys = 20
	var wg sync.WaitGroup
	defer wg.Wait()
	for n := range byte(100) {
		b := &chain.Batch{}
		for k := range byte(keys) {
			b.Coins = append(b.Coins, consensus.CoinChange{Outpoint: outpoint(k, 0), Coin: coin(int64(n))})
			b.Meta = append(b.Meta, chain.KV{Key: string('a' + rune(k)), Value: []byte{n}})
		}
		if err := s.Commit(b, false); err != nil {
			t.Fatal(err)
		}
		snap := snapshot(t, s)
		wg.Go(func() {
			for k := range byte(keys) {
				c, err := snap.Coin(outpoint(k, 0))
				if err != nil || c == nil || c.Value != int64(n) {
					t.Errorf("view of commit %d: coin %d is %v, %v", n, k, c, err)
				}
				if v, err := snap.Meta(string('a' + rune(k))); err != nil || !slices.Equal(v, []byte{n}) {
					t.Errorf("view of commit %d: name %d is %v, %v", n, k, v, err)
				}
			}
		})
	}
}

func testSnapshotConcurrency(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	for n := range uint64(10) {
		commit(t, s, m, BlockBatch(n))
	}
	snap := snapshot(t, s)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				if err := m.DiffSnapshot(snap); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := uint64(10); n < 60; n++ {
		if err := s.Commit(BlockBatch(n), false); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func testSnapshotClosed(t *testing.T, open Opener) {
	s, _ := open(t)
	m := NewModel()
	for n := range uint64(3) {
		commit(t, s, m, BlockBatch(n))
	}
	snap, other := snapshot(t, s), snapshot(t, s)
	// Close may come while others read: each read is right or an error.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				c, err := snap.Coin(BlockBatch(0).Coins[0].Outpoint)
				if err != nil {
					return
				}
				if c == nil {
					t.Error("a coin is missing from a snapshot that is being closed")
					return
				}
			}
		})
	}
	if err := snap.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wg.Wait()
	_, errCoin := snap.Coin(outpoint(1, 0))
	_, errBlock := snap.Block(0)
	_, errUndo := snap.Undo(0)
	_, errTx := snap.TxPos(hash(1))
	_, errMeta := snap.Meta("a")
	errRange := snap.MetaRange("", func(string, []byte) error { return nil })
	errEach := snap.EachCoin(func(wire.OutPoint, *consensus.Coin) error { return nil })
	for i, err := range []error{errCoin, errBlock, errUndo, errTx, errMeta, errRange, errEach} {
		if err == nil || errors.Is(err, chain.ErrNotFound) {
			t.Errorf("method %d of a closed snapshot: error %v, want one that says so", i, err)
		}
	}
	if err := snap.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if err := m.DiffSnapshot(other); err != nil {
		t.Errorf("closing one snapshot changed another: %v", err)
	}
	check(t, s, m)
}

func testReopen(t *testing.T, open Opener) {
	s, reopen := open(t)
	m := NewModel()
	for n := range uint64(50) {
		b := BlockBatch(n)
		b.Meta = []chain.KV{{Key: fmt.Sprint("k", n%7), Value: []byte{byte(n)}}}
		if n%5 == 4 {
			b.Meta[0].Value = nil
			b.Coins = append(b.Coins, consensus.CoinChange{Outpoint: BlockBatch(n - 1).Coins[0].Outpoint})
		}
		commit(t, s, m, b)
		if n%10 == 0 {
			s = reopen()
			check(t, s, m)
		}
	}
	s = reopen()
	check(t, s, m)
	s = reopen() // with nothing written in between
	check(t, s, m)
}

func testRandom(t *testing.T, open Opener) {
	for seed := range int64(5) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			s, reopen := open(t)
			m := NewModel()
			r := rand.New(rand.NewSource(seed))
			for n := range uint64(60) {
				b := RandomBatch(r, n, m)
				if err := s.Commit(b, r.Intn(10) == 0); err != nil {
					t.Fatal(err)
				}
				m.Apply(b)
				switch {
				case r.Intn(15) == 0:
					s = reopen()
					check(t, s, m)
				case r.Intn(5) == 0:
					check(t, s, m)
				}
			}
			check(t, s, m)
		})
	}
}

// RandomBatch returns the n-th batch of a random history whose contents so
// far are m. No two batches of a history are alike.
func RandomBatch(r *rand.Rand, n uint64, m *Model) *chain.Batch {
	b := BlockBatch(n)
	b.Meta = []chain.KV{{Key: "n", Value: binary.BigEndian.AppendUint64(nil, n)}}
	for _, o := range slices.SortedFunc(maps.Keys(m.Coins), compareOutpoints) {
		if r.Intn(4) == 0 {
			b.Undos[0].Spent = append(b.Undos[0].Spent, m.Coins[o])
			b.Coins = append(b.Coins, consensus.CoinChange{Outpoint: o})
		}
	}
	for i := range r.Intn(5) {
		o := wire.OutPoint{Hash: b.Txs[0].Txid, Index: uint32(i + 1)}
		b.Coins = append(b.Coins, consensus.CoinChange{Outpoint: o, Coin: &consensus.Coin{Value: r.Int63(), Script: script(n, r.Intn(200)), Height: int32(n)}})
	}
	if n > 0 && r.Intn(3) == 0 {
		seq := uint64(r.Int63n(int64(n)))
		e := m.Entries[seq]
		e.Status, e.Reason = e.Status|chain.Failed, "bad-cb-amount"
		e.Seq = seq
		b.Entries = append(b.Entries, e)
	}
	for i := range 5 {
		kv := chain.KV{Key: fmt.Sprint("key", i)}
		if r.Intn(3) > 0 {
			kv.Value = script(n+uint64(i), r.Intn(2000))
		}
		b.Meta = append(b.Meta, kv)
	}
	return b
}
