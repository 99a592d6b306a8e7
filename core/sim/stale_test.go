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

// staleSpacing is short against every patience of the real protocol: a delay of
// one block interval must not look like a peer that stalls.
const staleSpacing = 100 * time.Millisecond

// TestStaleRateChain compares the real chain, under whole blocks that are pushed
// to all, with the closed form. The rate counts found blocks that are not on
// the best chain in the end.
func TestStaleRateChain(t *testing.T) {
	long(t)
	for _, tt := range []struct {
		n      int
		x      float64
		blocks int
	}{{2, 0.1, 10_000}, {2, 0.5, 4000}, {2, 1, 4000}, {100, 0.5, 400}, {100, 1, 400}} {
		m := chaintest.NewMaker(100)
		net := sim.New(sim.Config{Seed: 1, Params: m.Params, Rules: m.Rules, Link: sim.Link{Latency: sim.Fixed(time.Duration(tt.x * float64(staleSpacing)))},
			Open: openRelay(true, func(x *sim.Node) (dial []string) {
				for _, o := range x.Net().Nodes()[:x.ID] {
					dial = append(dial, o.Address())
				}
				return dial
			})})
		for range tt.n {
			net.Add(sim.Spec{})
		}
		run(t, net, 10*time.Second)
		compareStale(t, net, tt.x, tt.blocks, func(got, se float64) bool {
			return math.Abs(got-closedForm(tt.n, tt.x)) <= 3*se
		})
	}
}

// TestStaleRateReal looks at the real protocol. Most blocks travel as in the
// closed form: without transactions, a compact block is the whole one, in one
// message. But a block that ties with the tip is not fetched before somebody
// has built on it (as in Bitcoin Core), and then there and back once more: the
// rate lies between the closed form for one delay and that for three.
func TestStaleRateReal(t *testing.T) {
	long(t)
	for _, tt := range []struct {
		n      int
		x      float64
		blocks int
	}{{2, 0.1, 4000}, {2, 0.5, 3000}, {2, 1, 3000}, {10, 0.1, 2000}, {10, 0.5, 1500}, {10, 1, 1500}} {
		net := realClique(t, 1, tt.n, time.Duration(tt.x*float64(staleSpacing)))
		for range 3 { // everybody has found out about everybody
			for _, x := range net.Nodes() {
				net.Mine(x)
				run(t, net, 10*time.Second)
			}
		}
		compareStale(t, net, tt.x, tt.blocks, func(got, se float64) bool {
			return got >= closedForm(tt.n, tt.x)-3*se && got <= closedForm(tt.n, 3*tt.x)+3*se
		})
	}
}

func closedForm(n int, x float64) float64 { return (1 - 1/float64(n)) * x / (1 + x) }

// compareStale mines and compares the stale rate with what fits.
func compareStale(t *testing.T, net *sim.Net, x float64, blocks int, fits func(got, se float64) bool) {
	n, before := len(net.Nodes()), len(net.Found())
	mineBlocks(t, net, staleSpacing, before+blocks)
	net.Mine(net.Nodes()[0])
	run(t, net, time.Minute)
	stale, total := net.Stale(net.Nodes()[0])
	total -= before + 1
	want := closedForm(n, x)
	got, se := float64(stale)/float64(total), math.Sqrt(want*(1-want)/float64(total))
	t.Logf("n=%d x=%v: %.4f, closed form %.4f, standard error %.4f", n, x, got, want, se)
	if !fits(got, se) {
		t.Errorf("n=%d x=%v: stale rate %.4f, closed form %.4f, standard error %.4f", n, x, got, want, se)
	}
}
