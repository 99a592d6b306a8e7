package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/coder/websocket"

	"orrery/core/consensus"
	"orrery/core/protocol"
)

// TestBothPush lets two nodes send each other 4 MB answers and large notices at
// the same time: neither waits for the other to read first.
func TestBothPush(t *testing.T) {
	const asks = 4
	big := &protocol.Blocks{Blocks: []*consensus.Block{testBlock(1, 3, 1_390_000)}}
	a, b := newNode(t, serving(big)), newNode(t, serving(big))
	bAtA, aAtB := connect(a, b)
	notice := &protocol.Compact{IDBytes: 6, ShortIDs: make([]uint64, 16_000)}
	answered := make(chan error, 2*asks)
	on := func(e protocol.Event) {
		if e, ok := e.(protocol.Answered); ok {
			err := e.Err
			if r, ok := e.Response.(*protocol.Blocks); err == nil && (!ok || len(r.Blocks) != 1 || r.Blocks[0].Hash() != big.Blocks[0].Hash()) {
				err = errors.New("the block is another")
			}
			answered <- err
		}
	}
	a.loop(t, on)
	b.loop(t, on)
	for call := range uint64(asks) {
		for _, to := range []struct {
			n *node
			p protocol.PeerID
		}{{a, bAtA}, {b, aAtB}} {
			to.n.Do(protocol.Ask{Peer: to.p, Call: call, Request: &protocol.GetBlocks{Hashes: []chainhash.Hash{{1}}}})
			to.n.Do(protocol.Tell{Peer: to.p, Notice: notice})
		}
	}
	for range 2 * asks {
		select {
		case err := <-answered:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(a.patience):
			t.Fatal("the two wait for each other")
		}
	}
}

// TestBusy asks more than is answered at once: the rest is told so, and answers
// in the other direction still come through.
func TestBusy(t *testing.T) {
	free := make(chan struct{})
	b := newNode(t, func(_ *Config, d *Deps) {
		d.Serve = func(ctx context.Context, _ protocol.Request) (protocol.Response, *protocol.Error) {
			select {
			case <-free:
			case <-ctx.Done():
			}
			return &protocol.Pong{Nonce: 9}, nil
		}
	})
	a := startNode(t)
	bAtA, aAtB := connect(a, b)
	for call := range uint64(maxHandlers + 1) {
		a.Do(protocol.Ask{Peer: bAtA, Call: call, Request: &protocol.Ping{}})
	}
	for range maxHandlers + 1 {
		q := await[protocol.Asked](b)
		b.Do(protocol.Serve(q))
	}
	var refusal *protocol.Error
	if got := await[protocol.Answered](a); got.Call != maxHandlers || !errors.As(got.Err, &refusal) || refusal.Code != protocol.CodeBusy {
		t.Fatalf("%+v", got)
	}
	b.Do(protocol.Ask{Peer: aAtB, Call: 5, Request: &protocol.GetPeers{}})
	q := await[protocol.Asked](a)
	a.Do(protocol.Answer{Peer: q.Peer, Call: q.Call, Response: &protocol.Peers{}})
	if got := await[protocol.Answered](b); got.Err != nil {
		t.Fatal(got.Err)
	}
	close(free)
	for range maxHandlers {
		if got := await[protocol.Answered](a); got.Err != nil {
			t.Fatal(got.Err)
		}
	}
}

// TestInFlight lets 100 requests wait on each side, and no more.
func TestInFlight(t *testing.T) {
	b := newNode(t, hasty)
	a := startNode(t, hasty)
	bAtA, _ := connect(a, b)
	for call := range uint64(protocol.MaxAsked + 1) {
		a.Do(protocol.Ask{Peer: bAtA, Call: call, Request: &protocol.Ping{}})
	}
	if got := await[protocol.Answered](a); got.Call != protocol.MaxAsked || !errors.Is(got.Err, errTooMany) {
		t.Errorf("%+v", got)
	}
	a.Do(protocol.Close{Peer: bAtA, Reason: "enough"})
	for range protocol.MaxAsked {
		if got := await[protocol.Answered](a); !errors.Is(got.Err, errLost) {
			t.Fatalf("%+v", got)
		}
	}
	await[protocol.PeerDown](a)
	// The same from a peer that does not count.
	b.drain(t, func(protocol.Event) {})
	ws := dialRaw(t, b.address, new(net.Dialer).DialContext)
	for range protocol.MaxAsked + 1 {
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(pingText)); err != nil {
			t.Fatal(err)
		}
	}
	if _, got, err := ws.Read(t.Context()); err != nil || !strings.Contains(string(got), `"code":5`) {
		t.Errorf("%s, %v", got, err)
	}
}

