package chain

import (
	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/internal/pmap"
)

// Record is what a reader learns of a block.
type Record struct {
	*Node
	Status Status
	Failed bool // this block or an ancestor is Failed or Revoked
	Linked bool // the bodies of this block and all ancestors are stored
	TxN    uint32
	Size   uint32 // bytes
	Issued int64  // satoshi; only when Connected
	Reason string // why it failed: Core's reject word
}

// View is the block tree and the best chain at one moment. It never changes
// and is safe for concurrent use.
type View struct {
	Params *consensus.Params
	Tip    *Node
	Header *Node // the header with the most work against which nothing is known
	// Failures are the last times that consensus scripts failed, one a hook,
	// the newest last.
	Failures []*PolicyFailure

	best    []*Node // by height
	records pmap.Map[*Record]
	recent  blockRing
}

// Lookup finds a header by its hash.
func (v *View) Lookup(hash *chainhash.Hash) (*Record, bool) { return v.records.Get(hash) }

// At returns the block of the best chain at a height, or nil.
func (v *View) At(height int32) *Node {
	if height < 0 || int(height) >= len(v.best) {
		return nil
	}
	return v.best[height]
}

// Contains reports whether n is on the best chain.
func (v *View) Contains(n *Node) bool { return v.At(n.Height) == n }

// Next returns the block of the best chain after n, or nil.
func (v *View) Next(n *Node) *Node {
	if !v.Contains(n) {
		return nil
	}
	return v.At(n.Height + 1)
}

// RecentBlock returns the body of a block that came lately, or nil: what
// followers ask for next need not be read from the store.
func (v *View) RecentBlock(n *Node) *consensus.Block { return v.recent.get(n.Seq) }

// ForkPoint returns the last ancestor of n that is on the best chain.
func (v *View) ForkPoint(n *Node) *Node { return forkPoint(n, v.Tip) }

// Headers is the number of known headers.
func (v *View) Headers() int { return v.records.Len() }

// Each yields all headers in the order of their hashes.
func (v *View) Each(yield func(*Record) bool) {
	for _, r := range v.records.All() {
		if !yield(r) {
			return
		}
	}
}

// Tips returns the ends of all branches, the best chain's included, in the
// order of their hashes.
func (v *View) Tips() []*Record {
	var hasChild pmap.Map[struct{}]
	v.Each(func(r *Record) bool {
		if p := r.Parent; p != nil && !v.Contains(p) {
			hasChild = hasChild.Set(&p.Hash, struct{}{})
		}
		return true
	})
	var tips []*Record
	v.Each(func(r *Record) bool {
		if _, inner := hasChild.Get(&r.Hash); !inner && (r.Node == v.Tip || !v.Contains(r.Node)) {
			tips = append(tips, r)
		}
		return true
	})
	return tips
}
