package peering

import (
	"cmp"
	"fmt"
	"slices"

	"orrery/core/policy"
	"orrery/core/protocol"
)

// maxAssignTries bounds how often the assign policy is asked again for one
// request, because what it gave is taken.
const maxAssignTries = 8

// giveID answers an Assign.
func (p *Peering) giveID(q *peer, e protocol.Asked, r *protocol.Assign) {
	switch {
	case r.Kind != q.kind() || r.Kind == protocol.KindTracker:
		p.refuse(e, protocol.CodeInvalid, "an ID is asked for by a node or a wallet, of the kind of its hello")
		return
	case len(r.Lease.Token) > maxToken:
		p.refuse(e, protocol.CodeInvalid, "the lease's token is too long")
		return
	case !p.joined():
		p.refuse(e, protocol.CodeBusy, "this node has no ID itself yet")
		return
	case p.cfg.Tracker != "" && p.cfg.Kind == protocol.KindNode && r.Kind == protocol.KindNode:
		p.refuse(e, protocol.CodeFull, "the tracker gives the IDs of this network", protocol.Member{Address: p.cfg.Tracker, Kind: protocol.KindTracker})
		return
	}
	l, reason := p.grant(q, r)
	if l == nil {
		p.refuse(e, protocol.CodeFull, clean(reason), p.referral(q)...)
		return
	}
	q.nodeID = l.ID
	p.answer(e, &protocol.Assigned{Lease: l.Lease, Base: p.base})
}

// grant finds a lease for a peer, or says why there is none.
func (p *Peering) grant(q *peer, r *protocol.Assign) (*lease, string) {
	old := p.leaseOf(q)
	if r.Lease.ID != 0 {
		if l := p.regain(q, r, old); l != nil {
			return l, ""
		}
	}
	if len(p.leases) >= maxLeases {
		return nil, "too many IDs are in use or at rest here: try again in ten minutes"
	}
	// Another ID for one that has a lease: after a partition two had the same.
	if old != nil {
		// The one that it had rests, and a policy has only so many.
		if !q.renewals.take(p.now, 1, renewEvery, renewBurst) {
			return nil, "no other ID is given so soon"
		}
		old.peer = 0
		defer func() {
			if o := p.leaseOf(q); o == nil {
				old.peer = q.id
			} else if o != old {
				// The other holder may be known to this peer only.
				old.Token, old.address, old.rests = "", "", p.now+restTime
				p.saveLease(old)
			}
		}()
	}
	if n, limit := p.children(r.Kind), p.capacity(r.Kind); n >= limit {
		return nil, fmt.Sprintf("all %d places for a %s are taken", limit, r.Kind)
	}
	if r.Lease.ID != 0 && r.Lease.Token != "" && p.findLease(r.Kind, r.Lease.ID) == nil && p.taken(q, r.Kind, r.Lease.ID) == "" {
		return p.lend(q, r.Kind, r.Lease.ID, r.Lease.Port), ""
	}
	return p.askPolicy(q, r)
}

// regain gives back the ID that was given here before.
func (p *Peering) regain(q *peer, r *protocol.Assign, old *lease) *lease {
	l := p.findLease(r.Kind, r.Lease.ID)
	if l == nil || l.Token == "" || l.Token != r.Lease.Token {
		return nil
	}
	if o := p.index[l.peer]; o != nil && o != q && !o.gone {
		l.peer = q.id // it started again before its old connection was seen to be dead
		p.close(o, "replaced by a new run of the same node")
	}
	if l.rests != 0 && p.children(r.Kind) >= p.capacity(r.Kind) {
		return nil
	}
	if old != nil && old != l {
		p.dropLease(old)
	}
	l.peer, l.lost, l.rests, l.probing = q.id, 0, 0, false
	p.saveLease(l)
	return l
}

// askPolicy asks the assign policy for an ID that is free.
func (p *Peering) askPolicy(q *peer, r *protocol.Assign) (*lease, string) {
	request := p.policyRequest(q, r)
	for range maxAssignTries {
		id, port, err := p.cfg.Local.Assign(request)
		if err != nil {
			// It may be that only hearsay is in the way: then a look will tell.
			request.Taken = p.takenIDs(q, false)
			if id, _, err := p.cfg.Local.Assign(request); err == nil {
				if e := p.book.holder(id, p.wall/second); e != nil {
					p.look(e)
				}
			}
			return nil, err.Error()
		}
		if id != 0 && p.taken(q, r.Kind, id) == "" {
			return p.lend(q, r.Kind, id, port), ""
		}
		i, ok := slices.BinarySearch(request.Taken, id)
		if ok {
			break // it does not listen
		}
		request.Taken = slices.Insert(request.Taken, i, id)
	}
	return nil, "the assign policy gives only IDs that are taken"
}

