package chain

import (
	"errors"
	"fmt"

	"orrery/core/consensus"
)

// Step is what Advance did: it moved the tip by one block, or refused one.
type Step struct {
	Connected    *Node // the new tip, or nil
	Disconnected *Node // the former tip, or nil
	Block        *consensus.Block
	Spent        []consensus.Coin // what Block spends, in order
	Refused      *Node            // the block whose connection failed, or nil
	Err          *consensus.RuleError
}

// Advance moves the tip by at most one block towards the branch with the most
// work, and reports whether it did anything: if so, call it again. A block
// whose connection fails is marked; the next calls lead back to the best of
// what is left. Any error is a fault of this node, never of a block.
func (c *Chain) Advance() (Step, bool, error) {
	tip, goal := c.Tip(), c.goal()
	if goal == tip {
		c.home, c.refuge = tip, nil
		c.arrive()
		c.candidates = c.candidates[:0]
		return Step{}, false, nil
	}
	if goal.Ancestor(tip.Height) != tip {
		return c.disconnectTip()
	}
	return c.connect(goal.Ancestor(tip.Height + 1))
}

// goal is the valid block with the most work; among equals the first seen.
func (c *Chain) goal() *Node {
	best := c.lastGood()
	for _, n := range c.candidates {
		if n.s.failed {
			continue
		}
		switch n.Work.Cmp(&best.Work) {
		case 1:
			best = n
		case 0:
			if n.s.arrival < best.s.arrival {
				best = n
			}
		}
	}
	return best
}

// lastGood is the nearest good block at or below home. It is looked for once,
// not for each block: a deep reorg would take the square of its depth.
func (c *Chain) lastGood() *Node {
	if c.refuge == nil {
		c.refuge = c.home
		for c.refuge.s.failed {
			c.refuge = c.refuge.Parent // genesis never fails
		}
	}
	return c.refuge
}

func (c *Chain) disconnectTip() (Step, bool, error) {
	c.leave()
	tip := c.Tip()
	b, err := c.Block(tip)
	if err != nil {
		return Step{}, false, fmt.Errorf("block %v at height %d: %w", tip.Hash, tip.Height, err)
	}
	spent, err := c.cfg.Store.Undo(tip.Seq)
	if err != nil {
		return Step{}, false, fmt.Errorf("undo data of block %v at height %d: %w", tip.Hash, tip.Height, err)
	}
	if want := spends(b); len(spent) != want {
		return Step{}, false, fmt.Errorf("%w: undo data of block %v has %d coins, not %d", ErrCorrupt, tip.Hash, len(spent), want)
	}
	changes := consensus.Disconnect(b, spent)
	c.coins.apply(changes)
	c.batch.Coins = append(c.batch.Coins, changes...)
	c.setTip(tip.Parent)
	return Step{Disconnected: tip, Block: b, Spent: spent}, true, nil
}

func spends(b *consensus.Block) int {
	n := 0
	for _, t := range b.Txs[1:] {
		n += len(t.Msg.TxIn)
	}
	return n
}

func (c *Chain) connect(n *Node) (Step, bool, error) {
	b, err := c.Block(n)
	if err != nil {
		return Step{}, false, fmt.Errorf("block %v at height %d: %w", n.Hash, n.Height, err)
	}
	res, subsidy, err := c.check(n, b)
	var broken *consensus.RuleError
	if errors.As(err, &broken) {
		c.fail(n, Failed, broken.RejectWord())
		return Step{Refused: n, Block: b, Err: broken}, true, nil
	}
	if err != nil {
		return Step{}, false, err
	}
	c.coins.apply(res.Changes)
	c.batch.Coins = append(c.batch.Coins, res.Changes...)
	if n.s.status&Connected == 0 {
		n.s.status |= Connected
		n.s.issued = n.Parent.s.issued + subsidy
		c.batch.Undos = append(c.batch.Undos, Undo{n.Seq, res.Spent})
		c.changed(n)
	}
	for i, t := range b.Txs {
		c.batch.Txs = append(c.batch.Txs, TxRef{t.ID(), TxPos{n.Seq, uint32(i)}})
	}
	c.ahead.take(n.Seq)
	if c.recent.get(n.Seq) == nil {
		c.recent.put(n.Seq, b)
	}
	c.setTip(n)
	return Step{Connected: n, Block: b, Spent: res.Spent}, true, nil
}

// check applies every rule that needs the coins. Scripts of a block that was
// connected before are known to hold.
func (c *Chain) check(n *Node, b *consensus.Block) (*consensus.ConnectResult, int64, error) {
	subsidy, err := c.NextSubsidy(n.Parent)
	if err != nil {
		return nil, 0, err
	}
	res, err := consensus.Connect(consensus.ConnectInput{
		Block: b, Height: n.Height, ParentMedianTime: n.Parent.MedianTime, Subsidy: subsidy, Coins: c.coins,
		MedianTimeAt: func(h int32) int64 { return n.Ancestor(h).MedianTime },
	}, c.cfg.Params)
	if err != nil {
		return nil, 0, err
	}
	if n.s.status&Connected == 0 && len(res.Checks) > 0 {
		if err := c.cfg.Verifier.Verify(res.Checks); err != nil {
			var e *consensus.RuleError
			if errors.As(err, &e) {
				e.TxIndex++ // the coinbase has no check
			}
			return nil, 0, err
		}
	}
	return res, subsidy, nil
}

// CheckNext applies all rules to a block that would follow the tip, without
// its proof of work and without storing it (BIP23 proposals, and our own
// templates in tests). now is our clock in seconds.
func (c *Chain) CheckNext(b *consensus.Block, now int64) error {
	tip := c.Tip()
	if b.Header.Prev != tip.Hash {
		return &consensus.RuleError{Kind: consensus.NotBestPrev, Detail: fmt.Sprintf("the parent is not the tip %v", tip.Hash), TxIndex: -1}
	}
	noWork := func(h hash, _ uint32, _ *bigInt) error { return nil }
	if err := consensus.CheckBlock(b, c.cfg.Params, noWork); err != nil {
		return err
	}
	bits, err := c.NextBits(tip)
	if err != nil {
		return err
	}
	if err := consensus.CheckHeaderInContext(&b.Header, consensus.HeaderContext{Bits: bits, MedianTime: tip.MedianTime, Now: now}, c.cfg.Params); err != nil {
		return err
	}
	if err := consensus.CheckBlockInContext(b, tip.Height+1, tip.MedianTime, c.cfg.Params); err != nil {
		return err
	}
	n := &Node{Hash: b.Hash(), Header: b.Header, Height: tip.Height + 1, Parent: tip}
	_, _, err = c.check(n, b)
	return err
}
