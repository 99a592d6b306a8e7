package chain

import (
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

type (
	hash   = chainhash.Hash
	bigInt = uint256.Int
)

// ErrUnknownBlock says that no such header is in the tree.
var ErrUnknownBlock = errors.New("Block not found")

// ErrGenesis refuses to revoke the genesis block.
var ErrGenesis = errors.New("the genesis block cannot be invalid")

// Invalidate declares a block and its descendants invalid by a person's word
// (invalidateblock). Advance then leads to the best of the rest.
func (c *Chain) Invalidate(h chainhash.Hash) error {
	n := c.nodes[h]
	if n == nil {
		return ErrUnknownBlock
	}
	if n.Parent == nil {
		return ErrGenesis
	}
	c.fail(n, Revoked, "")
	return nil
}

// Reconsider takes back what was found against a block, its ancestors and its
// descendants (reconsiderblock): they are checked again when their turn comes.
func (c *Chain) Reconsider(h chainhash.Hash) error {
	n := c.nodes[h]
	if n == nil {
		return ErrUnknownBlock
	}
	top := n
	c.refuge = nil
	for p := n; p != nil; p = p.Parent {
		if c.clear(p) {
			top = p
		}
	}
	// Descendants of n are cleared of their own faults; those of its ancestors
	// on other branches only inherit the better word.
	c.eachBelow(n, func(d *Node) { c.clear(d) })
	c.eachBelow(top, func(d *Node) {
		d.s.failed = d.s.status&(Failed|Revoked) != 0 || d.Parent != nil && d.Parent.s.failed
		c.publish(d)
	})
	c.headers = newHeaders(c.bySeq)
	c.findCandidates()
	return nil
}

// clear removes a node's own fault and reports whether there was one.
func (c *Chain) clear(n *Node) bool {
	if n.s.status&(Failed|Revoked) == 0 {
		return false
	}
	n.s.status &^= Failed | Revoked
	n.s.reason = ""
	c.changed(n)
	return true
}

// fail marks a block, and with it all that builds on it. Unless the chain stands
// on it, that costs no more than what it marks: bad blocks are cheap to make.
func (c *Chain) fail(n *Node, how Status, reason string) {
	base := c.lastGood()
	n.s.status |= how
	if reason != "" {
		n.s.reason = reason
	}
	c.batch.touch(n)
	c.eachBelow(n, func(d *Node) {
		d.s.failed = true
		c.publish(d)
	})
	c.headers.tidy()
	if base.s.failed {
		c.refuge = nil
		c.findCandidates()
	} else if n.Parent.s.linked {
		c.candidates = append(c.candidates, n.Parent) // the end of what is left of its branch
	}
}

// eachBelow visits n and its descendants, parents first.
func (c *Chain) eachBelow(n *Node, visit func(*Node)) {
	queue := []*Node{n}
	for len(queue) > 0 {
		n, queue = queue[len(queue)-1], queue[:len(queue)-1]
		visit(n)
		queue = append(queue, n.s.children...)
	}
}

// findCandidates collects the ends of all good, complete branches anew. It looks
// at every header, so it is for the rare moments when the branch of the tip
// falls, or a person changes his mind.
func (c *Chain) findCandidates() {
	c.candidates = c.candidates[:0]
	for _, n := range c.bySeq {
		if n.s.linked && !n.s.failed && !hasGoodChild(n) {
			c.candidates = append(c.candidates, n)
		}
	}
}

func hasGoodChild(n *Node) bool {
	for _, child := range n.s.children {
		if child.s.linked && !child.s.failed {
			return true
		}
	}
	return false
}
