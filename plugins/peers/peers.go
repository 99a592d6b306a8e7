// Package peers carries a node's messages: JSON-RPC 2.0 in both directions over
// one WebSocket for each peer. It carries out the effects of the node's state
// machine and delivers events to it; it knows no rules of the chain and decides
// about nobody, except that it closes what breaks the limits of core/protocol.
package peers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"sync"

	"orrery/core/protocol"
)

// Deps are what the transport needs of the node.
type Deps struct {
	// Deliver puts an event into the node's queue. It waits while that is full,
	// so that peers are read no faster than the node works; it fails when ctx
	// ends.
	Deliver func(ctx context.Context, e protocol.Event) error
	// Serve answers a request from the newest view: exactly one of its results
	// is set. It is called from several goroutines.
	Serve func(ctx context.Context, r protocol.Request) (protocol.Response, *protocol.Error)
	// Save keeps records for the next start; it may take its time. nil: they are
	// dropped.
	Save func([]protocol.Record)
	Log  *slog.Logger

	// Dial and Listen replace the network's own, for tests.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
}

// Transport is made by New and works in Run.
type Transport struct {
	cfg      Config
	deps     Deps
	tls      *tlsFiles // nil: off
	dispatch *dispatcher
	maxConns int
	bulk     *places       // for answers that are not written yet
	large    *places       // for large messages that are being read
	heavy    chan struct{} // a place for each message that is being taken apart
	totals   counters

	ctx    context.Context // ends with Run
	cancel context.CancelFunc
	group  sync.WaitGroup

	mu      sync.Mutex
	over    bool // nothing begins any more
	peers   map[protocol.PeerID]*peer
	last    protocol.PeerID
	conns   int
	inbound int // of conns
	dials   int
	half    []*conn // from outside, closing or of nobody yet, the first gives way first
	front   *front  // where peers are taken; nil: nowhere
	wanted  []protocol.Listen
	saver   saver
}

// New has no side effects but that it reads the files of TLS.
func New(cfg Config, deps Deps) (*Transport, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Dial == nil {
		deps.Dial = new(net.Dialer).DialContext
	}
	if deps.Listen == nil {
		deps.Listen = new(net.ListenConfig).Listen
	}
	t := &Transport{
		cfg: cfg, deps: deps, dispatch: newDispatcher(), maxConns: maxConns(cfg.MaxConns),
		bulk: newPlaces(maxAllUnwritten, cfg.WriteTime), large: newPlaces(maxLargeReads, cfg.WriteTime),
		heavy: make(chan struct{}, runtime.GOMAXPROCS(0)),
		peers: map[protocol.PeerID]*peer{},
	}
	if cfg.CertFile != "" {
		var err error
		if t.tls, err = readTLS(cfg.CertFile, cfg.KeyFile); err != nil {
			return nil, err
		}
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t, nil
}

// Run carries out effects until ctx ends; then it tells every peer, closes
// everything and waits for it. It needs no network of its own to start.
func (t *Transport) Run(ctx context.Context, ready func()) error {
	if ready != nil {
		ready()
	}
	<-ctx.Done()
	t.mu.Lock()
	t.over = true
	f := t.front
	t.front = nil
	var open []*peer
	for _, p := range t.peers {
		open = append(open, p)
	}
	half := slices.Clone(t.half)
	t.mu.Unlock()
	t.cancel()
	if f != nil {
		f.close()
	}
	for _, p := range open {
		p.finish(ending{code: codeGoingAway, reason: "the node is stopping", mine: true}, true)
	}
	for _, c := range half {
		if !c.upgraded.Load() {
			_ = c.Close() // in the middle of its handshake
		}
	}
	t.group.Wait()
	return nil
}

// begin registers a goroutine of the transport's; it reports false when all is
// over.
func (t *Transport) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return false
	}
	t.group.Add(1)
	return true
}

// deliver gives an event to the node. It is lost only when the transport ends.
func (t *Transport) deliver(e protocol.Event) { _ = t.deps.Deliver(t.ctx, e) }

// Do carries out one effect of the node's. It never waits. Effects for one peer
// keep their order; those for a peer whose PeerDown was delivered are dropped.
func (t *Transport) Do(e protocol.Effect) {
	switch e := e.(type) {
	case protocol.Dial:
		t.dial(e.Address)
	case protocol.Listen:
		t.listen(e)
	case protocol.Save:
		t.save(e.Records)
	case protocol.Say:
		level := slog.LevelInfo
		if e.Warn {
			level = slog.LevelWarn
		}
		t.deps.Log.Log(t.ctx, level, e.Text)
	case protocol.Ask:
		t.to(e.Peer, item{effect: e, size: requestSize(e.Request)})
	case protocol.Answer:
		t.to(e.Peer, item{effect: e, size: smallSize})
	case protocol.Tell:
		t.to(e.Peer, item{effect: e, size: noticeSize(e.Notice)})
	case protocol.Serve:
		if p := t.peer(e.Peer); p != nil {
			p.serve(e)
		}
	case protocol.Close:
		if p := t.peer(e.Peer); p != nil {
			p.finish(ending{code: codePolicy, reason: e.Reason, mine: true}, false)
		}
	}
}

func (t *Transport) peer(id protocol.PeerID) *peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peers[id]
}

func (t *Transport) to(id protocol.PeerID, it item) {
	if p := t.peer(id); p != nil {
		p.push(it)
	}
}

var errStopping = errors.New("the node is stopping")
