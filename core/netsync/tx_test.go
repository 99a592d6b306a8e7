package netsync_test

import (
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/protocol"
)

// funded is a world whose coinbases can be spent.
func funded(t *testing.T, names ...string) (w *world, blocks []*chaintest.Block, nodes []*rig) {
	w = newWorld(t, chaintest.NewMaker(1))
	blocks = append([]*chaintest.Block{w.Genesis()}, w.Chain("f", w.Genesis(), 20, chaintest.PayTo(key.P2PKH()))...)
	for i, name := range names {
		r := w.node(name)
		r.give(blocks[1:]...)
		nodes = append(nodes, r)
		if i > 0 {
			w.connect(r, nodes[0])
		}
	}
	w.pass(second)
	return w, blocks, nodes
}

var key = chaintest.NewKey(7)

// spend spends an output, with a fee.
func spend(from chaintest.Out) *consensus.Tx {
	msg := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value-10_000, key.P2PKH()))
	key.SignP2PKH(msg, 0, from)
	return consensus.NewTx(msg)
}

// txChain is n transactions, each spending the one before.
func txChain(from chaintest.Out, n int) []*consensus.Tx {
	var txs []*consensus.Tx
	for range n {
		tx := spend(from)
		txs = append(txs, tx)
		from = chaintest.OutOf(tx.Msg, 0)
	}
	return txs
}

func (r *rig) send1(tx *consensus.Tx) {
	r.Helper()
	r.lastID++
	r.step(node.SubmitTx{ID: r.lastID, Tx: tx})
	if d := r.done[r.lastID]; d.Err != nil {
		r.Fatalf("%s: %v", r.name, d.Err)
	}
}

func (r *rig) has(ids ...chainhash.Hash) bool {
	for _, id := range ids {
		if r.view.Mempool.Get(id) == nil {
			return false
		}
	}
	return true
}

func ids(txs []*consensus.Tx) []chainhash.Hash {
	var list []chainhash.Hash
	for _, tx := range txs {
		list = append(list, tx.ID())
	}
	return list
}

func TestTransactionsReachAll(t *testing.T) {
	w, blocks, _ := funded(t, "a")
	line := w.nodes
	for i := range 4 {
		r := w.node(fmt.Sprint("n", i))
		w.connect(r, line[len(line)-1])
		line = append(line, r)
	}
	w.agree(10*second, blocks[20], line...)
	w.pass(second)
	txs := txChain(blocks[1].Out(0, 0), 20)
	for _, tx := range txs {
		line[0].send1(tx)
	}
	w.run(2*second, func() bool { return line[4].has(ids(txs)...) })
	w.pass(second)
	for _, r := range line {
		if got := r.told["peer.txs"]; got > 3 {
			t.Errorf("%s asked %d times for %d transactions", r.name, got, len(txs))
		}
	}
	late := w.node("late")
	w.connect(late, line[2])
	w.run(5*second, func() bool { return late.has(ids(txs)...) })
	for _, r := range w.nodes {
		if len(r.closed) > 0 {
			t.Errorf("%s closed connections: %v", r.name, r.closed)
		}
	}
}

// TestWithheldTransaction: another announcer is asked within two seconds.
func TestWithheldTransaction(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "evil", "b")
	evil, b := nodes[1], nodes[2]
	victim := w.node("victim")
	w.connect(victim, evil)
	w.agree(10*second, blocks[20], victim)
	w.pass(second)
	evil.answer = func(r protocol.Request) (protocol.Response, bool) {
		_, mine := r.(*protocol.GetTxs)
		return nil, mine
	}
	tx := spend(blocks[1].Out(0, 0))
	evil.send1(tx)
	w.run(second, func() bool { return victim.told["peer.txs"] == 1 })
	b.send1(tx)
	w.connect(victim, b)
	w.run(2*second+4*w.delay, func() bool { return victim.has(tx.ID()) })
}

