package pmap

import (
	"bytes"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// Diff yields, in byte order, the keys that differ between two versions: with
// the value in the old one, in the new one, or in both when a Set came
// between. It skips what the versions share, so it costs about as much as the
// changes that lie between them. A key that was set to an equal value anew
// counts as changed.
func Diff[V any](old, now Map[V], yield func(k chainhash.Hash, before, after *V) bool) {
	diffNodes(old.root, now.root, yield)
}

func diffNodes[V any](a, b *node[V], yield func(chainhash.Hash, *V, *V) bool) bool {
	if a == b {
		return true
	}
	for c := uint(0); c < 16; c++ {
		if !diffSlots(a.slot(c), b.slot(c), yield) {
			return false
		}
	}
	return true
}

// slot returns the slot for a chunk, the zero slot when there is none.
func (n *node[V]) slot(c uint) slot[V] {
	if n == nil {
		return slot[V]{}
	}
	if i, ok := n.find(c); ok {
		return n.slots[i]
	}
	return slot[V]{}
}

func diffSlots[V any](a, b slot[V], yield func(chainhash.Hash, *V, *V) bool) bool {
	switch {
	case a == b:
		return true
	case a.leaf == nil && b.leaf == nil:
		return diffNodes(a.child, b.child, yield)
	case a.leaf != nil && b.leaf != nil && a.leaf.key == b.leaf.key:
		return yield(a.leaf.key, &a.leaf.value, &b.leaf.value)
	}
	return diffLists(a, b, yield)
}

// diffLists merges two slots of which at least one is a leaf: the other may
// hold the same key further down.
func diffLists[V any](a, b slot[V], yield func(chainhash.Hash, *V, *V) bool) bool {
	l, other, isOld := a.leaf, b, true
	if l == nil {
		l, other, isOld = b.leaf, a, false
	}
	pair := func(lone, match *leaf[V]) bool {
		before, after := valueOf(lone), valueOf(match)
		if !isOld {
			before, after = after, before
		}
		k := lone
		if k == nil {
			k = match
		}
		return yield(k.key, before, after)
	}
	seen := false
	whole := other.leaves(func(m *leaf[V]) bool {
		switch cmp := bytes.Compare(l.key[:], m.key[:]); {
		case seen || cmp > 0:
			return pair(nil, m)
		case cmp == 0:
			seen = true
			return l == m || pair(l, m)
		}
		seen = true
		return pair(l, nil) && pair(nil, m)
	})
	return whole && (seen || pair(l, nil))
}

func valueOf[V any](l *leaf[V]) *V {
	if l == nil {
		return nil
	}
	return &l.value
}

// leaves yields what is below a slot, in order; nothing for the zero slot.
func (s slot[V]) leaves(yield func(*leaf[V]) bool) bool {
	if s.leaf != nil {
		return yield(s.leaf)
	}
	if s.child == nil {
		return true
	}
	for _, in := range s.child.slots {
		if !in.leaves(yield) {
			return false
		}
	}
	return true
}
