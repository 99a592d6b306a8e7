package chain

import (
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// TestAheadIsBounded: bodies that came early are kept up to a number of bytes,
// and cost nothing once they were connected.
func TestAheadIsBounded(t *testing.T) {
	msg := wire.NewMsgTx(2)
	msg.AddTxOut(wire.NewTxOut(1, make([]byte, 100_000)))
	b := consensus.NewBlock(consensus.Header{}, []*consensus.Tx{consensus.NewTx(msg)})
	var a aheadBlocks
	for seq := range uint64(500) {
		a.put(seq, b)
		if a.size > aheadBytes || a.size != len(a.of)*b.Size() {
			t.Fatalf("%d bytes in %d blocks", a.size, len(a.of))
		}
	}
	if a.of[499] == nil || a.of[0] != nil {
		t.Error("not the newest are kept")
	}
	for seq := uint64(500); seq < 5000; seq++ { // one stays, the others come and go
		a.put(seq, b)
		for old := range seq {
			if old != 450 {
				a.take(old)
			}
		}
	}
	if len(a.order) > 100 {
		t.Errorf("%d places for %d blocks", len(a.order), len(a.of))
	}
}
