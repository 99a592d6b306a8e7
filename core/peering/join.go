package peering

import (
	"errors"
	"fmt"
	"slices"

	"orrery/core/protocol"
)

// Joining goes through the addresses that may help, one after the other, and
// through those that they refer to.
const (
	maxJoinDials = 16 // in one round, none twice
	roundFirst   = second
	roundMax     = 60 * second
	patience     = 4           // rounds in which a node with an ID waits for its parent to come back
	stepTime     = 90 * second // that one address may take
)

type joinState int

const (
	joinNot      joinState = iota // nobody to join, or joined already
	joinWait                      // for the next round
	joinDial                      // a connection, or its handshake, is under way
	joinAssign                    // asked for an ID
	joinListen                    // the port is being opened
	joinRegister                  // told where it listens
)

// joining is the state of getting an ID, and a parent that keeps it.
type joining struct {
	state   joinState
	address string          // at work on
	peer    protocol.PeerID // the connection to it, 0: none yet
	queue   []string
	tried   []string
	dials   int
	rounds  int   // that gave nothing
	at      int64 // of the next round, or until when the present address may take
	reason  string
	fresh   bool            // asks for another ID than the present one
	keeper  protocol.PeerID // the parent, which keeps the present one if nobody has another
}

// joined reports whether this node has an ID, now or from an earlier run; a
// tracker needs none.
func (p *Peering) joined() bool { return p.id != 0 || p.cfg.Kind == protocol.KindTracker }

// startJoin begins a round at once.
func (p *Peering) startJoin() {
	if p.root || p.cfg.Kind == protocol.KindTracker || !p.active {
		return
	}
	p.join = joining{rounds: p.join.rounds, fresh: p.join.fresh}
	p.join.queue = p.candidates()
	if len(p.join.queue) == 0 {
		if p.id != 0 {
			// Whoever connects to this node may become its parent.
			p.join.state, p.join.at = joinWait, p.jitter(roundMax)
		}
		return
	}
	p.nextJoin()
}

// candidates are the addresses to begin a round with.
func (p *Peering) candidates() []string {
	if p.cfg.Tracker != "" {
		return []string{p.cfg.Tracker} // it alone assigns
	}
	var out []string
	if p.parentAddress != "" {
		out = append(out, p.parentAddress)
	}
	out = append(out, p.cfg.Join...)
	for _, a := range p.added {
		out = append(out, a.address)
	}
	out = append(out, p.found...)
	// A node with an ID is in no hurry: its parent may just be starting again.
	if p.id == 0 && len(out) > 0 || p.id != 0 && p.join.rounds < patience && len(out) > 0 {
		return out
	}
	for _, q := range p.peers {
		if q.member && q.listen != "" && q.kind() == protocol.KindNode && p.leaseOf(q) == nil {
			out = append(out, q.listen)
		}
	}
	for range maxJoinDials {
		a := p.book.pick(p.rng, p.now, func(e *entry) bool { return e.Good && p.near(e.Address) == nil && !slices.Contains(out, e.Address) })
		if a == "" {
			break
		}
		out = append(out, a)
	}
	return out
}

// nextJoin goes on with the next address of the round.
func (p *Peering) nextJoin() {
	j := &p.join
	for len(j.queue) > 0 && j.dials < maxJoinDials {
		address := j.queue[0]
		j.queue = j.queue[1:]
		if slices.Contains(j.tried, address) || address == p.listen || slices.Contains(p.selves, address) {
			continue
		}
		if p.isBanned(address) {
			j.reason = address + " is banned here"
			continue
		}
		j.tried = append(j.tried, address)
		j.dials++
		j.address, j.peer, j.at = address, 0, p.now+stepTime
		if q := p.linked(address); q != nil {
			j.peer, j.state = q.id, joinDial
			if q.member {
				p.askID(q)
			}
			return
		}
		if p.dial(address, roleJoin) {
			j.state = joinDial
			return
		}
	}
	p.roundOver()
}

