package peering

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"orrery/core/policy"
	"orrery/core/protocol"
)

// public makes a host with an address of the internet, that others reach there.
func (w *world) public(name, ip string) *host {
	h := w.node(name)
	h.ip, h.cfg.Host = ip, ip
	return h
}

func members(format string, n int) []protocol.Member {
	var out []protocol.Member
	for i := range n {
		out = append(out, protocol.Member{ID: uint32(20000 + i), Address: fmt.Sprintf(format, i/250, i%250), Kind: protocol.KindNode})
	}
	return out
}

// TestAddressFlood: one network fills its share of the book, however many
// connections it has (failures 37).
func TestAddressFlood(t *testing.T) {
	w := newWorld(t)
	first := w.public("first", "5.5.5.5")
	first.cfg.First = true
	first.start()
	w.pass(second)
	honest := w.stranger(first, "6.6.6.6")
	honest.ask(honest.hello())
	honest.tell(&protocol.Announce{Peers: members("7.%[2]d.%[1]d.7:8000", 300)})
	if n := len(first.p.book.entries); n != 300 {
		t.Fatalf("%d addresses of an honest peer", n)
	}
	for i := range 20 {
		s := w.stranger(first, fmt.Sprintf("66.6.0.%d", i))
		s.ask(s.hello())
		s.tell(&protocol.Announce{Peers: members(fmt.Sprintf("%d.%%[2]d.%%[1]d.1:8000", 100+i), 1000)})
	}
	var heard, unheard int64
	for _, q := range first.p.View().Peers {
		if NetGroup(q.Address[:strings.IndexByte(q.Address, ':')]) == "66.6" {
			heard, unheard = heard+q.Heard, unheard+q.Unheard
		}
	}
	if heard < bookBurst || heard > bookBurst+10 || heard+unheard != 20000 {
		t.Errorf("heard %d addresses of one network, left out %d", heard, unheard)
	}
	kept := 0
	for _, e := range first.p.book.entries {
		if strings.HasPrefix(e.Address, "7.") {
			kept++
		}
	}
	if n := len(first.p.book.entries); kept != 300 || n > 300+maxOfSource {
		t.Errorf("%d addresses, %d of the honest peer's 300", n, kept)
	}
	// All in one group.
	s := w.stranger(first, "77.7.7.7")
	s.ask(s.hello())
	before := len(first.p.book.entries)
	s.tell(&protocol.Announce{Peers: members("200.200.%d.%d:8000", 1000)})
	if n := len(first.p.book.entries) - before; n != maxOfGroup {
		t.Errorf("%d addresses of one group", n)
	}
	// More than a message may hold.
	s.tell(&protocol.Announce{Peers: members("201.%d.%d.1:8000", 1001)})
	if len(first.p.View().Bans) != 1 || first.p.View().Bans[0].Who != "77.7.7.7" {
		t.Errorf("bans: %+v", first.p.View().Bans)
	}
	w.pass(3600 * second)
	if n := len(first.dials); n > 1500 {
		t.Errorf("%d dials in an hour", n)
	}
}

// TestKnownAddressFlood: a peer that repeats addresses is not looked at without
// end, since each takes time; after a while it is heard again.
func TestKnownAddressFlood(t *testing.T) {
	w := newWorld(t)
	first := w.public("first", "5.5.5.5")
	first.cfg.First = true
	first.start()
	w.pass(second)
	s := w.stranger(first, "6.6.6.6")
	s.ask(s.hello())
	list := members("7.%[2]d.%[1]d.7:8000", 300)
	for range 20 {
		s.tell(&protocol.Announce{Peers: list})
	}
	q := first.p.peers[0]
	if q.heard+q.unheard != 20*300 || q.heard > hearBurst+1 {
		t.Errorf("%d addresses were heard, %d were not", q.heard, q.unheard)
	}
	heard := q.heard
	w.pass(10 * second)
	s.tell(&protocol.Announce{Peers: list[:8]})
	if q.heard != heard+8 {
		t.Errorf("%d addresses were heard later", q.heard-heard)
	}
}

