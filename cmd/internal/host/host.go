// Package host drives a node.Node: one goroutine owns it, feeds it events and
// the time, and publishes views of it. It is the real world around the pure
// core.
package host

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"orrery/core/chain"
	"orrery/core/node"
	"orrery/core/protocol"
)

const (
	// queueLen bounds the requests that wait for the loop; callers beyond wait
	// for their place.
	queueLen = 256
	// eventsLen bounds what peers have said and the loop has not heard yet. One
	// event may hold half a megabyte, and each peer has one more in hand.
	eventsLen = 64
	// groupLen bounds how many events share one sync of the store, so that
	// nobody waits long for the others.
	groupLen = 64
	// tickEvery is how often the node learns that time passes.
	tickEvery = time.Second
)

// ErrStopped says that the node is shutting down.
var ErrStopped = errors.New("the node is shutting down")

// Host owns a node. Make one with New, then Run it.
type Host struct {
	node  *node.Node
	store chain.Store
	clock Clock

	requests chan request
	events   chan protocol.Event
	network  func(protocol.Effect) // nil: there is none
	fatal    <-chan error          // of the store, in the background
	view     atomic.Pointer[counted]
	stopped  chan struct{}

	mu         sync.Mutex
	changed    chan struct{} // closed at each new view
	tipChanged chan struct{} // closed at each new tip
}

type request struct {
	event  func(id uint64) node.Event // nil: only wait for what came before
	sync   bool                       // answer after the disk has it
	answer chan<- node.Done
}

// New takes over an opened node. It publishes a first view at once.
func New(n *node.Node, store chain.Store, clock Clock) (*Host, error) {
	h := &Host{
		node: n, store: store, clock: clock, requests: make(chan request, queueLen), events: make(chan protocol.Event, eventsLen), stopped: make(chan struct{}),
		changed: make(chan struct{}), tipChanged: make(chan struct{}),
	}
	v, err := h.take()
	if err != nil {
		return nil, err
	}
	h.publish(v)
	return h, nil
}

// Acquire returns the present view. Call release when done with it, soon: until
// then the store keeps what the view shows.
func (h *Host) Acquire() (v *node.View, release func()) {
	for {
		c := h.view.Load()
		if c == nil {
			panic("host: Acquire after Close")
		}
		if c.acquire() { // else a newer one was published just now
			return c.View, c.release
		}
	}
}

// Changed returns a channel that is closed when there is a newer view than at
// the time of the call. Take it before looking, so that nothing is missed.
func (h *Host) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// TipChanged is like Changed, for a newer tip.
func (h *Host) TipChanged() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tipChanged
}

// take makes a view of the node as it is now.
func (h *Host) take() (*counted, error) {
	v, err := h.node.View()
	if err != nil {
		return nil, err
	}
	if v.Store, err = h.store.Snapshot(); err != nil {
		return nil, err
	}
	c := &counted{View: v}
	c.refs.Store(1)
	return c, nil
}

// publish makes c the view that readers get, and wakes those who wait for one.
func (h *Host) publish(c *counted) {
	old := h.view.Swap(c)
	h.mu.Lock()
	close(h.changed)
	h.changed = make(chan struct{})
	if old == nil || old.Tip != c.Tip {
		close(h.tipChanged)
		h.tipChanged = make(chan struct{})
	}
	h.mu.Unlock()
	if old != nil {
		old.release()
	}
}

// Run owns the node until ctx ends. It returns nil then, or the fault that
// made it stop: storage, or a policy that this node cannot evaluate.
func (h *Host) Run(ctx context.Context) error {
	defer close(h.stopped)
	l := loop{h: h, waiting: map[uint64]request{}}
	defer l.abandon()
	l.tick, l.wake = time.NewTicker(tickEvery), time.NewTimer(tickEvery)
	defer l.tick.Stop()
	defer l.wake.Stop()
	ended, err := false, l.step(node.Tick{}) // there may be somebody to dial
	for {
		if err == nil {
			err = l.finish()
		}
		if err != nil {
			return err
		}
		if ended {
			return h.store.Sync()
		}
		ended, err = l.wait(ctx)
	}
}

// Close gives up the last view. Call it after Run and after every reader: there
// is nothing to acquire any more.
func (h *Host) Close() {
	if v := h.view.Swap(nil); v != nil {
		v.release()
	}
}
