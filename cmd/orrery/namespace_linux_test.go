package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"orrery/cmd/internal/e2e"
)

// TestNamespaces puts two nodes on machines of their own, as far as the network
// goes, and drops all that one sends to the other, in both directions or in
// one, while both mine. The connection is not closed: it hangs.
func TestNamespaces(t *testing.T) {
	l := newLink(t)
	start := func(i int, more ...string) *e2e.Node {
		args := append([]string{"node", "--preset", "regtest", "--node.data_dir", t.TempDir(), "--rpc.listen", l.address(i) + ":18443", "--p2p.host", l.address(i)}, more...)
		cmd := exec.Command("ip", append([]string{"netns", "exec", l.space(i), e2e.Binary(t)}, args...)...)
		return e2e.Ready(t, e2e.LaunchCommand(t, "", nil, cmd))
	}
	a := start(1, "--p2p.listen", l.address(1)+":8000")
	b := start(2, "--p2p.join", l.address(1)+":8000")
	e2e.WaitTip(t, a.Mine(1)[0], b)
	for _, cut := range [][]int{{1, 2}, {1}, {2}} {
		for _, i := range cut {
			l.drop(i, true)
		}
		lost, won := a.Mine(3)[2], b.Mine(5)[4]
		if b.Tip() != won || a.Tip() != lost {
			t.Errorf("cut at %v: the two nodes hear of each other", cut)
		}
		for _, i := range cut {
			l.drop(i, false)
		}
		healed := time.Now()
		e2e.WaitTip(t, won, a, b)
		t.Logf("cut at %v: one tip %v after the end", cut, time.Since(healed))
	}
	b.Stop()
	a.Stop()
}

// link is two network namespaces that are joined by a bridge.
type link struct {
	t    *testing.T
	name string // of the bridge; all other names begin with it
	net  string // the first three bytes of the addresses
}

func newLink(t *testing.T) *link {
	l := &link{t: t, name: fmt.Sprintf("or%d", os.Getpid()%1_000_000), net: fmt.Sprintf("10.231.%d", os.Getpid()%250)}
	if err := l.try("link", "add", l.name, "type", "bridge"); err != nil {
		t.Skipf("left out: no network namespaces here: %v", err)
	}
	t.Cleanup(func() { _ = l.try("link", "del", l.name) })
	l.must("address", "add", l.net+".254/24", "dev", l.name)
	l.must("link", "set", l.name, "up")
	for i := 1; i <= 2; i++ {
		space, wire, end := l.space(i), fmt.Sprintf("%sw%d", l.name, i), fmt.Sprintf("%se%d", l.name, i)
		if err := l.try("netns", "add", space); err != nil {
			t.Skipf("left out: no network namespaces here: %v", err)
		}
		t.Cleanup(func() { _ = l.try("netns", "del", space) })
		l.must("link", "add", wire, "type", "veth", "peer", "name", end, "netns", space)
		l.must("link", "set", wire, "master", l.name)
		l.must("link", "set", wire, "up")
		l.must("-n", space, "address", "add", l.address(i)+"/24", "dev", end)
		l.must("-n", space, "link", "set", end, "up")
		l.must("-n", space, "link", "set", "lo", "up")
	}
	return l
}

func (l *link) space(i int) string   { return fmt.Sprintf("%sn%d", l.name, i) }
func (l *link) address(i int) string { return fmt.Sprintf("%s.%d", l.net, i) }

// drop says whether all that node i sends to the other is lost.
func (l *link) drop(i int, on bool) {
	do := "del"
	if on {
		do = "add"
	}
	l.must("-n", l.space(i), "route", do, "blackhole", l.address(3-i)+"/32")
}

func (l *link) must(args ...string) {
	l.t.Helper()
	if err := l.try(args...); err != nil {
		l.t.Fatal(err)
	}
}

func (l *link) try(args ...string) error {
	out, err := exec.Command("ip", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
