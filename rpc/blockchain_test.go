package rpc

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

const regtestGenesis = exampleHash

// TestGenesisAnswers: what Bitcoin Core answers on regtest before the first
// block, field by field and in its order.
func TestGenesisAnswers(t *testing.T) {
	r := newRig(t, 100)
	if got := r.number("getblockcount"); got != 0 {
		t.Errorf("getblockcount %v", got)
	}
	if got := r.text("getbestblockhash"); got != regtestGenesis {
		t.Errorf("getbestblockhash %s", got)
	}
	if got := r.text("getblockhash", 0); got != regtestGenesis {
		t.Errorf("getblockhash %s", got)
	}
	r.same(r.call("getdifficulty"), `4.656542373906925e-10`)
	const header = `"hash":"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206","confirmations":1,"height":0,"version":1,"versionHex":"00000001",
		"merkleroot":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","time":1296688602,"mediantime":1296688602,"nonce":2,"bits":"207fffff",
		"target":"7fffff0000000000000000000000000000000000000000000000000000000000","difficulty":4.656542373906925e-10,
		"chainwork":"0000000000000000000000000000000000000000000000000000000000000002","nTx":1`
	r.same(r.call("getblockheader", regtestGenesis), "{"+header+"}")
	const raw = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000"
	if got := r.text("getblockheader", regtestGenesis, false); got != raw {
		t.Errorf("getblockheader false: %s", got)
	}
	const tx = "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
	if got := r.text("getblock", regtestGenesis, 0); got != raw+"01"+tx {
		t.Errorf("getblock 0: %s", got)
	}
	const block = header + `,"strippedsize":285,"size":285,"weight":1140,"coinbase_tx":{"version":1,"locktime":0,"sequence":4294967295,
		"coinbase":"04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73"}`
	r.same(r.call("getblock", regtestGenesis), "{"+block+`,"tx":["4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"]}`)
	const pub = "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f"
	full := "{" + block + `,"tx":[{"txid":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
		"version":1,"size":204,"vsize":204,"weight":816,"locktime":0,
		"vin":[{"coinbase":"04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73","sequence":4294967295}],
		"vout":[{"value":50.00000000,"n":0,"scriptPubKey":{"asm":"` + pub + ` OP_CHECKSIG","desc":"pk(` + pub + `)#vlz6ztea","hex":"41` + pub + `ac","type":"pubkey"}}],
		"hex":"` + tx + `"}]}`
	r.same(r.call("getblock", regtestGenesis, 2), full)
	r.same(r.call("getblock", regtestGenesis, 3), full)
	r.same(r.call("getchaintips"), `[{"height":0,"hash":"`+regtestGenesis+`","branchlen":0,"status":"active"}]`)
	r.fails(CodeAddress, "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved", "getrawtransaction", exampleTxid)
	r.same(r.call("gettxout", exampleTxid, 0), "null")
}

func TestBlockchainInfo(t *testing.T) {
	r := newRig(t, 100)
	o := r.object("getblockchaininfo")
	want := map[string]any{
		"chain": "regtest", "blocks": 0.0, "headers": 0.0, "bestblockhash": regtestGenesis, "initialblockdownload": true,
		"verificationprogress": 1.0, "size_on_disk": 285.0, "pruned": false, "name": "regtest",
	}
	for k, v := range want {
		if o[k] != v {
			t.Errorf("%s: %v, want %v", k, o[k], v)
		}
	}
	m := r.node.Maker()
	r.mine(m.Block("a", m.Genesis(), chaintest.At(r.node.Now().Unix())))
	if o := r.object("getblockchaininfo"); o["initialblockdownload"] != false || o["blocks"] != 1.0 {
		t.Errorf("%v", o)
	}
	// Once it was up to date, it is not in initial sync any more.
	r.node.Mock(r.node.Now().Unix() + 10*maxTipAge)
	if o := r.object("getblockchaininfo"); o["initialblockdownload"] != false {
		t.Errorf("%v", o)
	}
}

