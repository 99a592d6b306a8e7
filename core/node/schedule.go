package node

import (
	"crypto/sha256"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// scheduleHash names the policies that a chain has had so far: SHA-256 over the
// height from which each counts (4 bytes, little-endian) and its id. There is
// one, from genesis on.
func scheduleHash(p *consensus.Params) chainhash.Hash {
	return sha256.Sum256(append(make([]byte, 4), p.Policy0[:]...))
}

// mismatch returns the tip that a hello names if it is here, and the peer has
// another schedule for it: one of the two has a fault, since it follows from the
// blocks. nil: all is well, or cannot be told.
func (n *Node) mismatch(h *protocol.Hello) *chain.Node {
	if h.Kind != protocol.KindNode || h.Schedule == n.net.schedule || h.Schedule == (chainhash.Hash{}) {
		return nil
	}
	if held := n.chain.Lookup(h.Tip); held != nil && n.chain.Linked(held) {
		return held
	}
	return nil
}
