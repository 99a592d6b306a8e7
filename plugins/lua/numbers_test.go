package lua

import (
	"fmt"
	"math"
	"math/big"
	"math/rand"
	"strings"
	"testing"

	"github.com/holiman/uint256"

	"orrery/core/policy"
)

// evalText runs an expression over x, y, z and returns it as text.
func evalText(t *testing.T, m *Rules) string {
	t.Helper()
	_, err := m.Target(steadyChain(0, 0, 0x1b104be1))
	s := scriptError(t, err)
	return s.Msg
}

// The arithmetic of scripts is that of math/big, cut to the range: sums,
// products and shifts stop at its ends, the rest is an error.
func TestArithmeticAgainstBig(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	one := big.NewInt(1)
	maxU := new(big.Int).Sub(new(big.Int).Lsh(one, 256), one)
	maxI := new(big.Int).Sub(new(big.Int).Lsh(one, 255), one)
	unsigned := func(v *big.Int) string {
		switch {
		case v.Sign() < 0:
			return "error"
		case v.Cmp(maxU) > 0:
			v = maxU
		}
		return v.String()
	}
	signedText := func(v *big.Int) string {
		if v.CmpAbs(maxI) > 0 {
			v = new(big.Int).Mul(maxI, big.NewInt(int64(v.Sign())))
		}
		return v.String()
	}
	number := func(limit *big.Int) *big.Int {
		v := new(big.Int).Rand(rnd, new(big.Int).Lsh(one, uint(1+rnd.Intn(limit.BitLen()))))
		if v.Cmp(limit) > 0 || rnd.Intn(12) == 0 {
			return limit
		}
		return v
	}
	literal := func(kind string, v *big.Int) string { // built from 32-bit parts
		s := kind + "(0)"
		for i := 7; i >= 0; i-- {
			part := new(big.Int).And(new(big.Int).Rsh(new(big.Int).Abs(v), uint(32*i)), big.NewInt(math.MaxUint32))
			s = fmt.Sprintf("(%s * 4294967296 + %s)", s, part)
		}
		if v.Sign() < 0 {
			return "(-" + s + ")"
		}
		return s
	}
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	for range rounds {
		x, y, z := number(maxU), number(maxU), number(maxU)
		a, b := number(maxI), number(maxI)
		if rnd.Intn(2) == 0 {
			a = new(big.Int).Neg(a)
		}
		if rnd.Intn(2) == 0 {
			b = new(big.Int).Neg(b)
		}
		n := uint(rnd.Intn(300))
		want := []string{
			unsigned(new(big.Int).Add(x, y)), unsigned(new(big.Int).Sub(x, y)), unsigned(new(big.Int).Mul(x, y)),
			quotient(x, y), remainder(x, y), unsigned(new(big.Int).Lsh(x, n)), unsigned(new(big.Int).Rsh(x, n)),
			"error", fmt.Sprint(x.Cmp(y) < 0, x.Cmp(y) <= 0, x.Cmp(x) == 0),
			signedText(new(big.Int).Add(a, b)), signedText(new(big.Int).Sub(a, b)), signedText(new(big.Int).Mul(a, b)),
			quotient(a, b), signedText(new(big.Int).Lsh(a, n)), signedText(new(big.Int).Rsh(a, n)),
			fmt.Sprint(a.Cmp(b) < 0, a.Cmp(b) <= 0, a.Cmp(a) == 0),
		}
		if z.Sign() != 0 {
			want[7] = unsigned(new(big.Int).Div(new(big.Int).Mul(x, y), z))
		}
		exprs := []string{"x + y", "x - y", "x * y", "x / y", "x % y", fmt.Sprintf("x:shl(%d)", n), fmt.Sprintf("x:shr(%d)", n),
			"u256.muldiv(x, y, z)", "bool(x < y) .. ' ' .. bool(x <= y) .. ' ' .. bool(x == x)",
			"a + b", "a - b", "a * b", "a / b", fmt.Sprintf("a:shl(%d)", n), fmt.Sprintf("a:shr(%d)", n),
			"bool(a < b) .. ' ' .. bool(a <= b) .. ' ' .. bool(a == a)"}
		for i, e := range exprs {
			source := fmt.Sprintf("local function bool(v) if v then return 'true' end return 'false' end\nfunction target() local x, y, z, a, b = %s, %s, %s, %s, %s\nerror('= ' .. (%s), 0) end",
				literal("u256", x), literal("u256", y), literal("u256", z), literal("i256", a), literal("i256", b), e)
			got, ok := strings.CutPrefix(evalText(t, rules(t, source, "", testEnv())), "= ")
			if !ok {
				got = "error"
			}
			if got != want[i] {
				t.Fatalf("%s with x=%v y=%v z=%v a=%v b=%v: %s, want %s", e, x, y, z, a, b, got, want[i])
			}
		}
	}
}

