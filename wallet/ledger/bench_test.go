package ledger

import (
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// p2pkh is a foreign script of the usual length.
func p2pkh(n *net) []byte {
	n.n++
	s := append([]byte{0x76, 0xa9, 20}, make([]byte, 20)...)
	s[3], s[4], s[5] = byte(n.n), byte(n.n>>8), byte(n.n>>16)
	return append(s, 0x88, 0xac)
}

// rich is a ledger with count coins in blocks.
func rich(b *testing.B, n *net, count int) *Ledger {
	l := New(&testRing{gap: 5, limit: 20}, maturity, NoTip)
	var txs []*consensus.Tx
	for i := range count {
		txs = append(txs, pay([]wire.OutPoint{n.foreign()}, out(int64(1000+i*7919%count), ours(uint32(i%20)))))
	}
	blk := n.block(chainhash.Hash{}, txs...)
	if err := l.Connect(blk, 0); err != nil {
		b.Fatal(err)
	}
	return l
}

// benchConnect times a connect and a disconnect.
func benchConnect(b *testing.B, txs int) {
	n := &net{}
	l := rich(b, n, 10_000)
	tip := l.Tip()
	list := []*consensus.Tx{n.coinbase(out(50, p2pkh(n)))}
	for range txs {
		list = append(list, pay([]wire.OutPoint{n.foreign(), n.foreign()}, out(1, p2pkh(n)), out(2, p2pkh(n))))
	}
	blk := n.block(tip.Hash, list...)
	for b.Loop() {
		if err := l.Connect(blk, tip.Height+1); err != nil {
			b.Fatal(err)
		}
		if err := l.Disconnect(blk, tip.Height+1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConnectEmpty(b *testing.B)       { benchConnect(b, 0) }
func BenchmarkConnect2000Foreign(b *testing.B) { benchConnect(b, 2000) }

func BenchmarkBalance10000(b *testing.B) {
	l := rich(b, &net{}, 10_000)
	for b.Loop() {
		if l.Balance(0, false).Trusted == 0 {
			b.Fatal("empty")
		}
	}
}
