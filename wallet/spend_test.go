package wallet

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/keys"
	"orrery/wallet/payment"
	"orrery/wallet/sign"
)

func TestQuickPaymentsNeverShareCoins(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	fund(t, w, c, 3)
	used := map[wire.OutPoint]bool{}
	var last *Payment
	for range 3 {
		p, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range p.Tx.Msg.TxIn {
			if used[in.PreviousOutPoint] {
				t.Fatalf("%v is taken twice", in.PreviousOutPoint)
			}
			used[in.PreviousOutPoint] = true
		}
		last = p
	}
	var poor *InsufficientFunds
	if _, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000}); !errors.As(err, &poor) {
		t.Fatalf("a fourth payment: %v", err)
	}
	w.Release(last.Tx)
	if _, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000}); err != nil {
		t.Fatalf("after a release: %v", err)
	}
}

func TestInsufficientFundsSaysWhatComes(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	a := newAddress(t, w, keys.BIP44)
	c.mine(a.Script())
	follow(t, w, c)
	_, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000})
	want := "Insufficient funds: 1.00 and a fee of 0.0000002 wanted, 0.00 spendable (50.00 maturing, first in 3 blocks)"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for range maturity {
		c.mine()
	}
	follow(t, w, c)
	for range maxChain {
		send(t, w, c, pay(foreign, 1e6), SendOptions{})
	}
	_, err = w.CreateTransaction(pay(foreign, 1e6), SendOptions{FeeRate: 1000})
	if err == nil || !strings.Contains(err.Error(), "in change that needs a block first") {
		t.Errorf("after %d payments in a row: %v", maxChain, err)
	}
	c.mine()
	follow(t, w, c)
	send(t, w, c, pay(foreign, 1e6), SendOptions{})
}

func TestSendOptions(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	fund(t, w, c, 1)
	lock := uint32(5)
	p := send(t, w, c, []Output{{foreign, 50e8, true}}, SendOptions{LockTime: &lock, NoReplace: true})
	if m := p.Tx.Msg; m.LockTime != 5 || m.TxIn[0].Sequence != 0xfffffffe || m.Version != 2 || len(m.TxOut) != 1 || m.TxOut[0].Value != 50e8-p.Fee || p.ChangeAt != -1 {
		t.Errorf("%+v", p.Tx.Msg)
	}
	if _, err := w.CreateTransaction(pay(foreign, 1), SendOptions{FeeRate: 1000, MinConf: 1}); err == nil {
		t.Error("no error for an empty wallet")
	}
	fund(t, w, c, 1)
	if _, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 900_000_000}); !errors.Is(err, payment.ErrAbsurdFee) {
		t.Errorf("error %v, want ErrAbsurdFee", err)
	}
	coins := w.ListUnspent(AnyCoin)
	if err := w.Lock([]wire.OutPoint{coins[0].Outpoint}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000}); err == nil {
		t.Error("a locked coin was spent")
	}
	if err := w.Lock([]wire.OutPoint{{Index: 9}}); !errors.Is(err, ErrNotUnspent) {
		t.Errorf("error %v, want ErrNotUnspent", err)
	}
	if got := w.Locked(); len(got) != 1 || got[0] != coins[0].Outpoint || len(w.ListUnspent(AnyCoin)) != 0 {
		t.Errorf("locked %v", got)
	}
	w.Unlock(nil)
	if len(w.Locked()) != 0 || len(w.ListUnspent(AnyCoin)) != 1 {
		t.Error("still locked")
	}
}

func TestSignTransaction(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	fund(t, w, c, 2)
	coins := w.ListUnspent(AnyCoin)
	tx := wire.NewMsgTx(2)
	for _, u := range coins {
		tx.AddTxIn(wire.NewTxIn(&u.Outpoint, nil, nil))
	}
	alien := wire.OutPoint{Index: 3}
	tx.AddTxIn(wire.NewTxIn(&alien, nil, nil))
	tx.AddTxOut(wire.NewTxOut(1e8, foreign))
	failed, err := w.SignTransaction(tx, map[wire.OutPoint]sign.Prevout{alien: {Value: 1, Script: codec.PubKeyHash([20]byte{1}).Script()}}, nil, sign.Options{})
	if err != nil || len(failed) != 1 || failed[0].Index != 2 {
		t.Fatalf("%v %v", failed, err)
	}
	tx.TxIn = tx.TxIn[:2]
	if failed, err = w.SignTransaction(tx, nil, nil, sign.Options{}); err != nil || len(failed) != 0 {
		t.Fatalf("%v %v", failed, err)
	}
	verify(t, consensus.NewTx(tx), c.coins(false))
}

func TestConcurrentUse(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	fund(t, w, c, 20)
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 5 {
				p, err := w.CreateTransaction(pay(foreign, 1e8), SendOptions{FeeRate: 1000})
				if err != nil {
					t.Error(err)
					return
				}
				if i%2 == 0 {
					w.Release(p.Tx)
				} else if _, err := w.MempoolAdd(p.Tx); err != nil {
					t.Error(err)
				}
				w.Balance(0, true)
				w.ListTransactions(10, 0, nil)
				w.PendingChanges()
				if _, err := w.NewAddress(keys.BIP84, "x"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Go(func() {
		for range 10 {
			c.mine()
			if err := w.Sync(c); err != nil {
				t.Error(err)
			}
		}
	})
	group.Wait()
}

func TestPlural(t *testing.T) {
	e := &InsufficientFunds{Maturing: 1, Blocks: 1}
	if !strings.HasSuffix(e.Error(), "first in 1 block)") {
		t.Error(e)
	}
}
