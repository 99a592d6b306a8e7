package netsync_test

import (
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// fan gives a node so many outputs to spend, confirmed by everybody. It returns
// spends of them and the block that they can follow.
func fan(w *world, blocks []*chaintest.Block, n int, nodes ...*rig) (txs []*consensus.Tx, tip *chaintest.Block) {
	from := blocks[1].Out(0, 0)
	var outs []*wire.TxOut
	for range n {
		outs = append(outs, chaintest.Pay(from.Value/int64(n), key.P2PKH()))
	}
	msg := chaintest.Spend([]chaintest.Out{from}, outs...)
	key.SignP2PKH(msg, 0, from)
	tip = w.Block("fan", blocks[20], chaintest.With(msg))
	nodes[0].give(tip)
	w.agree(5*second, tip, nodes...)
	for i := range n {
		txs = append(txs, spend(chaintest.OutOf(msg, i)))
	}
	return txs, tip
}

func msgs(txs []*consensus.Tx) []*wire.MsgTx {
	var list []*wire.MsgTx
	for _, tx := range txs {
		list = append(list, tx.Msg)
	}
	return list
}

// sizeOf is what an announcement takes in the encoding of blocks: ids take their
// bytes.
func sizeOf(c *protocol.Compact) int {
	n := consensus.HeaderSize + 8 + 1 + len(c.ShortIDs)*c.IDBytes
	for _, f := range c.Prefilled {
		n += 4 + f.Tx.Size()
	}
	return n
}

// TestKnownBlockIsSmall: a block of known transactions is announced in less than
// 2 % of its bytes, and nobody asks for more.
func TestKnownBlockIsSmall(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "b", "c")
	txs, tip := fan(w, blocks, 500, nodes...)
	for _, tx := range txs {
		nodes[0].send1(tx)
	}
	w.run(5*second, func() bool { return nodes[1].has(ids(txs)...) && nodes[2].has(ids(txs)...) })
	b := w.Block("full", tip, chaintest.With(msgs(txs)...))
	seen := 0
	nodes[0].spy = func(e protocol.Effect) {
		tell, ok := e.(protocol.Tell)
		if !ok {
			return
		}
		c, ok := tell.Notice.(*protocol.Compact)
		if !ok {
			t.Errorf("a %T", tell.Notice)
			return
		}
		seen++
		if size := sizeOf(c); size*100 >= 2*b.Size() {
			t.Errorf("%d bytes for a block of %d", size, b.Size())
		}
	}
	bodies := nodes[0].bytes
	asked := nodes[1].told["peer.blocktxs"]
	nodes[0].give(b)
	w.agree(w.delay+ms, b, nodes...)
	if seen != 2 || nodes[0].bytes != bodies || nodes[1].told["peer.blocktxs"] != asked {
		t.Errorf("%d announcements, %d bytes of bodies, %d requests", seen, nodes[0].bytes-bodies, nodes[1].told["peer.blocktxs"]-asked)
	}
}

// TestUnknownTransactionsComeAlong: what a peer cannot know is in the
// announcement.
func TestUnknownTransactionsComeAlong(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "b")
	txs, tip := fan(w, blocks, 20, nodes...)
	b := w.Block("new", tip, chaintest.With(msgs(txs)...))
	nodes[0].give(b)
	w.agree(w.delay+ms, b, nodes...)
}

// TestMissingTransactionsAreAskedFor: a peer lost what it was told of.
func TestMissingTransactionsAreAskedFor(t *testing.T) {
	for _, withheld := range []bool{false, true} {
		t.Run(fmt.Sprint(withheld), func(t *testing.T) {
			w, blocks, nodes := funded(t, "a", "b")
			a, b := nodes[0], nodes[1]
			txs, tip := fan(w, blocks, 20, nodes...)
			w.pass(second)
			a.answer = func(r protocol.Request) (protocol.Response, bool) {
				_, get := r.(*protocol.GetTxs)
				_, part := r.(*protocol.GetBlockTxs)
				return nil, get && len(r.(*protocol.GetTxs).Txids) < 5 || part && withheld
			}
			for _, tx := range txs[:15] {
				a.send1(tx)
			}
			w.run(2*second, func() bool { return b.has(ids(txs[:15])...) })
			for _, tx := range txs[15:19] {
				a.send1(tx)
			}
			w.pass(second)
			full := w.Block("full", tip, chaintest.With(msgs(txs[:19])...))
			other := w.node("other")
			w.connect(b, other)
			w.agree(20*second, tip, other)
			w.pass(3 * second)
			a.give(full)
			if withheld {
				w.after(second, func() { other.give(full) })
			}
			w.agree(2*second, full, b)
			if b.told["peer.blocktxs"] == 0 {
				t.Error("b did not ask for the missing transactions")
			}
			if len(b.closed) > 0 {
				t.Errorf("b closed connections: %v", b.closed)
			}
		})
	}
}

