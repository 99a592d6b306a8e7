package peering

import (
	"slices"
	"strings"

	"orrery/core/policy"
	"orrery/core/protocol"
)

// added is a node that a person wants a connection to.
type added struct {
	address string
	at      int64 // when it is dialled next
	fails   int
}

// maxFound bounds the nodes found nearby that joining tries.
const maxFound = 16

// Command does what a person asks for; see the commands for its value. The
// error is one of this package's. now is in Unix nanoseconds.
func (p *Peering) Command(now int64, c Command) (value any, r Result, err error) {
	p.begin(now)
	value, err = p.command(c)
	return value, p.end(), err
}

func (p *Peering) command(c Command) (any, error) {
	switch c := c.(type) {
	case AddNode:
		return nil, p.addNode(c)
	case Disconnect:
		return nil, p.disconnect(c)
	case SetBan:
		return nil, p.setBan(c)
	case ListBanned:
		p.expireBans()
		return p.listBans(), nil
	case ClearBanned:
		for len(p.bans) > 0 {
			p.dropBan(len(p.bans) - 1)
		}
	case SetNetworkActive:
		p.setActive(c.On)
		return c.On, nil
	case Ping:
		for _, q := range p.peers {
			if q.member && q.pinged == 0 {
				p.sendPing(q)
			}
		}
	case NodeAddresses:
		return p.addresses(c.Count), nil
	case AddedNodeInfo:
		return p.addedNodes(c.Address)
	case AttachWallet:
		return p.attachWallet(c.Name)
	case DetachWallet:
		return nil, p.detachWallet(c.Name)
	case Discovered:
		return nil, p.discovered(c.Address)
	}
	return nil, nil
}

func (p *Peering) addNode(c AddNode) error {
	address, ok := dialable(c.Address, "")
	if !ok {
		return ErrAddress
	}
	i := slices.IndexFunc(p.added, func(a added) bool { return a.address == address })
	switch c.Action {
	case "onetry":
		if !p.active {
			return ErrInactive
		}
		if p.near(address) == nil {
			p.dial(address, roleManual)
		}
	case "add":
		if i >= 0 {
			return ErrAdded
		}
		if len(p.added) >= maxAdded {
			return ErrTooMany
		}
		p.added = append(p.added, added{address: address, at: p.now})
		p.manualTick()
	case "remove":
		if i < 0 {
			return ErrNotAdded
		}
		p.added = slices.Delete(p.added, i, i+1)
	default:
		return ErrAction
	}
	return nil
}

// manualTick dials added nodes that are not connected.
func (p *Peering) manualTick() {
	for i := range p.added {
		a := &p.added[i]
		if a.at > p.now {
			continue
		}
		a.at = p.now + addedMax
		if p.near(a.address) == nil {
			p.dial(a.address, roleManual)
		}
	}
	if p.join.state == joinNot && p.id == 0 && len(p.added) > 0 {
		p.startJoin()
	}
}

// manualLost is told when a person's connection ended or did not come about.
func (p *Peering) manualLost(address string) {
	for i := range p.added {
		if a := &p.added[i]; a.address == address {
			a.at = p.jitter(min(addedPause<<min(a.fails, 10), addedMax))
			a.fails++
		}
	}
}

func (p *Peering) disconnect(c Disconnect) error {
	address, _ := dialable(c.Address, "")
	found := false
	for i := len(p.peers) - 1; i >= 0; i-- {
		q := p.peers[i]
		if q.gone {
			continue
		}
		if c.Peer != 0 && q.id == c.Peer || c.Peer == 0 && (q.address == c.Address || address != "" && q.listen == address) {
			p.close(q, "disconnected by a person")
			found = true
		}
	}
	if !found {
		return ErrNotConnected
	}
	return nil
}

func (p *Peering) setBan(c SetBan) error {
	who := strings.ToLower(c.Who)
	if address, ok := dialable(who, ""); ok {
		who = address
	} else if _, ok := parseSubnet(who); !ok {
		return ErrAddress
	}
	i, ok := p.findBan(who)
	if c.Remove {
		if !ok {
			return ErrNotBanned
		}
		p.dropBan(i)
		return nil
	}
	now := p.wall / second
	if ok && p.bans[i].Until > now {
		return ErrBanned
	}
	byHand := 0
	for _, b := range p.bans {
		if b.ByHand {
			byHand++
		}
	}
	if byHand >= maxHandBans {
		return ErrTooMany
	}
	until := now + min(max(c.Seconds, 0), maxBan)
	switch {
	case c.Absolute:
		until = min(c.Seconds, now+maxBan)
	case c.Seconds == 0:
		until = now + policy.BanSeconds
	}
	if ok {
		p.dropBan(i)
	}
	p.addBan(Ban{Who: who, Created: now, Until: until, Reason: "banned by a person", ByHand: true})
	for i := len(p.peers) - 1; i >= 0; i-- {
		if q := p.peers[i]; !q.gone && p.banned(q.host, q.listen, q.address) != nil {
			p.close(q, "banned here")
		}
	}
	return nil
}

func (p *Peering) listBans() []Ban {
	var out []Ban
	for _, b := range p.bans {
		if b.Until > p.wall/second {
			out = append(out, b.Ban)
		}
	}
	return out
}

// setActive switches the network off, or on: then everything is dialled at
// once, without the pauses that failures had brought.
func (p *Peering) setActive(on bool) {
	if on == p.active {
		return
	}
	p.active = on
	if !on {
		for i := len(p.peers) - 1; i >= 0; i-- {
			p.close(p.peers[i], "the network was switched off here")
		}
		p.join = joining{fresh: p.join.fresh}
		return
	}
	p.book.impatient()
	p.linkFails = 0
	for i := range p.added {
		p.added[i].at, p.added[i].fails = p.now, 0
	}
	p.linkAt, p.feelAt, p.sampleAt = p.now, p.now, p.now
	if p.parent == 0 {
		p.join.rounds = 0
		p.startJoin()
	}
	p.manualTick()
}

func (p *Peering) addresses(count int) []KnownAddress {
	out := make([]KnownAddress, 0, len(p.book.entries))
	for _, e := range p.book.entries {
		out = append(out, KnownAddress{e.Member, e.Heard, e.Good})
	}
	p.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	if count > 0 && count < len(out) {
		out = out[:count]
	}
	return out
}

func (p *Peering) addedNodes(address string) ([]AddedNode, error) {
	want, _ := dialable(address, "")
	var out []AddedNode
	for _, a := range p.added {
		if address != "" && a.address != want {
			continue
		}
		n := AddedNode{Address: a.address}
		if q := p.near(a.address); q != nil && q.member {
			n.Connected, n.Inbound = true, q.inbound
		}
		out = append(out, n)
	}
	if address != "" && out == nil {
		return nil, ErrNotAdded
	}
	return out, nil
}

func (p *Peering) discovered(address string) error {
	a, ok := dialable(address, "")
	if !ok {
		return ErrAddress
	}
	if a == p.listen || slices.Contains(p.selves, a) {
		return nil
	}
	host, _, _ := SplitAddress(a)
	p.book.hear(protocol.Member{Address: a, Kind: protocol.KindNode}, NetGroup(host), p.wall/second)
	if !slices.Contains(p.found, a) && len(p.found) < maxFound {
		p.found = append(p.found, a)
	}
	p.linkAt = min(p.linkAt, p.now)
	if p.join.state == joinNot && p.id == 0 {
		p.startJoin()
	}
	return nil
}
