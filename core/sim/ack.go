package sim

import (
	"errors"
	"fmt"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/protocol"
)

// promise is what a node's owner was told is safe.
type promise struct {
	block *consensus.Block // or
	tx    *consensus.Tx
	void  bool // a reorg took the payment's coins away; they may come back, it need not
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

// Attach has a node tell where a wallet of it is, as over RPC. answer may be
// nil.
func (n *Net) Attach(x *Node, w protocol.Wallet, answer func(error)) {
	n.ask(x, func(id uint64) node.Event { return node.AttachWallet{ID: id, Wallet: w} }, func(d node.Done) {
		if answer != nil {
			answer(d.Err)
		}
	})
}

// checkPromises looks whether all is there that the node's owner was told of. It
// must be asked after each reorg: one takes coins away, another brings them back.
func (n *Net) checkPromises(x *Node) error {
	v := x.view
	for i := range x.promises {
		p := &x.promises[i]
		if p.block != nil {
			h := p.block.Hash()
			if r, ok := v.Lookup(&h); !ok || r.Status&chain.HaveBody == 0 {
				return fmt.Errorf("block %v was acknowledged and is gone", h)
			}
			continue
		}
		confirmed, err := onBest(v, p.tx)
		switch {
		case err != nil:
			return err
		case p.void || confirmed || v.Mempool.Get(p.tx.ID()) != nil:
		case !n.payable(v, p.tx):
			p.void = true
		default:
			return fmt.Errorf("transaction %v was acknowledged and is gone, though its coins are there", p.tx.ID())
		}
	}
	return nil
}

// onBest reports whether a block of the best chain has a transaction.
func onBest(v *node.View, tx *consensus.Tx) (bool, error) {
	pos, err := v.Store.TxPos(tx.ID())
	if errors.Is(err, chain.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	b, err := v.Store.Block(pos.Seq)
	if err != nil {
		return false, err
	}
	h := b.Hash()
	r, ok := v.Lookup(&h)
	return ok && v.Contains(r.Node), nil
}

// payable reports whether nothing has taken a transaction's coins away.
func (n *Net) payable(v *node.View, tx *consensus.Tx) bool {
	for _, in := range tx.Msg.TxIn {
		coin, err := v.Store.Coin(in.PreviousOutPoint)
		if err != nil || coin == nil || v.Mempool.Spender(in.PreviousOutPoint) != nil {
			return false
		}
		if coin.Coinbase && v.Tip.Height+1-coin.Height < n.cfg.Params.Maturity {
			return false
		}
	}
	return true
}
