package chain

import "orrery/core/policy"

// ancestors shows a branch to a policy.
type ancestors struct {
	parent *Node
	since  int32
}

var _ policy.Ancestors = ancestors{}

// AncestorsOf shows the branch that ends at parent to a policy. since is the
// first height of the unbroken run of the present script.
func AncestorsOf(parent *Node, since int32) policy.Ancestors { return ancestors{parent, since} }

func (a ancestors) Height() int32            { return a.parent.Height }
func (a ancestors) Since() int32             { return a.since }
func (a ancestors) Time(h int32) int64       { return int64(a.parent.Ancestor(h).Header.Time) }
func (a ancestors) Bits(h int32) uint32      { return a.parent.Ancestor(h).Header.Bits }
func (a ancestors) MedianTime(h int32) int64 { return a.parent.Ancestor(h).MedianTime }

func (a ancestors) Times(from, to int32, dst []int64) {
	n := a.parent.Ancestor(to)
	for i := to - from; i >= 0; i-- {
		dst[i] = int64(n.Header.Time)
		n = n.Parent
	}
}

func (a ancestors) BitsRange(from, to int32, dst []uint32) {
	n := a.parent.Ancestor(to)
	for i := to - from; i >= 0; i-- {
		dst[i] = n.Header.Bits
		n = n.Parent
	}
}
