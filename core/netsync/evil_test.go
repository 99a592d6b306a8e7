package netsync_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// silent keeps requests of some methods waiting for ever.
func silent(methods ...string) func(protocol.Request) (protocol.Response, bool) {
	return func(r protocol.Request) (protocol.Response, bool) {
		for _, m := range methods {
			if r.Method() == m {
				return nil, true
			}
		}
		return nil, false
	}
}

func headersOf(blocks []*chaintest.Block) []consensus.Header {
	var list []consensus.Header
	for _, b := range blocks {
		list = append(list, b.Header)
	}
	return list
}

func (r *rig) wantClosed(word string) {
	r.Helper()
	if len(r.closed) != 1 || !strings.Contains(r.closed[0], word) {
		r.Errorf("%s closed %q, want one connection for %q", r.name, r.closed, word)
	}
}

// TestBadHeaders: whoever answers with them is cut off, and nothing is kept.
func TestBadHeaders(t *testing.T) {
	m := chaintest.NewMaker(100)
	good := m.Chain("g", m.Genesis(), 5)
	bad := headersOf(good)
	for name, c := range map[string]struct {
		headers []consensus.Header
		word    string
	}{
		"work":     {append(bad[:2:2], func() consensus.Header { h := bad[2]; h.Bits = 0x03000001; return h }()), "high-hash"},
		"bits":     {append(bad[:1:1], m.Block("b", good[0], func(d *chaintest.Draft) { d.Header.Bits = 0x207ffffe }).Header), "bad-diffbits"},
		"gap":      {append(bad[:1:1], bad[2]), "follow"},
		"unknown":  {bad[3:], "follow none"},
		"too many": {make([]consensus.Header, 2001), "2001 headers"},
		"old":      {append(bad[:4:4], m.Block("b", good[3], chaintest.At(int64(good[1].Header.Time))).Header), "time-too-old"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, m)
			a, evil := w.node("a"), w.node("evil")
			evil.answer = func(r protocol.Request) (protocol.Response, bool) {
				_, mine := r.(*protocol.GetHeaders)
				return &protocol.Headers{Headers: c.headers}, mine
			}
			w.connect(evil, a)
			w.pass(second)
			a.wantClosed(c.word)
		})
	}
}

// TestHeaderFromTheFuture waits for its time; nobody is at fault.
func TestHeaderFromTheFuture(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	a, b := w.node("a"), w.node("b")
	early := w.Block("early", w.Genesis(), chaintest.At(w.now/second+7200+30))
	after := w.Block("after", early)
	w.now += 3600 * second
	b.give(early, after)
	w.now -= 3600 * second
	w.connect(a, b)
	w.pass(20 * second)
	if a.tip().Height != 0 {
		t.Fatal("a block from the future was taken")
	}
	w.agree(700*second, after, a)
	if len(a.closed) > 0 {
		t.Errorf("closed %v", a.closed)
	}
}