// TestForks draws
//
//	genesis ─ a1 ─ a2 ─ a3
//	            └─ b2 ─ bad3
func TestForks(t *testing.T) {
	r := newRig(t, 100)
	m := r.node.Maker()
	a := m.Chain("a", m.Genesis(), 3)
	r.mine(a...)
	b2 := m.Block("b2", a[0])
	r.same(r.call("submitblock", fmt.Sprintf("%x", b2.Bytes())), `"inconclusive"`)
	tips := func(want ...string) {
		t.Helper()
		var list []chainTip
		r.into(&list, "getchaintips")
		var got []string
		for _, x := range list {
			got = append(got, fmt.Sprintf("%d %d %s", x.Height, x.BranchLen, x.Status))
		}
		if !slices.IsSortedFunc(list, func(a, b chainTip) int { return int(b.Height - a.Height) }) {
			t.Errorf("the highest is not first: %q", got)
		}
		slices.Sort(got)
		slices.Sort(want)
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("tips %q, want %q", got, want)
		}
	}
	tips("3 0 active", "2 1 valid-headers")
	var h headerResult
	r.into(&h, "getblockheader", b2.Hash().String())
	if h.Confirmations != -1 || h.Prev != a[0].Hash().String() || h.Next != "" {
		t.Errorf("b2: %+v", h)
	}
	r.into(&h, "getblockheader", a[0].Hash().String())
	if h.Confirmations != 3 || h.Next != a[1].Hash().String() {
		t.Errorf("a1: %+v", h)
	}
	r.same(r.call("invalidateblock", a[2].Hash().String()), "null")
	if got := r.text("getbestblockhash"); got != a[1].Hash().String() {
		t.Errorf("after invalidateblock: %s", got)
	}
	tips("3 1 invalid", "2 0 active", "2 1 valid-headers")
	bad := m.Block("bad3", b2, chaintest.Greedy)
	r.same(r.call("submitblock", fmt.Sprintf("%x", bad.Bytes())), `"bad-cb-amount"`)
	tips("3 2 invalid", "3 1 invalid", "2 0 active")
	r.call("reconsiderblock", a[2].Hash().String())
	b4 := m.Chain("b", b2, 2) // more work: the a branch was checked and lost
	r.same(r.call("submitblock", fmt.Sprintf("%x", b4[0].Bytes())), `"inconclusive"`)
	r.mine(b4[1])
	tips("3 1 invalid", "3 2 valid-fork", "4 0 active")
	r.call("invalidateblock", b4[0].Hash().String())
	if got := r.number("getblockcount"); got != 3 {
		t.Errorf("after reconsiderblock: %v", got)
	}
	r.fails(CodeAddress, "Block not found", "invalidateblock", exampleTxid)
	r.fails(CodeAddress, "Block not found", "reconsiderblock", exampleTxid)
	r.fails(CodeParameter, "", "invalidateblock", regtestGenesis)
}

// TestBestHeader: headers counts what is known, not what is checked.
func TestBestHeader(t *testing.T) {
	r := newRig(t, 100)
	m := r.node.Maker()
	a := m.Chain("a", m.Genesis(), 3)
	r.mine(a...)
	r.call("invalidateblock", a[1].Hash().String())
	if o := r.object("getblockchaininfo"); o["blocks"] != 1.0 || o["headers"] != 1.0 {
		t.Errorf("blocks %v, headers %v", o["blocks"], o["headers"])
	}
	r.call("reconsiderblock", a[1].Hash().String())
	if o := r.object("getblockchaininfo"); o["blocks"] != 3.0 || o["headers"] != 3.0 || o["size_on_disk"] == 0.0 {
		t.Errorf("blocks %v, headers %v", o["blocks"], o["headers"])
	}
}

// TestPolicyWarning: the failure of a script is a warning.
func TestPolicyWarning(t *testing.T) {
	r := newRig(t, 100)
	m := r.node.Maker()
	r.node.Rules.TargetErr = scriptError()
	r.mine(m.Block("a", m.Genesis()))
	for _, method := range []string{"getblockchaininfo", "getmininginfo", "getnetworkinfo"} {
		list, _ := r.object(method)["warnings"].([]any)
		if len(list) != 1 || !strings.Contains(list[0].(string), "scripts/difficulty.lua:7: boom") || !strings.Contains(list[0].(string), "block 2") {
			t.Errorf("%s: %v", method, list)
		}
	}
}

