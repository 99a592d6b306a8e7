package sim

// queue is the heap of what is going to happen, ordered by time, and at one
// time by the order in which it was put in. Keys are values in one array, four
// children a node, and what they stand for lies in a second array: a million
// pending things cost no garbage, and moving a key moves 24 bytes.
type queue[T any] struct {
	keys []key
	slab []T
	free []int32 // unused places of slab
	seq  uint64
}

type key struct {
	at  int64  // virtual ns
	seq uint64 // all are different
	ref int32  // place in slab
}

func (k key) before(o key) bool { return k.at < o.at || k.at == o.at && k.seq < o.seq }

// heapWidth is how many children a key has: four are faster than two, since
// they lie in one or two cache lines.
const heapWidth = 4

func (q *queue[T]) len() int { return len(q.keys) }

// next is the time of the first, which must exist.
func (q *queue[T]) next() int64 { return q.keys[0].at }

func (q *queue[T]) push(at int64, v T) {
	var ref int32
	if n := len(q.free); n > 0 {
		ref, q.free = q.free[n-1], q.free[:n-1]
		q.slab[ref] = v
	} else {
		ref = int32(len(q.slab))
		q.slab = append(q.slab, v)
	}
	q.seq++
	k := key{at, q.seq, ref}
	q.keys = append(q.keys, k)
	i := len(q.keys) - 1
	for i > 0 {
		up := (i - 1) / heapWidth
		if !k.before(q.keys[up]) {
			break
		}
		q.keys[i] = q.keys[up]
		i = up
	}
	q.keys[i] = k
}

// pop takes the first, which must exist.
func (q *queue[T]) pop() (at int64, v T) {
	first := q.keys[0]
	var zero T
	v, q.slab[first.ref] = q.slab[first.ref], zero
	q.free = append(q.free, first.ref)
	n := len(q.keys) - 1
	k := q.keys[n]
	q.keys = q.keys[:n]
	if n > 0 {
		q.sink(k)
	}
	return first.at, v
}

// sink puts k where it belongs, from the root down.
func (q *queue[T]) sink(k key) {
	i, n := 0, len(q.keys)
	for {
		child := heapWidth*i + 1
		if child >= n {
			break
		}
		least := child
		for c := child + 1; c < min(child+heapWidth, n); c++ {
			if q.keys[c].before(q.keys[least]) {
				least = c
			}
		}
		if !q.keys[least].before(k) {
			break
		}
		q.keys[i] = q.keys[least]
		i = least
	}
	q.keys[i] = k
}
