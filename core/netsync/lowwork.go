package netsync

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

const (
	// maxLow bounds the headers of a branch that are gone through twice; at 8
	// bytes each they take 8 MB.
	maxLow = 1_000_000
	// lowRest is for how long a peer is not asked for another such branch after
	// one that led to nothing.
	lowRest = 60 * second
	// lowWait is for how long it waits when another peer's branch is being checked.
	lowWait = 5 * second
	// medianSpan is that of the median time rule.
	medianSpan = 11
)

// lowWork is a branch whose first headers have too little work to be filed.
// They are fetched twice: first their work is added up and 8 salted bytes of
// each are kept; then, if the branch beats the tip, they are filed, as long as they
// are the same (Core: HeadersSyncState). Nothing less is worth it: above so many
// headers without bodies the index takes no more. One peer at a time has such a check.
type lowWork struct {
	peer   *peer
	start  *chain.Node // the branch leaves the index here
	second bool        // the second pass is on

	last  chainhash.Hash
	work  uint256.Int
	total uint256.Int // that the first pass has found
	times []int64     // of the last 11 headers
	marks []uint64    // of all headers of the first pass
	at    int         // in marks, of the second pass
}

// lowBranch begins a check, if the peer has more than it sent.
func (s *Sync) lowBranch(now int64, p *peer, start *chain.Node, full bool) {
	switch {
	case !full:
		s.probe(now, p, probeEvery) // that is all it has: nothing for us
	case now < p.lowAt:
		p.more, p.done = false, true
		s.probe(now, p, probeEvery)
	case s.low != nil:
		p.more = false
		s.probe(now, p, lowWait) // when the other is through
	default:
		if s.bulk == p {
			s.bulk = nil
		}
		p.more = false
		s.low = &lowWork{peer: p, start: start}
		s.low.begin()
		s.askLow(now, locator(start))
	}
}

func (l *lowWork) begin() {
	l.last, l.work, l.at = l.start.Hash, l.start.Work, 0
	l.times = l.times[:0]
	for n := l.start; n != nil && len(l.times) < medianSpan; n = n.Parent {
		l.times = append(l.times, int64(n.Header.Time))
	}
	slices.Reverse(l.times)
}

func (s *Sync) askLow(now int64, loc []chainhash.Hash) {
	s.sendGetHeaders(now, &call{peer: s.low.peer, headers: true, low: s.low}, loc)
}

// lowHeaders takes a batch of a check.
func (s *Sync) lowHeaders(now int64, l *lowWork, headers []consensus.Header, hashes []chainhash.Hash) {
	if s.low != l {
		s.probe(now, l.peer, probeEvery) // it was late: the check was given up
		return
	}
	full := len(headers) == protocol.MaxHeaders
	switch {
	case len(headers) == 0, headers[0].Prev != l.last:
		s.dropLow(now, l) // it has changed its mind
	case l.second:
		s.secondPass(now, l, headers, hashes, full)
	default:
		s.firstPass(now, l, headers, hashes, full)
	}
}

func (s *Sync) firstPass(now int64, l *lowWork, headers []consensus.Header, hashes []chainhash.Hash, full bool) {
	for i := range headers {
		if !l.timeFits(int64(headers[i].Time), s.seconds()+s.cfg.Params.MaxFutureTime) {
			s.dropLow(now, l)
			return
		}
		w := consensus.Work(headers[i].Bits)
		l.work.Add(&l.work, &w)
		l.marks = append(l.marks, s.mark(&hashes[i]))
	}
	l.last = hashes[len(hashes)-1]
	switch {
	case l.work.Gt(&s.chain.Tip().Work):
		l.second, l.total = true, l.work
		l.begin()
		s.askLow(now, locator(l.start))
	case !full || len(l.marks) >= maxLow:
		s.dropLow(now, l)
	default:
		s.askLow(now, append([]chainhash.Hash{l.last}, locator(l.start)...))
	}
}

// timeFits applies the rules of a header's time.
func (l *lowWork) timeFits(t, latest int64) bool {
	sorted := slices.Sorted(slices.Values(l.times))
	if t <= sorted[len(sorted)/2] || t > latest {
		return false
	}
	if len(l.times) == medianSpan {
		l.times = append(l.times[:0], l.times[1:]...)
	}
	l.times = append(l.times, t)
	return true
}

// secondPass files the headers of a batch that are the same as in the first.
// After the last of these the work is proven, and what follows is like any
// other batch.
func (s *Sync) secondPass(now int64, l *lowWork, headers []consensus.Header, hashes []chainhash.Hash, full bool) {
	for i := range headers {
		if l.at == len(l.marks) {
			break
		}
		if s.mark(&hashes[i]) != l.marks[l.at] {
			s.dropLow(now, l)
			return
		}
		l.at++
	}
	p := l.peer
	l.last = hashes[len(hashes)-1]
	p.pending = slices.Clone(headers)
	p.more, p.done = full, !full
	if l.at == len(l.marks) {
		s.low = nil
	}
	s.feed(now, p)
	s.afterBatch(now, p)
}

// dropLow ends a check without a result.
func (s *Sync) dropLow(now int64, l *lowWork) {
	s.low = nil
	l.peer.more, l.peer.done = false, true         // nothing for us
	if least := s.threshold(); l.work.Lt(&least) { // else it may well come to more soon
		l.peer.lowAt = now + lowRest
	}
	s.probe(now, l.peer, probeEvery)
}

// mark is what is kept of a header: nobody without the salt can make another
// one with the same mark.
func (s *Sync) mark(h *chainhash.Hash) uint64 { return sipHash(s.salt[0], s.salt[1], h[:]) }
