package peering

import (
	"fmt"
	"testing"
)

func (h *host) want(id uint32, listen string) {
	h.w.t.Helper()
	if v := h.p.View(); v.ID != id || v.Listen != listen {
		h.w.t.Errorf("%s has ID %d and listens at %s, want %d and %s", h.name, v.ID, v.Listen, id, listen)
	}
}

// TestJoin is the tour: the first node, and others that get an ID and a port.
func TestJoin(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	first.want(8000, "127.0.0.1:8000")
	for i := range 3 {
		h := w.joiner(fmt.Sprint("n", i), "127.0.0.1:8000")
		w.pass(second)
		h.want(8001+uint32(i), fmt.Sprintf("127.0.0.1:%d", 8001+i))
		if v := h.p.View(); v.State != "joined 127.0.0.1:8000" || v.Joining != "" || !v.Joined {
			t.Errorf("state %q, joining %q", v.State, v.Joining)
		}
	}
	// The first one is full: the next go on to its children, in turn.
	for i, id := range []uint32{8004, 8007, 8010, 8005} {
		h := w.joiner(fmt.Sprint("m", i), "127.0.0.1:8000")
		w.pass(second)
		h.want(id, fmt.Sprintf("127.0.0.1:%d", id))
	}
	w.pass(60 * second)
	for _, h := range w.nodes {
		v := h.p.View()
		if n := v.Inbound + v.Outbound; n < 3 {
			t.Errorf("%s has %d connections", h.name, n)
		}
		if len(h.member) != v.Inbound+v.Outbound {
			t.Errorf("%s passed on %d members and shows %d", h.name, len(h.member), v.Inbound+v.Outbound)
		}
	}
}

// TestFirstNodeJoins: the first node of a network, started again with a node to
// join, connects to it and keeps its ID.
func TestFirstNodeJoins(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	first.stop()
	other := w.node("other")
	other.cfg.First, other.cfg.Base = true, 9000
	other.start()
	w.pass(2 * second)
	first.cfg.First, first.cfg.Join = false, []string{"127.0.0.1:9000"}
	first.start()
	w.pass(5 * second)
	if first.peer(other) == nil || first.p.View().ID != 8000 {
		t.Errorf("ID %d, %q", first.p.View().ID, first.dials)
	}
}
