package peers

import (
	"sync"

	"orrery/core/protocol"
)

// item is something for a peer's writer to do: an effect to put into words, or
// a message that is written already.
type item struct {
	effect  protocol.Effect
	frame   []byte
	method  string // that frame answers
	release func() // called once the frame is written or given up
	size    int    // about how many bytes it takes; frames of handlers do not count
	end     *ending
}

func (it *item) free() {
	if it.release != nil {
		it.release()
	}
}

// queue holds what a peer was not sent yet. It is bounded in items and bytes. A
// writer takes it empty and is gone: at rest there is none.
type queue struct {
	start func() // a writer, in a goroutine

	mu      sync.Mutex
	items   []item
	bytes   int
	closed  bool
	writing bool // a writer is there
	halted  bool // none may begin any more
}

// put reports false when the queue is full; it drops what comes after the end.
func (q *queue) put(it item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		it.free()
		return true
	}
	if it.size > 0 && (len(q.items) >= maxQueued || q.bytes+it.size > maxQueuedBytes) {
		return false
	}
	q.add(it)
	return true
}

func (q *queue) add(it item) {
	q.items = append(q.items, it)
	q.bytes += it.size
	if !q.writing && !q.halted {
		q.writing = true
		q.start()
	}
}

// halt lets no writer begin any more.
func (q *queue) halt() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.halted = true
}

// close puts the last item in; with now set, before everything else. What
// comes later is dropped. It returns the items that it pushed out.
func (q *queue) close(last item, now bool) (dropped []item) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed && !now {
		return nil
	}
	q.closed = true
	if now {
		dropped, q.items, q.bytes = q.items, nil, 0
	}
	q.add(last)
	return dropped
}

// ended reports whether the last item is in.
func (q *queue) ended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// next returns the next item. When there is none, the writer who asked is gone.
func (q *queue) next() (item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		q.items = nil // not what a burst needed
		q.writing = false
		return item{}, false
	}
	it := q.items[0]
	q.items[0] = item{}
	q.items = q.items[1:]
	q.bytes -= it.size
	return it, true
}

// smallSize stands for messages that are always small.
const smallSize = 512

// The sizes below are about right; they only bound a queue.
const (
	headerSize = 111
	hashSize   = 67
	memberSize = 100
	walletSize = 400
	recordSize = 400
)

func requestSize(r protocol.Request) int {
	switch r := r.(type) {
	case *protocol.GetHeaders:
		return smallSize + len(r.Locator)*hashSize
	case *protocol.GetBlocks:
		return smallSize + len(r.Hashes)*hashSize
	case *protocol.GetTxs:
		return smallSize + len(r.Txids)*hashSize
	case *protocol.GetBlockTxs:
		return smallSize + len(r.Indexes)*len("10000,")
	}
	return smallSize
}

func noticeSize(n protocol.Notice) int {
	switch n := n.(type) {
	case *protocol.Announce:
		return smallSize + len(n.Headers)*headerSize + len(n.Txids)*hashSize + len(n.Peers)*memberSize +
			len(n.Wallets)*walletSize + len(n.Records)*recordSize
	case *protocol.Compact:
		size := smallSize + len(n.ShortIDs)*n.IDBytes*4/3
		for i := range n.Prefilled {
			size += n.Prefilled[i].Tx.Size()*4/3 + hashSize
		}
		return size
	}
	return smallSize
}