// TestStolenID: somebody claims to have a node's ID, on one connection after the
// other. The node gives it up a few times, says so, and keeps its parent.
func TestStolenID(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	victim := w.joiner("victim", "127.0.0.1:8000")
	w.pass(5 * second)
	said, others := len(victim.said), 0
	for range 2000 {
		id := victim.p.View().ID
		s := w.stranger(victim, "127.0.0.1")
		h := s.hello()
		h.ID, h.Nonce = id, 1
		s.ask(h)
		w.break_(s.l, "bye")
		w.pass(second / 100)
		if victim.p.View().ID != id {
			others++
		}
	}
	if others < 1 || others > renewBurst || len(victim.said)-said > 100 {
		t.Errorf("the victim had %d other IDs and said %d lines", others, len(victim.said)-said)
	}
	if bans := first.p.View().Bans; len(bans) > 0 || victim.peer(first) == nil || len(victim.ended) > 0 {
		t.Errorf("the victim lost its parent, which bans %+v; peer %v, ended %q, said %q", bans, victim.peer(first) != nil, victim.ended, victim.said)
	}
}

// TestEclipse: a book full of an attacker's addresses, and a restart: the two
// good peers of before are dialled first (failures 41).
func TestEclipse(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		h := w.public(fmt.Sprint("good", i), fmt.Sprintf("5.%d.5.5", i))
		h.cfg.First, h.cfg.Base = i == 0, 8000
		if i > 0 {
			h.cfg.Join = []string{"5.0.5.5:8000"}
		}
		h.start()
		w.pass(5 * second)
	}
	v := w.public("victim", "9.9.9.9")
	v.cfg.Join = []string{"5.0.5.5:8000"}
	v.start()
	w.pass(300 * second)
	if n := len(v.p.savedAnchors); n != 2 {
		t.Fatalf("%d anchors, %d connections", n, v.p.View().Outbound)
	}
	anchors := slices.DeleteFunc(slices.Clone(v.p.savedAnchors), func(a string) bool { return a == v.p.parentAddress })
	for i := range 40 {
		s := w.stranger(v, fmt.Sprintf("66.%d.1.1", i))
		s.ask(s.hello())
		s.tell(&protocol.Announce{Peers: members(fmt.Sprintf("%d.%%[2]d.%%[1]d.1:8000", 100+i), 1000)})
	}
	w.pass(120 * second)
	v.stop()
	v.dials = nil
	w.pass(second)
	v.cfg.Join = nil
	parent := v.p.parentAddress
	v.start()
	w.pass(20 * second)
	var links []string
	for _, a := range v.dials {
		if a != parent {
			links = append(links, a)
		}
	}
	if len(links) < 2 || !slices.Equal(links[:len(anchors)], anchors) {
		t.Errorf("dialled %q first, not the anchors %q", links[:min(len(links), 4)], anchors)
	}
	if v.p.View().Outbound < 2 {
		t.Errorf("%d connections", v.p.View().Outbound)
	}
	// With nobody connected the anchors stay.
	w.pass(120 * second)
	before := string(v.disk["anchors"])
	for _, h := range w.nodes {
		if h != v {
			h.stop()
		}
	}
	w.pass(300 * second)
	if got := string(v.disk["anchors"]); got != before || len(got) < 10 {
		t.Errorf("anchors %s, when they were connected %s", got, before)
	}
}

// TestOutboundGroups: no two connections that a node opens go to one network.
func TestOutboundGroups(t *testing.T) {
	w := newWorld(t)
	for i := range 9 {
		h := w.public(fmt.Sprint("n", i), fmt.Sprintf("5.%d.5.%d", i/3, i))
		h.cfg.First = i == 0
		h.cfg.Capacity = 20
		if i > 0 {
			h.cfg.Join = []string{"5.0.5.0:8000"}
		}
		h.start()
		w.pass(5 * second)
	}
	w.pass(300 * second)
	for _, h := range w.nodes {
		seen := map[string]int{}
		for _, q := range h.p.View().Peers {
			if q.Role == roleLink {
				host, _, _ := SplitAddress(q.Address)
				seen[NetGroup(host)]++
				if seen[NetGroup(host)] > 1 {
					t.Errorf("%s has two connections to %s", h.name, NetGroup(host))
				}
			}
		}
	}
}

