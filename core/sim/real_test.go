package sim_test

import (
	"runtime/debug"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
	"orrery/core/peering"
	"orrery/core/sim"
)

// long leaves a test out of short runs: here is nothing that a race detector, which
// makes it ten times as long, could find, since nothing runs beside anything.
func long(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short")
	}
}

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

// TestJoinMany has a hundred nodes join the same one, which has room for three:
// the others are referred to its children. All get an ID of their own, and
// then one chain.
func TestJoinMany(t *testing.T) {
	long(t)
	const nodes = 100
	net := realNet(t, sim.Config{Seed: 1, Link: sim.Link{Latency: sim.Fixed(50 * time.Millisecond)}}, nodes)
	run(t, net, 10*time.Minute)
	ids := map[uint32]string{}
	for _, x := range net.Nodes() {
		v := x.View().Net.Peers
		if other := ids[v.ID]; !v.Joined || other != "" {
			t.Errorf("%s: joined %v with ID %d; %s has it too", x.Name(), v.Joined, v.ID, other)
		}
		ids[v.ID] = x.Name()
		if len(v.Peers) == 0 || len(v.Children) > 3 {
			t.Errorf("%s has %d peers and %d children", x.Name(), len(v.Peers), len(v.Children))
		}
	}
	mineBlocks(t, net, 10*time.Second, 5)
	net.Mine(net.Nodes()[nodes-1])
	run(t, net, time.Minute)
	if !net.OneTip() {
		t.Error("a minute after the last block there is more than one tip")
	}
	if err := net.Check(); err != nil {
		t.Error(err)
	}
}

// BenchmarkReal is a run of 200 real nodes over 1,000 blocks, two seconds apart: with
// longer pauses most of what happens would be pings. A node has about six peers. With -benchtime 3x it
// wants the same trace each time.
func BenchmarkReal(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	var first sim.TraceHash
	for b.Loop() {
		net := realNet(b, sim.Config{Seed: 1, Link: sim.Link{Latency: sim.Delay{Base: 5 * time.Millisecond, Spread: 20 * time.Millisecond}},
			Peering: func(_ *sim.Node, c *peering.Config) { c.Outbound = 2 }}, 200)
		mineBlocks(b, net, 2*time.Second, 1000)
		stale, total := net.Stale(net.Nodes()[0])
		if first == (sim.TraceHash{}) {
			first = net.Trace()
		} else if net.Trace() != first {
			b.Fatalf("the trace is %v, was %v", net.Trace(), first)
		}
		b.Logf("%+v, %d of %d blocks stale, trace %v", net.Counts(), stale, total, net.Trace())
	}
}
