package lua

import (
	"math"
	"testing"

	"github.com/holiman/uint256"

	"orrery/core/consensus"
	"orrery/core/policy"
)

var mainLimit, _, _ = consensus.CompactToTarget(0x1d00ffff)

// mainEnv has Bitcoin's limit, which the public vectors were made with.
func mainEnv(spacing int64, params ...policy.Param) Env {
	e := testEnv(params...)
	e.Spacing, e.PowLimit = spacing, mainLimit
	return e
}

// nextBits evaluates as the chain does; a script error fails the test.
func nextBits(t *testing.T, r *Rules, c *testChain, limit uint256.Int) uint32 {
	t.Helper()
	bits, scriptErr, err := policy.NextTarget(r, c, &limit)
	if err != nil || scriptErr != nil {
		t.Fatalf("%v %v", scriptErr, err)
	}
	return bits
}

// The first four are Core's pow_tests.cpp (get_next_work and its limits).
func TestBitcoinVectors(t *testing.T) {
	env := mainEnv(600)
	r := rules(t, librarySource(t, "difficulty", "bitcoin"), "", env)
	tests := []struct {
		bits uint32
		span int64
		want uint32
	}{
		{0x1d00ffff, 1022578, 0x1d00d86a},
		{0x1d00ffff, 2055491, 0x1d00ffff},
		{0x1c05a3f4, 289434, 0x1c0168fd},
		{0x1c387f6f, 6048000, 0x1d00e1fd},
		{0x1c387f6f, -1, 0x1c0e1fdb}, // clamped to a quarter
	}
	for _, tt := range tests {
		c := steadyChain(2015, 0, tt.bits)
		c.times[2015] = c.times[0] + tt.span
		if got := nextBits(t, r, c, mainLimit); got != tt.want {
			t.Errorf("%08x over %d s: %08x, want %08x", tt.bits, tt.span, got, tt.want)
		}
		c = steadyChain(2014, 1, tt.bits) // not yet
		if got := nextBits(t, r, c, mainLimit); got != tt.bits {
			t.Errorf("before the change: %08x, want %08x", got, tt.bits)
		}
	}
}

// asertChain has its anchor at height 1 and the given distances to it.
func asertChain(bits uint32, dh int, dt int64) *testChain {
	c := steadyChain(1+dh, 0, bits)
	c.since = 2
	c.times[len(c.times)-1] = c.times[0] + dt
	return c
}

// From the public vectors of aserti3-2d.
func TestAsertVectors(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "asert"), "", mainEnv(600))
	tests := []struct {
		bits uint32
		dh   int
		dt   int64
		want uint32
	}{
		{0x1d00ffff, 1, 0, 0x1d00fec5},
		{0x1d00ffff, 289, 0, 0x1c7f62c0},
		{0x1802aee8, 100, 333916, 0x180807f0},
		{0x1802aee8, 9999, -8798, 0x13647d71},
		{0x1d00ffff, 1, 1200, 0x1d00ffff},          // on schedule
		{0x1a2b3c4d, 1, 1200 + 172800, 0x1a56789a}, // a half-life late: twice as easy
		{0x1a2b3c4d, 1, 1200 - 172800, 0x1a159e26}, // early: twice as hard
		{0x1a2b3c4d, 1, 1 << 40, 0x1d00ffff},       // saturates, then the limit
		{0x1a2b3c4d, 1, -(1 << 40), 0x01010000},    // not below 1
	}
	for _, tt := range tests {
		if got := nextBits(t, r, asertChain(tt.bits, tt.dh, tt.dt), mainLimit); got != tt.want {
			t.Errorf("%08x after %d blocks and %d s: %08x, want %08x", tt.bits, tt.dh, tt.dt, got, tt.want)
		}
	}
}

// Without a block before the anchor, the anchor counts as on time.
func TestAsertFromGenesis(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "asert"), "", mainEnv(600))
	for _, n := range []int{0, 1, 2, 500} {
		if got := nextBits(t, r, steadyChain(n, 600, 0x1b012345), mainLimit); got != 0x1b012345 {
			t.Errorf("%d blocks on schedule: %08x", n, got)
		}
	}
}

