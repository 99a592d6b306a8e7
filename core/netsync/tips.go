package netsync

import (
	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// tellPause is how long a new tip waits to be told while a better one is being
// fetched. In a long sync nobody needs every tip; but whoever announces a better
// one and keeps it back must not silence us.
const tellPause = second

// TipChanged tells that the chain has come to rest at a new tip which peers may
// ask for: everybody who does not know it learns of it, a little later while we
// are fetching a better one.
func (s *Sync) TipChanged(now int64) {
	now = s.at(now)
	s.work(now)
	if s.window.target == nil {
		s.tellTip()
		return
	}
	s.untold, s.tellBy = true, min(s.tellBy, now+tellPause)
	s.wakeBy(s.tellBy)
}

// Rested tells that the chain is at rest: what waits to be told may be due.
func (s *Sync) Rested(now int64) {
	now = s.at(now)
	if s.untold && (s.window.target == nil || s.tellBy <= now) {
		s.tellTip()
	}
}

func (s *Sync) tellTip() {
	s.untold, s.tellBy = false, never
	tip := s.chain.Tip()
	for _, p := range s.peers {
		if p.knows(tip) {
			continue
		}
		if s.last.node == tip && p.knows(tip.Parent) && s.last.block.Txs[0].Size() <= maxPrefilled {
			s.tell(p, s.compact(p))
		} else {
			s.tell(p, &protocol.Announce{Headers: s.newTo(p, tip)})
		}
		p.sees(tip) // it will, or it is told of the next
	}
}

// newTo lists the headers up to tip that follow what a peer knows; only the
// last when it knows nothing near.
func (s *Sync) newTo(p *peer, tip *chain.Node) []consensus.Header {
	first := tip
	for n := tip; p.best != nil && n.Parent != nil && tip.Height-n.Height < protocol.MaxAnnounced; n = n.Parent {
		first = n
		if p.knows(n.Parent) {
			break
		}
	}
	if first.Parent == nil || !p.knows(first.Parent) {
		first = tip
	}
	var headers []consensus.Header
	for h := first.Height; h <= tip.Height; h++ {
		headers = append(headers, tip.Ancestor(h).Header)
	}
	return headers
}

func (s *Sync) tell(p *peer, n protocol.Notice) {
	s.out = append(s.out, protocol.Tell{Peer: p.id, Notice: n})
}
