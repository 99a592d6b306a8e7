package peering

import (
	"fmt"
	"strings"
	"testing"

	"orrery/core/protocol"
)

// TestLease follows an ID whose holder goes away for longer and longer.
func TestLease(t *testing.T) {
	for _, tt := range []struct {
		away    int64 // seconds
		restart bool  // of the parent, in the middle
	}{{1, false}, {59, false}, {61, false}, {600, false}, {3600, false}, {1, true}, {30, true}, {300, true}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			w := newWorld(t)
			first := w.first()
			a := w.joiner("a", "127.0.0.1:8000")
			w.pass(5 * second)
			b := w.joiner("b", "127.0.0.1:8000")
			w.pass(5 * second)
			a.want(8001, "127.0.0.1:8001")
			a.stop()
			w.pass(tt.away * second / 2)
			if tt.restart {
				first.stop()
				w.pass(second)
				first.start()
			}
			w.pass(tt.away * second / 2)
			c := w.joiner("c", "127.0.0.1:8000") // meanwhile
			w.pass(5 * second)
			if c.p.View().ID == 8001 && tt.away < 600 {
				t.Error("an ID was given away that its holder may come back for")
			}
			a.start()
			w.pass(100 * second)
			if c.p.View().ID != 8001 {
				a.want(8001, "127.0.0.1:8001")
			}
			b.want(8002, "127.0.0.1:8002")
			for _, h := range []*host{a, b} {
				if h.p.View().Parent == 0 {
					t.Errorf("%s has no parent: %v", h.name, h.said)
				}
			}
		})
	}
}

// TestIDRests says when an ID is given to somebody else: 60 s and 10 minutes
// after its holder was lost, and not while somebody is where the holder was.
func TestIDRests(t *testing.T) {
	for _, there := range []bool{false, true} {
		w := newWorld(t)
		first := w.node("first")
		first.cfg.First, first.cfg.Capacity = true, 1
		first.start()
		a := w.joiner("a", "127.0.0.1:8000")
		w.pass(5 * second)
		a.want(8001, "127.0.0.1:8001")
		if there {
			w.cut = func(x, y *host) bool { return x == a && y == first || x == first && y == a }
		} else {
			a.stop()
		}
		w.pass(200 * second) // a partition shows after a ping only
		w.cut = func(*host, *host) bool { return false }
		if there {
			// It is alive, but has forgotten who its parent was.
			for _, q := range a.p.peers {
				a.p.close(q, "test")
			}
			a.p.root, a.p.join = true, joining{}
			a.p.cfg.Capacity = 0 // nobody is to get an ID from it, whoever refers to it
		}
		b := w.joiner("b", "127.0.0.1:8000")
		w.pass(300 * second)
		if b.p.View().ID == 8001 {
			t.Errorf("holder there: %v, and its ID is given away after 500 s", there)
		}
		if !there && !b.heard("in use or rest", "Again in") {
			t.Errorf("the joiner was told %q", b.said)
		}
		w.pass(500 * second)
		if got := b.p.View().ID; there == (got == 8001) {
			t.Errorf("holder there: %v, and the ID of the other is %d", there, got)
		}
	}
}

// TestPortTaken: an ID is the wish for a port; it stays when another is taken.
func TestPortTaken(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.pass(second)
	squatter := w.node("squatter")
	squatter.up, squatter.ports = true, []string{"127.0.0.1:8001"}
	squatter.cfg.NetworkID[0] = 9
	squatter.p = New(squatter.cfg, nil, w.now)
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(second)
	v := a.p.View()
	if v.ID != 8001 || v.Listen == "" || v.Listen == "127.0.0.1:8001" || !a.heard("127.0.0.1:8001 is taken", v.Listen) {
		t.Errorf("ID %d, listens at %s, said %q", v.ID, v.Listen, a.said)
	}
	b := w.node("b")
	b.cfg.Join, b.cfg.Listen = []string{"127.0.0.1:8000"}, "127.0.0.1:9000"
	b.start()
	w.pass(second)
	b.want(8002, "127.0.0.1:9000") // a person's port
	port := v.Listen
	a.stop()
	w.pass(10 * second)
	a.start()
	w.pass(10 * second)
	a.want(8001, port) // given back together with the ID
}

