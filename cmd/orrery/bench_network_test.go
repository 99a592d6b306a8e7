package main

import (
	"bytes"
	"encoding/hex"
	"runtime"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/cmd/internal/e2e"
	"orrery/core/chain/chaintest"
)

const (
	syncBlocks    = 10_000 // empty ones
	paymentBlocks = 100
	paymentTxs    = 500 // in each of them, with one P2PKH input and output
)

// BenchmarkInitialSync is how fast a new node fetches 10,000 empty blocks from
// another over loopback, from the moment it is a member.
func BenchmarkInitialSync(b *testing.B) {
	from := e2e.First(b)
	from.Mine(syncBlocks)
	took := benchmarkSync(b, from)
	b.ReportMetric(float64(syncBlocks)/took.Seconds(), "blocks/s")
}

// BenchmarkPaymentSync is the same for 100 blocks of 500 P2PKH payments. The
// unit of comparison is one bare ECDSA verification an input, spread over all
// processors.
func BenchmarkPaymentSync(b *testing.B) {
	from := e2e.First(b)
	mineChains(b, from)
	unit := oneVerification()
	took := benchmarkSync(b, from)
	b.ReportMetric(took.Seconds(), "s")
	least := paymentBlocks * paymentTxs * unit / time.Duration(runtime.GOMAXPROCS(0))
	b.ReportMetric(100*float64(least)/float64(took), "%-of-verification")
}

// benchmarkSync lets a new node fetch what another has, and returns how long
// one took.
func benchmarkSync(b *testing.B, from *e2e.Node) time.Duration {
	height := from.Height()
	for b.Loop() {
		b.StopTimer()
		p := e2e.Launch(b, "", nil, e2e.Joiner(b.TempDir(), from.Self().Listen, "--node.log_level", "info")...)
		n := e2e.Ready(b, p)
		b.StartTimer()
		e2e.WaitHeight(b, height, n)
		b.StopTimer()
		n.Stop()
		b.StartTimer()
	}
	return b.Elapsed() / time.Duration(b.N)
}

// mineChains makes blocks in each of which every payment spends one of the
// block before.
func mineChains(b *testing.B, n *e2e.Node) {
	key := chaintest.NewKey(1)
	first := n.MineTo(1, e2e.AnyoneAddress)[0]
	n.Mine(100) // until it is mature
	split := wire.NewMsgTx(2)
	coin := n.Coinbase(first)
	split.AddTxIn(wire.NewTxIn(&coin, []byte{1, 0x51}, nil))
	const each = 5_000_000 // satoshi
	for range paymentTxs {
		split.AddTxOut(wire.NewTxOut(each, key.P2PKH()))
	}
	mineBlock(b, n, split)
	var coins []chaintest.Out
	for i := range split.TxOut {
		coins = append(coins, outOf(split, i))
	}
	for range paymentBlocks {
		var txs []*wire.MsgTx
		for i := range coins {
			tx := chaintest.Spend(coins[i:i+1], chaintest.Pay(coins[i].Value-200, key.P2PKH()))
			key.SignP2PKH(tx, 0, coins[i])
			coins[i] = outOf(tx, 0)
			txs = append(txs, tx)
		}
		mineBlock(b, n, txs...)
	}
}

func outOf(tx *wire.MsgTx, i int) chaintest.Out {
	return chaintest.Out{OutPoint: wire.OutPoint{Hash: tx.TxHash(), Index: uint32(i)}, TxOut: *tx.TxOut[i]}
}

func mineBlock(b *testing.B, n *e2e.Node, txs ...*wire.MsgTx) {
	var list []string
	for _, tx := range txs {
		var raw bytes.Buffer
		if err := tx.Serialize(&raw); err != nil {
			b.Fatal(err)
		}
		list = append(list, hex.EncodeToString(raw.Bytes()))
	}
	n.Must(nil, "generateblock", nobody, list)
}

// oneVerification is how long one bare ECDSA verification takes on one
// processor.
func oneVerification() time.Duration {
	const times = 500
	key, pub := btcec.PrivKeyFromBytes(bytes.Repeat([]byte{7}, 32))
	hash := chainhash.HashB([]byte("message"))
	sig := ecdsa.Sign(key, hash)
	begin := time.Now()
	for range times {
		if !sig.Verify(hash, pub) {
			panic("a good signature does not verify")
		}
	}
	return time.Since(begin) / times
}

// BenchmarkBlockReach is how long a new block needs to 20 nodes, a tree of
// capacity 3.
func BenchmarkBlockReach(b *testing.B) {
	first := e2e.First(b)
	nodes := []*e2e.Node{first}
	for len(nodes) < scaleNodes {
		nodes = append(nodes, e2e.Join(b, b.TempDir(), first))
	}
	e2e.WaitTip(b, first.Mine(1)[0], nodes...)
	b.ResetTimer()
	for b.Loop() {
		e2e.WaitTip(b, nodes[len(nodes)-1].Mine(1)[0], nodes...)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms")
}
