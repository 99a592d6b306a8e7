package peering

import (
	"slices"

	"orrery/core/protocol"
)

const (
	pingEvery    = 30 * second
	trackerEvery = 15 * second // a tracker vouches for its members
	pingTime     = 60 * second
)

func (p *Peering) pingEvery() int64 {
	if p.cfg.Kind == protocol.KindTracker {
		return trackerEvery
	}
	return pingEvery
}

// jitter returns a time after d or up to a quarter more, so that nodes do not
// move in step.
func (p *Peering) jitter(d int64) int64 { return p.now + d + p.rng.Int64N(d/4+1) }

// pingTick asks who was not asked for long, and closes who did not answer.
func (p *Peering) pingTick(q *peer) {
	switch {
	case !q.member:
	case q.pinged != 0 && q.pinged+pingTime <= p.now:
		p.close(q, "no answer to a ping for "+span(pingTime))
	case q.pinged == 0 && q.pingAt <= p.now:
		p.sendPing(q)
	}
}

func (p *Peering) sendPing(q *peer) {
	q.nonce, q.pinged = p.rng.Uint64(), p.now
	p.ask(q, &protocol.Ping{Nonce: q.nonce})
}

// ponged takes the answer to a ping.
func (p *Peering) ponged(q *peer, e protocol.Answered) {
	pong, ok := e.Response.(*protocol.Pong)
	if !ok {
		if refusal, told := e.Err.(*protocol.Error); told && refusal.Code == protocol.CodeBusy {
			q.pinged, q.pingAt = 0, p.jitter(p.pingEvery()) // busy is alive
			return
		}
		reason := "no answer to a ping"
		if e.Err != nil {
			reason += ": " + e.Err.Error()
		}
		p.close(q, reason)
		return
	}
	if pong.Nonce != q.nonce {
		p.fault(q, protocol.FaultProtocol, "answered another ping than was sent")
		return
	}
	q.ping = max(p.now-q.pinged, 1)
	if q.minPing == 0 || q.ping < q.minPing {
		q.minPing = q.ping
	}
	q.pinged, q.pingAt = 0, p.jitter(p.pingEvery())
}

const (
	minClocks = 3  // hellos that a warning needs
	maxClocks = 32 // that are kept: the newest
)

// clock is how far a peer's clock is ahead, in seconds.
type clock struct {
	nonce uint64
	ahead int64
}

// clockOf compares clocks with a peer that this node chose: those that dial in
// could all be one attacker's. It only warns; peer time never enters
// validation.
func (p *Peering) clockOf(q *peer, h *protocol.Hello) {
	ahead := min(max(h.Time, 0), 1<<40) - p.wall/second
	p.clocks = slices.DeleteFunc(p.clocks, func(c clock) bool { return c.nonce == h.Nonce })
	p.clocks = append(p.clocks, clock{h.Nonce, ahead})
	if len(p.clocks) > maxClocks {
		p.clocks = slices.Delete(p.clocks, 0, len(p.clocks)-maxClocks)
	}
	wrong := abs(p.clock()) > p.cfg.MaxFutureTime/2
	if wrong && !p.clockWrong {
		p.say(true, "%s", p.clockWarning())
	}
	p.clockWrong = wrong
}

// clock returns the median of what clocks were ahead, in seconds.
func (p *Peering) clock() int64 {
	if len(p.clocks) < minClocks {
		return 0
	}
	list := make([]int64, 0, maxClocks)
	for _, c := range p.clocks {
		list = append(list, c.ahead)
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func (p *Peering) clockWarning() string {
	way := "behind"
	if p.clock() < 0 {
		way = "ahead of"
	}
	return "This machine's clock is " + span(abs(p.clock())*second) + " " + way + " that of the peers. Set it right: blocks may be refused."
}

func abs(n int64) int64 { return max(n, -n) }
