package peering

import (
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/policy"
	"orrery/core/protocol"
)

// TestBadHello: what ends a connection before it is one (failures 20).
func TestBadHello(t *testing.T) {
	for _, tt := range []struct {
		name string
		say  protocol.Request
		edit func(*protocol.Hello)
		code protocol.Code
		end  string
	}{
		{"good", nil, func(*protocol.Hello) {}, 0, ""},
		{"network", nil, func(h *protocol.Hello) { h.NetworkID[0]++ }, protocol.CodeWrongNetwork, "another network"},
		{"self", nil, func(h *protocol.Hello) { h.Nonce = 0 }, protocol.CodeSelf, "met itself"},
		{"kind", nil, func(h *protocol.Hello) { h.Kind = "pirate" }, protocol.CodeInvalid, "pirate"},
		{"agent", nil, func(h *protocol.Hello) { h.Agent = strings.Repeat("x", 65) }, protocol.CodeInvalid, "agent"},
		{"version", nil, func(h *protocol.Hello) { h.Protocol = 0 }, protocol.CodeInvalid, "version 0"},
		{"ping first", &protocol.Ping{}, nil, protocol.CodeNotMember, "not a hello"},
		{"headers first", &protocol.GetHeaders{}, nil, protocol.CodeNotMember, "not a hello"},
		{"assign first", &protocol.Assign{Kind: "node"}, nil, protocol.CodeNotMember, "not a hello"},
	} {
		w := newWorld(t)
		first := w.first()
		w.pass(second)
		s := w.stranger(first, "127.0.0.1")
		r := tt.say
		if r == nil {
			h := s.hello()
			if tt.edit(h); h.Nonce == 0 {
				h.Nonce = first.cfg.Nonce
			}
			r = h
		}
		_, err := s.ask(r)
		switch {
		case err == nil && tt.code != 0, err != nil && err.Code != tt.code:
			t.Errorf("%s: %v", tt.name, err)
		case tt.end == "" && len(first.member) != 1, tt.end != "" && (len(first.ended) != 1 || !strings.Contains(first.ended[0], tt.end)):
			t.Errorf("%s: ended %q, members %v", tt.name, first.ended, first.member)
		}
	}
}

// TestBeforeHello: a joiner with an empty folder reads the parameters first.
func TestBeforeHello(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	s := w.stranger(first, "127.0.0.1")
	if _, err := s.ask(&protocol.GetParams{}); err != nil || first.served != 1 {
		t.Errorf("params: %v, served %d", err, first.served)
	}
	s.tell(&protocol.Announce{})
	if len(first.ended) != 1 {
		t.Errorf("a notice before hello: ended %q", first.ended)
	}
}

// TestWrongNetwork: each side says in one line what differs.
func TestWrongNetwork(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	a := w.node("a")
	a.cfg.Join, a.cfg.NetworkID = []string{"127.0.0.1:8000"}, chainhash.Hash{2}
	a.start()
	w.pass(second / 2)
	ours, theirs := fmt.Sprintf("%x", first.cfg.NetworkID[:8]), fmt.Sprintf("%x", a.cfg.NetworkID[:8]) // as getblockchaininfo shows them
	if len(first.said) != 1 || !first.heard("another network", ours, theirs) {
		t.Errorf("the node said %q", first.said)
	}
	if !a.heard("another network", ours, theirs) {
		t.Errorf("the joiner said %q", a.said)
	}
	// It goes on, but neither floods the log.
	w.pass(3600 * second)
	if len(first.said) > 100 || len(a.said) > 200 {
		t.Errorf("%d and %d lines in an hour", len(first.said), len(a.said))
	}
}

// TestSilent: who says nothing is closed after a minute, and does not keep out
// others (failures 21).
func TestSilent(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	for i := range 500 {
		w.stranger(first, fmt.Sprintf("1.2.%d.%d", i/250, i%250))
	}
	w.pass(second)
	if n := len(first.p.View().Peers); n != maxHalfOpen {
		t.Errorf("%d half-open connections", n)
	}
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(second)
	a.want(8001, "127.0.0.1:8001")
	w.pass(61 * second)
	if n := len(first.p.View().Peers); n != 1 {
		t.Errorf("%d connections after a minute", n)
	}
}

