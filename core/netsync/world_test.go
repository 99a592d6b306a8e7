package netsync_test

import (
	"container/heap"
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

const (
	ms     = int64(1_000_000)
	second = 1000 * ms
)

// world is a few real nodes, joined by links with a delay, in virtual time.
type world struct {
	testing.TB
	chaintest.Maker
	now    int64
	delay  int64 // of a message, ns
	seq    int
	queue  moments
	nodes  []*rig
	links  uint64
	check  consensus.WorkCheck
	verify chain.Verifier
}

type moment struct {
	at  int64
	seq int
	do  func()
}

type moments []moment

func (q moments) Len() int { return len(q) }
func (q moments) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q moments) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *moments) Push(x any)   { *q = append(*q, x.(moment)) }
func (q *moments) Pop() any     { x := (*q)[len(*q)-1]; *q = (*q)[:len(*q)-1]; return x }

func newWorld(t testing.TB, m chaintest.Maker) *world {
	return &world{TB: t, verify: consensus.SerialVerifier{}, Maker: m, delay: 10 * ms, now: (int64(m.Params.Genesis.Header.Time) + 100_000_000) * second}
}

func (w *world) after(in int64, do func()) {
	w.seq++
	heap.Push(&w.queue, moment{w.now + in, w.seq, do})
}

// run lets time pass until done, or fails after so much of it.
func (w *world) run(limit int64, done func() bool) {
	w.Helper()
	end := w.now + limit
	for !done() {
		if w.queue.Len() == 0 || w.queue[0].at > end {
			w.Fatalf("not within %d ms: %s", limit/ms, w)
		}
		w.next()
	}
}

// pass lets so much time pass.
func (w *world) pass(d int64) {
	end := w.now + d
	for w.queue.Len() > 0 && w.queue[0].at <= end {
		w.next()
	}
	w.now = end
}

func (w *world) next() {
	m := heap.Pop(&w.queue).(moment)
	w.now = m.at
	m.do()
}

func (w *world) String() string {
	s := ""
	for _, r := range w.nodes {
		s += fmt.Sprintf("%s at %d (%d members); ", r.name, r.tip().Height, r.view.Net.Sync.Peers)
	}
	return s
}

// link is one end of a connection.
type link struct {
	to  *rig
	at  protocol.PeerID // this connection at the other end
	cut bool            // nothing arrives any more
}

// rig is a node with what a host does for it.
type rig struct {
	*world
	name  string
	node  *node.Node
	store chain.Store
	view  *node.View
	links map[protocol.PeerID]*link
	asked map[uint64]protocol.Request // of our calls, by number
	wake  int64
	more  bool

	lastID uint64
	done   map[uint64]node.Done
	closed []string // reasons with which this node closed connections

	// An evil node has one of these.
	answer func(r protocol.Request) (protocol.Response, bool) // nil, true: silence
	mute   func(n protocol.Notice) bool

	txs   int                     // served
	bytes int64                   // of bodies served
	told  map[string]int          // notices and requests sent, by method
	spy   func(e protocol.Effect) // sees what is sent
}

func (w *world) node(name string) *rig {
	return w.nodeOn(name, chain.NewMemStore())
}

func (w *world) nodeOn(name string, store chain.Store) *rig {
	w.Helper()
	r := &rig{world: w, name: name, store: store, links: map[protocol.PeerID]*link{}, asked: map[uint64]protocol.Request{}, done: map[uint64]node.Done{}, told: map[string]int{}}
	p := peering.Defaults()
	p.NetworkID = w.Params.NetworkID
	p.Nonce = uint64(len(w.nodes) + 1)
	p.Seed[0] = byte(len(w.nodes) + 1)
	p.First, p.Base = true, uint32(8000+len(w.nodes))
	n, err := node.Open(node.Config{
		Chain:   chain.Config{Params: w.Params, Store: store, Verifier: w.verify, Rules: w.Rules, CheckWork: w.check},
		Mempool: mempool.DefaultConfig(), Peering: &p,
	}, w.now)
	if err != nil {
		w.Fatal(err)
	}
	r.node = n
	r.publish()
	w.nodes = append(w.nodes, r)
	w.after(0, func() { r.step(node.Tick{}) })
	return r
}

func (r *rig) publish() {
	v, err := r.node.View()
	if err != nil {
		r.Fatal(err)
	}
	if v.Store, err = r.store.Snapshot(); err != nil {
		r.Fatal(err)
	}
	if r.view != nil {
		_ = r.view.Store.Close()
	}
	r.view = v
}

func (r *rig) tip() *chain.Node { return r.view.Tip }

