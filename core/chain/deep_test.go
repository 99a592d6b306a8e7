package chain

import (
	"testing"
	"time"

	"orrery/core/consensus"
)

// TestGoalOfADeepReorg: each step asks for the goal, so it must not be looked
// for from the former tip down each time. Walking would take minutes here.
func TestGoalOfADeepReorg(t *testing.T) {
	const depth, steps = 100_000, 1_000_000
	nodes := []*Node{newNode(0, consensus.Header{Bits: 0x207fffff}, nil)}
	for i := range depth {
		parent := nodes[i]
		nodes = append(nodes, newNode(uint64(i+1), consensus.Header{Prev: parent.Hash, Bits: 0x207fffff}, parent))
	}
	c := &Chain{bySeq: nodes, home: nodes[depth]}
	c.fail(nodes[2], Revoked, "")
	limit := time.Now().Add(20 * time.Second)
	for i := range steps {
		if got := c.goal(); got != nodes[1] {
			t.Fatalf("the goal is at height %d", got.Height)
		}
		if i%1000 == 0 && time.Now().After(limit) {
			t.Fatalf("%d steps of %d took too long", i, steps)
		}
	}
	c.fail(nodes[1], Revoked, "")
	if got := c.goal(); got != nodes[0] {
		t.Fatalf("the goal is at height %d after its block fell", got.Height)
	}
}
