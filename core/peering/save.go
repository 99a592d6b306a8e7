package peering

import (
	"encoding/json"
	"slices"
	"strings"

	"orrery/core/protocol"
)

// Keys of saved records; what follows a slash is the name of one of many.
const (
	selfKey    = "self"
	anchorsKey = "anchors"
	addressKey = "address/"
	banKey     = "ban/"
	leaseKey   = "lease/"
)

const (
	saveEvery = 60 * second // for what changes often: addresses, anchors
	maxSaved  = 1000        // records of addresses in one step
)

// selfRecord is this node's own ID, given back by whoever joins it next.
type selfRecord struct {
	protocol.Lease
	Base   uint32
	Root   bool   // this is the first node of its network
	Parent string // HOST:PORT
}

func (p *Peering) save(key string, value []byte) {
	n := len(p.out.Effects)
	if n > 0 {
		if s, ok := p.out.Effects[n-1].(protocol.Save); ok {
			s.Records = append(s.Records, protocol.Record{Key: key, Value: value})
			p.out.Effects[n-1] = s
			return
		}
	}
	p.do(protocol.Save{Records: []protocol.Record{{Key: key, Value: value}}})
}

func (p *Peering) saveJSON(key string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic("peering: " + err.Error()) // plain structs only
	}
	p.save(key, b)
}

func (p *Peering) saveSelf() {
	l := p.lease
	if _, port, ok := SplitAddress(p.listen); ok {
		l.Port = port
	}
	p.saveJSON(selfKey, selfRecord{Lease: l, Base: p.base, Root: p.root, Parent: p.parentAddress})
}

// setLease takes an ID.
func (p *Peering) setLease(l protocol.Lease) {
	p.lease, p.id, p.sure = l, l.ID, true
	p.saveSelf()
}

// load takes what an earlier run saved. What cannot be read is left out.
func (p *Peering) load(saved []protocol.Record) {
	for _, r := range saved {
		switch {
		case r.Key == selfKey:
			var s selfRecord
			if json.Unmarshal(r.Value, &s) == nil && s.ID != 0 && len(s.Token) <= maxToken {
				p.lease, p.id, p.root, p.parentAddress = s.Lease, s.ID, s.Root, s.Parent
				if s.Base != 0 {
					p.base = s.Base
				}
			}
		case r.Key == anchorsKey:
			var list []string
			if json.Unmarshal(r.Value, &list) == nil {
				p.loadAnchors(list)
			}
		case strings.HasPrefix(r.Key, addressKey):
			p.book.load(r.Value)
		case strings.HasPrefix(r.Key, banKey):
			p.loadBan(r.Value)
		case strings.HasPrefix(r.Key, leaseKey):
			p.loadLease(r.Value)
		}
	}
	p.book.changed = nil
}

func (p *Peering) loadAnchors(list []string) {
	for _, a := range list[:min(len(list), maxAnchors)] {
		if address, ok := dialable(a, ""); ok {
			p.anchors = append(p.anchors, address)
		}
	}
	p.savedAnchors = slices.Clone(p.anchors)
}

// saveTick saves what changes often.
func (p *Peering) saveTick() {
	if p.saveAt > p.now {
		return
	}
	p.saveAt = p.now + saveEvery
	p.expireBans()
	n := min(len(p.book.changed), maxSaved)
	for _, address := range p.book.changed[:n] {
		e := p.book.index[address]
		if e == nil {
			p.save(addressKey+address, nil)
			continue
		}
		e.dirty = false
		p.saveJSON(addressKey+address, e)
	}
	p.book.changed = slices.Delete(p.book.changed, 0, n)
	p.saveAnchors()
}

// saveAnchors keeps two peers that were good for the next start, so that
// addresses which an attacker spread are not all that it finds then. With no
// connections the former ones stay.
func (p *Peering) saveAnchors() {
	var list []string
	for pass := range 2 {
		for _, q := range p.peers {
			good := q.member && !q.inbound && q.kind() == protocol.KindNode && p.now-q.opened >= anchorAge && q.listen != ""
			// The parent is dialled anyway, so others come first.
			if good && (q.id == p.parent) == (pass == 1) && len(list) < maxAnchors && !slices.Contains(list, q.listen) {
				list = append(list, q.listen)
			}
		}
	}
	if len(list) == 0 || slices.Equal(list, p.savedAnchors) {
		return
	}
	p.savedAnchors = list
	p.saveJSON(anchorsKey, list)
}
