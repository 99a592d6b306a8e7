package peers

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orrery/core/protocol"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// node is a transport with whoever plays the node's loop: the test itself.
type node struct {
	*Transport
	t       testing.TB
	events  chan protocol.Event
	address string

	patience time.Duration // far more than anything takes
}

type option func(*Config, *Deps)

// hasty does not wait for those who would not read the reason of a close.
func hasty(c *Config, _ *Deps) { c.CloseTime = 50 * time.Millisecond }

// newNode starts a transport that listens; it ends with the test.
func newNode(t testing.TB, options ...option) *node {
	t.Helper()
	n := startNode(t, options...)
	n.Do(protocol.Listen{Address: "127.0.0.1:0"})
	l := await[protocol.Listening](n)
	if n.address = l.Address; n.address == "" {
		t.Fatal(l.Reason)
	}
	return n
}

func startNode(t testing.TB, options ...option) *node {
	t.Helper()
	n := &node{t: t, events: make(chan protocol.Event, 64)}
	cfg, deps := DefaultConfig(), Deps{
		Deliver: n.deliver, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Serve: func(context.Context, protocol.Request) (protocol.Response, *protocol.Error) { return nil, errBusy },
	}
	for _, o := range options {
		o(&cfg, &deps)
	}
	n.patience = 30 * time.Second
	if deps.Dial != nil { // in virtual time
		n.patience = time.Hour
	}
	var err error
	if n.Transport, err = New(cfg, deps); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = n.Run(ctx, nil)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return n
}

func (n *node) deliver(ctx context.Context, e protocol.Event) error {
	select {
	case n.events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await takes events until one is a T.
func await[T protocol.Event](n *node) (e T) {
	n.t.Helper()
	timer := time.NewTimer(n.patience)
	defer timer.Stop()
	for {
		select {
		case got := <-n.events:
			if e, ok := got.(T); ok {
				return e
			}
		case <-timer.C:
			n.t.Fatalf("no %T came", e)
		}
	}
}

// connect dials from a to b and returns how each calls the other.
func connect(a, b *node) (bAtA, aAtB protocol.PeerID) {
	a.t.Helper()
	a.Do(protocol.Dial{Address: b.address})
	return await[protocol.PeerUp](a).Peer, await[protocol.PeerUp](b).Peer
}
