package verifier

import (
	"sync"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// scriptCache remembers which transactions held under which rules, the last
// limit of them. Its keys are hashes that nobody can choose, and Go seeds each
// map anew, so it needs no salt of its own (Core: script execution cache).
type scriptCache struct {
	mu    sync.Mutex
	valid map[chainhash.Hash]consensus.Flags // by wtxid
	ring  []chainhash.Hash                   // in the order in which they came
	next  int                                // the place in ring to be used next
}

func newScriptCache(limit int) *scriptCache {
	return &scriptCache{valid: make(map[chainhash.Hash]consensus.Flags), ring: make([]chainhash.Hash, 0, limit)}
}

// has reports whether the transaction held under these rules or more.
func (c *scriptCache) has(check *consensus.TxCheck) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	flags, ok := c.valid[check.Tx.WitnessID()]
	return ok && flags&check.Flags == check.Flags
}

func (c *scriptCache) add(check *consensus.TxCheck) {
	if cap(c.ring) == 0 {
		return
	}
	id := check.Tx.WitnessID()
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.valid[id]; !ok {
		if len(c.ring) < cap(c.ring) {
			c.ring = append(c.ring, id)
		} else {
			delete(c.valid, c.ring[c.next])
			c.ring[c.next] = id
			c.next = (c.next + 1) % len(c.ring)
		}
	}
	// It is asked for only after has said no: the old rules, if any, are not
	// more than these.
	c.valid[id] = check.Flags
}
