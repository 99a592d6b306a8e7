package pebble

import (
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

const crashSeed = 62

// changes reports whether an operation changes what a crash leaves behind.
// Closing, removing and preallocating may fail without harm.
func changes(k errorfs.OpKind) bool {
	switch k {
	case errorfs.OpCreate, errorfs.OpLink, errorfs.OpRename, errorfs.OpReuseForWrite, errorfs.OpFileWrite, errorfs.OpFileWriteAt:
		return true
	}
	return syncs(k)
}

func syncs(k errorfs.OpKind) bool {
	return k == errorfs.OpFileSync || k == errorfs.OpFileSyncData || k == errorfs.OpFileSyncTo
}

// run is one life of a store: it opens, goes on with the history where the
// store is, and closes. Its counts may be read from other goroutines.
type run struct {
	fs           vfs.FS
	commits      uint64        // to make
	acknowledged atomic.Uint64 // commits that are durable, as far as Commit and Sync said
	err          error         // the first, of Open, Commit, Sync or Close
	fatal        error         // what Fatal yielded
	recovered    bool
	after        error // of a commit after an error, which must fail as well
	stuck        bool  // Pebble did not close
}

func (r *run) do(t *testing.T) {
	s, err := Open(Config{Dir: memDir, fs: r.fs})
	if r.err = err; err != nil {
		return
	}
	r.recovered = s.Recovered()
	r.err = r.commit(t, s)
	if r.err != nil {
		r.after = s.Commit(newHistory(crashSeed).next(), false)
	}
	if r.err != nil && r.after == nil {
		t.Errorf("a commit after the failure %v was accepted", r.err)
	}
	r.err = firstError(r.err, s.Close())
	r.stuck = s.stuck
	select {
	case r.fatal = <-s.Fatal():
	default:
	}
}

func (r *run) commit(t *testing.T, s *Store) error {
	n, err := applied(s)
	if err != nil {
		return err
	}
	h := newHistory(crashSeed)
	for h.n < n {
		h.next()
	}
	if err := h.m.Diff(s); err != nil {
		return err
	}
	for i := range r.commits {
		durable := i%3 == 1
		if err := s.Commit(h.next(), durable); err != nil {
			return err
		}
		if durable {
			r.acknowledged.Store(h.n)
		}
		switch i % 16 {
		case 5:
			if err := s.Sync(); err != nil {
				return err
			}
			r.acknowledged.Store(h.n)
		case 11: // as when a memtable is full
			if _, err := s.db.AsyncFlush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestCrash takes the power away before the n-th change to the disk, loses any
// part of what was not synced, in any order, and starts again; up to five
// times in a row, so recovery is interrupted as well.
func TestCrash(t *testing.T) {
	t.Parallel()
	const commits = 40
	seeds := uint64(80)
	if testing.Short() {
		seeds = 8
	}
	total := countChanges(t, commits)
	recoveries, crashes, inOpen := 0, 0, 0
	for seed := range seeds {
		rng := randv2.New(randv2.NewPCG(seed, 62))
		disk := vfs.NewCrashableMem()
		acknowledged := uint64(0)
		for range 1 + rng.IntN(5) {
			at := 1 + rng.IntN(total)
			if rng.IntN(3) == 0 {
				at = 1 + rng.IntN(25) // within Open
			}
			r := &run{commits: commits}
			r.acknowledged.Store(acknowledged)
			after, acked := crashAt(t, r, disk, int64(at), rng)
			if r.err != nil {
				t.Fatalf("seed %d: %v", seed, r.err)
			}
			if r.recovered {
				recoveries++
			}
			if after == nil {
				continue // it ended before
			}
			crashes++
			if acked == acknowledged {
				inOpen++
			}
			disk, acknowledged = after, acked
		}
		s, err := Open(Config{Dir: memDir, fs: disk})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		verify(t, s, crashSeed, acknowledged)
		if s.Recovered() {
			recoveries++
		}
		mustClose(t, s)
	}
	t.Logf("%d changes a run, %d crashes, %d of them before anything was acknowledged, %d recoveries", total, crashes, inOpen, recoveries)
	if recoveries == 0 || inOpen == 0 {
		t.Fatal("no start had to recover anything, or none was interrupted: the test proves nothing")
	}
}

func countChanges(t *testing.T, commits uint64) int {
	t.Helper()
	var n atomic.Int64
	r := &run{commits: commits, fs: errorfs.Wrap(vfs.NewCrashableMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if changes(op.Kind) {
			n.Add(1)
		}
		return nil
	}))}
	r.do(t)
	if r.err != nil {
		t.Fatal(r.err)
	}
	return int(n.Load())
}

// crashAt returns what is on the disk after a crash before the n-th change,
// and how many commits had been acknowledged then; nil when there were fewer.
func crashAt(t *testing.T, r *run, disk *vfs.MemFS, n int64, rng *randv2.Rand) (after *vfs.MemFS, acknowledged uint64) {
	t.Helper()
	var mu sync.Mutex
	percent := []int{0, 0, 30, 70, 100}[rng.IntN(5)]
	r.fs = errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !changes(op.Kind) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if n--; n == 0 {
			acknowledged = r.acknowledged.Load()
			after = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rng})
		}
		return nil
	}))
	r.do(t)
	mu.Lock()
	defer mu.Unlock()
	return after, acknowledged
}

