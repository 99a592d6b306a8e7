package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/e2e"
	"orrery/rpc"
)

const (
	regtestGenesis = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"
	zeroHash       = "0000000000000000000000000000000000000000000000000000000000000000"
)

// TestCLIArgs: flags stand before the method, settings anywhere, and every
// other word after the method is a parameter.
func TestCLIArgs(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"node --preset lab", "node --preset lab"},
		{"wallet send -1", "wallet send -1"},
		{"--preset lab", "--preset lab"},
		{"cli", "cli"},
		{"cli -h", "cli -h"},
		{"cli getblockhash -1", "cli -- getblockhash -1"},
		{"cli getblockhash -- -1", "cli -- getblockhash -1"},
		{"cli -- getblockhash -1", "cli -- getblockhash -1"},
		{"cli getblockhash --1", "cli -- getblockhash --1"},
		{"cli echo - -x --y --named -stdin", "cli -- echo - -x --y --named -stdin"},
		{"cli -named getblockhash height=-1", "cli --named -- getblockhash height=-1"},
		{"cli -rpcwallet=w getbalance", "cli --rpcwallet=w -- getbalance"},
		{"cli -rpcwallet= getbalance", "cli --rpcwallet= -- getbalance"},
		{"cli --wallet w getbalance", "cli --wallet w -- getbalance"},
		{"cli -wallet w -stdin getbalance", "cli --wallet w --stdin -- getbalance"},
		{"cli --node.data_dir d getblockcount", "cli --node.data_dir d -- getblockcount"},
		{"cli getblockcount --node.data_dir d", "cli --node.data_dir d -- getblockcount"},
		{"cli getblockcount --node.data_dir=d -1", "cli --node.data_dir=d -- getblockcount -1"},
		{"cli getblockcount -- --node.data_dir d", "cli -- getblockcount --node.data_dir d"},
		{"cli getblockcount --config c --preset p", "cli --config c --preset p -- getblockcount"},
		{"cli getblockcount --node.datadir d", "cli --node.datadir -- getblockcount d"}, // to be told, not sent
		{"--node.data_dir cli cli getblockcount -1", "--node.data_dir cli cli -- getblockcount -1"},
		{"--mining.enabled cli getblockcount -1", "--mining.enabled cli -- getblockcount -1"},
		{"--mining.enabled false cli getblockcount -1", "--mining.enabled=false cli -- getblockcount -1"},
		{"config show cli", "config show cli"},
	} {
		args := config.JoinBools(strings.Fields(c.args))
		got := cliArgs(args, config.NewFlags(args).Set())
		if !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%s\n got %q\nwant %q", c.args, got, c.want)
		}
	}
}

func TestExitCode(t *testing.T) {
	for code, want := range map[rpc.Code]int{-1: 1, -8: 8, -28: 28, -32601: 32601 & 255, -32700: 32700 & 255, 256: 1, 0: 1} {
		if got := exitCode(code); got != want {
			t.Errorf("%d gives exit code %d, not %d", code, got, want)
		}
	}
}

// TestCLI: words in, what bitcoin-cli would print out.
func TestCLI(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := e2e.Start(t, dir, "--rpc.user", "u", "--rpc.password", "p w")
	work := t.TempDir()
	for _, c := range []struct {
		name   string
		args   []string // "DIR" and "ADDRESS" stand for the node's
		stdin  string
		code   int
		stdout string
		stderr string
	}{
		{name: "number", args: []string{"--node.data_dir", "DIR", "getblockcount"}, stdout: "0\n"},
		{name: "folder after the method", args: []string{"getblockcount", "--node.data_dir", "DIR"}, stdout: "0\n"},
		{name: "text", args: []string{"--node.data_dir", "DIR", "getblockhash", "0"}, stdout: regtestGenesis + "\n"},
		{name: "null", args: []string{"--node.data_dir", "DIR", "gettxout", zeroHash, "0"}},
		{name: "list", args: []string{"--node.data_dir", "DIR", "generatetoaddress", "0", nobody}, stdout: "[]\n"},
		{name: "object", args: []string{"--node.data_dir", "DIR", "validateaddress", ""}, stdout: "{\n  \"isvalid\": false,\n…"},
		{name: "named", args: []string{"--node.data_dir", "DIR", "-named", "getblockhash", "height=0"}, stdout: regtestGenesis + "\n"},
		{name: "stdin", args: []string{"--node.data_dir", "DIR", "-stdin", "getblockhash"}, stdin: "0\n", stdout: regtestGenesis + "\n"},
		{name: "stdin with the method", args: []string{"--node.data_dir", "DIR", "-stdin"}, stdin: "getblockhash\n0", stdout: regtestGenesis + "\n"},
		{name: "password", args: []string{"--rpc.listen", "ADDRESS", "--rpc.user", "u", "--rpc.password", "p w", "getblockcount"}, stdout: "0\n"},
		{name: "below zero", args: []string{"--node.data_dir", "DIR", "getblockhash", "-1"}, code: 8,
			stderr: "error code: -8\nerror message:\nBlock height out of range\n"},
		{name: "unknown method", args: []string{"--node.data_dir", "DIR", "getnothing", "-x", "--y"}, code: 32601 & 255,
			stderr: "error code: -32601\nerror message:\nMethod not found\n"},
		{name: "wrong type", args: []string{"--node.data_dir", "DIR", "getblockhash", `"0"`}, code: 3, stderr: "error code: -3\nerror message:\n…"},
		{name: "no JSON", args: []string{"--node.data_dir", "DIR", "getblockhash", "zero"}, code: 1,
			stderr: "orrery: this parameter must be JSON, and is not: zero\n"},
		{name: "unknown flag", args: []string{"--node.data_dir", "DIR", "-nmaed", "getblockcount"}, code: 1, stderr: "orrery: unknown …"},
		{name: "unknown setting", args: []string{"getblockcount", "--node.datadir", "DIR"}, code: 1,
			stderr: "orrery: unknown flag --node.datadir; did you mean --node.data_dir?\n"},
		{name: "no method", args: nil, code: 1, stderr: "orrery: too few parameters…"},
		{name: "empty stdin", args: []string{"--node.data_dir", "DIR", "-stdin"}, code: 1, stderr: "orrery: too few parameters…"},
		{name: "wrong password", args: []string{"--rpc.listen", "ADDRESS", "--rpc.user", "u", "--rpc.password", "x", "getblockcount"}, code: 1,
			stderr: "orrery: the node refuses the user or password…"},
		{name: "help", args: []string{"--node.data_dir", "DIR", "help"}, stdout: "== Addressindex ==\n…"},
		{name: "help without a node", args: []string{"help", "getblockcount"}, stdout: "getblockcount\n\n…"},
		{name: "no node", args: []string{"getblockcount"}, code: 1, stderr: "orrery: no node answers for the data folder data: start one with 'orrery node'…"},
		{name: "no node there", args: []string{"--rpc.listen", "127.0.0.1:1", "--rpc.user", "u", "--rpc.password", "p", "getblockcount"}, code: 1,
			stderr: "orrery: no node answers at 127.0.0.1:1: start one with 'orrery node'…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{"cli"}
			for _, word := range c.args {
				args = append(args, strings.NewReplacer("DIR", dir, "ADDRESS", n.Address).Replace(word))
			}
			code, stdout, stderr := e2e.RunInput(t, work, c.stdin, args...)
			if code != c.code || !begins(stdout, c.stdout) || !begins(stderr, c.stderr) {
				t.Errorf("exit code %d\n%q\n%q\nwant %d\n%q\n%q", code, stdout, stderr, c.code, c.stdout, c.stderr)
			}
			if strings.HasPrefix(stderr, "orrery: ") && strings.Count(stderr, "\n") != 1 {
				t.Errorf("more than a sentence: %q", stderr)
			}
		})
	}
	n.Stop()
}

