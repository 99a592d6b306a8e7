package chain

import (
	"bytes"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// coinCacheLimit bounds the cached coins in bytes; coinOverhead is about what one
// takes beside its script.
const (
	coinCacheLimit = 10 << 20
	coinOverhead   = 135
)

// coinCache keeps recently used coins above a store, in two generations: when
// the young one is full it becomes the old one, and what was not asked for
// since is forgotten. Changes of the running step live in the young
// generation, which is only turned over after they were committed.
type coinCache struct {
	base       consensus.Coins
	young, old map[wire.OutPoint]*consensus.Coin // nil: known to be absent
	size       int                               // of young, bytes
	dirty      bool                              // young has changes that are not committed
}

func newCoinCache(base consensus.Coins) *coinCache {
	return &coinCache{base: base, young: map[wire.OutPoint]*consensus.Coin{}}
}

// Coin implements consensus.Coins.
func (c *coinCache) Coin(o wire.OutPoint) (*consensus.Coin, error) {
	if coin, ok := c.young[o]; ok {
		return coin, nil
	}
	coin, ok := c.old[o]
	if !ok {
		var err error
		if coin, err = c.base.Coin(o); err != nil || coin == nil {
			return nil, err // absence is not cached: asking is cheap, and mostly new txids are asked for
		}
	}
	c.set(o, coin)
	if !c.dirty {
		c.turn()
	}
	return coin, nil
}

// apply keeps copies: a script lies in the memory of its whole transaction, and
// a coin of undo data in that of its whole block.
func (c *coinCache) apply(changes []consensus.CoinChange) {
	c.dirty = c.dirty || len(changes) > 0
	for _, ch := range changes {
		if coin := ch.Coin; coin != nil {
			own := *coin
			own.Script = bytes.Clone(own.Script)
			c.set(ch.Outpoint, &own)
		} else {
			c.set(ch.Outpoint, nil)
		}
	}
}

// set counts an outpoint that is set twice twice, which only turns sooner.
func (c *coinCache) set(o wire.OutPoint, coin *consensus.Coin) {
	c.young[o] = coin
	c.size += coinOverhead
	if coin != nil {
		c.size += len(coin.Script)
	}
}

// committed must be called after each commit: only then may changes leave.
func (c *coinCache) committed() {
	c.dirty = false
	c.turn()
}

// turn makes a full young generation the old one.
func (c *coinCache) turn() {
	if c.size >= coinCacheLimit/2 {
		c.old, c.young, c.size = c.young, make(map[wire.OutPoint]*consensus.Coin, len(c.young)), 0
	}
}