// An easy limit must not overflow: a late chain gets easier, never harder.
func TestAsertEasyLimit(t *testing.T) {
	env := testEnv()
	r := rules(t, librarySource(t, "difficulty", "asert"), "", env)
	for _, late := range []int64{0, 600, 86400, 1 << 33} {
		c := steadyChain(10, 600, 0x207fffff)
		c.times[10] += late
		if got := nextBits(t, r, c, easyLimit); got != 0x207fffff {
			t.Errorf("%d s late at the limit: %08x", late, got)
		}
	}
}

// Nothing is lost between where the result is in range: not at a target of 1
// that is 240 half-lives late, nor at one that cannot be doubled.
func TestAsertFarEnds(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "asert"), "", mainEnv(600))
	for _, tt := range []struct {
		bits uint32
		dt   int64 // of the block after the anchor; 1200 is on schedule
		want uint32
	}{
		{0x01010000, 1200 + 172800*250, 0x20040000},
		{0x01010000, 1200 + 172800*16, 0x03010000},
		{0x2100ffff, 1200 - 3, 0x2100fffe},
		{0x2100ffff, 1200 - 172800*254, 0x01030000},
		{0x2100ffff, 1200 - 172800*256, 0x01010000},
	} {
		if got := nextBits(t, r, asertChain(tt.bits, 1, tt.dt), maxWide); got != tt.want {
			t.Errorf("%08x, %d s: %08x, want %08x", tt.bits, tt.dt, got, tt.want)
		}
	}
}

// The author's vectors are difficulties: with all targets equal to 1/10^6 of
// something, the next difficulty is 10^6 times that over the next target.
func TestLWMAVectors(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "lwma"), "", testEnv())
	for _, tt := range []struct{ solve, want int64 }{
		{600, 989459}, {300, 1977838}, {1200, 494864}, {6000, 165000},
	} {
		c := steadyChain(60, tt.solve, 0x1b104be1)
		next, err := r.Target(c)
		if err != nil {
			t.Fatal(err)
		}
		before := targetOf(0x1b104be1)
		var d uint256.Int
		d.MulDivOverflow(&before, uint256.NewInt(1_000_000), &next)
		if int64(d.Uint64()) != tt.want {
			t.Errorf("%d s a block: difficulty %d, want %d", tt.solve, d.Uint64(), tt.want)
		}
	}
}

// Only the window counts, and a short chain gives what it has.
func TestLWMAWindow(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "lwma"), "", testEnv(policy.Param{Key: "window", Value: int64(5)}))
	long, short := steadyChain(100, 600, 0x1b104be1), steadyChain(5, 600, 0x1b104be1)
	for i := range 95 { // before the window
		long.times[i] -= 1_000_000
		long.bits[i] = 0x1a104be1
	}
	if a, b := nextBits(t, r, long, easyLimit), nextBits(t, r, short, easyLimit); a != b {
		t.Errorf("long chain %08x, short chain %08x", a, b)
	}
	// LWMA-1 counts the first block of the window twice; with n = 1 that is all.
	if got := nextBits(t, r, steadyChain(1, 0, 0x1b104be1), easyLimit); got != 0x1b107604 {
		t.Errorf("one block: %08x", got)
	}
}

// The longest windows fit the budget of a call. A longer one would begin well
// and fail once the chain has that many blocks, so it is refused at once.
func TestLongestWindows(t *testing.T) {
	long := steadyChain(20_000, 600, 0x1b104be1)
	for name, most := range map[string]int64{"lwma": 10_000, "dgw": 5_000} {
		source := librarySource(t, "difficulty", name)
		window := func(n int64) *Rules { return rules(t, source, "", testEnv(policy.Param{Key: "window", Value: n})) }
		if _, err := window(most).Target(long); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := window(most+1).Check(1_700_000_000, 0x1b104be1); err == nil {
			t.Errorf("%s: a window of %d is accepted", name, most+1)
		}
	}
}

func TestDGWVectors(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "dgw"), "", mainEnv(150))
	for _, tt := range []struct {
		solve int64
		want  uint32
	}{{150, 0x1b0f9e0c}, {75, 0x1b07cf06}, {300, 0x1b1f3c19}} {
		if got := nextBits(t, r, steadyChain(23, tt.solve, 0x1b104be1), mainLimit); got != tt.want {
			t.Errorf("%d s a block: %08x, want %08x", tt.solve, got, tt.want)
		}
	}
}

