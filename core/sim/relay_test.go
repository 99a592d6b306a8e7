package sim_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/protocol"
	"orrery/core/sim"
)

// relay is the real node below the simplest way to spread blocks: whole blocks
// are pushed to all peers by who has found them or seen them first. It is what
// closed forms speak of, one message a hop, over the real chain.
type relay struct {
	*node.Node
	listen string
	dial   []string
	peers  []protocol.PeerID
	begun  bool
	seen   map[chainhash.Hash]bool
	only   bool // tell of own blocks only: a clique needs no more
}

func (r *relay) Step(now int64, e node.Event) ([]node.Effect, error) {
	switch e := e.(type) {
	case node.Tick:
		if r.begun {
			break
		}
		r.begun = true
		out := []node.Effect{node.PeerEffect{Effect: protocol.Listen{Address: r.listen}}}
		for _, a := range r.dial {
			out = append(out, node.PeerEffect{Effect: protocol.Dial{Address: a}})
		}
		return out, nil
	case node.SubmitBlock:
		r.seen[e.Block.Hash()] = true
		out, err := r.Node.Step(now, e)
		return append(out, r.tell(e.Block)...), err
	case node.PeerEvent:
		switch e := e.Event.(type) {
		case protocol.PeerUp:
			r.peers = append(r.peers, e.Peer)
		case protocol.Told:
			m := e.Notice.(*protocol.Compact)
			txs := make([]*consensus.Tx, len(m.Prefilled))
			for i, p := range m.Prefilled {
				txs[i] = p.Tx
			}
			b := consensus.NewBlock(m.Header, txs)
			if r.seen[b.Hash()] {
				return nil, nil
			}
			r.seen[b.Hash()] = true
			out, err := r.Node.Step(now, node.SubmitBlock{Block: b})
			if !r.only {
				out = append(out, r.tell(b)...)
			}
			return out, err
		}
		return nil, nil
	}
	return r.Node.Step(now, e)
}

func (r *relay) tell(b *consensus.Block) []node.Effect {
	m := &protocol.Compact{Header: b.Header}
	for i, tx := range b.Txs {
		m.Prefilled = append(m.Prefilled, protocol.PrefilledTx{Index: uint32(i), Tx: tx})
	}
	out := make([]node.Effect, len(r.peers))
	for i, p := range r.peers {
		out[i] = node.PeerEffect{Effect: protocol.Tell{Peer: p, Notice: m}}
	}
	return out
}

func openRelay(only bool, dial func(x *sim.Node) []string) func(*sim.Node, sim.Boot) (sim.Machine, error) {
	return func(x *sim.Node, b sim.Boot) (sim.Machine, error) {
		n, err := node.Open(x.Net().NodeConfig(x, b), b.Now)
		return &relay{Node: n, listen: x.Address(), dial: dial(x), seen: map[chainhash.Hash]bool{}, only: only}, err
	}
}

// relayNet is a random graph of real chains.
func relayNet(t testing.TB, seed uint64, nodes, degree, blocks int) *sim.Net {
	m := chaintest.NewMaker(100)
	r := rand.New(rand.NewPCG(seed, 0))
	net := sim.New(sim.Config{Seed: seed, Params: m.Params, Rules: m.Rules, Link: sim.Link{Latency: sim.Delay{Base: 20 * time.Millisecond, Spread: 80 * time.Millisecond}},
		Open: openRelay(false, func(x *sim.Node) (dial []string) {
			for range min(degree/2, x.ID) {
				dial = append(dial, x.Net().Nodes()[r.IntN(x.ID)].Address())
			}
			return dial
		})})
	for range nodes {
		net.Add(sim.Spec{})
	}
	run(t, net, 10*time.Second)
	for _, x := range net.Nodes() {
		net.SetHashrate(x, 2./10/float64(nodes)) // a block takes two hashes
	}
	if err := net.RunUntil(time.Hour*1000, func() bool { return len(net.Found()) >= blocks }); err != nil {
		t.Fatal(err)
	}
	for _, x := range net.Nodes() {
		net.SetHashrate(x, 0)
	}
	run(t, net, time.Minute)
	return net
}

func BenchmarkRelay(b *testing.B) {
	for b.Loop() {
		net := relayNet(b, 1, 200, 8, 1000)
		stale, total := net.Stale(net.Nodes()[0])
		b.Log(net.Counts(), stale, total, net.Trace())
	}
}
