package wallets

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"orrery/rpc"
	"orrery/wallet/amount"
)

const (
	segwit = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202" // nobody's too
	noTx   = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
)

type object = map[string]any

// TestEveryMethod calls each wallet method by position and by name. Every
// answer is checked against its schema.
func TestEveryMethod(t *testing.T) {
	r := newRig(t)
	r.fund("default", 3)
	w := r.on("default")
	address := w.text("getnewaddress", "rent")
	txid := w.text("sendtoaddress", nobody, 1)
	raw := rawTx(w)
	block := w.text("getbestblockhash")
	calls := []struct {
		method     string
		positional []any
		named      object
	}{
		{"listwallets", nil, object{}},
		{"listwalletdir", nil, object{}},
		{"createwallet", []any{"a", false, false, "", false, true, true, false}, object{"wallet_name": "b", "load_on_startup": false}},
		{"restorewalletwords", []any{"c", strings.Repeat("abandon ", 11) + "about"}, object{"wallet_name": "d", "words": strings.Repeat("zoo ", 11) + "wrong"}},
		{"unloadwallet", []any{"default"}, nil}, // loaded again by the next
		{"loadwallet", []any{"default"}, nil},
		{"getwalletinfo", nil, object{}},
		{"getwalletwords", nil, object{}},
		{"getnewaddress", []any{"rent", "bech32"}, object{"address_type": "legacy"}},
		{"getrawchangeaddress", []any{"bech32"}, object{"address_type": "legacy"}},
		{"getaddressinfo", []any{address}, object{"address": segwit}},
		{"setlabel", []any{address, "flat"}, object{"address": segwit, "label": "shop"}},
		{"getaddressesbylabel", []any{"flat"}, object{"label": "shop"}},
		{"listlabels", []any{"receive"}, object{"purpose": "send"}},
		{"getbalance", []any{"*", 1, true, false}, object{"minconf": 6}},
		{"getbalances", nil, object{}},
		{"listunspent", []any{0, 100, []string{address}, false, object{"minimumAmount": 0.1, "maximumAmount": "60", "maximumCount": 2, "minimumSumAmount": 1, "include_immature_coinbase": true}},
			object{"minconf": 0, "maximumCount": 1}},
		{"lockunspent", []any{true}, object{"unlock": true, "transactions": []any{}}},
		{"listlockunspent", nil, object{}},
		{"listtransactions", []any{"*", 5, 1, true}, object{"label": "rent", "count": 3}},
		{"listsinceblock", []any{block, 2, true, true, false, "rent"}, object{}},
		{"gettransaction", []any{txid, true, true}, object{"txid": txid}},
		{"getreceivedbyaddress", []any{address, 0, true}, object{"address": address}},
		{"listreceivedbyaddress", []any{0, true, false, address, true}, object{"include_empty": true}},
		{"sendtoaddress", []any{nobody, 0.1, "what", "who", false, true, nil, "unset", nil, 1.1, false},
			object{"address": segwit, "amount": "0.2", "subtractfeefromamount": true, "replaceable": false, "conf_target": 6, "estimate_mode": "ECONOMICAL", "verbose": true}},
		{"sendmany", []any{"", object{nobody: 0.1, segwit: "0.2"}, 1, "what", []string{segwit}, true, nil, "unset", 2, false},
			object{"amounts": object{nobody: 0.1}, "subtractfeefrom": []int{0}, "verbose": true}},
		{"send", []any{[]object{{nobody: 0.1}, {segwit: "0.2"}}, nil, "unset", 1.5, object{"add_to_wallet": false, "subtract_fee_from_outputs": []int{1}, "locktime": 0, "minconf": 0, "change_type": "bech32", "lock_unspents": false, "psbt": false}, 2},
			object{"outputs": object{nobody: 0.1}, "fee_rate": 2, "replaceable": false}},
		{"signrawtransactionwithwallet", []any{raw, []object{{"txid": noTx, "vout": 0, "scriptPubKey": "51", "amount": 1}}, "ALL"}, object{"hexstring": raw}},
	}
	called := map[string]bool{"abandontransaction": true, "registername": true, "movename": true,
		"attachwallet": true, "detachwallet": true} // TestRestart, TestNames, TestWalletID
	for _, c := range calls {
		called[c.method] = true
		w.must(nil, c.method, c.positional...)
		if c.named != nil {
			if err := w.try(nil, c.method, c.named); err != nil {
				t.Errorf("%s %v: %v", c.method, c.named, describe(err))
			}
		}
	}
	for name, m := range r.table {
		if m.Category == "wallet" && !called[name] {
			t.Errorf("nobody calls %s", name)
		}
	}
	r.checkScan()
	w.client.Close()
}