func TestWaitForBlockHeight(t *testing.T) {
	r := newRig(t, 100)
	m := r.node.Maker()
	r.same(r.call("waitforblockheight", 0), `{"hash":"`+regtestGenesis+`","height":0}`)
	r.same(r.call("waitforblockheight", 5, 10), `{"hash":"`+regtestGenesis+`","height":0}`)
	blocks := m.Chain("a", m.Genesis(), 2)
	answer := make(chan string)
	go func() {
		b, err := r.try("waitforblockheight", `[2]`)
		answer <- fmt.Sprint(string(b), err)
	}()
	r.mine(blocks...)
	if got := <-answer; got != `{"hash":"`+blocks[1].Hash().String()+`","height":2}<nil>` {
		t.Errorf("got %s", got)
	}
	go func() {
		b, err := r.try("waitforblockheight", `[200]`)
		answer <- fmt.Sprint(string(b), err)
	}()
	close(r.stop)
	if got := <-answer; got != `{"hash":"`+blocks[1].Hash().String()+`","height":2}<nil>` {
		t.Errorf("when the server stops: %s", got)
	}
	r.fails(CodeMisc, "Negative timeout", "waitforblockheight", 1, -1)
	tip := `{"hash":"` + blocks[1].Hash().String() + `","height":2}`
	r.same(r.call("waitforblock", blocks[1].Hash().String()), tip)
	r.same(r.call("waitforblock", blocks[0].Hash().String(), 10), tip)
	r.same(r.call("waitfornewblock", 0, blocks[0].Hash().String()), tip)
	r.same(r.call("waitfornewblock", 10), tip)
}

// TestForkTree: two branches, seen from the highest header.
func TestForkTree(t *testing.T) {
	r := newRig(t, 100)
	m := r.node.Maker()
	blocks := m.Chain("a", m.Genesis(), 3)
	fork := m.Block("b", blocks[0])
	r.mine(blocks...)
	r.same(r.call("submitblock", fmt.Sprintf("%x", fork.Bytes())), `"inconclusive"`)
	var tree []forkBlock
	r.into(&tree, "getforktree", 1)
	if len(tree) != 3 || tree[0].Height != 3 || tree[0].Hash != blocks[2].Hash().String() || tree[0].Status != "active" || !tree[0].Tip || tree[0].Children != 0 {
		t.Fatalf("%+v", tree)
	}
	r.into(&tree, "getforktree")
	if len(tree) != 5 {
		t.Fatalf("%+v", tree)
	}
	for _, b := range tree {
		switch b.Hash {
		case fork.Hash().String():
			if b.Status != "valid-headers" || !b.Tip || b.Parent != blocks[0].Hash().String() {
				t.Errorf("the other branch: %+v", b)
			}
		case blocks[0].Hash().String():
			if b.Children != 2 || b.Tip {
				t.Errorf("the fork: %+v", b)
			}
		}
	}
	r.fails(CodeParameter, "Negative depth", "getforktree", -1)
}

func TestSetMockTime(t *testing.T) {
	r := newRig(t, 100)
	r.same(r.call("setmocktime", 1_800_000_000), "null")
	if got := r.node.Now().Unix(); got != 1_800_000_000 {
		t.Errorf("the clock is at %d", got)
	}
	r.fails(CodeParameter, "Mocktime must be in the range [0, 4294967295], not -1.", "setmocktime", -1)
	r.fails(CodeParameter, "Mocktime must be in the range [0, 4294967295], not 4294967296.", "setmocktime", int64(1)<<32)
	m := r.node.Maker()
	late := m.Block("late", m.Genesis(), chaintest.At(1_800_000_000+7201), chaintest.Breaks(consensus.TimeTooNew))
	r.same(r.call("submitblock", fmt.Sprintf("%x", late.Bytes())), `"time-too-new"`)
	r.call("setmocktime", 1_800_000_001)
	r.same(r.call("submitblock", fmt.Sprintf("%x", late.Bytes())), "null")
}
