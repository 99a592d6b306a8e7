package wallets

import (
	"cmp"
	"context"
	"slices"

	"orrery/core/chain"
	"orrery/core/node"
)

const (
	// recallDepth is how far below the tip, in blocks, a block that the chain
	// has left may be to be looked at when a wallet is loaded. What an older
	// reorg left behind was stored long ago.
	recallDepth = 1000
	// recallBlocks bounds how many such blocks are looked at: those that came
	// last. It takes some 50 ms.
	recallBlocks = 1000
)

// recall tells a wallet that was just loaded what is in blocks which the chain
// has left. While a transaction is in a block nothing else stores it. When a
// reorg takes it out, and the mempool does not want it back because it is not
// final any more, the wallet stores it a moment later; if the node dies in
// that moment, the block alone still has it.
func (o *open) recall(ctx context.Context, v *node.View) error {
	var left []*chain.Record
	v.Each(func(r *chain.Record) bool {
		if r.Status&chain.Connected != 0 && !v.Contains(r.Node) && r.Height > v.Tip.Height-recallDepth && r.TxN > 1 {
			left = append(left, r)
		}
		return true
	})
	slices.SortFunc(left, func(a, b *chain.Record) int { return cmp.Compare(a.Seq, b.Seq) }) // parents first
	left = left[max(0, len(left)-recallBlocks):]
	for _, r := range left {
		b, err := v.Block(r.Node)
		if err != nil {
			return err
		}
		for _, tx := range b.Txs[1:] {
			if _, _, err := o.Transaction(tx.ID()); err == nil {
				continue // stored, or in another block
			}
			if _, err := o.MempoolAdd(tx); err != nil {
				return err
			}
			o.MempoolRemove(tx.ID())
		}
	}
	if len(left) == 0 {
		return nil
	}
	return o.Sync(source{ctx, v}) // which finds out what can still be mined
}
