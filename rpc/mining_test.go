package rpc

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/rpc/rpctest"
)

func TestGenerateToAddress(t *testing.T) {
	r := newRig(t, 100)
	var hashes []string
	r.into(&hashes, "generatetoaddress", 3, exampleAddress)
	if len(hashes) != 3 || r.number("getblockcount") != 3 || r.text("getbestblockhash") != hashes[2] {
		t.Errorf("%v", hashes)
	}
	if r.node.Flushes() != 1 {
		t.Errorf("%d flushes, want 1 for all blocks", r.node.Flushes())
	}
	var b struct {
		Tx []struct {
			Vout []struct {
				Value        float64
				ScriptPubKey struct{ Address string }
			}
		}
	}
	r.into(&b, "getblock", hashes[0], 2)
	if out := b.Tx[0].Vout[0]; out.Value != 50 || out.ScriptPubKey.Address != exampleAddress {
		t.Errorf("%+v", out)
	}
	// After invalidateblock another block comes, although all else is equal.
	r.call("invalidateblock", hashes[2])
	var again []string
	r.into(&again, "generatetoaddress", 1, exampleAddress)
	if again[0] == hashes[2] {
		t.Error("the same block was mined again")
	}
	r.same(r.call("generatetoaddress", 0, exampleAddress), "[]")
	r.same(r.call("generatetoaddress", -5, exampleAddress), "[]")
	r.same(r.call("generatetoaddress", 5, exampleAddress, 0), "[]")
	var few []string
	r.into(&few, "generatetoaddress", 1000, exampleAddress, 20) // half of the hashes are blocks
	if len(few) == 0 || len(few) > 20 {
		t.Errorf("%d blocks of 20 hashes", len(few))
	}
	r.fails(CodeAddress, "Error: Invalid address", "generatetoaddress", 1, "x")

	// It ends when nobody waits any more.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	before := r.number("getblockcount")
	if b, err := r.tryContext(ctx, "generatetoaddress", `[100000,"`+exampleAddress+`"]`); err != nil || string(b) != "[]" || r.number("getblockcount") != before {
		t.Errorf("it goes on for nobody: %v", err)
	}
}

// TestGenerateTogether: calls at the same time, all for one address, get each
// its blocks, and all of them are in the chain.
func TestGenerateTogether(t *testing.T) {
	const callers, blocks = 6, 5
	r := newRig(t, 100)
	var all sync.WaitGroup
	for i := range 2 * callers {
		all.Go(func() {
			if i%2 == 0 {
				if _, err := r.try("generatetoaddress", fmt.Sprintf(`[%d,"%s"]`, blocks, exampleAddress)); err != nil {
					t.Errorf("generatetoaddress: %v", err)
				}
			} else if _, err := r.try("generateblock", `["`+exampleAddress+`",[]]`); err != nil {
				t.Errorf("generateblock: %v", err)
			}
		})
	}
	all.Wait()
	if got := r.number("getblockcount"); got != callers*(blocks+1) {
		t.Errorf("height %v, want %d", got, callers*(blocks+1))
	}
}

func TestGenerateBlock(t *testing.T) {
	r := newMoney(t, 3)
	inPool, direct := r.pay(r.outs[0], 1000), r.pay(r.outs[1], 0)
	id := r.send(inPool)
	o := r.object("generateblock", exampleAddress, []string{id, rpctest.Hex(direct)})
	if o["hash"] != r.text("getbestblockhash") || o["hex"] != nil {
		t.Errorf("%v", o)
	}
	var b struct {
		Tx []struct {
			Txid string
			Vout []struct{ Value float64 }
		}
	}
	r.into(&b, "getblock", o["hash"], 2)
	if len(b.Tx) != 3 || b.Tx[1].Txid != id || b.Tx[0].Vout[0].Value != 50 {
		t.Errorf("%+v", b)
	}
	r.same(r.call("getrawmempool"), "[]")

	o = r.object("generateblock", "raw(51)#8lvh9jxk", []string{}, false)
	raw, _ := o["hex"].(string)
	if r.text("getbestblockhash") == o["hash"] || raw == "" {
		t.Errorf("submit = false: %v", o)
	}
	r.same(r.call("submitblock", raw), "null")
	if r.text("getbestblockhash") != o["hash"] {
		t.Error("the returned block is another")
	}
	r.call("generateblock", "addr("+exampleAddress+")", []string{})

	for _, bad := range []string{"x", "", "raw()", "raw(5", "raw(51)#8lvh9jxq", "addr(x)", "pkh(x)"} {
		r.fails(CodeAddress, "Error: Invalid address or descriptor", "generateblock", bad, []string{})
	}
	r.fails(CodeAddress, "Transaction "+exampleTxid+" not in mempool.", "generateblock", exampleAddress, []string{exampleTxid})
	r.fails(CodeDeserialization, "Transaction decode failed for 00. Make sure the tx has at least one input.", "generateblock", exampleAddress, []string{"00"})
	_, err := r.try("generateblock", `["`+exampleAddress+`",["`+rpctest.Hex(direct)+`"]]`)
	if err == nil || err.Code != CodeVerify || !strings.HasPrefix(err.Message, "TestBlockValidity failed: bad-txns-BIP30") {
		t.Errorf("%v", err)
	}
}

