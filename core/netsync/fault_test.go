package netsync_test

import (
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/protocol"
)

// TestResume: all peers go away in the middle of the initial sync, and the node
// starts again; it goes on from where it was.
func TestResume(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	blocks := w.Chain("a", w.Genesis(), 3000)
	full := w.node("full")
	full.give(blocks...)
	store := chain.NewMemStore()
	first := w.nodeOn("first", store)
	id := w.connect(first, full)
	w.run(20*second, func() bool { return first.tip().Height > 1200 })
	first.cut(id, "gone")
	w.pass(second)
	had := first.tip().Height
	sent := full.bytes
	again := w.nodeOn("second", store)
	w.connect(again, full)
	w.agree(30*second, blocks[2999], again)
	var rest int64
	for _, b := range blocks[had:] {
		rest += int64(b.Size())
	}
	if full.bytes-sent > rest {
		t.Errorf("%d bytes were sent again, %d were missing", full.bytes-sent, rest)
	}
}

// TestConflictAcrossReorg: what a reorg confirms a double spend of is gone from
// the mempool, with what builds on it.
func TestConflictAcrossReorg(t *testing.T) {
	w, blocks, nodes := funded(t, "a")
	a := nodes[0]
	b := w.node("b")
	b.give(blocks[1:]...)
	from := blocks[1].Out(0, 0)
	mine := txChain(from, 3)
	msg := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value-20_000, key.P2PKH()))
	key.SignP2PKH(msg, 0, from)
	one := w.Block("one", blocks[20], chaintest.With(mine[0].Msg))
	a.give(one)
	a.send1(mine[1])
	a.send1(mine[2])
	theirs := w.Block("t1", blocks[20], chaintest.With(msg))
	tip := w.Block("t2", theirs)
	b.give(theirs, tip)
	w.connect(a, b)
	w.agree(5*second, tip, a, b)
	w.pass(2 * second)
	for _, r := range []*rig{a, b} {
		if n := r.view.Mempool.Len(); n != 0 {
			t.Errorf("%s has %d transactions", r.name, n)
		}
	}
}

// TestLostAnnouncement: the notice of a new tip got lost; it is found all the
// same, some time later.
func TestLostAnnouncement(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "b")
	tip := w.Block("tip", blocks[20])
	nodes[0].mute = func(protocol.Notice) bool { return true }
	nodes[0].give(tip)
	w.agree(130*second, tip, nodes[1])
}

// TestTipFoundMeanwhile: a block is found while a joiner gets the last headers.
func TestTipFoundMeanwhile(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	blocks := w.Chain("a", w.Genesis(), 2500)
	a, b := w.node("a"), w.node("b")
	a.give(blocks...)
	w.connect(b, a)
	w.run(10*second, func() bool { return b.told["peer.headers"] == 2 })
	w.pass(w.delay + ms) // the answer is on its way
	tip := w.Block("tip", blocks[2499])
	a.give(tip)
	w.agree(20*second, tip, b)
}

// TestRevokedBranch: a person declares the network's branch invalid, and takes
// it back; no peer is at fault.
func TestRevokedBranch(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "b")
	a, b := nodes[0], nodes[1]
	b.lastID++
	b.step(node.Invalidate{ID: b.lastID, Hash: blocks[15].Hash()})
	w.pass(second)
	tip := w.Block("tip", blocks[20])
	a.give(tip)
	w.pass(300 * second)
	if b.tip().Height != 14 || len(b.closed) > 0 {
		t.Errorf("at height %d, closed %v", b.tip().Height, b.closed)
	}
	b.lastID++
	b.step(node.Reconsider{ID: b.lastID, Hash: blocks[15].Hash()})
	w.agree(second, tip, b)
}

