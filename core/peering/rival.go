package peering

import "orrery/core/protocol"

// rivalEvery is the time between two looks at who has one ID with another:
// whoever tells lies costs one dial now and then.
const rivalEvery = 10 * second

// Anybody can claim to have this node's ID. Whoever does so again and again
// must not make it ask its parent all the time, which would ban it for that.
const (
	renewBurst = 3
	renewEvery = 60 * second
)

// sameID settles that a peer has this node's ID, as may happen after a
// partition: the side with the larger nonce takes another one and keeps its
// port.
func (p *Peering) sameID(q *peer) {
	if q.nodeID == 0 || q.gone || q.kind() != protocol.KindNode || p.cfg.Kind != protocol.KindNode {
		return
	}
	if q.nodeID != p.id {
		p.twoHolders(q)
		return
	}
	if p.cfg.Nonce < q.hello.Nonce || !p.sure {
		return // the other one moves, or this one's parent will give another
	}
	if !p.renewals.take(p.now, 1, renewEvery, renewBurst) {
		return // a label is not worth it
	}
	p.sayOf(q.host, true, "%s has the ID %d, too: this node takes another one.", q.address, p.id)
	p.renew(q)
}

// renew asks the parent, or else a peer, for another ID.
func (p *Peering) renew(q *peer) {
	to, keeper := q, protocol.PeerID(0)
	if o := p.index[p.parent]; o != nil && o.member {
		to, keeper = o, o.id
	}
	p.root, p.parent = false, 0
	p.join = joining{state: joinDial, address: to.address, peer: to.id, at: p.now + stepTime, fresh: true, keeper: keeper, queue: p.candidates()}
	p.askID(to)
}

// twoHolders brings two peers with one ID together, so that they settle it.
func (p *Peering) twoHolders(q *peer) {
	for _, o := range p.peers {
		if o == q || !o.member || o.nodeID != q.nodeID || o.kind() != protocol.KindNode || o.hello.Nonce == q.hello.Nonce {
			continue
		}
		for _, pair := range [][2]*peer{{o, q}, {q, o}} {
			if pair[1].listen != "" {
				m := protocol.Member{ID: pair[1].nodeID, Address: pair[1].listen, Kind: protocol.KindNode}
				p.do(protocol.Tell{Peer: pair[0].id, Notice: &protocol.Announce{Peers: []protocol.Member{m}}})
			}
		}
	}
}

// rival looks whether a node that is said to have this one's ID is there: then
// the handshake settles it. If it has a peer's ID, that one is told.
func (p *Peering) rival(m protocol.Member) {
	if m.ID == 0 || p.cfg.Kind != protocol.KindNode || p.rivalAt > p.now {
		return
	}
	if m.ID == p.id && p.sure {
		if !p.isBanned(m.Address) {
			p.rivalAt = p.now + rivalEvery
			p.dial(m.Address, roleProbe)
		}
		return
	}
	for _, o := range p.peers {
		if o.member && o.nodeID == m.ID && o.listen != m.Address && o.kind() == protocol.KindNode {
			p.rivalAt = p.now + rivalEvery
			p.do(protocol.Tell{Peer: o.id, Notice: &protocol.Announce{Peers: []protocol.Member{m}}})
			return
		}
	}
}