func (p *Peering) policyRequest(q *peer, r *protocol.Assign) policy.Request {
	request := policy.Request{
		Kind: r.Kind, Host: q.host, WantedPort: cmp.Or(r.WantedPort, r.Lease.Port), Capacity: p.capacity(r.Kind),
		Self: policy.Child{ID: p.id, Kind: p.cfg.Kind}, Base: p.base, Taken: p.takenIDs(q, true), Now: p.wall / second,
	}
	if p.cfg.Kind == protocol.KindTracker {
		request.Self.ID = p.base // it has none, and stands for the whole network
	}
	_, request.Self.Port, _ = SplitAddress(p.listen)
	for _, l := range p.leases {
		if l.used() {
			request.Children = append(request.Children, policy.Child{ID: l.ID, Port: l.Port, Kind: l.kind})
		}
	}
	slices.SortFunc(request.Children, func(a, b policy.Child) int { return cmp.Compare(a.ID, b.ID) })
	return request
}

// takenIDs are those that are not free beside the children's, sorted; hearsay
// are those of nodes that this one only heard of.
func (p *Peering) takenIDs(q *peer, hearsay bool) []uint32 {
	var out []uint32
	for _, l := range p.leases {
		if !l.used() {
			out = append(out, l.ID)
		}
	}
	for _, o := range p.peers {
		if o != q && o.member && o.nodeID != 0 {
			out = append(out, o.nodeID)
		}
	}
	for _, e := range p.book.entries {
		if hearsay && e.ID != 0 && e.Address != q.listen && e.Heard+heardFor > p.wall/second {
			out = append(out, e.ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// taken says why an ID is not free for a peer, or "". IDs of nodes and of
// wallets are two things.
func (p *Peering) taken(q *peer, kind string, id uint32) string {
	if l := p.findLease(kind, id); l != nil {
		return fmt.Sprintf("the ID %d is taken", id)
	}
	if kind != protocol.KindNode {
		return ""
	}
	if id == p.id && p.cfg.Kind == protocol.KindNode {
		return fmt.Sprintf("the ID %d is this node's own", id)
	}
	for _, o := range p.peers {
		if o != q && o.member && o.nodeID == id && o.kind() == kind {
			return fmt.Sprintf("%s has the ID %d", o.address, id)
		}
	}
	if e := p.book.holder(id, p.wall/second); e != nil && e.Address != q.listen {
		return fmt.Sprintf("the ID %d is said to be at %s", id, e.Address)
	}
	return ""
}

// look finds out whether the holder of an ID that was heard of is there.
func (p *Peering) look(e *entry) {
	if e.next <= p.now && p.near(e.Address) == nil && p.dial(e.Address, roleProbe) {
		p.book.try(e.Address, p.now, retryFirst)
	}
}

func (p *Peering) capacity(kind string) int {
	if kind == protocol.KindWallet {
		return p.cfg.WalletCapacity
	}
	return p.cfg.Capacity
}

// children counts the leases of a kind that are in use, or may come back.
func (p *Peering) children(kind string) int {
	n := 0
	for _, l := range p.leases {
		if l.kind == kind && l.used() {
			n++
		}
	}
	return n
}

// referral are the children of this node, those first that were named least. A
// node without any names the members that it is connected to, its parent
// among them: the assign policy may have no ID to give so deep in a tree.
func (p *Peering) referral(q *peer) []protocol.Member {
	var list []*lease
	for _, l := range p.leases {
		if l.kind == protocol.KindNode && l.peer != 0 && l.peer != q.id && l.address != "" {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(a, b *lease) int { return cmp.Compare(a.named, b.named) })
	var out []protocol.Member
	for i, l := range list[:min(len(list), protocol.MaxSample)] {
		if i == 0 {
			l.named++
		}
		out = append(out, protocol.Member{ID: l.ID, Address: l.address, Kind: l.kind})
	}
	if len(out) > 0 {
		return out
	}
	for _, o := range p.peers {
		if o != q && o.member && o.kind() == protocol.KindNode && o.listen != "" && len(out) < protocol.MaxSample {
			out = append(out, protocol.Member{ID: o.nodeID, Address: o.listen, Kind: o.kind()})
		}
	}
	return out
}

// enroll answers a Register: where a peer listens. A tracker takes it from its
// children only.
func (p *Peering) enroll(q *peer, e protocol.Asked, r *protocol.Register) {
	l := p.leaseOf(q)
	if l == nil && p.cfg.Kind == protocol.KindTracker {
		p.refuse(e, protocol.CodeNotMember, "ask for an ID first")
		return
	}
	listen, _ := dialable(r.Listen, q.host) // "" where nobody else can dial it
	if _, ok := dialable(r.Listen, ""); !ok && r.Listen != "" && listen == "" {
		p.refuse(e, protocol.CodeInvalid, "the address is not of the form HOST:PORT")
		return
	}
	q.listen = listen
	if l != nil {
		l.registered, l.address = true, listen
		if _, port, ok := SplitAddress(r.Listen); ok {
			l.Port = port
		}
		p.saveLease(l)
	}
	p.answer(e, &protocol.Registered{})
	p.seen(q)
}
