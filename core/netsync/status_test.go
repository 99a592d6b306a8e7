package netsync_test

import (
	"slices"
	"testing"

	"orrery/core/netsync"
)

// TestPeerStatus: who was asked for what, and who brought what.
func TestPeerStatus(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "b")
	a, b := nodes[0], nodes[1]
	c := w.node("c")
	at := w.connect(c, a)
	status := func() netsync.PeerStatus {
		if list := c.view.Net.Syncing; len(list) == 1 {
			return list[0]
		}
		return netsync.PeerStatus{}
	}
	w.run(second, func() bool { return len(status().InFlight) > 0 })
	s := status()
	if s.Peer != at || s.LowHeaders != -1 || s.LastTx != 0 || !slices.IsSorted(s.InFlight) || s.InFlight[0] < 1 || len(s.InFlight) > 16 {
		t.Errorf("while it syncs: %+v", s)
	}
	w.agree(second, blocks[20], c)
	w.pass(second)
	if s = status(); s.LastBlock == 0 || s.LastBlock > w.now-second/2 || len(s.InFlight) > 0 {
		t.Errorf("then, at %d: %+v", w.now, s)
	}
	tx := spend(blocks[1].Out(0, 0))
	b.send1(tx)
	w.run(60*second, func() bool { return c.has(tx.ID()) })
	w.pass(second)
	if s, last := status(), s; s.LastTx <= last.LastBlock || s.LastBlock != last.LastBlock {
		t.Errorf("after a transaction: %+v", s)
	}
}
