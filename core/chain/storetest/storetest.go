// Package storetest is the conformance suite of chain.Store: every
// implementation runs it.
package storetest

import (
	"testing"

	"orrery/core/chain"
)

// Opener opens an empty store, which ends with the test. The store that
// reopen returns has the same contents after the first one was closed and
// opened again; a store in memory returns itself.
type Opener func(t *testing.T) (store chain.Store, reopen func() chain.Store)

// Run runs the whole suite.
func Run(t *testing.T, open Opener) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"Empty", testEmpty},
		{"EmptyBatch", testEmptyBatch},
		{"EntriesInOrder", testEntries},
		{"EntriesStopAtError", testEntriesStop},
		{"Bodies", testBodies},
		{"Undos", testUndos},
		{"TxPositions", testTxPositions},
		{"Tip", testTip},
		{"CoinEdges", testCoinEdges},
		{"CoinsComeAndGo", testCoinsComeAndGo},
		{"EachCoinInOrder", testEachCoin},
		{"Meta", testMeta},
		{"MetaIsACopy", testMetaIsACopy},
		{"MetaRange", testMetaRange},
		{"BatchKeepsNothingOfTheCaller", testBatchIsCopied},
		{"WholeBatch", testWholeBatch},
		{"BigValues", testBigValues},
		{"SnapshotStaysAsItWas", testSnapshotIsolation},
		{"SnapshotIsWhole", testSnapshotAtomicity},
		{"SnapshotConcurrentUse", testSnapshotConcurrency},
		{"SnapshotClosed", testSnapshotClosed},
		{"ReopenKeepsAll", testReopen},
		{"RandomAgainstModel", testRandom},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open) })
	}
}
