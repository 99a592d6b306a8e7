// Package node is a whole node as one state machine: chain and mempool behind
// a single Step. Whoever drives it (the real host, or a simulation) brings
// the time and the events, and carries out the effects.
package node

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// Config is what a node is made of.
type Config struct {
	Chain   chain.Config
	Mempool mempool.Config
	// MinFeeRate is the least that a transaction pays to get into a template
	// of this node, in satoshi per 1,000 virtual bytes; 0: no minimum.
	MinFeeRate mempool.FeeRate
	// Peering makes the node part of a network; nil: it stays alone.
	Peering *peering.Config
	// PeeringSaved is what earlier runs asked to Save.
	PeeringSaved []protocol.Record
	// Names tells who holds names; nil: this node neither tells where wallets are
	// attached nor takes it from peers.
	Names Names
}

// Node is owned by one goroutine.
type Node struct {
	cfg     Config
	chain   *chain.Chain
	pool    *mempool.Pool
	meta    []chain.KV // of this step: the mempool's changes
	metaAt  map[string]int
	delayed []SubmitTx       // came in the middle of a reorg
	gone    []chainhash.Hash // left the mempool since the chain was last at rest; still stored
	resting bool             // nothing was left to connect in the last step
	moving  bool             // blocks were disconnected since the chain was last at rest
	waiting []waiter         // requests that are answered when the chain comes to rest
	// verdicts of blocks refused since the chain was last at rest.
	verdicts map[chainhash.Hash]*consensus.RuleError
	shown    uint256.Int // work of the last view that was worth publishing
	dirty    bool        // something changed that a view shows
	views    uint64      // made so far
	net      *network    // nil: none
}

type waiter struct {
	id    uint64
	block *chain.Node // nil: only wait
}

// Open loads a node from its store. now is in Unix nanoseconds.
func Open(cfg Config, now int64) (*Node, error) {
	c, err := chain.Open(cfg.Chain)
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, chain: c, pool: mempool.New(cfg.Mempool), metaAt: map[string]int{},
		verdicts: map[chainhash.Hash]*consensus.RuleError{},
	}
	if err := n.finishReorg(now / second); err != nil {
		return nil, err
	}
	n.shown = c.Tip().Work
	if err := n.loadPool(now / second); err != nil {
		return nil, err
	}
	n.openNetwork(now)
	return n, nil
}

// finishReorg ends a reorg that a crash cut. Nobody sees the middle of it, and
// the transactions of blocks that it had left already come back, too. now is
// in seconds.
func (n *Node) finishReorg(now int64) error {
	from := n.chain.Left()
	if from == nil {
		return nil
	}
	n.moving = true
	for fork := n.chain.View().ForkPoint(from); from != fork; from = from.Parent {
		if n.cfg.Chain.Stopped() {
			return consensus.ErrStopped
		}
		b, err := n.chain.Block(from)
		if err != nil {
			return fmt.Errorf("block %v at height %d: %w", from.Hash, from.Height, err)
		}
		n.record(n.pool.BlockDisconnected(b))
	}
	for n.chain.Left() != nil {
		if n.cfg.Chain.Stopped() {
			return consensus.ErrStopped // the next start goes on
		}
		_, err := n.advance(nil, now*second)
		if err == nil {
			err = n.commit()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Event is something that happens to a node.
type Event interface{ event() }

// Requests carry an ID that comes back in the Done that answers them.
type (
	// SubmitBlock offers a block. Its Done comes when the block was connected,
	// refused, or turned out not to be on the best branch (ErrInconclusive).
	SubmitBlock struct {
		ID    uint64
		Block *consensus.Block
	}
	// ProposeBlock asks whether a block would be valid on the tip but for its
	// proof of work, and changes nothing (BIP23).
	ProposeBlock struct {
		ID    uint64
		Block *consensus.Block
	}
	// Invalidate declares a block invalid by a person's word.
	Invalidate struct {
		ID   uint64
		Hash chainhash.Hash
	}
	// Reconsider takes back what was found against a block.
	Reconsider struct {
		ID   uint64
		Hash chainhash.Hash
	}
	// SubmitTx offers a transaction to the mempool. Its Done has a
	// *mempool.Result, and the refusal as its error.
	SubmitTx struct {
		ID       uint64
		Tx       *consensus.Tx
		TestOnly bool // check, change nothing
	}
	// PutMeta stores small named values of the driver's own, together and
	// durably (a wallet's unconfirmed transactions).
	PutMeta struct {
		ID     uint64
		Values []chain.KV
	}
	// Continue goes on with work that an earlier step left.
	Continue struct{}
	// Tick lets time pass.
	Tick struct{}
)

func (SubmitBlock) event()  {}
func (ProposeBlock) event() {}
func (Invalidate) event()   {}
func (Reconsider) event()   {}
func (SubmitTx) event()     {}
func (PutMeta) event()      {}
func (Continue) event()     {}
func (Tick) event()         {}

// Effect is something that a step asks its driver to do.
type Effect interface{ effect() }

type (
	// Done answers a request. Everything that it tells of was committed before
	// it was returned; a driver syncs the store before it passes it on.
	Done struct {
		ID    uint64
		Value any
		Err   error
	}
	// Changed says that a new view is worth publishing.
	Changed struct{}
	// More asks for a Continue event.
	More struct{}
)

func (Done) effect()    {}
func (Changed) effect() {}
func (More) effect()    {}

// ErrInconclusive says that a block was stored, but is not on the branch with
// the most work, or not connected to it yet.
var ErrInconclusive = errors.New("inconclusive")