// TestOrphanFlood: a chain whose transactions come child first gets through
// while eight peers flood with orphans of their own.
func TestOrphanFlood(t *testing.T) {
	w, blocks, nodes := funded(t, "victim")
	victim := nodes[0]
	honest := w.node("honest")
	honest.give(blocks[1:]...)
	w.connect(honest, victim)
	txs := txChain(blocks[1].Out(0, 0), 25)
	byID := map[chainhash.Hash]*consensus.Tx{}
	serve := func(r protocol.Request) (protocol.Response, bool) {
		get, ok := r.(*protocol.GetTxs)
		if !ok {
			return nil, false
		}
		answer := &protocol.Txs{}
		for _, id := range get.Txids {
			if tx := byID[id]; tx != nil {
				answer.Txs = append(answer.Txs, tx)
			}
		}
		return answer, true
	}
	honest.answer = serve
	w.pass(second)
	for i := range 8 {
		evil := w.node(fmt.Sprint("evil", i))
		evil.give(blocks[1:]...)
		id := w.connect(evil, victim)
		evil.answer = serve
		var flood []chainhash.Hash
		for n := range 600 {
			fake := chaintest.Out{TxOut: *chaintest.Pay(1_000_000, key.P2PKH())}
			fake.OutPoint.Hash[0], fake.OutPoint.Hash[1], fake.OutPoint.Hash[2] = byte(n), byte(n>>8), byte(i)
			tx := spend(fake)
			byID[tx.ID()] = tx
			flood = append(flood, tx.ID())
		}
		w.after(second, func() { evil.perform(protocol.Tell{Peer: id, Notice: &protocol.Announce{Txids: flood}}) })
	}
	for i := len(txs) - 1; i >= 0; i-- { // the youngest first, and the rest only when asked for
		byID[txs[i].ID()] = txs[i]
	}
	w.after(1200*ms, func() {
		honest.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Txids: ids(txs)[24:]}})
	})
	w.run(20*second, func() bool { return victim.has(ids(txs)...) })
	if len(victim.closed) > 0 {
		t.Errorf("the victim closed connections: %v", victim.closed)
	}
}

// TestReorgBringsTransactionsBack: what only the losing side of a split had
// confirmed is in everybody's mempool after it.
func TestReorgBringsTransactionsBack(t *testing.T) {
	w, blocks, nodes := funded(t, "a")
	a := nodes[0]
	b := w.node("b")
	b.give(blocks[1:]...)
	tx := spend(blocks[1].Out(0, 0))
	b.give(w.Block("lost", blocks[20], chaintest.With(tx.Msg)))
	left := w.Chain("l", blocks[20], 3)
	a.give(left...)
	w.connect(a, b)
	w.agree(5*second, left[2], a, b)
	w.run(5*second, func() bool { return a.has(tx.ID()) && b.has(tx.ID()) })
}

// TestTransactionsComeOnce: of two announcers one is asked.
func TestTransactionsComeOnce(t *testing.T) {
	w, blocks, nodes := funded(t, "a", "b")
	txs := txChain(blocks[1].Out(0, 0), 25)
	for _, tx := range txs {
		nodes[0].send1(tx)
	}
	w.run(5*second, func() bool { return nodes[1].has(ids(txs)...) })
	sent := nodes[0].txs
	joiner := w.node("joiner")
	joiner.give(blocks[1:]...)
	w.connect(joiner, nodes[0])
	w.connect(joiner, nodes[1])
	w.run(5*second, func() bool { return joiner.has(ids(txs)...) })
	w.pass(second)
	if n := nodes[0].txs - sent + nodes[1].txs; n != len(txs) {
		t.Errorf("%d transactions were sent, want %d", n, len(txs))
	}
}

