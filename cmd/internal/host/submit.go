package host

import (
	"context"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
)

// SubmitBlock offers a block and waits for the verdict: nil, chain.ErrKnown,
// node.ErrInconclusive or a *consensus.RuleError. durable says that the disk
// must have it before the answer; bulk work does without and ends with Flush.
func (h *Host) SubmitBlock(ctx context.Context, b *consensus.Block, durable bool) error {
	_, err := h.submit(ctx, durable, func(id uint64) node.Event { return node.SubmitBlock{ID: id, Block: b} })
	return err
}

// ProposeBlock asks whether a block would be valid on the tip but for its
// proof of work.
func (h *Host) ProposeBlock(ctx context.Context, b *consensus.Block) error {
	_, err := h.submit(ctx, false, func(id uint64) node.Event { return node.ProposeBlock{ID: id, Block: b} })
	return err
}

// Invalidate declares a block invalid and waits until the tip has moved away.
func (h *Host) Invalidate(ctx context.Context, hash chainhash.Hash) error {
	_, err := h.submit(ctx, true, func(id uint64) node.Event { return node.Invalidate{ID: id, Hash: hash} })
	return err
}

// Reconsider takes back what was found against a block and waits until the tip
// is the best again.
func (h *Host) Reconsider(ctx context.Context, hash chainhash.Hash) error {
	_, err := h.submit(ctx, true, func(id uint64) node.Event { return node.Reconsider{ID: id, Hash: hash} })
	return err
}

// SubmitTx offers a transaction to the mempool. The result is there even when
// it was refused with a *consensus.RuleError. testOnly changes nothing. An
// accepted transaction is on the disk when the call returns.
func (h *Host) SubmitTx(ctx context.Context, tx *consensus.Tx, testOnly bool) (*mempool.Result, error) {
	v, err := h.submit(ctx, !testOnly, func(id uint64) node.Event { return node.SubmitTx{ID: id, Tx: tx, TestOnly: testOnly} })
	res, _ := v.(*mempool.Result)
	return res, err
}

// PutMeta stores named values. They reach the disk with the next durable
// request.
func (h *Host) PutMeta(ctx context.Context, values []chain.KV) error {
	_, err := h.submit(ctx, false, func(id uint64) node.Event { return node.PutMeta{ID: id, Values: values} })
	return err
}

// Flush returns when everything that was answered before is on the disk.
func (h *Host) Flush(ctx context.Context) error {
	_, err := h.submit(ctx, true, nil)
	return err
}

// submit waits for its turn no longer than ctx lasts; once the loop has taken
// the request, it waits for the verdict: a caller who does not know whether
// his payment went out is worse off than one who waits.
func (h *Host) submit(ctx context.Context, durable bool, event func(uint64) node.Event) (any, error) {
	answer := make(chan node.Done, 1)
	select {
	case h.requests <- request{event: event, sync: durable, answer: answer}:
	case <-h.stopped:
		return nil, ErrStopped
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case done := <-answer:
		return done.Value, done.Err
	case <-h.stopped:
		select {
		case done := <-answer: // both may be ready
			return done.Value, done.Err
		default:
			return nil, ErrStopped
		}
	}
}
