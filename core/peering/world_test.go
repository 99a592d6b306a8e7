package peering

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

// world is a network in memory in virtual time: several machines, what is on
// its way between them, and ports. Everything happens in the order of (time,
// sequence), so a run can be repeated.
type world struct {
	t      testing.TB
	now    int64
	seq    int
	queue  []event // by time, then sequence
	nodes  []*host
	lines  []*line
	port   int // the last one that was given out for "any"
	trace  hash.Hash
	events int
	cut    func(a, b *host) bool // whether nothing gets from one to the other
	show   bool
}

type event struct {
	at  int64
	seq int
	do  func()
}

// host is one machine that runs, or ran.
type host struct {
	w      *world
	name   string
	cfg    Config
	p      *Peering
	ip     string
	ports  []string // where it listens
	disk   map[string][]byte
	said   []string
	run    int
	up     bool
	wakeAt int64
	member map[protocol.PeerID]bool
	passed []protocol.Event
	served int
	ids    protocol.PeerID
	skew   int64    // of its clock
	ended  []string // reasons of connections that ended
	dials  []string

	// Of a host without a machine.
	got   []protocol.Event
	reply func(protocol.Request) (protocol.Response, *protocol.Error)
}

// line is a connection.
type line struct {
	end   [2]*host
	id    [2]protocol.PeerID
	down  bool
	asked [2]map[uint64]bool // of each end, waiting for an answer
}

const latency = second / 1000

func newWorld(t testing.TB) *world {
	w := &world{t: t, now: 1_700_000_000 * second, port: 40000, trace: sha256.New()}
	w.cut = func(a, b *host) bool { return false }
	return w
}

func (w *world) at(delay int64, do func()) {
	w.seq++
	e := event{w.now + delay, w.seq, do}
	i, _ := slices.BinarySearchFunc(w.queue, e, func(a, b event) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return a.seq - b.seq
	})
	w.queue = slices.Insert(w.queue, i, e)
}

// node makes a machine; change its settings before start.
func (w *world) node(name string) *host {
	cfg := Defaults()
	cfg.NetworkID = chainhash.Hash{1}
	h := &host{w: w, name: name, cfg: cfg, ip: "127.0.0.1", disk: map[string][]byte{}}
	w.nodes = append(w.nodes, h)
	return h
}

// first makes and starts the first node of a network.
func (w *world) first() *host {
	h := w.node("first")
	h.cfg.First = true
	return h.start()
}

// joiner makes and starts a node that joins others.
func (w *world) joiner(name string, join ...string) *host {
	h := w.node(name)
	h.cfg.Join = join
	return h.start()
}

func (h *host) start() *host {
	h.run++
	h.up = true
	h.cfg.Nonce = h.rand("nonce")
	binary.LittleEndian.PutUint64(h.cfg.Seed[:], h.rand("seed"))
	var saved []protocol.Record
	for _, k := range slices.Sorted(maps.Keys(h.disk)) {
		saved = append(saved, protocol.Record{Key: k, Value: h.disk[k]})
	}
	h.ports, h.member, h.wakeAt = nil, map[protocol.PeerID]bool{}, math.MaxInt64
	h.p = New(h.cfg, saved, h.w.now+h.skew)
	h.wake()
	return h
}

func (h *host) rand(what string) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", what, h.name, h.run))
	return binary.LittleEndian.Uint64(sum[:]) | 1
}

// stop kills it: its connections break, what was not saved is gone.
func (h *host) stop() {
	h.up = false
	h.run++
	for _, l := range h.w.lines {
		if !l.down && (l.end[0] == h || l.end[1] == h) {
			h.w.break_(l, "the other side is gone")
		}
	}
}

// wake calls Tick when it is due.
func (h *host) wake() {
	at := h.p.Wake()
	if at == math.MaxInt64 || at == h.wakeAt {
		return
	}
	h.wakeAt = at
	run := h.run
	h.w.at(max(at-h.w.now-h.skew, 0), func() {
		if h.run == run && h.wakeAt == at {
			h.wakeAt = math.MaxInt64
			h.carry(h.p.Tick(h.w.now + h.skew))
		}
	})
}