// TestEqualWork: five peers bring five blocks of equal work in any order; the
// first stays, and the next block decides.
func TestEqualWork(t *testing.T) {
	for shift := range 5 {
		w, blocks, nodes := funded(t, "victim")
		victim := nodes[0]
		var rivals []*chaintest.Block
		var peers []*rig
		for i := range 5 {
			r := w.node(fmt.Sprint("r", i))
			r.give(blocks[1:]...)
			rivals = append(rivals, w.Block(fmt.Sprint("b", i), blocks[20]))
			peers = append(peers, r)
			w.connect(r, victim)
		}
		w.pass(second)
		for i := range 5 {
			peers[i].mute = nil
			at := (i*3 + shift) % 5
			w.after(int64(i)*100*ms, func() { peers[at].give(rivals[at]) })
		}
		w.pass(2 * second)
		if first := rivals[shift]; !victim.at(first.Hash()) {
			t.Errorf("shift %d: the first seen did not stay", shift)
		}
		tip := w.Block("tip", rivals[(shift+2)%5])
		peers[(shift+2)%5].give(tip)
		w.agree(5*second, tip, w.nodes...)
	}
}

// TestAnnounceFlood: one notice of 5,000 ids makes few requests, and those of
// others go on.
func TestAnnounceFlood(t *testing.T) {
	w, blocks, nodes := funded(t, "victim", "evil", "honest")
	victim, evil, honest := nodes[0], nodes[1], nodes[2]
	evil.answer = silent("peer.txs")
	flood := func(k int) {
		list := make([]chainhash.Hash, protocol.MaxTxids)
		for i := range list {
			list[i] = chainhash.Hash{1, byte(k), byte(k >> 8), 8: byte(i), 9: byte(i >> 8), 10: byte(k), 11: byte(k >> 8)}
		}
		evil.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Txids: list}})
	}
	for k := range 50 {
		flood(k)
	}
	w.pass(second)
	if n := victim.told["peer.txs"]; n > 2 {
		t.Errorf("%d requests for one peer's announcements", n)
	}
	tx := spend(blocks[1].Out(0, 0))
	honest.send1(tx)
	w.run(second, func() bool { return victim.has(tx.ID()) })
	w, _, nodes = funded(t, "victim", "evil")
	victim, evil = nodes[0], nodes[1]
	evil.answer = func(r protocol.Request) (protocol.Response, bool) {
		_, mine := r.(*protocol.GetTxs)
		return &protocol.Txs{}, mine
	}
	for k := range 10 {
		flood(k)
	}
	w.pass(20 * second)
	if n := victim.told["peer.txs"]; n < 10 || n > 60 {
		t.Errorf("%d requests for what 5,000 offers hold", n)
	}
	evil.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Txids: make([]chainhash.Hash, protocol.MaxTxids+1)}})
	w.pass(second)
	victim.wantClosed("5001 transaction ids")
}

// counting counts what it has to check.
type counting struct {
	consensus.SerialVerifier
	n *int
}

func (c counting) Verify(checks []consensus.TxCheck) error {
	*c.n += len(checks)
	return c.SerialVerifier.Verify(checks)
}

// TestBadScriptsAgainAndAgain: a peer sends transactions that only a run of
// their script shows to be bad. Soon they are not looked at any more.
func TestBadScriptsAgainAndAgain(t *testing.T) {
	w, blocks, _ := funded(t, "a")
	n := 0
	w.verify = counting{n: &n}
	victim, evil := w.node("victim"), w.node("evil")
	victim.give(blocks[1:]...)
	evil.give(blocks[1:]...)
	id := w.connect(evil, victim)
	w.pass(second)
	bad := map[chainhash.Hash]*consensus.Tx{}
	var list []chainhash.Hash
	for i := range 200 {
		from := blocks[1+i%10].Out(0, 0)
		msg := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value-10_000-int64(i), key.P2PKH()))
		chaintest.NewKey(9).SignP2PKH(msg, 0, from)
		tx := consensus.NewTx(msg)
		bad[tx.ID()] = tx
		list = append(list, tx.ID())
	}
	evil.answer = func(r protocol.Request) (protocol.Response, bool) {
		get, mine := r.(*protocol.GetTxs)
		answer := &protocol.Txs{}
		if mine {
			for _, id := range get.Txids {
				answer.Txs = append(answer.Txs, bad[id])
			}
		}
		return answer, mine
	}
	evil.perform(protocol.Tell{Peer: id, Notice: &protocol.Announce{Txids: list}})
	w.pass(20 * second)
	if n == 0 || n > 10 {
		t.Errorf("%d transactions were checked", n)
	}
}

