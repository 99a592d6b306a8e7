package e2e

import (
	"os"
	"regexp"
	"testing"
)

// Tracker is a running tracker of the real program.
type Tracker struct {
	*Process
	Dir     string
	Address string // where it takes nodes
}

var trackerLine = regexp.MustCompile(`msg="tracker started".* address=(\S+) `)

// StartTracker starts a tracker at an address and waits until it listens.
func StartTracker(t testing.TB, dir, address string) *Tracker {
	t.Helper()
	p := Launch(t, "", nil, "tracker", "--node.data_dir", dir, "--p2p.listen", address)
	found := trackerLine.FindStringSubmatch(p.WaitLine(`msg="tracker started"`))
	if found == nil {
		code, _ := p.Wait()
		t.Fatalf("the tracker did not start (exit code %d):\n%s", code, p.Output())
	}
	return &Tracker{p, dir, found[1]}
}

// Stop ends the tracker as Ctrl-C does, and fails unless it ends cleanly.
func (r *Tracker) Stop() {
	r.t.Helper()
	r.Signal(os.Interrupt)
	if code, _ := r.Wait(); code != 0 {
		r.t.Fatalf("exit code %d after Ctrl-C:\n%s", code, tail(r.Output()))
	}
}

// Tracked are the arguments of a node that has a tracker.
func Tracked(dir, tracker string, more ...string) []string {
	return append([]string{"node", "--node.data_dir", dir, "--rpc.listen", "127.0.0.1:0", "--p2p.tracker", tracker, "--mining.enabled", "false"}, more...)
}
