// Package miner looks for blocks on the node's own processors: as many
// threads as asked for, no faster than asked for, always on the newest tip.
package miner

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"orrery/core/consensus"
	"orrery/core/mining"
	"orrery/core/node"
)

const (
	// refreshAfter is the age at which a template is replaced for the sake of
	// newer transactions and time; a new tip replaces it at once.
	refreshAfter = time.Second
	// refreshShare bounds the time that making templates takes: one part in so
	// many, for nobody searches meanwhile, and a full mempool is slow to sort.
	refreshShare = 20
	// retryAfter is the pause when no template can be made, for example while
	// the chain's time is too far ahead of the clock, and when a block was
	// refused.
	retryAfter = time.Second
)

// Source is the node as the miner sees it.
type Source interface {
	// Template makes a template on the present tip. tipChanged is closed when
	// it is no longer worth working on.
	Template(ctx context.Context) (t *mining.Template, tipChanged <-chan struct{}, err error)
	// SubmitBlock returns when the block is durable, or why it was refused.
	SubmitBlock(ctx context.Context, b *consensus.Block, durable bool) error
	// Now is the node's clock.
	Now() time.Time
}

// Status is what a miner is doing.
type Status struct {
	Enabled  bool
	Threads  int
	Hashrate float64 // hashes per second over the last seconds, all threads
	Err      error   // why it has nothing to work on, or why its last block was refused; or nil
}

// Miner is made by New and works in Run.
type Miner struct {
	src   Source
	log   *slog.Logger
	meter meter
	extra atomic.Uint64 // the last extra nonce that was used

	mu       sync.Mutex
	cfg      Config
	switched chan struct{} // closed when cfg changes
	err      error         // of the last template
	refused  error         // of the last block

	// Of Run alone:
	paces []*pace
	paced Config // what paces were made for
}

// New has no side effects.
func New(cfg Config, src Source, log *slog.Logger) *Miner {
	if cfg.Threads < 1 {
		cfg.Threads = runtime.GOMAXPROCS(0)
	}
	cfg.Threads = min(cfg.Threads, maxThreads)
	return &Miner{src: src, log: log, cfg: cfg, switched: make(chan struct{})}
}

// SetGenerate starts or stops mining. threads below 1 keeps their number.
func (m *Miner) SetGenerate(on bool, threads int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cfg.Enabled = on
	if threads >= 1 {
		m.cfg.Threads = min(threads, maxThreads)
	}
	close(m.switched)
	m.switched = make(chan struct{})
}

// Status tells what the miner is doing now.
func (m *Miner) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Status{Enabled: m.cfg.Enabled, Threads: m.cfg.Threads}
	if s.Enabled {
		s.Hashrate, s.Err = m.meter.rate(time.Now()), m.err
		if s.Err == nil {
			s.Err = m.refused
		}
	}
	return s
}

func (m *Miner) config() (Config, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cfg, m.switched
}

// Run mines until ctx ends. It calls ready once, at once.
func (m *Miner) Run(ctx context.Context, ready func()) error {
	ready()
	for ctx.Err() == nil {
		cfg, switched := m.config()
		if cfg.Enabled {
			m.meter.note(time.Now())
			m.round(ctx, cfg, switched)
			continue
		}
		m.meter.rest()
		select {
		case <-ctx.Done():
		case <-switched:
		}
	}
	return nil
}

// round works on one template until it is old, solved, or the miner is told
// otherwise.
func (m *Miner) round(ctx context.Context, cfg Config, switched <-chan struct{}) {
	begin := time.Now()
	t, tipChanged, err := m.src.Template(ctx)
	lasts := lifetime(time.Since(begin))
	m.setErr(ctx, err)
	if err != nil {
		pause(ctx, switched, nil)
		return
	}
	b := m.search(ctx, cfg, t, lasts, switched, tipChanged)
	if b == nil {
		return
	}
	if !m.submit(ctx, b) {
		pause(ctx, switched, tipChanged)
	}
}

// lifetime is after how long a template is replaced that took so long to make.
func lifetime(took time.Duration) time.Duration { return max(refreshAfter, refreshShare*took) }

// search returns a block, or nil when it is time to look again. A block on a
// tip that is no longer the tip is none.
func (m *Miner) search(ctx context.Context, cfg Config, t *mining.Template, lasts time.Duration, switched, tipChanged <-chan struct{}) *consensus.Block {
	if m.paced != cfg {
		m.paces, m.paced = newPaces(cfg), cfg
	}
	job, cancel := context.WithCancel(ctx)
	found := make(chan *consensus.Block, cfg.Threads)
	var workers sync.WaitGroup
	for _, p := range m.paces {
		w := worker{m: m, t: t, pace: p}
		workers.Go(func() { w.run(job, found) })
	}
	old := time.NewTimer(lasts)
	defer old.Stop()
	var solved *consensus.Block
	select {
	case <-ctx.Done():
	case <-switched:
	case <-tipChanged:
	case <-old.C:
	case solved = <-found:
	}
	cancel()
	workers.Wait()
	if solved == nil {
		select {
		case solved = <-found: // while the others were called off
		default:
		}
	}
	if now, _ := m.config(); ctx.Err() != nil || !now.Enabled || closed(tipChanged) {
		return nil
	}
	return solved
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// submit reports whether all is well. Somebody else may have been faster; but
// when blocks are refused, something is wrong that mining more of them does
// not mend.
func (m *Miner) submit(ctx context.Context, b *consensus.Block) bool {
	err := m.src.SubmitBlock(ctx, b, true)
	if ctx.Err() != nil {
		return true
	}
	if errors.Is(err, node.ErrInconclusive) {
		m.log.Info("mined block came too late", "hash", b.Hash().String())
		err = nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil && (m.refused == nil || m.refused.Error() != err.Error()) {
		m.log.Warn("mined block refused", "hash", b.Hash().String(), "reason", err)
	}
	m.refused = err
	return err == nil
}

// setErr tells once why mining waits.
func (m *Miner) setErr(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil && m.err == nil {
		m.log.Warn("mining waits", "reason", err)
	}
	m.err = err
}

// pause waits for a while, or until there is something new.
func pause(ctx context.Context, switched, tipChanged <-chan struct{}) {
	t := time.NewTimer(retryAfter)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-switched:
	case <-tipChanged: // nil: never
	case <-t.C:
	}
}

// Generating tells whether it mines, on how many threads, and at what rate in
// hashes per second.
func (m *Miner) Generating() (on bool, threads int, rate float64) {
	s := m.Status()
	return s.Enabled, s.Threads, s.Hashrate
}