// TestServe: requests beyond the limits are refused, unknown things are not
// there.
func TestServe(t *testing.T) {
	w, blocks, nodes := funded(t, "a")
	v := nodes[0].view
	_ = w
	for _, r := range []protocol.Request{
		&protocol.GetHeaders{Locator: make([]chainhash.Hash, protocol.MaxLocator+1)},
		&protocol.GetBlocks{Hashes: make([]chainhash.Hash, protocol.MaxBlocks+1)},
		&protocol.GetTxs{Txids: make([]chainhash.Hash, protocol.MaxGetTxs+1)},
		&protocol.GetBlockTxs{Hash: blocks[1].Hash(), Indexes: []uint32{1}},
		&protocol.GetBlockTxs{Hash: blocks[1].Hash(), Indexes: []uint32{0, 0}},
		&protocol.GetBlockTxs{Hash: blocks[1].Hash(), Indexes: []uint32{1 << 31}},
		&protocol.GetBlockTxs{Indexes: []uint32{0}},
		&protocol.Ping{},
	} {
		if resp, err := v.Serve(r); err == nil || resp != nil {
			t.Errorf("%T was answered with %v", r, resp)
		}
	}
	resp, err := v.Serve(&protocol.GetHeaders{Locator: []chainhash.Hash{{1}}, Stop: blocks[3].Hash()})
	if h, ok := resp.(*protocol.Headers); err != nil || !ok || len(h.Headers) != 4 || h.Headers[3] != blocks[3].Header {
		t.Errorf("headers from genesis to 3: %v, %v", resp, err)
	}
	resp, err = v.Serve(&protocol.GetHeaders{Locator: []chainhash.Hash{blocks[20].Hash()}})
	if h, ok := resp.(*protocol.Headers); err != nil || !ok || len(h.Headers) != 0 {
		t.Errorf("headers after the tip: %v, %v", resp, err)
	}
	resp, err = v.Serve(&protocol.GetBlocks{Hashes: []chainhash.Hash{{1}, blocks[2].Hash(), {2}}})
	if b, ok := resp.(*protocol.Blocks); err != nil || !ok || len(b.Blocks) != 1 || b.Blocks[0].Hash() != blocks[2].Hash() {
		t.Errorf("block 2: %v, %v", resp, err)
	}
	resp, err = v.Serve(&protocol.GetTxs{Txids: []chainhash.Hash{{1}}})
	if txs, ok := resp.(*protocol.Txs); err != nil || !ok || len(txs.Txs) != 0 {
		t.Errorf("unknown transactions: %v, %v", resp, err)
	}
}

// TestInvalidateWhileSyncing: a person declares a block of the chain that is
// being fetched invalid, and takes it back; the sync comes to its end.
func TestInvalidateWhileSyncing(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	blocks := w.Chain("a", w.Genesis(), 3000)
	a, b := w.node("a"), w.node("b")
	a.give(blocks...)
	w.connect(b, a)
	for _, height := range []int32{500, 1500, 2900} {
		w.run(20*second, func() bool { return b.tip().Height >= height })
		h := blocks[height-100].Hash()
		b.lastID++
		b.step(node.Invalidate{ID: b.lastID, Hash: h})
		w.pass(100 * ms)
		if got := b.tip().Height; got != height-100 {
			t.Fatalf("at height %d after block %d was declared invalid", got, height-99)
		}
		b.lastID++
		b.step(node.Reconsider{ID: b.lastID, Hash: h})
	}
	w.agree(60*second, blocks[2999], b)
	if len(a.closed)+len(b.closed) > 0 {
		t.Errorf("closed %v, %v", a.closed, b.closed)
	}
}
