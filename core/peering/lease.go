package peering

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"orrery/core/protocol"
)

const (
	leaseTime = 60 * second      // an ID is kept after its connection was lost
	restTime  = 10 * 60 * second // and then given to nobody else
	probeTime = 60 * second      // between two looks whether a resting ID's holder is there
	maxToken  = 64               // bytes of hex
	maxLeases = 8192             // a policy may have no limit of its own
)

// lease is an ID that was given here.
type lease struct {
	protocol.Lease
	kind       string
	address    string          // where its holder listens, or listened last
	peer       protocol.PeerID // 0: not connected
	lost       int64           // since when not, 0: connected
	rests      int64           // until when it is given to nobody else, 0: in use
	probing    bool            // a dial looks whether its holder is there
	registered bool
	wallet     string // the holder is this wallet of the node's own
	named      int    // how often it was put first in a referral
}

// used reports whether the ID has a holder, or one that may come back soon.
func (l *lease) used() bool { return l.rests == 0 && (l.peer != 0 || l.lost != 0 || l.wallet != "") }

func (p *Peering) leaseIndex(kind string, id uint32) (int, bool) {
	return slices.BinarySearchFunc(p.leases, id, func(l *lease, id uint32) int {
		return cmp.Or(cmp.Compare(l.kind, kind), cmp.Compare(l.ID, id))
	})
}

func (p *Peering) findLease(kind string, id uint32) *lease {
	if i, ok := p.leaseIndex(kind, id); ok {
		return p.leases[i]
	}
	return nil
}

func (p *Peering) leaseOf(q *peer) *lease {
	for _, l := range p.leases {
		if l.peer == q.id {
			return l
		}
	}
	return nil
}

// lend gives an ID to a peer.
func (p *Peering) lend(q *peer, kind string, id uint32, port uint16) *lease {
	if kind == protocol.KindWallet {
		port = 0
	}
	l := &lease{Lease: protocol.Lease{ID: id, Port: port, Token: p.token()}, kind: kind, address: q.listen, peer: q.id}
	i, _ := p.leaseIndex(kind, id)
	p.leases = slices.Insert(p.leases, i, l)
	p.saveLease(l)
	return l
}

func (p *Peering) token() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(p.rng.Uint64())
	}
	return hex.EncodeToString(b[:])
}

func (p *Peering) dropLease(l *lease) {
	p.save(leaseName(l), nil)
	p.leases = slices.DeleteFunc(p.leases, func(o *lease) bool { return o == l })
}

// leaseLost is told of every connection that ended.
func (p *Peering) leaseLost(q *peer) {
	if l := p.leaseOf(q); l != nil {
		l.peer, l.lost = 0, p.now
	}
}

// leaseTick lets IDs rest that nobody came back for, and gives up those that
// rested.
func (p *Peering) leaseTick() {
	for i := len(p.leases) - 1; i >= 0; i-- {
		l := p.leases[i]
		switch {
		case l.peer != 0 || l.wallet != "":
		case l.rests == 0 && l.lost+leaseTime <= p.now:
			l.rests = l.lost + leaseTime + restTime
			p.saveLease(l)
		case l.rests != 0 && l.rests <= p.now && !l.probing:
			p.probe(l)
		}
	}
}

// leaseWake returns when leaseTick has to be called.
func (p *Peering) leaseWake() int64 {
	at := neverWakes
	for _, l := range p.leases {
		switch {
		case l.peer != 0 || l.probing || l.wallet != "":
		case l.rests == 0:
			at = min(at, l.lost+leaseTime)
		default:
			at = min(at, l.rests)
		}
	}
	return at
}

// probe frees an ID that rested, unless somebody is still where its holder
// was.
func (p *Peering) probe(l *lease) {
	switch {
	case l.rests == 0 || l.rests > p.now || l.probing:
	case l.address == "":
		p.dropLease(l)
	case p.near(l.address) != nil:
		l.rests = p.now + restTime
	case p.dial(l.address, roleProbe):
		l.probing = true
	default:
		l.rests = p.now + probeTime
	}
}

// leaseProbed ends a probe.
func (p *Peering) leaseProbed(address string, there bool) {
	for i := len(p.leases) - 1; i >= 0; i-- {
		l := p.leases[i]
		switch {
		case !l.probing || l.address != address:
		case there:
			l.probing, l.rests = false, p.now+restTime
		default:
			p.dropLease(l)
		}
	}
}

// leaseRecord is a lease as it is saved. Times are in seconds since 1970.
type leaseRecord struct {
	protocol.Lease
	Kind    string
	Address string
	Rests   int64  // 0: in use
	Wallet  string `json:",omitempty"`
}

func leaseName(l *lease) string { return fmt.Sprintf("%s%s/%d", leaseKey, l.kind, l.ID) }

func (p *Peering) saveLease(l *lease) {
	r := leaseRecord{Lease: l.Lease, Kind: l.kind, Address: l.address, Wallet: l.wallet}
	if l.rests != 0 {
		r.Rests = (p.wall + l.rests - p.now) / second
	}
	p.saveJSON(leaseName(l), r)
}

func (p *Peering) loadLease(value []byte) {
	var r leaseRecord
	if json.Unmarshal(value, &r) != nil || r.ID == 0 || len(p.leases) >= maxLeases || len(r.Token) > maxToken || strings.ContainsAny(r.Kind, "/ ") {
		return
	}
	i, ok := p.leaseIndex(r.Kind, r.ID)
	if ok {
		return
	}
	l := &lease{Lease: r.Lease, kind: r.Kind, address: r.Address, lost: p.now}
	if r.Wallet != "" {
		l.wallet, l.lost = r.Wallet, 0
	}
	if r.Rests != 0 {
		// However the clock was set since, it is not longer than a rest.
		l.rests = p.now + min(max(r.Rests*second-p.wall, 0), restTime)
	}
	p.leases = slices.Insert(p.leases, i, l)
}
