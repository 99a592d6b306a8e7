package peering

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

// driver feeds a machine with whatever the bytes say, as a correct transport
// may, and checks what comes of it (failures 46).
type driver struct {
	t     *testing.T
	data  []byte
	p     *Peering
	now   int64
	next  protocol.PeerID
	conns []*conn
	dials []string // waiting for PeerUp or DialFailed
	ports []string // waiting for Listening
	trace []string
	disk  map[string][]byte
}

type conn struct {
	id      protocol.PeerID
	closing bool // Close was asked
	member  bool
	mine    []protocol.Ask // of the machine, waiting
	theirs  []uint64       // calls of the peer, waiting
	calls   uint64
}

// step lets one thing happen.
func (d *driver) step() {
	var c *conn
	if len(d.conns) > 0 {
		c = d.conns[d.byte()%len(d.conns)]
	}
	switch op := d.byte() % 12; {
	case op == 0 || op == 1 && c == nil:
		d.up(d.address(), true)
	case op <= 2 && len(d.dials) > 0:
		address := d.dials[0]
		d.dials = d.dials[1:]
		if d.byte()%3 == 0 {
			d.take(d.p.Handle(d.now, protocol.DialFailed{Address: address, Reason: "refused"}))
		} else {
			d.up(address, false)
		}
	case op == 3 && len(d.ports) > 0:
		address := d.ports[0]
		d.ports = d.ports[1:]
		if d.byte()%4 == 0 {
			address = ""
		}
		d.take(d.p.Handle(d.now, protocol.Listening{Address: address, Reason: "taken"}))
	case op == 4:
		d.now += int64(d.byte()-20) << (d.byte() % 33)
		d.take(d.p.Tick(d.now))
	case op == 5:
		d.tickWhenDue()
	case op == 6:
		_, r, _ := d.p.Command(d.now, d.command())
		d.take(r)
	case c == nil:
	case op == 7 || op == 8 && len(c.mine) == 0:
		c.calls += 2
		c.theirs = append(c.theirs, c.calls)
		d.take(d.p.Handle(d.now, protocol.Asked{Peer: c.id, Call: c.calls, Request: d.request()}))
	case op == 8 || op == 9 && len(c.mine) > 0:
		ask := c.mine[0]
		c.mine = c.mine[1:]
		r, err := d.response(ask.Request)
		d.take(d.p.Handle(d.now, protocol.Answered{Peer: c.id, Call: ask.Call, Response: r, Err: err}))
	case op == 9:
		d.take(d.p.Handle(d.now, protocol.Told{Peer: c.id, Notice: &protocol.Announce{Peers: d.members()}}))
	case op == 10 && d.byte()%4 == 0:
		d.take(d.p.Handle(d.now, protocol.Broke{Peer: c.id, Kind: protocol.FaultSize, What: "big"}))
	case op == 11 && d.byte()%4 == 0 || c.closing:
		d.down(c)
	}
}

func (d *driver) up(address string, inbound bool) {
	d.next++
	d.conns = append(d.conns, &conn{id: d.next})
	d.take(d.p.Handle(d.now, protocol.PeerUp{Peer: d.next, Address: address, Inbound: inbound}))
}

func (d *driver) down(c *conn) {
	for _, a := range c.mine {
		d.take(d.p.Handle(d.now, protocol.Answered{Peer: c.id, Call: a.Call, Err: errors.New("ended")}))
	}
	d.take(d.p.Handle(d.now, protocol.PeerDown{Peer: c.id, Reason: "ended"}))
	d.conns = slices.DeleteFunc(d.conns, func(o *conn) bool { return o == c })
	if c.member {
		d.t.Fatalf("%d went down, and nobody was told", c.id)
	}
}

// tickWhenDue goes on to when the machine wants to wake: it must not want to
// again and again at one time.
func (d *driver) tickWhenDue() {
	at := d.p.Wake()
	if at == math.MaxInt64 {
		return
	}
	d.now = max(d.now, at)
	for range 20 {
		d.take(d.p.Tick(d.now))
		if d.p.Wake() > d.now {
			return
		}
	}
	d.t.Fatalf("wakes again and again: %+v, links at %d, now %d", d.p.join, d.p.linkAt, d.p.now)
}

func (d *driver) conn(id protocol.PeerID) *conn {
	i := slices.IndexFunc(d.conns, func(c *conn) bool { return c.id == id })
	if i < 0 {
		d.t.Fatalf("an effect for %d, which is no connection", id)
	}
	return d.conns[i]
}

// take checks what a step asked for.
func (d *driver) take(r Result) {
	for _, e := range r.Effects {
		d.trace = append(d.trace, fmt.Sprintf("%T", e))
		switch e := e.(type) {
		case protocol.Ask:
			c := d.conn(e.Peer)
			if c.closing || e.Call%2 == 0 {
				d.t.Fatalf("asks %+v of %+v", e, c)
			}
			c.mine = append(c.mine, e)
		case protocol.Answer:
			d.answered(e.Peer, e.Call)
			if (e.Response == nil) == (e.Err == nil) {
				d.t.Fatalf("answers %+v", e)
			}
		case protocol.Serve:
			d.answered(e.Peer, e.Call)
		case protocol.Tell:
			isNew := slices.ContainsFunc(r.Members, func(m MemberUp) bool { return m.Peer == e.Peer })
			if c := d.conn(e.Peer); c.closing || !c.member && !isNew {
				d.t.Fatalf("tells %+v", c)
			}
		case protocol.Close:
			c := d.conn(e.Peer)
			if c.closing {
				d.t.Fatalf("closes %d twice", e.Peer)
			}
			c.closing = true
		case protocol.Dial:
			if slices.Contains(d.dials, e.Address) {
				d.t.Fatalf("dials %s twice at once", e.Address)
			}
			d.dials = append(d.dials, e.Address)
		case protocol.Listen:
			d.ports = append(d.ports, e.Address)
		case protocol.Save:
			for _, r := range e.Records {
				d.disk[r.Key] = r.Value
				d.trace = append(d.trace, r.Key+string(r.Value))
			}
		case protocol.Say:
			d.trace = append(d.trace, e.Text)
			if e.Text != clean(e.Text) {
				d.t.Fatalf("says %q", e.Text)
			}
		}
	}
	d.members3(r)
	d.limits()
}