// rawTx is an unsigned transaction that spends a coin of the wallet.
func rawTx(w *caller) string {
	w.Helper()
	var coins []struct {
		Txid string
		Vout int
	}
	w.must(&coins, "listunspent")
	return w.text("createrawtransaction", []object{{"txid": coins[0].Txid, "vout": coins[0].Vout}}, object{nobody: 49.999})
}

func TestSign(t *testing.T) {
	r := newRig(t)
	r.fund("default", 1)
	w := r.on("default")
	var signed struct {
		Hex      string
		Complete bool
		Errors   []struct{ Error string }
	}
	w.must(&signed, "signrawtransactionwithwallet", rawTx(w))
	if !signed.Complete {
		t.Fatalf("%+v", signed)
	}
	w.must(nil, "sendrawtransaction", signed.Hex)
	r.checkScan()
	foreign := w.text("createrawtransaction", []object{{"txid": noTx, "vout": 0}}, object{nobody: 1})
	if w.must(&signed, "signrawtransactionwithwallet", foreign); signed.Complete || len(signed.Errors) != 1 || signed.Errors[0].Error != "Input not found or already spent" {
		t.Errorf("%+v", signed)
	}
}

func TestErrors(t *testing.T) {
	r := newRig(t)
	w, node := r.on("default"), r.node()
	const (
		notLoaded = "Requested wallet does not exist or is not loaded"
		avoid     = `wallet does not have the "avoid reuse" feature enabled`
		badName   = "Wallet file verification failed. a wallet's name is 1 to 64 of a-z, A-Z, 0-9, - and _"
		feeModes  = `Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"`
	)
	path := r.wallets.Path
	r.on("none").fails(rpc.CodeWalletNotFound, notLoaded, "getbalance")
	r.on("none").fails(rpc.CodeWalletNotFound, notLoaded, "unloadwallet")
	r.on("none").fails(rpc.CodeWalletNotFound, notLoaded, "sendtoaddress", nobody, 1)
	r.on("none").fails(rpc.CodeWalletNotFound, notLoaded, "abandontransaction", noTx)
	r.on("a").fails(rpc.CodeParameter, "The RPC endpoint wallet and the wallet name parameter specify different wallets", "unloadwallet", "b")
	node.fails(rpc.CodeParameter, "Either the RPC endpoint wallet or the wallet name parameter must be provided", "unloadwallet")
	node.fails(rpc.CodeWalletNotFound, notLoaded, "unloadwallet", "none")
	node.fails(rpc.CodeWalletLoaded, `Wallet "default" is already loaded.`, "loadwallet", "default")
	node.fails(rpc.CodeWalletNotFound, "Wallet file verification failed. Failed to load database path '"+path("none")+"'. Path does not exist.", "loadwallet", "none")
	node.fails(rpc.CodeWallet, badName, "loadwallet", "../default")
	node.fails(rpc.CodeWallet, "Wallet file verification failed. Failed to create database path '"+path("default")+"'. Database already exists.", "createwallet", "default")
	node.fails(rpc.CodeParameter, "Wallet name cannot be empty", "createwallet", "")
	node.fails(rpc.CodeWallet, badName, "createwallet", "a/b")
	node.fails(rpc.CodeWallet, `descriptors argument must be set to "true"; it is no longer possible to create a legacy wallet.`, "createwallet", object{"wallet_name": "x", "descriptors": false})
	node.fails(rpc.CodeWallet, "Wallet creation failed. Wallets without keys are not offered", "createwallet", "x", false, true)
	node.fails(rpc.CodeEncryption, "Wallet creation failed. Encryption is not offered yet: leave the passphrase out", "createwallet", object{"wallet_name": "x", "passphrase": "secret"})
	for _, c := range []struct {
		code   rpc.Code
		text   string
		method string
		params []any
	}{
		{rpc.CodeLabel, "Invalid label name", "getnewaddress", []any{"*"}},
		{rpc.CodeParameter, "A label has at most 1000 bytes", "getnewaddress", []any{strings.Repeat("x", 1001)}},
		{rpc.CodeAddress, "Unknown address type 'x'", "getnewaddress", []any{"", "x"}},
		{rpc.CodeAddress, "Unknown address type ''", "getrawchangeaddress", []any{""}},
		{rpc.CodeAddress, "Address type 'bech32m' is not offered by this wallet, use legacy or bech32", "getrawchangeaddress", []any{"bech32m"}},
		{rpc.CodeAddress, "Invalid checksum or length of Base58 address (P2PKH or P2SH)", "getaddressinfo", []any{"mfoo"}},
		{rpc.CodeAddress, "Invalid Bitcoin address", "setlabel", []any{"mfoo", "x"}},
		{rpc.CodeLabel, "Invalid label name", "setlabel", []any{nobody, "*"}},
		{rpc.CodeLabel, "No addresses with label x", "getaddressesbylabel", []any{"x"}},
		{rpc.CodeParameter, "Invalid 'purpose' argument, must be a known purpose string, typically 'send', or 'receive'.", "listlabels", []any{"x"}},
		{rpc.CodeDeprecated, `dummy first argument must be excluded or set to "*".`, "getbalance", []any{"x"}},
		{rpc.CodeMisc, "JSON integer out of range", "getbalance", []any{"*", 1 << 40}},
		{rpc.CodeWallet, avoid, "getbalance", []any{"*", 0, false, true}},
		{rpc.CodeAddress, "Invalid Bitcoin address: mfoo", "listunspent", []any{1, 9, []string{"mfoo"}}},
		{rpc.CodeParameter, "Invalid parameter, duplicated address: " + nobody, "listunspent", []any{1, 9, []string{nobody, nobody}}},
		{rpc.CodeType, "Unexpected key x", "listunspent", []any{1, 9, []string{}, true, object{"x": 1}}},
		{rpc.CodeType, "Invalid amount", "listunspent", []any{1, 9, []string{}, true, object{"minimumAmount": "x"}}},
		{rpc.CodeType, "Missing vout", "lockunspent", []any{false, []object{{"txid": noTx}}}},
		{rpc.CodeParameter, "txid must be of length 64 (not 2, for 'aa')", "lockunspent", []any{false, []object{{"txid": "aa", "vout": 0}}}},
		{rpc.CodeParameter, "Invalid parameter, vout cannot be negative", "lockunspent", []any{false, []object{{"txid": noTx, "vout": -1}}}},
		{rpc.CodeParameter, "Invalid parameter, unknown transaction", "lockunspent", []any{false, []object{{"txid": noTx, "vout": 0}}}},
		{rpc.CodeParameter, "Locks are not stored: leave persistent out", "lockunspent", []any{false, []object{}, true}},
		{rpc.CodeParameter, "Negative count", "listtransactions", []any{"*", -1}},
		{rpc.CodeParameter, "Negative from", "listtransactions", []any{"*", 1, -1}},
		{rpc.CodeParameter, `Label argument must be a valid label name or "*".`, "listtransactions", []any{""}},
		{rpc.CodeParameter, "Invalid parameter", "listsinceblock", []any{"", 0}},
		{rpc.CodeAddress, "Block not found", "listsinceblock", []any{noTx}},
		{rpc.CodeParameter, "blockhash must be of length 64 (not 1, for 'x')", "listsinceblock", []any{"x"}},
		{rpc.CodeAddress, "Invalid or non-wallet transaction id", "gettransaction", []any{noTx}},
		{rpc.CodeParameter, "txid must be of length 64 (not 1, for 'x')", "gettransaction", []any{"x"}},
		{rpc.CodeAddress, "Invalid or non-wallet transaction id", "abandontransaction", []any{noTx}},
		{rpc.CodeWallet, "Address not found in wallet", "getreceivedbyaddress", []any{nobody}},
		{rpc.CodeWallet, "address_filter parameter was invalid", "listreceivedbyaddress", []any{1, false, false, "mfoo"}},
		{rpc.CodeAddress, "Invalid Bitcoin address: mfoo", "sendtoaddress", []any{"mfoo", 1}},
		{rpc.CodeType, "Invalid amount", "sendtoaddress", []any{nobody, "x"}},
		{rpc.CodeType, "Amount out of range", "sendtoaddress", []any{nobody, -1}},
		{rpc.CodeType, "Amount is not a number or string", "sendtoaddress", []any{nobody, true}},
		{rpc.CodeFunds, "Transaction amount too small", "sendtoaddress", []any{nobody, 0}},
		{rpc.CodeWallet, avoid, "sendtoaddress", []any{nobody, 1, "", "", false, true, nil, "unset", true}},
		{rpc.CodeParameter, feeModes, "sendtoaddress", []any{nobody, 1, "", "", false, true, 6, "x"}},
		{rpc.CodeParameter, "Invalid conf_target, must be between 1 and 1008", "sendtoaddress", []any{nobody, 1, "", "", false, true, 0}},
		{rpc.CodeParameter, "Cannot specify both estimate_mode and fee_rate", "sendtoaddress", []any{nobody, 1, "", "", false, true, nil, "economical", nil, 1}},
		{rpc.CodeType, "Invalid amount", "sendtoaddress", []any{nobody, 1, "", "", false, true, nil, "unset", nil, 1.0001}},
		{rpc.CodeFunds, "Fee rate (0.099 sat/vB) is lower than the minimum fee rate setting (0.100 sat/vB)", "sendtoaddress", []any{nobody, 1, "", "", false, true, nil, "unset", nil, 0.099}},
		{rpc.CodeParameter, "a comment is longer than 1000 bytes", "sendtoaddress", []any{nobody, 1, strings.Repeat("x", 1001)}},
		{rpc.CodeFunds, "Insufficient funds: 1.00 and a fee of 0.00000044 wanted, 0.00 spendable", "sendtoaddress", []any{nobody, 1}},
		{rpc.CodeParameter, `Dummy value must be set to ""`, "sendmany", []any{"x", object{nobody: 1}}},
		{rpc.CodeFunds, "Transaction must have at least one recipient", "sendmany", []any{"", object{}}},
		{rpc.CodeParameter, "Invalid parameter 'subtract fee from output', destination x not found in tx outputs", "sendmany", []any{"", object{nobody: 1}, 1, "", []string{"x"}}},
		{rpc.CodeParameter, "Invalid parameter 'subtract fee from output', position too large: 1", "sendmany", []any{"", object{nobody: 1}, 1, "", []int{1}}},
		{rpc.CodeParameter, "Invalid parameter 'subtract fee from output', duplicated position: 0", "sendmany", []any{"", object{nobody: 1}, 1, "", []any{0, nobody}}},
		{rpc.CodeParameter, "Invalid parameter, key-value pair must contain exactly one key", "send", []any{[]object{{}}}},
		{rpc.CodeParameter, "Specify estimate_mode", "send", []any{object{nobody: 1}, 6}},
		{rpc.CodeParameter, "Pass the fee_rate either as an argument, or in the options object, but not both", "send", []any{object{nobody: 1}, nil, nil, 1, object{"fee_rate": 1}}},
		{rpc.CodeParameter, "Only version 2 is offered: leave version out", "send", []any{object{nobody: 1}, nil, nil, 1, object{}, 3}},
		{rpc.CodeType, "Unexpected key inputs", "send", []any{object{nobody: 1}, nil, nil, 1, object{"inputs": []any{}}}},
		{rpc.CodeParameter, "The wallet chooses the coins: leave add_inputs out", "send", []any{object{nobody: 1}, nil, nil, 1, object{"add_inputs": false}}},
		{rpc.CodeWallet, "Transaction amount too small", "send", []any{object{nobody: 0}, nil}},
		{rpc.CodeDeserialization, "TX decode failed. Make sure the tx has at least one input.", "signrawtransactionwithwallet", []any{"00"}},
		{rpc.CodeParameter, "'x' is not a valid sighash parameter.", "signrawtransactionwithwallet", []any{exampleTx, nil, "x"}},
	} {
		w.fails(c.code, c.text, c.method, c.params...)
	}
	node.must(nil, "createwallet", "other")
	node.fails(rpc.CodeWalletNotNamed, "Multiple wallets are loaded. Please select which wallet to use by requesting the RPC through the /wallet/<walletname> URI path.", "getbalance")
	node.must(nil, "unloadwallet", "other")
	node.must(nil, "unloadwallet", "default")
	node.fails(rpc.CodeWalletNotFound, "No wallet is loaded. Load a wallet using loadwallet or create a new one with createwallet. (Note: A default wallet is no longer automatically created)", "getbalance")
}

