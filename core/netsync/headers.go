package netsync

import (
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

const (
	// recentWork is how much work, in blocks like the tip, a branch may lack and
	// still be filed at once (Core: GetAntiDoSWorkThreshold).
	recentWork = 144
)

// askHeaders asks for what follows the best header. The locator begins one
// below it, so that a peer with the same chain answers with one header, and we
// learn what it has.
func (s *Sync) askHeaders(now int64, p *peer) {
	n := s.chain.BestHeader()
	if n.Parent != nil {
		n = n.Parent
	}
	s.sendGetHeaders(now, &call{peer: p, headers: true}, locator(n))
}

func (s *Sync) sendGetHeaders(now int64, c *call, loc []chainhash.Hash) {
	c.peer.asking, c.peer.again, c.peer.probeAt = true, false, never
	s.ask(now, c, &protocol.GetHeaders{Locator: loc})
}

// Probe asks all peers what they have: a person has changed what we want.
func (s *Sync) Probe(now int64) {
	now = s.at(now)
	for _, p := range s.peers {
		s.probe(now, p, 0)
	}
}

// dueHeaders asks again when it is time.
func (s *Sync) dueHeaders(now int64, p *peer) {
	switch {
	case p.asking || len(p.pending) > 0:
	case p.probeAt <= now:
		s.askHeaders(now, p)
	default:
		s.wakeBy(p.probeAt)
	}
}

// gotHeaders takes the answer to a GetHeaders.
func (s *Sync) gotHeaders(now int64, c *call, e protocol.Answered) {
	p := c.peer
	p.asking = false
	answer, ok := e.Response.(*protocol.Headers)
	if e.Err != nil || !ok {
		if e.Err == nil {
			s.fault(p, protocol.FaultProtocol, "another answer than headers")
		}
		if c.low != nil && s.low == c.low {
			s.low = nil
		}
		s.probe(now, p, p.patience)
		return
	}
	hashes, ok := s.checkBatch(p, answer.Headers, protocol.MaxHeaders)
	switch {
	case !ok:
		if c.low != nil && s.low == c.low {
			s.low = nil
		}
	case c.low != nil:
		s.lowHeaders(now, c.low, answer.Headers, hashes)
	default:
		s.takeHeaders(now, p, answer.Headers, hashes)
	}
}

func (s *Sync) probe(now int64, p *peer, in int64) {
	p.probeAt = now + in
	s.wakeBy(p.probeAt)
}

// checkBatch checks what headers show by themselves: that they follow each
// other and have the work that they claim. It returns their hashes.
func (s *Sync) checkBatch(p *peer, headers []consensus.Header, most int) ([]chainhash.Hash, bool) {
	if len(headers) > most {
		s.fault(p, protocol.FaultSize, fmt.Sprintf("%d headers, at most %d are taken", len(headers), most))
		return nil, false
	}
	hashes := make([]chainhash.Hash, len(headers))
	for i := range headers {
		hashes[i] = headers[i].Hash()
		if i > 0 && headers[i].Prev != hashes[i-1] {
			s.fault(p, protocol.FaultProtocol, "headers that do not follow each other")
			return nil, false
		}
		if err := s.cfg.CheckWork(hashes[i], headers[i].Bits, &s.cfg.Params.PowLimit); err != nil {
			s.blame(p, err)
			return nil, false
		}
	}
	return hashes, true
}

// takeHeaders files a batch that answers our locator.
func (s *Sync) takeHeaders(now int64, p *peer, headers []consensus.Header, hashes []chainhash.Hash) {
	full := len(headers) == protocol.MaxHeaders
	p.more, p.done = full, !full
	if !full && s.bulk == p {
		s.bulk = nil
	}
	headers, last := s.skipKnown(headers, hashes)
	if last != nil {
		p.sees(last)
	}
	if len(headers) > 0 {
		parent := s.chain.Lookup(headers[0].Prev)
		if parent == nil {
			p.more = false
			s.fault(p, protocol.FaultProtocol, "headers that follow none of those asked about")
			return
		}
		if !s.enoughWork(parent, headers) || !s.fits(parent, headers) {
			s.lowBranch(now, p, parent, full)
			return
		}
		p.pending = slices.Clone(headers)
		s.feed(now, p)
	}
	s.afterBatch(now, p)
}

// skipKnown leaves out the headers at the begin that are in the index; last is
// the last of them.
func (s *Sync) skipKnown(headers []consensus.Header, hashes []chainhash.Hash) (rest []consensus.Header, last *chain.Node) {
	for i := range headers {
		n := s.chain.Lookup(hashes[i])
		if n == nil {
			return headers[i:], last
		}
		last = n
	}
	return nil, last
}

// afterBatch decides what to ask next, once a batch is in the index.
func (s *Sync) afterBatch(now int64, p *peer) {
	switch {
	case len(p.pending) > 0 || p.asking:
	case s.low != nil && s.low.peer == p:
		s.askLow(now, append([]chainhash.Hash{s.low.last}, locator(s.low.start)...))
	case p.more:
		if s.bulk == nil {
			s.bulk = p
		}
		if s.bulk == p {
			s.continueHeaders(now, p)
		}
	case p.again:
		s.askHeaders(now, p)
	default:
		s.probe(now, p, probeEvery)
	}
}

// continueHeaders asks for what follows the last header that the peer sent.
func (s *Sync) continueHeaders(now int64, p *peer) {
	n := s.chain.BestHeader()
	if p.best != nil {
		n = p.best
	}
	s.sendGetHeaders(now, &call{peer: p, headers: true}, locator(n))
}

// moreHeaders chooses who is asked for headers until it has no more: one at a
// time, since all have much the same.
func (s *Sync) moreHeaders(now int64) {
	if s.bulk != nil {
		return
	}
	var next *peer
	for _, p := range s.peers {
		if !p.more || p.asking || len(p.pending) > 0 || p.late > 0 {
			continue
		}
		if next == nil || p.hintWork.Gt(&next.hintWork) {
			next = p
		}
	}
	if next != nil {
		s.bulk = next
		s.continueHeaders(now, next)
	}
}

// threshold is the work that a branch needs to be filed at once.
func (s *Sync) threshold() uint256.Int {
	tip := s.chain.Tip()
	per := consensus.Work(tip.Header.Bits)
	var allowance, least uint256.Int
	allowance.Mul(&per, uint256.NewInt(recentWork))
	if allowance.Lt(&tip.Work) {
		least.Sub(&tip.Work, &allowance)
	}
	return least
}

func (s *Sync) enoughWork(parent *chain.Node, headers []consensus.Header) bool {
	sum, least := sumWork(parent.Work, headers), s.threshold()
	return !sum.Lt(&least)
}

// fits reports whether headers can be filed at once, or have so much work that
// bodies will be fetched to make room.
func (s *Sync) fits(parent *chain.Node, headers []consensus.Header) bool {
	sum := sumWork(parent.Work, headers)
	return s.room(parent) >= len(headers) || sum.Gt(&s.chain.Tip().Work)
}

// room is how many headers the index takes above parent.
func (s *Sync) room(parent *chain.Node) int {
	return int(maxAhead - (parent.Height - s.lastLinked(parent).Height))
}

// sumWork adds the work that headers claim.
func sumWork(sum uint256.Int, headers []consensus.Header) uint256.Int {
	var bits uint32
	var each uint256.Int
	for i := range headers {
		if headers[i].Bits != bits { // mostly all are the same
			bits = headers[i].Bits
			each = consensus.Work(bits)
		}
		sum.Add(&sum, &each)
	}
	return sum
}

// announced takes a notice of new tips and transactions.
func (s *Sync) announced(now int64, p *peer, a *protocol.Announce) {
	if len(a.Headers) > 0 {
		s.announcedHeaders(now, p, a.Headers)
	}
	s.announcedTxs(p, a.Txids)
}

func (s *Sync) announcedHeaders(now int64, p *peer, headers []consensus.Header) {
	hashes, ok := s.checkBatch(p, headers, protocol.MaxAnnounced)
	if !ok {
		return
	}
	rest, last := s.skipKnown(headers, hashes)
	if last != nil {
		p.sees(last)
	}
	if len(rest) == 0 {
		return
	}
	parent := s.chain.Lookup(rest[0].Prev)
	switch {
	case len(p.pending) > 0 || p.more:
		p.again = true // what it had is on its way; ask for the rest then
	case parent == nil && p.asking:
		p.again = true
	case parent == nil:
		s.askHeaders(now, p)
	case s.enoughWork(parent, rest) && s.fits(parent, rest):
		p.pending = slices.Clone(rest)
		s.feed(now, p)
	}
}
