package peering

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

func (p *Peering) ownHello() *protocol.Hello {
	return &protocol.Hello{
		Protocol: protocol.Version, NetworkID: p.cfg.NetworkID, Agent: p.cfg.Agent, Nonce: p.cfg.Nonce,
		Kind: p.cfg.Kind, ID: p.shownID(), Listen: p.listen,
		Height: p.height, Work: p.work, Tip: p.tip, Schedule: p.schedule, Time: p.wall / second,
	}
}

// shownID is the ID that others are told: not that of an earlier run before a
// parent gave it back, since it may be somebody else's by now.
func (p *Peering) shownID() uint32 {
	if !p.sure {
		return 0
	}
	return p.id
}

// up is a new connection.
func (p *Peering) up(e protocol.PeerUp) {
	if p.index[e.Peer] != nil {
		return
	}
	host, _, _ := SplitAddress(e.Address)
	q := &peer{
		id: e.Peer, address: e.Address, host: host, inbound: e.Inbound, role: roleInbound,
		since: p.wall, opened: p.now, silent: p.now + int64(protocol.HelloTime),
	}
	p.add(q)
	if !e.Inbound {
		q.role = p.dialled(e.Address)
	}
	switch b := p.banned(host); {
	case !p.active:
		p.close(q, "the network is switched off here")
	case b != nil && e.Inbound:
		p.close(q, "banned here")
	case e.Inbound:
		p.boundHalfOpen(q)
	default:
		p.ask(q, p.ownHello())
	}
}

// maxHalfOpen bounds connections without a hello that others opened: who says
// nothing for a minute would otherwise keep everybody out.
const maxHalfOpen = 64

// boundHalfOpen makes room for a new connection: an honest one says its hello
// at once, so the oldest has to go.
func (p *Peering) boundHalfOpen(q *peer) {
	var oldest *peer
	n := 0
	for _, o := range p.peers {
		if o.gone || !o.inbound || o.silent == 0 {
			continue
		}
		if n++; o != q && (oldest == nil || o.silent < oldest.silent) {
			oldest = o
		}
	}
	if n > maxHalfOpen && oldest != nil {
		p.close(oldest, "too many connections without a hello")
	}
}

// greetedBy takes the hello of a peer that dialled.
func (p *Peering) greetedBy(q *peer, e protocol.Asked, h *protocol.Hello) {
	if q.hello != nil || !q.inbound {
		p.refuse(e, protocol.CodeInvalid, "only the side that dialled says hello, once")
		p.fault(q, protocol.FaultProtocol, "said hello where it had to answer one, or twice")
		return
	}
	if err := p.check(q, h); err != nil {
		p.do(protocol.Answer{Peer: e.Peer, Call: e.Call, Err: err})
		p.close(q, err.Message)
		return
	}
	p.answer(e, p.ownHello())
	p.greeted(q, h)
}

// greetedBack takes what a dialled peer answered to our hello.
func (p *Peering) greetedBack(q *peer, e protocol.Answered) {
	h, ok := e.Response.(*protocol.Hello)
	if !ok {
		p.unwelcome(q, e.Err)
		return
	}
	if err := p.check(q, h); err != nil {
		q.refused = err.Code != protocol.CodeWrongNetwork && err.Code != protocol.CodeSelf
		p.close(q, err.Message)
		return
	}
	p.clockOf(q, h)
	p.greeted(q, h)
}

// unwelcome ends a connection whose other side refused our hello.
func (p *Peering) unwelcome(q *peer, err error) {
	reason := "no answer to hello"
	if err != nil {
		reason = err.Error()
	}
	if e, ok := err.(*protocol.Error); ok {
		q.refused = e.Code != protocol.CodeWrongNetwork && e.Code != protocol.CodeSelf
		switch e.Code {
		case protocol.CodeSelf:
			p.own(q.address)
		case protocol.CodeWrongNetwork:
			next := ""
			if q.role == roleJoin {
				next = " To join that network, start with an empty data folder (node.data_dir)."
			}
			p.sayOf(q.host, true, "%s refused: %s.%s", q.name(), e.Message, next)
		case protocol.CodeDuplicate:
			if q.role == roleJoin {
				p.joinTwice(q)
			}
		case protocol.CodeFull:
			if q.role == roleJoin {
				p.referred(e.Referral, q)
			}
		}
	}
	p.close(q, reason)
}

// own remembers an address as this node's: dialling it would only meet itself.
func (p *Peering) own(address string) {
	p.book.remove(address)
	if len(p.selves) < maxSelves {
		p.selves = append(p.selves, address)
	}
}

// maxSelves bounds the names of this node that are kept: hosts have few.
const maxSelves = 16