// roundOver waits before the next round.
func (p *Peering) roundOver() {
	j := &p.join
	if q := p.index[j.keeper]; q != nil && q.member {
		p.parent, *j = q.id, joining{} // better one ID for two than no place
		return
	}
	if j.reason == "" {
		j.reason = "nobody is left to ask"
	}
	wait := p.jitter(min(roundFirst<<min(j.rounds, 10), roundMax)) - p.now
	to := j.address
	if len(p.cfg.Join) > 0 {
		to = p.cfg.Join[0]
	}
	if p.cfg.Tracker != "" {
		to = p.cfg.Tracker
	}
	// A node with an ID works all the same: it says so once.
	switch {
	case p.id == 0:
		p.say(true, "Joining %s did not work: %s. Again in %s.", to, j.reason, span(wait))
	case j.rounds == 0:
		p.say(true, "Joining %s did not work: %s. Again in %s, then more and more slowly.", to, j.reason, span(wait))
	}
	*j = joining{state: joinWait, rounds: j.rounds + 1, at: p.now + wait, fresh: j.fresh}
}

// joinTick starts a round that is due, and gives up on an address that takes
// too long.
func (p *Peering) joinTick() {
	switch j := &p.join; {
	case j.state == joinNot || j.at > p.now:
	case j.state == joinWait:
		p.startJoin()
	default:
		p.joinFailed(j.address + " took too long")
	}
}

func (p *Peering) joinFailed(reason string) {
	p.join.reason = reason
	p.nextJoin()
}

// joinDialFailed is told of a dial for joining.
func (p *Peering) joinDialFailed(address, reason string) {
	if p.join.state == joinDial && p.join.address == address && p.join.peer == 0 {
		p.joinFailed(address + ": " + reason)
	}
}

// joinMember is told of every new member.
func (p *Peering) joinMember(q *peer) {
	j := &p.join
	if j.state == joinDial && (j.peer == q.id || j.peer == 0 && !q.inbound && q.address == j.address) {
		j.peer = q.id
		p.askID(q)
	}
}

// joinTwice is told that the other side of a dial for joining is connected to
// this node already: it is who says that it listens there.
func (p *Peering) joinTwice(q *peer) {
	j := &p.join
	if j.state != joinDial || j.peer != 0 && j.peer != q.id {
		return
	}
	for _, o := range p.peers {
		if o.member && o.inbound && o.listen == q.address {
			j.peer = o.id
			p.askID(o)
			return
		}
	}
}

// joinMoved is told that another connection to the same node takes over.
func (p *Peering) joinMoved(from, to *peer) {
	j := &p.join
	if j.peer != from.id && !(j.state == joinDial && j.peer == 0 && !from.inbound && from.address == j.address) {
		return
	}
	switch {
	case j.state == joinNot || j.state == joinWait:
	case j.state == joinListen:
		j.peer = to.id // the port does not depend on it, but the lease does
		fallthrough
	default:
		j.peer, j.state = to.id, joinDial
		if to.member {
			p.askID(to)
		}
	}
}

// joinLost is told of every connection that ended.
func (p *Peering) joinLost(q *peer, reason string) {
	j := &p.join
	if p.parent == q.id {
		p.parent = 0
		next := "Looking for another."
		if p.cfg.Tracker != "" {
			next = "It is tried again and again; all else goes on."
		}
		p.say(false, "The connection to %s, which keeps this node's ID, ended: %s. %s", q.name(), reason, next)
		if j.state == joinNot {
			*j = joining{state: joinWait, at: p.jitter(roundFirst)}
		}
		return
	}
	switch j.state {
	case joinNot, joinWait:
		return
	}
	if j.peer == q.id || j.state == joinDial && j.peer == 0 && !q.inbound && q.address == j.address {
		p.joinFailed(q.address + ": " + reason)
	}
}

