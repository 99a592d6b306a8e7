package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"orrery/cmd/internal/e2e"
	"orrery/core/protocol"
	"orrery/plugins/peers"
)

// TestTracker: nodes that know a tracker only become one network; the first
// makes the chain. It may die and come back while they go on.
func TestTracker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := e2e.StartTracker(t, dir, "127.0.0.1:0")
	a := e2e.StartArgs(t, "", e2e.Tracked(t.TempDir(), r.Address, "--preset", "regtest", "--p2p.listen", "127.0.0.1:0")...)
	if line := a.WaitLine("no node has a chain yet"); line == "" {
		t.Error("the first node did not say that it makes the chain")
	}
	a.Mine(10)
	var nodes []*e2e.Node
	nodes = append(nodes, a)
	for i := range 2 {
		n := e2e.StartArgs(t, "", e2e.Tracked(t.TempDir(), r.Address)...)
		if got := n.Self().NodeID; got != uint32(8001+i) {
			t.Errorf("node %d has the ID %d", i, got)
		}
		nodes = append(nodes, n)
	}
	e2e.WaitTip(t, a.Tip(), nodes...)
	wantMembers(t, r, nodes...)

	r.Kill()
	for _, n := range nodes {
		if n.WaitLine("It is tried again and again") == "" {
			t.Errorf("it did not notice that the tracker died:\n%s", n.Output())
		}
	}
	late := e2e.Launch(t, "", nil, e2e.Tracked(t.TempDir(), r.Address)...)
	if line := late.WaitLine("next try in"); !strings.Contains(line, r.Address) {
		t.Errorf("a node without a tracker says %q", line)
	}
	e2e.WaitTip(t, nodes[2].Mine(3)[2], nodes...)
	r = e2e.StartTracker(t, dir, r.Address)
	n := e2e.Ready(t, late)
	if got := n.Self().NodeID; got != 8003 {
		t.Errorf("the late node has the ID %d", got)
	}
	nodes = append(nodes, n)
	e2e.WaitTip(t, a.Tip(), n)
	e2e.WaitTip(t, n.Mine(1)[0], nodes...)
	wantMembers(t, r, nodes...)

	// One that has forgotten everything learns it from its members.
	r.Kill()
	r = e2e.StartTracker(t, t.TempDir(), r.Address)
	wantMembers(t, r, nodes...)
	more := e2e.StartArgs(t, "", e2e.Tracked(t.TempDir(), r.Address)...)
	if got := more.Self().NodeID; got != 8004 {
		t.Errorf("a new node has the ID %d", got)
	}
	nodes = append(nodes, more)
	e2e.WaitTip(t, a.Tip(), more)
	for i, n := range nodes {
		if got := n.Self().NodeID; got != uint32(8000+i) {
			t.Errorf("node %d has the ID %d in the end", i, got)
		}
		n.Stop()
	}
	if line := r.WaitLine(`msg="member left" node_id=8000`); line == "" {
		t.Error("the tracker did not see the first node go")
	}
	r.Stop()
}

// wantMembers waits until the tracker has said that each node joined.
func wantMembers(t *testing.T, r *e2e.Tracker, nodes ...*e2e.Node) {
	t.Helper()
	for _, n := range nodes {
		self := n.Self()
		if r.WaitLine(fmt.Sprintf(`msg="member joined" node_id=%d kind=node address=%s`, self.NodeID, self.Listen)) == "" {
			t.Errorf("%+v is no member:\n%s", self, r.Output())
		}
	}
}

// TestTrackerRace: two first nodes at once become one network.
func TestTrackerRace(t *testing.T) {
	t.Parallel()
	r := e2e.StartTracker(t, t.TempDir(), "127.0.0.1:0")
	var started []*e2e.Process
	for range 2 {
		started = append(started, e2e.Launch(t, "", nil, e2e.Tracked(t.TempDir(), r.Address, "--preset", "lab")...))
	}
	ids := map[uint32]bool{}
	var nodes []*e2e.Node
	for _, p := range started {
		n := e2e.Ready(t, p)
		ids[n.Self().NodeID] = true
		nodes = append(nodes, n)
	}
	if !ids[8000] || !ids[8001] {
		t.Errorf("IDs %v", ids)
	}
	if nodes[0].Tip() != nodes[1].Tip() {
		t.Error("two chains")
	}
	// A node with a chain of its own is told what to do.
	other := e2e.StartArgs(t, "", e2e.Lab(t.TempDir(), "--mining.enabled", "false")...)
	dir := other.Dir
	other.Stop()
	other = e2e.StartArgs(t, "", e2e.Lab(dir, "--mining.enabled", "false", "--p2p.tracker", r.Address)...)
	if line := other.WaitLine("another network"); !strings.Contains(line, "node.data_dir") {
		t.Errorf("a node of another network says %q", line)
	}
	for _, n := range append(nodes, other) {
		n.Stop()
	}
	r.Stop()
}

