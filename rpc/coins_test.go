package rpc

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/chain/chaintest"
	"orrery/rpc/rpctest"
)

// coinChain mines blocks that leave outputs of several kinds: some spent, one
// unspendable, one with a script of more than 252 bytes.
func coinChain(r *rig) []*chaintest.Block {
	m := r.node.Maker()
	key := chaintest.NewKey(1)
	blocks := m.Chain("c", m.Genesis(), 2, chaintest.PayTo(key.P2PKH()))
	long := append([]byte{txscript.OP_TRUE}, bytes.Repeat([]byte{txscript.OP_NOP}, 300)...)
	spend := chaintest.Spend([]chaintest.Out{blocks[0].Out(0, 0)},
		chaintest.Pay(1_000, key.P2WPKH()), chaintest.Pay(2_000, []byte{txscript.OP_RETURN, 1, 7}), chaintest.Pay(3_000, long), chaintest.Pay(4_000, chaintest.Anyone))
	key.SignP2PKH(spend, 0, blocks[0].Out(0, 0))
	blocks = append(blocks, m.Block("c3", blocks[1], chaintest.With(spend, chaintest.Pass(chaintest.OutOf(spend, 3), 500))))
	r.mine(blocks...)
	return blocks
}

// TestTxOutSetInfo: the hashes were computed from the blocks of coinChain by a
// separate Python program with the MuHash3072 of Core's test framework.
func TestTxOutSetInfo(t *testing.T) {
	empty := newRig(t, 1)
	// The double SHA-256 of nothing; the SHA-256 of the number 1 in 384 bytes.
	r := empty.object("gettxoutsetinfo")
	if r["hash_serialized_3"] != "56944c5d3f98413ef45cf54545538103cc9f298e0575820ad3591376e2e0f65d" || r["txouts"] != 0.0 {
		t.Errorf("empty: %v", r)
	}
	if r := empty.object("gettxoutsetinfo", "muhash"); r["muhash"] != "dd5ad2a105c2d29495f577245c357409002329b9f4d6182c0af3dc2f462555c8" {
		t.Errorf("empty: %v", r)
	}
	full := newRig(t, 1)
	blocks := coinChain(full)
	tip := blocks[2].Hash().String()
	full.same(full.call("gettxoutsetinfo"), `{"height":3,"bestblock":"`+tip+`","txouts":5,"bogosize":600,
		"hash_serialized_3":"9ee37190f888fa6e5739c4489a5218d7517cc1088f24037d464ae21718613b72","total_amount":100.00007500,"transactions":4,"disk_size":570}`)
	full.same(full.call("gettxoutsetinfo", "muhash"), `{"height":3,"bestblock":"`+tip+`","txouts":5,"bogosize":600,
		"muhash":"673562f7dbd676ab0c5621268e63aaf6bb8df73d26203e1d9293db041f9963af","total_amount":100.00007500,"transactions":4,"disk_size":570}`)
	full.same(full.call("gettxoutsetinfo", "none"), `{"height":3,"bestblock":"`+tip+`","txouts":5,"bogosize":600,"total_amount":100.00007500,"transactions":4,"disk_size":570}`)
	full.fails(CodeParameter, "'foo' is not a valid hash_type", "gettxoutsetinfo", "foo")
	full.fails(CodeParameter, "Querying specific block heights requires coinstatsindex", "gettxoutsetinfo", "muhash", 1)
	full.fails(CodeParameter, "Querying specific block heights requires coinstatsindex", "gettxoutsetinfo", "muhash", tip)

	// A reorg and back leaves the set as it was.
	before := full.object("gettxoutsetinfo", "muhash")["muhash"]
	full.call("invalidateblock", blocks[1].Hash().String())
	if full.object("gettxoutsetinfo", "muhash")["muhash"] == before {
		t.Error("the set is the same after a block was taken away")
	}
	full.call("reconsiderblock", blocks[1].Hash().String())
	if got := full.object("gettxoutsetinfo", "muhash")["muhash"]; got != before {
		t.Errorf("after a reorg and back: %v, want %v", got, before)
	}
}

func TestGetTxOut(t *testing.T) {
	r := newRig(t, 1)
	blocks := coinChain(r)
	spend := blocks[2].Txs[1].ID().String()
	tip := blocks[2].Hash().String()
	r.same(r.call("gettxout", spend, 0), `{"bestblock":"`+tip+`","confirmations":1,"value":0.00001000,
		"scriptPubKey":{"asm":"0 751e76e8199196d454941c45d1b3a323f1433bd6","desc":"addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)#8pk5s7ya",
		"hex":"0014751e76e8199196d454941c45d1b3a323f1433bd6","address":"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080","type":"witness_v0_keyhash"},"coinbase":false}`)
	r.same(r.call("gettxout", spend, 1), "null") // unspendable
	r.same(r.call("gettxout", spend, 3), "null") // spent in the same block
	r.same(r.call("gettxout", spend, 9), "null")
	r.same(r.call("gettxout", exampleTxid, 0), "null")
	coinbase := blocks[1].Txs[0].ID().String()
	if o := r.object("gettxout", coinbase, 0); o["coinbase"] != true || o["confirmations"] != 2.0 || o["value"] != 50.0 {
		t.Errorf("%v", o)
	}
	r.fails(CodeMisc, "JSON integer out of range", "gettxout", spend, -1)
	r.fails(CodeMisc, "JSON integer out of range", "gettxout", spend, int64(1)<<32)
	r.fails(CodeParameter, "txid must be of length 64 (not 3, for 'abc')", "gettxout", "abc", 0)

	// The mempool spends one output and makes another.
	from, key := blocks[2].Out(1, 0), chaintest.NewKey(1)
	pay := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(700, key.P2WPKH()))
	key.SignP2WPKH(pay, from)
	id := r.text("sendrawtransaction", rpctest.Hex(pay))
	r.same(r.call("gettxout", spend, 0), "null")
	r.same(r.call("gettxout", spend, 0, true), "null")
	if o := r.object("gettxout", spend, 0, false); o["confirmations"] != 1.0 {
		t.Errorf("%v", o)
	}
	if o := r.object("gettxout", id, 0); o["confirmations"] != 0.0 || o["value"] != 0.000007 || o["coinbase"] != false {
		t.Errorf("%v", o)
	}
	r.same(r.call("gettxout", id, 0, false), "null")
}
