package main

import (
	"encoding/json"
	"strings"
	"testing"

	"orrery/cmd/internal/e2e"
)

// TestNames is what a person sees who claims a name, is paid by it, and moves
// it, and what a reorg does to that.
func TestNames(t *testing.T) {
	p := newPurse(t)
	generate := func(n int, to string) {
		p.Helper()
		p.node.Must(nil, "generatetoaddress", n, to)
	}
	p.shows("nobody has claimed a name yet: 'orrery wallet register NAME' claims one|", "directory")
	p.fails(`not enough to pay the fee of the claim. The wallet "default" has 0.00 spendable`, "register", "alice")
	var own string
	p.node.Must(&own, "getnewaddress")
	generate(3, own)
	generate(110, nobody)
	p.fails(`"Alice" is no name: a name has 1 to 32 of a-z, 0-9 and -, which is neither first nor last`, "register", "Alice")
	p.fails(`give one NAME of 1 to 32 letters a-z, digits and -; see "orrery wallet register --help"`, "register")
	p.fails(`nobody has claimed the name "alice", and it is no address. Names are in 'orrery wallet directory'`, "send", "alice", "1", "--yes")
	p.shows("Claimed: alice for ADDRESS|It waits for a block, for a fee of 0.0000031 in TXID.|Others can pay it after 2 blocks. See it with: orrery wallet directory|The wallet has the ID 1000000001 in the network.|", "register", "alice")
	p.shows("NAME  ADDRESS  BLOCKS|alice  ADDRESS  waits for a block  yours|", "directory")
	p.fails(`The claim of the name "alice" waits for a block: until then, and until 2 blocks have it, somebody else can still get the name`, "send", "alice", "1", "--yes")
	generate(1, nobody)
	p.shows("NAME  ADDRESS  BLOCKS|alice  ADDRESS  1 block of 2  yours|", "directory")
	p.fails(`the name "alice" has 1 confirmation, 2 are needed: until then somebody else can still get it. Pay it after the next block`, "send", "alice", "1", "--yes")
	generate(1, nobody)
	var found struct{ Address string }
	p.node.Must(&found, "resolvename", "alice")
	code, stdout, stderr := p.run("send", "alice", "2", "--yes")
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "Pay alice at "+found.Address+"\n") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	generate(1, nobody)
	var received json.Number
	p.node.Must(&received, "getreceivedbyaddress", found.Address)
	if received != "2.00000000" {
		t.Errorf("alice received %s", received)
	}

	// A move, of which people are warned.
	p.shows("Moved: alice for ADDRESS|It waits for a block, for a fee of 0.0000031 in TXID.|Until a block has that, the name is paid to its old address. See it with: orrery wallet directory|",
		"move", "alice", "--address", nobody)
	if _, stdout, _ := p.run("send", "alice", "1", "--yes"); !strings.HasPrefix(stdout, "Pay alice at "+found.Address+"\nCareful: a claim that moves alice to another address waits for a block.\n") {
		t.Error(stdout)
	}
	generate(2, nobody)
	p.shows("NAME  ADDRESS  BLOCKS|alice  ADDRESS  2|", "directory")
	p.fails(`The name "alice" belongs to an address that this wallet does not have`, "move", "alice")

	// The same after a kill; and when the blocks are left, the first claim.
	p.node.Kill()
	p.node = e2e.Start(t, p.node.Dir)
	p.shows("NAME  ADDRESS  BLOCKS|alice  ADDRESS  2|", "directory")
	var tip string
	p.node.Must(&tip, "getblockhash", 117)
	p.node.Must(nil, "invalidateblock", tip)
	attached(t, p.node, "alice", 8000)
	p.shows("NAME  ADDRESS  BLOCKS  NODE|alice  ADDRESS  3  8000  yours|alice  ADDRESS  waits for a block|", "directory")
	p.node.Stop()
}

// TestNameOfAMiner: who mines and has no coins yet can claim a name all the
// same.
func TestNameOfAMiner(t *testing.T) {
	p := newPurseArgs(t, "--mining.enabled", "--mining.max_hashrate", "4", "--mining.threads", "1")
	p.shows("Claimed: alice for ADDRESS|The wallet has no coins to spend, so the next block of this node carries the claim.|"+
		"Others can pay it after 2 blocks. See it with: orrery wallet directory|The wallet has the ID 1000000001 in the network.|", "register", "alice")
	var found struct {
		Address       string
		Txid, Script  string
		Height        int
		Confirmations int
	}
	for p.node.Call(&found, "resolvename", "alice") != nil || found.Confirmations < 2 {
		p.node.Must(nil, "waitfornewblock", 1000)
	}
	var block string
	p.node.Must(&block, "getblockhash", found.Height)
	if coinbase := p.node.Coinbase(block); coinbase.Hash.String() != found.Txid {
		t.Errorf("the claim is in %s, the coinbase is %v", found.Txid, coinbase.Hash)
	}
	// It is carried once.
	p.node.Must(nil, "setgenerate", false)
	var next struct {
		Tx []struct {
			Vout []struct {
				ScriptPubKey struct{ Type string }
			}
		}
	}
	p.node.Must(&block, "getblockhash", found.Height+1)
	p.node.Must(&next, "getblock", block, 2)
	data := 0
	for _, out := range next.Tx[0].Vout {
		if out.ScriptPubKey.Type == "nulldata" {
			data++
		}
	}
	if data != 1 { // the commitment to the witnesses
		t.Errorf("%d outputs of data in the block after", data)
	}
	p.node.Stop()
}

// TestNameInTwoParts: two parts of a network give one name to two people; when
// they meet, the part with less work gives it up, and its people pay the other.
func TestNameInTwoParts(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	b := e2e.Join(t, t.TempDir(), a)
	for _, n := range []*e2e.Node{a, b} {
		var own string
		n.Must(&own, "getnewaddress")
		a.Must(nil, "generatetoaddress", 2, own)
	}
	e2e.WaitTip(t, a.Mine(110)[109], b)
	b.Must(nil, "setnetworkactive", false)
	var left, right, found struct {
		Address       string
		Confirmations int
		Pending       []any
	}
	a.Must(&left, "registername", "shop")
	b.Must(&right, "registername", "shop")
	a.Mine(3)
	tip := b.Mine(4)[3]
	for n, want := range map[*e2e.Node]string{a: left.Address, b: right.Address} {
		if n.Must(&found, "resolvename", "shop"); found.Address != want {
			t.Errorf("apart: %s, want %s", found.Address, want)
		}
	}
	b.Must(nil, "setnetworkactive", true)
	e2e.WaitTip(t, tip, a)
	for _, n := range []*e2e.Node{a, b} {
		// The claim that has lost is in the mempool again, and of no account.
		if n.Must(&found, "resolvename", "shop"); found.Address != right.Address || found.Confirmations != 4 || len(found.Pending) != 0 {
			t.Errorf("together: %+v, want %s", found, right.Address)
		}
	}
	code, stdout, stderr := e2e.Run(t, t.TempDir(), "wallet", "--node.data_dir", a.Dir, "send", "shop", "2.5", "--yes")
	if code != 0 || !strings.HasPrefix(stdout, "Pay shop at "+right.Address+"\n") {
		t.Errorf("%d %s %s", code, stdout, stderr)
	}
	e2e.WaitTip(t, a.Mine(1)[0], b)
	var received json.Number
	if b.Must(&received, "getreceivedbyaddress", right.Address); received != "2.50000000" {
		t.Errorf("the shop received %s", received)
	}
	b.Stop()
	a.Stop()
}
