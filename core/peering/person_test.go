package peering

import (
	"errors"
	"fmt"
	"testing"

	"orrery/core/policy"
)

func (h *host) refused(c Command, want error) {
	h.w.t.Helper()
	_, r, err := h.p.Command(h.w.now, c)
	h.carry(r)
	if !errors.Is(err, want) {
		h.w.t.Errorf("%+v: %v, want %v", c, err, want)
	}
}

// TestAddNode: kept, found again after it was away, no longer after remove.
func TestAddNode(t *testing.T) {
	w := newWorld(t)
	a, b := w.first(), w.node("b")
	b.cfg.First, b.cfg.Base = true, 9000
	b.start()
	w.pass(second)
	for _, bad := range []string{"", "x", "1.2.3.4", "1.2.3.4:0", "a b:1"} {
		a.refused(AddNode{bad, "add"}, ErrAddress)
	}
	a.refused(AddNode{"127.0.0.1:9000", "hug"}, ErrAction)
	a.refused(AddNode{"127.0.0.1:9000", "remove"}, ErrNotAdded)
	a.refused(AddedNodeInfo{"127.0.0.1:9000"}, ErrNotAdded)
	a.command(AddNode{"127.0.0.1:9000", "add"})
	a.refused(AddNode{"127.0.0.1:9000", "add"}, ErrAdded)
	w.pass(second)
	if q := a.peer(b); q == nil || q.Role != roleManual {
		t.Fatalf("%+v", q)
	}
	if n := a.command(AddedNodeInfo{}).([]AddedNode); len(n) != 1 || n[0] != (AddedNode{"127.0.0.1:9000", true, false}) {
		t.Errorf("%+v", n)
	}
	b.stop()
	w.pass(20 * second)
	if n := len(a.dials); n < 2 {
		t.Errorf("%d dials within 20 s", n)
	}
	w.pass(3600 * second)
	if n := a.command(AddedNodeInfo{"127.0.0.1:9000"}).([]AddedNode); len(n) != 1 || n[0].Connected {
		t.Errorf("%+v", n)
	}
	if n := len(a.dials); n < 12 || n > 60 {
		t.Errorf("%d dials in an hour", n)
	}
	b.start()
	w.pass(400 * second)
	if a.peer(b) == nil {
		t.Error("not connected again")
	}
	a.command(AddNode{"127.0.0.1:9000", "remove"})
	a.command(Disconnect{Address: "127.0.0.1:9000"})
	a.refused(Disconnect{Address: "127.0.0.1:9000"}, ErrNotConnected)
	a.refused(Disconnect{Peer: 77}, ErrNotConnected)
	for i := range maxAdded {
		a.command(AddNode{fmt.Sprintf("127.0.0.1:%d", 100+i), "add"})
	}
	a.refused(AddNode{"127.0.0.1:9001", "add"}, ErrTooMany)
}

// TestSetBan: by host, by range, by a node's address; over after its time.
func TestSetBan(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(second)
	connects := func(ip string) bool {
		s := w.stranger(first, ip)
		_, err := s.ask(s.hello())
		return err == nil && s.got != nil && !s.l.down
	}
	for _, bad := range []string{"", "1.2.3.4/33", "no host", "8001"} {
		first.refused(SetBan{Who: bad}, ErrAddress)
	}
	first.refused(SetBan{Who: "1.2.3.4", Remove: true}, ErrNotBanned)
	first.command(SetBan{Who: "1.2.3.0/24"})
	first.refused(SetBan{Who: "1.2.3.0/24"}, ErrBanned)
	first.command(SetBan{Who: "4.4.4.4", Seconds: 100})
	first.command(SetBan{Who: "5.5.5.5", Seconds: w.now/second + 200, Absolute: true})
	first.command(SetBan{Who: "127.0.0.1:8001"})
	w.pass(second)
	if first.peer(a) != nil {
		t.Error("a banned node is still there")
	}
	list := first.command(ListBanned{}).([]Ban)
	if len(list) != 4 || list[1].Who != "127.0.0.1:8001" || !list[0].ByHand || list[0].Until != w.now/second-1+policy.BanSeconds || list[2].Until != list[2].Created+100 {
		t.Errorf("%+v", list)
	}
	for ip, want := range map[string]bool{"1.2.3.77": false, "1.2.4.77": true, "4.4.4.4": false, "5.5.5.5": false, "127.0.0.1": true} {
		if connects(ip) != want {
			t.Errorf("%s connects: %v", ip, !want)
		}
	}
	w.pass(110 * second)
	if !connects("4.4.4.4") || connects("5.5.5.5") || connects("1.2.3.4") {
		t.Error("after 110 s")
	}
	first.command(SetBan{Who: "1.2.3.0/24", Remove: true})
	if !connects("1.2.3.4") {
		t.Error("after the pardon")
	}
	first.command(ClearBanned{})
	if !connects("5.5.5.5") || len(first.p.View().Bans) != 0 {
		t.Error("after all were pardoned")
	}
	for k := range first.disk {
		if k[:4] == "ban/" {
			t.Errorf("still saved: %s", k)
		}
	}
	for i := range maxHandBans {
		first.command(SetBan{Who: fmt.Sprintf("8.8.%d.%d", i/250, i%250)})
	}
	first.refused(SetBan{Who: "9.9.9.9"}, ErrTooMany)
}

