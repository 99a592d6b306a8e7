package wallets

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"orrery/core/mempool"
	"orrery/rpc"
	"orrery/wallet"
	"orrery/wallet/keyfile"
)

const coin = int64(1e8)

// tx is gettransaction.
type tx struct {
	Confirmations int32  `json:"confirmations"`
	Trusted       bool   `json:"trusted"`
	Comment, To   string `json:",omitempty"`
	Details       []struct{ Abandoned bool }
}

func TestFollow(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	mine := w.text("getnewaddress")
	r.generate(2, mine)
	if b := r.balance("default"); b != (balance{immature: 100 * coin}) {
		t.Errorf("after two blocks: %+v", b)
	}
	r.generate(maturity, nobody)
	if b := r.balance("default"); b != (balance{trusted: 100 * coin}) {
		t.Errorf("when they are mature: %+v", b)
	}
	txid := w.text("sendtoaddress", nobody, 60)
	b := r.balance("default")
	if fee := 40*coin - b.trusted; fee < 200 || fee > 500 || b.pending != 0 {
		t.Errorf("after a payment: %+v", b)
	}
	block := r.generate(1, nobody)[0]
	var got tx
	if w.must(&got, "gettransaction", txid); got.Confirmations != 1 {
		t.Errorf("mined: %+v", got)
	}
	// The block goes, the payment is in the mempool again.
	w.must(nil, "invalidateblock", block)
	if w.must(&got, "gettransaction", txid); got.Confirmations != 0 || !got.Trusted {
		t.Errorf("after a reorg: %+v", got)
	}
	if now := r.balance("default"); now != b {
		t.Errorf("balance %+v, before the block it was %+v", now, b)
	}
	w.must(nil, "reconsiderblock", block)
	if w.must(&got, "gettransaction", txid); got.Confirmations != 1 {
		t.Errorf("mined again: %+v", got)
	}
	r.checkScan()
}

// Orphaned coinbases take their descendants with them, and bring them back.
func TestReorgOfCoinbase(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	first := r.generate(1, w.text("getnewaddress"))[0]
	r.generate(maturity, nobody)
	w.must(nil, "sendtoaddress", nobody, 1)
	r.checkScan()
	before := r.balance("default")
	w.must(nil, "invalidateblock", first)
	if b := r.balance("default"); b.trusted+b.immature+b.pending != 0 {
		t.Errorf("without its only block the wallet has %+v", b)
	}
	r.checkScan()
	w.must(nil, "reconsiderblock", first)
	r.checkScan()
	// The payment had left the mempool with the coinbase; the wallet offers it.
	var pool []string
	for len(pool) == 0 && !t.Failed() {
		changed := r.host.Changed()
		if w.must(&pool, "getrawmempool"); len(pool) == 0 {
			<-changed
		}
	}
	if b := r.balance("default"); b != before {
		t.Errorf("%+v, before it was %+v", b, before)
	}
}

func TestRandomReorgsAndPayments(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 5))
			r := newRig(t)
			r.node().must(nil, "createwallet", "other")
			names := []string{"default", "other"}
			var revoked string
			for range 40 {
				i := rng.IntN(2)
				w, to := r.on(names[i]), r.on(names[1-i])
				switch rng.IntN(8) {
				case 0, 1:
					r.generate(1+rng.IntN(3), w.text("getnewaddress", "", []string{"legacy", "bech32"}[rng.IntN(2)]))
				case 2:
					var height int
					w.must(&height, "getblockcount")
					if height > 0 {
						revoked = w.text("getblockhash", height-rng.IntN(min(4, height)))
						w.must(nil, "invalidateblock", revoked)
					}
				case 3:
					if revoked != "" {
						w.must(nil, "reconsiderblock", revoked)
					}
				default:
					pay(t, w, to.text("getnewaddress"), rng)
				}
				r.checkScan()
			}
			r.settle()
			before := []balance{r.balance(names[0]), r.balance(names[1])}
			r.restart()
			r.settle()
			r.checkScan()
			if after := []balance{r.balance(names[0]), r.balance(names[1])}; after[0] != before[0] || after[1] != before[1] {
				t.Errorf("after a restart %+v, before %+v", after, before)
			}
		})
	}
}

