package peering

import (
	"fmt"

	"orrery/core/protocol"
)

// Handle takes one event. now is in Unix nanoseconds.
func (p *Peering) Handle(now int64, e protocol.Event) Result {
	p.begin(now)
	switch e := e.(type) {
	case protocol.PeerUp:
		p.up(e)
	case protocol.PeerDown:
		if q := p.index[e.Peer]; q != nil {
			if !q.gone {
				p.lost(q, e.Reason)
			}
			p.remove(q)
		}
	case protocol.DialFailed:
		role := p.dialled(e.Address)
		p.dialFailed(role, e.Address, e.Reason)
		if role == roleManual {
			p.manualLost(e.Address)
		}
	case protocol.Listening:
		p.listened(e)
	case protocol.Asked:
		if q := p.index[e.Peer]; q != nil && !q.gone && p.asked(q, e) {
			return p.out
		}
	case protocol.Answered:
		if q := p.index[e.Peer]; q != nil && !q.gone && p.answered(q, e) {
			return p.out
		}
	case protocol.Told:
		if q := p.index[e.Peer]; q != nil && !q.gone && p.told(q, e) {
			return p.out
		}
	case protocol.Broke:
		if q := p.index[e.Peer]; q != nil {
			p.fault(q, e.Kind, e.What)
		}
	}
	return p.end()
}

// Tick lets time pass and starts whatever is due. now is in Unix nanoseconds.
func (p *Peering) Tick(now int64) Result {
	p.begin(now)
	if !p.started {
		p.start()
	}
	for i := len(p.peers) - 1; i >= 0; i-- {
		switch q := p.peers[i]; {
		case q.gone:
		case q.silent != 0 && q.silent <= p.now:
			p.close(q, fmt.Sprintf("no hello within %v", protocol.HelloTime))
		default:
			p.pingTick(q)
		}
	}
	p.leaseTick()
	p.joinTick()
	p.manualTick()
	p.gossipTick()
	p.saveTick()
	return p.end()
}

// start begins what New only prepared.
func (p *Peering) start() {
	p.started = true
	p.saveAt = p.now + saveEvery
	p.gossipAt = p.jitter(gossipEvery)
	p.feelAt, p.sampleAt = p.jitter(feelerEvery), p.now
	p.listenFirst()
	if p.root {
		p.saveSelf()
	}
	p.hearOfJoin()
	p.startJoin()
}

// hearOfJoin keeps the nodes to join as addresses, where they give no ID: a
// tracker does, and need not know them, or this is the first node of its network
// and has one.
func (p *Peering) hearOfJoin() {
	if p.cfg.Tracker == "" && !p.root {
		return
	}
	for _, a := range p.cfg.Join {
		if address, ok := dialable(a, ""); ok && address != p.cfg.Tracker {
			host, _, _ := SplitAddress(address)
			p.book.hear(protocol.Member{Address: address, Kind: protocol.KindNode}, NetGroup(host), p.wall/second)
		}
	}
}

// end finishes a step that may have changed something.
func (p *Peering) end() Result {
	p.links()
	p.view = nil
	p.wake = p.nextWake()
	return p.out
}

func (p *Peering) nextWake() int64 {
	at := min(p.saveAt, p.gossipAt)
	for _, q := range p.peers {
		switch {
		case q.gone:
		case q.silent != 0:
			at = min(at, q.silent)
		case q.pinged != 0:
			at = min(at, q.pinged+pingTime)
		default:
			at = min(at, q.pingAt)
		}
	}
	if p.join.state != joinNot {
		at = min(at, p.join.at)
	}
	for _, a := range p.added {
		at = min(at, a.at)
	}
	if p.active && p.joined() && p.cfg.Kind == protocol.KindNode {
		at = min(at, p.linkAt, p.feelAt)
		if p.extra > 0 {
			at = min(at, p.staleUntil)
		}
	}
	return max(min(at, p.leaseWake()), p.now)
}

