package chain

import "container/heap"

// headers is a heap of headers. The first one is good and has the most work, the
// first seen among equals; others may have failed. Genesis is always there and
// never fails.
type headers []*Node

func newHeaders(all []*Node) headers {
	hs := make(headers, 0, len(all))
	for _, n := range all {
		if !n.s.failed {
			hs = append(hs, n)
		}
	}
	heap.Init(&hs)
	return hs
}

func (hs *headers) add(n *Node) { heap.Push(hs, n) }

// tidy restores the order after headers failed.
func (hs *headers) tidy() {
	for (*hs)[0].s.failed {
		heap.Pop(hs)
	}
}

// Len implements heap.Interface.
func (hs headers) Len() int { return len(hs) }

// Less implements heap.Interface.
func (hs headers) Less(i, j int) bool {
	if cmp := hs[i].Work.Cmp(&hs[j].Work); cmp != 0 {
		return cmp > 0
	}
	return hs[i].Seq < hs[j].Seq
}

// Swap implements heap.Interface.
func (hs headers) Swap(i, j int) { hs[i], hs[j] = hs[j], hs[i] }

// Push implements heap.Interface.
func (hs *headers) Push(n any) { *hs = append(*hs, n.(*Node)) }

// Pop implements heap.Interface.
func (hs *headers) Pop() any {
	last := len(*hs) - 1
	n := (*hs)[last]
	(*hs)[last] = nil
	*hs = (*hs)[:last]
	return n
}
