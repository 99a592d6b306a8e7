package wallet

import (
	"encoding/binary"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/keys"
)

// rich is a wallet with n confirmed coins of different values.
func rich(b *testing.B, n int) (*Wallet, *chain) {
	c := newChain()
	w := newWallet(b)
	script := newAddress(b, w, keys.BIP44).Script()
	for i := range n {
		m := wire.NewMsgTx(2)
		var h chainhash.Hash
		binary.BigEndian.PutUint32(h[:], uint32(i+1))
		m.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: h}, nil, nil))
		m.AddTxOut(wire.NewTxOut(int64(1e6+i*7919%n*1e5), script))
		c.pool = append(c.pool, consensus.NewTx(m))
	}
	c.mine()
	follow(b, w, c)
	return w, c
}

func BenchmarkCreateTransaction10000Coins(b *testing.B) {
	w, _ := rich(b, 10_000)
	i := int64(0)
	for b.Loop() {
		i++
		p, err := w.CreateTransaction(pay(foreign, 1e7+i*12345%1e8), SendOptions{FeeRate: 1000})
		if err != nil {
			b.Fatal(err)
		}
		w.Release(p.Tx)
	}
}

// BenchmarkSendInARow adds each payment to the mempool, as sendtoaddress does.
func BenchmarkSendInARow(b *testing.B) {
	w, _ := rich(b, 10_000)
	for b.Loop() {
		p, err := w.CreateTransaction(pay(foreign, 1e6), SendOptions{FeeRate: 1000})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.MempoolAdd(p.Tx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReorg1000Empty disconnects and connects 1,000 empty foreign blocks.
func BenchmarkReorg1000Empty(b *testing.B) {
	c := newChain()
	w := newWallet(b)
	for range 1000 {
		c.mine()
	}
	branches := [2][]*consensus.Block{c.best, c.best[:1]}
	follow(b, w, c)
	for i := 1; b.Loop(); i++ {
		c.best = branches[i%2]
		if err := w.Sync(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	w := newWallet(b)
	cfg := w.cfg
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		w, err := Open(cfg)
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewAddress(b *testing.B) {
	w := newWallet(b)
	for b.Loop() {
		newAddress(b, w, keys.BIP44)
	}
}