// The script's mean without overflow is Dash's, block by block.
func TestDGWMean(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "dgw"), "", mainEnv(150))
	c := steadyChain(23, 150, 0)
	for i := range c.bits {
		c.bits[i] = 0x1a7fffff - uint32(i*i*7919)
	}
	var mean uint256.Int
	for i := 1; i <= 24; i++ {
		b := targetOf(c.bits[24-i])
		if i == 1 {
			mean = b
			continue
		}
		mean.Mul(&mean, uint256.NewInt(uint64(i)))
		mean.Add(&mean, &b)
		mean.Div(&mean, uint256.NewInt(uint64(i+1)))
	}
	mean.Mul(&mean, uint256.NewInt(23*150))
	mean.Div(&mean, uint256.NewInt(24*150))
	if got, want := nextBits(t, r, c, mainLimit), consensus.TargetToCompact(&mean); got != want {
		t.Errorf("%08x, want %08x", got, want)
	}
}

func TestDigishieldVectors(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "digishield"), "", mainEnv(60))
	for _, tt := range []struct {
		took int64
		want uint32
	}{{60, 0x1b104be1}, {0, 0x1b0e6528}, {30, 0x1b0f7b48}, {-100, 0x1b0c38e8}, {100_000, 0x1b1871d1}} {
		c := steadyChain(3, 60, 0x1b104be1)
		c.times[3] = c.times[2] + tt.took
		if got := nextBits(t, r, c, mainLimit); got != tt.want {
			t.Errorf("%d s: %08x, want %08x", tt.took, got, tt.want)
		}
	}
}

// Difficulties computed from EIP-2's formula by hand, with Ethereum's step.
func TestHomestead(t *testing.T) {
	env := testEnv(policy.Param{Key: "step", Value: int64(10)})
	r := rules(t, librarySource(t, "difficulty", "homestead"), "", env)
	for _, tt := range []struct {
		took    int64
		in, out uint64 // difficulties
	}{
		{9, 1 << 32, 1<<32 + 1<<21},
		{10, 1 << 32, 1 << 32},
		{19, 1 << 32, 1 << 32},
		{20, 1 << 32, 1<<32 - 1<<21},
		{100_000, 1 << 32, 1<<32 - 99<<21},
		{-1, 1 << 32, 1<<32 + 2<<21}, // dated before its parent
		{5, 131072, 131136},
		{5000, 131072, 131072}, // the minimum
	} {
		var target uint256.Int
		target.Div(&maxWide, uint256.NewInt(tt.in))
		c := steadyChain(2, tt.took, consensus.TargetToCompact(&target))
		target = targetOf(c.bits[0])
		in := new(uint256.Int).Div(&maxWide, &target).Uint64() // after rounding
		next, err := r.Target(c)
		if err != nil {
			t.Fatal(err)
		}
		out := new(uint256.Int).Div(&maxWide, &next).Uint64()
		// Rounding through compact bits moves a difficulty by less than 1/2^15.
		if want := float64(tt.out) / float64(tt.in); float64(out)/float64(in) < want*0.99999 || float64(out)/float64(in) > want*1.00001 {
			t.Errorf("%d s: difficulty %d to %d, want ×%f", tt.took, in, out, want)
		}
	}
}

func TestHomesteadBomb(t *testing.T) {
	source := librarySource(t, "difficulty", "homestead")
	plain := rules(t, source, "", testEnv(policy.Param{Key: "step", Value: int64(10)}))
	bomb := rules(t, source, "", testEnv(policy.Param{Key: "step", Value: int64(10)}, policy.Param{Key: "bomb", Value: int64(10)}))
	for _, tt := range []struct {
		height int
		extra  uint64
	}{{18, 0}, {19, 1}, {29, 2}, {199, 1 << 18}} { // of the parent
		c := steadyChain(tt.height, 10, 0x1b104be1)
		a, erra := plain.Target(c)
		b, errb := bomb.Target(c)
		if erra != nil || errb != nil {
			t.Fatal(erra, errb)
		}
		a.Div(&maxWide, &a)
		b.Div(&maxWide, &b)
		if got := b.Uint64() - a.Uint64(); got+1 < tt.extra || got > tt.extra+1 {
			t.Errorf("height %d: the bomb adds %d, want %d", tt.height, got, tt.extra)
		}
	}
}

