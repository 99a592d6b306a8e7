package peering

import (
	"fmt"

	"orrery/core/protocol"
)

// firstPort is the least port that an ordinary user may open.
const firstPort = 1024

// assignedAddress is where the assigned port is: an ID is only the wish for a
// port.
func (p *Peering) assignedAddress() string {
	port := p.lease.Port
	if port < firstPort {
		port = 0
	}
	return JoinAddress(p.cfg.Host, port)
}

// listenAt asks for a port; any free one will do if it is taken.
func (p *Peering) listenAt(address string) {
	p.listening, p.wanted = true, address
	p.do(protocol.Listen{Address: address, Fallback: true})
}

// listenFirst opens the port that is known before joining: a person's, that of
// an earlier run, or the first node's.
func (p *Peering) listenFirst() {
	switch {
	case p.listen != "" || p.listening:
	case p.cfg.Listen != "" && p.cfg.Bound:
		p.listen = p.cfg.Listen
	case p.cfg.Listen != "":
		p.listenAt(p.cfg.Listen)
	case p.root || p.lease.Port != 0:
		p.listenAt(p.assignedAddress())
	}
}

// listened takes what became of listenAt.
func (p *Peering) listened(e protocol.Listening) {
	p.listening = false
	_, got, _ := SplitAddress(e.Address)
	_, wanted, _ := SplitAddress(p.wanted)
	switch {
	case e.Address == "":
		p.say(true, "No port could be opened at %s: %s. Nobody can connect to this node. Give it an address of this machine with p2p.host or p2p.listen.", p.wanted, e.Reason)
	case wanted != 0 && got != wanted:
		p.say(false, "%s is taken: listening on %s instead.", p.wanted, e.Address)
	}
	p.listen, p.deaf = e.Address, e.Address == ""
	if p.root {
		p.saveSelf()
	}
	if p.join.state == joinListen {
		if q := p.index[p.join.peer]; q != nil && q.member {
			p.register(q)
		}
		return
	}
	p.announceSelf()
}

// announceSelf tells the members what changed of this node: its ID or where it
// listens.
func (p *Peering) announceSelf() {
	m, ok := p.self()
	if !ok {
		return
	}
	for _, q := range p.peers {
		if !q.member || q.kind() == protocol.KindWallet {
			continue
		}
		if q.told != p.listen && (q.id == p.parent || q.kind() == protocol.KindNode) {
			q.told = p.listen
			p.ask(q, &protocol.Register{Listen: p.listen})
		}
		if q.kind() == protocol.KindNode {
			p.do(protocol.Tell{Peer: q.id, Notice: &protocol.Announce{Peers: []protocol.Member{m}}})
		}
	}
}

// self is this node as others should know it.
func (p *Peering) self() (protocol.Member, bool) {
	if p.listen == "" || p.cfg.Kind != protocol.KindNode {
		return protocol.Member{}, false
	}
	return protocol.Member{ID: p.shownID(), Address: p.listen, Kind: p.cfg.Kind}, true
}

// span says a time as people do.
func span(ns int64) string {
	switch s := (ns + second/2) / second; {
	case s < 120:
		return fmt.Sprintf("%d s", max(s, 1))
	case s < 2*60*60:
		return fmt.Sprintf("%d min", s/60)
	default:
		return fmt.Sprintf("%d h", s/60/60)
	}
}
