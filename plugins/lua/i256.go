package lua

import (
	"github.com/holiman/uint256"
	glua "github.com/yuin/gopher-lua"
)

// signed is the value of an i256: -(2^255-1) … 2^255-1, kept as sign and
// magnitude, so that the range is the same on both sides. Sums and products
// stop at its ends; division rounds toward zero.
type signed struct {
	neg bool // never with magnitude 0
	mag wide
}

var maxSigned = *new(uint256.Int).Rsh(new(uint256.Int).SetAllOne(), 1)

func makeSigned(neg bool, mag *wide) signed {
	s := signed{neg: neg, mag: *mag}
	if s.mag.Gt(&maxSigned) {
		s.mag = maxSigned
	}
	s.neg = neg && !s.mag.IsZero()
	return s
}

func (s *signed) text() string {
	if s.neg {
		return "-" + s.mag.Dec()
	}
	return s.mag.Dec()
}

func (s *signed) add(t *signed) signed {
	var mag wide
	switch {
	case s.neg == t.neg:
		mag.Add(&s.mag, &t.mag) // both below 2^255
		return makeSigned(s.neg, &mag)
	case s.mag.Lt(&t.mag):
		mag.Sub(&t.mag, &s.mag)
		return makeSigned(t.neg, &mag)
	}
	mag.Sub(&s.mag, &t.mag)
	return makeSigned(s.neg, &mag)
}

func (s *signed) negate() signed { return makeSigned(!s.neg, &s.mag) }

func (s *signed) mul(t *signed) signed {
	var mag wide
	if _, over := mag.MulOverflow(&s.mag, &t.mag); over {
		mag = maxSigned
	}
	return makeSigned(s.neg != t.neg, &mag)
}

func (s *signed) less(t *signed) bool {
	switch {
	case s.neg != t.neg:
		return s.neg
	case s.neg:
		return t.mag.Lt(&s.mag)
	}
	return s.mag.Lt(&t.mag)
}

// shr is floor(s / 2^n).
func (s *signed) shr(n uint) signed {
	var mag, back wide
	mag.Rsh(&s.mag, n)
	if s.neg && !back.Lsh(&mag, n).Eq(&s.mag) {
		mag.AddUint64(&mag, 1)
	}
	return makeSigned(s.neg, &mag)
}

func (s *signed) shl(n uint) signed {
	if s.mag.BitLen()+int(n) > 255 && !s.mag.IsZero() {
		return makeSigned(s.neg, &maxSigned)
	}
	var mag wide
	return makeSigned(s.neg, mag.Lsh(&s.mag, n))
}

type signedBox struct {
	data  glua.LUserData
	value signed
}

func (m *machine) pushSigned(s signed) int {
	b := &signedBox{value: s}
	b.data = glua.LUserData{Value: &b.value, Env: m.state.Env, Metatable: m.signedType}
	return m.push(&b.data)
}

func signedOf(v glua.LValue) (signed, bool) {
	if u, ok := v.(*glua.LUserData); ok {
		if s, ok := u.Value.(*signed); ok {
			return *s, true
		}
	}
	return signed{}, false
}

// signed takes argument i as an i256; a number becomes one. A u256 does not by
// itself: whoever mixes the two says which rules hold.
func (m *machine) signed(i int, what string) signed {
	v := m.state.Get(i)
	if s, ok := signedOf(v); ok {
		return s
	}
	if _, ok := v.(glua.LNumber); !ok {
		m.raise("%s must be an i256 or a number, got %s", what, typeName(v))
	}
	n := m.integer(v, what)
	if n < 0 {
		return makeSigned(true, uint256.NewInt(uint64(-n)))
	}
	return makeSigned(false, uint256.NewInt(uint64(n)))
}

// openSigned makes the global i256 and its operators.
func (m *machine) openSigned() {
	lib := m.state.NewTable()
	mt := m.state.NewTable()
	m.signedType = mt
	mt.RawSetString("__index", lib)
	binary := func(event string, units int64, sign string, f func(x, y *signed) signed) {
		mt.RawSetString(event, m.function(units, func(m *machine) int {
			x, y := m.signed(1, "left side of "+sign), m.signed(2, "right side of "+sign)
			return m.pushSigned(f(&x, &y))
		}))
	}
	binary("__add", wideUnits, "+", func(x, y *signed) signed { return x.add(y) })
	binary("__sub", wideUnits, "-", func(x, y *signed) signed {
		n := y.negate()
		return x.add(&n)
	})
	binary("__mul", wideMulUnits, "*", func(x, y *signed) signed { return x.mul(y) })
	binary("__div", wideDivUnits, "/", func(x, y *signed) signed {
		m.nonZero(&y.mag)
		var mag wide
		return makeSigned(x.neg != y.neg, mag.Div(&x.mag, &y.mag))
	})
	mt.RawSetString("__unm", m.function(wideUnits, func(m *machine) int {
		x := m.signed(1, "-")
		return m.pushSigned(x.negate())
	}))
	compare := func(event string, f func(x, y *signed) bool) {
		mt.RawSetString(event, m.function(wideUnits, func(m *machine) int {
			x, y := m.signed(1, "a compared value"), m.signed(2, "a compared value")
			return m.push(glua.LBool(f(&x, &y)))
		}))
	}
	compare("__lt", func(x, y *signed) bool { return x.less(y) })
	compare("__le", func(x, y *signed) bool { return !y.less(x) })
	compare("__eq", func(x, y *signed) bool { return *x == *y })

	lib.RawSetString("shr", m.function(wideUnits, func(m *machine) int {
		x := m.signed(1, "i256.shr")
		return m.pushSigned(x.shr(m.places("i256.shr")))
	}))
	lib.RawSetString("shl", m.function(wideUnits, func(m *machine) int {
		x := m.signed(1, "i256.shl")
		return m.pushSigned(x.shl(m.places("i256.shl")))
	}))
	lib.RawSetString("number", m.function(wideUnits, signedNumber))
	m.constructor("i256", lib, func(m *machine) int {
		if isWide(m.state.Get(2)) {
			x := m.wide(2, "i256")
			if x.Gt(&maxSigned) {
				m.raise("the u256 is above 2^255-1 and does not fit an i256")
			}
			return m.pushSigned(makeSigned(false, &x))
		}
		return m.pushSigned(m.signed(2, "i256"))
	})
}

func signedNumber(m *machine) int {
	x := m.signed(1, "i256.number")
	if !x.mag.IsUint64() || x.mag.Uint64() > maxInt {
		m.raise("the i256 is beyond 2^53 and does not fit a number")
	}
	n := glua.LNumber(x.mag.Uint64())
	if x.neg {
		n = -n
	}
	return m.push(n)
}
