package main

import (
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"orrery/cmd/internal/e2e"
)

// TestLab: five nodes in one terminal form one network, each line begins with
// the ID of its node, and one Ctrl-C ends all.
func TestLab(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	p := e2e.Launch(t, work, nil, "lab", "5", "--rpc.listen", "127.0.0.1:0", "--mining.max_hashrate", "2000")
	var rpc []string
	address := regexp.MustCompile(` rpc=(\S+) `)
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		line := p.WaitLine("data_dir=" + work + "/lab-data/" + n + " ")
		found := address.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("node %s did not start: %q\n%s", n, line, p.Output())
		}
		rpc = append(rpc, found[1])
	}
	// The IDs are the nodes' own. The first has three children; whose child the
	// fifth is depends on who was asked first.
	own := map[string]bool{}
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		code, stdout, stderr := e2e.Run(t, work, "cli", "--node.data_dir", "lab-data/"+n, "getnetworkinfo")
		id := regexp.MustCompile(`"node_id": (\d+)`).FindStringSubmatch(stdout)
		if code != 0 || id == nil {
			t.Fatalf("node %s: exit code %d: %s%s", n, code, stdout, stderr)
		}
		own[id[1]] = true
	}
	if len(own) != 5 || !own["8000"] || !own["8001"] || !own["8002"] || !own["8003"] {
		t.Errorf("IDs %v", own)
	}
	for id := range own {
		if p.WaitLine(id+" | ") == "" {
			t.Errorf("no line of %s:\n%s", id, p.Output())
		}
	}
	prefix := regexp.MustCompile(`^(80\d\d|  #[1-5]) \| `)
	for line := range strings.Lines(p.Output()) {
		if !prefix.MatchString(line) {
			t.Errorf("a line of nobody: %q", line)
		}
	}
	p.Signal(os.Interrupt)
	if code, _ := p.Wait(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.Output())
	}
	if n := strings.Count(p.Output(), "everything is on the disk"); n != 5 {
		t.Errorf("%d nodes ended cleanly:\n%s", n, p.Output())
	}
	for _, a := range rpc {
		if c, err := net.Dial("tcp", a); err == nil {
			_ = c.Close()
			t.Errorf("something still answers at %s", a)
		}
	}
}

// TestPeersPortTaken: a port that was asked for is used or nothing is; the usual
// one gives way.
func TestPeersPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := e2e.Launch(t, "", nil, append(e2e.Regtest(t.TempDir()), "--p2p.listen", l.Addr().String())...)
	code, _ := p.Wait()
	wantFailure(t, code, p.Output(), "P2P port "+port+" is taken", "--p2p.listen")
	p = e2e.Launch(t, "", nil, "tracker", "--p2p.listen", l.Addr().String(), "--node.data_dir", t.TempDir())
	code, _ = p.Wait()
	wantFailure(t, code, p.Output(), "port "+port+" is taken", "--p2p.listen")

	// If somebody else has it, all the better.
	if usual, err := net.Listen("tcp", "127.0.0.1:8000"); err == nil {
		defer usual.Close()
	}
	n := e2e.StartArgs(t, "", "node", "--preset", "regtest", "--node.data_dir", t.TempDir(), "--rpc.listen", "127.0.0.1:0")
	_, got, _ := net.SplitHostPort(n.Self().Listen)
	if want := "P2P port 8000 is taken, using " + got; strings.Count(n.Output(), want) != 1 {
		t.Errorf("no line %q:\n%s", want, n.Output())
	}
	n.Stop()
}
