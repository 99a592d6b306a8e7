package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"orrery/cmd/internal/e2e"
)

// TestThreeNodes is the tour: two nodes without settings join a first one, get
// an ID and a port from it, and all three follow one chain.
func TestThreeNodes(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	a.Mine(30)
	b := e2e.Join(t, t.TempDir(), a)
	c := e2e.Join(t, t.TempDir(), a)
	e2e.WaitTip(t, a.Tip(), b, c)
	if got := [3]uint32{a.Self().NodeID, b.Self().NodeID, c.Self().NodeID}; got != [3]uint32{8000, 8001, 8002} {
		t.Errorf("IDs %v", got)
	}
	for _, n := range []*e2e.Node{a, b, c} {
		e2e.WaitTip(t, n.Mine(1)[0], a, b, c)
	}
	if n := len(a.Peers()); n != 2 {
		t.Errorf("the first node has %d peers: %+v", n, a.Peers())
	}
	// A node that was away finds back by itself, with the ID that it had.
	before := b.Self()
	b.Stop()
	tip := a.Mine(3)[2]
	b = e2e.StartArgs(t, "", e2e.Joiner(b.Dir, a.Self().Listen)...)
	e2e.WaitTip(t, tip, b, c)
	if after := b.Self(); after.NodeID != before.NodeID {
		t.Errorf("after the restart the node is %+v, it was %+v", after, before)
	}
	for _, n := range []*e2e.Node{c, b, a} {
		n.Stop()
	}
}

// TestSplit: two sides that mine without each other for long become one chain
// again, the one with more work.
func TestSplit(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	b := e2e.Join(t, t.TempDir(), a)
	e2e.WaitTip(t, a.Mine(5)[4], b)
	b.Must(nil, "setnetworkactive", false)
	a.Mine(50)
	longer := b.Mine(51)[50]
	b.Must(nil, "setnetworkactive", true)
	e2e.WaitTip(t, longer, a, b)
	e2e.WaitTip(t, a.Mine(1)[0], b)
	b.Stop()
	a.Stop()
}

// TestKilledInSync: a node that dies while it syncs goes on where it was.
func TestKilledInSync(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	tip := a.Mine(3000)[2999]
	dir := t.TempDir()
	p := e2e.Launch(t, "", nil, e2e.Joiner(dir, a.Self().Listen)...)
	p.WaitLine("msg=block")
	p.Kill()
	b := e2e.StartArgs(t, "", e2e.Joiner(dir, a.Self().Listen)...)
	e2e.WaitTip(t, tip, b)
	b.Stop()
	a.Stop()
}

// TestJoinDead: whoever joins an address at which nobody answers says so, waits,
// and gets there as soon as somebody does. RPC tells what is going on.
func TestJoinDead(t *testing.T) {
	t.Parallel()
	address := freeAddress(t)
	dir := t.TempDir()
	p := e2e.Launch(t, "", nil, e2e.Joiner(dir, address)...)
	if line := p.WaitLine(address + ": "); !strings.Contains(line, "next try in") {
		t.Errorf("it said %q", line)
	}
	code, _, stderr := e2e.Run(t, t.TempDir(), "cli", "--node.data_dir", dir, "getblockcount")
	if code != 28 || !strings.Contains(stderr, "Joining "+address) {
		t.Errorf("cli: exit code %d: %s", code, stderr)
	}
	a := e2e.First(t, "--p2p.listen", address)
	b := e2e.Ready(t, p)
	e2e.WaitTip(t, a.Mine(1)[0], b)
	b.Stop()
	a.Stop()

	p = e2e.Launch(t, "", nil, e2e.Joiner(t.TempDir(), address)...)
	p.WaitLine("next try in")
	p.Signal(os.Interrupt)
	if code, _ := p.Wait(); code != 0 {
		t.Errorf("Ctrl-C while joining: exit code %d:\n%s", code, p.Output())
	}
}

// TestNoPort: a node whose port cannot be opened says so and what to do, and does
// everything else.
func TestNoPort(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	p := e2e.Launch(t, "", nil, e2e.Joiner(t.TempDir(), a.Self().Listen, "--p2p.host", "192.0.2.1")...)
	if line := p.WaitLine("No port could be opened"); !strings.Contains(line, "p2p.host") {
		t.Errorf("it said %q", line)
	}
	b := e2e.Ready(t, p)
	e2e.WaitTip(t, b.Mine(1)[0], a)
	b.Stop()
	a.Stop()
}

// TestWrongNetwork: two chains do not mix, and both sides say what differs.
func TestWrongNetwork(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	other := e2e.StartArgs(t, "", e2e.Lab(t.TempDir(), "--mining.enabled", "false")...)
	other.Must(nil, "addnode", a.Self().Listen, "onetry")
	for _, n := range []*e2e.Node{a, other} {
		if line := n.WaitLine("another network"); !strings.Contains(line, "ID") {
			t.Errorf("it said %q", line)
		}
		if strings.Contains(n.Output(), "peer joined") {
			t.Errorf("they became peers:\n%s", n.Output())
		}
	}
	other.Stop()
	a.Stop()
}

// freeAddress is an address at which nobody listened just now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