// TestLowBase: an ID that is no port.
func TestLowBase(t *testing.T) {
	w := newWorld(t)
	h := w.node("first")
	h.cfg.First, h.cfg.Base = true, 1
	h.start()
	w.pass(second)
	a := w.joiner("a", h.p.View().Listen)
	w.pass(second)
	if v := a.p.View(); v.ID != 2 || v.Listen == "" {
		t.Errorf("ID %d, listens at %q, said %q", v.ID, v.Listen, a.said)
	}
}

// TestParentGone: a node keeps its ID and port under another parent.
func TestParentGone(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	var all []*host
	for i := range 8 {
		all = append(all, w.joiner(fmt.Sprint("n", i), "127.0.0.1:8000"))
		w.pass(5 * second)
	}
	w.pass(60 * second)
	first.stop()
	w.pass(300 * second)
	seen := map[uint32]string{}
	for _, h := range all {
		v := h.p.View()
		if v.Parent == 0 || v.ID == 0 || seen[v.ID] != "" || !strings.HasSuffix(v.Listen, fmt.Sprint(":", v.ID)) {
			t.Errorf("%s: parent %d, ID %d at %s (%s has it, too): %q", h.name, v.Parent, v.ID, v.Listen, seen[v.ID], h.said)
		}
		seen[v.ID] = h.name
	}
	first.start()
	w.pass(60 * second)
	if v := first.p.View(); v.ID != 8000 || v.Listen != "127.0.0.1:8000" || v.Inbound+v.Outbound == 0 {
		t.Errorf("the first node came back as %d at %s with %d peers", v.ID, v.Listen, v.Inbound+v.Outbound)
	}
}

// TestTwoHolders: what a partition did is settled by the nonces, and the port
// stays.
func TestTwoHolders(t *testing.T) {
	w := newWorld(t)
	w.first()
	w.pass(second)
	w.joiner("a", "127.0.0.1:8000")
	w.pass(5 * second)
	side := map[string]bool{}
	w.cut = func(x, y *host) bool { return side[x.name] != side[y.name] }
	side["first"] = true
	// Both sides give 8002: the one by the first node's policy, the other since
	// a node says that it has it.
	b := w.joiner("b", "127.0.0.1:8000")
	side["b"] = true
	c := w.node("c")
	c.cfg.Join = []string{"127.0.0.1:8001"}
	c.disk["self"] = []byte(`{"ID":8002,"Port":9002,"Token":"ab","Base":8000}`)
	c.start()
	w.pass(30 * second)
	b.want(8002, "127.0.0.1:8002")
	c.want(8002, "127.0.0.1:9002")
	side = map[string]bool{}
	w.pass(400 * second)
	vb, vc := b.p.View(), c.p.View()
	if vb.ID == vc.ID || vb.ID == 0 || vc.ID == 0 {
		t.Fatalf("IDs %d and %d; %q %q", vb.ID, vc.ID, b.said, c.said)
	}
	keeps := b
	if c.cfg.Nonce < b.cfg.Nonce {
		keeps = c
	}
	if keeps.p.View().ID != 8002 || vb.Listen != "127.0.0.1:8002" || vc.Listen != "127.0.0.1:9002" {
		t.Errorf("b is %d at %s, c is %d at %s", vb.ID, vb.Listen, vc.ID, vc.Listen)
	}
}

// TestIDsAreNotBurnt: one child cannot make a node give away all of its IDs.
func TestIDsAreNotBurnt(t *testing.T) {
	w := newWorld(t)
	tracker := w.tracker()
	w.pass(second)
	s := w.stranger(tracker, "127.0.0.1")
	s.ask(s.hello())
	for range 100 {
		s.ask(&protocol.Assign{Kind: protocol.KindNode})
		w.pass(second)
	}
	if n := len(tracker.p.leases); n < 2 || n > 1+renewBurst+2 {
		t.Errorf("%d IDs for one node", n)
	}
}

