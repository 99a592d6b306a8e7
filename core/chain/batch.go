package chain

import (
	"cmp"
	"slices"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

type outPoint = wire.OutPoint

// batch collects the changes of a step. A step moves the tip by at most one
// block, so no coin occurs twice; entries may be touched often.
type batch struct {
	Batch
	touched []*Node
	isIn    map[*Node]bool
}

func (b *batch) touch(n *Node) {
	if b.isIn[n] {
		return
	}
	if b.isIn == nil {
		b.isIn = map[*Node]bool{}
	}
	b.isIn[n] = true
	b.touched = append(b.touched, n)
}

// Commit writes the changes since the last call, and extra with them, as one
// atomic batch.
func (c *Chain) Commit(extra []KV, durable bool) error {
	slices.SortFunc(c.batch.touched, func(a, b *Node) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, n := range c.batch.touched {
		c.batch.Entries = append(c.batch.Entries, n.entry())
	}
	c.batch.Meta = append(c.batch.Meta, extra...)
	if c.batch.Empty() {
		return nil
	}
	if err := c.cfg.Store.Commit(&c.batch.Batch, durable); err != nil {
		return err
	}
	c.batch = batch{}
	c.coins.committed()
	return nil
}

// Dirty reports whether there is something to commit.
func (c *Chain) Dirty() bool { return len(c.batch.touched) > 0 || !c.batch.Empty() }

// recentBlocks is how many bodies are kept at hand: what was just stored is
// mostly connected next, and what was just connected is what a reorg leaves.
const recentBlocks = 16

type blockRing struct {
	seqs   [recentBlocks]uint64
	blocks [recentBlocks]*consensus.Block
	next   int
}

func (r *blockRing) put(seq uint64, b *consensus.Block) {
	r.seqs[r.next], r.blocks[r.next] = seq, b
	r.next = (r.next + 1) % recentBlocks
}

func (r *blockRing) get(seq uint64) *consensus.Block {
	for i, s := range r.seqs {
		if s == seq && r.blocks[i] != nil {
			return r.blocks[i]
		}
	}
	return nil
}

// aheadBytes bounds the bodies that are kept because they came before their turn
// to be connected. Without them each would be read and parsed again.
const aheadBytes = 16 << 20

// aheadBlocks are those bodies, oldest first.
type aheadBlocks struct {
	of    map[uint64]*consensus.Block // by Seq
	order []uint64                    // may list what was taken
	size  int
}

func (a *aheadBlocks) put(seq uint64, b *consensus.Block) {
	if a.of == nil {
		a.of = map[uint64]*consensus.Block{}
	}
	a.of[seq] = b
	a.order = append(a.order, seq)
	a.size += b.Size()
	for a.size > aheadBytes {
		a.take(a.order[0])
		a.order = a.order[1:]
	}
	if len(a.order) > 2*len(a.of)+recentBlocks {
		a.order = slices.DeleteFunc(a.order, func(seq uint64) bool { return a.of[seq] == nil })
	}
}

// take gives up a body.
func (a *aheadBlocks) take(seq uint64) {
	if b := a.of[seq]; b != nil {
		a.size -= b.Size()
		delete(a.of, seq)
	}
}

// Block returns a stored body.
func (c *Chain) Block(n *Node) (*consensus.Block, error) {
	if b := c.recent.get(n.Seq); b != nil {
		return b, nil
	}
	if b := c.ahead.of[n.Seq]; b != nil {
		return b, nil
	}
	for _, b := range c.batch.Bodies {
		if b.Seq == n.Seq {
			return b.Block, nil
		}
	}
	return c.cfg.Store.Block(n.Seq)
}