// exampleTx spends nothing that exists.
const exampleTx = "02000000013ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a0000000000fdffffff0100e1f50500000000015100000000"

func TestFees(t *testing.T) {
	r := newRig(t)
	r.fund("default", 4)
	w := r.on("default")
	var sent struct {
		Txid   string
		Reason string `json:"fee_reason"`
	}
	w.must(&sent, "sendtoaddress", nobody, 1, "", "", false, true, nil, "unset", nil, nil, true)
	if sent.Reason != "Fallback fee" {
		t.Errorf("%+v", sent)
	}
	var draft struct {
		Hex         string
		Fee, Change json.Number
		Complete    bool
	}
	w.must(&draft, "send", object{nobody: 1}, nil, nil, nil, object{"add_to_wallet": false, "fee_rate": "2.5"})
	var decoded struct {
		VSize int64
		Out   []struct {
			Value json.Number
		} `json:"vout"`
	}
	w.must(&decoded, "decoderawtransaction", draft.Hex)
	fee, err := amount.Parse(draft.Fee.String())
	if err != nil || fee < decoded.VSize*5/2 || fee > decoded.VSize*5/2+5 || draft.Change == "" || !draft.Complete {
		t.Errorf("a rate of 2.5: %+v for %d bytes, %v", draft, decoded.VSize, err)
	}
	// Nothing is kept of a draft; lock_unspents keeps its coins.
	var locked []any
	if w.must(&locked, "listlockunspent"); len(locked) != 0 {
		t.Errorf("locked: %v", locked)
	}
	w.must(&draft, "send", object{nobody: 40}, nil, nil, nil, object{"add_to_wallet": false, "lock_unspents": true})
	if w.must(&locked, "listlockunspent"); len(locked) != 1 {
		t.Errorf("locked: %v", locked)
	}
	if got := w.text("sendrawtransaction", draft.Hex); got == "" {
		t.Error("the draft was not sent")
	}
	if w.must(&locked, "listlockunspent"); len(locked) != 0 {
		t.Errorf("locked after sending: %v", locked)
	}
	r.checkScan()
}

