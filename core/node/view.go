package node

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
)

// View is the whole node at one moment. It never changes and is safe for
// concurrent use, as long as its driver keeps Store open.
type View struct {
	*chain.View
	Version     uint64 // grows from view to view
	Mempool     *mempool.View
	NextBits    uint32          // compact target of the next block
	NextSubsidy int64           // satoshi that the next block may create
	MinFeeRate  mempool.FeeRate // of the transactions in templates
	Net         *NetView        // nil: this node has no network

	// Store holds bodies, undo data and coins as they are at this tip. The
	// driver that publishes the view sets it.
	Store chain.Snapshot
}

// View returns the node as it is now, without a Store. The error is that of a
// policy which this node cannot evaluate.
func (n *Node) View() (*View, error) {
	n.views++
	tip := n.chain.Tip()
	bits, err := n.chain.NextBits(tip)
	if err != nil {
		return nil, err
	}
	subsidy, err := n.chain.NextSubsidy(tip)
	if err != nil {
		return nil, err
	}
	// The chain's view comes last: it shows whether a script failed just now.
	v := &View{
		View: n.chain.View(), Version: n.views, Mempool: n.pool.View(),
		NextBits: bits, NextSubsidy: subsidy, MinFeeRate: n.cfg.MinFeeRate,
	}
	if n.net != nil {
		v.Net = &NetView{Peers: n.net.peers.View(), Sync: n.net.sync.Progress(), Syncing: n.net.sync.Peers(), Attached: n.net.attach.all.Now()}
	}
	return v, nil
}

// Block returns a stored body.
func (v *View) Block(n *chain.Node) (*consensus.Block, error) {
	if b := v.RecentBlock(n); b != nil {
		return b, nil
	}
	b, err := v.Store.Block(n.Seq)
	if err != nil {
		return nil, fmt.Errorf("block %v at height %d: %w", n.Hash, n.Height, err)
	}
	return b, nil
}

// Undo returns the coins that a connected block spent, in order.
func (v *View) Undo(n *chain.Node) ([]consensus.Coin, error) {
	if b := v.RecentBlock(n); b != nil && len(b.Txs) == 1 {
		return nil, nil
	}
	spent, err := v.Store.Undo(n.Seq)
	if err != nil {
		return nil, fmt.Errorf("undo data of block %v at height %d: %w", n.Hash, n.Height, err)
	}
	return spent, nil
}

// ErrUnknownTip says that Changes was asked from a block that was never
// connected here, as far as the store goes: after a crash a follower may know
// more than the chain, which has the headers again before the bodies.
var ErrUnknownTip = errors.New("block not known")

// Changes leads from a former tip to this view's: first the blocks to revert,
// newest first, then those to apply, oldest first.
func (v *View) Changes(since chainhash.Hash) (reverts, applies []*chain.Node, err error) {
	r, ok := v.Lookup(&since)
	if !ok {
		return nil, nil, fmt.Errorf("%w: %v", ErrUnknownTip, since)
	}
	n := r.Node
	for ; !v.Contains(n); n = n.Parent {
		if r, ok := v.Lookup(&n.Hash); !ok || r.Status&chain.Connected == 0 {
			return nil, nil, fmt.Errorf("%w: %v", ErrUnknownTip, since)
		}
		reverts = append(reverts, n)
	}
	for h := n.Height + 1; h <= v.Tip.Height; h++ {
		applies = append(applies, v.At(h))
	}
	return reverts, applies, nil
}
