// Package netsync keeps a node in step with its peers: headers first, then
// bodies from many peers at once; new tips and transactions are announced and
// fetched. It is a state machine: calls bring events and the time, Take returns
// what to do. Whom to be connected to is decided elsewhere.
package netsync

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/protocol"
)

// Config is what a Sync is made of.
type Config struct {
	Params    *consensus.Params
	CheckWork consensus.WorkCheck // nil: the real one
	Seed      uint64              // of salts: secret in a real node, given in a simulation
}

// Chain is the block tree as Sync sees it. Times are in seconds.
type Chain interface {
	Tip() *chain.Node
	BestHeader() *chain.Node // the header with the most work against which nothing is known
	Lookup(chainhash.Hash) *chain.Node
	HasBody(*chain.Node) bool
	Linked(*chain.Node) bool // the bodies of the block and all ancestors are stored
	Failed(*chain.Node) bool // the block or an ancestor is known to be invalid
	Revoked(*chain.Node) bool
	AcceptHeader(h consensus.Header, now int64) (*chain.Node, error)
	AcceptBlock(b *consensus.Block, now int64) (*chain.Node, error)
}

// Pool is the mempool as Sync sees it.
type Pool interface {
	View() *mempool.View
	// Offer validates a transaction and takes it; now is in seconds. A refusal is a
	// *consensus.RuleError; any other error is a fault of this node.
	Offer(tx *consensus.Tx, now int64) error
	// Missing lists the transactions that tx spends from which are neither in the
	// mempool nor have unspent outputs in the chain, each once.
	Missing(tx *consensus.Tx) ([]chainhash.Hash, error)
}

// Member is a peer that has said hello. Height and Work are hints: whom to ask
// first, nothing else.
type Member struct {
	Peer   protocol.PeerID
	Kind   string
	Height int32
	Work   uint256.Int
}

// Fault is what a peer did wrong.
type Fault struct {
	Peer   protocol.PeerID
	Kind   string // one of protocol's Fault constants
	Detail string
}

const (
	second = int64(time.Second)
	never  = int64(math.MaxInt64)
)

// Sync is owned by one goroutine. All times that it is given are in Unix
// nanoseconds.
type Sync struct {
	cfg   Config
	chain Chain
	pool  Pool
	salt  [2]uint64

	peers    []*peer // by ID
	calls    map[uint64]*call
	lastCall uint64 // even: the others are peering's
	wake     int64  // when the next thing is due
	wall     int64  // the clock as last told
	mono     int64  // the same, but never goes back: what timers are set by

	bulk   *peer    // the one that is asked for headers until it has no more
	low    *lowWork // the check of one long branch
	window window
	source sources
	last   lastBlock

	untold bool  // peers do not know the tip yet
	tellBy int64 // when they have to

	relay   relay
	txs     txAsks
	orphans orphans
	turn    protocol.PeerID // whose transaction was checked last

	inboxBytes int // of the inboxes of all peers

	synced bool
	meter  meter

	out    []protocol.Effect
	faults []Fault
	err    error
}

// New makes a Sync without peers.
func New(cfg Config, c Chain, p Pool) *Sync {
	if cfg.CheckWork == nil {
		cfg.CheckWork = consensus.CheckProofOfWork
	}
	s := &Sync{cfg: cfg, chain: c, pool: p, calls: map[uint64]*call{}, wake: never, tellBy: never}
	s.salt = [2]uint64{cfg.Seed, ^cfg.Seed * 0x9e3779b97f4a7c15}
	s.window.wants = map[chainhash.Hash]*want{}
	s.source.of = map[chainhash.Hash]protocol.PeerID{}
	s.relay.flushAt = never
	s.txs = txAsks{wants: map[chainhash.Hash]*txWant{}, refused: newRecentSet(recentTxs), confirmed: newRecentSet(recentTxs)}
	s.orphans = orphans{of: map[chainhash.Hash]*orphan{}, byParent: map[chainhash.Hash][]*orphan{}}
	return s
}

// Take returns what has to be done since the last call, in order: effects, and
// what peers did wrong. The error is a fault of this node.
func (s *Sync) Take() ([]protocol.Effect, []Fault, error) {
	out, faults := s.out, s.faults
	s.out, s.faults = nil, nil
	return out, faults, s.err
}

// Wake is when Tick wants to be called next; MaxInt64 when nothing is due.
func (s *Sync) Wake() int64 {
	if s.wake == never {
		return never
	}
	return s.wall + s.wake - s.mono
}