func pay(t *testing.T, w *caller, to string, rng *rand.Rand) {
	t.Helper()
	err := w.try(nil, "sendtoaddress", map[string]any{
		"address": to, "amount": fmt.Sprintf("%d.%03d", rng.IntN(60), 1+rng.IntN(900)), "fee_rate": 1 + rng.IntN(5),
	})
	w.client.Close()
	var e *rpc.Error
	if err != nil && (!errors.As(err, &e) || e.Code != rpc.CodeFunds) {
		t.Fatal(err)
	}
}

// What was not in the mempool at the start is offered again, until it is given
// up.
func TestRestart(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	r.fund("default", 2)
	txid := w.text("sendtoaddress", nobody, 60, "two pizzas", "jeremy")
	before := r.balance("default")
	r.restart()
	if b := r.balance("default"); b != before {
		t.Errorf("after a restart %+v, before %+v", b, before)
	}
	// A mempool that asks for more forgets the payment, the wallet does not.
	cheap := r.limits
	r.limits.MinRelay = 100_000
	r.restart()
	w = r.on("default")
	var got tx
	if w.must(&got, "gettransaction", txid); got.Confirmations != 0 || got.Trusted || got.Comment != "two pizzas" || got.To != "jeremy" {
		t.Errorf("a payment that the mempool refuses: %+v", got)
	}
	if b := r.balance("default"); b.nonMempool != -100*coin {
		t.Errorf("its coins: %+v", b)
	}
	w.fails(rpc.CodeFunds, "Insufficient funds: 1.00 and a fee of 0.000044 wanted, 0.00 spendable", "sendtoaddress",
		map[string]any{"address": nobody, "amount": 1, "fee_rate": 100})
	r.limits = cheap
	r.restart()
	w = r.on("default")
	waitMempool(r, txid)
	if b := r.balance("default"); b != before {
		t.Errorf("offered again: %+v, want %+v", b, before)
	}
	w.fails(rpc.CodeAddress, "Transaction not eligible for abandonment", "abandontransaction", txid)
	r.limits.MinRelay = 100_000
	r.restart()
	w = r.on("default")
	w.must(nil, "abandontransaction", txid)
	if b := r.balance("default"); b != (balance{trusted: 100 * coin}) {
		t.Errorf("given up: %+v", b)
	}
	r.limits = cheap
	r.restart()
	if w = r.on("default"); r.balance("default") != (balance{trusted: 100 * coin}) {
		t.Errorf("given up, after a restart: %+v", r.balance("default"))
	}
	if w.must(&got, "gettransaction", txid); len(got.Details) != 1 || !got.Details[0].Abandoned {
		t.Errorf("%+v", got)
	}
}

func waitMempool(r *rig, txid string) {
	r.Helper()
	for {
		changed := r.host.Changed()
		v, release := r.host.Acquire()
		found := false
		for e := range v.Mempool.All() {
			found = found || e.Tx.ID().String() == txid
		}
		release()
		if found {
			return
		}
		<-changed
	}
}

func TestPaymentsAtOnceNeverShareACoin(t *testing.T) {
	r := newRig(t)
	r.fund("default", 10)
	var group sync.WaitGroup
	var mu sync.Mutex
	sent, poor := 0, 0
	to, err := r.config().Codec.Decode(nobody)
	if err != nil {
		t.Fatal(err)
	}
	for range 30 {
		group.Go(func() {
			_, err := r.wallets.Send(context.Background(), "default", true, []wallet.Output{{Script: to.Script(), Value: 30 * coin}}, wallet.SendOptions{FeeRate: 1000}, wallet.Note{})
			mu.Lock()
			defer mu.Unlock()
			var none *wallet.InsufficientFunds
			switch {
			case err == nil:
				sent++
			case errors.As(err, &none):
				poor++
			default:
				t.Error(err)
			}
		})
	}
	group.Wait()
	v, release := r.host.Acquire()
	defer release()
	// A coin used twice would be a replacement, and one payment less there.
	if v.Mempool.Len() != sent || sent < 10 {
		t.Errorf("%d sent, %d without coins, %d in the mempool", sent, poor, v.Mempool.Len())
	}
	r.checkScan()
}

// When change of change of … would be refused by the mempool, the wallet says
// so before.
func TestLongChains(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	r.fund("default", 1)
	var err error
	n := 0
	for err == nil && n < 100 {
		if err = w.try(nil, "sendtoaddress", []any{nobody, 0.1}); err == nil {
			n++
		}
	}
	if n < 50 || n > mempool.MaxClusterCount || err == nil || !strings.Contains(err.Error(), "in change that needs a block first") {
		t.Errorf("%d payments, then %v", n, err)
	}
	r.generate(1, nobody)
	w.must(nil, "sendtoaddress", nobody, 0.1)
	r.checkScan()
}

