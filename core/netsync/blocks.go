package netsync

import (
	"errors"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// requestLen is how many bodies one request asks for: half of what a peer may
// have in flight, so that it reads the next request while we read its answer.
const requestLen = maxFlight / 2

// fetch asks for bodies: those that come first, of the peers that have the
// least to do.
func (s *Sync) fetch(now int64) {
	if len(s.peers) == 0 || s.err != nil {
		return
	}
	s.aim()
	w := &s.window
	for w.next < len(w.list) && s.settled(w.list[w.next]) {
		w.next++
	}
	if w.next == len(w.list) {
		return
	}
	for _, p := range s.idlest() {
		for p.room() > 0 {
			wants := s.pick(p, min(p.room(), requestLen))
			if len(wants) == 0 {
				break
			}
			s.askBlocks(now, p, wants)
		}
	}
}

// idlest lists the peers that can be asked for bodies now.
func (s *Sync) idlest() []*peer {
	var list []*peer
	for _, p := range s.peers {
		if p.room() > 0 && p.pauseAt == 0 {
			list = append(list, p)
		}
	}
	slices.SortStableFunc(list, func(a, b *peer) int { return a.flight - b.flight })
	return list
}

func (p *peer) room() int { return p.slots - p.flight }

// settled reports whether nobody has to be asked for a body.
func (s *Sync) settled(x *want) bool {
	return s.chain.HasBody(x.node) || x.active()
}

// active reports whether a peer is asked for a body that is not late.
func (x *want) active() bool {
	return slices.ContainsFunc(x.asked, func(p *peer) bool { return p.late == 0 })
}

// pick chooses the first bodies that a peer can be asked for.
func (s *Sync) pick(p *peer, most int) []*want {
	w := &s.window
	var wants []*want
	for _, x := range w.list[w.next:] {
		if len(wants) == most {
			break
		}
		if !s.settled(x) && p.mayHave(x.node) && !slices.Contains(x.asked, p) {
			wants = append(wants, x)
		}
	}
	return wants
}

func (s *Sync) askBlocks(now int64, p *peer, wants []*want) {
	hashes := make([]chainhash.Hash, len(wants))
	for i, x := range wants {
		hashes[i] = x.node.Hash
		x.asked = append(x.asked, p)
		s.window.wants[x.node.Hash] = x
	}
	p.flight += len(wants)
	s.ask(now, &call{peer: p, wants: wants}, &protocol.GetBlocks{Hashes: hashes})
}

// release takes what a call asked for off the list of what its peer does.
func (s *Sync) release(c *call) {
	if c.txs != nil {
		s.endTxs(c)
	}
	for _, x := range c.wants {
		x.asked = slices.DeleteFunc(x.asked, func(p *peer) bool { return p == c.peer })
		if len(x.asked) == 0 {
			delete(s.window.wants, x.node.Hash)
		}
		s.window.idle(x)
	}
	c.peer.flight -= len(c.wants)
}

// gotBlocks takes the answer to a GetBlocks.
func (s *Sync) gotBlocks(now int64, c *call, e protocol.Answered) {
	s.release(c)
	p := c.peer
	answer, ok := e.Response.(*protocol.Blocks)
	if e.Err != nil || !ok {
		if e.Err == nil {
			s.fault(p, protocol.FaultProtocol, "another answer than blocks")
		}
		if p.pauseAt <= now {
			s.lacksAll(now, p, c.wants)
		}
		return
	}
	rest := c.wants
	for _, b := range answer.Blocks {
		at := slices.IndexFunc(rest, func(x *want) bool { return x.node.Hash == b.Hash() })
		if at < 0 {
			s.fault(p, protocol.FaultProtocol, "a block that was not asked for")
			return
		}
		s.lacksAll(now, p, rest[:at]) // passed over: it does not have them
		x := rest[at]
		rest = rest[at+1:]
		if s.chain.Failed(x.node) {
			continue // found out since we asked
		}
		if !s.takeBlock(p, b) {
			s.lacks(now, p, x.node)
		}
	}
	if len(answer.Blocks) == 0 {
		s.lacksAll(now, p, rest)
	}
	// What is left did not fit into the answer: it is asked for again.
}

func (s *Sync) lacksAll(now int64, p *peer, wants []*want) {
	for _, x := range wants {
		s.lacks(now, p, x.node)
	}
}

// takeBlock stores a body and reports whether that is settled. What is found
// against a body says nothing about others that ask for the same hash.
func (s *Sync) takeBlock(p *peer, b *consensus.Block) bool {
	n, err := s.chain.AcceptBlock(b, s.seconds())
	known := errors.Is(err, chain.ErrKnown)
	if known {
		err = nil
	}
	if err != nil {
		if !(n != nil && s.chain.Revoked(n)) {
			s.blame(p, err)
		}
		return false
	}
	s.source.add(b.Hash(), p.id)
	if !known {
		p.lastBlock = s.wall
	}
	return true
}

// workEvery is after how many connected blocks more bodies are asked for, when
// nothing else happens.
const workEvery = 64

// maxSources bounds the stored blocks whose senders are remembered.
const maxSources = 4 * windowLen

// sources remembers who sent a block that was not connected yet.
type sources struct {
	of    map[chainhash.Hash]protocol.PeerID
	order []chainhash.Hash // oldest first; may list what was taken
}

func (t *sources) add(h chainhash.Hash, p protocol.PeerID) {
	if len(t.order) >= maxSources {
		delete(t.of, t.order[0])
		t.order = t.order[1:]
	}
	t.of[h] = p
	t.order = append(t.order, h)
}

func (t *sources) take(h chainhash.Hash) (protocol.PeerID, bool) {
	p, ok := t.of[h]
	delete(t.of, h)
	return p, ok
}

// BlockConnected tells that a block was connected.
func (s *Sync) BlockConnected(now int64, n *chain.Node, b *consensus.Block) {
	s.txs.refused.clear() // what was refused may hold now
	s.confirmed(b)
	s.source.take(n.Hash)
	s.last = lastBlock{n, b}
	now = s.at(now)
	s.meter.connected(now)
	if n.Height%workEvery == 0 {
		s.work(now)
	}
}

// BlockRefused tells that a block, and with it what builds on it, turned out
// to be invalid when it was connected.
func (s *Sync) BlockRefused(now int64, n *chain.Node, why *consensus.RuleError) {
	now = s.at(now)
	if id, ok := s.source.take(n.Hash); ok {
		if p := s.peer(id); p != nil {
			s.blame(p, why)
		}
	}
	s.work(now)
}
