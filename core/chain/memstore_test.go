package chain_test

import (
	"testing"

	"orrery/core/chain"
	"orrery/core/chain/storetest"
)

func TestMemStoreConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) (chain.Store, func() chain.Store) {
		s := chain.NewMemStore()
		return s, func() chain.Store { return s }
	})
}

func BenchmarkMemStoreCommit(b *testing.B) {
	s := chain.NewMemStore()
	batches := make([]*chain.Batch, 10_000)
	for i := range batches {
		batches[i] = storetest.BlockBatch(uint64(i))
	}
	i := 0
	for b.Loop() {
		if err := s.Commit(batches[i%len(batches)], true); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkMemStoreSnapshot(b *testing.B) {
	s := chain.NewMemStore()
	for i := range uint64(1000) {
		if err := s.Commit(storetest.BlockBatch(i), true); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		v, err := s.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		v.Close()
	}
}
