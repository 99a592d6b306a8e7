// Package tracker is the one place where a network's nodes get their IDs and
// hear of each other. It has no chain of its own: it only knows its parameters.
package tracker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/peering"
	"orrery/core/protocol"
)

// Tracker is made by New and works in Run.
type Tracker struct {
	cfg       Config
	deps      Deps
	events    chan protocol.Event
	address   atomic.Pointer[string]
	chain     atomic.Pointer[Chain] // what is served; nil: none is known
	founding  founding
	transport Transport

	// What follows is the loop's.
	peers *peering.Peering
	nodes []member // connected, of kind node
	ask   asking
	shown []protocol.Member // by Kind and ID, of whom was told that they came
	news  bool              // something changed since the last look

	told, mute int       // members told of and not told of
	toldSince  time.Time // since then

	failure error
}

// member is a node that has said hello.
type member struct {
	peer    protocol.PeerID
	network chainhash.Hash
}

// New has no side effects.
func New(cfg Config, deps Deps) (*Tracker, error) {
	cfg.Peering.Kind, cfg.Peering.First, cfg.Peering.Join, cfg.Peering.Tracker = protocol.KindTracker, false, nil, ""
	t := &Tracker{cfg: cfg, deps: deps, events: make(chan protocol.Event, eventsLen)}
	if cfg.Peering.Listen == "" {
		return nil, errors.New("a tracker needs an address to listen on")
	}
	c := cfg.Chain
	if c == nil {
		c = loadChain(deps.Saved)
	}
	if c == nil {
		return t, nil
	}
	id, _, err := c.check()
	if err != nil {
		return nil, fmt.Errorf("the chain of the tracker: %w", err)
	}
	if t.cfg.Peering.NetworkID == (chainhash.Hash{}) {
		t.cfg.Peering.NetworkID = id
	}
	t.chain.Store(c)
	return t, nil
}

// Address is where the tracker listens; "" before it is ready.
func (t *Tracker) Address() string {
	if a := t.address.Load(); a != nil {
		return *a
	}
	return ""
}

// Run tracks until ctx ends. It is ready when it listens.
func (t *Tracker) Run(ctx context.Context, ready func()) error {
	transport, err := t.deps.Open(t.deliver, t.serve)
	if err != nil {
		return err
	}
	t.transport = transport
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- transport.Run(own, nil) }()
	err = t.loop(ctx, sync.OnceFunc(ready))
	stop()
	// Events that are on their way find nobody; the transport gives them up.
	return errors.Join(err, <-ended)
}

func (t *Tracker) loop(ctx context.Context, ready func()) error {
	t.peers = peering.New(t.cfg.Peering, t.deps.Saved, t.now())
	wake, look := time.NewTimer(0), time.NewTicker(lookEvery)
	defer wake.Stop()
	defer look.Stop()
	for t.failure == nil {
		select {
		case <-ctx.Done():
			return nil
		case e := <-t.events:
			t.done(t.peers.Handle(t.now(), e))
			if e, ok := e.(protocol.Listening); ok {
				if e.Address == "" {
					return fmt.Errorf("cannot listen on %s: %s", t.cfg.Peering.Listen, e.Reason)
				}
				t.address.Store(&e.Address)
				ready()
			}
		case <-wake.C:
			t.done(t.peers.Tick(t.now()))
		case <-look.C:
			t.look()
		}
		wake.Reset(time.Duration(t.peers.Wake() - t.now()))
	}
	return t.failure
}

func (t *Tracker) now() int64 { return t.deps.Now().UnixNano() }

func (t *Tracker) deliver(ctx context.Context, e protocol.Event) error {
	select {
	case t.events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// done carries out what a step asks for.
func (t *Tracker) done(r peering.Result) {
	t.news = true
	for _, e := range r.Effects {
		t.transport.Do(e)
	}
	for _, id := range r.Gone {
		t.gone(id)
	}
	for _, m := range r.Members {
		if m.Hello.Kind == protocol.KindNode {
			t.nodes = append(t.nodes, member{m.Peer, m.Hello.NetworkID})
		}
	}
	for _, e := range r.Pass {
		if a, ok := e.(protocol.Answered); ok {
			t.answered(a)
		}
	}
	t.learn()
}

// gone forgets a member.
func (t *Tracker) gone(id protocol.PeerID) {
	for i, m := range t.nodes {
		if m.peer == id {
			t.nodes = append(t.nodes[:i], t.nodes[i+1:]...)
			break
		}
	}
	if t.ask.peer == id {
		t.ask = asking{calls: t.ask.calls}
	}
}