// TestBadCompact: what contradicts itself is a fault, ids that collide are not.
func TestBadCompact(t *testing.T) {
	w0, blocks, _ := funded(t, "x")
	b := w0.Block("b", blocks[20], chaintest.With(spend(blocks[1].Out(0, 0)).Msg, spend(blocks[2].Out(0, 0)).Msg))
	cb := protocol.PrefilledTx{Tx: b.Txs[0]}
	for i, c := range []struct {
		c     protocol.Compact
		close bool
	}{
		{protocol.Compact{IDBytes: 6, ShortIDs: []uint64{1, 2}, Prefilled: []protocol.PrefilledTx{cb}}, false},
		{protocol.Compact{IDBytes: 6, ShortIDs: []uint64{1, 1}, Prefilled: []protocol.PrefilledTx{cb}}, false},
		{protocol.Compact{IDBytes: 6, Prefilled: []protocol.PrefilledTx{cb, {Index: 1, Tx: b.Txs[2]}, {Index: 2, Tx: b.Txs[1]}}}, false},
		{protocol.Compact{IDBytes: 6, Prefilled: []protocol.PrefilledTx{cb, {Index: 1, Tx: b.Txs[1]}, {Index: 2, Tx: b.Txs[2]}}}, false},
		{protocol.Compact{IDBytes: 2, ShortIDs: []uint64{1, 2}, Prefilled: []protocol.PrefilledTx{cb}}, true},
		{protocol.Compact{IDBytes: 7, ShortIDs: []uint64{1, 2}, Prefilled: []protocol.PrefilledTx{cb}}, true},
		{protocol.Compact{IDBytes: 6, ShortIDs: []uint64{1, 2}}, true},
		{protocol.Compact{IDBytes: 6, ShortIDs: []uint64{1}, Prefilled: []protocol.PrefilledTx{cb, {Index: 3, Tx: b.Txs[1]}}}, true},
		{protocol.Compact{IDBytes: 6, ShortIDs: []uint64{1}, Prefilled: []protocol.PrefilledTx{cb, {Index: 0, Tx: b.Txs[1]}}}, true},
		{protocol.Compact{IDBytes: 6, ShortIDs: make([]uint64, 100_001), Prefilled: []protocol.PrefilledTx{cb}}, true},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w, _, nodes := funded(t, "a", "sender")
			a, sender := nodes[0], nodes[1]
			sender.mute = func(protocol.Notice) bool { return true }
			sender.give(b)
			sender.mute = nil
			w.pass(second)
			c.c.Header = b.Header
			sender.perform(protocol.Tell{Peer: 1, Notice: &c.c})
			if c.close {
				w.pass(second)
				if len(a.closed) != 1 {
					t.Errorf("closed %v", a.closed)
				}
				return
			}
			w.agree(second, b, a)
			if len(a.closed) > 0 {
				t.Errorf("closed %v", a.closed)
			}
		})
	}
}

// TestBlockTxsAreNamedOnce: an answer is no larger than the block, whatever was
// asked for.
func TestBlockTxsAreNamedOnce(t *testing.T) {
	w, blocks, nodes := funded(t, "a")
	full := w.Block("full", blocks[20], chaintest.With(spend(blocks[1].Out(0, 0)).Msg, spend(blocks[2].Out(0, 0)).Msg))
	nodes[0].give(full)
	for _, c := range []struct {
		indexes []uint32
		ok      bool
	}{{[]uint32{0, 2}, true}, {[]uint32{0, 1, 2}, true}, {[]uint32{1, 1}, false}, {[]uint32{2, 2, 2}, false}, {[]uint32{2, 0}, false}} {
		resp, err := nodes[0].view.Serve(&protocol.GetBlockTxs{Hash: full.Hash(), Indexes: c.indexes})
		if b, ok := resp.(*protocol.BlockTxs); ok != c.ok || (err == nil) != c.ok || ok && len(b.Txs) != len(c.indexes) {
			t.Errorf("%v: %v, %v", c.indexes, resp, err)
		}
	}
}

// TestLargeCoinbase: an announcement that a transport would take for a fault is
// not made, whatever a miner has put into the coinbase.
func TestLargeCoinbase(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "b")
	const outputs = 600
	script := append([]byte{txscript.OP_RETURN}, make([]byte, 1000)...)
	large := w.Block("large", blocks[20], func(d *chaintest.Draft) {
		for range outputs {
			d.Coinbase().AddTxOut(wire.NewTxOut(0, script))
		}
	})
	nodes[0].spy = func(e protocol.Effect) {
		if tell, ok := e.(protocol.Tell); ok {
			if c, ok := tell.Notice.(*protocol.Compact); ok && sizeOf(c)*4/3 > protocol.MaxUnasked {
				t.Errorf("a notice of more than %d bytes", sizeOf(c)*4/3)
			}
		}
	}
	nodes[0].give(large)
	w.agree(second, large, nodes...)
}

// TestCompactOnce: parts of a block are put together once for each peer, also if
// it tells of two blocks by turns: each time all of the mempool is gone through.
func TestCompactOnce(t *testing.T) {
	w, blocks, nodes := funded(t, "victim", "evil")
	victim, evil := nodes[0], nodes[1]
	evil.answer = silent("peer.blocks")
	x, y := w.Block("x", blocks[20]), w.Block("y", blocks[20], chaintest.PayTo(chaintest.NewKey(3).P2PKH()))
	parts := func(b *chaintest.Block, coinbase *consensus.Tx) *protocol.Compact {
		return &protocol.Compact{Header: b.Header, IDBytes: 6, Prefilled: []protocol.PrefilledTx{{Tx: coinbase}}}
	}
	for range 3 {
		evil.perform(protocol.Tell{Peer: 1, Notice: parts(x, y.Txs[0])})
		evil.perform(protocol.Tell{Peer: 1, Notice: parts(y, x.Txs[0])})
	}
	evil.perform(protocol.Tell{Peer: 1, Notice: parts(x, x.Txs[0])})
	w.pass(second)
	if victim.at(x.Hash()) {
		t.Error("a block was put together again")
	}
	if len(victim.closed) > 0 {
		t.Errorf("closed %q", victim.closed)
	}
}
