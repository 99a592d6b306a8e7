package netsync

import (
	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/protocol"
)

// denseLocator is how many hashes of a locator follow each other; then the
// steps double, so that it reaches genesis from any height.
const denseLocator = 10

// locator lists n and ancestors of it, newest first (Core: LocatorEntries).
func locator(n *chain.Node) []chainhash.Hash {
	hashes := make([]chainhash.Hash, 0, 32)
	for step := int32(1); ; {
		hashes = append(hashes, n.Hash)
		if n.Height == 0 {
			return hashes
		}
		if len(hashes) >= denseLocator {
			step *= 2
		}
		if len(hashes) == protocol.MaxLocator-1 {
			step = n.Height
		}
		n = n.Ancestor(max(0, n.Height-step))
	}
}
