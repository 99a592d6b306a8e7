package netsync

import (
	"errors"

	"orrery/core/consensus"
	"orrery/core/policy"
)

const (
	// maxAhead bounds the headers in the index that have no body, above the last
	// stored body of their branch: they cost memory and disk before anything but
	// their own work is known.
	maxAhead = 2000
	// feedStep is by how many blocks the base must have moved before waiting
	// headers are looked at again.
	feedStep = 256
	// feedLen bounds the headers that are filed at once: a scripted difficulty rule
	// may take a tenth of a millisecond for each.
	feedLen = 256
	// missingPause is how long headers wait for a policy that is not here.
	missingPause = 10 * second
)

// feedAll looks at waiting headers when there is room or time for them.
func (s *Sync) feedAll(now int64) {
	for _, p := range s.peers {
		if len(p.pending) == 0 {
			continue
		}
		if p.retryAt > now {
			s.wakeBy(p.retryAt)
			continue
		}
		if p.hungry || p.retryAt > 0 || s.window.base-p.fedAt >= feedStep || s.window.base < p.fedAt || len(s.window.list) == 0 {
			s.feed(now, p)
			s.afterBatch(now, p)
		}
	}
}

// feed moves waiting headers into the index as far as there is room.
func (s *Sync) feed(now int64, p *peer) {
	p.fedAt, p.retryAt, p.hungry = s.window.base, 0, false
	parent := s.chain.Lookup(p.pending[0].Prev)
	if parent == nil {
		p.pending = nil // cannot be: it was there when the batch came
		return
	}
	room := s.room(parent)
	for left := min(room, feedLen); left > 0 && len(p.pending) > 0; left-- {
		n, err := s.chain.AcceptHeader(p.pending[0], s.seconds())
		if err != nil {
			s.refusedHeader(now, p, err)
			return
		}
		p.sees(n)
		p.pending = p.pending[1:]
	}
	if len(p.pending) == 0 {
		p.pending = nil
	}
	p.hungry = len(p.pending) > 0 && room > feedLen
	if len(p.pending) > 0 && room <= 0 && !s.proven(p) {
		if sum := sumWork(parent.Work, p.pending); !sum.Gt(&s.chain.Tip().Work) {
			s.giveUp(p) // nobody will fetch bodies to make room
		}
	}
}

// proven reports whether the first pass over a peer's branch has found enough
// work.
func (s *Sync) proven(p *peer) bool { return s.low != nil && s.low.peer == p && s.low.second }

// giveUp forgets what a peer has told of and could not be filed.
func (s *Sync) giveUp(p *peer) {
	p.pending, p.more, p.hungry, p.retryAt = nil, false, false, 0
	p.done = true
	if s.bulk == p {
		s.bulk = nil
	}
	if s.low != nil && s.low.peer == p {
		s.low = nil
	}
}

// refusedHeader handles the first header of pending. One from the future
// waits for its time; with any other the branch ends.
func (s *Sync) refusedHeader(now int64, p *peer, err error) {
	if errors.Is(err, consensus.TimeTooNew) {
		// The rule is checked in whole seconds.
		wait := int64(p.pending[0].Time) - s.cfg.Params.MaxFutureTime - s.seconds()
		p.retryAt = now + max(1, wait)*second
		s.wakeBy(p.retryAt)
		return
	}
	if errors.Is(err, policy.ErrMissing) { // this node cannot tell yet
		p.retryAt = now + missingPause
		s.wakeBy(p.retryAt)
		return
	}
	first := p.pending[0]
	s.giveUp(p)
	if s.revoked(first) {
		return
	}
	s.blame(p, err)
}

// revoked reports whether a header is refused by nothing but a person's word
// against it or an ancestor.
func (s *Sync) revoked(h consensus.Header) bool {
	n := s.chain.Lookup(h.Hash())
	if n == nil {
		n = s.chain.Lookup(h.Prev)
	}
	return n != nil && s.chain.Revoked(n)
}
