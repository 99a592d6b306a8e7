package sim_test

import (
	"runtime/debug"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
	"orrery/core/sim"
)

// realNet is a network of real nodes. Each joins one of the first few, and finds
// others by itself.
func realNet(t testing.TB, cfg sim.Config, nodes int) *sim.Net {
	m := chaintest.NewMaker(5)
	cfg.Params, cfg.Rules = m.Params, m.Rules
	net := sim.New(cfg)
	for i := range nodes {
		spec := sim.Spec{}
		if i > 0 {
			spec.Join = []string{net.Nodes()[0].Address()}
		}
		net.Add(spec)
		run(t, net, time.Second)
	}
	run(t, net, time.Minute)
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
	net := realNet(t, sim.Config{Seed: 1, Link: sim.Link{Latency: sim.Delay{Base: 20 * time.Millisecond, Spread: 80 * time.Millisecond}}}, 8)
	mineBlocks(t, net, 10*time.Second, 100)
	for _, x := range net.Nodes() {
		t.Log(x.View().Tip.Height, x.View().Tip.Hash)
	}
	if err := net.Check(); err != nil {
		t.Error(err)
	}
	t.Log(net.Counts(), net.Trace())
}

// BenchmarkReal is a run of 200 real nodes over 1,000 blocks.
func BenchmarkReal(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for b.Loop() {
		net := realNet(b, sim.Config{Seed: 1, Link: sim.Link{Latency: sim.Delay{Base: 20 * time.Millisecond, Spread: 80 * time.Millisecond}}}, 200)
		mineBlocks(b, net, 10*time.Second, 1000)
		stale, total := net.Stale(net.Nodes()[0])
		b.Logf("%+v, %d of %d blocks stale, trace %v", net.Counts(), stale, total, net.Trace())
	}
}

func TestJoinMany(t *testing.T) {
	for _, n := range []int{25, 50, 100} {
		net := realNet(t, sim.Config{Seed: 1, Link: sim.Link{Latency: sim.Fixed(50 * time.Millisecond)}}, n)
		was := net.Counts()
		run(t, net, 10*time.Minute)
		ids, joined := map[uint32]bool{}, 0
		for _, x := range net.Nodes() {
			v := x.View().Net.Peers
			ids[v.ID] = true
			if v.Joined {
				joined++
			}
		}
		t.Logf("%d nodes: %+v then %+v; %d ids, %d joined", n, was, net.Counts(), len(ids), joined)
	}
}