// Rates of one peer's requests. Initial sync asks for some hundred bodies'
// messages a second.
const (
	serveEvery   = second / 1000 // of what is read from the view
	serveBurst   = int64(2000)
	controlEvery = second // of hello, assign, register, peers, ping
	controlBurst = int64(30)
	maxBusy      = 1000 // refused for the rate, before that is a fault
)

// asked takes a request. It reports whether nothing but the answer came of it.
func (p *Peering) asked(q *peer, e protocol.Asked) bool {
	every, burst, b := serveEvery, serveBurst, &q.requests
	switch e.Request.(type) {
	case *protocol.Hello, *protocol.Assign, *protocol.Register, *protocol.GetPeers, *protocol.Ping:
		every, burst, b = controlEvery, controlBurst, &q.control
	}
	if !b.take(p.now, 1, every, burst) {
		p.refuse(e, protocol.CodeBusy, "too many requests: ask more slowly")
		if q.busy++; q.busy > maxBusy {
			p.fault(q, protocol.FaultProtocol, "went on with requests that are too many")
		}
		return !q.gone
	}
	q.busy -= min(q.busy, 1)
	switch r := e.Request.(type) {
	case *protocol.Hello:
		p.greetedBy(q, e, r)
		return false
	case *protocol.GetParams, *protocol.GetPolicy:
		p.do(protocol.Serve(e)) // a tracker knows them as well
		return true
	}
	if q.waits() {
		p.refuse(e, protocol.CodeBusy, "the answer to hello has not come yet")
		return true
	}
	if !q.member {
		p.refuse(e, protocol.CodeNotMember, "say hello first")
		p.close(q, "the first message was not a hello")
		return false
	}
	switch r := e.Request.(type) {
	case *protocol.Assign:
		p.giveID(q, e, r)
	case *protocol.Register:
		p.enroll(q, e, r)
	case *protocol.GetPeers:
		p.givePeers(q, e)
	case *protocol.Ping:
		p.answer(e, &protocol.Pong{Nonce: r.Nonce})
		return true
	default:
		p.serve(e)
		return true
	}
	return false
}

// waits reports whether a peer that was dialled may have answered the hello
// already, and only its answer comes after what it sent then.
func (q *peer) waits() bool { return !q.inbound && q.silent != 0 }

// serve has the driver answer from the view.
func (p *Peering) serve(e protocol.Asked) {
	if p.cfg.Kind == protocol.KindTracker {
		p.refuse(e, protocol.CodeNotFound, "a tracker has no chain: ask a node")
		return
	}
	p.do(protocol.Serve(e))
}

// answered takes the answer to a request. It reports whether it was only passed
// on.
func (p *Peering) answered(q *peer, e protocol.Answered) bool {
	if e.Call%2 == 0 {
		if q.member {
			p.out.Pass = append(p.out.Pass, e)
		}
		return true
	}
	var request protocol.Request
	for i, c := range q.calls {
		if c.number == e.Call {
			request = c.request
			q.calls = append(q.calls[:i:i], q.calls[i+1:]...)
			break
		}
	}
	switch request.(type) {
	case *protocol.Hello:
		p.greetedBack(q, e)
	case *protocol.Assign:
		p.assigned(q, e)
	case *protocol.Register:
		p.registered(q, e)
	case *protocol.GetPeers:
		if peers, ok := e.Response.(*protocol.Peers); ok {
			p.hear(q, peers.Peers, protocol.MaxSample)
		}
	case *protocol.Ping:
		p.ponged(q, e)
	}
	return false
}

// told takes a notice. It reports whether it was only passed on.
func (p *Peering) told(q *peer, e protocol.Told) bool {
	if q.waits() {
		return true
	}
	if !q.member {
		p.close(q, "the first message was not a hello")
		return false
	}
	a, ok := e.Notice.(*protocol.Announce)
	if ok && len(a.Peers) > 0 {
		p.hear(q, a.Peers, protocol.MaxAddresses)
	}
	if !q.member {
		return false
	}
	if !ok || len(a.Headers)+len(a.Txids)+len(a.Wallets)+len(a.Records) > 0 {
		p.out.Pass = append(p.out.Pass, e)
	}
	return !ok || len(a.Peers) == 0
}
