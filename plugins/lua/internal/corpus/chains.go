package corpus

import (
	"sort"

	"github.com/holiman/uint256"
)

// chain is a made-up chain in memory.
type chain struct {
	name    string
	spacing int64
	limit   uint256.Int
	since   int32
	times   []int64
	bits    []uint32
}

// limits are regtest's, Bitcoin's, and the highest there is.
var limits = [3]uint256.Int{
	*uint256.MustFromHex("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
	*uint256.MustFromHex("0xffff0000000000000000000000000000000000000000000000000000"),
	*new(uint256.Int).SetAllOne(),
}

func chains() []chain {
	return []chain{
		build("genesis", 10, 0, 0x1e53e2d6, 0, 0),
		build("one", 10, 1, 0x1e53e2d6, 2, 0),
		build("short", 10, 30, 0x1e53e2d6, 10, 30),
		build("steady", 600, 2015, 0x1b104be1, 600, 0),
		build("noisy", 600, 2015, 0x1b104be1, 600, 2000),
		build("fast", 600, 2015, 0x1c05a3f4, 1, 0),
		build("stalled", 600, 2015, 0x1c05a3f4, 1_000_000, 0),
		build("backwards", 600, 2015, 0x1c05a3f4, -7, 0),
		build("easiest", 600, 2015, 0x2100ffff, 6000, 100),
		build("hardest", 600, 2015, 0x01010000, 1, 0),
		later(build("later", 150, 1000, 0x1802aee8, 140, 50), 500),
	}
}

// build makes n blocks after genesis, each interval seconds later, give or
// take half of noise, and in that case with targets that vary.
func build(name string, spacing int64, n int, bits uint32, interval, noise int64) chain {
	c := chain{name: name, spacing: spacing, limit: limits[0], since: 1}
	switch {
	case bits>>24 > 0x20:
		c.limit = limits[2]
	case bits>>24 < 0x1e:
		c.limit = limits[1]
	}
	seed := uint64(1)
	for i := range n + 1 {
		t, b := 1_700_000_000+int64(i)*interval, bits
		if noise > 0 {
			seed = seed*6364136223846793005 + 1442695040888963407
			t += int64(seed>>33)%noise - noise/2
			b -= uint32(seed>>40) & 0xfff
		}
		c.times = append(c.times, t)
		c.bits = append(c.bits, b)
	}
	return c
}

func later(c chain, since int32) chain {
	c.since = since
	return c
}

func (c *chain) Height() int32       { return int32(len(c.times) - 1) }
func (c *chain) Since() int32        { return c.since }
func (c *chain) Time(h int32) int64  { return c.times[h] }
func (c *chain) Bits(h int32) uint32 { return c.bits[h] }

func (c *chain) MedianTime(h int32) int64 {
	t := append([]int64(nil), c.times[max(0, h-10):h+1]...)
	sort.Slice(t, func(i, j int) bool { return t[i] < t[j] })
	return t[len(t)/2]
}

func (c *chain) Times(from, to int32, dst []int64)      { copy(dst, c.times[from:to+1]) }
func (c *chain) BitsRange(from, to int32, dst []uint32) { copy(dst, c.bits[from:to+1]) }
