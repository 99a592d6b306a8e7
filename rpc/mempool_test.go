package rpc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/rpc/rpctest"
)

// money is a chain with n outputs of 100,000 satoshi for key 1, P2WPKH.
type money struct {
	*rig
	key  chaintest.Key
	outs []chaintest.Out
	tip  *chaintest.Block
}

const coinValue = 10_000_000 // satoshi

func newMoney(t testing.TB, n int) *money {
	r := &money{rig: newRig(t, 1), key: chaintest.NewKey(1)}
	m := r.node.Maker()
	first := m.Block("first", m.Genesis(), chaintest.PayTo(r.key.P2WPKH()))
	var outs []*wire.TxOut
	for range n {
		outs = append(outs, chaintest.Pay(coinValue, r.key.P2WPKH()))
	}
	split := chaintest.Spend([]chaintest.Out{first.Out(0, 0)}, outs...)
	r.key.SignP2WPKH(split, first.Out(0, 0))
	r.tip = m.Block("second", first, chaintest.With(split))
	r.mine(first, r.tip)
	for i := range n {
		r.outs = append(r.outs, chaintest.OutOf(split, i))
	}
	return r
}

// pay spends an output to key 1, less a fee.
func (r *money) pay(from chaintest.Out, fee int64) *wire.MsgTx {
	tx := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value-fee, r.key.P2WPKH()))
	tx.TxIn[0].Sequence = sequenceReplaceable
	r.key.SignP2WPKH(tx, from)
	return tx
}

func (r *money) send(tx *wire.MsgTx) string {
	r.Helper()
	return r.text("sendrawtransaction", rpctest.Hex(tx))
}

func TestMempoolInfo(t *testing.T) {
	r := newMoney(t, 3)
	r.same(r.call("getmempoolinfo"), `{"loaded":true,"size":0,"bytes":0,"usage":0,"total_fee":0.00000000,"maxmempool":300000000,"mempoolminfee":0.00000100,
		"minrelaytxfee":0.00000100,"incrementalrelayfee":0.00000100,"unbroadcastcount":0,"permitbaremultisig":true,"maxdatacarriersize":100000,
		"limitclustercount":64,"limitclustersize":101000,"optimal":true}`)
	r.same(r.call("getrawmempool"), `[]`)
	r.same(r.call("getrawmempool", true), `{}`)
	parent := r.pay(r.outs[0], 500)
	child := r.pay(chaintest.OutOf(parent, 0), 700)
	other := r.pay(r.outs[1], 300)
	var ids [3]string
	var weights [3]float64
	for i, tx := range []*wire.MsgTx{parent, child, other} {
		ids[i] = r.send(tx)
		weights[i] = r.object("decoderawtransaction", rpctest.Hex(tx))["weight"].(float64)
	}
	if o := r.object("getmempoolinfo"); o["size"] != 3.0 || o["total_fee"] != 0.000015 || o["bytes"] != 330.0 {
		t.Errorf("%v", o)
	}
	var list []string
	r.into(&list, "getrawmempool")
	at := func(id string) int { return strings.Index(strings.Join(list, " "), id) }
	if len(list) != 3 || at(ids[0]) > at(ids[1]) {
		t.Errorf("%v: the parent %s does not come first", list, ids[0])
	}
	o := r.object("getrawmempool", false, true)
	if len(o["txids"].([]any)) != 3 || o["mempool_sequence"].(float64) < 3 {
		t.Errorf("%v", o)
	}
	r.fails(CodeParameter, "Verbose results cannot contain mempool sequence values.", "getrawmempool", true, true)

	all := r.object("getrawmempool", true)
	entry := r.call("getmempoolentry", ids[1])
	r.same(entry, fmt.Sprintf(`{"vsize":110,"weight":%v,"time":%d,"height":2,"descendantcount":1,"descendantsize":110,"ancestorcount":2,"ancestorsize":220,
		"wtxid":"%s","chunkweight":%v,"fees":{"base":0.00000700,"modified":0.00000700,"ancestor":0.00001200,"descendant":0.00000700,"chunk":0.00001200},
		"depends":["%s"],"spentby":[],"unbroadcast":true}`, weights[1], rpctest.Start, r.object("decoderawtransaction", rpctest.Hex(child))["hash"], weights[0]+weights[1], ids[0]))
	e := r.object("getmempoolentry", ids[0])
	if e["descendantcount"] != 2.0 || e["ancestorcount"] != 1.0 || e["spentby"].([]any)[0] != ids[1] || fmt.Sprint(all[ids[0]]) != fmt.Sprint(e) {
		t.Errorf("parent: %v", e)
	}
	r.fails(CodeAddress, "Transaction not in mempool", "getmempoolentry", exampleTxid)

	// getrawtransaction looks into the mempool first.
	if o := r.object("getrawtransaction", ids[1], 2); o["blockhash"] != nil || o["confirmations"] != nil || o["fee"] != nil {
		t.Errorf("in the mempool: %v", o)
	}
	r.fails(CodeAddress, "No such transaction found in the provided block. Use gettransaction for wallet transactions.", "getrawtransaction", ids[1], 0, regtestGenesis)
}

