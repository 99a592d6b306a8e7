package chain

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// medianSpan is over how many blocks the median time is taken (Core:
// CBlockIndex::nMedianTimeSpan).
const medianSpan = 11

// Node is a header in the block tree. What it exports never changes, so nodes
// are shared freely with readers.
type Node struct {
	Hash       chainhash.Hash
	Header     consensus.Header
	Height     int32
	Seq        uint64      // see Entry
	Work       uint256.Int // of the branch from genesis to here
	MedianTime int64       // seconds: median of the 11 blocks that end here
	Parent     *Node       // nil for genesis

	skip *Node // an ancestor further back, so that Ancestor needs O(log n) steps
	s    state
}

// state is what changes; only the Chain that owns the tree touches it.
type state struct {
	status   Status
	txN      uint32
	size     uint32
	issued   int64
	reason   string
	linked   bool   // this and all ancestors have their bodies
	failed   bool   // this or an ancestor is Failed or Revoked
	arrival  uint64 // order in which branches became whole: ties go to the first seen
	children []*Node

	// Memos of the policies' results for a child.
	nextBits         uint32
	nextBitsKnown    bool
	nextSubsidy      int64
	nextSubsidyKnown bool
}

func newNode(seq uint64, h consensus.Header, parent *Node) *Node {
	n := &Node{Hash: h.Hash(), Header: h, Seq: seq, Parent: parent, Work: consensus.Work(h.Bits)}
	if parent != nil {
		n.Height = parent.Height + 1
		n.Work.Add(&n.Work, &parent.Work)
		n.skip = parent.Ancestor(skipHeight(n.Height))
		parent.s.children = append(parent.s.children, n)
	}
	n.MedianTime = medianTime(n)
	return n
}

func medianTime(n *Node) int64 {
	var times [medianSpan]int64
	k := 0
	for ; n != nil && k < medianSpan; n = n.Parent {
		times[k] = int64(n.Header.Time)
		k++
	}
	slices.Sort(times[:k])
	return times[k/2]
}

// skipHeight is Core's GetSkipHeight: the heights differ from each other so
// that any ancestor is a few skips away.
func skipHeight(height int32) int32 {
	if height < 2 {
		return 0
	}
	if height&1 == 1 {
		return invertLowestOne(invertLowestOne(height-1)) + 1
	}
	return invertLowestOne(height)
}

func invertLowestOne(n int32) int32 { return n & (n - 1) }

// Ancestor returns the ancestor at a height from 0 to n.Height, n itself
// included, and nil for other heights.
func (n *Node) Ancestor(height int32) *Node {
	if n == nil || height < 0 || height > n.Height {
		return nil
	}
	for n.Height > height {
		skip, prev := skipHeight(n.Height), skipHeight(n.Height-1)
		// Follow the skip unless the parent's would come nearer (Core's rule).
		if n.skip != nil && (skip == height || skip > height && !(prev < skip-2 && prev >= height)) {
			n = n.skip
		} else {
			n = n.Parent
		}
	}
	return n
}

// forkPoint is the last common ancestor of two nodes of one tree.
func forkPoint(a, b *Node) *Node {
	if a.Height > b.Height {
		a = a.Ancestor(b.Height)
	} else {
		b = b.Ancestor(a.Height)
	}
	for a != b {
		if a.skip != b.skip && a.skip != nil && b.skip != nil && a.skip.Height == b.skip.Height {
			a, b = a.skip, b.skip
			continue
		}
		a, b = a.Parent, b.Parent
	}
	return a
}

// entry is what the store keeps of the node.
func (n *Node) entry() Entry {
	return Entry{Seq: n.Seq, Header: n.Header, Status: n.s.status, TxN: n.s.txN, Size: n.s.size, Issued: n.s.issued, Reason: n.s.reason}
}
