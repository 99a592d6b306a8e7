package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"orrery/cmd/internal/e2e"
)

// attached waits until a node tells that the wallet with a name is at the node
// with an ID.
func attached(t *testing.T, n *e2e.Node, name string, id uint32) {
	t.Helper()
	var found struct {
		NodeID uint32 `json:"node_id"`
	}
	for end := time.Now().Add(e2e.Patience); found.NodeID != id; {
		n.Must(&found, "resolvename", name)
		if time.Now().After(end) {
			t.Fatalf("%s is at %d, want %d", name, found.NodeID, id)
		}
		n.Must(nil, "waitfornewblock", 50)
	}
}

// TestAttachedWallet: a wallet that registers a name gets its ID from its node,
// and people at another node see where it is.
func TestAttachedWallet(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	dir := t.TempDir()
	b := e2e.Join(t, dir, a, "--p2p.wallet_capacity", "1")
	id := b.Self().NodeID
	var own string
	b.Must(&own, "getnewaddress")
	b.Must(nil, "generatetoaddress", 1, own)
	e2e.WaitTip(t, b.Mine(100)[99], a)
	code, stdout, stderr := e2e.Run(t, t.TempDir(), "wallet", "--node.data_dir", dir, "register", "carol")
	if code != 0 || !strings.HasPrefix(stdout, "Claimed: carol for ") || !strings.Contains(stdout, "The wallet has the ID 1000000002 in the network.\n") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	e2e.WaitTip(t, b.Mine(2)[1], a)
	attached(t, a, "carol", id)
	code, stdout, stderr = e2e.Run(t, t.TempDir(), "wallet", "--node.data_dir", a.Dir, "directory")
	if code != 0 || !regexp.MustCompile(`(?m)^carol +\S+ +2 +8001 *$`).MatchString(stdout) {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}

	// A node that is full says so; the name does not depend on it.
	b.Must(nil, "createwallet", "second")
	var claim struct{ Warnings []string }
	b.MustWallet(&own, "second", "getnewaddress")
	b.Must(nil, "generatetoaddress", 1, own)
	b.Mine(100)
	b.MustWallet(&claim, "second", "registername", "dave")
	const full = "There is no ID for a wallet now: all 1 places for wallets are taken: unload one, or let p2p.wallet_capacity be higher; attachwallet asks again"
	if len(claim.Warnings) != 1 || claim.Warnings[0] != full {
		t.Errorf("%q", claim.Warnings)
	}

	// The ID stays over restarts, and is given back.
	b.Kill()
	b = e2e.Join(t, dir, a, "--p2p.wallet_capacity", "1")
	var has struct {
		ID uint32 `json:"wallet_id"`
	}
	if b.MustWallet(&has, "default", "attachwallet"); has.ID != 1_000_000_002 {
		t.Errorf("the wallet has the ID %d after a restart", has.ID)
	}
	b.Must(nil, "unloadwallet", "default")
	for method, want := range map[string]string{"attachwallet": "the 1 IDs of this node are in use or rest", "detachwallet": "The wallet has no ID in the network"} {
		if err := b.Call(nil, method); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", method, err)
		}
	}
	b.Stop()
	a.Stop()
}
