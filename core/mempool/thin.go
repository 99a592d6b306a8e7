package mempool

import "github.com/btcsuite/btcd/chainhash/v2"

// thinning is one transaction while thin runs.
type thinning struct {
	entry    *Entry
	parents  []int // indexes of its parents
	children []int
	waits    int // parents that are not kept yet
	index    int // in the heap
	kept     bool

	// Of the cluster that it would be in, at the root of a union-find.
	root   int
	count  int
	weight int64
}

// thin chooses what can stay of transactions that together are no permissible
// cluster: going from the best fee rate down, parents first, each stays
// unless it would join too much (Core: TxGraph::Trim). drop is closed under
// descendants.
func thin(members []*Entry) (keep, drop []*Entry) {
	txs := newThinning(members)
	ready := heap[*thinning]{
		less: func(a, b *thinning) bool {
			if c := a.entry.frac().Compare(b.entry.frac()); c != 0 {
				return c > 0
			}
			return compareID(a.entry, b.entry) < 0
		},
		index: func(t *thinning) *int { return &t.index },
	}
	for _, t := range txs {
		if t.waits == 0 {
			ready.push(t)
		}
	}
	for len(ready.items) > 0 {
		t := ready.items[0]
		ready.remove(t)
		if !t.join(txs) {
			continue
		}
		for _, c := range t.children {
			if txs[c].waits--; txs[c].waits == 0 {
				ready.push(txs[c])
			}
		}
	}
	for _, t := range txs {
		if t.kept {
			keep = append(keep, t.entry)
		} else {
			drop = append(drop, t.entry)
		}
	}
	return keep, drop
}

func newThinning(members []*Entry) []*thinning {
	at := make(map[chainhash.Hash]int, len(members))
	txs := make([]*thinning, len(members))
	for i, e := range members {
		at[e.Tx.ID()] = i
		txs[i] = &thinning{entry: e, root: i, count: 1, weight: e.AdjustedWeight}
	}
	for i, e := range members {
		seen := map[int]bool{}
		for _, in := range e.Tx.Msg.TxIn {
			if j, ok := at[in.PreviousOutPoint.Hash]; ok && !seen[j] {
				seen[j] = true
				txs[i].parents = append(txs[i].parents, j)
				txs[j].children = append(txs[j].children, i)
			}
		}
		txs[i].waits = len(txs[i].parents)
	}
	return txs
}

// join keeps t, if the cluster that it and its parents form is permissible.
func (t *thinning) join(txs []*thinning) bool {
	count, weight, self := t.count, t.weight, t.root
	seen := map[int]bool{}
	var roots []int
	for _, p := range t.parents {
		r := p
		for txs[r].root != r {
			r = txs[r].root
		}
		if !seen[r] {
			seen[r] = true
			roots = append(roots, r)
			count, weight = count+txs[r].count, weight+txs[r].weight
		}
	}
	if count > MaxClusterCount || weight > MaxClusterWeight {
		return false
	}
	for _, r := range roots {
		txs[r].root = self
	}
	t.kept, t.count, t.weight = true, count, weight
	return true
}
