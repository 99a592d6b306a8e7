package wallet

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/wallet/address"
	"orrery/wallet/keys"
	"orrery/wallet/ledger"
)

func TestRandomPaymentsAndReorgs(t *testing.T) {
	seeds := uint64(6)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 9))
		c := newChain()
		wallets := []*Wallet{newWallet(t), newWallet(t)}
		for range 40 {
			w, other := wallets[0], wallets[1]
			if rng.IntN(2) == 0 {
				w, other = other, w
			}
			switch rng.IntN(6) {
			case 0, 1:
				c.mine(newAddress(t, w, keys.BIP44).Script(), newAddress(t, other, keys.BIP84).Script())
			case 2:
				depth := min(1+rng.IntN(4), len(c.best)-1)
				c.rewind(depth)
				for range depth + 1 {
					c.mine(newAddress(t, w, keys.BIP44).Script())
				}
			default:
				p, err := w.CreateTransaction(pay(newAddress(t, other, keys.BIP44).Script(), 1e8+rng.Int64N(80e8)), SendOptions{FeeRate: 1000 + rng.Int64N(5000)})
				var poor *InsufficientFunds
				if errors.As(err, &poor) {
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				c.send(t, p.Tx)
			}
			for _, w := range wallets {
				follow(t, w, c)
				checkCoins(t, w, c)
			}
		}
		// From the words alone, everything is found again.
		for _, w := range wallets {
			again, err := Create(config(t), w.Words(), ledger.NoTip)
			if err != nil {
				t.Fatal(err)
			}
			follow(t, again, c)
			checkCoins(t, again, c)
			if got, want := again.Balance(0, false), w.Balance(0, false); got != want {
				t.Errorf("restored %+v, want %+v", got, want)
			}
			if err := again.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The chain pays to a far address before it pays to those that move the
// look-ahead there.
func TestRestoreSeesPaymentsInAnyOrder(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	var shown []address.Address
	for range 3*restoredGap - 100 {
		shown = append(shown, newAddress(t, w, keys.BIP44))
	}
	for i := len(shown) - 1; i >= 0; i -= restoredGap - 10 {
		c.mine(shown[i].Script())
	}
	again, err := Create(config(t), w.Words(), ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	follow(t, again, c)
	follow(t, w, c)
	checkCoins(t, w, c)
	if got, want := again.Balance(0, false), w.Balance(0, false); got != want || want.Immature != 150e8 {
		t.Errorf("restored %+v, want %+v", got, want)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRescanChangesNothing(t *testing.T) {
	c := newChain()
	w := newWallet(t)
	fund(t, w, c, 2)
	send(t, w, c, pay(foreign, 1e8), SendOptions{})
	before := w.Balance(0, true)
	if err := w.Rescan(); err != nil {
		t.Fatal(err)
	}
	if err := w.Sync(c); err != nil {
		t.Fatal(err)
	}
	if got := w.Balance(0, true); got != before {
		t.Errorf("%+v, want %+v", got, before)
	}
	checkCoins(t, w, c)
}

func TestPendingSurvivesARestart(t *testing.T) {
	c := newChain()
	cfg := config(t)
	w, err := Create(cfg, "", ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	fund(t, w, c, 1)
	p := send(t, w, c, pay(foreign, 1e8), SendOptions{})
	store := map[string][]byte{}
	drain := func(w *Wallet) {
		for _, ch := range w.PendingChanges() {
			if ch.Record == nil {
				delete(store, ch.Txid.String())
			} else {
				store[ch.Txid.String()] = ch.Record
			}
		}
	}
	drain(w)
	kill(t, w)
	c.pool = nil // the mempool is lost too
	w = open(t, cfg)
	for _, record := range store {
		if err := w.Restore(record); err != nil {
			t.Fatal(err)
		}
	}
	follow(t, w, c)
	if b := w.Balance(0, true); b.NonMempool != -50e8 {
		t.Errorf("%+v", b)
	}
	pending := w.Pending()
	if len(pending) != 1 || pending[0].Tx.ID() != p.Tx.ID() || pending[0].Received != 1_800_000_000 {
		t.Fatalf("%+v", pending)
	}
	c.send(t, pending[0].Tx)
	c.mine()
	follow(t, w, c)
	drain(w)
	if len(store) != 0 {
		t.Errorf("%d records are left of confirmed transactions", len(store))
	}
	for name, bad := range map[string][]byte{"empty": nil, "short": {1, 0}, "version": append([]byte{2}, make([]byte, 80)...), "flags": append([]byte{1, 2}, make([]byte, 80)...)} {
		if err := w.Restore(bad); !errors.Is(err, consensus.ErrDecode) {
			t.Errorf("%s: error %v, want ErrDecode", name, err)
		}
	}
}

func TestBirthdaySkipsOldBlocks(t *testing.T) {
	c := newChain()
	for range 5 {
		c.mine()
	}
	tip := ledger.Tip{Hash: c.best[5].Hash(), Height: 5}
	cfg := config(t)
	w, err := Create(cfg, "", tip)
	if err != nil {
		t.Fatal(err)
	}
	a := newAddress(t, w, keys.BIP44)
	// A reorg from below the birthday pays to the wallet there.
	c.rewind(3)
	for range 4 {
		c.mine(a.Script())
	}
	follow(t, w, c)
	checkCoins(t, w, c)
	kill(t, w)
	w = open(t, cfg) // the birthday is off the best branch now
	follow(t, w, c)
	checkCoins(t, w, c)
	kill(t, w)
	w = open(t, cfg)
	fresh := newChain() // and unknown on another chain
	fresh.n = 1000
	fresh.best, fresh.blocks = nil, map[chainhash.Hash]*consensus.Block{}
	fresh.mine(a.Script())
	follow(t, w, fresh)
	checkCoins(t, w, fresh)
	if w.Tip().Height != 0 {
		t.Errorf("tip %+v", w.Tip())
	}
}
