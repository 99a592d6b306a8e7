package wallets

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/address/v2"
	"github.com/btcsuite/btcd/btcjson"
	"github.com/btcsuite/btcd/btcutil/v2"
	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/rpcclient"
	"github.com/btcsuite/btcd/wire/v2"
)

// TestBTCDClient uses the wallet with btcd's client.
func TestBTCDClient(t *testing.T) {
	r := newRig(t)
	c, err := rpcclient.New(&rpcclient.ConnConfig{
		Host: r.address + "/wallet/default", User: "user", Pass: "password", HTTPPostMode: true, DisableTLS: true, Params: "regtest",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Shutdown(); c.WaitForShutdown() }()
	ok := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	own, err := c.GetNewAddress("")
	ok("getnewaddress", err)
	r.generate(3, own.String())
	r.generate(maturity, nobody)
	typed, err := c.GetNewAddressType("rent", "bech32")
	ok("getnewaddress bech32", err)
	_, err = c.GetRawChangeAddress("bech32")
	ok("getrawchangeaddress", err)
	info, err := c.GetAddressInfo(typed.String())
	ok("getaddressinfo", err)
	if info != nil && (!info.IsMine || info.HDKeyPath == nil || !info.IsWitness) {
		t.Errorf("getaddressinfo: %+v", info)
	}
	to, err := address.DecodeAddress(nobody, &chaincfg.RegressionNetParams)
	ok("nobody", err)
	txid, err := c.SendToAddress(to, btcutil.Amount(coin))
	ok("sendtoaddress", err)
	_, err = c.SendToAddressComment(to, btcutil.Amount(coin), "what", "who")
	ok("sendtoaddress with comments", err)
	_, err = c.SendMany("", map[address.Address]btcutil.Amount{to: btcutil.Amount(coin), typed: btcutil.Amount(coin)})
	ok("sendmany", err)
	tx, err := c.GetTransaction(txid)
	ok("gettransaction", err)
	if tx != nil && (tx.Amount != -1 || tx.Fee >= 0 || len(tx.Details) != 1) {
		t.Errorf("gettransaction: %+v", tx)
	}
	list, err := c.ListTransactions("*")
	if ok("listtransactions", err); len(list) != 8 { // 3 mined, 2 sent, and of sendmany 2 sent and 1 received
		t.Errorf("listtransactions: %d entries, %+v", len(list), list)
	}
	_, err = c.ListSinceBlock(nil)
	ok("listsinceblock", err)
	coins, err := c.ListUnspentMin(0)
	if ok("listunspent", err); len(coins) == 0 {
		t.Error("no coins")
	}
	balance, err := c.GetBalance("*")
	if ok("getbalance", err); balance < btcutil.Amount(146*coin) || balance > btcutil.Amount(147*coin) {
		t.Errorf("getbalance: %v", balance)
	}
	all, err := c.GetBalances()
	if ok("getbalances", err); all != nil && all.Mine.Trusted != balance.ToBTC() {
		t.Errorf("getbalances: %+v", all)
	}
	_, err = c.GetReceivedByAddress(own)
	ok("getreceivedbyaddress", err)
	_, err = c.ListReceivedByAddressIncludeEmpty(0, true)
	ok("listreceivedbyaddress", err)
	_, err = c.GetWalletInfo()
	ok("getwalletinfo", err)
	if locks, err := c.ListLockUnspent(); err != nil || len(locks) != 0 {
		t.Errorf("listlockunspent: %v, %v", locks, err)
	}
	raw, err := c.CreateRawTransaction([]btcjson.TransactionInput{{Txid: coins[0].TxID, Vout: coins[0].Vout}},
		map[address.Address]btcutil.Amount{to: btcutil.Amount(coin)}, nil)
	ok("createrawtransaction", err)
	signed, complete, err := c.SignRawTransactionWithWallet(raw)
	if ok("signrawtransactionwithwallet", err); !complete {
		t.Error("not complete")
	}
	ok("lockunspent", c.LockUnspent(false, []*wire.OutPoint{&signed.TxIn[0].PreviousOutPoint}))
	ok("lockunspent", c.LockUnspent(true, nil))
	_, err = c.CreateWallet("more")
	ok("createwallet", err)
	other := "more"
	var refused *btcjson.RPCError
	if err := c.UnloadWallet(&other); !errors.As(err, &refused) || refused.Code != btcjson.ErrRPCInvalidParameter {
		t.Errorf("unloadwallet over the path of another: %v", err)
	}
	if _, err := c.LoadWallet(other); !errors.As(err, &refused) || refused.Code != -35 {
		t.Errorf("loadwallet: %v", err)
	}
}