// listsinceblock tells what a reorg took away.
func TestListSinceBlock(t *testing.T) {
	r := newRig(t)
	r.fund("default", 2)
	w := r.on("default")
	fork := w.text("getbestblockhash")
	txid := w.text("sendtoaddress", nobody, 1)
	old := r.generate(2, nobody)
	w.must(nil, "invalidateblock", old[0])
	mine := w.text("getnewaddress")
	r.generate(3, mine)
	type item struct {
		Txid, Category string
		Confirmations  int
	}
	var got struct {
		Transactions, Removed []item
		LastBlock             string
	}
	w.must(&got, "listsinceblock", old[1])
	if len(got.Removed) != 1 || got.Removed[0].Txid != txid || len(got.Transactions) != 4 || got.LastBlock != w.text("getbestblockhash") {
		t.Errorf("since a block that left: %+v", got)
	}
	got.Removed = nil
	if w.must(&got, "listsinceblock", fork, 3, false, false); got.Removed != nil || len(got.Transactions) != 4 || got.LastBlock != w.text("getblockhash", 6) {
		t.Errorf("since the fork: %+v", got)
	}
	if w.must(&got, "listsinceblock", w.text("getbestblockhash")); len(got.Transactions) != 0 {
		t.Errorf("since the tip: %+v", got)
	}
}

