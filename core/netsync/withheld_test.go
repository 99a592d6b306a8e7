package netsync_test

import (
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// TestHeadersWithoutBlocks: somebody proves more work and keeps the bodies.
// The best chain that can be had stays, and goes on.
func TestHeadersWithoutBlocks(t *testing.T) {
	for _, method := range []string{"silent", "lacks"} {
		t.Run(method, func(t *testing.T) {
			w, blocks, nodes := funded(t, "victim", "evil", "honest")
			victim, evil, honest := nodes[0], nodes[1], nodes[2]
			secret := w.Chain("s", blocks[10], 30)
			evil.give(secret...)
			evil.answer = silent("peer.blocks")
			if method == "lacks" {
				evil.answer = func(r protocol.Request) (protocol.Response, bool) {
					_, mine := r.(*protocol.GetBlocks)
					return &protocol.Blocks{}, mine
				}
			}
			evil.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Headers: headersOf(secret[29:])}})
			w.pass(second)
			tip := blocks[20]
			for i := range 5 {
				tip = w.Block(fmt.Sprint("h", i), tip)
				honest.mute = func(protocol.Notice) bool { return true }
				honest.give(tip)
				honest.mute = nil
				honest.perform(protocol.Tell{Peer: 2, Notice: &protocol.Announce{Headers: []consensus.Header{tip.Header}}})
				w.agree(3*second, tip, victim)
			}
		})
	}
}

// TestBranchWithoutBodies: a joiner meets somebody first who has the headers of
// more work, and keeps the bodies. It gets the honest chain all the same.
func TestBranchWithoutBodies(t *testing.T) {
	for _, method := range []string{"silent", "lacks"} {
		t.Run(method, func(t *testing.T) {
			w := newWorld(t, chaintest.NewMaker(100))
			joiner, evil, honest := w.node("joiner"), w.node("evil"), w.node("honest")
			blocks := w.Chain("h", w.Genesis(), 4100)
			honest.give(blocks...)
			evil.give(w.Chain("s", w.Genesis(), 4500)...)
			evil.answer = silent("peer.blocks")
			if method == "lacks" {
				evil.answer = func(r protocol.Request) (protocol.Response, bool) {
					_, mine := r.(*protocol.GetBlocks)
					return &protocol.Blocks{}, mine
				}
			}
			w.connect(joiner, evil)
			w.connect(joiner, honest)
			w.agree(30*second, blocks[4099], joiner)
		})
	}
}

// TestIndexIsBounded: of a long branch whose bodies do not come, 2,000 headers
// are filed.
func TestIndexIsBounded(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	victim, evil := w.node("victim"), w.node("evil")
	evil.give(w.Chain("s", w.Genesis(), 4100)...)
	evil.answer = silent("peer.blocks")
	w.connect(victim, evil)
	w.pass(50 * second)
	victim.publish()
	if n := victim.view.Headers(); n != 2001 {
		t.Errorf("%d headers were filed, want 2001", n)
	}
}

// TestWindow: while the first body is missing, none beyond the window is asked
// for.
func TestWindow(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	blocks := append([]*chaintest.Block{w.Genesis()}, w.Chain("a", w.Genesis(), 2000)...)
	height := map[chainhash.Hash]int32{}
	for _, b := range blocks {
		height[b.Hash()] = b.Height
	}
	joiner, full := w.node("joiner"), w.node("full")
	full.give(blocks[1:]...)
	full.answer = func(r protocol.Request) (protocol.Response, bool) {
		get, ok := r.(*protocol.GetBlocks)
		return nil, ok && height[get.Hashes[0]] == 1
	}
	top := int32(0)
	joiner.spy = func(e protocol.Effect) {
		if ask, ok := e.(protocol.Ask); ok {
			if get, ok := ask.Request.(*protocol.GetBlocks); ok {
				top = max(top, height[get.Hashes[len(get.Hashes)-1]])
			}
		}
	}
	w.delay = ms / 10
	w.connect(joiner, full)
	w.pass(1900 * ms)
	if top != 1024 {
		t.Errorf("bodies up to height %d were asked for, want 1024", top)
	}
}

// TestTipIsToldAllTheSame: somebody announces a better tip and keeps it back,
// again and again; the others learn of the tip that we have.
func TestTipIsToldAllTheSame(t *testing.T) {
	w, blocks, nodes := funded(t, "victim", "evil", "behind")
	victim, evil, behind := nodes[0], nodes[1], nodes[2]
	secret := w.Chain("s", blocks[20], 30)
	last := protocol.Tell{Peer: 1, Notice: &protocol.Announce{Headers: headersOf(secret[22:])}}
	evil.mute = func(protocol.Notice) bool { return true }
	evil.give(secret...)
	evil.mute = nil
	evil.answer = func(r protocol.Request) (protocol.Response, bool) {
		_, mine := r.(*protocol.GetBlocks)
		if mine {
			w.after(1500*ms, func() { // before it is late
				for call, asked := range victim.asked {
					if _, ok := asked.(*protocol.GetBlocks); ok {
						evil.respond(1, call, &protocol.Blocks{}, nil)
					}
				}
				evil.perform(last)
			})
		}
		return nil, mine
	}
	evil.perform(last)
	w.pass(200 * ms)
	tip := blocks[20]
	for i := range 5 {
		tip = w.Block(fmt.Sprint("h", i), tip)
		victim.give(tip)
		w.agree(second+4*w.delay, tip, behind)
	}
}
