package mining

import (
	"bytes"
	"container/heap"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/mempool"
)

const (
	// maxFailures is after how many packages in a row that do not fit the
	// selection ends, once the block is nearly full (Core:
	// MAX_CONSECUTIVE_FAILURES).
	maxFailures = 1000
	// nearlyFull is how much weight may be left then (Core:
	// BLOCK_FULL_ENOUGH_WEIGHT_DELTA).
	nearlyFull = 4000
)

// candidate is a transaction that may be chosen.
type candidate struct {
	entry    *mempool.Entry
	parents  []*candidate
	children []*candidate

	// Of the transaction and its ancestors that are not chosen yet.
	with   mempool.Frac // satoshi, virtual bytes
	weight int64
	sigops int64

	order int // in topological order
	index int // in the queue, -1: not there
	place int // in the template, -1: not chosen
	mark  int // of the last walk that came here
}

// score is the lower of a transaction's own fee rate and that of it with its
// ancestors: what a miner gets at least for taking the whole (Core, before
// clusters: CompareTxMemPoolEntryByAncestorFee).
func (c *candidate) score() mempool.Frac {
	own := mempool.Frac{Fee: c.entry.ModifiedFee(), Size: c.entry.VSize()}
	if own.Compare(c.with) < 0 {
		return own
	}
	return c.with
}

// queue is a heap of the candidates that are left, the best first. Equal
// scores go by txid.
type queue []*candidate

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if c := q[i].score().Compare(q[j].score()); c != 0 {
		return c > 0
	}
	a, b := q[i].entry.Tx.ID(), q[j].entry.Tx.ID()
	return bytes.Compare(a[:], b[:]) < 0
}
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *queue) Push(x any) {
	c := x.(*candidate)
	c.index = len(*q)
	*q = append(*q, c)
}
func (q *queue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	c.index = -1
	(*q)[last] = nil
	*q = (*q)[:last]
	return c
}

// selection is one run of the algorithm that Core had before clusters: take
// the transaction with the best score together with its ancestors, then
// correct the scores of what depends on them.
type selection struct {
	in     *Input
	room   room
	queue  queue
	walk   int // number of the last walk
	chosen []Tx
}

func selectTxs(in *Input, r room) []Tx {
	s := &selection{in: in, room: r, queue: candidates(in.Pool)}
	for _, c := range s.queue {
		for _, a := range s.reach(c, false) {
			s.add(c, a, 1)
		}
	}
	heap.Init(&s.queue)
	full := r.weight
	for failures := 0; len(s.queue) > 0; {
		best := heap.Pop(&s.queue).(*candidate)
		if best.with.Compare(mempool.Frac{Fee: int64(in.MinFeeRate), Size: 1000}) < 0 {
			break // everything else pays less
		}
		if best.weight > s.room.weight || best.sigops > s.room.sigops || !s.take(best) {
			if failures++; failures > maxFailures && s.room.weight < min(nearlyFull, full) {
				break
			}
			continue
		}
		failures = 0
	}
	return s.chosen
}

// candidates links the pool's transactions.
func candidates(pool *mempool.View) []*candidate {
	entries := pool.Topological()
	store := make([]candidate, len(entries))
	list := make([]*candidate, len(entries))
	at := make(map[chainhash.Hash]*candidate, len(entries))
	for i, e := range entries {
		c := &store[i]
		*c = candidate{entry: e, order: i, index: i, place: -1}
		list[i], at[e.Tx.ID()] = c, c
		for _, in := range e.Tx.Msg.TxIn {
			if p := at[in.PreviousOutPoint.Hash]; p != nil && !slices.Contains(c.parents, p) {
				c.parents = append(c.parents, p)
				p.children = append(p.children, c)
			}
		}
	}
	return list
}

// add counts a for c, or with sign -1 no more.
func (s *selection) add(c, a *candidate, sign int64) {
	e := a.entry
	c.with.Fee += sign * e.ModifiedFee()
	c.with.Size += sign * e.VSize()
	c.weight += sign * int64(e.Tx.Weight())
	c.sigops += sign * e.SigOpCost
}

// reach lists c and its ancestors that are not chosen, or c and all its
// descendants.
func (s *selection) reach(c *candidate, down bool) []*candidate {
	s.walk++
	c.mark = s.walk
	list := []*candidate{c}
	for i := 0; i < len(list); i++ {
		next := list[i].parents
		if down {
			next = list[i].children
		}
		for _, n := range next {
			if n.mark != s.walk && (down || n.place < 0) {
				n.mark = s.walk
				list = append(list, n)
			}
		}
	}
	return list
}

// take chooses c with its ancestors, unless one of them cannot be in this
// block.
func (s *selection) take(c *candidate) bool {
	pack := s.reach(c, false)
	for _, a := range pack {
		if !consensus.IsFinalTx(a.entry.Tx, s.in.Height, s.in.ParentMedianTime) {
			return false
		}
	}
	slices.SortFunc(pack, func(a, b *candidate) int { return a.order - b.order })
	for _, a := range pack {
		s.choose(a)
	}
	for _, a := range pack {
		for _, d := range s.reach(a, true) {
			if d.place >= 0 {
				continue // in the same package
			}
			s.add(d, a, -1)
			// What did not fit before does not fit now: it needs less by no
			// more than the block has lost.
			if d.index >= 0 {
				heap.Fix(&s.queue, d.index)
			}
		}
	}
	return true
}

func (s *selection) choose(c *candidate) {
	if c.index >= 0 {
		heap.Remove(&s.queue, c.index)
	}
	c.place = len(s.chosen)
	e := c.entry
	s.room.weight -= int64(e.Tx.Weight())
	s.room.sigops -= e.SigOpCost
	tx := Tx{Tx: e.Tx, Fee: e.Fee, SigOpCost: e.SigOpCost}
	for _, p := range c.parents {
		tx.Depends = append(tx.Depends, p.place)
	}
	slices.Sort(tx.Depends)
	s.chosen = append(s.chosen, tx)
}
