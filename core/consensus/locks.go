package consensus

import "github.com/btcsuite/btcd/wire/v2"

// lockTimeThreshold splits lock times: below it they are block heights, from
// it on seconds since 1970 (Core: LOCKTIME_THRESHOLD).
const lockTimeThreshold = 500_000_000

// IsFinalTx reports whether the transaction may be in a block of this height.
// time is compared with lock times in seconds: the median time of the block's
// parent (BIP113; Core: IsFinalTx).
func IsFinalTx(tx *Tx, height int32, time int64) bool {
	lock := int64(tx.Msg.LockTime)
	if lock == 0 {
		return true
	}
	now := time
	if lock < lockTimeThreshold {
		now = int64(height)
	}
	if lock < now {
		return true
	}
	for _, in := range tx.Msg.TxIn {
		if in.Sequence != wire.MaxTxInSequenceNum {
			return false
		}
	}
	return true
}

// SequenceLocks returns the last height and the last median time (seconds) at
// which the relative lock times of the inputs still forbid the transaction
// (BIP68; Core: CalculateSequenceLocks); -1 stands for no lock. coinHeights
// are the heights of the spent coins, one for each input, the next block's
// for unconfirmed ones. medianTime returns the median time of the 11 blocks
// that end at a height of the branch, in seconds.
func SequenceLocks(tx *Tx, coinHeights []int32, medianTime func(height int32) int64) (lastHeight int32, lastTime int64) {
	lastHeight, lastTime = -1, -1
	// Core 28 and later read the version as unsigned, so "negative" ones
	// are under BIP68 as well.
	if uint32(tx.Msg.Version) < 2 {
		return lastHeight, lastTime
	}
	for i, in := range tx.Msg.TxIn {
		if in.Sequence&wire.SequenceLockTimeDisabled != 0 {
			continue
		}
		span := in.Sequence & wire.SequenceLockTimeMask
		if in.Sequence&wire.SequenceLockTimeIsSeconds != 0 {
			// Measured from the earliest time that the coin's own block
			// could have had: the median before it.
			start := medianTime(max(coinHeights[i]-1, 0))
			lastTime = max(lastTime, start+int64(span)<<wire.SequenceLockTimeGranularity-1)
		} else {
			lastHeight = max(lastHeight, coinHeights[i]+int32(span)-1)
		}
	}
	return lastHeight, lastTime
}

// SequenceLocksMet reports whether a transaction with these locks may be in a
// block of the given height whose parent has the given median time, in
// seconds (Core: EvaluateSequenceLocks).
func SequenceLocksMet(lastHeight int32, lastTime int64, height int32, parentMedianTime int64) bool {
	return lastHeight < height && lastTime < parentMedianTime
}
