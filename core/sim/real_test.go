package sim_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
	"orrery/core/sim"
)

// realNet is a random graph of real nodes.
func realNet(t testing.TB, cfg sim.Config, nodes, degree int) *sim.Net {
	m := chaintest.NewMaker(5)
	cfg.Params, cfg.Rules = m.Params, m.Rules
	net := sim.New(cfg)
	r := rand.New(rand.NewPCG(cfg.Seed, 0))
	for i := range nodes {
		x := net.Add(sim.Spec{})
		for range min(degree/2, i) {
			net.Dial(x, net.Nodes()[r.IntN(i)])
		}
	}
	run(t, net, 10*time.Second)
	return net
}

func mineBlocks(t testing.TB, net *sim.Net, spacing time.Duration, blocks int) {
	for _, x := range net.Nodes() {
		net.SetHashrate(x, 2/spacing.Seconds()/float64(len(net.Nodes()))) // a block takes two hashes
	}
	if err := net.RunUntil(time.Hour*1000, func() bool { return len(net.Found()) >= blocks }); err != nil {
		t.Fatal(err)
	}
	for _, x := range net.Nodes() {
		net.SetHashrate(x, 0)
	}
	run(t, net, time.Minute)
}

func TestReal(t *testing.T) {
	net := realNet(t, sim.Config{Seed: 1, Link: sim.Link{Latency: sim.Delay{Base: 20 * time.Millisecond, Spread: 80 * time.Millisecond}}}, 8, 4)
	mineBlocks(t, net, 10*time.Second, 100)
	for _, x := range net.Nodes() {
		t.Log(x.View().Tip.Height, x.View().Tip.Hash)
	}
	if err := net.Check(); err != nil {
		t.Error(err)
	}
	t.Log(net.Counts(), net.Trace())
}

func BenchmarkReal(b *testing.B) {
	for b.Loop() {
		net := realNet(b, sim.Config{Seed: 1, Link: sim.Link{Latency: sim.Delay{Base: 20 * time.Millisecond, Spread: 80 * time.Millisecond}}}, 200, 8)
		mineBlocks(b, net, 10*time.Second, 1000)
		stale, total := net.Stale(net.Nodes()[0])
		b.Log(net.Counts(), stale, total, net.Trace())
	}
}
