package peering

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"orrery/core/protocol"
)

// TestDeadAddress: tried again and again, more and more slowly, and said.
func TestDeadAddress(t *testing.T) {
	w := newWorld(t)
	a := w.joiner("a", "127.0.0.1:8000", "127.0.0.1:8999")
	w.pass(3600 * second)
	if n := len(a.dials); n < 80 || n > 160 {
		t.Errorf("%d dials in an hour", n)
	}
	if len(a.said)*2 != len(a.dials) || !strings.HasPrefix(a.said[0], "Joining 127.0.0.1:8000 did not work: 127.0.0.1:8999: connection refused. Again in 1 s.") {
		t.Errorf("%d dials, said %d lines, the first %q", len(a.dials), len(a.said), a.said[:1])
	}
	if v := a.p.View(); v.Joined || v.State != "joining 127.0.0.1:8000" || v.Joining != "127.0.0.1:8000" {
		t.Errorf("%+v", v)
	}
	w.first()
	w.pass(80 * second)
	a.want(8001, "127.0.0.1:8001")
}

// TestReferralLoop: full nodes that only name each other.
func TestReferralLoop(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	for i := range 60 {
		h := w.node(fmt.Sprint("n", i))
		h.cfg.Join = []string{"127.0.0.1:8000"}
		h.start()
		w.pass(2 * second)
		if h.p.View().ID == 0 {
			t.Errorf("%s found no place: %q", h.name, h.said)
		}
		if n := len(h.dials); n > maxJoinDials+10 {
			t.Errorf("%s dialled %d times", h.name, n)
		}
	}
	for _, h := range w.nodes {
		h.p.cfg.Capacity = 0 // nobody has a place any more
	}
	first.p.cfg.Capacity = 0
	z := w.joiner("z", "127.0.0.1:8000")
	w.pass(second / 2)
	seen := map[string]bool{}
	for _, a := range z.dials {
		if seen[a] {
			t.Errorf("dialled %s twice in one round", a)
		}
		seen[a] = true
	}
	if len(z.dials) < 3 || len(z.dials) > maxJoinDials || z.p.View().Joined {
		t.Errorf("%d dials: %q", len(z.dials), z.dials)
	}
}

// TestReferrals: they are followed as far as a round goes, none twice, and not
// into this machine from elsewhere.
func TestReferrals(t *testing.T) {
	w := newWorld(t)
	full := func(list ...protocol.Member) func(protocol.Request) (protocol.Response, *protocol.Error) {
		return func(r protocol.Request) (protocol.Response, *protocol.Error) {
			return nil, &protocol.Error{Code: protocol.CodeFull, Message: "full", Referral: list}
		}
	}
	at := func(addresses ...string) (list []protocol.Member) {
		for _, a := range addresses {
			list = append(list, protocol.Member{ID: 1, Address: a, Kind: protocol.KindNode})
		}
		return list
	}
	x := w.liar("x", "9.9.9.1:1", full(at("9.9.9.2:1", "9.9.9.1:1", "127.0.0.1:22", "10.0.0.1:22", "nonsense")...))
	w.liar("y", "9.9.9.2:1", full(at("9.9.9.1:1", "9.9.9.2:1")...))
	a := w.joiner("a", "9.9.9.1:1")
	w.pass(second / 2)
	if !slices.Equal(a.dials, []string{"9.9.9.1:1", "9.9.9.2:1"}) {
		t.Errorf("dialled %q", a.dials)
	}
	asked := 0
	for _, e := range x.got {
		if q, ok := e.(protocol.Asked); ok && q.Request.Method() == (&protocol.Assign{}).Method() {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("asked the same node %d times for an ID in one round", asked)
	}
	endless := func(r protocol.Request) (protocol.Response, *protocol.Error) {
		var list []string
		for range protocol.MaxSample {
			w.port++
			list = append(list, fmt.Sprintf("9.9.8.8:%d", w.port))
		}
		return full(at(list...)...)(r)
	}
	w.liar("z", "9.9.9.3:1", endless)
	for i := range 300 {
		w.liar(fmt.Sprint("z", i), fmt.Sprintf("9.9.8.8:%d", 40000+i), endless)
	}
	b := w.joiner("b", "9.9.9.3:1")
	w.pass(second / 2)
	if len(b.dials) != maxJoinDials || !b.heard("Again in 1 s") {
		t.Errorf("%d dials: %q", len(b.dials), b.dials)
	}
}

// TestAllStartAgain: a node with an ID works without its parent, after a
// restart, too.
func TestAllStartAgain(t *testing.T) {
	w := newWorld(t)
	all := []*host{w.first()}
	for i := range 6 {
		all = append(all, w.joiner(fmt.Sprint("n", i), "127.0.0.1:8000"))
		w.pass(5 * second)
	}
	w.pass(200 * second)
	for _, h := range all {
		h.stop()
	}
	w.pass(100 * second)
	for _, h := range all[1:] { // the first one stays away
		h.start()
		w.pass(second)
	}
	w.pass(300 * second)
	for _, h := range all[1:] {
		v := h.p.View()
		if !v.Joined || v.Inbound+v.Outbound < 3 || !strings.HasSuffix(v.Listen, fmt.Sprint(":", v.ID)) {
			t.Errorf("%s: %s, %d at %s with %d connections", h.name, v.State, v.ID, v.Listen, v.Inbound+v.Outbound)
		}
	}
}
