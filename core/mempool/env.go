package mempool

import (
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Verifier runs scripts. It reports the first check that fails as a
// *consensus.RuleError of kind consensus.ScriptFailed.
type Verifier interface {
	Verify(checks []consensus.TxCheck) error
}

// Env is what validation needs to know of the chain, at its tip.
type Env struct {
	Params       *consensus.Params
	Coins        consensus.Coins // confirmed ones
	Height       int32           // of the tip
	MedianTime   int64           // of the tip, seconds
	MedianTimeAt func(height int32) int64
	Now          int64 // our clock, seconds
	Verifier     Verifier
}

// coin finds an output that a transaction of the next block could spend, as
// far as blocks go; in the mempool first, whose outputs cannot be in the chain
// too. An unconfirmed one counts as made by the next block. nil: there is none.
func (env *Env) coin(v *View, o wire.OutPoint) (*consensus.Coin, error) {
	if e, ok := v.txs.Get(&o.Hash); ok {
		if uint64(o.Index) >= uint64(len(e.Tx.Msg.TxOut)) {
			return nil, nil
		}
		return v.Coin(o, env.Height+1), nil
	}
	return env.Coins.Coin(o)
}

// sequenceLocksMet reports whether the relative locks of a transaction let it
// into the next block (BIP68). spent has one coin for each input.
func (env *Env) sequenceLocksMet(tx *consensus.Tx, spent []*consensus.Coin) bool {
	heights := make([]int32, len(spent))
	for i, coin := range spent {
		heights[i] = coin.Height
	}
	height, time := consensus.SequenceLocks(tx, heights, env.MedianTimeAt)
	return consensus.SequenceLocksMet(height, time, env.Height+1, env.MedianTime)
}