// TestFaults lets the n-th operation fail, for every n in a range, once or
// from then on. The error must surface at once, nothing may be acknowledged
// after it, and what was acknowledged is there after the next start, even when
// all that was not synced is lost. With -short it is every ninth operation.
func TestFaults(t *testing.T) {
	t.Parallel()
	every := int64(1)
	if testing.Short() {
		every = 9
	}
	for _, c := range []struct {
		name   string
		kinds  func(errorfs.OpKind) bool
		err    error
		always bool
	}{
		{"fsync fails once", syncs, syscall.EIO, false},
		{"fsync fails from then on", syncs, syscall.EIO, true},
		{"disk full", changes, syscall.ENOSPC, true},
		{"disk full for one write", changes, syscall.ENOSPC, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			surfaced := 0
			for n := int64(1); ; n += every {
				hit := failAt(t, n, c.kinds, c.err, c.always)
				if t.Failed() {
					t.Fatalf("when operation %d failed", n)
				}
				if !hit {
					break
				}
				surfaced++
			}
			t.Logf("%d operations failed in turn", surfaced)
			if surfaced < 20/int(every) {
				t.Error("too few operations: the test proves nothing")
			}
		})
	}
}

func failAt(t *testing.T, n int64, kinds func(errorfs.OpKind) bool, injected error, always bool) (hit bool) {
	t.Helper()
	disk := vfs.NewCrashableMem()
	var left atomic.Int64
	left.Store(n)
	r := &run{commits: 24}
	var ackedAtFault atomic.Uint64
	r.fs = errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !kinds(op.Kind) {
			return nil
		}
		switch i := left.Add(-1); {
		case i == 0:
			ackedAtFault.Store(r.acknowledged.Load())
			return &faultError{op, injected}
		case i < 0 && always:
			return &faultError{op, injected}
		}
		return nil
	}))
	r.do(t)
	if r.stuck {
		t.Error("Pebble did not come to an end")
	}
	if left.Load() > 0 {
		if r.err != nil {
			t.Errorf("an error without a cause: %v", r.err)
		}
		return false
	}
	if r.err == nil {
		t.Error("the error did not surface")
	}
	if !errors.Is(r.err, injected) {
		t.Errorf("the error hides its cause: %v", r.err)
	}
	var typed *Error
	if !errors.As(r.err, &typed) || typed.Kind != ErrFailed && typed.Kind != ErrAccess {
		t.Errorf("the error is none of ours: %v", r.err)
	}
	if r.after != nil && r.fatal == nil {
		t.Error("Fatal yields nothing")
	}
	// One acknowledgement may be on its way while another goroutine fails.
	if acked := r.acknowledged.Load(); acked > ackedAtFault.Load()+3 {
		t.Errorf("%d commits acknowledged, %d at the time of the fault", acked, ackedAtFault.Load())
	}
	for _, percent := range []int{0, 100} {
		after := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: randv2.New(randv2.NewPCG(1, 1))})
		s, err := Open(Config{Dir: memDir, fs: after})
		if err != nil {
			t.Errorf("the next start fails: %v", err)
			continue
		}
		verify(t, s, crashSeed, r.acknowledged.Load())
		mustClose(t, s)
	}
	return true
}

type faultError struct {
	op  errorfs.Op
	err error
}

func (e *faultError) Error() string {
	return fmt.Sprintf("op %d on %s: %v", e.op.Kind, e.op.Path, e.err)
}
func (e *faultError) Unwrap() error { return e.err }

// TestReadFaults lets the n-th read fail.
func TestReadFaults(t *testing.T) {
	t.Parallel()
	disk := vfs.NewMem()
	r := &run{commits: 60, fs: disk}
	if r.do(t); r.err != nil {
		t.Fatal(r.err)
	}
	files, h := readImage(t, disk), newHistory(crashSeed)
	for h.n < 60 {
		h.next()
	}
	hits := 0
	for n := int64(1); ; n++ {
		var left atomic.Int64
		left.Store(n)
		faulty := errorfs.Wrap(files.mount(t), errorfs.InjectorFunc(func(op errorfs.Op) error {
			if (op.Kind == errorfs.OpFileRead || op.Kind == errorfs.OpFileReadAt || op.Kind == errorfs.OpOpen) && left.Add(-1) == 0 {
				return &faultError{op, syscall.EIO}
			}
			return nil
		}))
		s, err := Open(Config{Dir: memDir, fs: faulty})
		if err == nil {
			err = h.m.Diff(s)
			select {
			case <-s.Fatal():
			default:
				if err != nil {
					t.Errorf("read %d: a reader met %v, and the owner was not told", n, err)
				}
			}
			_ = s.Close() // repeats the failure
		}
		if left.Load() > 0 {
			if err != nil {
				t.Errorf("an error without a cause: %v", err)
			}
			break
		}
		hits++
		var typed *Error
		if err != nil && !errors.As(err, &typed) {
			t.Errorf("read %d: the error is none of ours: %v", n, err)
		}
	}
	t.Logf("%d reads failed in turn", hits)
	if hits < 10 {
		t.Error("too few reads: the test proves nothing")
	}
}