// TestWallets: a wallet gets an ID of its own range and no port.
func TestWallets(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	for i := range 9 {
		h := w.node("wallet")
		h.ids = protocol.PeerID(100 * i)
		h.cfg.Kind, h.cfg.Nonce = protocol.KindWallet, uint64(1000+i)
		h.up, h.member, h.p = true, map[protocol.PeerID]bool{}, New(h.cfg, nil, w.now)
		l := w.connect(h, first, "127.0.0.1:8000")
		w.pass(second)
		l.send(1, protocol.Asked{Peer: l.id[1], Call: 3, Request: &protocol.Assign{Kind: protocol.KindWallet}})
		w.pass(second)
	}
	v := first.p.View()
	if len(v.Children) != 8 {
		t.Fatalf("%d children: %+v", len(v.Children), v.Children)
	}
	for i, c := range v.Children {
		if c.Kind != protocol.KindWallet || c.ID != 1_000_000_001+uint32(i) || c.Address != "" {
			t.Errorf("%+v", c)
		}
	}
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(second)
	a.want(8001, "127.0.0.1:8001")
}

// TestOwnWallets: the wallets of a node get IDs from its policy and keep them.
func TestOwnWallets(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	first.refused(AttachWallet{""}, ErrNoWallet)
	first.refused(DetachWallet{"alice"}, ErrNoWallet)
	for i := range 8 {
		name := fmt.Sprint("w", i)
		for range 2 {
			if id := first.command(AttachWallet{name}); id != 1_000_000_001+uint32(i) {
				t.Errorf("%s has ID %v", name, id)
			}
		}
	}
	first.refused(AttachWallet{"w8"}, ErrNoID)
	first.stop()
	w.pass(100 * second)
	first.start()
	w.pass(100 * second)
	if id := first.command(AttachWallet{"w3"}); id != uint32(1_000_000_004) {
		t.Errorf("after a restart w3 has ID %v", id)
	}
	first.command(DetachWallet{"w3"})
	w.pass(300 * second)
	first.refused(AttachWallet{"w8"}, ErrNoID) // it rests
	w.pass(700 * second)
	if id := first.command(AttachWallet{"w8"}); id != uint32(1_000_000_004) {
		t.Errorf("w8 has ID %v", id)
	}
	if c := first.p.View().Children[3]; c.State != "attached" || c.Wallet != "w8" {
		t.Errorf("%+v", c)
	}
	a := w.node("a")
	a.cfg.Join = []string{"127.0.0.1:1"}
	a.start()
	w.pass(second)
	a.refused(AttachWallet{"w"}, ErrNoID)
}

// TestHolderIsFull: an ID whose holder is there, but takes no connections now,
// is not given away.
func TestHolderIsFull(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	a := w.node("a")
	a.cfg.Join, a.cfg.MaxInbound, a.cfg.Outbound = []string{"127.0.0.1:8000"}, 0, 0
	a.start()
	w.pass(5 * second)
	a.want(8001, "127.0.0.1:8001")
	a.p.parent, a.p.root, a.p.join = 0, true, joining{} // it does not come back by itself
	first.command(Disconnect{Address: "127.0.0.1:8001"})
	for range 4 {
		w.pass(660 * second)
		if c := first.p.View().Children; len(c) != 1 || c[0].State != "resting" {
			t.Errorf("%+v; dials %q", c, first.dials)
		}
	}
	if len(first.dials) == 0 {
		t.Error("nobody looked")
	}
	a.stop()
	w.pass(700 * second)
	if c := first.p.View().Children; len(c) != 0 {
		t.Errorf("nobody is there any more: %+v", c)
	}
}

// TestClockJumps: timers count the time that passed, whatever the clock says.
func TestClockJumps(t *testing.T) {
	for _, jump := range []int64{-7200, 7200} {
		w := newWorld(t)
		first := w.first()
		a := w.joiner("a", "127.0.0.1:8000")
		w.pass(100 * second)
		first.skew += jump * second
		w.pass(100 * second)
		if q := first.peer(a); q == nil || q.Ping == 0 {
			t.Errorf("%d s: %+v", jump, q)
		}
		a.stop()
		w.pass(5 * second)
		first.skew += jump * second
		w.pass(second)
		if c := first.p.View().Children; c[0].State != "lost" && jump < 0 {
			t.Errorf("%d s: %+v at once", jump, c)
		}
		w.pass(100 * second)
		if c := first.p.View().Children; len(c) != 1 || c[0].State != "resting" {
			t.Errorf("%d s: %+v", jump, c)
		}
	}
}