// TestEndlessLowWork: a million headers of little work cost little memory, and
// leave nothing; an honest branch gets its turn.
func TestEndlessLowWork(t *testing.T) {
	m := chaintest.NewMaker(100)
	m.Rules.Bits = 0x1d00ffff
	unsolved := func(d *chaintest.Draft) { d.Unsolved = true }
	w := newWorld(t, m)
	w.check = func(chainhash.Hash, uint32, *uint256.Int) error { return nil }
	blocks := m.Chain("a", m.Genesis(), 300, unsolved)
	a, evil := w.node("a"), w.node("evil")
	a.give(blocks...)
	batch := make([]consensus.Header, protocol.MaxHeaders)
	tip, batches := m.Genesis().Hash(), 0
	evil.answer = func(r protocol.Request) (protocol.Response, bool) {
		get, mine := r.(*protocol.GetHeaders)
		if mine {
			if batches == 0 || get.Locator[0] != tip {
				tip = m.Genesis().Hash()
			}
			batches++
			time := m.Genesis().Header.Time
			for i := range batch {
				time++
				batch[i] = consensus.Header{Version: 0x20000000, Prev: tip, Time: uint32(batches*2000) + time, Bits: 0x207fffff}
				tip = batch[i].Hash()
			}
		}
		return &protocol.Headers{Headers: batch}, mine
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	w.connect(evil, a)
	w.run(60*second, func() bool { return batches >= 400 })
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 10<<20 {
		t.Errorf("%d bytes are held", grown)
	}
	w.pass(30 * second)
	if batches > 510 {
		t.Errorf("%d batches were asked for", batches)
	}
	a.publish()
	if n := a.view.Headers(); n != 301 {
		t.Errorf("%d headers were kept, want 301", n)
	}
	// And now somebody with a long branch of more work.
	other := w.node("other")
	long := m.Chain("o", blocks[20], 2600, unsolved)
	other.give(append(blocks[:21:21], long...)...)
	w.connect(other, a)
	w.agree(300*second, long[2599], a)
}

// TestSecondPassDiffers: what was proven to have the work must be what is filed.
func TestSecondPassDiffers(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	victim, evil := w.node("victim"), w.node("evil")
	victim.give(w.Chain("own", w.Genesis(), 2500)...)
	one := append([]*chaintest.Block{w.Genesis()}, w.Chain("one", w.Genesis(), 4100)...)
	two := append([]*chaintest.Block{w.Genesis()}, w.Chain("two", w.Genesis(), 2100)...)
	first, second := serveChain(one), serveChain(two)
	asked := 0
	evil.answer = func(r protocol.Request) (protocol.Response, bool) {
		if _, ok := r.(*protocol.GetHeaders); ok {
			asked++
		}
		if asked <= 3 { // the first batch, and two of the first pass
			return first(r)
		}
		return second(r)
	}
	w.connect(victim, evil)
	w.pass(10 * 1000 * ms)
	victim.publish()
	if n := victim.view.Headers(); n != 2501 || asked != 4 {
		t.Errorf("%d headers after %d requests, want 2501 after 4", n, asked)
	}
}

// TestMutatedBlock: X sends a changed copy of a block that Y delivers; only X is
// cut off, and the block is taken.
func TestMutatedBlock(t *testing.T) {
	w, blocks, _ := funded(t, "y")
	y := w.nodes[0]
	tx := []*consensus.Tx{spend(blocks[1].Out(0, 0)), spend(blocks[2].Out(0, 0))}
	b := w.Block("b", blocks[20], chaintest.With(msgs(tx)...))
	x, victim := w.node("x"), w.node("victim")
	x.give(append(blocks[1:], b)...)
	x.answer = func(r protocol.Request) (protocol.Response, bool) {
		get, mine := r.(*protocol.GetBlocks)
		if !mine {
			return nil, false
		}
		answer := &protocol.Blocks{}
		for _, h := range get.Hashes {
			for _, one := range append(blocks, b) {
				if one.Hash() == h {
					txs := append([]*consensus.Tx(nil), one.Txs...)
					if one == b {
						txs = append(txs, txs[2])
						txs[1], txs[2] = txs[2], txs[1]
					}
					answer.Blocks = append(answer.Blocks, consensus.NewBlock(one.Header, txs))
				}
			}
		}
		return answer, true
	}
	w.connect(victim, x)
	w.run(10*second, func() bool { return len(victim.closed) == 1 })
	victim.wantClosed("bad-txnmrklroot")
	y.give(b)
	w.connect(victim, y)
	w.agree(10*second, b, victim)
	victim.wantClosed("bad-txnmrklroot")
}

// TestWithheldTip: a peer announces a tip and does not give it; another is
// asked within two seconds.
func TestWithheldTip(t *testing.T) {
	w, blocks, nodes := funded(t, "victim", "evil", "honest")
	victim, evil, honest := nodes[0], nodes[1], nodes[2]
	tip := w.Block("tip", blocks[20])
	evil.mute = func(protocol.Notice) bool { return true }
	evil.give(tip)
	evil.mute = nil
	evil.answer = silent("peer.blocks", "peer.blocktxs")
	evil.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Headers: []consensus.Header{tip.Header}}})
	w.run(100*ms, func() bool { return victim.told["peer.blocks"] == 1 })
	honest.mute = func(protocol.Notice) bool { return true }
	honest.give(tip)
	honest.mute = nil
	honest.perform(protocol.Tell{Peer: 2, Notice: &protocol.Announce{Headers: []consensus.Header{tip.Header}}})
	w.agree(2*second+4*w.delay, tip, victim)
}

