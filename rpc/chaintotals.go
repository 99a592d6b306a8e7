package rpc

import (
	"sync"

	"orrery/core/chain"
	"orrery/core/node"
)

// chainTotals knows sums over the best chain up to each height. It follows the
// chain when it is asked, so that a call costs what is new.
type chainTotals struct {
	mu     sync.Mutex
	nodes  []*chain.Node
	totals []chainTotal
}

// chainTotal sums the blocks from genesis on.
type chainTotal struct {
	Size int64 // bytes of bodies
	Txs  int64
}

// at returns the totals up to a height of v's best chain.
func (c *chainTotals) at(v *node.View, height int32) chainTotal {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := min(len(c.nodes), int(v.Tip.Height)+1)
	for known > 0 && c.nodes[known-1] != v.At(int32(known-1)) {
		known--
	}
	if int(height) >= known {
		c.nodes, c.totals = c.nodes[:known], c.totals[:known]
	}
	for h := known; h <= int(height); h++ {
		n := v.At(int32(h))
		var sum chainTotal
		if h > 0 {
			sum = c.totals[h-1]
		}
		if r, ok := v.Lookup(&n.Hash); ok {
			sum.Size += int64(r.Size)
			sum.Txs += int64(r.TxN)
		}
		c.nodes, c.totals = append(c.nodes, n), append(c.totals, sum)
	}
	return c.totals[height]
}