func (h *host) event(e protocol.Event) {
	switch {
	case h.p == nil:
		h.got = append(h.got, e)
		if a, ok := e.(protocol.Asked); ok && h.reply != nil {
			r, err := h.reply(a.Request)
			h.answer(a.Peer, a.Call, r, err)
		}
	case h.up:
		h.carry(h.p.Handle(h.w.now+h.skew, e))
	}
}

func (h *host) command(c Command) any {
	h.w.t.Helper()
	v, r, err := h.p.Command(h.w.now+h.skew, c)
	h.carry(r)
	if err != nil {
		h.w.t.Fatalf("%s: %T: %v", h.name, c, err)
	}
	return v
}

// carry does what a step asked for.
func (h *host) carry(r Result) {
	w := h.w
	w.events++
	if w.show && len(r.Effects) > 0 {
		for _, e := range r.Effects {
			w.t.Logf("%8.3f %s %T %+v", float64(w.now-1_700_000_000*second)/1e9, h.name, e, e)
		}
	}
	fmt.Fprintf(w.trace, "%d %s %d\n", w.now, h.name, len(r.Effects))
	for _, e := range r.Effects {
		fmt.Fprintf(w.trace, "%T", e)
		h.effect(e)
	}
	for _, id := range r.Gone {
		if !h.member[id] {
			w.t.Errorf("%s: %d is gone, but was no member", h.name, id)
		}
		delete(h.member, id)
	}
	for _, m := range r.Members {
		h.member[m.Peer] = true
	}
	h.passed = append(h.passed, r.Pass...)
	h.wake()
}

func (h *host) effect(e protocol.Effect) {
	w := h.w
	switch e := e.(type) {
	case protocol.Say:
		h.said = append(h.said, e.Text)
		fmt.Fprint(w.trace, e.Text)
	case protocol.Save:
		for _, r := range e.Records {
			fmt.Fprintf(w.trace, "%s=%s", r.Key, r.Value)
			if r.Value == nil {
				delete(h.disk, r.Key)
			} else {
				h.disk[r.Key] = r.Value
			}
		}
	case protocol.Listen:
		w.listen(h, e)
	case protocol.Dial:
		h.dials = append(h.dials, e.Address)
		w.dial(h, e.Address)
	case protocol.Close:
		if l, i := h.line(e.Peer); l != nil {
			h.ended = append(h.ended, e.Reason)
			l.end[1-i].ended = append(l.end[1-i].ended, e.Reason)
			w.break_(l, e.Reason)
		}
	case protocol.Tell:
		if l, i := h.line(e.Peer); l != nil {
			l.send(1-i, protocol.Told{Peer: l.id[1-i], Notice: e.Notice})
		}
	case protocol.Ask:
		if l, i := h.line(e.Peer); l != nil {
			l.asked[i][e.Call] = true
			l.send(1-i, protocol.Asked{Peer: l.id[1-i], Call: e.Call, Request: e.Request})
		} else {
			h.w.at(latency, func() { h.event(protocol.Answered{Peer: e.Peer, Call: e.Call, Err: errors.New("gone")}) })
		}
	case protocol.Answer:
		h.answer(e.Peer, e.Call, e.Response, e.Err)
	case protocol.Serve:
		h.served++
		h.answer(e.Peer, e.Call, &protocol.Params{}, nil)
	}
}

func (h *host) answer(id protocol.PeerID, n uint64, r protocol.Response, refusal *protocol.Error) {
	l, i := h.line(id)
	if l == nil {
		return
	}
	var err error
	if refusal != nil {
		err = refusal
	}
	to := 1 - i
	h.w.at(latency, func() {
		if !l.down && l.asked[to][n] && !h.w.cut(h, l.end[to]) {
			delete(l.asked[to], n)
			l.end[to].event(protocol.Answered{Peer: l.id[to], Call: n, Response: r, Err: err})
		}
	})
}

