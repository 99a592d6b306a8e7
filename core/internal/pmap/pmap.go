// Package pmap is a persistent map keyed by hashes: Set and Delete return a
// new map and leave the old one as it was, so a reader keeps a consistent view
// for the price of copying one word.
package pmap

import (
	"bytes"
	"iter"
	"math/bits"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// The map is a trie over the key's bits, from the first byte's highest bit on:
// txids are uniform there, and proof of work leaves its zero bytes at the
// other end of a block hash in internal byte order. Walking it in order gives
// the keys in byte order.
// A level takes four bits: with five, Set copied half as many bytes again.
const levels = 2 * chainhash.HashSize

// Map is an immutable map from hashes to V. The zero value is empty. It is
// safe for concurrent use as far as V is.
type Map[V any] struct {
	root *node[V]
	n    int
}

// node holds only the children that exist: slots[i] belongs to the i-th set
// bit of present. Every node but the root leads to at least two keys, so maps
// with equal keys have equal shape whatever their history.
type node[V any] struct {
	present uint16
	slots   []slot[V]
}

// slot is a leaf or a child, never both.
type slot[V any] struct {
	leaf  *leaf[V]
	child *node[V]
}

type leaf[V any] struct {
	key   chainhash.Hash
	value V
}

// chunk returns the four bits of k that choose the way at a depth below levels.
func chunk(k *chainhash.Hash, depth uint) uint {
	return uint(k[depth/2]>>(4*(^depth&1))) & 15
}

// find returns whether the child for chunk c exists, and its index in slots or
// the index where it would go.
func (n *node[V]) find(c uint) (int, bool) {
	bit := uint16(1) << c
	return bits.OnesCount16(n.present & (bit - 1)), n.present&bit != 0
}

// Len is the number of keys.
func (m Map[V]) Len() int { return m.n }

// Get returns the value of k and whether there is one.
func (m Map[V]) Get(k *chainhash.Hash) (v V, ok bool) {
	n := m.root
	for depth := uint(0); n != nil; depth++ {
		i, ok := n.find(chunk(k, depth))
		if !ok {
			return v, false
		}
		s := &n.slots[i]
		if s.leaf != nil {
			if s.leaf.key != *k {
				return v, false
			}
			return s.leaf.value, true
		}
		n = s.child
	}
	return v, false
}

// Set returns a map in which k has the value v.
func (m Map[V]) Set(k *chainhash.Hash, v V) Map[V] {
	l := &leaf[V]{key: *k, value: v}
	root, added := m.root.set(l, 0)
	if added {
		m.n++
	}
	return Map[V]{root: root, n: m.n}
}

// set returns a copy of n with l below it. A nil n is an empty node.
func (n *node[V]) set(l *leaf[V], depth uint) (_ *node[V], added bool) {
	c := chunk(&l.key, depth)
	if n == nil {
		return &node[V]{present: 1 << c, slots: []slot[V]{{leaf: l}}}, true
	}
	i, ok := n.find(c)
	if !ok {
		slots := make([]slot[V], len(n.slots)+1)
		copy(slots, n.slots[:i])
		slots[i].leaf = l
		copy(slots[i+1:], n.slots[i:])
		return &node[V]{present: n.present | 1<<c, slots: slots}, true
	}
	old := n.slots[i]
	switch {
	case old.leaf == nil:
		child, added := old.child.set(l, depth+1)
		return n.with(i, slot[V]{child: child}), added
	case old.leaf.key == l.key:
		return n.with(i, slot[V]{leaf: l}), false
	}
	return n.with(i, slot[V]{child: fork(old.leaf, l, depth+1)}), true
}

// with returns a copy of n whose slot i is s.
func (n *node[V]) with(i int, s slot[V]) *node[V] {
	slots := make([]slot[V], len(n.slots))
	copy(slots, n.slots)
	slots[i] = s
	return &node[V]{present: n.present, slots: slots}
}

// fork returns a node with two leaves whose keys differ, and agree in the
// chunks before depth.
func fork[V any](a, b *leaf[V], depth uint) *node[V] {
	if depth == levels {
		panic("pmap: fork of equal keys")
	}
	ca, cb := chunk(&a.key, depth), chunk(&b.key, depth)
	if ca == cb {
		return &node[V]{present: 1 << ca, slots: []slot[V]{{child: fork(a, b, depth+1)}}}
	}
	if ca > cb {
		a, b = b, a
	}
	return &node[V]{present: 1<<ca | 1<<cb, slots: []slot[V]{{leaf: a}, {leaf: b}}}
}

// Delete returns a map without k; it is m itself when k is not in it.
func (m Map[V]) Delete(k *chainhash.Hash) Map[V] {
	root, removed := m.root.remove(k, 0)
	if !removed {
		return m
	}
	return Map[V]{root: root, n: m.n - 1}
}

// remove returns n without k, nil when nothing is left.
func (n *node[V]) remove(k *chainhash.Hash, depth uint) (*node[V], bool) {
	if n == nil {
		return nil, false
	}
	c := chunk(k, depth)
	i, ok := n.find(c)
	if !ok {
		return n, false
	}
	s := n.slots[i]
	if s.leaf != nil {
		if s.leaf.key != *k {
			return n, false
		}
		return n.without(i, c), true
	}
	child, removed := s.child.remove(k, depth+1)
	if !removed {
		return n, false
	}
	// A child that has come down to one leaf moves up; it had at least two
	// keys, so it is never nil here.
	if len(child.slots) == 1 && child.slots[0].leaf != nil {
		return n.with(i, child.slots[0]), true
	}
	return n.with(i, slot[V]{child: child}), true
}

// without returns a copy of n that lacks slot i, which belongs to chunk c.
func (n *node[V]) without(i int, c uint) *node[V] {
	if len(n.slots) == 1 {
		return nil
	}
	slots := make([]slot[V], len(n.slots)-1)
	copy(slots, n.slots[:i])
	copy(slots[i:], n.slots[i+1:])
	return &node[V]{present: n.present &^ (1 << c), slots: slots}
}

// All yields every key with its value, in byte order of the keys.
func (m Map[V]) All() iter.Seq2[chainhash.Hash, V] {
	return func(yield func(chainhash.Hash, V) bool) {
		m.root.walk(yield)
	}
}

// AllFrom is All without the keys below from.
func (m Map[V]) AllFrom(from *chainhash.Hash) iter.Seq2[chainhash.Hash, V] {
	return func(yield func(chainhash.Hash, V) bool) {
		m.root.walkFrom(from, 0, yield)
	}
}

func (n *node[V]) walk(yield func(chainhash.Hash, V) bool) bool {
	if n == nil {
		return true
	}
	for i := range n.slots {
		if !n.slots[i].walk(yield) {
			return false
		}
	}
	return true
}

func (s *slot[V]) walk(yield func(chainhash.Hash, V) bool) bool {
	if s.leaf != nil {
		return yield(s.leaf.key, s.leaf.value)
	}
	return s.child.walk(yield)
}

func (n *node[V]) walkFrom(from *chainhash.Hash, depth uint, yield func(chainhash.Hash, V) bool) bool {
	if n == nil {
		return true
	}
	i, ok := n.find(chunk(from, depth))
	if ok {
		s := &n.slots[i]
		i++
		if s.child != nil {
			if !s.child.walkFrom(from, depth+1, yield) {
				return false
			}
		} else if bytes.Compare(s.leaf.key[:], from[:]) >= 0 && !s.walk(yield) {
			return false
		}
	}
	for ; i < len(n.slots); i++ {
		if !n.slots[i].walk(yield) {
			return false
		}
	}
	return true
}