// TestSlots: more connections than places (failures 40). The children stay, and
// who is refused is told whom to try.
func TestSlots(t *testing.T) {
	w := newWorld(t)
	first := w.node("first")
	first.cfg.First, first.cfg.MaxInbound = true, 20
	first.start()
	w.pass(second)
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(second)
	for i := range 200 {
		s := w.stranger(first, fmt.Sprintf("9.%d.0.1", i/20))
		s.ask(s.hello())
		w.pass(second)
	}
	if v := first.p.View(); v.Inbound > 20 || v.Inbound < 15 {
		t.Errorf("%d inbound connections", v.Inbound)
	}
	if a.p.View().Parent == 0 || a.peer(first) == nil {
		t.Error("a child had to go")
	}
	b := w.joiner("b", "127.0.0.1:8000")
	w.pass(2 * second)
	if b.p.View().ID == 0 {
		t.Errorf("a joiner found no place: %q", b.said)
	}
}

// TestSelf: a node that dials itself learns that, and does not again (42).
func TestSelf(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	w.pass(second)
	first.ports = append(first.ports, "localhost:8000") // another name of it
	first.command(AddNode{"localhost:8000", "add"})
	first.command(Discovered{"localhost:8000"})
	w.pass(3600 * second)
	if len(first.dials) != 1 || len(first.p.View().Peers) != 0 {
		t.Errorf("dialled %q, peers %v", first.dials, first.p.View().Peers)
	}
}

// TestDuplicates: two nodes that dial each other at the same moment keep one
// connection, the same (42).
func TestDuplicates(t *testing.T) {
	for i := range 8 {
		w := newWorld(t)
		a, b := w.node(fmt.Sprint("a", i)), w.node(fmt.Sprint("b", i))
		a.cfg.First, b.cfg.First, b.cfg.Base = true, true, 9000
		a.start()
		b.start()
		w.pass(second)
		a.command(AddNode{"127.0.0.1:9000", "onetry"})
		b.command(AddNode{"127.0.0.1:8000", "onetry"})
		w.pass(second / 4)
		va, vb := a.p.View(), b.p.View()
		if len(va.Peers) != 1 || len(vb.Peers) != 1 || len(w.lines) != 1 || va.Peers[0].Inbound == vb.Peers[0].Inbound {
			t.Errorf("%d: %+v and %+v", i, va.Peers, vb.Peers)
		}
		// The same node by another name.
		b.ports = append(b.ports, "localhost:9000")
		a.command(AddNode{"localhost:9000", "onetry"})
		w.pass(60 * second)
		if len(a.p.View().Peers) != 1 {
			t.Errorf("%d: %+v", i, a.p.View().Peers)
		}
	}
}

// TestNonceOfAnother: who says the nonce of a node's parent does not get its
// place.
func TestNonceOfAnother(t *testing.T) {
	w := newWorld(t)
	first := w.first()
	first.p.cfg.Nonce = 1 // of two dialled at once, that of this one would stay
	w.pass(second)
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(60 * second)
	evil := w.stranger(a, "127.0.0.1")
	h := evil.hello()
	h.Nonce = 1
	if _, err := evil.ask(h); err == nil || err.Code != protocol.CodeDuplicate {
		t.Errorf("the answer is %v", err)
	}
	if q := a.peer(first); q == nil || q.Role != "parent" {
		t.Errorf("the parent has become %+v", q)
	}
}