func TestFiles(t *testing.T) {
	r := newRig(t)
	node := r.node()
	node.must(nil, "createwallet", "savings")
	savings := r.on("savings")
	address := savings.text("getnewaddress", "a")
	r.generate(1, address)
	node.must(nil, "unloadwallet", "savings")
	if got := r.wallets.Names(); len(got) != 1 || got[0] != "default" {
		t.Errorf("loaded after unloadwallet: %v", got)
	}
	if got, err := r.wallets.Files(); err != nil || len(got) != 2 {
		t.Errorf("files: %v, %v", got, err)
	}
	r.generate(1, address)
	node.must(nil, "loadwallet", "savings")
	if b := r.balance("savings"); b.immature != 100*coin {
		t.Errorf("loaded again: %+v", b)
	}
	r.restart()
	if got := r.wallets.Names(); len(got) != 2 {
		t.Errorf("loaded after a restart: %v", got)
	}
	if b := r.balance("savings"); b.immature != 100*coin {
		t.Errorf("after a restart: %+v", b)
	}
}

// A new file in the place of another wallet's gets nothing of the old one.
func TestNewWalletOfAnOldName(t *testing.T) {
	r := newRig(t)
	node := r.node()
	node.must(nil, "createwallet", "w")
	r.fund("w", 1)
	txid := r.on("w").text("sendtoaddress", nobody, 1, "mine")
	node.must(nil, "unloadwallet", "w")
	file := r.wallets.Path("w")
	if err := os.Rename(file, file+".old"); err != nil {
		t.Fatal(err)
	}
	node.must(nil, "createwallet", "w")
	r.on("w").fails(rpc.CodeAddress, "Invalid or non-wallet transaction id", "gettransaction", txid)
	node.must(nil, "unloadwallet", "w")
	if err := os.Rename(file+".old", filepath.Join(r.config().Folder, "renamed.json")); err != nil {
		t.Fatal(err)
	}
	node.must(nil, "loadwallet", "renamed")
	var got tx
	if r.on("renamed").must(&got, "gettransaction", txid); got.Comment != "mine" {
		t.Errorf("the renamed wallet: %+v", got)
	}
}

func TestDamagedFile(t *testing.T) {
	r := newRig(t)
	r.stop()
	path := r.wallets.Path("default")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := []byte(strings.Replace(string(raw), `"gap": 20`, `"gap": 21`, 1))
	for name, content := range map[string][]byte{"changed": damaged, "cut": raw[:len(raw)/2], "empty": {}} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := r.open()
		if !errors.Is(err, keyfile.ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != string(content) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	// A wallet that is not needed for the start is refused when it is loaded.
	if err := os.Rename(path, path+".bad"); err != nil {
		t.Fatal(err)
	}
	r.start()
	if err := os.Rename(path+".bad", r.wallets.Path("bad")); err != nil {
		t.Fatal(err)
	}
	var e *rpc.Error
	if err := r.node().try(nil, "loadwallet", []any{"bad"}); !errors.As(err, &e) || e.Code != rpc.CodeWallet || !strings.Contains(e.Message, "damaged") {
		t.Errorf("loadwallet: %v", describe(err))
	}
}

// TestSyncGivesUp: a wallet that is far behind holds nobody who gives up, and
// the next goes on.
func TestSyncGivesUp(t *testing.T) {
	r := newRig(t)
	r.fund("default", 3)
	want := r.balance("default")
	o, err := r.wallets.find("default", true)
	if err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if err := o.Rescan(); err != nil {
		t.Fatal(err)
	}
	o.version.Store(0)
	if err := r.wallets.follow(ended, o); !errors.Is(err, context.Canceled) || o.Tip().Height >= 0 {
		t.Errorf("whoever moves it: %v, height %d", err, o.Tip().Height)
	}
	o.moving <- struct{}{} // somebody else moves it, for as long as it takes
	err = r.wallets.Use(ended, "default", true, func(*wallet.Wallet) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("whoever waits: %v", err)
	}
	<-o.moving
	if got := r.balance("default"); got != want {
		t.Errorf("balance %+v, want %+v", got, want)
	}
}
