package peering

import (
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

func (w *world) tracker() *host {
	h := w.node("tracker")
	h.cfg.Kind, h.cfg.Listen, h.cfg.Capacity, h.cfg.NetworkID = protocol.KindTracker, "127.0.0.1:7000", 1000, chainhash.Hash{}
	return h.start()
}

func (w *world) tracked(name string, first bool) *host {
	h := w.node(name)
	h.cfg.Tracker, h.cfg.First = "127.0.0.1:7000", first
	return h.start()
}

// TestTracker: it alone assigns, tells members of each other, and comes back.
func TestTracker(t *testing.T) {
	w := newWorld(t)
	tr := w.tracker()
	w.pass(second)
	first := w.tracked("first", true)
	w.pass(5 * second)
	first.want(8000, "127.0.0.1:8000")
	var all []*host
	for i := range 12 {
		h := w.tracked(fmt.Sprint("n", i), false)
		all = append(all, h)
		w.pass(5 * second)
		h.want(8001+uint32(i), fmt.Sprintf("127.0.0.1:%d", 8001+i))
	}
	w.pass(120 * second)
	s := w.stranger(all[0], "127.0.0.1")
	if _, err := s.ask(s.hello()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ask(&protocol.Assign{Kind: "node"}); err == nil || err.Code != protocol.CodeFull || err.Referral[0].Address != "127.0.0.1:7000" {
		t.Errorf("a node gives IDs beside the tracker: %v", err)
	}
	w.break_(s.l, "bye")
	for _, h := range append(all, first) {
		if v := h.p.View(); v.State != "joined 127.0.0.1:7000" || v.Inbound+v.Outbound < 3 { // the tracker, and two links
			t.Errorf("%s: %s with %d connections", h.name, v.State, v.Inbound+v.Outbound)
		}
	}
	// It dies, and nobody else gives IDs meanwhile.
	tr.stop()
	w.pass(30 * second)
	late := w.tracked("late", false)
	w.pass(90 * second)
	for _, h := range all {
		n := 0
		for _, line := range h.said {
			if strings.Contains(line, "did not work") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s said %d times that the tracker is gone: %q", h.name, n, h.said)
		}
	}
	late.want(0, "")
	if !late.heard("Joining 127.0.0.1:7000 did not work", "refused", "Again in") {
		t.Errorf("%q", late.said)
	}
	for _, forget := range []bool{false, true} {
		if forget {
			clear(tr.disk)
		}
		tr.start()
		w.pass(90 * second)
		for i, h := range all {
			h.want(8001+uint32(i), fmt.Sprintf("127.0.0.1:%d", 8001+i))
			if h.p.View().Parent == 0 {
				t.Errorf("%s: %s", h.name, h.p.View().State)
			}
		}
		late.want(8013, "127.0.0.1:8013")
		tr.stop()
		w.pass(10 * second)
	}
}

// TestTrackerRefuses: only members are answered, and with ten at most.
func TestTrackerRefuses(t *testing.T) {
	w := newWorld(t)
	tr := w.tracker()
	w.pass(second)
	for i := range 15 {
		w.tracked(fmt.Sprint("n", i), i == 0)
		w.pass(5 * second)
	}
	s := w.stranger(tr, "127.0.0.1")
	if _, err := s.ask(s.hello()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ask(&protocol.GetPeers{}); err == nil || err.Code != protocol.CodeNotMember {
		t.Errorf("peers before registering: %v", err)
	}
	if _, err := s.ask(&protocol.Register{Listen: "127.0.0.1:1"}); err == nil || err.Code != protocol.CodeNotMember {
		t.Errorf("register before assign: %v", err)
	}
	if _, err := s.ask(&protocol.GetHeaders{}); err == nil || err.Code != protocol.CodeNotFound || tr.served != 0 {
		t.Errorf("headers of a tracker: %v", err)
	}
	r, _ := s.ask(&protocol.Assign{Kind: "node"})
	if a, ok := r.(*protocol.Assigned); !ok || a.Lease.ID != 8015 {
		t.Fatalf("assigned %+v", r)
	}
	if _, err := s.ask(&protocol.GetPeers{}); err == nil {
		t.Error("peers before registering, with an ID")
	}
	if _, err := s.ask(&protocol.Register{Listen: "127.0.0.1:8015"}); err != nil {
		t.Fatal(err)
	}
	r, err := s.ask(&protocol.GetPeers{})
	if p, ok := r.(*protocol.Peers); !ok || len(p.Peers) != protocol.MaxSample {
		t.Errorf("peers: %+v %v", r, err)
	}
	// It does not answer pings: no member any more after a while.
	w.pass(80 * second)
	if n := len(tr.p.View().Children); n != 16 {
		t.Fatalf("%d children", n)
	}
	if c := tr.p.View().Children[15]; c.Connected || c.State != "lost" {
		t.Errorf("a silent member: %+v", c)
	}
	w.pass(60 * second)
	if c := tr.p.View().Children[15]; c.State != "resting" {
		t.Errorf("a silent member, later: %+v", c)
	}
	// Another network is none of its.
	o := w.stranger(tr, "127.0.0.1")
	h := o.hello()
	h.NetworkID[0] = 9
	if _, err := o.ask(h); err == nil || err.Code != protocol.CodeWrongNetwork {
		t.Errorf("another network: %v", err)
	}
}

// TestTrackerAndJoin: a node to join is dialled, too, where a tracker gives the
// ID that does not know it.
func TestTrackerAndJoin(t *testing.T) {
	w := newWorld(t)
	w.tracker()
	other := w.first()
	w.pass(second)
	a := w.node("a")
	a.cfg.Tracker, a.cfg.Join = "127.0.0.1:7000", []string{"127.0.0.1:8000"}
	a.start()
	w.pass(30 * second)
	a.want(8001, "127.0.0.1:8001")
	if a.peer(other) == nil {
		t.Errorf("not connected to the node to join: %q", a.said)
	}
}
