package mempool

import (
	"slices"

	"github.com/btcsuite/btcd/wire/v2"
)

// Parents lists the transactions in the mempool that e spends from, each once,
// in the order of e's inputs.
func (v *View) Parents(e *Entry) []*Entry { return v.parentsOf(e.Tx.Msg) }

func (v *View) parentsOf(msg *wire.MsgTx) []*Entry {
	var list []*Entry
	for _, in := range msg.TxIn {
		if p, ok := v.txs.Get(&in.PreviousOutPoint.Hash); ok {
			list = append(list, p)
		}
	}
	return distinct(list)
}

// Children lists the transactions in the mempool that spend from e, each
// once, in the order of e's outputs.
func (v *View) Children(e *Entry) []*Entry {
	return v.spendersOf(e.Tx.Msg, wire.OutPoint{Hash: e.Tx.ID()})
}

// spendersOf works for a transaction that is not in the mempool too; o.Hash is
// its txid.
func (v *View) spendersOf(msg *wire.MsgTx, o wire.OutPoint) []*Entry {
	var list []*Entry
	for n := range msg.TxOut {
		o.Index = uint32(n)
		k := spentKey(&o)
		if c, ok := v.spends.Get(&k); ok {
			list = append(list, c)
		}
	}
	return distinct(list)
}

// Ancestors lists the unconfirmed transactions that e needs, without e,
// nearest first.
func (v *View) Ancestors(e *Entry) []*Entry {
	return walk([]*Entry{e}, v.Parents)[1:]
}

// Descendants lists the unconfirmed transactions that need e, without e,
// nearest first.
func (v *View) Descendants(e *Entry) []*Entry {
	return walk([]*Entry{e}, v.Children)[1:]
}

// Chunks lists the cluster of e, in the order in which a miner would take it.
func (v *View) Chunks(e *Entry) []Chunk { return linearize(v.cluster(e)) }

// ChunkOf returns the chunk of its cluster that e is in.
func (v *View) ChunkOf(e *Entry) Chunk {
	for _, c := range v.Chunks(e) {
		if slices.Contains(c.Txs, e) {
			return c
		}
	}
	panic("mempool: an entry is not in its own cluster")
}

// cluster lists all transactions that hang together with e.
func (v *View) cluster(e *Entry) []*Entry {
	return walk([]*Entry{e}, func(e *Entry) []*Entry { return append(v.Parents(e), v.Children(e)...) })
}

// distinct removes repetitions and keeps the first of each.
func distinct(entries []*Entry) []*Entry {
	if len(entries) < 2 {
		return entries
	}
	seen := make(map[*Entry]bool, len(entries))
	return slices.DeleteFunc(entries, func(e *Entry) bool {
		again := seen[e]
		seen[e] = true
		return again
	})
}

// walk adds to roots whatever next leads to from there, breadth first.
func walk(roots []*Entry, next func(*Entry) []*Entry) []*Entry {
	list := roots
	var seen map[*Entry]bool // made when the first step leads somewhere: mostly none does
	for i := 0; i < len(list); i++ {
		for _, e := range next(list[i]) {
			if seen == nil {
				seen = make(map[*Entry]bool, 2*len(list))
				for _, r := range list {
					seen[r] = true
				}
			}
			if !seen[e] {
				seen[e] = true
				list = append(list, e)
			}
		}
	}
	return list
}

// Family are sums over a transaction and its ancestors or descendants.
type Family struct {
	Count int
	VSize int64 // virtual bytes
	Fees  int64 // satoshi, with deltas
}

// AncestorTotals sums e and its ancestors.
func (v *View) AncestorTotals(e *Entry) Family { return family(walk([]*Entry{e}, v.Parents)) }

// DescendantTotals sums e and its descendants.
func (v *View) DescendantTotals(e *Entry) Family { return family(walk([]*Entry{e}, v.Children)) }

func family(list []*Entry) Family {
	f := Family{Count: len(list)}
	for _, e := range list {
		f.VSize += e.VSize()
		f.Fees += e.ModifiedFee()
	}
	return f
}

// Replaceable reports whether e, or an ancestor of it, opts in to replacement
// (BIP125; Core: IsRBFOptIn).
func (v *View) Replaceable(e *Entry) bool {
	if e.SignalsReplacement() {
		return true
	}
	return slices.ContainsFunc(v.Ancestors(e), (*Entry).SignalsReplacement)
}