// TestOrder sends answers and notices in turns: they come in that order.
func TestOrder(t *testing.T) {
	const rounds = 30 // so that the queues of events hold them
	b := newNode(t)
	a := startNode(t)
	bAtA, aAtB := connect(a, b)
	for i := range uint64(rounds) {
		a.Do(protocol.Ask{Peer: bAtA, Call: i, Request: &protocol.Ping{Nonce: i}})
		a.Do(protocol.Tell{Peer: bAtA, Notice: &protocol.Compact{IDBytes: 1, Nonce: i}})
		asked := (<-b.events).(protocol.Asked)
		if told := (<-b.events).(protocol.Told); told.Notice.(*protocol.Compact).Nonce != i || asked.Request.(*protocol.Ping).Nonce != i {
			t.Fatalf("%d: %+v, %+v", i, asked, told)
		}
		b.Do(protocol.Answer{Peer: aAtB, Call: asked.Call, Response: &protocol.Pong{Nonce: i}})
		b.Do(protocol.Tell{Peer: aAtB, Notice: &protocol.Compact{IDBytes: 1, Nonce: i}})
	}
	for i := range uint64(rounds) {
		answered := (<-a.events).(protocol.Answered)
		if told := (<-a.events).(protocol.Told); told.Notice.(*protocol.Compact).Nonce != i || answered.Call != i || answered.Err != nil {
			t.Fatalf("%d: %+v, %+v", i, answered, told)
		}
	}
}

// TestSlowNode fills the queue of a node that takes no events for a while:
// nothing is lost, and it still gets the answers that it waits for.
func TestSlowNode(t *testing.T) {
	const notices = 1000 // far more than the queue holds
	b := newNode(t)
	a := startNode(t)
	bAtA, aAtB := connect(a, b)
	b.Do(protocol.Ask{Peer: aAtB, Call: 3, Request: &protocol.Ping{}})
	q := await[protocol.Asked](a)
	for i := range uint64(notices) {
		a.Do(protocol.Tell{Peer: bAtA, Notice: &protocol.Compact{IDBytes: 1, Nonce: i}})
	}
	a.Do(protocol.Answer{Peer: q.Peer, Call: q.Call, Response: &protocol.Pong{}})
	for len(b.events) < cap(b.events) {
		runtime.Gosched()
	}
	for i := range uint64(notices) {
		if got := await[protocol.Told](b); got.Notice.(*protocol.Compact).Nonce != i {
			t.Fatalf("%+v", got)
		}
	}
	if got := await[protocol.Answered](b); got.Err != nil {
		t.Fatal(got.Err)
	}
}

// TestGoroutines counts what a node with some silent peers takes.
func TestGoroutines(t *testing.T) {
	const peers, most = 8, 40
	hub := newNode(t)
	before := runtime.NumGoroutine()
	for range peers {
		connect(startNode(t), hub)
	}
	// Each peer is a whole node here: its Run, and both ends of the connection.
	deadline := time.Now().Add(hub.patience)
	for runtime.NumGoroutine()-before > 5*peers && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine() - before; n > 5*peers {
		t.Errorf("%d goroutines for %d connections", n, peers)
	}
	if 5+2*peers > most {
		t.Errorf("a node would need more than %d", most)
	}
}

// TestManyHalfOpen opens more silent connections than are kept; an honest peer
// comes through all the same.
func TestManyHalfOpen(t *testing.T) {
	n := newNode(t)
	open := make([]net.Conn, maxHalfOpen+5)
	for i := range open {
		c, err := net.Dial("tcp", n.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open[i] = c
	}
	for _, c := range open[:5] { // the oldest
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("an answer to nothing")
		}
	}
	if got := n.Totals().Conns; got > maxHalfOpen {
		t.Errorf("%d are open", got)
	}
	connect(startNode(t), n)
}