func TestWTEMA(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "wtema"), "", testEnv(policy.Param{Key: "window", Value: int64(10)}))
	const bits = 0x1b100000
	old := targetOf(bits)
	for _, tt := range []struct {
		took     int64
		num, den uint64 // of the old target
	}{{600, 1, 1}, {0, 9, 10}, {1200, 11, 10}, {6600, 2, 1}, {-600, 8, 10}, {-600_000, 1, 2}} {
		c := steadyChain(3, 600, bits)
		c.times[3] = c.times[2] + tt.took
		got, err := r.Target(c)
		if err != nil {
			t.Fatal(err)
		}
		var want, diff uint256.Int
		want.MulDivOverflow(&old, uint256.NewInt(tt.num), uint256.NewInt(tt.den))
		diff.Sub(&got, &want)
		if diff.Sign() < 0 {
			diff.Neg(&diff)
		}
		if !diff.IsUint64() || diff.Uint64() > 2 { // three divisions round
			t.Errorf("%d s: %s, want %s", tt.took, got.Hex(), want.Hex())
		}
	}
}

// Every library script answers on every short chain, with a sane target: not
// more than 25 times from the parent's.
func TestShortChains(t *testing.T) {
	for _, name := range []string{"fixed", "bitcoin", "asert", "lwma", "dgw", "digishield", "homestead", "wtema"} {
		r := rules(t, librarySource(t, "difficulty", name), "", testEnv())
		for n := range 70 {
			for _, interval := range []int64{1, 600, 6000} {
				c := steadyChain(n, interval, 0x1b104be1)
				bits, scriptErr, err := policy.NextTarget(r, c, &easyLimit)
				if err != nil || scriptErr != nil {
					t.Fatalf("%s: %d blocks: %v %v", name, n, scriptErr, err)
				}
				if n == 0 && bits != 0x1b104be1 {
					t.Errorf("%s: after genesis %08x", name, bits)
				}
				low, high := targetOf(0x1b104be1), targetOf(0x1b104be1)
				low.Div(&low, uint256.NewInt(25))
				high.Mul(&high, uint256.NewInt(25))
				if got := targetOf(bits); got.Lt(&low) || got.Gt(&high) {
					t.Errorf("%s: %d blocks of %d s: %08x", name, n, interval, bits)
				}
			}
		}
	}
}

// The chain converges: with a constant hash rate, the mean interval of a
// simulated chain is the wanted one within 8 %, of which chance explains 5.
func TestConvergence(t *testing.T) {
	const hashes = 1e5 // a second
	names := []string{"lwma", "asert", "dgw", "digishield", "homestead", "wtema"}
	if testing.Short() {
		names = names[:1]
	}
	for _, name := range names {
		env := testEnv()
		env.Spacing = 10
		r := rules(t, librarySource(t, "difficulty", name), "", env)
		bits := uint32(0x1e53e2d6) // about 2 s a block
		if name == "homestead" {
			bits = 0x1e10c6f7 // 10 s: it moves by 1/2048 a block
		}
		c := steadyChain(0, 0, bits)
		now, seed := float64(c.times[0]), uint64(1)
		const blocks, settle = 4500, 2500
		var start float64
		for i := range blocks {
			bits := nextBits(t, r, c, env.PowLimit)
			work := consensus.Work(bits)
			seed = seed*6364136223846793005 + 1442695040888963407
			u := float64(seed>>11)/(1<<53) + 1e-18
			now += -math.Log(u) * float64(work.Uint64()) / hashes
			c.times = append(c.times, max(int64(now), c.times[i]-5))
			c.bits = append(c.bits, bits)
			if i == settle {
				start = now
			}
		}
		mean := (now - start) / (blocks - settle - 1)
		t.Logf("%s: %.2f s a block", name, mean)
		if mean < 9.2 || mean > 10.8 {
			t.Errorf("%s: %.2f s a block, want 10", name, mean)
		}
	}
}