// askID asks a member for an ID, or to keep the present one.
func (p *Peering) askID(q *peer) {
	r := &protocol.Assign{Kind: p.cfg.Kind, WantedPort: p.wantedPort()}
	if !p.join.fresh {
		r.Lease = p.lease
	}
	p.join.state = joinAssign
	p.ask(q, r)
}

// wantedPort is the port where this node listens, or means to; 0: any.
func (p *Peering) wantedPort() uint16 {
	for _, a := range []string{p.listen, p.cfg.Listen} {
		if _, port, ok := SplitAddress(a); ok && port != 0 {
			return port
		}
	}
	return 0
}

// assigned takes the answer to askID.
func (p *Peering) assigned(q *peer, e protocol.Answered) {
	j := &p.join
	if j.state != joinAssign || j.peer != q.id {
		return
	}
	a, ok := e.Response.(*protocol.Assigned)
	if !ok {
		var refusal *protocol.Error
		if errors.As(e.Err, &refusal) && refusal.Code == protocol.CodeFull {
			p.referred(refusal.Referral, q)
		}
		p.notParent(q, fmt.Sprint(e.Err))
		return
	}
	if a.Lease.ID == 0 || len(a.Lease.Token) > maxToken {
		p.notParent(q, "it gave no ID")
		p.fault(q, protocol.FaultProtocol, "assigned no ID")
		return
	}
	if a.Base != 0 {
		p.base = a.Base
	}
	p.setLease(a.Lease)
	j.fresh = false
	if p.listen != "" {
		p.register(q)
		return
	}
	j.state = joinListen
	if !p.listening {
		p.listenAt(p.assignedAddress())
	}
}

// notParent goes on after a member that gives no ID. It does not stay as a link:
// everybody asks the same first nodes, which would be connected to all.
func (p *Peering) notParent(q *peer, reason string) {
	p.join.peer, p.join.state = 0, joinDial
	if q.role == roleJoin && q.id != p.join.keeper {
		p.join.address = ""
		p.close(q, "looking for a node that gives an ID")
	}
	p.joinFailed(q.address + ": " + reason)
}

// referred puts the children of a full node before the rest of the round: they
// are nearer to a free place than other full nodes.
func (p *Peering) referred(list []protocol.Member, q *peer) {
	var next []string
	for _, m := range list[:min(len(list), protocol.MaxSample)] {
		if a, ok := dialable(m.Address, q.host); ok {
			next = append(next, a)
		}
	}
	if len(next) > 0 && p.cfg.Tracker == "" {
		p.say(false, "%s has no ID to give and names %d others.", q.name(), len(next))
	}
	if len(next) > 0 {
		p.join.queue = append(next, p.join.queue...)
	}
}

// register tells the new parent where this node listens.
func (p *Peering) register(q *peer) {
	p.join.state, q.told = joinRegister, p.listen
	p.ask(q, &protocol.Register{Listen: p.listen})
}

// registered ends joining.
func (p *Peering) registered(q *peer, e protocol.Answered) {
	j := &p.join
	if j.state != joinRegister || j.peer != q.id {
		return
	}
	if _, ok := e.Response.(*protocol.Registered); !ok {
		p.notParent(q, fmt.Sprint(e.Err))
		return
	}
	*j = joining{}
	p.parent, p.parentAddress = q.id, q.address
	if q.inbound {
		p.parentAddress = q.listen
	}
	p.saveSelf()
	p.say(false, "Joined %s as %d; %s.", q.address, p.id, p.listens())
	p.linkAt = p.now
	if !q.sampled || q.kind() == protocol.KindTracker {
		q.sampled = true
		p.ask(q, &protocol.GetPeers{})
	}
	p.announceSelf()
	for _, o := range p.peers {
		if o.member && p.join.state == joinNot {
			p.sameID(o) // the new parent may not know this peer
		}
	}
}

func (p *Peering) listens() string {
	if p.listen == "" {
		return "it takes no connections"
	}
	return "listening on " + p.listen
}
