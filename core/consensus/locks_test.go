package consensus

import (
	"math"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"
)

func TestIsFinalTx(t *testing.T) {
	const final = wire.MaxTxInSequenceNum
	tests := []struct {
		name      string
		lock      uint32
		sequences []uint32
		height    int32
		time      int64
		want      bool
	}{
		{"no lock", 0, []uint32{0}, 0, 0, true},
		{"height before the lock", 100, []uint32{0}, 99, math.MaxInt32, false},
		{"height at the lock", 100, []uint32{0}, 100, math.MaxInt32, false},
		{"height after the lock", 100, []uint32{0}, 101, 0, true},
		{"largest height", lockTimeThreshold - 1, []uint32{0}, lockTimeThreshold - 1, math.MaxInt32, false},
		{"smallest time, at it", lockTimeThreshold, []uint32{0}, math.MaxInt32, lockTimeThreshold, false},
		{"smallest time, after it", lockTimeThreshold, []uint32{0}, 1, lockTimeThreshold + 1, true},
		{"largest time", math.MaxUint32, []uint32{0}, 1, math.MaxUint32, false},
		{"after the largest time", math.MaxUint32, []uint32{0}, 1, math.MaxUint32 + 1, true},
		{"all inputs final", 100, []uint32{final, final}, 1, 0, true},
		{"one input not final", 100, []uint32{final, final - 1}, 1, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tx := sequencesTx(2, tt.sequences...)
			tx.Msg.LockTime = tt.lock
			if got := IsFinalTx(NewTx(tx.Msg), tt.height, tt.time); got != tt.want {
				t.Fatalf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func sequencesTx(version int32, sequences ...uint32) *Tx {
	return testTx(len(sequences), []int64{1}, func(m *wire.MsgTx) {
		m.Version = version
		for i, s := range sequences {
			m.TxIn[i].Sequence = s
		}
	})
}

func TestSequenceLocks(t *testing.T) {
	const seconds, disabled = wire.SequenceLockTimeIsSeconds, wire.SequenceLockTimeDisabled
	// The median time of the blocks up to height h is 1000 + 10h.
	median := func(h int32) int64 { return 1000 + 10*int64(h) }
	tests := []struct {
		name      string
		version   int32
		sequences []uint32
		heights   []int32
		height    int32
		time      int64
	}{
		{"version 1", 1, []uint32{5}, []int32{100}, -1, -1},
		{"version 0", 0, []uint32{5}, []int32{100}, -1, -1},
		{"version 2", 2, []uint32{5}, []int32{100}, 104, -1},
		{"version -1 is a large one", -1, []uint32{5}, []int32{100}, 104, -1},
		{"smallest version is a large one", math.MinInt32, []uint32{5}, []int32{100}, 104, -1},
		{"disabled", 2, []uint32{5 | disabled}, []int32{100}, -1, -1},
		{"final", 2, []uint32{wire.MaxTxInSequenceNum}, []int32{100}, -1, -1},
		{"no blocks", 2, []uint32{0}, []int32{100}, 99, -1},
		{"most blocks", 2, []uint32{0xffff}, []int32{100}, 100 + 0xffff - 1, -1},
		{"bits beyond the mask do not count", 2, []uint32{0x003f0005}, []int32{100}, 104, -1},
		{"no time", 2, []uint32{seconds}, []int32{100}, -1, 1990 - 1},
		{"time", 2, []uint32{seconds | 3}, []int32{100}, -1, 1990 + 3*512 - 1},
		{"most time", 2, []uint32{seconds | 0xffff}, []int32{100}, -1, 1990 + 0xffff*512 - 1},
		{"time of a coin of genesis", 2, []uint32{seconds | 1}, []int32{0}, -1, 1000 + 512 - 1},
		{"time of a coin of block 1", 2, []uint32{seconds | 1}, []int32{1}, -1, 1000 + 512 - 1},
		{"the latest of several", 2, []uint32{5, 1, seconds | 1, seconds, 0xff | disabled}, []int32{100, 103, 100, 200, 900}, 104, 2990 - 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			height, time := SequenceLocks(sequencesTx(tt.version, tt.sequences...), tt.heights, median)
			if height != tt.height || time != tt.time {
				t.Fatalf("got %d, %d, want %d, %d", height, time, tt.height, tt.time)
			}
		})
	}
}

func TestSequenceLocksMet(t *testing.T) {
	tests := []struct {
		name       string
		lastHeight int32
		lastTime   int64
		height     int32
		time       int64
		want       bool
	}{
		{"no locks", -1, -1, 0, 0, true},
		{"at the last height", 104, -1, 104, 0, false},
		{"after the last height", 104, -1, 105, 0, true},
		{"at the last time", -1, 2000, 1, 2000, false},
		{"after the last time", -1, 2000, 1, 2001, true},
		{"height met, time not", 104, 2000, 105, 2000, false},
		{"time met, height not", 104, 2000, 104, 2001, false},
	}
	for _, tt := range tests {
		if got := SequenceLocksMet(tt.lastHeight, tt.lastTime, tt.height, tt.time); got != tt.want {
			t.Errorf("%s: got %t, want %t", tt.name, got, tt.want)
		}
	}
}
