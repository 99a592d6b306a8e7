package host

import (
	"bytes"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/plugins/pebble"
	"orrery/plugins/verifier"
)

// paymentInputs is how many P2PKH inputs the block of BenchmarkConnectPayments
// has, two in each transaction.
const paymentInputs = 1000

// BenchmarkConnectPayments reads, checks, connects and durably stores a block
// of 1,000 P2PKH inputs on Pebble, whose coins no cache has: cold, when nobody
// has seen its transactions, and warm, when the mempool has checked them. The
// unit of comparison is one bare ECDSA verification an input, spread over all
// processors.
func BenchmarkConnectPayments(b *testing.B) {
	for name, warm := range map[string]bool{"cold": false, "warm": true} {
		b.Run(name, func(b *testing.B) {
			m := chaintest.NewMaker(1)
			funding, block := paymentBlocks(m)
			raw := block.Bytes()
			unit := oneVerification()
			for b.Loop() {
				b.StopTimer()
				store := fundedStore(b, m, funding)
				v := verifier.New(verifier.Config{}, slog.New(slog.DiscardHandler))
				c, err := chain.Open(chain.Config{Params: m.Params, Store: store, Verifier: v, Rules: m.Rules})
				if err != nil {
					b.Fatal(err)
				}
				if warm {
					if err := v.Verify(poolChecks(b, store, raw)); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				connect(b, c, raw)
				b.StopTimer()
				if c.Tip().Hash != block.Hash() {
					b.Fatal("the block was not connected")
				}
				if err := store.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			took := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(took.Seconds()*1000, "ms")
			b.ReportMetric(float64(took)/(paymentInputs*float64(unit)/float64(runtime.GOMAXPROCS(0))), "x-verifications")
		})
	}
}

// paymentBlocks are blocks that make 1,000 P2PKH outputs, and one that spends
// them.
func paymentBlocks(m chaintest.Maker) (funding []*chaintest.Block, block *chaintest.Block) {
	key := chaintest.NewKey(1)
	first := m.Block("coins", m.Genesis())
	var outs []*wire.TxOut
	for range paymentInputs {
		outs = append(outs, chaintest.Pay(100_000, key.P2PKH()))
	}
	split := chaintest.Spend([]chaintest.Out{first.Out(0, 0)}, outs...)
	second := m.Block("split", first, chaintest.With(split))
	var txs []*wire.MsgTx
	for i := 0; i < paymentInputs; i += 2 {
		from := []chaintest.Out{second.Out(1, i), second.Out(1, i+1)}
		tx := chaintest.Spend(from, chaintest.Pay(199_000, key.P2PKH()))
		for in := range from {
			key.SignP2PKH(tx, in, from[in])
		}
		txs = append(txs, tx)
	}
	return []*chaintest.Block{first, second}, m.Block("payments", second, chaintest.With(txs...))
}

// fundedStore has the funding blocks in tables, not in memory.
func fundedStore(b *testing.B, m chaintest.Maker, funding []*chaintest.Block) *pebble.Store {
	b.Helper()
	dir := b.TempDir()
	for last := false; ; last = true {
		store, err := pebble.Open(pebble.Config{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if last {
			return store
		}
		c, err := chain.Open(chain.Config{Params: m.Params, Store: store, Verifier: consensus.SerialVerifier{}, Rules: m.Rules})
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range funding {
			connect(b, c, f.Bytes())
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// connect is what a node does with a block that arrives.
func connect(b *testing.B, c *chain.Chain, raw []byte) {
	b.Helper()
	block, err := consensus.ParseBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := c.AcceptBlock(block, int64(block.Header.Time)); err != nil {
		b.Fatal(err)
	}
	for more := true; more; {
		if _, more, err = c.Advance(); err == nil {
			err = c.Commit(nil, true)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// poolChecks are the block's transactions as the mempool has checked them.
func poolChecks(b *testing.B, store chain.Store, raw []byte) []consensus.TxCheck {
	b.Helper()
	block, err := consensus.ParseBlock(raw)
	if err != nil {
		b.Fatal(err)
	}
	var checks []consensus.TxCheck
	for _, tx := range block.Txs[1:] {
		check := consensus.TxCheck{Tx: tx, Flags: consensus.StandardFlags}
		for _, in := range tx.Msg.TxIn {
			coin, err := store.Coin(in.PreviousOutPoint)
			if err != nil {
				b.Fatal(err)
			}
			check.Spent = append(check.Spent, coin)
		}
		checks = append(checks, check)
	}
	return checks
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
