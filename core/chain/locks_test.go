package chain_test

import (
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/policy"
)

func rewardAt(height int32) policy.Reward { return policy.Reward{Height: height} }

const (
	nonFinal = "bad-txns-nonfinal"
	unmet    = "block-script-verify-flag-failed (Locktime requirement not satisfied)"
)

// TestLockTimes puts lock times one before and on the block's height and on
// its parent's median time (BIP113).
func TestLockTimes(t *testing.T) {
	b := newBase() // the next block's height is 6
	median := uint32(b.tip().MedianTime())
	lock := func(locktime, sequence uint32) []chaintest.Option {
		return b.spend(func(tx *wire.MsgTx) { tx.LockTime, tx.TxIn[0].Sequence = locktime, sequence })
	}
	const open = wire.MaxTxInSequenceNum - 1
	b.check(t, []template{
		{"height before", lock(5, open), ""},
		{"this height", lock(6, open), nonFinal},
		{"this height, all inputs final", lock(6, wire.MaxTxInSequenceNum), ""},
		{"the highest height", lock(499_999_999, open), nonFinal},
		{"the lowest time", lock(500_000_000, open), ""},
		{"a second before the median", lock(median-1, open), ""},
		{"the median", lock(median, open), nonFinal},
		{"the block's own time does not count", append(lock(median, open), chaintest.At(int64(median)+100_000)), nonFinal},
		{"the end of time", lock(1<<32-1, open), nonFinal},
		{"one of two inputs final", b.spend(func(tx *wire.MsgTx) {
			tx.LockTime = 6
			in := wire.NewTxIn(&wire.OutPoint{Hash: tx.TxIn[0].PreviousOutPoint.Hash, Index: b.outs["anyone2"].Index}, nil, nil)
			in.Sequence = open
			tx.AddTxIn(in)
		}), nonFinal},
	})
}

// TestRelativeLocks puts sequence numbers around the age of coins (BIP68):
// "anyone" is at height 5, the first coinbase at height 1, the next block at 6.
func TestRelativeLocks(t *testing.T) {
	b := newBase()
	const seconds, off = wire.SequenceLockTimeIsSeconds, wire.SequenceLockTimeDisabled
	at := func(out chaintest.Out, version int32, sequence uint32) []chaintest.Option {
		tx := chaintest.Pass(out, 0)
		tx.Version, tx.TxIn[0].Sequence = version, sequence
		return opts(chaintest.With(tx))
	}
	young, old := b.outs["anyone"], b.chain[0].Out(0, 0)
	// Coin heights of 5 and 1 count from the median times of heights 4 and 0;
	// the next block is judged by the median time of height 5.
	median := func(height int32) int64 { return b.tip().Ancestor(height).MedianTime() }
	units := func(coin int32) uint32 { return uint32((median(5) - median(coin-1)) / 512) }
	youngUnits, oldUnits := units(5), units(1)
	inBlock := func(sequence uint32) []chaintest.Option {
		first := chaintest.Pass(young, 0)
		second := chaintest.Pass(chaintest.OutOf(first, 0), 0)
		second.TxIn[0].Sequence = sequence
		return opts(chaintest.With(first, second))
	}
	b.check(t, []template{
		{"1 block, 1 deep", at(young, 2, 1), ""},
		{"2 blocks, 1 deep", at(young, 2, 2), nonFinal},
		{"5 blocks, 5 deep", at(old, 2, 5), ""},
		{"6 blocks, 5 deep", at(old, 2, 6), nonFinal},
		{"all blocks", at(old, 2, 0xffff), nonFinal},
		{"0 blocks in the same block", inBlock(0), ""},
		{"1 block in the same block", inBlock(1), nonFinal},
		{"0 seconds in the same block", inBlock(seconds), ""},
		{"512 seconds in the same block", inBlock(seconds | 1), nonFinal},
		{"version 1 has no locks", at(young, 1, 2), ""},
		{"version 0 has no locks", at(young, 0, 2), ""},
		{"version 3 has", at(young, 3, 2), nonFinal},
		{"version -1 has, being unsigned", at(young, -1, 2), nonFinal},
		{"the highest bit switches it off", at(young, 2, off|2), ""},
		{"bits without meaning are ignored", at(young, 2, 1|1<<16|1<<21), ""},
		{"and add no lock", at(young, 2, 2|1<<16|1<<21), nonFinal},
		{"time reached, young", at(young, 2, seconds|youngUnits), ""},
		{"512 s more, young", at(young, 2, seconds|(youngUnits+1)), nonFinal},
		{"time reached, old", at(old, 2, seconds|oldUnits), ""},
		{"512 s more, old", at(old, 2, seconds|(oldUnits+1)), nonFinal},
	})
}

// TestLockOpcodes runs CHECKLOCKTIMEVERIFY (BIP65) with 6 at height 6 and
// above, and CHECKSEQUENCEVERIFY (BIP112) with 2 on a coin that is one deep.
func TestLockOpcodes(t *testing.T) {
	b := newBase()
	cltv := func(lock, sequence uint32) []chaintest.Option {
		tx := chaintest.Pass(b.outs["cltv"], 0)
		tx.LockTime, tx.TxIn[0].Sequence = lock, sequence
		return opts(chaintest.With(tx))
	}
	b.check(t, []template{
		{"CLTV below", cltv(5, 0), unmet},
		{"CLTV final input", cltv(6, wire.MaxTxInSequenceNum), unmet},
		{"CLTV too early for the block", cltv(6, 0), nonFinal},
		{"CLTV time for a height", cltv(500_000_000, 0), unmet},
	})
	csv := func(parent *chaintest.Block, version int32, sequence uint32) *chaintest.Block {
		tx := chaintest.Pass(b.outs["csv"], 0)
		tx.Version, tx.TxIn[0].Sequence = version, sequence
		return b.Block("csv", parent, chaintest.With(tx))
	}
	next := b.Block("six", b.tip())
	for _, tt := range []struct {
		name  string
		block *chaintest.Block
		word  string
	}{
		{"CLTV", b.Block("seven", next, cltv(6, 0)...), ""},
		{"CSV one block early", csv(b.tip(), 2, 2), nonFinal},
		{"CSV", csv(next, 2, 2), ""},
		{"CSV below", csv(next, 2, 1), unmet},
		{"CSV version 1", csv(next, 1, 2), unmet},
		{"CSV switched off", csv(next, 2, wire.SequenceLockTimeDisabled|2), unmet},
		{"CSV seconds for blocks", csv(next, 2, wire.SequenceLockTimeIsSeconds), unmet},
	} {
		h := b.open(t)
		if tt.block.Parent == next {
			h.MustAccept(next)
		}
		n := h.Chain
		if _, err := n.AcceptBlock(tt.block.Block, h.Now); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		step, _, err := n.Advance()
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := ""
		if step.Err != nil {
			got = step.Err.RejectWord()
		}
		if got != tt.word {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.word)
		}
	}
}
