package mempool

import (
	"math/bits"
)

// rollingFee is the minimum fee rate that eviction raised. It halves every
// twelve hours once a block has come, faster while the pool is far from full
// (Core: CTxMemPool::GetMinFee). Core computes in floating point; here it is
// in integers, so that a simulation runs alike on every machine.
type rollingFee struct {
	rate    uint64 // FeeRate << rollingBits
	updated int64  // seconds
	decays  bool   // a block has come since the last rise
}

const (
	rollingBits = 20
	// maxRolling keeps the rate within 63 bits: 10,000 coins per 1,000 vbytes.
	maxRolling FeeRate = 1 << 40
	// rollingStep is how often the rate moves, in seconds.
	rollingStep = 10
)

// perStep is 2^(-rollingStep/h) << 63 for half-lives h of 12, 6 and 3 hours.
var perStep = [3]uint64{9221892258739759000, 9220412718037183210, 9217454348717001014}

// raise sets the rate at least to r.
func (f *rollingFee) raise(r FeeRate) {
	r = min(r, maxRolling)
	if n := uint64(max(r, 0)) << rollingBits; n > f.rate {
		f.rate, f.decays = n, false
	}
}

// at returns the state at a later time, given how full the pool is. Half of
// floor is where the rate falls to zero.
func (f rollingFee) at(now, usage, limit int64, floor FeeRate) rollingFee {
	if f.rate == 0 || !f.decays || now < f.updated+rollingStep {
		return f
	}
	k := perStep[0]
	switch {
	case usage < limit/4:
		k = perStep[2]
	case usage < limit/2:
		k = perStep[1]
	}
	steps := (now - f.updated) / rollingStep
	f.updated += steps * rollingStep
	for ; steps > 0 && f.rate > 0; steps >>= 1 {
		if steps&1 != 0 {
			f.rate = mul63(f.rate, k)
		}
		k = mul63(k, k)
	}
	if f.rate < uint64(floor)<<rollingBits/2 {
		f.rate = 0
	}
	return f
}

// mul63 multiplies by a fraction that has 63 bits, rounding to the nearest.
func mul63(n, fraction uint64) uint64 {
	hi, lo := bits.Mul64(n, fraction)
	lo, carry := bits.Add64(lo, 1<<62, 0)
	return (hi+carry)<<1 | lo>>63
}

// feeRate is what a transaction has to pay; zero when eviction asks nothing.
func (f rollingFee) feeRate(floor FeeRate) FeeRate {
	r := FeeRate((f.rate + 1<<(rollingBits-1)) >> rollingBits)
	if r > 0 && f.decays {
		r = max(r, floor)
	}
	return r
}