func (r *rig) step(e node.Event) {
	r.Helper()
	effects, err := r.node.Step(r.now, e)
	if err != nil {
		r.Fatalf("%s: %T: %v", r.name, e, err)
	}
	for _, f := range effects {
		switch f := f.(type) {
		case node.Changed:
			r.publish()
		case node.Done:
			r.done[f.ID] = f
		case node.WakeAt:
			r.wake = f.At
			if f.At < 1<<62 {
				r.after(max(0, f.At-r.now), func() {
					if r.wake == f.At {
						r.step(node.Tick{})
					}
				})
			}
		case node.PeerEffect:
			r.perform(f.Effect)
		case node.More:
			if !r.more {
				r.more = true
				r.after(0, func() { r.more = false; r.step(node.Continue{}) })
			}
		}
	}
}

func (r *rig) event(e protocol.Event) { r.step(node.PeerEvent{Event: e}) }

func (r *rig) perform(e protocol.Effect) {
	if r.spy != nil {
		r.spy(e)
	}
	switch e := e.(type) {
	case protocol.Ask:
		r.told[e.Request.Method()]++
		r.asked[e.Call] = e.Request
		r.send(e.Peer, func(to *rig, at protocol.PeerID) { to.take(at, e.Call, e.Request) })
	case protocol.Answer:
		var err error
		if e.Err != nil {
			err = e.Err
		}
		r.respond(e.Peer, e.Call, e.Response, err)
	case protocol.Serve:
		resp, err := r.view.Serve(e.Request)
		if err != nil {
			r.respond(e.Peer, e.Call, nil, err)
			return
		}
		if b, ok := resp.(*protocol.Blocks); ok {
			for _, one := range b.Blocks {
				r.bytes += int64(one.Size())
			}
		}
		if t, ok := resp.(*protocol.Txs); ok {
			r.txs += len(t.Txs)
		}
		r.respond(e.Peer, e.Call, resp, nil)
	case protocol.Tell:
		r.told[e.Notice.Method()]++
		if r.mute == nil || !r.mute(e.Notice) {
			r.send(e.Peer, func(to *rig, at protocol.PeerID) { to.event(protocol.Told{Peer: at, Notice: e.Notice}) })
		}
	case protocol.Close:
		r.closed = append(r.closed, e.Reason)
		r.cut(e.Peer, e.Reason)
	}
}

// send delivers something to the other end of a connection.
func (r *rig) send(peer protocol.PeerID, deliver func(to *rig, at protocol.PeerID)) {
	l := r.links[peer]
	if l == nil {
		return
	}
	r.after(r.delay, func() {
		if l.to.links[l.at] != nil && !l.cut {
			deliver(l.to, l.at)
		}
	})
}

// take is a request that came in.
func (r *rig) take(peer protocol.PeerID, call uint64, req protocol.Request) {
	if r.answer != nil {
		if resp, mine := r.answer(req); mine {
			if resp != nil {
				r.respond(peer, call, resp, nil)
			}
			return
		}
	}
	r.event(protocol.Asked{Peer: peer, Call: call, Request: req})
}

func (r *rig) respond(peer protocol.PeerID, call uint64, resp protocol.Response, err error) {
	r.send(peer, func(to *rig, at protocol.PeerID) {
		delete(to.asked, call)
		to.event(protocol.Answered{Peer: at, Call: call, Response: resp, Err: err})
	})
}

// connect opens a connection.
func (w *world) connect(a, b *rig) protocol.PeerID {
	w.links++
	id := protocol.PeerID(w.links)
	a.links[id] = &link{to: b, at: id}
	b.links[id] = &link{to: a, at: id}
	b.event(protocol.PeerUp{Peer: id, Address: fmt.Sprintf("127.0.0.1:%d", 20000+id), Inbound: true})
	a.event(protocol.PeerUp{Peer: id, Address: fmt.Sprintf("127.0.0.1:%d", 10000+id)})
	return id
}

// cut ends a connection at both ends.
func (r *rig) cut(peer protocol.PeerID, reason string) {
	l := r.links[peer]
	if l == nil {
		return
	}
	delete(r.links, peer)
	other := l.to
	delete(other.links, l.at)
	r.after(0, func() { r.event(protocol.PeerDown{Peer: peer, Reason: reason}) })
	r.after(r.delay, func() { other.event(protocol.PeerDown{Peer: l.at, Reason: reason}) })
}

// give makes a node mine, or rather find, blocks.
func (r *rig) give(blocks ...*chaintest.Block) {
	r.Helper()
	for _, b := range blocks {
		r.lastID++
		r.step(node.SubmitBlock{ID: r.lastID, Block: b.Block})
		for r.more {
			r.more = false
			r.step(node.Continue{})
		}
		if d := r.done[r.lastID]; d.Err != nil && d.Err != node.ErrInconclusive {
			r.Fatalf("%s: block %s: %v", r.name, b.Name, d.Err)
		}
	}
}

func (r *rig) at(h chainhash.Hash) bool { return r.tip().Hash == h }

// agree waits until all the nodes have one tip.
func (w *world) agree(limit int64, tip *chaintest.Block, nodes ...*rig) {
	w.Helper()
	w.run(limit, func() bool {
		for _, r := range nodes {
			if !r.at(tip.Hash()) {
				return false
			}
		}
		return true
	})
}
