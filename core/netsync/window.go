package netsync

import (
	"slices"
	"sort"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/chain"
)

const (
	// windowLen is how many blocks above the last complete one are fetched at
	// once (Core: BLOCK_DOWNLOAD_WINDOW).
	windowLen = 1024
	// maxUnconnected bounds the bodies above the tip that wait to be connected,
	// so that fetching does not run away from checking.
	maxUnconnected = 2 * windowLen
)

// want is a body that is missing.
type want struct {
	node  *chain.Node
	asked []*peer // their calls are under way; those that are late count no more
}

// window is the part of the best branch whose bodies are fetched: those of the
// blocks from base+1 on, towards the target.
type window struct {
	target *chain.Node
	base   int32 // height of the last complete block on the target's branch
	list   []*want
	next   int                      // all before are asked for, or here
	wants  map[chainhash.Hash]*want // those that somebody is asked for
}

// idle makes the scheduler look at a want again.
func (w *window) idle(x *want) {
	if i := int(x.node.Height - w.base - 1); i >= 0 && i < len(w.list) && w.list[i] == x {
		w.next = min(w.next, i)
	}
}

// lastLinked is the last block at or below n whose branch is complete.
func (s *Sync) lastLinked(n *chain.Node) *chain.Node {
	if s.chain.Linked(n) {
		return n
	}
	low := int32(0) // is linked
	if tip := s.chain.Tip(); n.Ancestor(tip.Height) == tip {
		low = tip.Height
	}
	steps := sort.Search(int(n.Height-low), func(i int) bool { return !s.chain.Linked(n.Ancestor(low + int32(i) + 1)) })
	return n.Ancestor(low + int32(steps))
}

// promise is the most work that a peer's branch is known to have, and whether
// its bodies are worth fetching.
func (s *Sync) promise(p *peer) (work uint256.Int, worth bool) {
	if p.best == nil {
		return work, false
	}
	for p.best.Parent != nil && s.chain.Failed(p.best) {
		p.best = p.best.Parent
	}
	if s.chain.Linked(p.best) {
		return work, false
	}
	tip := s.chain.Tip()
	work = p.best.Work
	if work.Gt(&tip.Work) {
		return work, true
	}
	// The index has no room for the rest of the branch until bodies come.
	if s.proven(p) {
		return s.low.total, true
	}
	work = sumWork(work, p.pending)
	return work, p.retryAt == 0 && work.Gt(&tip.Work)
}

// chooseTarget is the branch with the most work that a peer has and we have
// not. Peers that keep us waiting do not count: they may have announced what
// they will not give.
func (s *Sync) chooseTarget() *chain.Node {
	var target *chain.Node
	var most uint256.Int
	for _, p := range s.peers {
		work, worth := s.promise(p)
		if worth && p.late == 0 && (target == nil || work.Gt(&most)) {
			target, most = p.best, work
		}
	}
	return target
}

// aim moves the window to the target, and to the first block that is missing.
func (s *Sync) aim() {
	w := &s.window
	target := s.chooseTarget()
	if target == nil {
		s.resetWindow(nil)
		return
	}
	if target != w.target {
		if last := len(w.list) - 1; last < 0 || target.Ancestor(w.list[last].node.Height) != w.list[last].node {
			s.resetWindow(target)
		}
		w.target = target
	}
	done := 0
	for done < len(w.list) && s.chain.Linked(w.list[done].node) {
		done++
	}
	w.list = slices.Delete(w.list, 0, done)
	w.base += int32(done)
	w.next = max(0, w.next-done)
	if len(w.list) == 0 { // the rest may have come before
		w.base = s.lastLinked(target).Height
	}
	s.extend()
}

// extend fills the window up.
func (s *Sync) extend() {
	w := &s.window
	last := min(w.target.Height, w.base+windowLen)
	if tip := s.chain.Tip(); w.target.Ancestor(tip.Height) == tip {
		last = min(last, tip.Height+maxUnconnected)
	}
	for h := w.base + int32(len(w.list)) + 1; h <= last; h++ {
		n := w.target.Ancestor(h)
		x := w.wants[n.Hash]
		if x == nil {
			x = &want{node: n}
		}
		w.list = append(w.list, x)
	}
}

func (s *Sync) resetWindow(target *chain.Node) {
	w := &s.window
	w.target, w.list, w.next = target, nil, 0
	if target != nil {
		w.base = s.lastLinked(target).Height
	} else {
		w.base = s.chain.Tip().Height
	}
}
