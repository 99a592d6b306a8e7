package mempool

import (
	"bytes"
	"math/bits"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// MaxClusterCount is how many transactions may hang together by spending from
// each other (Core: DEFAULT_CLUSTER_LIMIT). A set of them fits into a word.
const MaxClusterCount = 64

// set is a set of positions in a dag.
type set uint64

func (s set) has(i int) bool { return s>>uint(i)&1 != 0 }

// each calls f with the positions in ascending order.
func (s set) each(f func(i int)) {
	for ; s != 0; s &= s - 1 {
		f(bits.TrailingZeros64(uint64(s)))
	}
}

// dag is a cluster as bit sets. Its transactions are in an order that depends
// on nothing but themselves: parents first, then by txid.
type dag struct {
	txs  []*Entry
	frac []Frac
	anc  []set // with itself
	desc []set // with itself
}

// newDag reads the dependencies among at most MaxClusterCount transactions.
func newDag(list []*Entry) *dag {
	n := len(list)
	txs := slices.Clone(list)
	slices.SortFunc(txs, compareID)
	at := make(map[chainhash.Hash]int, n)
	for i, e := range txs {
		at[e.Tx.ID()] = i
	}
	parents := make([]set, n)
	for i, e := range txs {
		for _, in := range e.Tx.Msg.TxIn {
			if p, ok := at[in.PreviousOutPoint.Hash]; ok {
				parents[i] |= 1 << uint(p)
			}
		}
	}
	d := &dag{make([]*Entry, 0, n), make([]Frac, 0, n), make([]set, 0, n), make([]set, n)}
	place := make([]int, n) // of txs[i] in d
	for placed := set(0); len(d.txs) < n; {
		for i, e := range txs {
			if placed.has(i) || parents[i]&^placed != 0 {
				continue
			}
			placed |= 1 << uint(i)
			place[i] = len(d.txs)
			anc := set(1) << uint(place[i])
			parents[i].each(func(p int) { anc |= d.anc[place[p]] })
			d.txs, d.frac, d.anc = append(d.txs, e), append(d.frac, e.frac()), append(d.anc, anc)
		}
	}
	for i := range d.anc {
		d.anc[i].each(func(a int) { d.desc[a] |= 1 << uint(i) })
	}
	return d
}

func compareID(a, b *Entry) int {
	x, y := a.Tx.ID(), b.Tx.ID()
	return bytes.Compare(x[:], y[:])
}

// Chunk is a run of a cluster's order that is mined as one: its later
// transactions pay for the earlier ones. Its Frac counts fees with deltas, and
// adjusted weight units.
type Chunk struct {
	Txs []*Entry
	Frac
}

// linearize orders a cluster as a miner would take it, parents first, and
// cuts the order into chunks of falling fee rate. It takes the best ancestor
// set again and again, then improves the order in two passes; the result is
// the best there is where the dependencies form a tree, and good elsewhere.
// (Core 31 searches for the best order of any cluster.)
func linearize(list []*Entry) []Chunk {
	if len(list) == 1 {
		return []Chunk{{slices.Clone(list), list[0].frac()}}
	}
	d := newDag(list)
	order := d.byAncestorRate()
	order = d.improve(order, true)
	order = d.improve(order, false)
	return d.chunks(order)
}

// byAncestorRate repeatedly takes the transaction whose remaining ancestors
// and itself pay the highest rate, with them. Equal rates go by position.
func (d *dag) byAncestorRate() []int {
	n := len(d.txs)
	sums := make([]Frac, n) // of the remaining ancestors and itself
	for i := range sums {
		d.anc[i].each(func(a int) { sums[i] = sums[i].plus(d.frac[a]) })
	}
	order := make([]int, 0, n)
	for rest := ^set(0) >> uint(MaxClusterCount-n); rest != 0; {
		best := -1
		rest.each(func(i int) {
			if best < 0 || sums[i].Compare(sums[best]) > 0 {
				best = i
			}
		})
		taken := d.anc[best] & rest
		rest &^= taken
		taken.each(func(a int) {
			order = append(order, a)
			(d.desc[a] & rest).each(func(i int) { sums[i] = sums[i].minus(d.frac[a]) })
		})
	}
	return order
}

// group is a run of transactions that improve moves as one.
type group struct {
	items   []int
	members set
	needs   set // what a member depends on
	frac    Frac
}

// improve is one pass of Core's PostLinearize (cluster_linearize.h). Each
// transaction moves over earlier groups that pay less; one that depends on
// such a group joins it. Backwards, the same is done from the end with the
// roles of parents and children, and of high and low rates, exchanged.
func (d *dag) improve(order []int, backwards bool) []int {
	needs := d.anc
	if backwards {
		needs = d.desc
		slices.Reverse(order)
	}
	groups := make([]group, 0, len(order))
	for _, i := range order {
		g := group{[]int{i}, 1 << uint(i), needs[i], d.frac[i]}
		if backwards {
			g.frac.Fee = -g.frac.Fee
		}
		at := len(groups)
		for at > 0 && g.frac.Compare(groups[at-1].frac) > 0 {
			at--
			if p := groups[at]; g.needs&p.members != 0 {
				g = group{append(p.items, g.items...), p.members | g.members, p.needs | g.needs, p.frac.plus(g.frac)}
				groups = slices.Delete(groups, at, at+1)
			}
		}
		groups = slices.Insert(groups, at, g)
	}
	order = order[:0]
	for _, g := range groups {
		order = append(order, g.items...)
	}
	if backwards {
		slices.Reverse(order)
	}
	return order
}

// chunks merges a run with the one before it as long as it pays more.
func (d *dag) chunks(order []int) []Chunk {
	var list []Chunk
	for _, i := range order {
		c := Chunk{[]*Entry{d.txs[i]}, d.frac[i]}
		for len(list) > 0 && c.Compare(list[len(list)-1].Frac) > 0 {
			last := list[len(list)-1]
			c = Chunk{append(last.Txs, c.Txs...), last.plus(c.Frac)}
			list = list[:len(list)-1]
		}
		list = append(list, c)
	}
	return list
}
