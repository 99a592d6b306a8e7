package rpc

import (
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/rpc/rpctest"
)

// TestBlockStats: the figures of a block with three payments, one of which has
// an output that nobody can spend. What an output takes is 8 bytes for its
// value, 1 for the length of its script, the script, and 40 around it.
func TestBlockStats(t *testing.T) {
	r := newMoney(t, 3)
	burn := chaintest.Spend([]chaintest.Out{r.outs[2]}, chaintest.Pay(0, []byte{0x6a, 1, 1}), chaintest.Pay(coinValue-500, r.key.P2WPKH()))
	r.key.SignP2WPKH(burn, r.outs[2])
	txs := []*wire.MsgTx{r.pay(r.outs[0], 1000), r.pay(r.outs[1], 7000), burn}
	var size, weight [3]int64
	for i, tx := range txs {
		var o struct{ Size, Weight int64 }
		r.into(&o, "decoderawtransaction", rpctest.Hex(tx))
		size[i], weight[i] = o.Size, o.Weight
	}
	b := r.node.Maker().Block("third", r.tip, chaintest.With(txs...))
	r.mine(b)
	var coinbase struct {
		Vout []struct{ ScriptPubKey struct{ Hex string } }
	}
	r.into(&coinbase, "decoderawtransaction", rpctest.Hex(b.Txs[0].Msg))
	made, left := int64(0), int64(0) // bytes, of the coinbase's outputs
	for _, out := range coinbase.Vout {
		bytes := int64(8+1+40) + int64(len(out.ScriptPubKey.Hex)/2)
		made += bytes
		if out.ScriptPubKey.Hex[:2] != "6a" {
			left += bytes
		}
	}
	const data = 8 + 1 + 3 + 40 // bytes of the output that nobody can spend
	rate := func(i int, fee int64) int64 { return fee * 4 / weight[i] }
	outs := int64(len(coinbase.Vout) + 4)
	all := r.call("getblockstats", 3)
	r.same(all, fmt.Sprintf(`{"avgfee":2833,"avgfeerate":%d,"avgtxsize":%d,"blockhash":"%s","feerate_percentiles":[%d,%d,%d,%d,%d],"height":3,"ins":3,
		"maxfee":7000,"maxfeerate":%d,"maxtxsize":%d,"medianfee":1000,"mediantime":%d,"mediantxsize":%d,"minfee":500,"minfeerate":%d,"mintxsize":%d,
		"outs":%d,"subsidy":5000000000,"swtotal_size":%d,"swtotal_weight":%d,"swtxs":3,"time":%d,"total_out":%d,"total_size":%d,"total_weight":%d,
		"totalfee":8500,"txs":4,"utxo_increase":%d,"utxo_size_inc":%d,"utxo_increase_actual":1,"utxo_size_inc_actual":%d}`,
		8500*4/(weight[0]+weight[1]+weight[2]), (size[0]+size[1]+size[2])/3, b.Hash(), rate(2, 500), rate(2, 500), rate(0, 1000), rate(1, 7000), rate(1, 7000),
		rate(1, 7000), size[2], b.MedianTime(), max(size[0], size[1]), rate(2, 500), min(size[0], size[1]),
		outs, size[0]+size[1]+size[2], weight[0]+weight[1]+weight[2], b.Header.Time, 3*coinValue-8500, size[0]+size[1]+size[2], weight[0]+weight[1]+weight[2],
		outs-3, made+data, left))
	r.same(r.call("getblockstats", b.Hash().String()), string(all))
	r.same(r.call("getblockstats", 3, []string{"txs", "avgfee", "txs"}), `{"avgfee":2833,"txs":4}`)
	r.same(r.call("getblockstats", 0, []string{"subsidy", "utxo_increase", "utxo_increase_actual"}), `{"subsidy":5000000000,"utxo_increase":1,"utxo_increase_actual":0}`)
	r.fails(CodeParameter, "Invalid selected statistic 'nosuch'", "getblockstats", 3, []string{"txs", "nosuch"})
	r.fails(CodeParameter, "Target block height -1 is negative", "getblockstats", -1)
	r.fails(CodeParameter, "Target block height 4 after current tip 3", "getblockstats", 4)
	r.fails(CodeMisc, "JSON integer out of range", "getblockstats", int64(1)<<31)
	r.fails(CodeAddress, "Block not found", "getblockstats", exampleTxid)
	r.fails(CodeParameter, "hash_or_height must be of length 64 (not 1, for 'x')", "getblockstats", "x")
}

