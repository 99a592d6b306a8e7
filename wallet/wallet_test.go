package wallet

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/address"
	"orrery/wallet/keyfile"
	"orrery/wallet/keys"
	"orrery/wallet/ledger"
	"orrery/wallet/payment"
)

const coin = consensus.CoinUnit

func pay(script []byte, value int64) []Output { return []Output{{Script: script, Value: value}} }

func send(t testing.TB, w *Wallet, c *chain, outs []Output, opt SendOptions) *Payment {
	t.Helper()
	if opt.FeeRate == 0 {
		opt.FeeRate = 1000
	}
	p, err := w.CreateTransaction(outs, opt)
	if err != nil {
		t.Fatal(err)
	}
	if need := payment.Fee(int64(p.Tx.VSize()), opt.FeeRate); p.Fee < need {
		t.Errorf("fee %d for %d vbytes, want at least %d", p.Fee, p.Tx.VSize(), need)
	}
	c.send(t, p.Tx)
	if mine, err := w.MempoolAdd(p.Tx); err != nil || !mine {
		t.Fatalf("own payment: %v %v", mine, err)
	}
	return p
}

func TestPayAndConfirm(t *testing.T) {
	c := newChain()
	alice, bob := newWallet(t), newWallet(t)
	fund(t, alice, c, 2)
	for _, purpose := range []keys.Purpose{keys.BIP44, keys.BIP84} {
		to := newAddress(t, bob, purpose)
		p := send(t, alice, c, pay(to.Script(), 15e8), SendOptions{Change: purpose})
		if got := p.Tx.Msg.LockTime; got != uint32(alice.Tip().Height) {
			t.Errorf("lock time %d, tip %d", got, alice.Tip().Height)
		}
		follow(t, bob, c)
		if b := bob.Balance(0, true); b.Pending != 15e8 {
			t.Errorf("bob %+v", b)
		}
		c.mine()
		follow(t, alice, c)
		follow(t, bob, c)
	}
	if b := bob.Balance(1, true); b.Trusted != 30e8 {
		t.Errorf("bob %+v", b)
	}
	send(t, bob, c, pay(foreign, 29e8), SendOptions{}) // both kinds of inputs
	for _, w := range []*Wallet{alice, bob} {
		follow(t, w, c)
		checkCoins(t, w, c)
	}
	list := bob.ListTransactions(10, 0, nil)
	var got []string
	for _, h := range list {
		got = append(got, fmt.Sprintf("%s %d", h.Category, h.Value))
	}
	if want := []string{"receive 1500000000", "receive 1500000000", "send -2900000000"}; !reflect.DeepEqual(got, want) {
		t.Errorf("history %q, want %q", got, want)
	}
	if h := list[2]; h.Tx.Fee >= 0 || h.Tx.Confirmations != 0 || !list[0].Labelled || list[0].Address.String() == "" {
		t.Errorf("%+v", h)
	}
	if one := bob.ListTransactions(1, 1, nil); len(one) != 1 || one[0].Category != ledger.Receive {
		t.Errorf("%+v", one)
	}
}

// checkCoins compares the wallet with a walk over chain and mempool (I7).
func checkCoins(t testing.TB, w *Wallet, c *chain) {
	t.Helper()
	want := map[wire.OutPoint]int64{}
	sum := int64(0)
	for o, out := range c.coins(true) {
		if _, mine := w.ring.Find(out.PkScript); mine {
			want[o] = out.Value
			sum += out.Value
		}
	}
	got := map[wire.OutPoint]int64{}
	for _, u := range w.ListUnspent(CoinFilter{MaxConf: 1 << 30, Unsafe: true, Immature: true}) {
		got[u.Outpoint] = u.Value
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("coins %v, want %v", got, want)
	}
	if b := w.Balance(0, false); b.Trusted+b.Pending+b.Immature != sum {
		t.Fatalf("balance %+v, want a sum of %d", b, sum)
	}
}

