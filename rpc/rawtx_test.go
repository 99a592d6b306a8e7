package rpc

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/rpc/rpctest"
)

func TestGetRawTransaction(t *testing.T) {
	r := newRig(t, 1)
	blocks := coinChain(r)
	block, tx := blocks[2].Hash().String(), blocks[2].Txs[1]
	id := tx.ID().String()
	if got := r.text("getrawtransaction", id); got != rpctest.Hex(tx.Msg) {
		t.Errorf("0: %s", got)
	}
	o := r.object("getrawtransaction", id, 1)
	if o["blockhash"] != block || o["confirmations"] != 1.0 || o["time"] != o["blocktime"] || o["fee"] != nil || o["in_active_chain"] != nil {
		t.Errorf("1: %v", o)
	}
	o = r.object("getrawtransaction", id, 2)
	prevout, _ := o["vin"].([]any)[0].(map[string]any)["prevout"].(map[string]any)
	if o["fee"] != 49.9999 || prevout["height"] != 1.0 || prevout["generated"] != true || prevout["value"] != 50.0 {
		t.Errorf("2: %v", o)
	}
	if o := r.object("getrawtransaction", id, true, block); o["in_active_chain"] != true {
		t.Errorf("with its block: %v", o)
	}
	r.fails(CodeAddress, "No such transaction found in the provided block. Use gettransaction for wallet transactions.", "getrawtransaction", id, 1, blocks[1].Hash().String())
	r.fails(CodeAddress, "Block hash not found", "getrawtransaction", id, 1, exampleTxid)
	r.fails(CodeAddress, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions.", "getrawtransaction", strings.Repeat("ab", 32))
	r.fails(CodeParameter, "parameter 1 must be of length 64 (not 2, for 'ab')", "getrawtransaction", "ab")
	r.fails(CodeParameter, "parameter 3 must be of length 64 (not 1, for 'x')", "getrawtransaction", strings.Repeat("0", 64), 0, "x")

	// The coinbase has no fee; the third transaction spends the second's.
	if o := r.object("getrawtransaction", blocks[2].Txs[0].ID().String(), 2); o["fee"] != nil {
		t.Errorf("coinbase: %v", o)
	}
	if o := r.object("getrawtransaction", blocks[2].Txs[2].ID().String(), 2); o["fee"] != 0.000005 {
		t.Errorf("third: %v", o)
	}

	// Off the best chain it has no confirmations.
	r.call("invalidateblock", block)
	if o := r.object("getrawtransaction", blocks[2].Txs[0].ID().String(), 1); o["confirmations"] != 0.0 || o["time"] != nil || o["blockhash"] != block {
		t.Errorf("off the best chain: %v", o)
	}
	if o := r.object("getrawtransaction", id, 1, block); o["in_active_chain"] != false {
		t.Errorf("off the best chain, with its block: %v", o)
	}
}

// TestGetBlockVerbosity: what the transactions of a block show.
func TestGetBlockVerbosity(t *testing.T) {
	r := newRig(t, 1)
	blocks := coinChain(r)
	hash := blocks[2].Hash().String()
	type block struct {
		Tx []struct {
			Txid string
			Fee  *float64
			Vin  []struct{ Prevout json.RawMessage }
		}
	}
	for verbosity, prevouts := range map[int]bool{2: false, 3: true} {
		var b block
		r.into(&b, "getblock", hash, verbosity)
		if len(b.Tx) != 3 || b.Tx[0].Fee != nil || *b.Tx[1].Fee != 49.9999 || *b.Tx[2].Fee != 0.000005 || (b.Tx[2].Vin[0].Prevout != nil) != prevouts {
			t.Errorf("verbosity %d: %+v", verbosity, b)
		}
	}
	if one, again := r.call("getblock", hash), r.call("getblock", hash, true); string(one) != string(again) {
		t.Error("true is not 1")
	}
	if zero, again := r.text("getblock", hash, 0), r.text("getblock", hash, false); zero != again || zero != fmt.Sprintf("%x", blocks[2].Bytes()) {
		t.Error("false is not 0")
	}
	// A block that was never connected has no fees.
	m := r.node.Maker()
	side := m.Block("side", blocks[1], chaintest.With(blocks[2].Txs[1].Msg))
	r.same(r.call("submitblock", fmt.Sprintf("%x", side.Bytes())), `"inconclusive"`)
	var b block
	r.into(&b, "getblock", side.Hash().String(), 3)
	if len(b.Tx) != 2 || b.Tx[1].Fee != nil || b.Tx[1].Vin[0].Prevout != nil {
		t.Errorf("never connected: %+v", b)
	}
	r.fails(CodeAddress, "Block not found", "getblock", exampleTxid)
	r.fails(CodeAddress, "Block not found", "getblockheader", exampleTxid)
	r.fails(CodeParameter, "hash must be of length 64 (not 3, for 'abc')", "getblockheader", "abc")
}

// TestManyTransactions: the block is shared out among processors in order.
func TestManyTransactions(t *testing.T) {
	r := newRig(t, 1)
	b := r.node.BigBlock(t, 300)
	var got struct {
		Tx []struct {
			Txid string
			Fee  *float64
		}
	}
	r.into(&got, "getblock", b.Hash().String(), 2)
	for i, tx := range b.Txs {
		if got.Tx[i].Txid != tx.ID().String() || (got.Tx[i].Fee == nil) != (i == 0) {
			t.Fatalf("transaction %d: %+v", i, got.Tx[i])
		}
	}
}

func TestDecodeRawTransaction(t *testing.T) {
	r := newRig(t, 100)
	zeros := strings.Repeat("00", 20)
	r.same(r.call("decoderawtransaction", exampleTx), `{"txid":"a5672a7ae87e9a7cce58c3da742db815fd54493da248327f445a8c2b386efe08",
		"hash":"a5672a7ae87e9a7cce58c3da742db815fd54493da248327f445a8c2b386efe08","version":2,"size":82,"vsize":82,"weight":328,"locktime":0,
		"vin":[{"txid":"`+exampleTxid+`","vout":0,"scriptSig":{"asm":"","hex":""},"sequence":4294967293}],
		"vout":[{"value":1.00000000,"n":0,"scriptPubKey":{"asm":"0 `+zeros+`","desc":"addr(`+exampleAddress+`)#v0fp9yyh","hex":"0014`+zeros+`","address":"`+exampleAddress+`","type":"witness_v0_keyhash"}}]}`)
	// Without inputs: a count of 0 and then what could be a witness flag.
	const empty = "02000000000100e1f505000000000151" + "00000000"
	if o := r.object("decoderawtransaction", empty); len(o["vin"].([]any)) != 0 || len(o["vout"].([]any)) != 1 {
		t.Errorf("%v", o)
	}
	if o := r.object("decoderawtransaction", empty, false); len(o["vout"].([]any)) != 1 {
		t.Errorf("%v", o)
	}
	r.fails(CodeDeserialization, "TX decode failed", "decoderawtransaction", empty, true)
	// Nobody can sign or send it.
	r.fails(CodeDeserialization, errTxDecode.Message, "sendrawtransaction", empty)
	r.fails(CodeDeserialization, "TX decode failed: "+empty+" Make sure the tx has at least one input.", "testmempoolaccept", []string{empty})
	r.fails(CodeDeserialization, errTxDecode.Message, "signrawtransactionwithkey", empty, []string{})
	r.fails(CodeDeserialization, "TX decode failed", "decoderawtransaction", "00")
	r.fails(CodeDeserialization, "TX decode failed", "decoderawtransaction", "")
	r.fails(CodeDeserialization, "TX decode failed", "decoderawtransaction", "xyz")
	r.fails(CodeDeserialization, "TX decode failed", "decoderawtransaction", exampleTx+"00")
}

func TestCreateRawTransaction(t *testing.T) {
	r := newRig(t, 100)
	in := []any{map[string]any{"txid": exampleTxid, "vout": 3}}
	decode := func(raw string) *wire.MsgTx {
		tx := decodeTx(raw, anyForm)
		if tx == nil {
			t.Fatalf("not a transaction: %s", raw)
		}
		return tx.Msg
	}
	const a, b = exampleAddress, "2NF2b3KS8xXb9XHvbRMXdZh8s5g92rUZHtp"
	want := r.text("createrawtransaction", in, []any{map[string]any{a: 0.5}, map[string]any{"data": "00010203"}, map[string]any{b: "1e-8"}})
	msg := decode(want)
	if msg.Version != 2 || msg.LockTime != 0 || msg.TxIn[0].Sequence != 0xfffffffd || msg.TxIn[0].PreviousOutPoint.Index != 3 || len(msg.TxOut) != 3 ||
		msg.TxOut[0].Value != 50_000_000 || fmt.Sprintf("%x", msg.TxOut[1].PkScript) != "6a0400010203" || msg.TxOut[2].Value != 1 {
		t.Errorf("%+v", msg)
	}
	object, err := r.try("createrawtransaction", `[[{"txid":"`+exampleTxid+`","vout":3}], {"`+a+`":0.5,"data":"00010203","`+b+`":"1e-8"}]`)
	if err != nil || string(object) != `"`+want+`"` {
		t.Errorf("as an object: %s %v", object, err)
	}
	for _, c := range []struct {
		params   string
		sequence uint32
		locktime uint32
		version  int32
	}{
		{`0`, 0xfffffffd, 0, 2}, {`7`, 0xfffffffd, 7, 2}, {`7, true`, 0xfffffffd, 7, 2}, {`7, false`, 0xfffffffe, 7, 2}, {`0, false`, 0xffffffff, 0, 2}, {`null, null, 3`, 0xfffffffd, 0, 3},
	} {
		got, err := r.try("createrawtransaction", `[[{"txid":"`+exampleTxid+`","vout":3}], [], `+c.params+`]`)
		if err != nil {
			t.Fatal(err)
		}
		if m := decode(strings.Trim(string(got), `"`)); m.TxIn[0].Sequence != c.sequence || m.LockTime != c.locktime || m.Version != c.version {
			t.Errorf("%s: %+v", c.params, m)
		}
	}
	fails := func(code Code, text, params string) {
		t.Helper()
		if got, err := r.try("createrawtransaction", params); err == nil || err.Code != code || err.Message != text {
			t.Errorf("%s: %s %v, want %d %s", params, got, err, code, text)
		}
	}
	const id = `{"txid":"` + exampleTxid + `",`
	fails(CodeParameter, "Invalid parameter, missing vout key", `[[`+id+`"x":1}], []]`)
	fails(CodeParameter, "Invalid parameter, missing vout key", `[[`+id+`"vout":"1"}], []]`)
	fails(CodeParameter, "Invalid parameter, vout cannot be negative", `[[`+id+`"vout":-1}], []]`)
	fails(CodeMisc, "JSON integer out of range", `[[`+id+`"vout":4294967296}], []]`)
	fails(CodeParameter, "Invalid parameter, sequence number is out of range", `[[`+id+`"vout":0,"sequence":-1}], []]`)
	fails(CodeParameter, "Invalid parameter, sequence number is out of range", `[[`+id+`"vout":0,"sequence":4294967296}], []]`)
	fails(CodeParameter, "Invalid parameter combination: Sequence number(s) contradict replaceable option", `[[`+id+`"vout":0,"sequence":4294967294}], [], 0, true]`)
	fails(CodeParameter, "txid must be of length 64 (not 1, for 'a')", `[[{"txid":"a","vout":0}], []]`)
	fails(CodeType, "JSON value of type string is not of expected type object", `[["x"], []]`)
	fails(CodeType, "JSON value of type null is not of expected type string", `[[{"vout":0}], []]`)
	fails(CodeType, "JSON value of type string is not of expected type array", `[[], "x"]`)
	fails(CodeParameter, "Invalid parameter, key-value pair not an object as expected", `[[], ["x"]]`)
	fails(CodeParameter, "Invalid parameter, key-value pair must contain exactly one key", `[[], [{}]]`)
	fails(CodeParameter, "Invalid parameter, key-value pair must contain exactly one key", `[[], [{"a":1,"b":2}]]`)
	fails(CodeAddress, "Invalid Bitcoin address: foo", `[[], {"foo":1}]`)
	fails(CodeType, "Invalid amount", `[[], {"foo":"x"}]`)
	fails(CodeType, "Amount out of range", `[[], {"`+a+`":-1}]`)
	fails(CodeType, "Invalid amount", `[[], {"`+a+`":0.000000001}]`)
	fails(CodeType, "Amount is not a number or string", `[[], {"`+a+`":true}]`)
	fails(CodeParameter, "Invalid parameter, duplicated address: "+a, `[[], [{"`+a+`":1},{"`+a+`":1}]]`)
	fails(CodeParameter, "Invalid parameter, duplicate key: data", `[[], [{"data":"aa"},{"data":"bb"}]]`)
	fails(CodeParameter, "Data must be hexadecimal string (not 'foo')", `[[], {"data":"foo"}]`)
	fails(CodeParameter, "Data must be hexadecimal string (not '')", `[[], {"data":""}]`)
	fails(CodeParameter, "Invalid parameter, locktime out of range", `[[], {}, -1]`)
	fails(CodeParameter, "Invalid parameter, locktime out of range", `[[], {}, 4294967296]`)
	fails(CodeParameter, "Invalid parameter, version out of range(1~3)", `[[], {}, 0, true, 4]`)
	fails(CodeParameter, "Invalid parameter, version out of range(1~3)", `[[], {}, 0, true, 0]`)
}

func TestOpReturn(t *testing.T) {
	for n, prefix := range map[int]string{1: "6a01", 75: "6a4b", 76: "6a4c4c", 255: "6a4cff", 256: "6a4d0001", 65536: "6a4e00000100"} {
		s := opReturn(make([]byte, n))
		op, data, rest, ok := consensus.NextOp(s[1:])
		if !strings.HasPrefix(fmt.Sprintf("%x", s), prefix) || len(data) != n || len(rest) != 0 || !ok {
			t.Errorf("%d bytes: %x…, operation %x", n, s[:6], op)
		}
	}
}