func quotient(a, b *big.Int) string {
	if b.Sign() == 0 {
		return "error"
	}
	return new(big.Int).Quo(a, b).String()
}

func remainder(a, b *big.Int) string {
	if b.Sign() == 0 {
		return "error"
	}
	return new(big.Int).Rem(a, b).String()
}

func TestWholeNumber(t *testing.T) {
	tests := []struct {
		f  float64
		n  int64
		ok bool
	}{
		{0, 0, true}, {math.Copysign(0, -1), 0, true}, {-5, -5, true}, {1 << 53, 1 << 53, true}, {-(1 << 53), -(1 << 53), true},
		{1<<53 + 2, 0, false}, {0.5, 0, false}, {math.Inf(1), 0, false}, {math.Inf(-1), 0, false}, {math.NaN(), 0, false},
		{math.MaxFloat64, 0, false}, {1 << 63, 0, false}, {-(1 << 63), 0, false}, {math.SmallestNonzeroFloat64, 0, false},
	}
	for _, tt := range tests {
		if n, ok := wholeNumber(tt.f); n != tt.n || ok != tt.ok {
			t.Errorf("%v: %d %v", tt.f, n, ok)
		}
	}
	for f, want := range map[float64]string{1e15: "1000000000000000", 0.1: "0.1", 1e300: "1e+300", math.Inf(1): "inf", math.Inf(-1): "-inf", math.NaN(): "nan"} {
		if got := formatNumber(f); got != want {
			t.Errorf("%v is written %s, want %s", f, got, want)
		}
	}
}

// Settings reach the script as they are in the manifest.
func TestSettings(t *testing.T) {
	env := testEnv(policy.Param{Key: "n", Value: int64(-7)}, policy.Param{Key: "on", Value: true}, policy.Param{Key: "s", Value: "é"})
	r := rules(t, `assert(params.n == -7 and params.on == true and params.s == 'é' and params.other == nil)
assert(spacing == 600 and coin == 100000000)
function target(chain) assert(chain.since == 1) return pow_limit end`,
		"function subsidy(b) assert(params.n == -7 and b.height == 3 and b.time == 4294967295 and b.issued == 2099999997690000) return b.height end", env)
	if got, err := r.Target(steadyChain(0, 0, 0x1b104be1)); err != nil || !got.Eq(&env.PowLimit) {
		t.Errorf("%s %v", got.Hex(), err)
	}
	if got, err := r.Subsidy(policy.Reward{Height: 3, ParentTime: 4294967295, Issued: 2_099_999_997_690_000}); err != nil || got != 3 {
		t.Errorf("%d %v", got, err)
	}
}

// The sum of targets stops at the end of the range instead of wrapping.
func TestTargetSumSaturates(t *testing.T) {
	r := rules(t, "function target(chain) return chain:target_sum(0, chain.height) end", "", testEnv())
	for _, tt := range []struct {
		n    int
		want uint256.Int
	}{{0, targetOf(0x207fffff)}, {5, maxWide}} {
		if got, err := r.Target(steadyChain(tt.n, 1, 0x207fffff)); err != nil || got != tt.want {
			t.Errorf("%d blocks: %s %v", tt.n+1, got.Hex(), err)
		}
	}
}