func (d *driver) answered(id protocol.PeerID, call uint64) {
	c := d.conn(id)
	i := slices.Index(c.theirs, call)
	if i < 0 {
		d.t.Fatalf("answers call %d of %d, which was not asked", call, id)
	}
	c.theirs = slices.Delete(c.theirs, i, i+1)
}

// members3 checks who is gone, who is new, and whose events are passed on.
func (d *driver) members3(r Result) {
	for _, m := range r.Members {
		c := d.conn(m.Peer)
		if c.member {
			d.t.Fatalf("%d is a member twice", m.Peer)
		}
		c.member = true
	}
	for _, id := range r.Gone {
		c := d.conn(id)
		if !c.member {
			d.t.Fatalf("%d is gone and was no member", id)
		}
		c.member = false
	}
	for _, e := range r.Pass {
		if told, ok := e.(protocol.Told); ok && !d.conn(told.Peer).member {
			d.t.Fatalf("passes on %+v", e)
		}
	}
	for _, c := range d.conns {
		if c.closing && c.member {
			d.t.Fatalf("%d is closed and still a member", c.id)
		}
		if !c.closing && len(c.theirs) > 0 {
			d.t.Fatalf("call %v of %d has no answer", c.theirs, c.id)
		}
	}
}

func (d *driver) limits() {
	p := d.p
	if len(p.book.entries) > maxEntries || len(p.book.entries) != len(p.book.index) || len(p.dials) > 2*maxDials || len(p.selves) > maxSelves ||
		len(p.added) > maxAdded || len(p.found) > maxFound || len(p.clocks) > maxClocks || len(p.leases) > maxLeases || len(p.join.queue) > 500 {
		d.t.Fatal("a list is too long")
	}
	for i := 1; i < len(p.leases); i++ {
		if a, b := p.leases[i-1], p.leases[i]; a.kind > b.kind || a.kind == b.kind && a.ID >= b.ID {
			d.t.Fatalf("an ID is given twice, or they are not in order: %+v %+v", a, b)
		}
	}
	if v := p.View(); v != p.View() || len(v.Peers) > len(d.conns) {
		d.t.Fatal("view")
	}
}

func run(t *testing.T, data []byte) *driver {
	d := &driver{t: t, data: data, now: 1_700_000_000 * second, disk: map[string][]byte{}}
	cfg := Defaults()
	cfg.NetworkID, cfg.Nonce, cfg.MaxInbound = chainhash.Hash{1}, 1, 5
	switch d.byte() % 5 {
	case 0, 1:
		cfg.First = true
	case 2:
		cfg.Tracker = "127.0.0.1:8004"
	case 3:
		cfg.Kind, cfg.Listen, cfg.NetworkID = protocol.KindTracker, "127.0.0.1:8004", chainhash.Hash{}
	default:
		cfg.Join = []string{"127.0.0.1:8000", "9.9.9.9:8001"}
	}
	d.p = New(cfg, nil, d.now)
	d.take(d.p.Tick(d.now))
	for range 300 {
		if len(d.data) == 0 {
			break
		}
		d.step()
	}
	// What was saved can be read, and starts another run.
	var saved []protocol.Record
	for _, k := range []string{selfKey, anchorsKey} {
		if v := d.disk[k]; v != nil && !json.Valid(v) {
			t.Fatalf("saved %q", v)
		}
		saved = append(saved, protocol.Record{Key: k, Value: d.disk[k]})
	}
	New(cfg, saved, d.now).Tick(d.now)
	return d
}

func FuzzEvents(f *testing.F) {
	for seed := range byte(30) {
		b := make([]byte, 1500)
		x := uint32(seed) * 2654435761
		for i := range b {
			x = x*1664525 + 1013904223
			b[i] = byte(x >> 24)
		}
		b[0] = seed
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b := run(t, data), run(t, data)
		if !slices.Equal(a.trace, b.trace) {
			t.Fatalf("two runs differ: %q and %q", a.trace, b.trace)
		}
	})
}

// FuzzSaved starts from whatever a broken file may hold.
func FuzzSaved(f *testing.F) {
	for _, s := range []string{`{"ID":8001,"Port":8001,"Token":"ab","Base":8000}`, `["1.2.3.4:5"]`, `{"Who":"1.2.3.4","Until":9999999999}`, `{"Address":"1.2.3.4:5","Kind":"node","Good":true}`, `{"ID":1,"Kind":"node","Rests":99}`} {
		for i := range 5 {
			f.Add(i, "x", []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, which int, name string, value []byte) {
		keys := []string{selfKey, anchorsKey, addressKey + name, banKey + name, leaseKey + name}
		now := 1_700_000_000 * second
		p := New(Defaults(), []protocol.Record{{Key: keys[uint(which)%5], Value: value}}, now)
		for range 20 {
			p.Tick(now)
			now = max(p.Wake(), now+1)
		}
		p.View()
	})
}