// TestStolenParent: somebody connects to a node, says that it listens where the
// node's parent does, and would give it an ID. The node goes back to its parent.
func TestStolenParent(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(5 * second)
	s := w.stranger(a, "127.0.0.1")
	s.reply = func(r protocol.Request) (protocol.Response, *protocol.Error) {
		switch r.(type) {
		case *protocol.Assign:
			return &protocol.Assigned{Lease: protocol.Lease{ID: 9099, Token: "aa"}, Base: 8000}, nil
		case *protocol.Register:
			return &protocol.Registered{}, nil
		}
		return &protocol.Peers{}, nil
	}
	h := s.hello()
	h.Listen = "127.0.0.1:8000"
	s.ask(h)
	w.pass(second)
	first.stop()
	w.pass(5 * second)
	first.start()
	w.pass(60 * second)
	if a.peer(first) == nil || a.p.View().ID != 8001 {
		t.Errorf("it has the ID %d and said %q", a.p.View().ID, a.said)
	}
}

// TestFramed: who misbehaves and says that it listens where another node does
// has not got that one banned.
func TestFramed(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(5 * second)
	s := w.stranger(first, "127.0.0.1")
	h := s.hello()
	h.Listen = "127.0.0.1:8001"
	s.ask(h)
	s.l.send(1, protocol.Broke{Peer: s.l.id[1], Kind: protocol.FaultSize, What: "9 MB"})
	w.pass(5 * second)
	if bans := first.p.View().Bans; len(bans) != 1 || first.peer(a) == nil {
		t.Errorf("bans: %+v", bans)
	}
	a.stop()
	w.pass(5 * second)
	a.start()
	w.pass(5 * second)
	if first.peer(a) == nil {
		t.Error("the node that was named is banned")
	}
}

// TestBanList: faults ban by host, on one machine by the run of a node, and the
// list stays small (failures 38).
func TestBanList(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(5 * second)
	b := w.joiner("b", "127.0.0.1:8000")
	w.pass(5 * second)
	first.carry(first.p.Fault(w.now, first.peer(a).Peer, protocol.FaultConsensus, "bad-txns"))
	w.pass(60 * second)
	v := first.p.View()
	if first.peer(a) != nil || first.peer(b) == nil {
		t.Error("not a alone was banned")
	}
	if len(v.Bans) != 1 || v.Bans[0].Until-v.Bans[0].Created != policy.BanSeconds || v.Bans[0].Reason != "consensus: bad-txns" {
		t.Errorf("bans: %+v", v.Bans)
	}
	elsewhere := w.stranger(first, "65.1.1.1")
	elsewhere.ask(elsewhere.hello())
	elsewhere.l.send(1, protocol.Broke{Peer: elsewhere.l.id[1], Kind: protocol.FaultSize, What: "9 MB"})
	w.pass(second)
	if _, ok := first.disk["ban/65.1.1.1"]; !ok {
		t.Error("the ban is not saved")
	}
	first.stop()
	w.pass(5 * second)
	first.start()
	w.pass(30 * second)
	if v := first.p.View(); len(v.Bans) != 1 || v.Bans[0].Who != "65.1.1.1" {
		t.Errorf("bans after a restart: %+v", v.Bans)
	}
	for i := range 3 * maxFaultBans {
		s := w.stranger(first, fmt.Sprintf("66.%d.%d.1", i/250, i%250))
		s.l.send(1, protocol.Broke{Peer: s.l.id[1], Kind: protocol.FaultSize, What: "9 MB"})
		w.pass(2 * latency)
	}
	if n := len(first.p.View().Bans); n != maxFaultBans {
		t.Errorf("%d bans", n)
	}
	if n := len(first.said); n > 300 {
		t.Errorf("%d lines about them", n)
	}
	s := w.stranger(first, "66.11.249.1")
	s.ask(s.hello())
	if len(first.ended) == 0 || first.ended[len(first.ended)-1] != "banned here" {
		t.Errorf("a banned host: %q", first.ended[len(first.ended)-1])
	}
	w.pass(86500 * second)
	if n := len(first.p.View().Bans); n != 0 {
		t.Errorf("%d bans after a day", n)
	}
}