// TestSendRawTransaction: the codes and texts are Core's.
func TestSendRawTransaction(t *testing.T) {
	r := newMoney(t, 8)
	tx := r.pay(r.outs[0], 1000)
	id := r.send(tx)
	if again := r.send(tx); again != id {
		t.Errorf("sent again: %s, want %s", again, id)
	}
	// The same with another witness is known too.
	other := tx.Copy()
	other.TxIn[0].Witness[0][10] ^= 1
	if again := r.send(other); again != id {
		t.Errorf("sent with another witness: %s, want %s", again, id)
	}
	m := r.node.Maker()
	r.mine(m.Block("third", r.tip, chaintest.With(tx)))
	r.fails(CodeVerifyInChain, "Transaction outputs already in utxo set", "sendrawtransaction", rpctest.Hex(tx))

	const tooMuch = "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)"
	rich := r.pay(r.outs[1], 2_000_000) // more than 0.10 for 1,000 bytes, 110 bytes
	r.fails(CodeVerify, tooMuch, "sendrawtransaction", rpctest.Hex(rich))
	r.fails(CodeVerify, tooMuch, "sendrawtransaction", rpctest.Hex(rich), "0.18181809")
	r.text("sendrawtransaction", rpctest.Hex(rich), "0.18181818")
	r.text("sendrawtransaction", rpctest.Hex(r.pay(r.outs[2], 5_000_000)), 0)
	r.fails(CodeParameter, "Fee rates larger than or equal to 1BTC/kvB are not accepted", "sendrawtransaction", rpctest.Hex(tx), 1)

	burn := chaintest.Spend([]chaintest.Out{r.outs[3]}, chaintest.Pay(1000, []byte{0x6a, 1, 1}), chaintest.Pay(9_000_000, r.key.P2WPKH()))
	r.key.SignP2WPKH(burn, r.outs[3])
	r.fails(CodeVerify, "Unspendable output exceeds maximum configured by user (maxburnamount)", "sendrawtransaction", rpctest.Hex(burn))
	r.fails(CodeVerify, "Unspendable output exceeds maximum configured by user (maxburnamount)", "sendrawtransaction", rpctest.Hex(burn), 0, "0.00000999")
	r.text("sendrawtransaction", rpctest.Hex(burn), 0, "0.00001")

	unsigned := r.pay(r.outs[4], 1000)
	unsigned.TxIn[0].Witness = nil
	_, err := r.try("sendrawtransaction", `["`+rpctest.Hex(unsigned)+`"]`)
	if err == nil || err.Code != CodeVerifyRejected || !strings.HasPrefix(err.Message, "mempool-script-verify-flag-failed (Witness program hash mismatch)") {
		t.Errorf("unsigned: %v", err)
	}
	r.fails(CodeVerify, "bad-txns-inputs-missingorspent", "sendrawtransaction", exampleTx)
	r.fails(CodeVerify, "bad-txns-inputs-missingorspent", "sendrawtransaction", exampleTx, 0)
	cheap := r.pay(r.outs[5], 1)
	r.fails(CodeVerifyRejected, "min relay fee not met, 1 < 11", "sendrawtransaction", rpctest.Hex(cheap))
	const decode = "TX decode failed. Make sure the tx has at least one input."
	r.fails(CodeDeserialization, decode, "sendrawtransaction", "00")
	r.fails(CodeDeserialization, decode, "sendrawtransaction", "")
	r.fails(CodeDeserialization, decode, "sendrawtransaction", rpctest.Hex(tx)+"00")

	// A double spend that pays more replaces the first.
	low, high := r.pay(r.outs[6], 500), r.pay(r.outs[6], 5000)
	lowID, highID := r.send(low), r.send(high)
	r.fails(CodeAddress, "Transaction not in mempool", "getmempoolentry", lowID)
	r.call("getmempoolentry", highID)
}

type accepted struct {
	Allowed      *bool
	PackageError string `json:"package-error"`
	RejectReason string `json:"reject-reason"`
}

