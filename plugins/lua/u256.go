package lua

import (
	"github.com/holiman/uint256"
	glua "github.com/yuin/gopher-lua"

	"orrery/core/consensus"
)

// wide is the value of a u256: 0 … 2^256-1. It never changes once a script has
// it. Sums, products and shifts stop at 2^256-1; results below zero and
// divisions by zero are errors.
type wide = uint256.Int

// Units that the arithmetic costs besides the call.
const (
	wideUnits     = 1
	wideMulUnits  = 2
	wideDivUnits  = 4
	muldivUnits   = 8 // through 512 bits
	wideTextUnits = 16
)

var maxWide = *new(uint256.Int).SetAllOne()

// box keeps the value beside its userdata: one allocation instead of two.
type box struct {
	data  glua.LUserData
	value wide
}

func (m *machine) newWide(v *wide) glua.LValue {
	b := &box{value: *v}
	b.data = glua.LUserData{Value: &b.value, Env: m.state.Env, Metatable: m.wideType}
	return &b.data
}

func (m *machine) pushWide(v *wide) int { return m.push(m.newWide(v)) }

func isWide(v glua.LValue) bool {
	u, ok := v.(*glua.LUserData)
	if !ok {
		return false
	}
	_, ok = u.Value.(*wide)
	return ok
}

// wide takes argument i as a u256; a number becomes one.
func (m *machine) wide(i int, what string) wide {
	switch v := m.state.Get(i).(type) {
	case glua.LNumber:
		n := m.integer(v, what)
		if n < 0 {
			m.raise("%s: %d is negative, a u256 is not", what, n)
		}
		return *uint256.NewInt(uint64(n))
	case *glua.LUserData:
		if w, ok := v.Value.(*wide); ok {
			return *w
		}
	}
	m.raise("%s must be a u256 or a number, got %s", what, typeName(m.state.Get(i)))
	return wide{}
}

// openWide makes the global u256 and its operators.
func (m *machine) openWide() {
	lib := m.state.NewTable()
	m.wideType = m.state.NewTable()
	m.wideType.RawSetString("__index", lib)
	m.operator("__add", wideUnits, "+", func(x, y *wide) { sumWide(x, y) })
	m.operator("__sub", wideUnits, "-", func(x, y *wide) {
		if y.Gt(x) {
			m.raise("u256 subtraction below zero")
		}
		x.Sub(x, y)
	})
	m.operator("__mul", wideMulUnits, "*", func(x, y *wide) {
		if _, over := x.MulOverflow(x, y); over {
			*x = maxWide
		}
	})
	m.operator("__div", wideDivUnits, "/", func(x, y *wide) {
		m.nonZero(y)
		x.Div(x, y)
	})
	m.wideType.RawSetString("__unm", m.function(1, func(m *machine) int {
		m.raise("a u256 has no sign: use i256")
		return 0
	}))
	m.comparison(m.wideType, "__lt", func(x, y *wide) bool { return x.Lt(y) })
	m.comparison(m.wideType, "__le", func(x, y *wide) bool { return !x.Gt(y) })
	m.comparison(m.wideType, "__eq", func(x, y *wide) bool { return x.Eq(y) })

	lib.RawSetString("from_bits", m.function(wideUnits, fromBits))
	lib.RawSetString("muldiv", m.function(muldivUnits, mulDiv))
	lib.RawSetString("mod", m.function(wideDivUnits, wideMod))
	lib.RawSetString("shl", m.function(wideUnits, shiftLeft))
	lib.RawSetString("shr", m.function(wideUnits, shiftRight))
	lib.RawSetString("bits", m.function(wideUnits, func(m *machine) int {
		x := m.wide(1, "u256.bits")
		return m.push(glua.LNumber(consensus.TargetToCompact(&x)))
	}))
	lib.RawSetString("number", m.function(wideUnits, func(m *machine) int {
		x := m.wide(1, "u256.number")
		if !x.IsUint64() || x.Uint64() > maxInt {
			m.raise("the u256 is above 2^53 and does not fit a number")
		}
		return m.push(glua.LNumber(x.Uint64()))
	}))
	m.constructor("u256", lib, func(m *machine) int {
		if s, ok := signedOf(m.state.Get(2)); ok {
			if s.neg {
				m.raise("u256 of a negative i256")
			}
			return m.pushWide(&s.mag)
		}
		x := m.wide(2, "u256")
		return m.pushWide(&x)
	})
}

// constructor makes lib a read-only global that can be called. The call gets
// lib itself as its first argument.
func (m *machine) constructor(name string, lib *glua.LTable, f func(*machine) int) {
	mt := m.state.NewTable()
	mt.RawSetString("__call", m.function(wideUnits, f))
	lib.Metatable = mt
	m.global(name, lib)
}

func (m *machine) operator(event string, units int64, sign string, f func(x, y *wide)) {
	left, right := "left side of "+sign, "right side of "+sign
	m.wideType.RawSetString(event, m.function(units, func(m *machine) int {
		x, y := m.wide(1, left), m.wide(2, right)
		f(&x, &y)
		return m.pushWide(&x)
	}))
}

func (m *machine) comparison(mt *glua.LTable, event string, f func(x, y *wide) bool) {
	mt.RawSetString(event, m.function(wideUnits, func(m *machine) int {
		x, y := m.wide(1, "a compared value"), m.wide(2, "a compared value")
		return m.push(glua.LBool(f(&x, &y)))
	}))
}

func (m *machine) nonZero(y *wide) {
	if y.IsZero() {
		m.raise("division by zero")
	}
}

func sumWide(x, y *wide) {
	if _, over := x.AddOverflow(x, y); over {
		*x = maxWide
	}
}

func fromBits(m *machine) int {
	bits := m.integer(m.state.Get(1), "u256.from_bits")
	if bits < 0 || bits > 0xffffffff {
		m.raise("u256.from_bits: %d is not a 32-bit number", bits)
	}
	target, negative, overflow := consensus.CompactToTarget(uint32(bits))
	if negative || overflow {
		m.raise("u256.from_bits: %08x is no target", bits)
	}
	return m.pushWide(&target)
}

func mulDiv(m *machine) int {
	x, y, z := m.wide(1, "u256.muldiv"), m.wide(2, "u256.muldiv"), m.wide(3, "u256.muldiv")
	m.nonZero(&z)
	if _, over := x.MulDivOverflow(&x, &y, &z); over {
		x = maxWide
	}
	return m.pushWide(&x)
}

func wideMod(m *machine) int {
	x, y := m.wide(1, "u256.mod"), m.wide(2, "u256.mod")
	m.nonZero(&y)
	x.Mod(&x, &y)
	return m.pushWide(&x)
}

// places takes argument 2 as a number of bits to shift by; 256 stands for all
// above.
func (m *machine) places(who string) uint {
	n := m.integer(m.state.Get(2), who)
	if n < 0 {
		m.raise("%s by %d places", who, n)
	}
	return uint(min(n, 256))
}

func shiftLeft(m *machine) int {
	x, n := m.wide(1, "u256.shl"), m.places("u256.shl")
	if x.BitLen()+int(n) > 256 && !x.IsZero() {
		x = maxWide
	} else {
		x.Lsh(&x, n)
	}
	return m.pushWide(&x)
}

func shiftRight(m *machine) int {
	x, n := m.wide(1, "u256.shr"), m.places("u256.shr")
	x.Rsh(&x, n)
	return m.pushWide(&x)
}
