package mempool

import (
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// TestDustEdge: an output of exactly the threshold is no dust.
func TestDustEdge(t *testing.T) {
	c := newChain(t)
	m := c.msg(1000, 2, c.coinbase(1, 0))
	limit := DustThreshold(m.TxOut[0])
	m.TxOut[0].Value = limit - 1
	c.refuse(consensus.NewTx(m.Copy()), Dust)
	m.TxOut[0].Value = limit
	c.accept(consensus.NewTx(m))
	c.check()
}

// TestClusterWeightEdge: the transactions of a cluster may weigh MaxClusterWeight
// together and no more, with and without a replacement.
func TestClusterWeightEdge(t *testing.T) {
	c := newChain(t)
	parent := c.pay(100_000, 2, c.coinbase(1, 0))
	// padded spends an output of parent and weighs weight units, in fours.
	padded := func(n uint32, weight, fee int64) *consensus.Tx {
		m := c.msg(fee, 1, out(parent, n))
		pad := wire.NewTxOut(0, nil)
		m.TxOut = append(m.TxOut, pad)
		for range 2 { // the second time the lengths take what they will take
			tx := consensus.NewTx(m.Copy())
			more := (weight - int64(tx.Weight())) >> 2 // rounded down
			pad.PkScript = make([]byte, int64(len(pad.PkScript))+more)
		}
		pad.PkScript[0] = txscript.OP_RETURN
		for i := range pad.PkScript[1:] {
			pad.PkScript[1+i] = txscript.OP_1
		}
		tx := consensus.NewTx(m)
		if got := int64(tx.Weight()); got > weight || got < weight-3 {
			t.Fatalf("made a transaction of weight %d, want %d", got, weight)
		}
		return tx
	}
	c.accept(padded(0, 200_000, 100_000))
	left := int64(MaxClusterWeight)
	for _, ch := range c.pool.View().Chunks(c.pool.View().Get(parent.ID())) {
		left -= ch.Size
	}
	c.refuse(padded(1, left+4, 100_000), TooLargeCluster)
	c.accept(padded(1, left, 100_000))
	c.check()
	c.refuse(padded(1, left+4, 900_000), TooLargeCluster)
	c.accept(padded(1, left, 900_000))
	c.check()
}
