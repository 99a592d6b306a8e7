package peering

import (
	"orrery/core/protocol"
)

const (
	relayTo  = 2  // peers that an address is passed on to (Bitcoin Core: RelayAddress)
	maxRelay = 10 // addresses of a message that are passed on: a sample is no news

	// A peer's addresses are looked at up to hearBurst at once and one every
	// hearEvery, known ones too: a thousand take a millisecond, in which nobody
	// else is served. (Bitcoin Core: MAX_ADDR_RATE_PER_SECOND.)
	hearBurst = int64(protocol.MaxAddresses)
	hearEvery = second

	gossipEvery = 3 * 60 * second // between two times that a node tells whom it is connected to
)

// seen records what a member says of itself.
func (p *Peering) seen(q *peer) {
	if !q.inbound {
		p.leaseProbed(q.address, true)
	}
	if q.listen == "" || q.kind() != protocol.KindNode {
		return
	}
	p.leaseProbed(q.listen, true)
	if p.cfg.Kind == protocol.KindTracker {
		return
	}
	m := protocol.Member{ID: q.nodeID, Address: q.listen, Kind: protocol.KindNode}
	source, wall := NetGroup(q.host), p.wall/second
	if !q.inbound && (q.listen == q.address || IsLocal(q.host)) {
		p.book.good(m, source, wall)
		return
	}
	if !q.inbound {
		p.book.good(protocol.Member{ID: q.nodeID, Address: q.address, Kind: protocol.KindNode}, source, wall)
	}
	if p.book.hear(m, source, wall) && q.nodeID != 0 {
		p.relay([]protocol.Member{m}, q)
	}
}

// hear takes what a member tells of others, or of itself.
func (p *Peering) hear(q *peer, list []protocol.Member, limit int) {
	if len(list) > limit {
		p.fault(q, protocol.FaultSize, "sent more addresses than a message may hold")
		return
	}
	source := NetGroup(q.host)
	var news []protocol.Member
	for i, m := range list {
		if !q.hearing.take(p.now, 1, hearEvery, hearBurst) {
			q.unheard += int64(len(list) - i)
			break
		}
		address, ok := dialable(m.Address, q.host)
		if !ok || m.Kind != protocol.KindNode || address == p.listen {
			continue
		}
		if address == q.listen {
			p.newID(q, m.ID)
		}
		m.Address = address
		if o := p.near(address); o != nil && o != q && o.member {
			continue // what it says itself counts
		}
		if p.book.index[address] == nil && !p.book.allow(source, p.now) {
			q.unheard++
			continue
		}
		q.heard++
		p.rival(m)
		if p.cfg.Kind == protocol.KindNode && p.book.hear(m, source, p.wall/second) {
			news = append(news, m)
			p.linkAt = min(p.linkAt, p.now)
		}
	}
	if len(list) <= maxRelay {
		p.relay(news, q)
	}
}

// newID takes a peer's own word of its ID.
func (p *Peering) newID(q *peer, id uint32) {
	if id == q.nodeID || id == 0 {
		return
	}
	q.nodeID = id
	if e := p.book.index[q.listen]; e != nil {
		e.ID = id
		p.book.mark(e)
	}
	p.sameID(q)
}

// gossipTick tells some members whom this node is connected to, so that IDs and
// addresses stay known beyond one's own peers.
func (p *Peering) gossipTick() {
	if p.gossipAt > p.now {
		return
	}
	p.gossipAt = p.jitter(gossipEvery)
	if p.cfg.Kind != protocol.KindNode {
		return
	}
	var list []protocol.Member
	for _, q := range p.peers {
		if q.member && q.listen != "" && q.kind() == protocol.KindNode {
			list = append(list, protocol.Member{ID: q.nodeID, Address: q.listen, Kind: protocol.KindNode})
		}
	}
	p.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if m, ok := p.self(); ok {
		list = append([]protocol.Member{m}, list...)
	}
	p.relay(list[:min(len(list), maxRelay)], nil)
}

// relay passes addresses on to some peers.
func (p *Peering) relay(list []protocol.Member, from *peer) {
	if len(list) == 0 {
		return
	}
	var to []*peer
	for _, q := range p.peers {
		if q != from && q.member && q.kind() == protocol.KindNode {
			to = append(to, q)
		}
	}
	p.rng.Shuffle(len(to), func(i, j int) { to[i], to[j] = to[j], to[i] })
	for _, q := range to[:min(len(to), relayTo)] {
		p.do(protocol.Tell{Peer: q.id, Notice: &protocol.Announce{Peers: list}})
	}
}

// givePeers answers with a sample of members: those that are connected, and
// those that were. A tracker knows its own, and answers nobody else.
func (p *Peering) givePeers(q *peer, e protocol.Asked) {
	var list []protocol.Member
	if p.cfg.Kind == protocol.KindTracker {
		if l := p.leaseOf(q); l == nil || !l.registered {
			p.refuse(e, protocol.CodeNotMember, "register first")
			return
		}
		for _, l := range p.leases {
			if l.peer != 0 && l.peer != q.id && l.registered && l.address != "" && l.kind == protocol.KindNode {
				list = append(list, protocol.Member{ID: l.ID, Address: l.address, Kind: l.kind})
			}
		}
	} else {
		list = p.knownMembers(q)
	}
	p.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	p.answer(e, &protocol.Peers{Peers: list[:min(len(list), protocol.MaxSample)]})
}

func (p *Peering) knownMembers(but *peer) []protocol.Member {
	var list []protocol.Member
	for _, o := range p.peers {
		if o != but && o.member && o.listen != "" && o.kind() == protocol.KindNode {
			list = append(list, protocol.Member{ID: o.nodeID, Address: o.listen, Kind: protocol.KindNode})
		}
	}
	for _, en := range p.book.entries {
		if en.Good && en.Fails == 0 && en.Address != but.listen && p.near(en.Address) == nil {
			list = append(list, en.Member)
		}
	}
	return list
}