// TestTrackerStrangers: whoever is no member is told the chain's parameters, and
// of nobody.
func TestTrackerStrangers(t *testing.T) {
	t.Parallel()
	r := e2e.StartTracker(t, t.TempDir(), "127.0.0.1:0")
	a := e2e.StartArgs(t, "", e2e.Tracked(t.TempDir(), r.Address, "--preset", "regtest", "--p2p.listen", "127.0.0.1:0")...)
	wantMembers(t, r, a)
	for _, request := range []protocol.Request{&protocol.GetPeers{}, &protocol.Register{Listen: "127.0.0.1:1"}, &protocol.Assign{Kind: protocol.KindNode}} {
		s := newStranger(t, r.Address)
		var refusal *protocol.Error
		if answer, err := s.ask(request); !errors.As(err, &refusal) || refusal.Code != protocol.CodeNotMember {
			t.Errorf("%T: %+v, %v", request, answer, err)
		}
	}
	s := newStranger(t, r.Address)
	if answer, err := s.ask(&protocol.GetParams{}); err != nil || len(answer.(*protocol.Params).ChainFile) == 0 {
		t.Errorf("parameters: %+v, %v", answer, err)
	}
	a.Stop()
	r.Stop()
}

// stranger is a connection that has not said hello.
type stranger struct {
	t      *testing.T
	p      *peers.Transport
	peer   protocol.PeerID
	events chan protocol.Event
}

func newStranger(t *testing.T, address string) *stranger {
	t.Helper()
	s := &stranger{t: t, events: make(chan protocol.Event, 16)}
	var err error
	s.p, err = peers.New(peers.DefaultConfig(), peers.Deps{Deliver: func(ctx context.Context, e protocol.Event) error {
		select {
		case s.events <- e:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.p.Run(ctx, nil) }()
	t.Cleanup(func() { stop(); <-ended })
	s.p.Do(protocol.Dial{Address: address})
	up, ok := s.next().(protocol.PeerUp)
	if !ok {
		t.Fatal("no connection")
	}
	s.peer = up.Peer
	return s
}

func (s *stranger) next() protocol.Event {
	s.t.Helper()
	limit := time.NewTimer(e2e.Patience)
	defer limit.Stop()
	select {
	case e := <-s.events:
		return e
	case <-limit.C:
		s.t.Fatal("nothing came")
		return nil
	}
}

func (s *stranger) ask(r protocol.Request) (protocol.Response, error) {
	s.t.Helper()
	s.p.Do(protocol.Ask{Peer: s.peer, Call: 1, Request: r})
	for {
		switch e := s.next().(type) {
		case protocol.Answered:
			return e.Response, e.Err
		case protocol.PeerDown:
			return nil, errors.New(e.Reason)
		}
	}
}

// TestServeTracker: a node can be the tracker, too; its own ID comes from there.
func TestServeTracker(t *testing.T) {
	t.Parallel()
	a := e2e.First(t, "--p2p.serve_tracker", "127.0.0.1:0")
	line := a.WaitLine("tracker at ")
	_, address, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), `"`), "tracker at ")
	b := e2e.StartArgs(t, "", e2e.Tracked(t.TempDir(), address)...)
	if x, y := a.Self().NodeID, b.Self().NodeID; x != 8000 || y != 8001 {
		t.Errorf("IDs %d and %d; the tracker is at %q", x, y, address)
	}
	e2e.WaitTip(t, a.Mine(3)[2], b)
	e2e.WaitTip(t, b.Mine(1)[0], a)
	// A member that becomes a tracker stays one of its network.
	c := e2e.Join(t, t.TempDir(), b, "--p2p.serve_tracker", "127.0.0.1:0")
	e2e.WaitTip(t, a.Mine(1)[0], b, c)
	for _, n := range []*e2e.Node{c, b, a} {
		n.Stop()
	}
}
