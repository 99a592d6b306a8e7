package peering

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"orrery/core/policy"
	"orrery/core/protocol"
)

// Limits of the ban list. Faults of many hosts push out the ban that ends
// first; a person's bans are never pushed out, but counted.
const (
	maxFaultBans = 1000
	maxHandBans  = 1000
)

type ban struct {
	Ban
	net   subnet // with isNet
	isNet bool
}

func newBan(b Ban) ban {
	n, ok := parseSubnet(b.Who)
	return ban{b, n, ok}
}

func (p *Peering) findBan(who string) (int, bool) {
	return slices.BinarySearchFunc(p.bans, who, func(b ban, who string) int { return cmp.Compare(b.Who, who) })
}

// banned returns the ban that keeps out whoever is at a host, and listens or
// was dialled at one of the addresses, or nil.
func (p *Peering) banned(host string, names ...string) *ban {
	ip, isIP := parseIP(host)
	for i := range p.bans {
		b := &p.bans[i]
		switch {
		case b.Until <= p.wall/second:
		case b.isNet && isIP && b.net.contains(ip), b.Who == host, slices.Contains(names, b.Who):
			return b
		}
	}
	return nil
}

// addBan bans, or makes a ban longer.
func (p *Peering) addBan(b Ban) {
	if i, ok := p.findBan(b.Who); ok {
		p.bans[i].Until = max(p.bans[i].Until, b.Until)
		p.bans[i].ByHand = p.bans[i].ByHand || b.ByHand
		p.saveBan(p.bans[i].Ban)
		return
	}
	if !b.ByHand {
		p.makeRoom()
	}
	i, _ := p.findBan(b.Who)
	p.bans = slices.Insert(p.bans, i, newBan(b))
	p.saveBan(b)
}

func (p *Peering) makeRoom() {
	first, n := -1, 0
	for i, b := range p.bans {
		if b.ByHand {
			continue
		}
		if n++; first < 0 || b.Until < p.bans[first].Until {
			first = i
		}
	}
	if n >= maxFaultBans {
		p.dropBan(first)
	}
}

func (p *Peering) dropBan(i int) {
	p.save(banKey+p.bans[i].Who, nil)
	p.bans = slices.Delete(p.bans, i, i+1)
}

// expireBans forgets what is over.
func (p *Peering) expireBans() {
	for i := len(p.bans) - 1; i >= 0; i-- {
		if p.bans[i].Until <= p.wall/second {
			p.dropBan(i)
		}
	}
}

func (p *Peering) saveBan(b Ban) {
	if !strings.HasPrefix(b.Who, noncePrefix) {
		p.saveJSON(banKey+b.Who, b)
	}
}

func (p *Peering) loadBan(value []byte) {
	var b Ban
	if json.Unmarshal(value, &b) == nil && b.Who != "" && len(p.bans) < maxFaultBans+maxHandBans {
		if i, ok := p.findBan(b.Who); !ok {
			p.bans = slices.Insert(p.bans, i, newBan(b))
		}
	}
}

// noncePrefix bans a node of this machine that listens nowhere, for its run.
const noncePrefix = "nonce "

// whoIs returns what to ban a peer by. Many nodes share the hosts of a machine
// or a private network: there it is where the peer was dialled, or else its run.
// Where it says that it listens is only its word, and may be another's address.
func (p *Peering) whoIs(q *peer) string {
	switch {
	case !IsLocal(q.host):
		return q.host
	case !q.inbound:
		return q.address
	case q.hello != nil:
		return nonceOf(q.hello)
	}
	return ""
}

func nonceOf(h *protocol.Hello) string { return fmt.Sprintf("%s%016x", noncePrefix, h.Nonce) }

// Fault records that a peer broke a rule, and does what the admission policy
// says. kind is one of protocol's Fault constants; any other one only ends the
// connection. now is in Unix nanoseconds.
func (p *Peering) Fault(now int64, id protocol.PeerID, kind, detail string) Result {
	p.begin(now)
	if q := p.index[id]; q != nil && !q.gone {
		p.fault(q, kind, detail)
	}
	return p.end()
}

func (p *Peering) fault(q *peer, kind, detail string) {
	if q.gone {
		return
	}
	switch kind {
	case protocol.FaultConsensus, protocol.FaultWork, protocol.FaultSize, protocol.FaultProtocol:
	default:
		p.close(q, detail)
		return
	}
	q.faults++
	if who := p.whoIs(q); who != "" {
		// A new connection does not make a clean sheet.
		s := p.faults.of(who)
		s.count++
		s.bucket.used = p.now
		q.faults = s.count
	}
	seconds := p.cfg.Local.Punish(p.policyPeer(q), policy.Fault{Kind: kind, Detail: detail, Count: q.faults})
	switch {
	case seconds < 0:
		return
	case seconds == 0 || q.role == roleManual || p.whoIs(q) == "":
		// A person wants this connection: it is not banned for its faults.
		p.sayOf(q.host, true, "Closed %s: %s.", q.name(), detail)
	default:
		seconds = min(seconds, maxBan)
		p.addBan(Ban{Who: p.whoIs(q), Created: p.wall / second, Until: p.wall/second + seconds, Reason: clean(kind + ": " + detail)})
		p.sayOf(q.host, true, "Banned %s for %s: %s.", q.name(), span(seconds*second), detail)
	}
	p.close(q, detail)
}

// maxBan keeps sums of seconds small: a hundred years.
const maxBan = 100 * 365 * 24 * 60 * 60

// policyPeer is what the admission policy learns of a peer.
func (p *Peering) policyPeer(q *peer) policy.Peer {
	_, port, _ := SplitAddress(q.address)
	out := policy.Peer{
		Address: q.address, Host: q.host, Port: port, NetGroup: NetGroup(q.host), Inbound: q.inbound, Now: p.wall / second,
	}
	if q.hello != nil {
		out.Agent, out.Height, out.Kind = q.hello.Agent, q.hello.Height, q.hello.Kind
	}
	if i, ok := p.findBan(p.whoIs(q)); ok {
		out.BannedUntil = p.bans[i].Until
	}
	for _, o := range p.peers {
		if o == q || !o.member {
			continue
		}
		if o.inbound {
			out.InboundCount++
		} else {
			out.OutboundCount++
		}
		if o.inbound == q.inbound && NetGroup(o.host) == out.NetGroup {
			out.NetGroupCount++
		}
	}
	return out
}
