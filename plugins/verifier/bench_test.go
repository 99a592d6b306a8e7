package verifier

import (
	"log/slog"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// BenchmarkOneVerification is the bare ECDSA verification: the unit of the
// others.
func BenchmarkOneVerification(b *testing.B) {
	key, _ := testKey(b)
	hash := chainhash.HashB([]byte("message"))
	sig := ecdsa.Sign(key, hash)
	pub := key.PubKey()
	for b.Loop() {
		if !sig.Verify(hash, pub) {
			b.Fatal("does not verify")
		}
	}
}

// BenchmarkOneInput is the latency of a payment on its way into the mempool.
func BenchmarkOneInput(b *testing.B) {
	check := withFlags(payments(b, 1, 1), consensus.StandardFlags)
	v := New(Config{}, slog.New(slog.DiscardHandler))
	v.scripts, v.sigs = newScriptCache(0), nil
	for b.Loop() {
		if err := v.Verify(check); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBlockCold verifies 1,000 P2PKH inputs in 500 transactions that
// nobody has seen.
func BenchmarkBlockCold(b *testing.B) {
	block := payments(b, 500, 2)
	for b.Loop() {
		b.StopTimer()
		v := New(Config{}, slog.New(slog.DiscardHandler))
		b.StartTimer()
		if err := v.Verify(block); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBlockWarm: the mempool has checked every transaction.
func BenchmarkBlockWarm(b *testing.B) {
	block := payments(b, 500, 2)
	v := New(Config{}, slog.New(slog.DiscardHandler))
	if err := v.Verify(withFlags(block, consensus.StandardFlags)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := v.Verify(block); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBlockSignaturesWarm: only the signatures are known, as when
// transactions return to the mempool after a reorg.
func BenchmarkBlockSignaturesWarm(b *testing.B) {
	block := payments(b, 500, 2)
	v := New(Config{}, slog.New(slog.DiscardHandler))
	v.scripts = newScriptCache(0)
	if err := v.Verify(block); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := v.Verify(block); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkManyInputs verifies 1,000 P2PKH inputs in one transaction, whose
// signatures each cover all inputs anew: the quadratic case.
func BenchmarkManyInputs(b *testing.B) {
	list := payments(b, 1, 1000)
	for b.Loop() {
		b.StopTimer()
		v := New(Config{}, slog.New(slog.DiscardHandler))
		b.StartTimer()
		if err := v.Verify(list); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBlockSerial(b *testing.B) {
	block := payments(b, 500, 2)
	for b.Loop() {
		if err := (consensus.SerialVerifier{}).Verify(block); err != nil {
			b.Fatal(err)
		}
	}
}
