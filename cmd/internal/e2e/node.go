package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"orrery/rpc/client"
)

// Node is a running node of the real program.
type Node struct {
	*Process
	Dir     string // its data folder
	Address string // of its RPC
	client  *client.Client
}

// Regtest are the arguments of a node on a chain of its own on which blocks
// cost nothing.
func Regtest(dir string, more ...string) []string {
	return append([]string{"node", "--preset", "regtest", "--node.data_dir", dir, "--rpc.listen", "127.0.0.1:0", "--p2p.listen", "127.0.0.1:0"}, more...)
}

// Lab are the arguments of a node under the Lua scripts of the lab, that mines.
func Lab(dir string, more ...string) []string {
	return append([]string{"node", "--preset", "lab", "--node.data_dir", dir, "--rpc.listen", "127.0.0.1:0", "--p2p.listen", "127.0.0.1:0"}, more...)
}

// startedLine tells where a node that has no terminal answers.
var startedLine = regexp.MustCompile(`msg="node started".* rpc=(\S+) .*data_dir=("[^"]*"|\S+)`)

// Start starts a regtest node on a data folder and waits until it answers.
func Start(t testing.TB, dir string, more ...string) *Node {
	t.Helper()
	return StartArgs(t, "", Regtest(dir, more...)...)
}

// StartArgs starts a node with all its arguments, in the folder work (a new one
// if ""), and waits until it answers.
func StartArgs(t testing.TB, work string, args ...string) *Node {
	t.Helper()
	return Ready(t, Launch(t, work, nil, args...))
}

// Ready waits until a launched node answers.
func Ready(t testing.TB, p *Process) *Node {
	t.Helper()
	line := p.WaitLine(`msg="node started"`)
	found := startedLine.FindStringSubmatch(line)
	if found == nil {
		code, _ := p.Wait()
		t.Fatalf("the node did not start (exit code %d):\n%s", code, p.Output())
	}
	dir := found[2]
	_ = json.Unmarshal([]byte(dir), &dir) // quoted if need be
	n := &Node{Process: p, Dir: dir, Address: found[1]}
	n.client = client.New(client.Config{Address: n.Address, CookieFile: filepath.Join(dir, ".cookie")})
	t.Cleanup(n.client.Close)
	return n
}

// Call calls an RPC method.
func (n *Node) Call(result any, method string, params ...any) error {
	return n.CallContext(context.Background(), result, method, params...)
}

// CallContext calls an RPC method until ctx ends.
func (n *Node) CallContext(ctx context.Context, result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	return n.client.Call(ctx, method, params, result)
}

// Must calls an RPC method that must succeed.
func (n *Node) Must(result any, method string, params ...any) {
	n.t.Helper()
	if err := n.Call(result, method, params...); err != nil {
		n.t.Fatalf("%s %v: %v\n%s", method, params, err, tail(n.Output()))
	}
}

// Stop ends the node as Ctrl-C does, and fails unless it ends cleanly.
func (n *Node) Stop() {
	n.t.Helper()
	n.Signal(os.Interrupt)
	if code, _ := n.Wait(); code != 0 {
		n.t.Fatalf("exit code %d after Ctrl-C:\n%s", code, tail(n.Output()))
	}
}

// tail is the end of a long output.
func tail(s string) string {
	const most = 4000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// Batch sends calls together; the node runs them in order.
func (n *Node) Batch(calls []*client.Call) error {
	return n.client.Batch(context.Background(), calls)
}

// MustWallet calls a method of the wallet of that name, which must succeed.
func (n *Node) MustWallet(result any, wallet, method string, params ...any) {
	n.t.Helper()
	c := client.New(client.Config{Address: n.Address, CookieFile: filepath.Join(n.Dir, ".cookie"), Wallet: &wallet})
	defer c.Close()
	if params == nil {
		params = []any{}
	}
	if err := c.Call(context.Background(), method, params, result); err != nil {
		n.t.Fatalf("%s %v of wallet %s: %v\n%s", method, params, wallet, err, tail(n.Output()))
	}
}
