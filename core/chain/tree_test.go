package chain

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// randomTree grows a tree whose branches are long: most nodes extend the last
// one.
func randomTree(rng *rand.Rand, n int) []*Node {
	nodes := []*Node{newNode(0, consensus.Header{Bits: 0x207fffff}, nil)}
	for i := 1; i < n; i++ {
		parent := nodes[i-1]
		if rng.IntN(50) == 0 {
			parent = nodes[rng.IntN(i)]
		}
		h := consensus.Header{Prev: parent.Hash, Nonce: uint32(i), Time: rng.Uint32N(1000), Bits: 0x207fffff}
		nodes = append(nodes, newNode(uint64(i), h, parent))
	}
	return nodes
}

// TestAncestors compares the short cuts with walking.
func TestAncestors(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	nodes := randomTree(rng, 3000)
	walk := func(n *Node, height int32) *Node {
		for n.Height > height {
			n = n.Parent
		}
		return n
	}
	for range 3000 {
		n := nodes[rng.IntN(len(nodes))]
		height := rng.Int32N(n.Height + 1)
		if got := n.Ancestor(height); got != walk(n, height) {
			t.Fatalf("ancestor of %d at %d is %v", n.Height, height, got)
		}
		if n.Ancestor(n.Height) != n || n.Ancestor(n.Height+1) != nil || n.Ancestor(-1) != nil {
			t.Fatalf("ancestors of %d at its ends", n.Height)
		}
		other := nodes[rng.IntN(len(nodes))]
		a, b := walk(n, min(n.Height, other.Height)), walk(other, min(n.Height, other.Height))
		for a != b {
			a, b = a.Parent, b.Parent
		}
		if got := forkPoint(n, other); got != a || forkPoint(other, n) != a {
			t.Fatalf("fork point of %d and %d is at %d, want %d", n.Seq, other.Seq, got.Height, a.Height)
		}
	}
	if (*Node)(nil).Ancestor(0) != nil {
		t.Error("nothing has an ancestor")
	}
}

func TestMedianTimes(t *testing.T) {
	nodes := randomTree(rand.New(rand.NewPCG(2, 2)), 500)
	for _, n := range nodes {
		var times []int64
		for p := n; p != nil && len(times) < 11; p = p.Parent {
			times = append(times, int64(p.Header.Time))
		}
		slices.Sort(times)
		if want := times[len(times)/2]; n.MedianTime != want {
			t.Fatalf("node %d: %d, want %d", n.Seq, n.MedianTime, want)
		}
	}
}

// TestAncestorsOf compares what policies read, one by one and in ranges.
func TestAncestorsOf(t *testing.T) {
	nodes := randomTree(rand.New(rand.NewPCG(3, 3)), 300)
	last := slices.MaxFunc(nodes, func(a, b *Node) int { return int(a.Height - b.Height) })
	a := AncestorsOf(last, 7)
	if a.Height() != last.Height || a.Since() != 7 {
		t.Errorf("height %d, since %d", a.Height(), a.Since())
	}
	for _, r := range [][2]int32{{0, 0}, {0, last.Height}, {last.Height, last.Height}, {3, last.Height - 1}} {
		times, bits := make([]int64, r[1]-r[0]+1), make([]uint32, r[1]-r[0]+1)
		a.Times(r[0], r[1], times)
		a.BitsRange(r[0], r[1], bits)
		for i := range times {
			h := r[0] + int32(i)
			n := last.Ancestor(h)
			if times[i] != int64(n.Header.Time) || times[i] != a.Time(h) || bits[i] != a.Bits(h) || a.MedianTime(h) != n.MedianTime {
				t.Fatalf("height %d of %v", h, r)
			}
		}
	}
}

// countingCoins count how often they are asked.
type countingCoins struct {
	coins map[wire.OutPoint]*consensus.Coin
	asked int
	err   error
}

func (c *countingCoins) Coin(o wire.OutPoint) (*consensus.Coin, error) {
	c.asked++
	return c.coins[o], c.err
}

