package sim

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holiman/uint256"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/policy"
	"orrery/core/protocol"
)

// tap notes what happens to it, and does what a test tells it to.
type tap struct {
	x   *Node
	do  []protocol.Effect
	log []string // "ms what"
}

func (m *tap) View() (*node.View, error) { return nil, nil }

func (m *tap) Step(_ int64, e node.Event) (out []node.Effect, err error) {
	if p, ok := e.(node.PeerEvent); ok {
		what := strings.TrimPrefix(fmt.Sprintf("%T", p.Event), "protocol.")
		switch e := p.Event.(type) {
		case protocol.Told:
			what = fmt.Sprint("told ", e.Notice.(*protocol.Compact).Nonce)
		case protocol.Asked:
			out = append(out, node.PeerEffect{Effect: protocol.Answer{Peer: e.Peer, Call: e.Call, Response: &protocol.Pong{}}})
		case protocol.Answered:
			if what = "answer"; e.Err != nil {
				what = e.Err.Error()
			}
		case protocol.PeerDown:
			what = "down: " + e.Reason
		}
		m.log = append(m.log, fmt.Sprint(m.x.net.Now().Milliseconds(), " ", what))
	}
	for _, f := range m.do {
		out = append(out, node.PeerEffect{Effect: f})
	}
	m.do = nil
	return out, nil
}

// pair is two taps, of which a has dialled b by 100 ms.
func pair(t *testing.T, cfg Config) (n *Net, a, b *tap) {
	cfg.Open = func(x *Node, _ Boot) (Machine, error) { return &tap{x: x}, nil }
	n = New(cfg)
	for range 2 {
		n.Add(Spec{Listen: fmt.Sprint("10.0.0.", len(n.nodes)+1, ":1")})
	}
	n.Dial(n.nodes[0], n.nodes[1])
	if err := n.Run(100 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	a, b = n.nodes[0].machine.(*tap), n.nodes[1].machine.(*tap)
	a.log, b.log = nil, nil
	return n, a, b
}

// does gives a tap something to do now.
func (m *tap) does(list ...protocol.Effect) {
	m.do = list
	m.x.net.step(m.x, node.Tick{})
}

func tell(nonce uint64, bytes int) protocol.Effect {
	c := &protocol.Compact{Nonce: nonce}
	if bytes > 0 {
		c.ShortIDs = make([]uint64, bytes/numberBytes)
	}
	return protocol.Tell{Peer: 1, Notice: c}
}

func want(t *testing.T, m *tap, log ...string) {
	t.Helper()
	if !slices.Equal(m.log, log) {
		t.Errorf("got %q, want %q", m.log, log)
	}
	m.log = nil
}

// TestLink sends messages over lines of each kind.
func TestLink(t *testing.T) {
	ms := time.Millisecond
	n, a, b := pair(t, Config{Link: Link{Latency: Fixed(20 * ms), Bandwidth: 100_000}})
	// 10,000 bytes keep the line busy for 100 ms; the short one waits behind.
	a.does(tell(1, 10_000), tell(2, 0), protocol.Ask{Peer: 1, Call: 7, Request: &protocol.Ping{}})
	_ = n.Run(time.Second)
	want(t, b, "221 told 1", "223 told 2", "225 Asked")
	want(t, a, "246 answer")

	// What a cut swallows comes in order, after it heals and a try more.
	n.Cut(a.x, b.x)
	a.does(tell(3, 0))
	_ = n.Run(time.Second)
	b.does(tell(4, 0)) // the other way is open
	a.does(tell(5, 0))
	_ = n.Run(time.Second)
	want(t, a, "2121 told 4")
	want(t, b)
	n.Heal()
	_ = n.Run(time.Second)
	want(t, b, "3320 told 3", "3320 told 5")

	// Too long, and both lose the connection; the question gets its error first.
	n.Cut(a.x, b.x)
	a.does(protocol.Ask{Peer: 1, Call: 9, Request: &protocol.Ping{}})
	_ = n.Run(2 * time.Minute)
	want(t, a, "64100 no answer in time", "64121 down: timed out")
	want(t, b, "64121 down: timed out")
	n.Dial(a.x, b.x)
	_ = n.Run(time.Minute)
	want(t, a, "134100 DialFailed")
}

// TestCrashIsSeen ends a process, and a machine.
func TestCrashIsSeen(t *testing.T) {
	for power, log := range map[bool][]string{
		false: {"120 down: connection reset"},
		true:  {"60220 down: timed out"},
	} {
		n, a, b := pair(t, Config{Link: Link{Latency: Fixed(20 * time.Millisecond)}})
		n.Crash(b.x, power)
		_ = n.Run(100 * time.Millisecond)
		a.does(tell(1, 0))
		_ = n.Run(2 * time.Minute)
		want(t, a, log...)
		// A machine that is back does not know the connection.
		n, a, b = pair(t, Config{Link: Link{Latency: Fixed(20 * time.Millisecond)}})
		n.Crash(b.x, true)
		a.does(protocol.Ask{Peer: 1, Call: 1, Request: &protocol.Ping{}})
		_ = n.Run(time.Second)
		n.Restart(b.x)
		_ = n.Run(time.Second)
		want(t, a, "1340 the connection was lost", "1340 down: connection reset")
	}
}

// TestLossAndRepeat counts what chance does.
func TestLossAndRepeat(t *testing.T) {
	n, a, b := pair(t, Config{Link: Link{Latency: Fixed(time.Millisecond), Loss: 0.2, Repeat: 0.3}})
	const count = 2000
	late := 0
	for i := range count {
		a.does(tell(uint64(i), 0))
		from := n.Now()
		_ = n.RunUntil(time.Minute, func() bool { return len(b.log) > 0 })
		if n.Now()-from > 100*time.Millisecond {
			late++
		}
		_ = n.Run(time.Minute)
	}
	twice := len(b.log) - count
	for what, p := range map[string][2]float64{"lost": {float64(late), 0.2}, "repeated": {float64(twice), 0.3}} {
		if se := math.Sqrt(p[1] * (1 - p[1]) * count); math.Abs(p[0]-p[1]*count) > 4*se {
			t.Errorf("%s: %v of %d", what, p[0], count)
		}
	}
}

// steps are rules whose target falls to a quarter at a height.
type steps struct {
	*chaintest.Rules
	at int32
}

func (r steps) Target(a policy.Ancestors) (uint256.Int, error) {
	t, _, _ := consensus.CompactToTarget(r.Bits)
	if a.Height() >= r.at {
		t.Rsh(&t, 2)
	}
	return t, nil
}

// TestMiningRate compares the times of blocks with the hash rate and the
// difficulty.
func TestMiningRate(t *testing.T) {
	const half = 2000
	m := chaintest.NewMaker(100)
	n := New(Config{Seed: 1, Params: m.Params, Rules: steps{m.Rules, half}})
	x := n.Add(Spec{Hashrate: 0.5}) // two hashes a block at first: four seconds
	if err := n.RunUntil(time.Hour*100, func() bool { return x.view.Tip.Height >= 2*half }); err != nil {
		t.Fatal(err)
	}
	first := time.Duration(n.found[half-1].At).Seconds() / half
	second := time.Duration(n.found[2*half-1].At-n.found[half-1].At).Seconds() / half
	for _, c := range [][2]float64{{first, 4}, {second, 16}} {
		if math.Abs(c[0]/c[1]-1) > 4/math.Sqrt(half) {
			t.Errorf("a block takes %.2f s, want %.0f", c[0], c[1])
		}
	}
}