// TestSubmitBlock: blocks in and out of order, and each kind of answer.
func TestSubmitBlock(t *testing.T) {
	r := newRig(t, 100)
	m := r.node.Maker()
	a := m.Chain("a", m.Genesis(), 3)
	submit := func(b *chaintest.Block, want string) {
		t.Helper()
		r.same(r.call("submitblock", fmt.Sprintf("%x", b.Bytes())), want)
	}
	submit(a[1], `"prev-blk-not-found"`)
	submit(a[0], "null")
	submit(a[0], `"duplicate"`)
	submit(a[1], "null")
	submit(m.Block("b1", m.Genesis()), `"inconclusive"`)
	greedy := m.Block("greedy", a[1], chaintest.Greedy)
	submit(greedy, `"bad-cb-amount"`)
	submit(greedy, `"duplicate-invalid"`)
	submit(m.Block("child", greedy), `"bad-prevblk"`)
	submit(m.Block("height", a[1], chaintest.WrongHeight), `"bad-cb-height"`)
	submit(m.Block("old", a[1], chaintest.At(1)), `"time-too-old"`)
	submit(m.Block("weak", a[1], func(d *chaintest.Draft) { d.Unsolved = true }), `"high-hash"`)
	submit(a[2], "null")
	r.fails(CodeDeserialization, "Block decode failed", "submitblock", "00")
	r.fails(CodeDeserialization, "Block decode failed", "submitblock", "xyz")
	r.fails(CodeDeserialization, "Block decode failed", "submitblock", "")
	r.fails(CodeDeserialization, "Block decode failed", "submitblock", fmt.Sprintf("%x00", a[2].Bytes()))

	// A miner that leaves the coinbase's witness away.
	full := m.Block("full", a[2], func(d *chaintest.Draft) { d.Commit = chaintest.CommitAlways })
	coinbase := full.Txs[0].Msg.Copy()
	coinbase.TxIn[0].Witness = nil
	bare := consensus.NewBlock(full.Header, []*consensus.Tx{consensus.NewTx(coinbase)})
	if len(bare.Bytes()) >= len(full.Bytes()) {
		t.Fatal("nothing was left away")
	}
	r.same(r.call("submitblock", fmt.Sprintf("%x", bare.Bytes())), "null")
	if got := r.text("getblock", full.Hash().String(), 0); got != fmt.Sprintf("%x", full.Bytes()) {
		t.Error("the stored block lacks the witness")
	}
}

func TestMiningInfo(t *testing.T) {
	r := newMoney(t, 1)
	r.send(r.pay(r.outs[0], 1000))
	o := r.object("getmininginfo")
	next, _ := o["next"].(map[string]any)
	if o["blocks"] != 2.0 || o["pooledtx"] != 1.0 || o["currentblocktx"] != nil || o["blockmintxfee"] != 0.00000001 || next["height"] != 3.0 || next["bits"] != "207fffff" || o["generate"] != false {
		t.Errorf("%v", o)
	}
	if o["networkhashps"] != r.number("getnetworkhashps") {
		t.Errorf("%v", o)
	}
	r.call("getblocktemplate", map[string]any{"rules": []string{"segwit"}})
	if o := r.object("getmininginfo"); o["currentblocktx"] != 1.0 || o["currentblockweight"] == nil {
		t.Errorf("%v", o)
	}
	// Two hashes a block, 600 s a block.
	r.same(r.call("getnetworkhashps"), "0.003333333333333334")
	r.same(r.call("getnetworkhashps", 1, 1), "0.003333333333333334")
	r.same(r.call("getnetworkhashps", -1), "0.003333333333333334")
	r.same(r.call("getnetworkhashps", 5, 0), "0")
	r.fails(CodeParameter, "Invalid nblocks. Must be a positive number or -1.", "getnetworkhashps", 0)
	r.fails(CodeParameter, "Invalid nblocks. Must be a positive number or -1.", "getnetworkhashps", -2)
	r.fails(CodeParameter, "Block does not exist at specified height", "getnetworkhashps", 1, 3)
	r.fails(CodeParameter, "Block does not exist at specified height", "getnetworkhashps", 1, -2)
}

// fakeMiner remembers what it was told.
type fakeMiner struct {
	on      bool
	threads int
}

func (m *fakeMiner) SetGenerate(on bool, threads int) { m.on, m.threads = on, threads }
func (m *fakeMiner) Generating() (bool, int, float64) { return m.on, m.threads, 1234.5 }

func TestSetGenerate(t *testing.T) {
	miner := new(fakeMiner)
	r := newRig(t, 100, func(d *Deps) { d.Miner = miner })
	r.same(r.call("setgenerate", true, 3), "null")
	if !miner.on || miner.threads != 3 {
		t.Errorf("%+v", miner)
	}
	if o := r.object("getmininginfo"); o["generate"] != true || o["genthreads"] != 3.0 || o["hashespersec"] != 1234.5 {
		t.Errorf("%v", o)
	}
	r.call("setgenerate", true, -1)
	if miner.threads < 1 {
		t.Errorf("%+v", miner)
	}
	r.call("setgenerate", false)
	if miner.on || miner.threads != 0 {
		t.Errorf("%+v", miner)
	}
	r.fails(CodeParameter, "threads must be -1 or between 1 and 1024", "setgenerate", true, 0)
	r.fails(CodeParameter, "threads must be -1 or between 1 and 1024", "setgenerate", true, 1025)
	none := newRig(t, 100)
	none.fails(CodeMisc, "This node cannot mine by itself", "setgenerate", true)
}