func TestChainTxStats(t *testing.T) {
	r := newMoney(t, 1)
	m := r.node.Maker()
	third := m.Block("third", r.tip, chaintest.With(r.pay(r.outs[0], 1000)))
	side := m.Block("side", r.tip, chaintest.At(int64(third.Header.Time)+1))
	r.mine(third)
	r.call("submitblock", fmt.Sprintf("%x", side.Bytes()))
	took := third.MedianTime() - r.tip.Path()[1].MedianTime()
	window := fmt.Sprintf(`{"time":%d,"txcount":6,"window_final_block_hash":"%s","window_final_block_height":3,"window_block_count":2,"window_interval":%d,"window_tx_count":4,"txrate":%g}`,
		third.Header.Time, third.Hash(), took, 4/float64(took))
	r.same(r.call("getchaintxstats"), window)
	r.same(r.call("getchaintxstats", 2, third.Hash().String()), window)
	r.same(r.call("getchaintxstats", 0), fmt.Sprintf(`{"time":%d,"txcount":6,"window_final_block_hash":"%s","window_final_block_height":3,"window_block_count":0}`, third.Header.Time, third.Hash()))
	if o := r.object("getchaintxstats", nil, regtestGenesis); o["window_block_count"] != 0.0 || o["txcount"] != 1.0 {
		t.Errorf("genesis: %v", o)
	}
	const count = "Invalid block count: should be between 0 and the block's height - 1"
	r.fails(CodeParameter, count, "getchaintxstats", 3)
	r.fails(CodeParameter, count, "getchaintxstats", -1)
	r.fails(CodeAddress, "Block not found", "getchaintxstats", 1, exampleTxid)
	r.fails(CodeParameter, "Block is not in main chain", "getchaintxstats", 1, side.Hash().String())
	// Nobody knows what the side block spends.
	r.fails(CodeMisc, "", "getblockstats", side.Hash().String())
}

func TestIndexInfo(t *testing.T) {
	r := newMoney(t, 1)
	r.same(r.call("getindexinfo"), `{"txindex":{"synced":true,"best_block_height":2}}`)
	r.same(r.call("getindexinfo", "txindex"), `{"txindex":{"synced":true,"best_block_height":2}}`)
	r.same(r.call("getindexinfo", "nosuch"), `{}`)
}

// TestMempoolFamily: a chain of three beside one that is alone.
func TestMempoolFamily(t *testing.T) {
	r := newMoney(t, 2)
	var ids []string
	tx := r.pay(r.outs[0], 1000)
	for range 3 {
		ids = append(ids, r.send(tx))
		tx = r.pay(chaintest.OutOf(tx, 0), 1000)
	}
	r.send(r.pay(r.outs[1], 1000))
	pair := func(a, b string) string { return fmt.Sprintf(`["%s","%s"]`, min(a, b), max(a, b)) }
	r.same(r.call("getmempoolancestors", ids[2]), pair(ids[0], ids[1]))
	r.same(r.call("getmempooldescendants", ids[0]), pair(ids[1], ids[2]))
	r.same(r.call("getmempoolancestors", ids[0]), `[]`)
	r.same(r.call("getmempooldescendants", ids[2]), `[]`)
	r.same(r.call("getmempoolancestors", ids[1], true), fmt.Sprintf(`{"%s":%s}`, ids[0], r.call("getmempoolentry", ids[0])))
	for _, method := range []string{"getmempoolancestors", "getmempooldescendants"} {
		r.fails(CodeAddress, "Transaction not in mempool", method, exampleTxid)
	}
}
