package peering

import (
	"slices"

	"orrery/core/protocol"
)

// maxDials bounds connections that are being opened at once.
const maxDials = 32

// dialing is a Dial that was not answered yet.
type dialing struct{ address, role string }

// dial opens a connection, unless one to this address is on its way.
func (p *Peering) dial(address, role string) bool {
	if !p.active || slices.Contains(p.selves, address) || address == p.listen {
		return false
	}
	for i := range p.dials {
		if d := &p.dials[i]; d.address == address {
			if role == roleJoin || role == roleManual {
				d.role = role
			}
			return true
		}
	}
	if len(p.dials) >= maxDials && role != roleJoin && role != roleManual {
		return false
	}
	p.dials = append(p.dials, dialing{address, role})
	p.do(protocol.Dial{Address: address})
	return true
}

// dialled returns why an address was dialled, and takes it from the list.
func (p *Peering) dialled(address string) string {
	for i, d := range p.dials {
		if d.address == address {
			p.dials = slices.Delete(p.dials, i, i+1)
			return d.role
		}
	}
	return roleLink
}

// dialFailed is told when a dial gave no connection, or one without a hello.
func (p *Peering) dialFailed(role, address, reason string) {
	p.book.failed(address, p.now)
	p.leaseProbed(address, false)
	switch role {
	case roleJoin:
		p.joinDialFailed(address, reason)
	case roleLink:
		p.linkFails++
	}
	p.linkAt = min(p.linkAt, p.now+linkPause)
	if p.linkFails >= linkPatience {
		p.linkAt = max(p.linkAt, p.now+linkSlow)
	}
}

// own connections are counted with those that are on their way.
func (p *Peering) room() int {
	n := p.cfg.Outbound + p.extra
	for _, q := range p.peers {
		if !q.gone && q.role == roleLink && q.id != p.parent {
			n--
		}
	}
	for _, d := range p.dials {
		if d.role == roleLink {
			n--
		}
	}
	return n
}

// slot reports whether one more inbound member may come in, and makes room if
// it must.
func (p *Peering) slot() bool {
	n := 0
	for _, q := range p.peers {
		if q.inbound && q.member {
			n++
		}
	}
	return n < p.cfg.MaxInbound || p.evict()
}

const (
	linkPatience = 20               // dials that fail, before they become slow
	linkSlow     = 10 * second      // between two dials then: the book may be full of lies
	linkPause    = second / 2       // between two dials
	linkIdle     = 30 * second      // when nobody is left to dial
	feelerEvery  = 2 * 60 * second  // Bitcoin Core: FEELER_INTERVAL
	sampleEvery  = 10 * 60 * second // members are asked for, with too few connections
	staleTime    = 10 * 60 * second // one more connection is kept for a stale tip
	anchorAge    = 60 * second      // after which a connection is known to be good
	maxAnchors   = 2                // Bitcoin Core: MAX_BLOCK_RELAY_ONLY_ANCHORS
	neverWakes   = int64(1)<<62 - 1 // in the time of timers
	addedPause   = 5 * second       // before an added node is dialled again, doubling
	addedMax     = 5 * 60 * second  //
	maxAdded     = 32               // nodes of addnode (Bitcoin Core keeps 8 connections)
)

// links opens connections until there are enough.
func (p *Peering) links() {
	if !p.active || p.cfg.Kind == protocol.KindTracker || !p.joined() {
		return
	}
	if p.extra > 0 && p.staleUntil <= p.now {
		p.dropExtra()
	}
	p.feel()
	if p.linkAt > p.now {
		return
	}
	if p.room() <= 0 {
		p.linkAt = neverWakes // until one ends
		return
	}
	address := p.pick()
	if address == "" || !p.dial(address, roleLink) {
		p.linkAt = p.now + linkIdle
		p.sample()
		return
	}
	p.book.try(address, p.now, retryFirst)
	p.linkAt = p.now + linkPause
	if p.linkFails >= linkPatience {
		p.linkAt = p.now + linkSlow
	}
}

// pick chooses whom to dial: those of an earlier run that were good come first.
func (p *Peering) pick() string {
	for len(p.anchors) > 0 {
		address := p.anchors[0]
		p.anchors = p.anchors[1:]
		if p.linked(address) == nil && !p.isBanned(address) {
			return address
		}
	}
	return p.book.pick(p.rng, p.now, p.fresh)
}

