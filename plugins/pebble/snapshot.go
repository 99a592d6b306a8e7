package pebble

import (
	"sync"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// gate lets readers in until it is shut. The last reader to leave after that,
// or shut itself, runs the release; Pebble panics when it is used after Close.
type gate struct {
	mu       sync.Mutex
	readers  int
	isShut   bool
	err      error // what readers get once it is shut
	release  func() error
	released chan struct{}
	relErr   error // of release, after released
}

func newGate(whenShut error, release func() error) *gate {
	return &gate{err: whenShut, release: release, released: make(chan struct{})}
}

func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isShut {
		return g.err
	}
	g.readers++
	return nil
}

func (g *gate) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isShut {
		return g.err
	}
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	g.readers--
	last := g.isShut && g.readers == 0
	g.mu.Unlock()
	if last {
		g.finish()
	}
}

// shut keeps new readers out; it does not wait for those inside.
func (g *gate) shut() {
	g.mu.Lock()
	empty := !g.isShut && g.readers == 0
	g.isShut = true
	g.mu.Unlock()
	if empty {
		g.finish()
	}
}

func (g *gate) finish() {
	g.relErr = g.release()
	close(g.released)
}

// wait returns after the release.
func (g *gate) wait() error {
	<-g.released
	return g.relErr
}

type snapshot struct {
	view
}

var _ chain.Snapshot = (*snapshot)(nil)

// Snapshot implements chain.Store. It costs about a microsecond; while it is
// open, Pebble keeps what was overwritten since.
func (s *Store) Snapshot() (chain.Snapshot, error) {
	if err := s.gate.enter(); err != nil {
		return nil, err
	}
	defer s.gate.leave()
	if err := s.fuse.blown(); err != nil {
		return nil, err
	}
	ps := s.db.NewSnapshot()
	snap := &snapshot{view{r: ps, store: s}}
	snap.gate = newGate(&Error{Kind: ErrClosed, Path: "snapshot of " + s.dir, Doing: "read"}, func() error {
		s.open.Delete(snap)
		return ps.Close()
	})
	s.open.Store(snap, nil)
	return snap, nil
}

// Close implements chain.Snapshot. Reads that have begun end well.
func (s *snapshot) Close() error {
	s.gate.shut()
	return nil
}

// EachCoin implements chain.Snapshot.
func (s *snapshot) EachCoin(yield func(wire.OutPoint, *consensus.Coin) error) error {
	return s.scan([]byte{kindCoin}, func(key, value []byte) error {
		o, err := parseCoinKey(key)
		if err != nil {
			return err
		}
		c, err := parseCoin(value)
		if err != nil {
			return err
		}
		return stop(yield(o, c))
	})
}