// Whatever kill -9 interrupts, no address is handed out twice, and the wallet
// sees payments to each, from its file and from its words.
func TestKilledWalletNeverReusesAnAddress(t *testing.T) {
	c := newChain()
	cfg := config(t)
	w, err := Create(cfg, "", ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[address.Address]bool{}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 12 {
		for range 1 + rng.IntN(25) {
			a := newAddress(t, w, keys.BIP44)
			if shown[a] {
				t.Fatalf("%v was handed out twice", a)
			}
			shown[a] = true
		}
		kill(t, w)
		if w, err = Open(cfg); err != nil {
			t.Fatal(err)
		}
	}
	for a := range shown {
		c.mine(a.Script())
	}
	follow(t, w, c)
	want := int64(len(shown)) * 50 * coin
	if b := w.Balance(0, false); b.Trusted+b.Immature != want {
		t.Errorf("%+v, want %d", b, want)
	}
	again, err := Create(config(t), w.Words(), ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	follow(t, again, c)
	if b := again.Balance(0, false); b.Trusted+b.Immature != want {
		t.Errorf("from the words: %+v, want %d", b, want)
	}
	for _, w := range []*Wallet{w, again} {
		if a := newAddress(t, w, keys.BIP44); shown[a] {
			t.Errorf("%v was handed out twice", a)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCleanCloseLeavesNoGap(t *testing.T) {
	cfg := config(t)
	w, err := Create(cfg, "", ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	newAddress(t, w, keys.BIP44)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = open(t, cfg)
	info, err := w.AddressInfo(newAddress(t, w, keys.BIP44).String())
	if err != nil || info.Path.Index != 1 || info.Path.String() != "m/44h/1h/0h/0/1" || !info.Mine || len(info.PubKey) != 33 {
		t.Errorf("%+v %v", info, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.NewAddress(keys.BIP44, ""); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}

// A save that fails hands out nothing and the next try goes on from there.
func TestAddressIsDurableBeforeItIsShown(t *testing.T) {
	cfg := config(t)
	w := open(t, func() Config {
		w, err := Create(cfg, "", ledger.NoTip)
		if err != nil {
			t.Fatal(err)
		}
		kill(t, w)
		return cfg
	}())
	block := cfg.Path + ".tmp"
	if err := os.MkdirAll(filepath.Join(block, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if a, err := w.NewAddress(keys.BIP44, ""); err == nil {
		t.Fatalf("%v was shown, though it could not be saved", a)
	}
	if err := os.RemoveAll(block); err != nil {
		t.Fatal(err)
	}
	if info, err := w.AddressInfo(newAddress(t, w, keys.BIP44).String()); err != nil || info.Path.Index != 0 {
		t.Errorf("%+v %v", info, err)
	}
}

func TestLabels(t *testing.T) {
	c := newChain()
	cfg := config(t)
	w, err := Create(cfg, "", ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.NewAddress(keys.BIP84, "rent")
	if err != nil {
		t.Fatal(err)
	}
	b := newAddress(t, w, keys.BIP44)
	other := codec.PubKeyHash([20]byte{1}).String()
	if err := w.SetLabel(other, "shop"); err != nil {
		t.Fatal(err)
	}
	if err := w.SetLabel("nonsense", "x"); err == nil {
		t.Error("a label for nonsense")
	}
	if _, err := w.NewAddress(keys.BIP44, "*"); err == nil || err.Error() != "Invalid label name" {
		t.Errorf("error %v", err)
	}
	c.mine(a.Script(), b.Script())
	kill(t, w)
	w = open(t, cfg)
	follow(t, w, c)
	if got, want := w.Labels(), (map[string]string{a.String(): "rent", other: "shop"}); !reflect.DeepEqual(got, want) {
		t.Errorf("labels %v, want %v", got, want)
	}
	rent, none := "rent", "none"
	if got := w.ListTransactions(10, 0, &rent); len(got) != 1 || got[0].Address != a || got[0].Category != ledger.Immature {
		t.Errorf("%+v", got)
	}
	if got := w.ListTransactions(10, 0, &none); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	list := w.ListUnspent(CoinFilter{MaxConf: 100, Immature: true, Addresses: []address.Address{a}})
	if len(list) != 1 || list[0].Label != "rent" || !list[0].Labelled {
		t.Errorf("%+v", list)
	}
	if err := w.SetLabel(other, ""); err != nil {
		t.Fatal(err)
	}
	if info, err := w.AddressInfo(other); err != nil || info.Labelled || info.Mine {
		t.Errorf("%+v %v", info, err)
	}
}

func TestOpenRefusals(t *testing.T) {
	cfg := config(t)
	if _, err := Open(cfg); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	w := newWallet(t)
	if _, err := Open(w.cfg); !errors.Is(err, keyfile.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	if _, err := Create(w.cfg, "", ledger.NoTip); !errors.Is(err, keyfile.ErrInUse) {
		t.Errorf("create over one in use: %v", err)
	}
	if _, err := Create(cfg, "abandon abandon", ledger.NoTip); !errors.Is(err, keys.ErrWords) {
		t.Errorf("bad words: %v", err)
	}
	if _, err := os.Stat(cfg.Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("bad words left a file: %v", err)
	}
	bad := keyfile.Content{Words: w.Words(), Gap: 20, Next: []keyfile.Counter{{Branch: "9h", Index: 1}}}
	f, err := keyfile.Create(cfg.Path, bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(cfg); !errors.Is(err, keyfile.ErrDamaged) {
		t.Errorf("unknown branch: %v", err)
	}
}
