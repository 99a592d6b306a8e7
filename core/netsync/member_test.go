package netsync_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/protocol"
)

// TestOtherSchedule: a peer that has our tip and follows other policies there is
// told of, with both, and closed. Of a block that is not here nobody can tell.
func TestOtherSchedule(t *testing.T) {
	for _, c := range []struct {
		name          string
		tip, schedule chainhash.Hash
		kind          string
		closed        bool
	}{
		{"other", chainhash.Hash{}, chainhash.Hash{1}, protocol.KindNode, true},
		{"unknown tip", chainhash.Hash{5}, chainhash.Hash{1}, protocol.KindNode, false},
		{"does not say", chainhash.Hash{}, chainhash.Hash{}, protocol.KindNode, false},
		{"tracker", chainhash.Hash{}, chainhash.Hash{1}, protocol.KindTracker, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, chaintest.NewMaker(100))
			if c.tip == (chainhash.Hash{}) {
				c.tip = w.Genesis().Hash()
			}
			a, other := w.node("a"), w.node("other")
			other.answer = func(r protocol.Request) (protocol.Response, bool) {
				_, mine := r.(*protocol.Hello)
				return &protocol.Hello{Protocol: 1, NetworkID: w.Params.NetworkID, Nonce: 77, Kind: c.kind, Tip: c.tip, Schedule: c.schedule}, mine
			}
			var said []string
			a.spy = func(e protocol.Effect) {
				if say, ok := e.(protocol.Say); ok {
					said = append(said, say.Text)
				}
			}
			w.connect(a, other)
			w.pass(second)
			about := func(s string) bool {
				return strings.Contains(s, "0100000000000000") && strings.Contains(s, "height 0") && strings.Contains(s, c.tip.String())
			}
			if got := slices.ContainsFunc(said, about); len(a.closed) > 0 != c.closed || got != c.closed {
				t.Errorf("closed %q, said %q", a.closed, said)
			}
		})
	}
}

// TestStaleTip: when nothing new has come for long, other members are asked for,
// although there are connections enough.
func TestStaleTip(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	nodes := []*rig{w.node("a"), w.node("b"), w.node("c")}
	for _, r := range nodes[1:] {
		w.connect(nodes[0], r)
	}
	w.pass(second)
	asked := func() int { return nodes[0].told["peer.peers"] }
	before := asked()
	w.pass(w.Params.Spacing * second * 25)
	if asked() != before {
		t.Fatal("members are asked for all the time")
	}
	b := w.Block("b", w.Genesis())
	nodes[1].give(b)
	w.pass(w.Params.Spacing * second * 25)
	if asked() != before {
		t.Error("members are asked for, although a block has come")
	}
	w.pass(w.Params.Spacing * second * 10)
	if asked() == before {
		t.Error("nobody else is looked for")
	}
}

// TestFloodOfOffers: many peers announce the same transactions and give none.
// What waits for another peer's answer is not gone through at each message.
func TestFloodOfOffers(t *testing.T) {
	w, _, nodes := funded(t, "victim")
	victim := nodes[0]
	var list []chainhash.Hash
	for i := range protocol.MaxTxids {
		list = append(list, chainhash.HashH([]byte{byte(i), byte(i >> 8)}))
	}
	const flooders = 60 // 25 of them are asked for all
	var evil []*rig
	for range flooders {
		r := w.node("evil")
		r.answer = silent("peer.txs")
		w.connect(r, victim)
		evil = append(evil, r)
	}
	w.pass(second)
	for i, r := range evil {
		r.perform(protocol.Tell{Peer: protocol.PeerID(i + 1), Notice: &protocol.Announce{Txids: list}})
	}
	w.pass(100 * ms)
	began := time.Now()
	for range 100 {
		victim.event(protocol.Told{Peer: 1, Notice: &protocol.Announce{Txids: list[:1]}})
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("100 messages took %v", took)
	}
}

// TestLargeTransactions: what many peers send at once and nobody has checked yet
// is bounded for all of them together, and what was dropped is asked for again.
func TestLargeTransactions(t *testing.T) {
	const (
		senders = 10
		each    = 100
		size    = 60_000 // bytes of a transaction
		most    = 32<<20 + senders*(256<<10+size)
	)
	w, _, nodes := funded(t, "victim")
	victim := nodes[0]
	script := make([]byte, size)
	served := map[chainhash.Hash]int{}
	for i := range senders {
		r := w.node("sender")
		id := w.connect(r, victim)
		txs := map[chainhash.Hash]*consensus.Tx{}
		var list []chainhash.Hash
		for k := range each {
			from := chaintest.Out{OutPoint: wire.OutPoint{Hash: chainhash.HashH([]byte{byte(i), byte(k)})}}
			tx := consensus.NewTx(chaintest.Spend([]chaintest.Out{from}, wire.NewTxOut(1, script)))
			txs[tx.ID()] = tx
			list = append(list, tx.ID())
		}
		r.answer = func(q protocol.Request) (protocol.Response, bool) {
			get, mine := q.(*protocol.GetTxs)
			answer := &protocol.Txs{}
			if mine {
				for _, id := range get.Txids {
					served[id]++
					answer.Txs = append(answer.Txs, txs[id])
				}
			}
			return answer, mine
		}
		w.after(second, func() { r.perform(protocol.Tell{Peer: id, Notice: &protocol.Announce{Txids: list}}) })
	}
	peak := 0
	w.after(second, func() {
		for range 2000 {
			w.next()
			victim.publish()
			sum := 0
			for _, p := range victim.view.Net.Syncing {
				sum += p.Unchecked
			}
			peak = max(peak, sum)
		}
	})
	w.pass(20 * second)
	if peak < 16<<20 || peak > most {
		t.Errorf("%d bytes waited to be checked, at most %d should", peak, most)
	}
	if len(served) != senders*each {
		t.Errorf("%d transactions were asked for, of %d", len(served), senders*each)
	}
}

// TestOrphanOfMany: an orphan whose parents come in one block is tried again once,
// not once for each.
func TestOrphanOfMany(t *testing.T) {
	w, blocks, nodes := funded(t, "victim", "sender")
	victim, sender := nodes[0], nodes[1]
	const parents = 50
	txs, tip := fan(w, blocks, parents, nodes...)
	from := []chaintest.Out{{OutPoint: wire.OutPoint{Hash: chainhash.Hash{1}}}} // never comes
	for _, tx := range txs {
		from = append(from, chaintest.OutOf(tx.Msg, 0))
	}
	orphan := consensus.NewTx(chaintest.Spend(from, chaintest.Pay(1000, key.P2PKH())))
	sender.answer = func(q protocol.Request) (protocol.Response, bool) {
		get, mine := q.(*protocol.GetTxs)
		if mine && slices.Contains(get.Txids, orphan.ID()) {
			return &protocol.Txs{Txs: []*consensus.Tx{orphan}}, true
		}
		return &protocol.Txs{}, mine
	}
	sender.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Txids: []chainhash.Hash{orphan.ID()}}})
	w.pass(second)
	full := w.Block("full", tip, chaintest.With(msgs(txs)...))
	victim.lastID++
	victim.step(node.SubmitBlock{ID: victim.lastID, Block: full.Block})
	victim.publish()
	if n := victim.view.Net.Syncing[0].Unchecked; n != orphan.Size() {
		t.Errorf("%d bytes wait to be checked, of one orphan with %d", n, orphan.Size())
	}
}