// fresh reports whether one more connection to an address is welcome.
func (p *Peering) fresh(e *entry) bool {
	if p.near(e.Address) != nil || e.Address == p.listen || p.isBanned(e.Address) {
		return false
	}
	host, _, _ := SplitAddress(e.Address)
	if IsLocal(host) {
		return true
	}
	// One network must not be all that this node sees.
	for _, q := range p.peers {
		if !q.gone && !q.inbound && q.role == roleLink && NetGroup(q.host) == NetGroup(host) {
			return false
		}
	}
	return true
}

func (p *Peering) isBanned(address string) bool {
	host, _, _ := SplitAddress(address)
	return p.banned(host, address) != nil
}

// feel looks now and then whether a new address is a node, so that the book
// holds some that are.
func (p *Peering) feel() {
	if p.feelAt > p.now {
		return
	}
	p.feelAt = p.jitter(feelerEvery)
	if p.room() > 0 {
		return // whom it dials is new anyway
	}
	address := p.book.untried(p.rng, p.now, func(e *entry) bool { return p.near(e.Address) == nil && !p.isBanned(e.Address) })
	if address != "" && p.dial(address, roleFeeler) {
		p.book.try(address, p.now, retryFirst)
	}
}

// sample asks somebody for members, when there are too few to dial.
func (p *Peering) sample() {
	if p.sampleAt > p.now {
		return
	}
	p.sampleAt = p.jitter(sampleEvery)
	for _, q := range p.peers {
		if q.member && (q.id == p.parent || q.kind() == protocol.KindTracker || !q.inbound) {
			p.ask(q, &protocol.GetPeers{})
			return
		}
	}
}

// StaleTip looks for one more peer: nothing new came for long. now is in Unix
// nanoseconds.
func (p *Peering) StaleTip(now int64) Result {
	p.begin(now)
	if p.extra == 0 {
		p.extra, p.staleUntil = 1, p.now+staleTime
	}
	p.linkAt, p.sampleAt = p.now, p.now
	p.links()
	return p.end()
}

// dropExtra ends the connection whose tip moved least lately, once there is one
// more than wanted.
func (p *Peering) dropExtra() {
	p.extra = 0
	if p.room() >= 0 {
		return
	}
	var worst *peer
	for _, q := range p.peers {
		if q.member && q.role == roleLink && q.id != p.parent && (worst == nil || q.tipAt < worst.tipAt) {
			worst = q
		}
	}
	if worst != nil {
		p.close(worst, "another peer is nearer to the tip")
	}
}

// evict ends an inbound connection in favour of a new one (after Bitcoin Core's
// SelectNodeToEvict): children and wallets stay, and those that are quick, that
// brought blocks lately, or have been here for long. Of the rest it is the
// youngest of the largest network.
func (p *Peering) evict() bool {
	var list []*peer
	for _, q := range p.peers {
		if q.inbound && q.member && p.leaseOf(q) == nil {
			list = append(list, q)
		}
	}
	list = spare(list, 4, func(a, b *peer) bool { return a.minPing != 0 && (b.minPing == 0 || a.minPing < b.minPing) })
	list = spare(list, 4, func(a, b *peer) bool { return a.tipAt > b.tipAt })
	list = spare(list, len(list)/2, func(a, b *peer) bool { return a.opened < b.opened })
	if len(list) == 0 {
		return false
	}
	worst, most := list[0], 0
	for _, q := range list {
		n := 0
		for _, o := range list {
			if NetGroup(o.host) == NetGroup(q.host) {
				n++
			}
		}
		if n > most || n == most && q.opened >= worst.opened {
			worst, most = q, n
		}
	}
	p.close(worst, "its place was given to another peer")
	return true
}

// spare takes the best n from a list.
func spare(list []*peer, n int, better func(a, b *peer) bool) []*peer {
	slices.SortStableFunc(list, func(a, b *peer) int {
		switch {
		case better(a, b):
			return -1
		case better(b, a):
			return 1
		}
		return 0
	})
	return list[min(n, len(list)):]
}