// begins compares whole texts, or the beginning where want ends with "…".
func begins(got, want string) bool {
	if start, ok := strings.CutSuffix(want, "…"); ok {
		return strings.HasPrefix(got, start)
	}
	return got == want
}

// TestReachable: an address to listen on becomes one to call.
func TestReachable(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:1": "127.0.0.1:1", "0.0.0.0:1": "127.0.0.1:1", "[::]:1": "[::1]:1", ":1": "127.0.0.1:1", "[::1]:1": "[::1]:1",
		"host:1": "host:1", "nonsense": "nonsense",
	} {
		if got := reachable(address); got != want {
			t.Errorf("%s: %s, not %s", address, got, want)
		}
	}
}

// TestCLIStop: "stop" ends the node as Ctrl-C does.
func TestCLIStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := e2e.Start(t, dir)
	if code, stdout, stderr := e2e.Run(t, "", "cli", "--node.data_dir", dir, "stop"); code != 0 || stdout != "Orrery stopping\n" {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	if code, took := n.Wait(); code != 0 || took > longestEnd {
		t.Errorf("exit code %d after %v:\n%s", code, took, n.Output())
	}
	if _, err := os.Stat(filepath.Join(dir, "rpc.addr")); !os.IsNotExist(err) {
		t.Errorf("rpc.addr is left (%v)", err)
	}
}

// TestPay: the whole way by hand: mine, spend to somebody, mine it, undo it,
// and find everything again after a restart.
func TestPay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := e2e.Start(t, dir)
	var hashes []string
	n.Must(&hashes, "generatetoaddress", 101, e2e.AnyoneAddress)
	spend := e2e.SpendAnyone(t, n.Coinbase(hashes[0]), 5_000_000_000, e2e.FeePerSpend)
	n.Must(nil, "sendrawtransaction", spend.Hex)
	var block []string
	n.Must(&block, "generatetoaddress", 1, nobody)
	var verbose struct {
		Tx []string `json:"tx"`
	}
	n.Must(&verbose, "getblock", block[0])
	if !slices.Contains(verbose.Tx, spend.ID) {
		t.Errorf("block %v does not have %s", verbose.Tx, spend.ID)
	}
	n.Must(nil, "invalidateblock", block[0])
	var pool []string
	n.Must(&pool, "getrawmempool")
	if !slices.Contains(pool, spend.ID) {
		t.Errorf("after the reorg the mempool has %v, not %s", pool, spend.ID)
	}
	before := n.State()
	n.Stop()

	n = e2e.Start(t, dir)
	if after := n.State(); after != before {
		t.Errorf("after a restart\n%+v\nbefore\n%+v", after, before)
	}
	n.Must(&pool, "getrawmempool")
	if !slices.Contains(pool, spend.ID) {
		t.Errorf("after a restart the mempool has %v, not %s", pool, spend.ID)
	}
	n.Must(nil, "reconsiderblock", block[0])
	var coin json.RawMessage
	n.Must(&coin, "gettxout", spend.ID, 0, false)
	if string(coin) == "null" {
		t.Error("the payment is not in the chain again")
	}
	n.Stop()
}
