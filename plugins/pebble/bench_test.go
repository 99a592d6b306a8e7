package pebble

import (
	"math/rand"
	"runtime"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/chain/storetest"
	"orrery/core/consensus"
)

func benchCommit(b *testing.B, durable bool) {
	s := mustOpen(b, Config{Dir: b.TempDir()})
	defer mustClose(b, s)
	batches := make([]*chain.Batch, 20_000)
	for i := range batches {
		batches[i] = storetest.BlockBatch(uint64(i))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := s.Commit(batches[i%len(batches)], durable); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkCommitEmptyBlock(b *testing.B)        { benchCommit(b, false) }
func BenchmarkCommitEmptyBlockDurable(b *testing.B) { benchCommit(b, true) }

// BenchmarkCommit1000EmptyBlocks is the storage part of generatetoaddress
// 1000: durable when it returns. Without the flushes of an endless run.
func BenchmarkCommit1000EmptyBlocks(b *testing.B) {
	batches := make([]*chain.Batch, 1000)
	for i := range batches {
		batches[i] = storetest.BlockBatch(uint64(i))
	}
	for b.Loop() {
		b.StopTimer()
		s := mustOpen(b, Config{Dir: b.TempDir()})
		b.StartTimer()
		for _, batch := range batches {
			if err := s.Commit(batch, false); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Sync(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		mustClose(b, s)
		b.StartTimer()
	}
}

func BenchmarkSnapshot(b *testing.B) {
	s := filled(b, Config{Dir: b.TempDir()}, 1000)
	defer mustClose(b, s)
	for b.Loop() {
		snap, err := s.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		if err := snap.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// filled returns a store with n connected blocks.
func filled(t testing.TB, cfg Config, n uint64) *Store {
	t.Helper()
	s := mustOpen(t, cfg)
	for i := range n {
		if err := s.Commit(storetest.BlockBatch(i), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Sync(); err != nil {
		t.Fatal(err)
	}
	return s
}

// BenchmarkOpen1000Blocks reads all entries too, as a node does.
func BenchmarkOpen1000Blocks(b *testing.B) {
	cfg := Config{Dir: b.TempDir()}
	mustClose(b, filled(b, cfg, 1000))
	for b.Loop() {
		s := mustOpen(b, cfg)
		n := 0
		if err := s.Entries(func(chain.Entry) error { n++; return nil }); err != nil || n != 1000 {
			b.Fatal(n, err)
		}
		b.StopTimer()
		mustClose(b, s)
		b.StartTimer()
	}
}

// BenchmarkRecover1000Blocks opens what a killed process left: all in the log.
func BenchmarkRecover1000Blocks(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		cfg := Config{Dir: b.TempDir()}
		s := filled(b, cfg, 1000)
		s.abandon(b)
		b.StartTimer()
		s = mustOpen(b, cfg)
		b.StopTimer()
		if !s.Recovered() {
			b.Fatal("nothing to recover")
		}
		mustClose(b, s)
		b.StartTimer()
	}
}

// abandon closes Pebble without moving the log into tables.
func (s *Store) abandon(t testing.TB) {
	t.Helper()
	if err := firstError(s.db.Close(), s.lock.Close()); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkClose1000Blocks(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		s := filled(b, Config{Dir: b.TempDir()}, 1000)
		b.StartTimer()
		mustClose(b, s)
	}
}

// BenchmarkRead1000ColdCoins reads coins of a set of 200,000 right after
// opening: the block cache is empty, the operating system's is not.
func BenchmarkRead1000ColdCoins(b *testing.B) {
	cfg := Config{Dir: b.TempDir()}
	s := mustOpen(b, cfg)
	var all []wire.OutPoint
	for n := range uint64(200) {
		block := storetest.NewBlock(n, 10, 100, 25)
		var batch chain.Batch
		for _, tx := range block.Txs {
			for i, out := range tx.Msg.TxOut {
				o := wire.OutPoint{Hash: tx.ID(), Index: uint32(i)}
				batch.Coins = append(batch.Coins, consensus.CoinChange{Outpoint: o, Coin: &consensus.Coin{Value: out.Value, Script: out.PkScript, Height: int32(n)}})
				all = append(all, o)
			}
		}
		if err := s.Commit(&batch, false); err != nil {
			b.Fatal(err)
		}
	}
	mustClose(b, s)
	r := rand.New(rand.NewSource(1))
	for b.Loop() {
		b.StopTimer()
		s := mustOpen(b, cfg)
		b.StartTimer()
		for range 1000 {
			if c, err := s.Coin(all[r.Intn(len(all))]); err != nil || c == nil {
				b.Fatal(c, err)
			}
		}
		b.StopTimer()
		mustClose(b, s)
		b.StartTimer()
	}
}

// BenchmarkMemory reports what the store adds to the heap and to the process
// after 1,000 blocks.
func BenchmarkMemory1000Blocks(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		s := filled(b, Config{Dir: b.TempDir()}, 1000)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapInuse-before.HeapInuse)/1e6, "MB-heap")
		b.ReportMetric(float64(after.Sys-before.Sys)/1e6, "MB-from-system")
		mustClose(b, s)
	}
}
