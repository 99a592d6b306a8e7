package chain

import (
	"testing"

	"orrery/core/consensus"
)

// TestGoalOfADeepReorg: each step asks for the goal, so the way down from the
// former tip must not be walked each time, and still be walked anew when the
// block where it ended falls.
func TestGoalOfADeepReorg(t *testing.T) {
	const depth = 100
	nodes := []*Node{newNode(0, consensus.Header{Bits: 0x207fffff}, nil)}
	for i := range depth {
		parent := nodes[i]
		nodes = append(nodes, newNode(uint64(i+1), consensus.Header{Prev: parent.Hash, Bits: 0x207fffff}, parent))
	}
	c := &Chain{bySeq: nodes, headers: newHeaders(nodes), home: nodes[depth]}
	for at := 2; at > 0; at-- {
		c.fail(nodes[at], Revoked, "")
		want := nodes[at-1]
		if got := c.goal(); got != want {
			t.Fatalf("the goal is at height %d, want %d", got.Height, want.Height)
		}
		c.home = nil // who walks again, falls
		if got := c.goal(); got != want {
			t.Fatalf("the goal is at height %d at the next step, want %d", got.Height, want.Height)
		}
		c.home = nodes[depth]
	}
}
