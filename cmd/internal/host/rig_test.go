package host

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"go.uber.org/goleak"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/plugins/pebble"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// spy is a store that knows what has reached the disk, and that tests can hold
// up and break.
type spy struct {
	chain.Store

	mu        sync.Mutex
	commits   int
	synced    int // of the commits
	syncs     int
	tips      map[chainhash.Hash]int // the last commit that made it the tip
	open      int                    // snapshots
	commitErr error
	syncErr   error
	onCommit  func()        // in the loop's goroutine, with nothing locked
	gate      chan struct{} // when set, Sync waits until it is closed
	arrived   chan struct{} // gets a value when Sync waits
}

func newSpy(s chain.Store) *spy {
	return &spy{Store: s, tips: map[chainhash.Hash]int{}, arrived: make(chan struct{}, 1)}
}

func (s *spy) Commit(b *chain.Batch, durable bool) error {
	s.mu.Lock()
	on, err := s.onCommit, s.commitErr
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if on != nil {
		on()
	}
	if err := s.Store.Commit(b, durable); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits++
	if durable {
		s.synced = s.commits
	}
	if b.Tip != nil {
		s.tips[*b.Tip] = s.commits
	}
	return nil
}

func (s *spy) Sync() error {
	s.mu.Lock()
	gate, err, upTo := s.gate, s.syncErr, s.commits
	s.mu.Unlock()
	if gate != nil {
		select {
		case s.arrived <- struct{}{}:
		default:
		}
		<-gate
	}
	if err == nil {
		err = s.Store.Sync()
	}
	if err == nil {
		s.mu.Lock()
		s.syncs++
		s.synced = upTo
		s.mu.Unlock()
	}
	return err
}

func (s *spy) Snapshot() (chain.Snapshot, error) {
	snap, err := s.Store.Snapshot()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return &spiedSnapshot{Snapshot: snap, s: s}, nil
}

type spiedSnapshot struct {
	chain.Snapshot
	s    *spy
	once sync.Once
}

func (s *spiedSnapshot) Close() error {
	s.once.Do(func() {
		s.s.mu.Lock()
		defer s.s.mu.Unlock()
		s.s.open--
	})
	return s.Snapshot.Close()
}

// set changes the spy's fields.
func (s *spy) set(f func(*spy)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// hold makes Sync wait until release is called.
func (s *spy) hold() (release func()) {
	gate := make(chan struct{})
	s.set(func(s *spy) { s.gate = gate })
	return func() {
		s.set(func(s *spy) { s.gate = nil })
		close(gate)
	}
}

// wantDurable fails unless the commit that made hash the tip was synced.
func (s *spy) wantDurable(t testing.TB, hash chainhash.Hash) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, ok := s.tips[hash]; !ok || n > s.synced {
		t.Errorf("%v was the tip at commit %d (%v), the disk has %d", hash, n, ok, s.synced)
	}
}

// rig is a running host.
type rig struct {
	testing.TB
	chaintest.Maker
	*Host
	store *spy
	stop  context.CancelFunc
	fatal chan error // of the store, in the background
	ended chan error // gets Run's error
}

// newRig runs a host on a store; nil: in memory.
func newRig(t testing.TB, s chain.Store) *rig {
	t.Helper()
	if s == nil {
		s = chain.NewMemStore()
	}
	r := &rig{TB: t, Maker: chaintest.NewMaker(1), store: newSpy(s), ended: make(chan error, 1), fatal: make(chan error, 1)}
	clock := NewClock()
	n, err := node.Open(node.Config{
		Chain:   chain.Config{Params: r.Params, Store: r.store, Verifier: consensus.SerialVerifier{}, Rules: r.Rules},
		Mempool: mempool.DefaultConfig(),
	}, clock.Now().UnixNano())
	if err != nil {
		t.Fatal(err)
	}
	if r.Host, err = New(n, r.store, clock); err != nil {
		t.Fatal(err)
	}
	r.SetFatal(r.fatal)
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() {
		r.ended <- r.Run(ctx)
		close(r.ended)
	}()
	t.Cleanup(func() {
		stop()
		<-r.ended
		r.Close()
		r.store.mu.Lock()
		defer r.store.mu.Unlock()
		if r.store.open != 0 {
			t.Errorf("%d snapshots were not closed", r.store.open)
		}
	})
	return r
}

// openPebble opens a store on the disk, closed at the end of the test.
func openPebble(t testing.TB) chain.Store {
	t.Helper()
	s, err := pebble.Open(pebble.Config{Dir: filepath.Join(t.TempDir(), "chain")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// submit offers blocks one after the other.
func (r *rig) submit(durable bool, blocks ...*chaintest.Block) {
	r.Helper()
	for _, b := range blocks {
		if err := r.SubmitBlock(r.Context(), b.Block, durable); err != nil && err != node.ErrInconclusive {
			r.Fatalf("%s: %v", b.Name, err)
		}
	}
}

// async starts a request and returns where its error will come.
func async(f func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- f() }()
	return c
}

// queued waits until so many requests wait for the loop.
func (r *rig) queued(n int) {
	r.Helper()
	for deadline := time.Now().Add(time.Minute); len(r.requests) < n; runtime.Gosched() {
		if time.Now().After(deadline) {
			r.Fatalf("%d requests wait, want %d", len(r.requests), n)
		}
	}
}

// busy makes the loop wait in Sync until release is called; what is submitted
// meanwhile comes as one group.
func (r *rig) busy() (release func()) {
	r.Helper()
	open := r.store.hold()
	flushed := async(func() error { return r.Flush(r.Context()) })
	<-r.store.arrived
	return func() {
		r.Helper()
		open()
		if err := <-flushed; err != nil {
			r.Errorf("flush: %v", err)
		}
	}
}

// tip is the tip that readers see.
func (r *rig) tip() chainhash.Hash {
	v, release := r.Acquire()
	defer release()
	return v.Tip.Hash
}