// TestNetworkActive: off is off, and on dials at once.
func TestNetworkActive(t *testing.T) {
	w := newWorld(t)
	w.first()
	var all []*host
	for i := range 3 {
		all = append(all, w.joiner(fmt.Sprint("n", i), "127.0.0.1:8000"))
		w.pass(5 * second)
	}
	w.pass(60 * second)
	a := all[1]
	if a.command(SetNetworkActive{false}) != false {
		t.Error("value")
	}
	a.refused(AddNode{"127.0.0.1:8000", "onetry"}, ErrInactive)
	before := len(a.dials)
	w.pass(1800 * second)
	if v := a.p.View(); len(v.Peers) != 0 || v.Active || v.State != "network switched off" || len(a.dials) != before {
		t.Errorf("%+v, %d dials", v, len(a.dials)-before)
	}
	a.command(SetNetworkActive{true})
	w.pass(second)
	if v := a.p.View(); v.Inbound+v.Outbound < 2 || v.Parent == 0 || v.ID != 8002 {
		t.Errorf("a second later: %+v", v)
	}
	a.command(SetNetworkActive{false})
	w.pass(second)
	a.command(SetNetworkActive{true})
	w.pass(second)
	if v := a.p.View(); v.Outbound < 3 {
		t.Errorf("off and on again: %d connections", v.Outbound)
	}
}

// TestPingAndView: what a person sees of a peer.
func TestPingAndView(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(5 * second)
	if v := first.p.View(); v != first.p.View() {
		t.Error("a view is made twice")
	}
	if q := first.peer(a); q.Ping != 0 || q.NodeID != 8001 || q.Listen != "127.0.0.1:8001" || q.Kind != "node" || !q.Inbound || q.Connected/second > w.now/second-4 {
		t.Errorf("%+v", q)
	}
	old := first.p.View()
	first.command(Ping{})
	w.pass(second)
	if q := first.peer(a); q.Ping != 2*latency || q.MinPing != 2*latency || q.PingSent != 0 {
		t.Errorf("%+v", q)
	}
	if old.Peers[0].Ping != 0 {
		t.Error("a view changed")
	}
	if q := a.peer(first); q.Role != "parent" || q.NodeID != 8000 {
		t.Errorf("%+v", q)
	}
	if k := a.command(NodeAddresses{}).([]KnownAddress); len(k) != 1 || k[0].Address != "127.0.0.1:8000" || k[0].ID != 8000 {
		t.Errorf("%+v", k)
	}
	// A peer that answers nothing is closed.
	w.cut = func(x, y *host) bool { return x == a }
	w.pass(60 * second)
	if q := first.peer(a); q == nil || q.PingSent == 0 {
		t.Errorf("%+v", q)
	}
	w.pass(60 * second)
	if first.peer(a) != nil {
		t.Error("a dead peer stays")
	}
}

// TestStaleTip: one more connection, and one less afterwards.
func TestStaleTip(t *testing.T) {
	w := newWorld(t)
	for i := range 9 {
		h := w.node(fmt.Sprint("n", i))
		h.cfg.First, h.cfg.Capacity, h.cfg.Outbound = i == 0, 20, 2
		if i > 0 {
			h.cfg.Join = []string{"127.0.0.1:8000"}
		}
		h.start()
		w.pass(5 * second)
	}
	w.pass(60 * second)
	h := w.nodes[8]
	if n := h.p.room(); n != 0 {
		t.Fatalf("room for %d", n)
	}
	before := h.p.View().Outbound
	h.carry(h.p.StaleTip(w.now))
	w.pass(5 * second)
	if n := h.p.View().Outbound; n != before+1 {
		t.Errorf("%d connections, before it were %d", n, before)
	}
	w.pass(900 * second)
	if n := h.p.View().Outbound; n != before {
		t.Errorf("%d connections afterwards, before it were %d", n, before)
	}
}