func (h *host) line(id protocol.PeerID) (*line, int) {
	for _, l := range h.w.lines {
		for i := range 2 {
			if !l.down && l.end[i] == h && l.id[i] == id {
				return l, i
			}
		}
	}
	return nil, 0
}

func (l *line) send(to int, e protocol.Event) {
	w := l.end[to].w
	w.at(latency, func() {
		if !l.down && !w.cut(l.end[1-to], l.end[to]) {
			l.end[to].event(e)
		}
	})
}

// break_ ends a connection once what was sent on it has arrived.
func (w *world) break_(l *line, reason string) {
	for i := range 2 {
		h, run := l.end[i], l.end[i].run
		if !h.up {
			continue
		}
		w.at(latency, func() {
			if h.run != run {
				return
			}
			for _, n := range slices.Sorted(maps.Keys(l.asked[i])) {
				h.event(protocol.Answered{Peer: l.id[i], Call: n, Err: errors.New("the connection ended")})
			}
			h.event(protocol.PeerDown{Peer: l.id[i], Reason: reason})
		})
	}
	w.at(latency, func() { l.down = true; w.lines = slices.DeleteFunc(w.lines, func(o *line) bool { return o == l }) })
}

func (w *world) dial(h *host, address string) {
	run := h.run
	w.at(latency, func() {
		to := w.listener(address)
		if h.run != run {
			return
		}
		if to == nil || w.cut(h, to) || w.cut(to, h) {
			h.event(protocol.DialFailed{Address: address, Reason: "connection refused"})
			return
		}
		w.connect(h, to, address)
	})
}

func (w *world) connect(h, to *host, address string) *line {
	w.port++
	h.ids++
	to.ids++
	l := &line{end: [2]*host{h, to}, id: [2]protocol.PeerID{h.ids, to.ids}, asked: [2]map[uint64]bool{{}, {}}}
	if h == to {
		l.id[0] = h.ids - 1
	}
	w.lines = append(w.lines, l)
	h.event(protocol.PeerUp{Peer: l.id[0], Address: address})
	to.event(protocol.PeerUp{Peer: l.id[1], Address: fmt.Sprintf("%s:%d", h.ip, w.port%20000+40000), Inbound: true})
	return l
}

func (w *world) listener(address string) *host {
	for _, h := range w.nodes {
		if h.up && slices.Contains(h.ports, address) {
			return h
		}
	}
	return nil
}

func (w *world) listen(h *host, e protocol.Listen) {
	name, port, ok := SplitAddress(e.Address)
	if !ok {
		w.t.Errorf("%s: listens at %q", h.name, e.Address)
	}
	run := h.run
	w.at(latency, func() {
		address := e.Address
		for port == 0 || w.listener(address) != nil {
			w.port++
			port = uint16(w.port)
			address = JoinAddress(name, port)
		}
		if h.run == run {
			h.ports = append(h.ports, address)
			h.event(protocol.Listening{Address: address})
		}
	})
}

// pass lets time go on, and everything happen that is due.
func (w *world) pass(d int64) {
	w.t.Helper()
	until := w.now + d
	for n := 0; len(w.queue) > 0 && w.queue[0].at <= until; n++ {
		e := w.queue[0]
		w.queue = w.queue[1:]
		w.now = max(w.now, e.at)
		e.do()
		if n > 1_000_000 {
			w.t.Fatal("the machines never rest")
		}
	}
	w.now = until
}

// heard reports whether a node said a line with all of the words.
func (h *host) heard(words ...string) bool {
	return slices.ContainsFunc(h.said, func(s string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(s, word) })
	})
}

// peer returns the connection between two machines as the first sees it.
func (h *host) peer(other *host) *PeerView {
	for _, l := range h.w.lines {
		for i := range 2 {
			if l.end[i] == h && l.end[1-i] == other && !l.down {
				for _, v := range h.p.View().Peers {
					if v.Peer == l.id[i] {
						return &v
					}
				}
			}
		}
	}
	return nil
}