// TestStallers: seven of eight peers answer nothing. It takes at most twice as
// long as with the honest one alone.
func TestStallers(t *testing.T) {
	took := func(stallers int) int64 {
		w := newWorld(t, chaintest.NewMaker(100))
		blocks := w.Chain("a", w.Genesis(), 3000)
		joiner := w.node("joiner")
		for i := range stallers + 1 {
			r := w.node(fmt.Sprint("n", i))
			r.give(blocks...)
			if i > 0 {
				r.answer = silent("peer.blocks")
			}
			w.connect(joiner, r)
		}
		start := w.now
		w.agree(100*second, blocks[2999], joiner)
		return w.now - start
	}
	alone, among := took(0), took(7)
	t.Logf("%d ms alone, %d ms among stallers", alone/ms, among/ms)
	if among > 2*alone {
		t.Errorf("%d ms, %d ms without the stallers", among/ms, alone/ms)
	}
}

// TestBadBranch: a longer branch whose last block is bad is left again, and
// whoever sent it is cut off.
func TestBadBranch(t *testing.T) {
	w, blocks, nodes := funded(t, "victim")
	victim := nodes[0]
	own := w.Chain("own", blocks[20], 50)
	victim.give(own...)
	fork := w.Chain("f", blocks[20], 99)
	bad := w.Block("bad", fork[98], chaintest.Greedy)
	branch := append(fork, bad)
	evil := w.node("evil")
	evil.give(append(blocks[1:], fork...)...)
	evil.answer = serveChain(append(blocks, branch...))
	w.connect(victim, evil)
	w.run(30*second, func() bool { return len(victim.closed) > 0 && !victim.more })
	victim.wantClosed("bad-cb-amount")
	if !victim.at(fork[98].Hash()) { // the good part has more work than the own branch
		t.Errorf("the tip is at height %d, want 119", victim.tip().Height)
	}
}

// serveChain answers like a node whose best chain these blocks are.
func serveChain(blocks []*chaintest.Block) func(protocol.Request) (protocol.Response, bool) {
	at := map[chainhash.Hash]int{}
	for i, b := range blocks {
		at[b.Hash()] = i
	}
	return func(r protocol.Request) (protocol.Response, bool) {
		switch r := r.(type) {
		case *protocol.GetHeaders:
			for _, h := range r.Locator {
				if i, ok := at[h]; ok {
					rest := blocks[i+1:]
					return &protocol.Headers{Headers: headersOf(rest[:min(len(rest), protocol.MaxHeaders)])}, true
				}
			}
			return &protocol.Headers{}, true
		case *protocol.GetBlocks:
			answer := &protocol.Blocks{}
			for _, h := range r.Hashes {
				if i, ok := at[h]; ok {
					answer.Blocks = append(answer.Blocks, blocks[i].Block)
				}
			}
			return answer, true
		}
		return nil, false
	}
}

// TestUnaskedBlocks: bodies that nobody asked for are a fault and not stored.
func TestUnaskedBlocks(t *testing.T) {
	w, blocks, nodes := funded(t, "victim", "evil")
	victim, evil := nodes[0], nodes[1]
	far := w.Chain("far", blocks[20], 10)
	next := w.Block("next", blocks[20])
	evil.answer = func(r protocol.Request) (protocol.Response, bool) {
		_, mine := r.(*protocol.GetBlocks)
		return &protocol.Blocks{Blocks: []*consensus.Block{far[9].Block}}, mine
	}
	evil.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Headers: headersOf([]*chaintest.Block{next})}})
	w.pass(second)
	victim.wantClosed("not asked for")
	if h := far[9].Hash(); victim.at(h) {
		t.Error("it was taken")
	}
}
