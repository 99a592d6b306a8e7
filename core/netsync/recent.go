package netsync

import (
	"encoding/binary"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// recentSet remembers the last hashes that were added, at least cap and at most
// twice as many, by 8 bytes of each. Two hashes that agree in these are one in
// 2^64, and to find such a pair for one that another made takes as much work.
type recentSet struct {
	cap        int
	young, old map[uint64]struct{}
}

func newRecentSet(cap int) recentSet { return recentSet{cap: cap} }

func recentKey(h *chainhash.Hash) uint64 { return binary.LittleEndian.Uint64(h[8:]) }

func (r *recentSet) has(h *chainhash.Hash) bool {
	k := recentKey(h)
	if _, ok := r.young[k]; ok {
		return true
	}
	_, ok := r.old[k]
	return ok
}

func (r *recentSet) add(h *chainhash.Hash) {
	if len(r.young) >= r.cap {
		r.old, r.young = r.young, nil
	}
	if r.young == nil {
		r.young = map[uint64]struct{}{}
	}
	r.young[recentKey(h)] = struct{}{}
}

func (r *recentSet) clear() { r.young, r.old = nil, nil }