// TestNonceIsNotTaken: who says the nonce of a node that is elsewhere does not keep
// it out.
func TestNonceIsNotTaken(t *testing.T) {
	w := newWorld(t)
	a, b := w.public("a", "5.5.5.5"), w.public("b", "7.7.7.7")
	a.cfg.First, b.cfg.First = true, true
	a.start()
	b.start()
	w.pass(second)
	for _, h := range []*host{a, b} {
		evil := w.stranger(a, "6.6.6.6")
		hello := evil.hello()
		hello.Nonce = b.cfg.Nonce
		evil.ask(hello)
		w.pass(60 * second)
		if h == a {
			a.command(AddNode{"7.7.7.7:8000", "onetry"})
		} else {
			b.command(AddNode{"5.5.5.5:8000", "onetry"})
		}
		w.pass(second)
		q := a.peer(b)
		if q == nil || !q.Member {
			t.Fatalf("dialled by %s: %+v", h.name, a.p.View().Peers)
		}
		a.command(Disconnect{Peer: q.Peer})
		w.pass(second / 10)
	}
}

// TestJoinEachOther: two that join each other, one of them first.
func TestJoinEachOther(t *testing.T) {
	for i := range 4 {
		w := newWorld(t)
		a := w.node(fmt.Sprint("a", i))
		a.cfg.First, a.cfg.Join = true, []string{"127.0.0.1:8001"}
		a.start()
		b := w.node(fmt.Sprint("b", i))
		b.cfg.Join, b.cfg.Listen = []string{"127.0.0.1:8000"}, "127.0.0.1:8001"
		b.start()
		w.pass(120 * second)
		b.want(8001, "127.0.0.1:8001")
		if len(w.lines) != 1 || b.p.View().Parent == 0 {
			t.Errorf("%d connections, %s", len(w.lines), b.p.View().State)
		}
	}
}

// doorman is an admission policy.
type doorman struct {
	policy.Defaults
	seen *[]policy.Peer
}

func (d doorman) Admit(p policy.Peer) (bool, string) {
	*d.seen = append(*d.seen, p)
	return p.Agent != "/stranger/", "no\nstrangers"
}

// TestAdmission: the policy's word counts for both directions.
func TestAdmission(t *testing.T) {
	w := newWorld(t)
	first := w.node("first")
	var seen []policy.Peer
	first.cfg.First, first.cfg.Local = true, doorman{seen: &seen}
	first.start()
	w.pass(second)
	s := w.stranger(first, "7.8.9.1")
	_, err := s.ask(s.hello())
	if err == nil || err.Code != protocol.CodeRefused || err.Message != "the admission policy refused you: no?strangers" {
		t.Errorf("%v", err)
	}
	a := w.joiner("a", "127.0.0.1:8000")
	w.pass(second)
	a.want(8001, "127.0.0.1:8001")
	if len(seen) < 2 || seen[0].NetGroup != "7.8" || seen[0].Host != "7.8.9.1" || !seen[0].Inbound || seen[0].Kind != "node" || seen[0].Now != w.now/second-1 {
		t.Errorf("%+v", seen)
	}
}

// TestAnswerComesLate: what a dialled peer sends after its hello may arrive
// before it; that is no reason to part.
func TestAnswerComesLate(t *testing.T) {
	w := newWorld(t)
	a := w.first()
	w.pass(second)
	h := w.liar("x", "9.9.9.9:1", nil)
	h.reply = nil // says nothing by itself
	a.command(AddNode{"9.9.9.9:1", "onetry"})
	w.pass(second)
	l := w.lines[0]
	l.asked[1][2] = true
	l.send(0, protocol.Told{Peer: l.id[0], Notice: &protocol.Announce{}})
	l.send(0, protocol.Asked{Peer: l.id[0], Call: 2, Request: &protocol.GetHeaders{}})
	w.pass(second)
	busy := false
	for _, e := range h.got {
		if q, ok := e.(protocol.Answered); ok {
			err, _ := q.Err.(*protocol.Error)
			busy = err != nil && err.Code == protocol.CodeBusy
		}
		if q, ok := e.(protocol.Asked); ok {
			h.answer(q.Peer, q.Call, h.hello(), nil)
		}
	}
	w.pass(second)
	if len(a.member) != 1 || !busy {
		t.Errorf("members %v, ended %q, busy %v", a.member, a.ended, busy)
	}
}
