package mempool

import (
	"fmt"
	"math"
	"math/bits"
)

// FeeRate is in satoshi per 1,000 virtual bytes.
type FeeRate int64

// Fee is what vsize virtual bytes cost at this rate, in satoshi, rounded up
// (Core: CFeeRate::GetFee). Neither may be negative.
func (r FeeRate) Fee(vsize int64) int64 {
	hi, lo := bits.Mul64(uint64(r), uint64(vsize))
	lo, carry := bits.Add64(lo, 999, 0)
	hi += carry
	if hi >= 1000 {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, 1000)
	return int64(min(q, math.MaxInt64))
}

// String shows the rate in coins per 1,000 virtual bytes.
func (r FeeRate) String() string {
	sign, n := "", int64(r)
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%08d /kvB", sign, n/1e8, n%1e8)
}

// Frac is a fee in satoshi for a size: weight units among clusters, virtual
// bytes for people. Fees can be negative, sizes cannot.
type Frac struct{ Fee, Size int64 }

// Rate rounds the fee per 1,000 units of size down; an empty Frac gives 0.
func (f Frac) Rate() FeeRate {
	if f.Size == 0 {
		return 0
	}
	hi, lo := bits.Mul64(magnitude(f.Fee), 1000)
	if hi >= uint64(f.Size) {
		return FeeRate(math.MaxInt64)
	}
	q, rem := bits.Div64(hi, lo, uint64(f.Size))
	q = min(q, math.MaxInt64-1)
	if f.Fee >= 0 {
		return FeeRate(q)
	}
	if rem > 0 {
		q++
	}
	return -FeeRate(q)
}

// Compare orders by fee per size without rounding: negative when f pays less
// than g. An empty Frac equals every other.
func (f Frac) Compare(g Frac) int { return compareProducts(f.Fee, g.Size, g.Fee, f.Size) }

func (f Frac) plus(g Frac) Frac  { return Frac{f.Fee + g.Fee, f.Size + g.Size} }
func (f Frac) minus(g Frac) Frac { return Frac{f.Fee - g.Fee, f.Size - g.Size} }

// compareProducts compares a*b with c*d in 128 bits; b and d are not negative.
func compareProducts(a, b, c, d int64) int {
	if s, t := sign(a, b), sign(c, d); s != t {
		return s - t
	}
	h1, l1 := bits.Mul64(magnitude(a), uint64(b))
	h2, l2 := bits.Mul64(magnitude(c), uint64(d))
	order := 0
	switch {
	case h1 != h2 && h1 < h2, h1 == h2 && l1 < l2:
		order = -1
	case h1 != h2 || l1 != l2:
		order = 1
	}
	if a < 0 {
		return -order
	}
	return order
}

func sign(a, b int64) int {
	switch {
	case a == 0 || b == 0:
		return 0
	case a < 0:
		return -1
	}
	return 1
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
