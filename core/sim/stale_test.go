package sim_test

import (
	"math"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
	"orrery/core/peering"
	"orrery/core/sim"
)

// realClique is n equal miners, real nodes, all connected to all.
func realClique(t testing.TB, seed uint64, n int, delay time.Duration) *sim.Net {
	m := chaintest.NewMaker(100)
	net := sim.New(sim.Config{Seed: seed, Params: m.Params, Rules: m.Rules, Link: sim.Link{Latency: sim.Fixed(delay)},
		Peering: func(_ *sim.Node, c *peering.Config) { c.Capacity = n }})
	for i := range n {
		spec := sim.Spec{}
		if i > 0 {
			spec.Join = []string{net.Nodes()[0].Address()}
		}
		x := net.Add(spec)
		run(t, net, time.Minute)
		for _, o := range net.Nodes()[:i] {
			net.Command(x, peering.AddNode{Address: o.Address(), Action: "add"}, nil)
		}
	}
	run(t, net, 5*time.Minute)
	for _, x := range net.Nodes() {
		peers := map[string]bool{}
		for _, q := range x.View().Net.Peers.Peers {
			if q.Member {
				peers[q.Listen] = true
			}
		}
		if len(peers) != n-1 {
			t.Fatalf("%s has %d peers, want %d", x.Name(), len(peers), n-1)
		}
	}
	return net
}

// TestStaleRateReal compares real nodes with the closed form. A block without
// transactions travels whole, in one compact message, so the delay is one
// message's, as there.
//
// The rate counts found blocks that are not on the best chain in the end. Those
// found in the first moments do not count: until a peer has asked for compact
// blocks it is told of headers, and fetches.
func TestStaleRateReal(t *testing.T) {
	for _, tt := range []struct {
		n      int
		x      float64
		want   float64
		blocks int
	}{
		{2, 0.1, 0.5 * 0.1 / 1.1, 4000}, {2, 0.5, 0.5 * 0.5 / 1.5, 3000}, {2, 1, 0.5 * 1 / 2, 3000},
		{10, 0.1, 0.0818, 2000}, {10, 0.5, 0.300, 1500}, {10, 1, 0.447, 1500},
	} {
		net := realClique(t, 1, tt.n, time.Duration(tt.x*float64(time.Second)))
		for range 3 { // everybody has found out about everybody
			for _, x := range net.Nodes() {
				net.Mine(x)
				run(t, net, 10*time.Second)
			}
		}
		before := len(net.Found())
		mineBlocks(t, net, time.Second, before+tt.blocks)
		net.Mine(net.Nodes()[0])
		run(t, net, time.Minute)
		stale, total := net.Stale(net.Nodes()[0])
		total -= before + 1
		got, se := float64(stale)/float64(total), math.Sqrt(tt.want*(1-tt.want)/float64(total))
		t.Logf("n=%d x=%v: %.4f, want %.4f ± %.4f", tt.n, tt.x, got, tt.want, 3*se)
		if math.Abs(got-tt.want) > 3*se {
			t.Errorf("n=%d x=%v: stale rate %.4f, want %.4f ± %.4f", tt.n, tt.x, got, tt.want, 3*se)
		}
	}
}
