package pebble

import (
	"errors"
	"os"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
	"go.uber.org/goleak"

	"orrery/core/chain"
	"orrery/core/chain/storetest"
	"orrery/core/consensus"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		childMain(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func mustOpen(t testing.TB, cfg Config) *Store {
	t.Helper()
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (chain.Store, func() chain.Store) {
		cfg := Config{Dir: t.TempDir()}
		s := mustOpen(t, cfg)
		t.Cleanup(func() { mustClose(t, s) })
		return s, func() chain.Store {
			mustClose(t, s)
			s = mustOpen(t, cfg)
			return s
		}
	})
}

// TestConformsAcrossCompaction runs the suite with everything in tables of
// the lowest level before each read after a reopening.
func TestConformsAcrossCompaction(t *testing.T) {
	storetest.Run(t, func(t *testing.T) (chain.Store, func() chain.Store) {
		cfg := Config{Dir: t.TempDir()}
		s := mustOpen(t, cfg)
		t.Cleanup(func() { mustClose(t, s) })
		return s, func() chain.Store {
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := s.db.Compact(t.Context(), []byte{0}, []byte{0xff}, false); err != nil {
				t.Fatal(err)
			}
			mustClose(t, s)
			s = mustOpen(t, cfg)
			return s
		}
	})
}

func TestUseAfterClose(t *testing.T) {
	s := mustOpen(t, Config{Dir: t.TempDir()})
	if err := s.Commit(storetest.BlockBatch(1), false); err != nil {
		t.Fatal(err)
	}
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	mustClose(t, s) // again does nothing
	_, errTip := s.Tip()
	_, errBlock := s.Block(1)
	_, errView := s.Snapshot()
	_, errSnap := snap.Block(1)
	_, errSize := s.DiskUsage()
	for i, err := range []error{errTip, errBlock, errView, errSnap, errSize, s.Sync(),
		s.Commit(storetest.BlockBatch(2), false), s.Commit(storetest.BlockBatch(2), true)} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("call %d after Close: %v, want ErrClosed", i, err)
		}
	}
	if err := snap.Close(); err != nil {
		t.Errorf("closing a snapshot after the store: %v", err)
	}
	select {
	case err := <-s.Fatal():
		t.Errorf("use after Close is no failure of the storage, but Fatal yields %v", err)
	default:
	}
}

func TestScanEndsWhenClosed(t *testing.T) {
	s := filled(t, Config{Dir: t.TempDir()}, 10)
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = snap.EachCoin(func(wire.OutPoint, *consensus.Coin) error {
		seen++
		return snap.Close()
	})
	if !errors.Is(err, ErrClosed) || seen != 1 {
		t.Errorf("EachCoin of a snapshot that is being closed: %v after %d coins, want ErrClosed after 1", err, seen)
	}
	mustClose(t, s)
}

func TestDiskUsage(t *testing.T) {
	s := mustOpen(t, Config{Dir: t.TempDir()})
	defer mustClose(t, s)
	for n := range uint64(100) {
		if err := s.Commit(storetest.BlockBatch(n), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	if n, err := s.DiskUsage(); err != nil || n < 10_000 {
		t.Fatalf("DiskUsage() = %d, %v after a hundred blocks", n, err)
	}
}
