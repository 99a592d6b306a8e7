package sim_test

import (
	"math"
	"testing"
	"time"

	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/protocol"
	"orrery/core/sim"
)

// flood is the least that can be called a node: it knows the tree that all
// share, tells each peer of its own blocks, and takes the longest branch, the
// first seen among equals. Blocks are numbers.
type flood struct {
	tree   *tree
	listen string
	dial   []string
	peers  []protocol.PeerID
	tip    int32
	begun  bool
}

// tree has the parent and the height of each block.
type tree struct{ parent, height []int32 }

func (f *flood) View() (*node.View, error) { return nil, nil }

func (f *flood) Mine(int64, uint64) (*consensus.Block, error) {
	n := len(f.tree.parent)
	f.tree.parent = append(f.tree.parent, f.tip)
	f.tree.height = append(f.tree.height, f.tree.height[f.tip]+1)
	return consensus.NewBlock(consensus.Header{Nonce: uint32(n)}, nil), nil
}

func (f *flood) Step(_ int64, e node.Event) ([]node.Effect, error) {
	switch e := e.(type) {
	case node.Tick:
		if f.begun {
			return nil, nil
		}
		f.begun = true
		out := []node.Effect{node.PeerEffect{Effect: protocol.Listen{Address: f.listen}}}
		for _, a := range f.dial {
			out = append(out, node.PeerEffect{Effect: protocol.Dial{Address: a}})
		}
		return out, nil
	case node.SubmitBlock:
		f.tip = int32(e.Block.Header.Nonce)
		out := make([]node.Effect, len(f.peers))
		notice := &protocol.Compact{Header: e.Block.Header}
		for i, p := range f.peers {
			out[i] = node.PeerEffect{Effect: protocol.Tell{Peer: p, Notice: notice}}
		}
		return out, nil
	case node.PeerEvent:
		switch e := e.Event.(type) {
		case protocol.PeerUp:
			f.peers = append(f.peers, e.Peer)
		case protocol.Told:
			if n := int32(e.Notice.(*protocol.Compact).Header.Nonce); f.tree.height[n] > f.tree.height[f.tip] {
				f.tip = n
			}
		}
	}
	return nil, nil
}

// floodClique runs n equal miners, all connected, and returns how many blocks
// were found, and how many of them are not on the longest branch. A message
// takes delay; together they find a block every second.
func floodClique(t testing.TB, seed uint64, n int, delay time.Duration, blocks int) (found, stale int, net *sim.Net) {
	tr := &tree{parent: []int32{0}, height: []int32{0}}
	net = sim.New(sim.Config{Seed: seed, Link: sim.Link{Latency: sim.Fixed(delay)}, Open: func(x *sim.Node, b sim.Boot) (sim.Machine, error) {
		f := &flood{tree: tr, listen: x.Address()}
		for _, o := range x.Net().Nodes()[:x.ID] {
			f.dial = append(f.dial, o.Address())
		}
		return f, nil
	}})
	for range n {
		net.Add(sim.Spec{})
	}
	run(t, net, 10*time.Second+4*delay)
	for _, x := range net.Nodes() {
		net.SetHashrate(x, 1/float64(n))
	}
	if err := net.RunUntil(math.MaxInt64/2, func() bool { return len(tr.parent) > blocks }); err != nil {
		t.Fatal(err)
	}
	best := int32(0)
	for _, h := range tr.height {
		best = max(best, h)
	}
	found = len(tr.parent) - 1
	return found, found - int(best), net
}

func run(t testing.TB, net *sim.Net, d time.Duration) {
	t.Helper()
	if err := net.Run(d); err != nil {
		t.Fatal(err)
	}
}

// TestStaleRateFlood compares the engine with what is known of the stale rate
// of n equal miners on a clique with a constant delay of x block intervals:
// (1-1/n)·x/(1+x), exact for 2 and for many miners.
func TestStaleRateFlood(t *testing.T) {
	long(t)
	for _, n := range []int{2, 100} {
		for _, x := range []float64{0.1, 0.5, 1} {
			blocks := 2_000_000 / (n + 10)
			found, stale, _ := floodClique(t, 1, n, time.Duration(x*float64(time.Second)), blocks)
			want := (1 - 1/float64(n)) * x / (1 + x)
			got := float64(stale) / float64(found)
			se := math.Sqrt(want * (1 - want) / float64(found))
			t.Logf("n=%d x=%v: %.4f, want %.4f ± %.4f", n, x, got, want, 3*se)
			if math.Abs(got-want) > 3*se {
				t.Errorf("n=%d x=%v: stale rate %.4f, want %.4f ± %.4f", n, x, got, want, 3*se)
			}
		}
	}
}

// TestStaleRateTen compares the engine with figures for ten miners, which no
// closed form gives exactly.
func TestStaleRateTen(t *testing.T) {
	long(t)
	for _, tt := range []struct {
		x, want float64
		blocks  int
	}{{0.1, 0.0818, 1_000_000}, {0.5, 0.300, 300_000}, {1, 0.447, 200_000}} {
		found, stale, _ := floodClique(t, 1, 10, time.Duration(tt.x*float64(time.Second)), tt.blocks)
		got := float64(stale) / float64(found)
		t.Logf("x=%v: %.4f, want %.4f", tt.x, got, tt.want)
		if math.Abs(got/tt.want-1) > 0.01 {
			t.Errorf("x=%v: stale rate %.4f, want %.4f within 1 %%", tt.x, got, tt.want)
		}
	}
}

// BenchmarkFlood counts happenings of ten flooding nodes: heap, links, trace.
func BenchmarkFlood(b *testing.B) {
	for b.Loop() {
		_, _, net := floodClique(b, 1, 10, 100*time.Millisecond, 20_000)
		b.ReportMetric(float64(net.Counts().Happened)/1e6, "Mevents/op")
	}
}
