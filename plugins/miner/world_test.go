package miner

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"go.uber.org/goleak"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/mining"
	"orrery/core/node"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	easy       = 0x207fffff // every other hash will do
	impossible = 0x1d00ffff // one hash in 2^32
)

// world is a node in memory that a miner works for.
type world struct {
	testing.TB
	chaintest.Maker

	mu      sync.Mutex
	node    *node.Node
	offset  time.Duration // from the machine's clock to the node's
	changed chan struct{} // closed when the tip changes
	asked   chan chainhash.Hash
	blocks  []*consensus.Block // that were offered
	times   []int64            // when they were, by the node's clock
	stale   int                // of them, not on the tip
	// templateErr and submitErr are returned instead, when they are set.
	templateErr, submitErr error
	deaf                   bool          // SubmitBlock does nothing
	slow                   time.Duration // of Template
	templates              int           // that were asked for
}

func newWorld(t testing.TB, bits uint32) *world {
	t.Helper()
	w := &world{TB: t, Maker: chaintest.NewMaker(1), changed: make(chan struct{}), asked: make(chan chainhash.Hash, 1)}
	w.Rules.Bits = bits
	w.offset = time.Until(time.Unix(int64(w.Params.Genesis.Header.Time), 0).Add(time.Hour))
	var err error
	w.node, err = node.Open(node.Config{
		Chain: chain.Config{
			Params: w.Params, Store: chain.NewMemStore(), Verifier: consensus.SerialVerifier{}, Rules: w.Rules,
		},
		Mempool: mempool.DefaultConfig(),
	}, w.Now().UnixNano())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Now implements Source.
func (w *world) Now() time.Time { return time.Now().Add(w.offset) }

// Template implements Source.
func (w *world) Template(context.Context) (*mining.Template, <-chan struct{}, error) {
	time.Sleep(w.slow)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.templates++
	if w.templateErr != nil {
		return nil, nil, w.templateErr
	}
	v, err := w.node.View()
	if err != nil {
		w.Error(err)
		return nil, nil, err
	}
	select {
	case w.asked <- v.Tip.Hash:
	default:
	}
	t, err := v.Template(chaintest.Anyone, w.Now().Unix())
	return t, w.changed, err
}

// SubmitBlock implements Source.
func (w *world) SubmitBlock(_ context.Context, b *consensus.Block, durable bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !durable {
		w.Error("a mined block must be durable")
	}
	w.blocks, w.times = append(w.blocks, b), append(w.times, w.Now().Unix())
	v, err := w.node.View()
	if err != nil {
		return err
	}
	if v.Tip.Hash != b.Header.Prev {
		w.stale++
	}
	if w.submitErr != nil || w.deaf {
		return w.submitErr
	}
	return w.step(b)
}

// step gives the node a block. The caller holds the lock.
func (w *world) step(b *consensus.Block) error {
	var event node.Event = node.SubmitBlock{Block: b}
	var verdict error
	for event != nil {
		effects, err := w.node.Step(w.Now().UnixNano(), event)
		if err != nil {
			return err
		}
		event = nil
		for _, e := range effects {
			switch e := e.(type) {
			case node.More:
				event = node.Continue{}
			case node.Done:
				verdict = e.Err
			}
		}
	}
	if verdict == nil {
		close(w.changed)
		w.changed = make(chan struct{})
	}
	return verdict
}

// other is a block that somebody else found.
func (w *world) other(b *chaintest.Block) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.step(b.Block); err != nil && !errors.Is(err, node.ErrInconclusive) {
		w.Fatal(err)
	}
}

func (w *world) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *world) height() int32 {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	v, err := w.node.View()
	if err != nil {
		w.Fatal(err)
	}
	return v.Tip.Height
}

// offered is how many blocks the miner offered.
func (w *world) offered() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.blocks)
}

// run starts a miner; stop ends it, and so does the end of the test.
func (w *world) run(cfg Config) (m *Miner, log *notes, stop func()) {
	w.Helper()
	log = &notes{Handler: slog.DiscardHandler, seen: map[string]int{}}
	m = New(cfg, w, slog.New(log))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- m.Run(ctx, func() {})
		close(ended)
	}()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			w.Error(err)
		}
	}
	w.Cleanup(stop)
	return m, log, stop
}

// virtual runs a test in which time passes only while everybody waits. It is
// for miners with a limit: others never wait.
func virtual(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// notes counts what a miner logs.
type notes struct {
	slog.Handler
	mu   sync.Mutex
	seen map[string]int
}

func (n *notes) Enabled(context.Context, slog.Level) bool { return true }

func (n *notes) Handle(_ context.Context, r slog.Record) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen[r.Message]++
	return nil
}

func (n *notes) count(message string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen[message]
}
