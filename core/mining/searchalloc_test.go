//go:build !race

package mining

import (
	"testing"

	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// TestSearchAllocations is not for the race detector, which allocates itself.
func TestSearchAllocations(t *testing.T) {
	var header [consensus.HeaderSize]byte
	target := uint256.NewInt(1)
	few := testing.AllocsPerRun(10, func() { Search(&header, target, 0, 1) })
	if many := testing.AllocsPerRun(10, func() { Search(&header, target, 0, 1000) }); many > few {
		t.Fatalf("%v allocations for 1,000 nonces, %v for one", many, few)
	}
}
