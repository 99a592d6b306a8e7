package sim

import (
	"errors"
	"fmt"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
)

// promise is what a node's owner was told is safe.
type promise struct {
	block *consensus.Block // or
	tx    *consensus.Tx
}

// Submit gives a node a block, as over RPC. answer may be nil.
func (n *Net) Submit(x *Node, b *consensus.Block, answer func(error)) {
	n.ask(x, func(id uint64) node.Event { return node.SubmitBlock{ID: id, Block: b} }, func(d node.Done) {
		if d.Err == nil || errors.Is(d.Err, node.ErrInconclusive) {
			x.promises = append(x.promises, promise{block: b})
		}
		if answer != nil {
			answer(d.Err)
		}
	})
}

// Send gives a node a transaction, as over RPC. answer may be nil.
func (n *Net) Send(x *Node, tx *consensus.Tx, answer func(error)) {
	n.ask(x, func(id uint64) node.Event { return node.SubmitTx{ID: id, Tx: tx} }, func(d node.Done) {
		if d.Err == nil {
			x.promises = append(x.promises, promise{tx: tx})
		}
		if answer != nil {
			answer(d.Err)
		}
	})
}

// checkPromises looks after a restart whether all is there that the node's owner
// was told of.
func (n *Net) checkPromises(x *Node) error {
	v := x.view
	for _, p := range x.promises {
		if p.block != nil {
			h := p.block.Hash()
			if r, ok := v.Lookup(&h); !ok || r.Status&chain.HaveBody == 0 {
				return fmt.Errorf("block %v was acknowledged and is gone", h)
			}
			continue
		}
		if v.Mempool.Get(p.tx.ID()) != nil {
			continue
		}
		if _, err := v.Store.TxPos(p.tx.ID()); err == nil {
			continue
		}
		gone := false
		for _, in := range p.tx.Msg.TxIn {
			coin, err := v.Store.Coin(in.PreviousOutPoint)
			immature := coin != nil && coin.Coinbase && v.Tip.Height+1-coin.Height < n.cfg.Params.Maturity
			gone = gone || err != nil || coin == nil || immature || v.Mempool.Spender(in.PreviousOutPoint) != nil
		}
		if !gone {
			return fmt.Errorf("transaction %v was acknowledged and is gone, though its coins are there", p.tx.ID())
		}
	}
	return nil
}