func TestTestMempoolAccept(t *testing.T) {
	r := newMoney(t, 6)
	accept := func(want string, txs ...*wire.MsgTx) {
		t.Helper()
		var raws []string
		for i, tx := range txs {
			raws = append(raws, rpctest.Hex(tx))
			want = strings.ReplaceAll(want, fmt.Sprintf("ID%d", i), fmt.Sprintf(`"txid":"%v","wtxid":"%v"`, tx.TxHash(), tx.WitnessHash()))
			want = strings.ReplaceAll(want, fmt.Sprintf("W%d", i), tx.WitnessHash().String())
		}
		r.same(r.call("testmempoolaccept", raws), want)
	}
	a := r.pay(r.outs[0], 1100)
	accept(`[{ID0,"allowed":true,"vsize":110,"fees":{"base":0.00001100,"effective-feerate":0.00010000,"effective-includes":["W0"]}}]`, a)
	if o := r.object("getmempoolinfo"); o["size"] != 0.0 {
		t.Error("the mempool changed")
	}
	missing := r.pay(chaintest.Out{OutPoint: wire.OutPoint{Index: 9}, TxOut: *chaintest.Pay(5000, r.key.P2WPKH())}, 500)
	accept(`[{ID0,"allowed":false,"reject-reason":"missing-inputs"}]`, missing)
	accept(`[{ID0,"allowed":false,"reject-reason":"min relay fee not met","reject-details":"min relay fee not met, 1 < 11"}]`, r.pay(r.outs[1], 1))
	accept(`[{ID0,"allowed":false,"reject-reason":"max-fee-exceeded"}]`, r.pay(r.outs[1], 5_000_000))

	// Several: children may spend from parents before them.
	child := r.pay(chaintest.OutOf(a, 0), 2200)
	both := `[{ID0,"allowed":true,"vsize":110,"fees":{"base":0.00001100,"effective-feerate":0.00010000,"effective-includes":["W0"]}},
		{ID1,"allowed":true,"vsize":110,"fees":{"base":0.00002200,"effective-feerate":0.00020000,"effective-includes":["W1"]}}]`
	accept(both, a, child)
	accept(`[{ID0,"package-error":"package-not-sorted"},{ID1,"package-error":"package-not-sorted"}]`, child, a)
	accept(`[{ID0,"package-error":"package-contains-duplicates"},{ID1,"package-error":"package-contains-duplicates"}]`, a, a)
	accept(`[{ID0,"package-error":"conflict-in-package"},{ID1,"package-error":"conflict-in-package"}]`, a, r.pay(r.outs[0], 1200))
	// A fault before the scripts: nothing is said of the others.
	accept(`[{ID0},{ID1,"allowed":false,"reject-reason":"min relay fee not met","reject-details":"min relay fee not met, 1 < 11"},{ID2}]`,
		a, r.pay(r.outs[1], 1), r.pay(r.outs[2], 1000))
	// Scripts run last: what came before is good.
	bad := r.pay(chaintest.OutOf(a, 0), 2200)
	bad.TxIn[0].Witness[0][10] ^= 1
	var list []accepted
	r.into(&list, "testmempoolaccept", []string{rpctest.Hex(a), rpctest.Hex(bad)})
	if list[0].Allowed == nil || !*list[0].Allowed || *list[1].Allowed || !strings.HasPrefix(list[1].RejectReason, "mempool-script-verify-flag-failed") {
		t.Errorf("%+v", list)
	}
	accept(`[{ID0,"allowed":false,"reject-reason":"max-fee-exceeded"},{ID1}]`, r.pay(r.outs[1], 5_000_000), r.pay(r.outs[2], 1000))

	// With the parent in the mempool.
	r.send(a)
	grandchild := r.pay(chaintest.OutOf(child, 0), 1100)
	accept(`[{ID0,"allowed":true,"vsize":110,"fees":{"base":0.00002200,"effective-feerate":0.00020000,"effective-includes":["W0"]}},
		{ID1,"allowed":true,"vsize":110,"fees":{"base":0.00001100,"effective-feerate":0.00010000,"effective-includes":["W1"]}}]`, child, grandchild)
	accept(`[{ID0,"allowed":false,"reject-reason":"txn-already-in-mempool","reject-details":"txn-already-in-mempool"},{ID1}]`, a, child)
	accept(`[{ID0,"allowed":false,"reject-reason":"bip125-replacement-disallowed","reject-details":"bip125-replacement-disallowed"},{ID1}]`,
		r.pay(r.outs[0], 9000), r.pay(r.outs[2], 1000))
	if o := r.object("getmempoolinfo"); o["size"] != 1.0 {
		t.Error("the mempool changed")
	}

	r.fails(CodeParameter, "Array must contain between 1 and 25 transactions.", "testmempoolaccept", []string{})
	r.fails(CodeParameter, "Array must contain between 1 and 25 transactions.", "testmempoolaccept", make([]string, 26))
	r.fails(CodeDeserialization, "TX decode failed: 00 Make sure the tx has at least one input.", "testmempoolaccept", []string{"00"})
	r.fails(CodeType, "JSON value of type number is not of expected type string", "testmempoolaccept", []int{7})
	r.fails(CodeParameter, "Fee rates larger than or equal to 1BTC/kvB are not accepted", "testmempoolaccept", []string{"00"}, 1)
}

// TestClusterLimit: a chain in the mempool and one in the package together.
func TestClusterLimit(t *testing.T) {
	r := newMoney(t, 1)
	from := r.outs[0]
	for range 60 {
		tx := r.pay(from, 150)
		r.send(tx)
		from = chaintest.OutOf(tx, 0)
	}
	var raws []string
	for range 5 {
		tx := r.pay(from, 150)
		raws = append(raws, rpctest.Hex(tx))
		from = chaintest.OutOf(tx, 0)
	}
	var list []accepted
	r.into(&list, "testmempoolaccept", raws[:4])
	if list[3].Allowed == nil || !*list[3].Allowed {
		t.Errorf("64 together: %+v", list[3])
	}
	list = nil
	r.into(&list, "testmempoolaccept", raws)
	for _, a := range list {
		if a.PackageError != "too-large-cluster" || a.Allowed != nil {
			t.Errorf("65 together: %+v", a)
		}
	}
}