// TestFullHouse lets no more in than it may.
func TestFullHouse(t *testing.T) {
	n := newNode(t, func(c *Config, _ *Deps) { c.MaxConns = 2 })
	for range 2 {
		greet(startNode(t), n)
	}
	late := startNode(t)
	late.Do(protocol.Dial{Address: n.address})
	if got := await[protocol.DialFailed](late); got.Address != n.address || got.Reason == "" {
		t.Errorf("%+v", got)
	}
	n.Do(protocol.Dial{Address: "127.0.0.1:9"})
	if got := await[protocol.DialFailed](n); got.Reason != "too many connections are open" {
		t.Errorf("%+v", got)
	}
}

// greet dials from a to b and says hello.
func greet(a, b *node) (bAtA protocol.PeerID) {
	a.t.Helper()
	bAtA, aAtB := connect(a, b)
	a.Do(protocol.Ask{Peer: bAtA, Call: 1, Request: &protocol.Hello{}})
	q := await[protocol.Asked](b)
	b.Do(protocol.Answer{Peer: aAtB, Call: q.Call, Response: &protocol.Hello{}})
	await[protocol.Answered](a)
	return bAtA
}

// TestRoomForOthers fills a node with members from outside and with
// connections of nobody, some of which are being closed: it can still open its
// own connections, and newcomers are heard.
func TestRoomForOthers(t *testing.T) {
	const all, own, members = 16, 4, 9
	n := newNode(t, func(c *Config, _ *Deps) { c.MaxConns = all })
	for range members {
		greet(startNode(t), n)
	}
	for range all {
		ws := dialRaw(t, n.address, new(net.Dialer).DialContext)
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(pingText)); err != nil {
			t.Fatal(err)
		}
		q := await[protocol.Asked](n)
		n.Do(protocol.Close{Peer: q.Peer, Reason: "say hello first"}) // they do not listen
	}
	if got := n.Totals().Conns; got > all-own {
		t.Errorf("%d connections from outside", got)
	}
	greet(startNode(t), n)
	for range own {
		connect(n, newNode(t))
	}
	if got := (Config{MaxConns: all}).Inbound(); got != members {
		t.Errorf("room for %d members", got)
	}
}

// TestDescriptors uses no more than a part of the process's descriptors.
func TestDescriptors(t *testing.T) {
	if got := maxConns(1 << 30); got < 1 || got == 1<<30 && runtime.GOOS == "linux" {
		t.Errorf("%d", got)
	}
	if got := maxConns(1); got != 1 {
		t.Errorf("%d", got)
	}
}

// TestStats counts bytes, by method too.
func TestStats(t *testing.T) {
	b := newNode(t)
	a := startNode(t)
	bAtA, aAtB := connect(a, b)
	a.Do(protocol.Tell{Peer: bAtA, Notice: &protocol.Announce{Txids: make([]chainhash.Hash, 100)}})
	await[protocol.Told](b)
	a.Do(protocol.Ask{Peer: bAtA, Call: 1, Request: &protocol.Ping{}})
	q := await[protocol.Asked](b)
	b.Do(protocol.Answer{Peer: q.Peer, Call: q.Call, Response: &protocol.Pong{}})
	await[protocol.Answered](a)
	mine, ok := a.Stats(bAtA)
	theirs, ok2 := b.Stats(aAtB)
	if !ok || !ok2 || mine.Sent < 6700 || theirs.Received < mine.Sent || mine.Received == 0 || mine.LastGot.IsZero() || mine.LastSent.IsZero() {
		t.Errorf("%+v\n%+v", mine, theirs)
	}
	if got := fmt.Sprint(mine.SentBy); !strings.HasPrefix(got, "[{peer.ping 8") || !strings.Contains(got, "{peer.announce 67") {
		t.Error(got)
	}
	if got := a.Totals(); got.Sent != mine.Sent || got.Conns != 1 {
		t.Errorf("%+v, want %d bytes", got, mine.Sent)
	}
	if _, ok := a.Stats(99); ok {
		t.Error("there is no peer 99")
	}
}
