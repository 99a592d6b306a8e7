package host

import (
	"sync/atomic"

	"orrery/core/node"
)

// counted is a view that lives as long as somebody uses it: the host while it
// is the newest, and its readers.
type counted struct {
	*node.View
	refs atomic.Int64
}

// acquire fails when the last reference is gone already.
func (c *counted) acquire() bool {
	for {
		n := c.refs.Load()
		if n == 0 {
			return false
		}
		if c.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives the view back; the store's snapshot goes with the last.
func (c *counted) release() {
	if c.refs.Add(-1) == 0 {
		_ = c.Store.Close() // a snapshot has nothing to lose
	}
}
