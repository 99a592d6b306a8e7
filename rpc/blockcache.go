package rpc

import (
	"slices"
	"sync"

	"orrery/core/consensus"
	"orrery/core/node"
)

const (
	// cachedBytes bounds the serialized size of the cached blocks together;
	// decoded they take a few times as much.
	cachedBytes = 8 << 20
	// cachedBlocks bounds their number, which is searched one by one.
	cachedBlocks = 32
)

// blockCache keeps the blocks that were asked for last, so that who asks for
// each transaction of a block does not decode the block each time. What is
// filed under a sequence number never changes.
type blockCache struct {
	mu    sync.Mutex
	list  []*cachedBlock // the last used at the end
	bytes int
}

// cachedBlock is a decoded block, and what it spends once that was asked for.
type cachedBlock struct {
	*consensus.Block
	seq uint64

	once   sync.Once
	spent  []consensus.Coin
	starts []int // of each transaction's coins in spent
	err    error
}

func newBlockCache() *blockCache { return &blockCache{} }

func (c *blockCache) get(seq uint64) *cachedBlock {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.list, func(b *cachedBlock) bool { return b.seq == seq })
	if i < 0 {
		return nil
	}
	b := c.list[i]
	c.list = append(slices.Delete(c.list, i, i+1), b)
	return b
}

func (c *blockCache) put(b *cachedBlock) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.list, func(o *cachedBlock) bool { return o.seq == b.seq }) {
		return // somebody else read it meanwhile
	}
	c.list = append(c.list, b)
	c.bytes += b.Size()
	for len(c.list) > 1 && (c.bytes > cachedBytes || len(c.list) > cachedBlocks) {
		c.bytes -= c.list[0].Size()
		c.list = slices.Delete(c.list, 0, 1)
	}
}

// block returns the body that is filed under a sequence number.
func (c *blockCache) block(v *node.View, seq uint64) (*cachedBlock, error) {
	if b := c.get(seq); b != nil {
		return b, nil
	}
	body, err := v.Store.Block(seq)
	if err != nil {
		return nil, err
	}
	b := &cachedBlock{Block: body, seq: seq}
	c.put(b)
	return b, nil
}

// spentBy returns the coins that a transaction of a connected block spends,
// one for each input; none for the coinbase.
func (b *cachedBlock) spentBy(v *node.View, i int) ([]consensus.Coin, error) {
	b.once.Do(func() {
		if b.spent, b.err = v.Store.Undo(b.seq); b.err != nil {
			return
		}
		b.starts = make([]int, len(b.Txs)+1)
		for t, tx := range b.Txs {
			n := len(tx.Msg.TxIn)
			if t == 0 {
				n = 0
			}
			b.starts[t+1] = b.starts[t] + n
		}
	})
	if b.err != nil {
		return nil, b.err
	}
	return b.spent[b.starts[i]:b.starts[i+1]], nil
}