// check decides whether a peer becomes a member.
func (p *Peering) check(q *peer, h *protocol.Hello) *protocol.Error {
	anyNetwork := p.cfg.Kind == protocol.KindTracker && p.cfg.NetworkID == (chainhash.Hash{})
	where := "it"
	if q.inbound {
		where = "you"
	}
	refuse := func(code protocol.Code, format string, args ...any) *protocol.Error {
		return &protocol.Error{Code: code, Message: clean(fmt.Sprintf(format, args...))}
	}
	switch {
	case h.Protocol < 1:
		return refuse(protocol.CodeInvalid, "protocol version %d is not known here", h.Protocol)
	case h.NetworkID != p.cfg.NetworkID && !anyNetwork:
		p.sayOf(q.host, true, "%s is of another network: its ID is %s, ours is %s.", q.address, trim(h.NetworkID), trim(p.cfg.NetworkID))
		return refuse(protocol.CodeWrongNetwork, "another network: here its ID is %s, there %s", trim(p.cfg.NetworkID), trim(h.NetworkID))
	case h.Nonce == p.cfg.Nonce:
		if !q.inbound {
			p.own(q.address)
		}
		return refuse(protocol.CodeSelf, "a node met itself")
	case h.Kind != protocol.KindNode && h.Kind != protocol.KindWallet && h.Kind != protocol.KindTracker:
		return refuse(protocol.CodeInvalid, "a peer is a node, a wallet or a tracker, not %q", h.Kind)
	case len(h.Agent) > protocol.MaxAgent:
		return refuse(protocol.CodeInvalid, "the agent is longer than %d bytes", protocol.MaxAgent)
	}
	q.hello, q.nodeID = h, h.ID
	q.listen, _ = dialable(h.Listen, q.host)
	if err := p.admit(q, h, where); err != nil {
		q.hello = nil
		return err
	}
	if anyNetwork {
		p.cfg.NetworkID = h.NetworkID
	}
	return nil
}

// admit asks bans, other connections, slots and the admission policy.
func (p *Peering) admit(q *peer, h *protocol.Hello, where string) *protocol.Error {
	if q.role != roleManual {
		if b := p.banned(q.host, q.listen, q.address, nonceOf(h)); b != nil {
			return &protocol.Error{Code: protocol.CodeBanned, Message: "banned here"}
		}
	}
	if o := p.twin(q, h.Nonce); o != nil {
		if !p.newer(o, q) {
			p.inherit(q, o)
			return &protocol.Error{Code: protocol.CodeDuplicate, Message: "the two are connected already"}
		}
		p.inherit(o, q)
		p.close(o, "replaced by another connection of the two")
	}
	if q.inbound && !p.slot() {
		return &protocol.Error{Code: protocol.CodeFull, Message: fmt.Sprintf("all %d places are taken", p.cfg.MaxInbound), Referral: p.referral(q)}
	}
	if ok, reason := p.cfg.Local.Admit(p.policyPeer(q)); !ok {
		p.sayOf(q.host, false, "The admission policy refused %s: %s.", q.name(), reason)
		return &protocol.Error{Code: protocol.CodeRefused, Message: clean("the admission policy refused " + where + ": " + reason)}
	}
	return nil
}

// twinTime is within what time of each other two nodes may dial each other
// without knowing.
const twinTime = 20 * second

// newer decides which of two connections to the same node stays, the same on
// both sides: of two that each side dialled at the same time, that of the side
// with the smaller nonce; else the older, since whoever has heard a nonce can say
// it.
func (p *Peering) newer(o, q *peer) bool {
	if o.inbound == q.inbound || q.opened-o.opened > twinTime {
		return false
	}
	return q.inbound == (q.hello.Nonce < p.cfg.Nonce)
}

// inherit moves what depends on one connection to another one to the same node.
func (p *Peering) inherit(from, to *peer) {
	if to.role == roleInbound || to.role == roleFeeler || to.role == roleProbe {
		to.role = from.role
	}
	if to.inbound && to.role != roleManual && to.role != roleJoin {
		to.role = roleInbound
	}
	for _, l := range p.leases {
		if l.peer == from.id {
			l.peer = to.id
		}
	}
	if p.parent == from.id {
		p.parent = to.id
	}
	p.joinMoved(from, to)
}

// Mismatch ends the connection to a member that has the same tip and another
// policy schedule for it than ours. now is in Unix nanoseconds.
func (p *Peering) Mismatch(now int64, id protocol.PeerID, height int32, ours chainhash.Hash) Result {
	p.begin(now)
	if q := p.index[id]; q != nil && !q.gone {
		p.sayOf(q.host, true, "%s follows other policies at block %s, height %d: its schedule is %s, ours %s. One of the two programs has a fault: please report it.",
			q.name(), q.hello.Tip, height, trim(q.hello.Schedule), trim(ours))
		p.close(q, fmt.Sprintf("another policy schedule at height %d: here it is %s, there %s", height, trim(ours), trim(q.hello.Schedule)))
		p.book.try(q.listen, p.now, retryMax)
	}
	return p.end()
}

// greeted makes a member.
func (p *Peering) greeted(q *peer, h *protocol.Hello) {
	q.silent, q.told = 0, p.listen
	q.height, q.work, q.tip, q.tipAt = h.Height, h.Work, h.Tip, p.now
	q.pingAt = p.jitter(p.pingEvery())
	if q.role == roleFeeler || q.role == roleProbe {
		p.seen(q)
		// One with this node's ID stays until the two have settled that.
		if (p.room() <= 0 || p.cfg.Kind == protocol.KindTracker) && (q.nodeID != p.id || p.id == 0) {
			p.close(q, "only looked whether somebody is there")
			return
		}
		q.role = roleLink
	}
	q.member = true
	if q.role == roleLink {
		p.linkFails = 0
	}
	p.out.Members = append(p.out.Members, MemberUp{Peer: q.id, Inbound: q.inbound, Hello: *h})
	p.seen(q)
	p.sameID(q)
	p.joinMember(q)
	if !q.inbound && !q.sampled && !q.gone && p.cfg.Kind == protocol.KindNode && q.kind() == protocol.KindNode {
		q.sampled = true
		p.ask(q, &protocol.GetPeers{})
	}
}
