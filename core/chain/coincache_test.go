package chain

import (
	"encoding/binary"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// everyCoin has a coin for each outpoint.
type everyCoin struct{}

func (everyCoin) Coin(wire.OutPoint) (*consensus.Coin, error) { return &consensus.Coin{}, nil }

// TestCoinCacheKeepsChanges: however much is read in between, what was not
// committed stays, as the store below does not have it.
func TestCoinCacheKeepsChanges(t *testing.T) {
	const room = coinCacheLimit / coinOverhead
	c := newCoinCache(everyCoin{})
	at := func(i int) (o wire.OutPoint) {
		binary.LittleEndian.PutUint32(o.Hash[:], uint32(i))
		return o
	}
	c.apply([]consensus.CoinChange{{Outpoint: at(0), Coin: &consensus.Coin{Value: 1}}, {Outpoint: at(1)}})
	for i := range 2 * room {
		if _, err := c.Coin(at(2 + i)); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := c.Coin(at(0)); got == nil || got.Value != 1 {
		t.Errorf("the new coin is %v", got)
	}
	if got, _ := c.Coin(at(1)); got != nil {
		t.Errorf("the spent coin is %v", got)
	}
	c.committed()
	for i := range 2 * room {
		if _, err := c.Coin(at(2 + i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(c.young) + len(c.old); n > room+2 {
		t.Errorf("%d coins are kept, at most %d", n, room)
	}
}