func TestHistoryTellsOfChange(t *testing.T) {
	r := newRig(t)
	r.fund("default", 1)
	w := r.on("default")
	txid := w.text("sendtoaddress", nobody, 1)
	var got struct {
		Amount, Fee json.Number
		Details     []struct{ Category string }
		Decoded     struct {
			Out []struct {
				IsChange bool
			} `json:"vout"`
		}
	}
	w.must(&got, "gettransaction", txid, true, true)
	change := 0
	for _, o := range got.Decoded.Out {
		if o.IsChange {
			change++
		}
	}
	if got.Amount != "-1.00000000" || len(got.Details) != 1 || change != 1 || !strings.HasPrefix(got.Fee.String(), "-0.0000022") {
		t.Errorf("%+v", got)
	}
	// A coinbase that matures.
	hash := r.generate(1, w.text("getnewaddress", "mined"))[0]
	for i := range maturity + 2 {
		var list []struct {
			Category  string
			Maturing  int
			BlockHash string
		}
		w.must(&list, "listtransactions", "mined")
		want, left := "immature", maturity-i
		if left <= 0 {
			want, left = "generate", 0
		}
		if len(list) != 1 || list[0].Category != want || list[0].Maturing != left || list[0].BlockHash != hash {
			t.Errorf("after %d blocks: %+v", i+1, list)
		}
		r.generate(1, nobody)
	}
	if fmt.Sprint(r.balance("default").immature) != "0" {
		t.Error(r.balance("default"))
	}
}
