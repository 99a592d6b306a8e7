package rpc

import (
	"context"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
)

// Node is the running node as the methods see it.
type Node interface {
	// Acquire returns the present view; release it when done.
	Acquire() (v *node.View, release func())
	// Changed is closed when there is a newer view.
	Changed() <-chan struct{}
	// Now is the node's clock; Mock stops it at a Unix time in seconds, 0 lets
	// it go again.
	Now() time.Time
	Mock(seconds int64)

	// SubmitBlock returns nil, chain.ErrKnown, node.ErrInconclusive or a
	// *consensus.RuleError. Without durable, Flush must follow.
	SubmitBlock(ctx context.Context, b *consensus.Block, durable bool) error
	// ProposeBlock checks a block on the tip but for its proof of work.
	ProposeBlock(ctx context.Context, b *consensus.Block) error
	// SubmitTx offers a transaction to the mempool; a refusal is a
	// *consensus.RuleError.
	SubmitTx(ctx context.Context, tx *consensus.Tx, testOnly bool) (*mempool.Result, error)
	// Invalidate and Reconsider return when the tip has moved, or
	// chain.ErrUnknownBlock.
	Invalidate(ctx context.Context, hash chainhash.Hash) error
	Reconsider(ctx context.Context, hash chainhash.Hash) error
	// Flush returns when all that was answered is on the disk.
	Flush(ctx context.Context) error
}
