package mempool

import (
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// BlockConnected removes what the block confirms, and what conflicts with it,
// with descendants. now is in seconds since 1970 (Core: removeForBlock).
func (p *Pool) BlockConnected(b *consensus.Block, now int64) Change {
	var confirmed, conflicts []*Entry
	for _, tx := range b.Txs {
		p.pending.drop(tx.ID())
		if e := p.view.Get(tx.ID()); e != nil {
			confirmed = append(confirmed, e)
		}
	}
	p.remove(confirmed, InBlock)
	for _, tx := range b.Txs {
		for _, in := range tx.Msg.TxIn {
			if e := p.view.Spender(in.PreviousOutPoint); e != nil {
				conflicts = append(conflicts, e)
			}
		}
	}
	p.removeWithDescendants(distinct(conflicts), Conflict)
	p.rolling = p.rollingAt(now)
	p.rolling.updated, p.rolling.decays = now, true
	p.setMinFee()
	return p.takeChange()
}

// BlockDisconnected keeps the transactions of a block that a reorg leaves, to
// be accepted again by Settle. Blocks come from the tip downwards. Until
// Settle is called, transactions here may spend outputs that are not there.
func (p *Pool) BlockDisconnected(b *consensus.Block) Change {
	p.dropSpenders(p.pending.push(b, maxDisconnected))
	return p.takeChange()
}

// dropSpenders removes what spends from transactions that are not here.
func (p *Pool) dropSpenders(txs []*consensus.Tx) {
	for _, tx := range txs {
		p.removeWithDescendants(p.view.spendersOf(tx.Msg, wire.OutPoint{Hash: tx.ID()}), Reorg)
	}
}
