package netsync

import (
	"slices"

	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// peer is what is known of a member.
type peer struct {
	id         protocol.PeerID
	hintHeight int32 // from its hello: nothing but a hint
	hintWork   uint256.Int

	best    *chain.Node        // the header with the most work that it is known to have, or nil
	pending []consensus.Header // that the index has no room for yet
	retryAt int64              // pending begins with a header from the future; 0: it does not
	hungry  bool               // more of pending can be filed at once
	fedAt   int32              // height of the window's base when pending was last looked at
	more    bool               // its last batch was full: it has more
	done    bool               // its last batch was not: best is its tip, as far as we can tell
	again   bool               // it announced what does not connect while it was being asked
	asking  bool               // a GetHeaders is out
	probeAt int64              // when to ask for headers again
	lowAt   int64              // not before then is a long branch of little work looked at

	shown *chain.Node // best, as EachMoved last told

	lastBlock, lastTx int64 // when it last brought what was new, Unix ns

	calls       []*call
	slots       int       // bodies that it may be asked for at once
	flight      int       // bodies that it is being asked for
	late        int       // calls that are overdue
	patience    int64     // how long a call may take before somebody else is asked, ns
	compacted   recentSet // blocks whose Compact from it was looked into
	greet       bool      // it was not told of the mempool yet
	known       recentSet // txids that it told of, or was told of
	offers      []*txWant // that it announced, to be asked for
	scanned     int       // of the first offers: they wait for another peer's answer
	freed       uint64    // of txAsks, when that was looked at
	rescanAt    int64     // not before then again
	txCalls     int
	inbox       []*consensus.Tx // from it, to be checked
	inboxBytes  int
	ignoreTxs   int64 // until then
	badScripts  int
	orphans     []*orphan // its share, oldest first
	orphanBytes int

	pauseAt int64 // it is busy until then
}

const (
	// maxFlight bounds the bodies asked of one peer (Core:
	// MAX_BLOCKS_IN_TRANSIT_PER_PEER).
	maxFlight = 16
	// A peer that keeps a call waiting for its patience is passed over. It gets
	// twice as long the next time (Core: BLOCK_STALLING_TIMEOUT).
	minPatience = 2 * second
	maxPatience = 64 * second
	// probeEvery is how often a peer is asked whether there is something new: an
	// announcement may have been lost.
	probeEvery = 120 * second
	// lackPause is after how long a peer that did not give a block is asked for
	// headers again.
	lackPause = 10 * second
	// busyPause is for how long a peer that said that it is busy is left alone.
	busyPause = second
)

func newPeer(m Member) *peer {
	return &peer{id: m.Peer, hintHeight: m.Height, hintWork: m.Work, slots: maxFlight, patience: minPatience, probeAt: never,
		greet: true, known: newRecentSet(knownTxs), compacted: newRecentSet(maxCompacted)}
}

// EachMoved tells which peers have another best block than at the last call, as
// far as their messages tell.
func (s *Sync) EachMoved(yield func(protocol.PeerID, *chain.Node)) {
	for _, p := range s.peers {
		if p.best != p.shown {
			p.shown = p.best
			yield(p.id, p.best)
		}
	}
}

// sees notes that the peer has a header.
func (p *peer) sees(n *chain.Node) {
	if p.best == nil || n.Work.Gt(&p.best.Work) {
		p.best = n
	}
}

// knows reports whether the peer is known to have a block.
func (p *peer) knows(n *chain.Node) bool { return p.best != nil && p.best.Ancestor(n.Height) == n }

// mayHave adds the word of its hello, as long as nothing better is known.
func (p *peer) mayHave(n *chain.Node) bool {
	return p.knows(n) || !p.done && p.hintHeight >= n.Height
}

// lacks notes that the peer did not give a block. What it has told beyond that
// counts no more: it is asked again after a while, since it may have left that
// branch.
func (s *Sync) lacks(now int64, p *peer, n *chain.Node) {
	p.hintHeight = min(p.hintHeight, n.Height-1)
	if !p.knows(n) {
		return
	}
	p.best = n.Parent
	s.giveUp(p)
	s.probe(now, p, lackPause)
}

// call is a request that waits for its answer.
type call struct {
	id       uint64
	peer     *peer
	deadline int64 // when somebody else is asked
	late     bool  // that was done
	headers  bool
	low      *lowWork // headers of this check
	wants    []*want
	rebuild  *rebuild // of the only one of wants
	txs      []*txWant
}

// ask sends a request.
func (s *Sync) ask(now int64, c *call, r protocol.Request) {
	s.lastCall += 2
	c.id, c.deadline = s.lastCall, now+c.peer.patience
	s.calls[c.id] = c
	c.peer.calls = append(c.peer.calls, c)
	s.wakeBy(c.deadline)
	s.out = append(s.out, protocol.Ask{Peer: c.peer.id, Call: c.id, Request: r})
}

// endCall forgets a call that was answered.
func (s *Sync) endCall(c *call) {
	p := c.peer
	delete(s.calls, c.id)
	p.calls = slices.DeleteFunc(p.calls, func(o *call) bool { return o == c })
	if c.late {
		p.late--
	}
}

// overdue passes over a peer that keeps a call waiting. The answer is still
// welcome; until it comes, the peer gets less to do.
func (s *Sync) overdue(now int64, c *call) {
	if c.late {
		return
	}
	if now < c.deadline {
		s.wakeBy(c.deadline)
		return
	}
	p := c.peer
	c.late = true
	p.late++
	p.slots = 1
	p.patience = min(2*p.patience, maxPatience)
	for _, o := range p.calls { // nothing of it is waited for now
		for _, x := range o.wants {
			s.window.idle(x)
		}
	}
	s.releaseTxs(c)
	if s.bulk == p {
		s.bulk = nil
	}
	if s.low != nil && s.low.peer == p {
		s.low = nil
	}
}

// prompt gives back the trust that being late has cost.
func (p *peer) prompt() {
	p.slots = min(2*p.slots, maxFlight)
	p.patience = max(p.patience/2, minPatience)
}

// answered takes the end of a call.
func (s *Sync) answered(now int64, c *call, e protocol.Answered) {
	if !c.late && e.Err == nil {
		c.peer.prompt()
	}
	if err, ok := e.Err.(*protocol.Error); ok && err.Code == protocol.CodeBusy {
		c.peer.pauseAt = now + busyPause
		s.wakeBy(c.peer.pauseAt)
	}
	switch {
	case c.headers:
		s.gotHeaders(now, c, e)
	case c.rebuild != nil:
		s.gotBlockTxs(now, c, e)
	case c.wants != nil:
		s.gotBlocks(now, c, e)
	case c.txs != nil:
		s.gotTxs(c, e)
	}
}
