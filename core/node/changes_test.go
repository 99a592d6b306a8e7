package node_test

import (
	"errors"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/node"
)

// TestChanges draws
//
//	genesis ─ a1 ─ a2
//	       └─ b1 ─ b2 ─ b3
//
// A follower can be led back over blocks that were connected once, and over no
// others: of those there may be nothing but the header.
func TestChanges(t *testing.T) {
	m := chaintest.NewMaker(100)
	d := newDriver(t, m)
	a := m.Chain("a", m.Genesis(), 2)
	b := m.Chain("b", m.Genesis(), 3)
	for _, block := range []*chaintest.Block{a[0], a[1], b[0]} {
		_ = d.submit(block)
	}
	if _, _, err := d.view().Changes(b[0].Hash()); !errors.Is(err, node.ErrUnknownTip) {
		t.Errorf("from a block that was never connected: %v", err)
	}
	_ = d.submit(b[1])
	d.mustSubmit(b[2])
	reverts, applies, err := d.view().Changes(a[1].Hash())
	if err != nil || len(reverts) != 2 || reverts[0].Hash != a[1].Hash() || len(applies) != 3 || applies[2].Hash != b[2].Hash() {
		t.Errorf("from the branch that was left: %v, %v, %v", reverts, applies, err)
	}
}