// TestCoinCache turns the generations over with changes that the store below
// learns only at the commit.
func TestCoinCache(t *testing.T) {
	below := &countingCoins{coins: map[wire.OutPoint]*consensus.Coin{}}
	cache := newCoinCache(below)
	want := map[wire.OutPoint]*consensus.Coin{}
	rng := rand.New(rand.NewPCG(4, 4))
	out := func(n int) wire.OutPoint { return wire.OutPoint{Index: uint32(n)} }
	const outs = 2 * coinCacheLimit / coinOverhead
	for round := range 40 {
		var changes []consensus.CoinChange
		for range 4000 {
			o := out(rng.IntN(outs))
			ch := consensus.CoinChange{Outpoint: o}
			if want[o] == nil {
				ch.Coin = &consensus.Coin{Value: int64(round)}
			}
			want[o] = ch.Coin
			changes = append(changes, ch)
		}
		cache.apply(changes)
		for range 4000 {
			o := out(rng.IntN(outs))
			if got, err := cache.Coin(o); err != nil || (got == nil) != (want[o] == nil) || got != nil && got.Value != want[o].Value {
				t.Fatalf("round %d: %v is %v, want %v (%v)", round, o, got, want[o], err)
			}
		}
		for _, ch := range changes {
			below.coins[ch.Outpoint] = ch.Coin
		}
		cache.committed()
		if n := len(cache.young) + len(cache.old); n*coinOverhead > 2*coinCacheLimit {
			t.Fatalf("%d coins are kept, limit %d bytes", n, coinCacheLimit)
		}
	}
	o := out(outs + 1)
	below.coins[o] = &consensus.Coin{}
	below.asked = 0
	for range 3 {
		if _, err := cache.Coin(o); err != nil {
			t.Fatal(err)
		}
	}
	if below.asked != 1 {
		t.Errorf("asked %d times for one coin", below.asked)
	}
	// One turn later it is still there, two turns without use later not.
	turn := func() {
		for cache.size < coinCacheLimit/2 {
			cache.apply([]consensus.CoinChange{{Outpoint: wire.OutPoint{Hash: [32]byte{1}, Index: uint32(len(cache.young))}}})
		}
		cache.committed()
	}
	turn()
	if _, err := cache.Coin(o); err != nil || below.asked != 1 {
		t.Errorf("asked %d times after a turn: %v", below.asked, err)
	}
	turn()
	turn()
	if _, err := cache.Coin(o); err != nil || below.asked != 2 {
		t.Errorf("asked %d times after two more turns: %v", below.asked, err)
	}
	below.err = errors.New("disk on fire")
	if _, err := cache.Coin(out(outs + 2)); !errors.Is(err, below.err) {
		t.Errorf("a failing store: %v", err)
	}
}

// TestCoinCacheBytes: long scripts count, and a coin holds no more than itself.
func TestCoinCacheBytes(t *testing.T) {
	cache := newCoinCache(&countingCoins{})
	const size = 10_000
	most := 0
	for n := range 2 * coinCacheLimit / size {
		block := make([]byte, 100*size) // in which the script lies
		coin := &consensus.Coin{Script: block[:size]}
		o := wire.OutPoint{Index: uint32(n)}
		cache.apply([]consensus.CoinChange{{Outpoint: o, Coin: coin}})
		kept := cache.young[o].Script
		if block[0] = 1; kept[0] != 0 || len(kept) != size || cap(kept) > 2*size {
			t.Fatalf("the script shares the memory of its block: %d bytes, room for %d", len(kept), cap(kept))
		}
		cache.committed()
		most = max(most, size*(len(cache.young)+len(cache.old)))
	}
	if most > coinCacheLimit || most < coinCacheLimit/2 {
		t.Errorf("it held %d bytes of scripts, limit %d", most, coinCacheLimit)
	}
}

func BenchmarkForkPoint(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			nodes := []*Node{newNode(0, consensus.Header{}, nil)}
			tips := [2]*Node{nodes[0], nodes[0]}
			for i := range n {
				for side := range tips {
					h := consensus.Header{Prev: tips[side].Hash, Nonce: uint32(i), Version: int32(side)}
					tips[side] = newNode(0, h, tips[side])
				}
			}
			b.ResetTimer()
			for range b.N {
				forkPoint(tips[0], tips[1])
			}
		})
	}
}
