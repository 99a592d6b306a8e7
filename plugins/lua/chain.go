package lua

import (
	glua "github.com/yuin/gopher-lua"

	"orrery/core/consensus"
	"orrery/core/policy"
)

// Units of looking ancestors up: a single look-up walks a skip list, a range
// walks its blocks once.
const (
	lookupUnits = 4
	medianUnits = 16
)

// What is kept for the next call: this many arrays, none longer than this.
const (
	keptArrays = 8
	keptItems  = 4096
)

// chainTable is the argument of target: a table that the host owns, filled anew for
// each call, since building one costs more than most policies.
type chainTable struct {
	table     *glua.LTable
	ancestors policy.Ancestors // of the present call
	arrays    []*glua.LTable   // handed out by times and bits_range, in this order
	lent      int              // how many of them in this call
	times     []int64          // scratch
	bits      []uint32
}

func newChain(m *machine) *chainTable {
	c := &chainTable{table: m.frozen()}
	// The fields come first, so that each call only overwrites them.
	c.table.RawSetString("height", glua.LNumber(0))
	c.table.RawSetString("since", glua.LNumber(0))
	method := func(name string, units int64, f func(m *machine) int) {
		c.table.RawSetString(name, m.function(units, func(m *machine) int {
			if m.state.Get(1) != c.table {
				m.raise("call it with a colon: chain:%s(…)", name)
			}
			return f(m)
		}))
	}
	method("time", lookupUnits, func(m *machine) int {
		return m.push(glua.LNumber(c.ancestors.Time(c.height(m, 2, "chain:time"))))
	})
	method("bits", lookupUnits, func(m *machine) int {
		return m.push(glua.LNumber(c.ancestors.Bits(c.height(m, 2, "chain:bits"))))
	})
	method("target", lookupUnits, func(m *machine) int {
		t := targetOf(c.ancestors.Bits(c.height(m, 2, "chain:target")))
		return m.pushWide(&t)
	})
	method("median_time", medianUnits, func(m *machine) int {
		return m.push(glua.LNumber(c.ancestors.MedianTime(c.height(m, 2, "chain:median_time"))))
	})
	method("times", lookupUnits, c.timesRange)
	method("bits_range", lookupUnits, c.bitsRange)
	method("target_sum", lookupUnits, c.targetSum)
	return c
}

// targetOf expands the bits of an accepted block, which are always valid.
func targetOf(bits uint32) wide {
	t, _, _ := consensus.CompactToTarget(bits)
	return t
}

// begin prepares the table for a call.
func (c *chainTable) begin(a policy.Ancestors) {
	c.ancestors = a
	c.lent = 0
	c.table.RawSetString("height", glua.LNumber(a.Height()))
	c.table.RawSetString("since", glua.LNumber(a.Since()))
}

// end lets go of the ancestors and of arrays that are not worth keeping.
func (c *chainTable) end() {
	c.ancestors = nil
	kept := c.arrays[:0]
	for _, t := range c.arrays {
		if len(kept) < keptArrays && arrayLen(t) <= keptItems {
			kept = append(kept, t)
		}
	}
	clear(c.arrays[len(kept):])
	c.arrays = kept
}

// height takes argument i as the height of an ancestor.
func (c *chainTable) height(m *machine, i int, who string) int32 {
	h := m.integer(m.state.Get(i), "a height")
	if h < 0 || h > int64(c.ancestors.Height()) {
		m.raise("%s: height %d is not between 0 and %d", who, h, c.ancestors.Height())
	}
	return int32(h)
}

// span takes arguments 2 and 3 as heights from … to and charges for them.
func (c *chainTable) span(m *machine, who string, unitsEach int64) (from, to int32, n int) {
	from, to = c.height(m, 2, who), c.height(m, 3, who)
	if from > to {
		m.raise("%s: the range %d … %d is empty", who, from, to)
	}
	n = int(to) - int(from) + 1
	if n >= maxIndex {
		m.raise("%s: a range of %d heights, at most %d are allowed", who, n, maxIndex-1)
	}
	m.charge(int64(n) * unitsEach)
	return from, to, n
}

func (c *chainTable) timesRange(m *machine) int {
	from, to, n := c.span(m, "chain:times", 1)
	c.times = resize(c.times, n)
	c.ancestors.Times(from, to, c.times)
	t := c.lend(m, n)
	for i, v := range c.times {
		t.RawSetInt(i+1, glua.LNumber(v))
	}
	return m.push(t)
}

func (c *chainTable) bitsRange(m *machine) int {
	from, to, n := c.span(m, "chain:bits_range", 1)
	c.bits = resize(c.bits, n)
	c.ancestors.BitsRange(from, to, c.bits)
	t := c.lend(m, n)
	for i, v := range c.bits {
		t.RawSetInt(i+1, glua.LNumber(v))
	}
	return m.push(t)
}

func (c *chainTable) targetSum(m *machine) int {
	from, to, n := c.span(m, "chain:target_sum", 2)
	c.bits = resize(c.bits, n)
	c.ancestors.BitsRange(from, to, c.bits)
	var sum wide
	for _, b := range c.bits {
		t := targetOf(b)
		sumWide(&sum, &t)
	}
	return m.pushWide(&sum)
}

// lend gives out the next array, exactly n places long: what a script can
// measure must not depend on earlier calls.
func (c *chainTable) lend(m *machine, n int) *glua.LTable {
	m.allocate(tableBytes + slotBytes*int64(n))
	if c.lent == len(c.arrays) {
		t := m.state.CreateTable(n, 0) // no room for keys, which NewTable has
		t.Metatable = m.fixed
		c.arrays = append(c.arrays, t)
	}
	t := c.arrays[c.lent]
	c.lent++
	for have := arrayLen(t); have > n; have-- {
		t.Remove(have)
	}
	return t
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, 64))
	}
	return s[:n]
}

// beginBlock prepares the argument of subsidy.
func (m *machine) beginBlock(in policy.Reward) {
	m.block.RawSetString("height", glua.LNumber(in.Height))
	m.block.RawSetString("time", glua.LNumber(in.ParentTime))
	m.block.RawSetString("issued", glua.LNumber(in.Issued))
}
