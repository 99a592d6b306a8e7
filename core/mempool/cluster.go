package mempool

import (
	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// MaxClusterWeight is what the transactions of a cluster may weigh together,
// in adjusted weight units: 101,000 virtual bytes (Core:
// DEFAULT_CLUSTER_SIZE_LIMIT_KVB).
const MaxClusterWeight = 101_000 * consensus.WitnessScale

// cluster is a set of transactions that hang together, in the order in which
// a miner would take them.
type cluster struct {
	chunks []Chunk // never empty
	count  int
	weight int64 // adjusted
	index  int   // in Pool.worst
	listed bool  // while clustersOf runs
}

// node is what the pool's owner keeps of an entry beside the view.
type node struct {
	entry   *Entry
	cluster *cluster
	index   int // in Pool.oldest
}

func (c *cluster) entries() []*Entry {
	list := make([]*Entry, 0, c.count)
	for _, ch := range c.chunks {
		list = append(list, ch.Txs...)
	}
	return list
}

// last is the chunk that a miner takes last, and eviction first. Nothing
// depends on it.
func (c *cluster) last() *Chunk { return &c.chunks[len(c.chunks)-1] }

// worse orders clusters for eviction; equal rates go by txid.
func worse(a, b *cluster) bool {
	x, y := a.last(), b.last()
	if c := x.Compare(y.Frac); c != 0 {
		return c < 0
	}
	return compareID(x.Txs[0], y.Txs[0]) > 0
}

// within reports whether transactions may form one cluster.
func within(list []*Entry) bool {
	if len(list) > MaxClusterCount {
		return false
	}
	var weight int64
	for _, e := range list {
		weight += e.AdjustedWeight
	}
	return weight <= MaxClusterWeight
}

// clustersOf lists the clusters of entries, each once, in their order.
func (p *Pool) clustersOf(entries []*Entry) []*cluster {
	var list []*cluster
	for _, e := range entries {
		if c := p.nodes[e.Tx.ID()].cluster; !c.listed {
			c.listed = true
			list = append(list, c)
		}
	}
	for _, c := range list {
		c.listed = false
	}
	return list
}

// setCluster makes one cluster of entries that are in the pool. Their former
// clusters must have been dropped.
func (p *Pool) setCluster(entries []*Entry) {
	c := &cluster{chunks: linearize(entries), count: len(entries)}
	for _, e := range entries {
		c.weight += e.AdjustedWeight
		p.nodes[e.Tx.ID()].cluster = c
	}
	p.worst.push(c)
}

// split divides entries into those that hang together by spending from each
// other, in the order of their first members.
func split(entries []*Entry) [][]*Entry {
	if len(entries) <= 1 {
		return [][]*Entry{entries}[:len(entries)]
	}
	at := make(map[chainhash.Hash]int, len(entries))
	for i, e := range entries {
		at[e.Tx.ID()] = i
	}
	root := make([]int, len(entries)) // union-find; a root is its set's lowest index
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for i, e := range entries {
		for _, in := range e.Tx.Msg.TxIn {
			if j, ok := at[in.PreviousOutPoint.Hash]; ok {
				a, b := find(i), find(j)
				root[max(a, b)] = min(a, b)
			}
		}
	}
	var parts [][]*Entry
	part := make([]int, len(entries)) // of a root: its index in parts
	for i, e := range entries {
		r := find(i)
		if r == i {
			part[i] = len(parts)
			parts = append(parts, nil)
		}
		parts[part[r]] = append(parts[part[r]], e)
	}
	return parts
}