// at takes the time. When the clock is set back, timers go on from where they
// were.
func (s *Sync) at(now int64) int64 {
	if s.mono == 0 {
		s.mono = now
	} else if now > s.wall {
		s.mono += now - s.wall
	}
	s.wall = now
	return s.mono
}

// seconds is the clock that block times are compared with.
func (s *Sync) seconds() int64 { return s.wall / second }

func (s *Sync) wakeBy(at int64) { s.wake = min(s.wake, at) }

// MemberUp adds a peer.
func (s *Sync) MemberUp(now int64, m Member) {
	if m.Kind != protocol.KindNode || s.peer(m.Peer) != nil {
		return
	}
	now = s.at(now)
	p := newPeer(m)
	at, _ := s.find(m.Peer)
	s.peers = slices.Insert(s.peers, at, p)
	s.askHeaders(now, p)
	s.flushBy(now + flushEvery)
	s.work(now)
}

// MemberGone forgets a peer. What it was asked for is asked elsewhere.
func (s *Sync) MemberGone(now int64, id protocol.PeerID) {
	at, found := s.find(id)
	if !found {
		return
	}
	now = s.at(now)
	p := s.peers[at]
	s.peers = slices.Delete(s.peers, at, at+1)
	for _, c := range p.calls {
		delete(s.calls, c.id)
		s.release(c)
	}
	p.calls = nil
	for _, w := range p.offers {
		s.drop(w)
	}
	s.dropInbox(p)
	s.orphansGone(p)
	if s.bulk == p {
		s.bulk = nil
	}
	if s.low != nil && s.low.peer == p {
		s.low = nil
	}
	s.work(now)
}

func (s *Sync) find(id protocol.PeerID) (int, bool) {
	return slices.BinarySearchFunc(s.peers, id, func(p *peer, id protocol.PeerID) int { return cmp.Compare(p.id, id) })
}

func (s *Sync) peer(id protocol.PeerID) *peer {
	if at, found := s.find(id); found {
		return s.peers[at]
	}
	return nil
}

// Handle takes what a member said: Answered and Told.
func (s *Sync) Handle(now int64, e protocol.Event) {
	now = s.at(now)
	switch e := e.(type) {
	case protocol.Answered:
		if c := s.calls[e.Call]; c != nil && c.peer.id == e.Peer {
			s.endCall(c)
			s.answered(now, c, e)
		}
	case protocol.Told:
		if p := s.peer(e.Peer); p != nil {
			s.told(now, p, e.Notice)
		}
	}
	s.work(now)
}

func (s *Sync) told(now int64, p *peer, n protocol.Notice) {
	switch n := n.(type) {
	case *protocol.Announce:
		s.announced(now, p, n)
	case *protocol.Compact:
		s.gotCompact(now, p, n)
	}
}

// Tick lets time pass. Call it at Wake.
func (s *Sync) Tick(now int64) {
	now = s.at(now)
	if now < s.wake {
		return
	}
	s.wake = never
	for _, p := range s.peers {
		if p.pauseAt > now {
			s.wakeBy(p.pauseAt)
		} else {
			p.pauseAt = 0
		}
		for _, c := range p.calls {
			s.overdue(now, c)
		}
		s.dueHeaders(now, p)
	}
	if s.tellBy > now {
		s.wakeBy(s.tellBy)
	}
	s.flush(now)
	s.expireOrphans(now)
	s.work(now)
}

// work does what has become possible.
func (s *Sync) work(now int64) {
	s.feedAll(now)
	s.moreHeaders(now)
	s.fetch(now)
	s.noteSynced()
	s.askTxs(now)
}

// fault notes what a peer did wrong.
func (s *Sync) fault(p *peer, kind, detail string) {
	s.faults = append(s.faults, Fault{p.id, kind, detail})
}

// blame turns what was found against a block or header into a fault of its
// sender. It reports whether err is about what was sent: if not, it is a fault
// of this node.
func (s *Sync) blame(p *peer, err error) bool {
	var broken *consensus.RuleError
	if !errors.As(err, &broken) {
		s.err = err
		return false
	}
	if broken.Kind.SenderFault() {
		kind := protocol.FaultConsensus
		if broken.Kind == consensus.HighHash {
			kind = protocol.FaultWork
		}
		s.fault(p, kind, broken.Error())
	}
	return true
}
