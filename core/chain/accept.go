package chain

import (
	"errors"
	"fmt"

	"orrery/core/consensus"
	"orrery/core/policy"
)

// ErrKnown says that a block's body is stored already and nothing is known
// against it.
var ErrKnown = errors.New("duplicate")

// AcceptHeader checks a header and files it in the tree. now is our clock in
// seconds. It returns the node of a header that is known already. The error
// is a *consensus.RuleError, or a fault of this node.
func (c *Chain) AcceptHeader(h consensus.Header, now int64) (*Node, error) {
	hash := h.Hash()
	if n := c.nodes[hash]; n != nil {
		if n.s.failed {
			return nil, invalidBefore(n)
		}
		return n, nil
	}
	if err := c.checkWork(&h); err != nil {
		return nil, err
	}
	parent := c.nodes[h.Prev]
	if parent == nil {
		return nil, &consensus.RuleError{Kind: consensus.PrevNotFound, Detail: fmt.Sprintf("the parent %v is not known", h.Prev), TxIndex: -1}
	}
	if parent.s.failed {
		return nil, &consensus.RuleError{Kind: consensus.BadPrev, Detail: fmt.Sprintf("the parent %v is invalid", h.Prev), TxIndex: -1}
	}
	bits, err := c.NextBits(parent)
	if err != nil {
		return nil, err
	}
	if err := consensus.CheckHeaderInContext(&h, consensus.HeaderContext{Bits: bits, MedianTime: parent.MedianTime, Now: now}, c.cfg.Params); err != nil {
		return nil, err
	}
	n := c.addNode(h, parent)
	c.headers.add(n)
	c.changed(n)
	return n, nil
}

func (c *Chain) checkWork(h *consensus.Header) error {
	check := c.cfg.CheckWork
	if check == nil {
		check = consensus.CheckProofOfWork
	}
	return check(h.Hash(), h.Bits, &c.cfg.Params.PowLimit)
}

func invalidBefore(n *Node) error {
	why := n.s.reason
	switch {
	case why != "":
	case n.s.status&Revoked != 0:
		why = "it was declared invalid"
	default:
		why = "it builds on an invalid block"
	}
	return &consensus.RuleError{Kind: consensus.AlreadyInvalid, Detail: "this block was refused before: " + why, TxIndex: -1}
}

// AcceptBlock checks a block as far as it can be checked without connecting
// it, and stores it. now is our clock in seconds. The error is ErrKnown, a
// *consensus.RuleError, or a fault of this node.
func (c *Chain) AcceptBlock(b *consensus.Block, now int64) (*Node, error) {
	// What fails here says nothing against the hash, as in Core: nobody knows
	// all the ways to forge a body for an honest header. It comes first, so
	// that a forged copy of a known block is named as what it is.
	if err := consensus.CheckBlock(b, c.cfg.Params, c.cfg.CheckWork); err != nil {
		return nil, err
	}
	if n := c.nodes[b.Hash()]; n != nil && n.s.status&HaveBody != 0 {
		if n.s.failed {
			return n, invalidBefore(n)
		}
		return n, ErrKnown
	}
	n, err := c.AcceptHeader(b.Header, now)
	if err != nil {
		return nil, err
	}
	if err := consensus.CheckBlockInContext(b, n.Height, n.Parent.MedianTime, c.cfg.Params); err != nil {
		var e *consensus.RuleError
		if errors.As(err, &e) && e.Kind.Permanent() {
			c.fail(n, Failed, e.RejectWord())
		}
		return n, err
	}
	n.s.status |= HaveBody
	n.s.txN, n.s.size = uint32(len(b.Txs)), uint32(b.Size())
	c.batch.Bodies = append(c.batch.Bodies, Body{n.Seq, b})
	if n.Parent == c.Tip() {
		c.recent.put(n.Seq, b)
	} else {
		c.ahead.put(n.Seq, b)
	}
	c.changed(n)
	if n.Parent.s.linked {
		c.link(n)
	}
	return n, nil
}

// link marks n and every descendant that only waited for it as complete.
func (c *Chain) link(n *Node) {
	queue := []*Node{n}
	for len(queue) > 0 {
		n, queue = queue[0], queue[1:]
		n.s.linked = true
		c.arrivals++
		n.s.arrival = c.arrivals
		c.publish(n)
		end := !n.s.failed
		for _, child := range n.s.children {
			if child.s.status&HaveBody != 0 {
				queue = append(queue, child)
				end = end && child.s.failed
			}
		}
		if end { // only ends are looked at in each Advance
			c.candidates = append(c.candidates, n)
		}
	}
}

// NextBits is the compact target that the difficulty policy asks of a child
// of parent. A script's own failure gives the fallback; any other error says
// that this node cannot tell.
func (c *Chain) NextBits(parent *Node) (uint32, error) {
	if parent.s.nextBitsKnown {
		return parent.s.nextBits, nil
	}
	bits, failed, err := policy.NextTarget(c.cfg.Rules, AncestorsOf(parent, 1), &c.cfg.Params.PowLimit)
	if err != nil {
		return 0, err
	}
	c.noteFailure(parent.Height+1, failed)
	parent.s.nextBits, parent.s.nextBitsKnown = bits, true
	return bits, nil
}

// NextSubsidy is the most satoshi that the reward policy lets a child of
// parent create, which must have been connected.
func (c *Chain) NextSubsidy(parent *Node) (int64, error) {
	if parent.s.nextSubsidyKnown {
		return parent.s.nextSubsidy, nil
	}
	in := policy.Reward{Height: parent.Height + 1, ParentTime: int64(parent.Header.Time), Issued: parent.s.issued}
	sat, failed, err := policy.NextSubsidy(c.cfg.Rules, in, consensus.MaxMoney)
	if err != nil {
		return 0, err
	}
	c.noteFailure(parent.Height+1, failed)
	parent.s.nextSubsidy, parent.s.nextSubsidyKnown = sat, true
	return sat, nil
}

// noteFailure keeps the last failure of each hook. Views have the old list.
func (c *Chain) noteFailure(height int32, failed *policy.ScriptError) {
	if failed == nil {
		return
	}
	var list []*PolicyFailure
	for _, f := range c.failures {
		if f.Err.Hook != failed.Hook {
			list = append(list, f)
		}
	}
	c.failures = append(list, &PolicyFailure{height, failed})
}