// TestWitnessOfAnother: a peer sends a transaction with a wrong witness, which
// has the same id. The true one comes from the other announcer.
func TestWitnessOfAnother(t *testing.T) {
	for _, orphan := range []bool{false, true} {
		t.Run(fmt.Sprint(orphan), func(t *testing.T) {
			w := newWorld(t, chaintest.NewMaker(1))
			blocks := w.Chain("f", w.Genesis(), 20, chaintest.PayTo(key.P2WPKH()))
			victim, evil, honest := w.node("victim"), w.node("evil"), w.node("honest")
			for _, r := range w.nodes {
				r.give(blocks...)
			}
			e, h := w.connect(evil, victim), w.connect(honest, victim)
			w.pass(second)
			from := blocks[0].Out(0, 0)
			var txs []*consensus.Tx
			for range 2 {
				msg := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value-10_000, key.P2WPKH()))
				key.SignP2WPKH(msg, from)
				txs = append(txs, consensus.NewTx(msg))
				from = chaintest.OutOf(msg, 0)
			}
			tx := txs[0]
			if orphan {
				tx = txs[1]
			}
			msg := tx.Msg.Copy()
			msg.TxIn[0].Witness[0][10] ^= 1
			bad := consensus.NewTx(msg)
			evil.answer = func(r protocol.Request) (protocol.Response, bool) {
				get, mine := r.(*protocol.GetTxs)
				if mine && get.Txids[0] == bad.ID() {
					return &protocol.Txs{Txs: []*consensus.Tx{bad}}, true
				}
				return &protocol.Txs{}, mine
			}
			honest.mute = func(protocol.Notice) bool { return true }
			honest.send1(txs[0])
			honest.send1(txs[1])
			w.pass(200 * ms)
			honest.mute = nil
			for _, r := range []struct {
				*rig
				at protocol.PeerID
			}{{evil, e}, {honest, h}} {
				r.perform(protocol.Tell{Peer: r.at, Notice: &protocol.Announce{Txids: []chainhash.Hash{tx.ID()}}})
			}
			w.run(5*second, func() bool { return victim.has(tx.ID()) })
		})
	}
}

// TestBadTransactions: what breaks the consensus is a fault, what only we do
// not want is none.
func TestBadTransactions(t *testing.T) {
	w, blocks, nodes := funded(t, "victim", "evil")
	victim, evil := nodes[0], nodes[1]
	from := blocks[1].Out(0, 0)
	free := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value, key.P2PKH()))
	key.SignP2PKH(free, 0, from)
	more := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value+1, key.P2PKH()))
	key.SignP2PKH(more, 0, from)
	for i, c := range []struct {
		tx    *consensus.Tx
		close bool
	}{{consensus.NewTx(free), false}, {consensus.NewTx(more), true}} {
		evil.answer = func(r protocol.Request) (protocol.Response, bool) {
			_, mine := r.(*protocol.GetTxs)
			return &protocol.Txs{Txs: []*consensus.Tx{c.tx}}, mine
		}
		evil.perform(protocol.Tell{Peer: 1, Notice: &protocol.Announce{Txids: []chainhash.Hash{c.tx.ID()}}})
		w.pass(2 * second)
		if got := len(victim.closed) > 0; got != c.close {
			t.Errorf("transaction %d: closed %v", i, victim.closed)
		}
	}
}

// TestAnnouncementFlood: many peers that announce what they do not have take
// no more memory than few of them, and do not silence an honest one.
func TestAnnouncementFlood(t *testing.T) {
	const flooders, most = 20, 20_000 + 20*500 + 100 // see maxWants and fairOffers
	w, blocks, nodes := funded(t, "victim", "honest")
	victim, honest := nodes[0], nodes[1]
	for i := range flooders {
		evil := w.node(fmt.Sprint("evil", i))
		evil.give(blocks[1:]...)
		id := w.connect(evil, victim)
		evil.answer = func(r protocol.Request) (protocol.Response, bool) {
			_, mine := r.(*protocol.GetTxs)
			return &protocol.Txs{}, mine
		}
		flood := make([]chainhash.Hash, protocol.MaxTxids)
		for n := range flood {
			flood[n][10], flood[n][11], flood[n][12] = byte(n), byte(n>>8), byte(i)
		}
		w.after(second, func() { evil.perform(protocol.Tell{Peer: id, Notice: &protocol.Announce{Txids: flood}}) })
	}
	tx := spend(blocks[1].Out(0, 0))
	w.after(1001*ms, func() { honest.send1(tx) })
	w.run(20*second, func() bool { return victim.has(tx.ID()) })
	w.pass(60 * second)
	if n := 100 * victim.told["peer.txs"]; n > most {
		t.Errorf("up to %d transactions were asked for", n)
	}
}
