package node_test

import (
	"errors"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
)

// TestStopWhileOpening: whoever ends the program while it finishes a reorg that
// a crash had cut need not wait for that: the next start goes on.
func TestStopWhileOpening(t *testing.T) {
	const depth = 20
	d := newDriver(t, chaintest.NewMaker(100))
	blocks := d.Chain("a", d.Genesis(), depth)
	for _, b := range blocks {
		d.mustSubmit(b)
	}
	from := len(d.store.Batches)
	d.step(node.Invalidate{ID: d.id(), Hash: blocks[0].Hash()})
	d.rest()
	whole := d.store
	stops := 0
	for stopped := true; stopped; stops++ {
		d.store = whole.Prefix(from + depth/2)
		cfg, asked := d.config(), 0
		cfg.Chain.Stop = func() bool { asked++; return asked > stops }
		_, err := node.Open(cfg, d.now*second)
		stopped = errors.Is(err, consensus.ErrStopped)
		if err != nil && !stopped {
			t.Fatal(err)
		}
		if stopped && asked != stops+1 {
			t.Fatalf("it went on after it was stopped")
		}
		d.open()
		if h := d.view().Tip.Height; h != 0 {
			t.Fatalf("after stop %d the tip is at height %d", stops, h)
		}
	}
	if stops < depth { // it reads what was left already, and then leaves the rest
		t.Errorf("it can be stopped at %d places only", stops)
	}
}