// lenient ignores the first two faults of a peer.
type lenient struct{ policy.Defaults }

func (lenient) Punish(_ policy.Peer, f policy.Fault) int64 {
	return map[bool]int64{true: -1, false: int64(f.Count) * 100}[f.Count <= 2]
}

// TestFaultCount: faults count beyond one connection.
func TestFaultCount(t *testing.T) {
	w := newWorld(t)
	first := w.node("first")
	first.cfg.First, first.cfg.Local = true, lenient{}
	first.start()
	w.pass(second)
	s := w.stranger(first, "6.6.6.6")
	s.ask(s.hello())
	for range 2 {
		first.carry(first.p.Fault(w.now, s.l.id[1], protocol.FaultWork, "low"))
	}
	if v := first.p.View(); v.Peers[0].Faults != 2 || len(v.Bans) != 0 {
		t.Fatalf("%+v", v.Peers)
	}
	w.break_(s.l, "bye")
	w.pass(second)
	s = w.stranger(first, "6.6.6.6")
	s.ask(s.hello())
	first.carry(first.p.Fault(w.now, s.l.id[1], protocol.FaultWork, "low"))
	if v := first.p.View(); len(v.Bans) != 1 || v.Bans[0].Until-v.Bans[0].Created != 300 {
		t.Errorf("%+v", v.Bans)
	}
	// What is no fault only ends the connection.
	s = w.stranger(first, "6.7.6.6")
	s.ask(s.hello())
	first.carry(first.p.Fault(w.now, s.l.id[1], "rumour", "x"))
	if v := first.p.View(); len(v.Bans) != 1 || len(v.Peers) != 0 {
		t.Errorf("%+v %+v", v.Bans, v.Peers)
	}
}

// TestRates: a peer that asks too much is told so, and closed when it goes on.
func TestRates(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	s := w.stranger(first, "6.6.6.6")
	s.ask(s.hello())
	busy := 0
	for range 100 {
		if _, err := s.ask(&protocol.GetPeers{}); err != nil && err.Code == protocol.CodeBusy {
			busy++
		}
	}
	if busy < 60 || len(first.member) != 1 {
		t.Errorf("%d of 100 requests refused, members %v", busy, first.member)
	}
	for i := range 4000 {
		s.l.send(1, protocol.Asked{Peer: s.l.id[1], Call: uint64(10001 + 2*i), Request: &protocol.GetHeaders{}})
	}
	w.pass(second)
	if first.served > 2100 || len(first.member) != 0 || len(first.p.View().Bans) != 1 {
		t.Errorf("served %d, members %v, bans %v", first.served, first.member, first.p.View().Bans)
	}
}

// TestClocks: one line when this clock differs from those of peers that this
// node chose; others' words count nothing (failures 39).
func TestClocks(t *testing.T) {
	for _, ahead := range []int64{0, 3500, -3500, 3700, -3700, 1 << 31, -1 << 30} {
		w := newWorld(t)
		a := w.first()
		w.pass(second)
		for i := range 5 {
			s := w.stranger(a, fmt.Sprintf("6.%d.6.6", i))
			h := s.hello()
			h.Time = w.now/second + 99999
			s.ask(h)
		}
		for i := range 3 {
			if v := a.p.View(); v.Clock != 0 || v.Warning != "" || a.heard("clock") {
				t.Errorf("clocks of %d peers: %d %q", i, v.Clock, v.Warning)
			}
			h := w.public(fmt.Sprint("n", i), fmt.Sprintf("7.%d.7.7", i))
			h.cfg.First, h.cfg.Base, h.skew = true, uint32(9000+i), ahead*second
			h.start()
			w.pass(second)
			a.command(AddNode{fmt.Sprintf("7.%d.7.7:%d", i, 9000+i), "onetry"})
			w.pass(second)
		}
		v, wrong := a.p.View(), abs(ahead) > 3600
		if a.heard("clock is") != wrong || (v.Warning != "") != wrong || v.Clock != ahead {
			t.Errorf("%d s ahead: median %d, said %q", ahead, v.Clock, a.said)
		}
	}
}
