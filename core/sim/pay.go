package sim

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// payFee is what Pay leaves to the miner, in satoshi.
const payFee = 1000

var errFound = errors.New("found")

// Pay makes a transaction from the first coin of a node that is mature and that
// nothing in its mempool spends, and submits it to nobody.
func (n *Net) Pay(from, to *Node, satoshi int64) (*consensus.Tx, error) {
	v, script := from.view, string(PayTo(from.ID))
	var at wire.OutPoint
	var coin *consensus.Coin
	err := v.Store.EachCoin(func(o wire.OutPoint, c *consensus.Coin) error {
		switch {
		case string(c.Script) != script || c.Value < satoshi+payFee || v.Mempool.Spender(o) != nil:
		case c.Coinbase && v.Tip.Height+1-c.Height < n.cfg.Params.Maturity:
		default:
			at, coin = o, c
			return errFound
		}
		return nil
	})
	if coin == nil {
		if err == nil {
			err = fmt.Errorf("node %s has no mature coin of more than %d satoshi", from.spec.Name, satoshi)
		}
		return nil, err
	}
	msg := wire.NewMsgTx(2)
	msg.AddTxIn(wire.NewTxIn(&at, nil, SpendWitness(from.ID)))
	msg.AddTxOut(wire.NewTxOut(satoshi, PayTo(to.ID)))
	if rest := coin.Value - satoshi - payFee; rest > 1000 { // less would be dust
		msg.AddTxOut(wire.NewTxOut(rest, PayTo(from.ID)))
	}
	return consensus.NewTx(msg), nil
}

// OneTip reports whether all running nodes show the same tip.
func (n *Net) OneTip() bool {
	var first *Node
	for _, x := range n.nodes {
		switch {
		case x.machine == nil:
		case first == nil:
			first = x
		case x.view.Tip.Hash != first.view.Tip.Hash:
			return false
		}
	}
	return true
}

// SameWork reports whether all running nodes show tips of the same work: two
// branches of the same work may stand side by side until the next block.
func (n *Net) SameWork() bool {
	var first *Node
	for _, x := range n.nodes {
		switch {
		case x.machine == nil:
		case first == nil:
			first = x
		case x.view.Tip.Work != first.view.Tip.Work:
			return false
		}
	}
	return true
}
