package peers

import (
	"slices"
	"sync/atomic"
	"time"

	"orrery/core/protocol"
)

// wireBytes are counted at the socket: with the handshake, frames and TLS.
type wireBytes struct{ sent, received atomic.Int64 }

// methods has a place for each method, and one for everything else.
var methods = protocol.Methods()

const methodPlaces = 16 // more than there are methods

type counters struct {
	wire               wireBytes // of the transport; a peer's are in its conn
	lastSent, lastGot  atomic.Int64
	sentBy, receivedBy [methodPlaces]atomic.Int64
}

func (c *counters) sent(method string, n int) {
	c.lastSent.Store(time.Now().UnixNano())
	c.sentBy[slices.Index(methods, method)+1].Add(int64(n))
}

func (c *counters) got(method string, n int) {
	c.lastGot.Store(time.Now().UnixNano())
	c.receivedBy[slices.Index(methods, method)+1].Add(int64(n))
}

// Count is a number of bytes.
type Count struct {
	Method string // "" for what belongs to no known method
	Bytes  int64
}

// Stats are about one connection.
type Stats struct {
	Since              time.Time
	Sent, Received     int64     // bytes on the socket
	LastSent, LastGot  time.Time // zero: never
	SentBy, ReceivedBy []Count   // bytes of messages; answers count for the method that they answer
}

// Totals are about all connections since the start.
type Totals struct {
	Sent, Received int64 // bytes on the sockets
	Conns          int   // open now
}

// Totals may be called from anywhere.
func (t *Transport) Totals() Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Totals{Sent: t.totals.wire.sent.Load(), Received: t.totals.wire.received.Load(), Conns: t.conns}
}

// Stats tells about a peer, if it is there. It may be called from anywhere.
func (t *Transport) Stats(id protocol.PeerID) (Stats, bool) {
	p := t.peer(id)
	if p == nil {
		return Stats{}, false
	}
	c := &p.stats
	return Stats{
		Since: p.since, Sent: p.nc.bytes.sent.Load(), Received: p.nc.bytes.received.Load(),
		LastSent: at(&c.lastSent), LastGot: at(&c.lastGot), SentBy: counts(&c.sentBy), ReceivedBy: counts(&c.receivedBy),
	}, true
}

func at(ns *atomic.Int64) time.Time {
	if n := ns.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

func counts(places *[methodPlaces]atomic.Int64) (list []Count) {
	for i := range places {
		if n := places[i].Load(); n > 0 && i == 0 {
			list = append(list, Count{"", n})
		} else if n > 0 {
			list = append(list, Count{methods[i-1], n})
		}
	}
	return list
}
