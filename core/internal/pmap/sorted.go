package pmap

import "iter"

// Sorted is an immutable map from strings to V that is walked in byte order.
// The zero value is empty. It is for names: Map is faster, and its keys are
// hashes. It is safe for concurrent use as far as V is.
type Sorted[V any] struct {
	root *branch[V]
	n    int
}

// branch is a node of a treap: a search tree by name and a heap by rank. The
// rank is a hash of the name, so the shape depends on the names alone.
type branch[V any] struct {
	name        string
	rank        uint64
	value       V
	left, right *branch[V]
}

// rankOf is FNV-1a with a final mix, since names that differ only at their end
// would have like high bits.
func rankOf(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// above reports whether b must be nearer to the root than c.
func (b *branch[V]) above(c *branch[V]) bool {
	return b.rank > c.rank || b.rank == c.rank && b.name < c.name
}

// Len is the number of names.
func (s Sorted[V]) Len() int { return s.n }

// Get returns the value of a name and whether there is one.
func (s Sorted[V]) Get(name string) (v V, ok bool) {
	b := s.root
	for b != nil && b.name != name {
		if name < b.name {
			b = b.left
		} else {
			b = b.right
		}
	}
	if b == nil {
		return v, false
	}
	return b.value, true
}

// Set returns a map in which name has the value v.
func (s Sorted[V]) Set(name string, v V) Sorted[V] {
	root, added := s.root.set(&branch[V]{name: name, rank: rankOf(name), value: v})
	if added {
		s.n++
	}
	return Sorted[V]{root: root, n: s.n}
}

// set takes ownership of item and changes nothing else.
func (b *branch[V]) set(item *branch[V]) (_ *branch[V], added bool) {
	if b == nil {
		return item, true
	}
	if b.name == item.name {
		item.left, item.right = b.left, b.right
		return item, false
	}
	if item.above(b) {
		// An equal name has an equal rank, so it is not below b.
		item.left, item.right = b.split(item.name)
		return item, true
	}
	c := *b
	if item.name < b.name {
		c.left, added = b.left.set(item)
	} else {
		c.right, added = b.right.set(item)
	}
	return &c, added
}

// split returns the names below and above a name that is not in b.
func (b *branch[V]) split(name string) (low, high *branch[V]) {
	if b == nil {
		return nil, nil
	}
	c := *b
	if b.name < name {
		c.right, high = b.right.split(name)
		return &c, high
	}
	low, c.left = b.left.split(name)
	return low, &c
}

// Delete returns a map without name; it is s itself when name is not in it.
func (s Sorted[V]) Delete(name string) Sorted[V] {
	root, removed := s.root.remove(name)
	if !removed {
		return s
	}
	return Sorted[V]{root: root, n: s.n - 1}
}

func (b *branch[V]) remove(name string) (_ *branch[V], removed bool) {
	if b == nil {
		return nil, false
	}
	if b.name == name {
		return join(b.left, b.right), true
	}
	c := *b
	if name < b.name {
		c.left, removed = b.left.remove(name)
	} else {
		c.right, removed = b.right.remove(name)
	}
	if !removed {
		return b, false
	}
	return &c, true
}

// join merges two trees, all names of low being below all names of high.
func join[V any](low, high *branch[V]) *branch[V] {
	if low == nil {
		return high
	}
	if high == nil {
		return low
	}
	if low.above(high) {
		c := *low
		c.right = join(low.right, high)
		return &c
	}
	c := *high
	c.left = join(low, high.left)
	return &c
}

// From yields every name that is not below from, with its value, in byte
// order.
func (s Sorted[V]) From(from string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		s.root.walkFrom(from, yield)
	}
}

func (b *branch[V]) walkFrom(from string, yield func(string, V) bool) bool {
	if b == nil {
		return true
	}
	if b.name < from {
		return b.right.walkFrom(from, yield)
	}
	return b.left.walkFrom(from, yield) && yield(b.name, b.value) && b.right.walkFrom(from, yield)
}
