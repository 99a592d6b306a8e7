package chain

import (
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// coinCacheLimit bounds the cached coins: about 10 MB at 150 bytes each.
const coinCacheLimit = 64 << 10

// coinCache keeps recently used coins above a store, in two generations: when
// the young one is full it becomes the old one, and what was not asked for
// since is forgotten. Changes of the running step live in the young
// generation, which is only turned over after they were committed.
type coinCache struct {
	base       consensus.Coins
	young, old map[wire.OutPoint]*consensus.Coin // nil: known to be absent
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
	c.young[o] = coin
	if !c.dirty {
		c.turn()
	}
	return coin, nil
}

func (c *coinCache) apply(changes []consensus.CoinChange) {
	c.dirty = c.dirty || len(changes) > 0
	for _, ch := range changes {
		c.young[ch.Outpoint] = ch.Coin
	}
}

// committed must be called after each commit: only then may changes leave.
func (c *coinCache) committed() {
	c.dirty = false
	c.turn()
}

// turn makes a full young generation the old one.
func (c *coinCache) turn() {
	if len(c.young) >= coinCacheLimit/2 {
		c.old, c.young = c.young, make(map[wire.OutPoint]*consensus.Coin, coinCacheLimit/2)
	}
}
