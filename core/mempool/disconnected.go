package mempool

import (
	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// maxDisconnected bounds what a reorg keeps to be accepted again, in bytes of
// estimated memory (Core: MAX_DISCONNECTED_TX_POOL_BYTES).
const maxDisconnected = 20_000_000

// disconnected are the transactions of blocks that a reorg has left so far,
// the last of the former tip first.
type disconnected struct {
	reorg bool
	txs   []*consensus.Tx // nil: confirmed again
	at    map[chainhash.Hash]int
	usage int64
	first int // in txs; those before were given up
}

func (d *disconnected) empty() bool { return !d.reorg }

// push adds a block below those added before, and returns what has to be
// given up for it: transactions that were confirmed last.
func (d *disconnected) push(b *consensus.Block, limit int64) (given []*consensus.Tx) {
	if d.at == nil {
		d.at = make(map[chainhash.Hash]int)
	}
	d.reorg = true
	for i := len(b.Txs) - 1; i >= 0; i-- {
		d.at[b.Txs[i].ID()] = len(d.txs)
		d.txs = append(d.txs, b.Txs[i])
		d.usage += usage(b.Txs[i])
	}
	for ; d.usage > limit && d.first < len(d.txs); d.first++ {
		if tx := d.txs[d.first]; tx != nil {
			given = append(given, tx)
			d.drop(tx.ID())
		}
	}
	return given
}

// drop forgets a transaction, if it is there.
func (d *disconnected) drop(txid chainhash.Hash) {
	if i, ok := d.at[txid]; ok {
		d.usage -= usage(d.txs[i])
		d.txs[i] = nil
		delete(d.at, txid)
	}
}

// take empties d. It returns the transactions in the order of the chain.
func (d *disconnected) take() []*consensus.Tx {
	var list []*consensus.Tx
	for i := len(d.txs) - 1; i >= d.first; i-- {
		if d.txs[i] != nil {
			list = append(list, d.txs[i])
		}
	}
	*d = disconnected{}
	return list
}
