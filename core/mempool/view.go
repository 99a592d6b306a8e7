package mempool

import (
	"encoding/binary"
	"iter"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/core/internal/pmap"
)

// View is the mempool at one moment. It is immutable and safe for concurrent
// use. Whatever it lists is in an order that depends on its contents alone.
type View struct {
	txs     pmap.Map[*Entry] // by txid
	witness pmap.Map[*Entry] // by wtxid, those that have a witness
	spends  pmap.Map[*Entry] // by spentKey: who spends an output
	totals  Totals
}

// Totals are sums over a whole View.
type Totals struct {
	Count    int
	VSize    int64   // virtual bytes
	Usage    int64   // estimated memory, bytes
	Fees     int64   // satoshi, without deltas
	MinFee   FeeRate // what a transaction has to pay now to be accepted
	Sequence uint64  // grows with every change
}

// spentKey makes one map key of an outpoint. Keys of different outpoints are
// different unless two txids agree in 28 bytes, which is as hard as breaking
// the hash. The index goes where the map looks first, so that the outputs of
// one transaction stay near the root.
func spentKey(o *wire.OutPoint) chainhash.Hash {
	k := o.Hash
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], o.Index)
	for i := range b {
		k[i] ^= b[i]
	}
	return k
}

// Totals returns the sums.
func (v *View) Totals() Totals { return v.totals }

// Len is the number of transactions.
func (v *View) Len() int { return v.txs.Len() }

// Get finds a transaction by its txid; nil when there is none.
func (v *View) Get(txid chainhash.Hash) *Entry {
	e, _ := v.txs.Get(&txid)
	return e
}

// ByWitnessID finds a transaction by its wtxid; nil when there is none.
func (v *View) ByWitnessID(wtxid chainhash.Hash) *Entry {
	if e, ok := v.witness.Get(&wtxid); ok {
		return e
	}
	// Without a witness both ids are the same.
	if e, ok := v.txs.Get(&wtxid); ok && e.Tx.WitnessID() == wtxid {
		return e
	}
	return nil
}

// Spender returns the transaction that spends an output; nil when none does.
func (v *View) Spender(o wire.OutPoint) *Entry {
	k := spentKey(&o)
	e, _ := v.spends.Get(&k)
	return e
}

// Coin returns an output that a transaction in the mempool makes, whether or
// not another one spends it, as it would be after a block at height; nil when
// there is none.
func (v *View) Coin(o wire.OutPoint, height int32) *consensus.Coin {
	e, ok := v.txs.Get(&o.Hash)
	if !ok || uint64(o.Index) >= uint64(len(e.Tx.Msg.TxOut)) {
		return nil
	}
	out := e.Tx.Msg.TxOut[o.Index]
	return &consensus.Coin{Value: out.Value, Script: out.PkScript, Height: height}
}

// All yields every entry in byte order of the txids.
func (v *View) All() iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for _, e := range v.txs.All() {
			if !yield(e) {
				return
			}
		}
	}
}

// Topological lists every entry, parents before their children: the order in
// which they can be accepted again.
func (v *View) Topological() []*Entry { return v.FirstTopological(v.Len()) }

// FirstTopological lists at most the first so many of Topological, and takes time
// for no more.
func (v *View) FirstTopological(most int) []*Entry {
	most = min(most, v.Len())
	list := make([]*Entry, 0, most)
	done := make(map[*Entry]bool, most)
	for e := range v.All() {
		if len(list) >= most {
			break
		}
		list = v.appendAfterParents(list, done, e)
	}
	return list[:most]
}

// appendAfterParents keeps its own stack: a chain can be as long as the
// mempool while a reorg is under way.
func (v *View) appendAfterParents(list []*Entry, done map[*Entry]bool, e *Entry) []*Entry {
	stack := []*Entry{e}
	for len(stack) > 0 {
		e := stack[len(stack)-1]
		depth := len(stack)
		if !done[e] {
			for _, parent := range v.Parents(e) {
				if !done[parent] {
					stack = append(stack, parent)
				}
			}
		}
		if len(stack) > depth {
			continue
		}
		stack = stack[:depth-1]
		if !done[e] {
			done[e] = true
			list = append(list, e)
		}
	}
	return list
}

// add returns v with e in it.
func (v View) add(e *Entry) View {
	v = v.put(e)
	v.totals.Count++
	v.totals.VSize += e.VSize()
	v.totals.Usage += e.Usage
	v.totals.Fees += e.Fee
	v.totals.Sequence++
	return v
}

// put sets every place of e, new or not.
func (v View) put(e *Entry) View {
	id, wid := e.Tx.ID(), e.Tx.WitnessID()
	v.txs = v.txs.Set(&id, e)
	if wid != id {
		v.witness = v.witness.Set(&wid, e)
	}
	for _, in := range e.Tx.Msg.TxIn {
		k := spentKey(&in.PreviousOutPoint)
		v.spends = v.spends.Set(&k, e)
	}
	return v
}

// remove returns v without e.
func (v View) remove(e *Entry) View {
	id, wid := e.Tx.ID(), e.Tx.WitnessID()
	v.txs = v.txs.Delete(&id)
	if wid != id {
		v.witness = v.witness.Delete(&wid)
	}
	for _, in := range e.Tx.Msg.TxIn {
		k := spentKey(&in.PreviousOutPoint)
		v.spends = v.spends.Delete(&k)
	}
	v.totals.Count--
	v.totals.VSize -= e.VSize()
	v.totals.Usage -= e.Usage
	v.totals.Fees -= e.Fee
	v.totals.Sequence++
	return v
}

// Diff lists what came and what left between an older view and this one. An
// entry that only changed its fee delta is in neither list. Parents come
// before children in added.
func (v *View) Diff(old *View) (added, removed []*Entry) {
	pmap.Diff(old.txs, v.txs, func(_ chainhash.Hash, before, after **Entry) bool {
		switch {
		case before == nil:
			added = append(added, *after)
		case after == nil:
			removed = append(removed, *before)
		}
		return true
	})
	if len(added) < 2 {
		return added, removed
	}
	isNew := make(map[*Entry]bool, len(added))
	for _, e := range added {
		isNew[e] = true
	}
	return walkUp(v, added, isNew), removed
}

// walkUp orders entries so that parents among them come first.
func walkUp(v *View, entries []*Entry, wanted map[*Entry]bool) []*Entry {
	list := make([]*Entry, 0, len(entries))
	done := make(map[*Entry]bool, len(entries))
	for _, e := range entries {
		for _, one := range v.appendAfterParents(nil, done, e) {
			if wanted[one] {
				list = append(list, one)
			}
		}
	}
	return list
}
