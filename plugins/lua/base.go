package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// openBase makes the plain functions and the ones behind operators.
func (m *machine) openBase() {
	m.global("assert", m.function(1, assert))
	m.global("error", m.function(1, raiseError))
	m.global("ipairs", m.ipairs())
	next := m.function(1, next)
	m.global("next", next)
	m.global("pairs", m.function(1, func(m *machine) int {
		m.state.Push(next)
		m.state.Push(m.table(1, "pairs"))
		m.state.Push(glua.LNil)
		return 3
	}))
	m.global("select", m.function(1, selectArgs))
	m.global("type", m.function(1, func(m *machine) int {
		if m.state.GetTop() == 0 {
			m.raise("type: a value is missing")
		}
		return m.push(glua.LString(typeName(m.state.Get(1))))
	}))
	m.global(hostConcat, m.function(1, concat))
	m.global(hostMod, m.function(1, modulo))
	m.global(hostVarargs, m.function(1, func(m *machine) int {
		n := m.state.GetTop()
		m.charge(int64(n))
		return n
	}))
	// The VM looks through its open captures for each captured variable.
	m.global(hostClosure, m.function(closureUnits, func(m *machine) int { return 1 }))
	m.noTextArithmetic()
}

// closureUnits pays for a closure of maxUpvalues variables.
const closureUnits = 64

// noTextArithmetic stops "10" + 1: reading a long text as a number would cost
// one instruction.
func (m *machine) noTextArithmetic() {
	mt := m.state.NewTable()
	refuse := m.function(1, func(m *machine) int {
		m.raise("arithmetic on a string")
		return 0
	})
	for _, op := range []string{"__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm"} {
		mt.RawSetString(op, refuse)
	}
	m.state.SetMetatable(glua.LString(""), mt)
}

// openParams gives a script its parameters.
func (m *machine) openParams() {
	params := m.frozen()
	for _, p := range m.script.env.Params {
		params.RawSetString(p.Key, paramValue(p))
	}
	m.global("params", params)
}

// openConstants gives a consensus script the constants of its chain.
func (m *machine) openConstants() {
	env := &m.script.env
	m.global("spacing", glua.LNumber(env.Spacing))
	m.global("pow_limit", m.newWide(&env.PowLimit))
	m.global("coin", glua.LNumber(100_000_000))
}

func paramValue(p policy.Param) glua.LValue {
	switch v := p.Value.(type) {
	case int64:
		return glua.LNumber(v)
	case string:
		return glua.LString(v)
	case bool:
		return glua.LBool(v)
	}
	panic("lua: a parameter was not validated")
}

func assert(m *machine) int {
	n := m.state.GetTop()
	m.charge(int64(n))
	if n == 0 {
		m.raise("assert: a value is missing")
	}
	if !glua.LVAsBool(m.state.Get(1)) {
		if s, ok := m.state.Get(2).(glua.LString); ok {
			m.raise("%s", string(s))
		}
		m.raise("assertion failed")
	}
	return n
}

// raiseError is error(message [, level]): level 2 blames the caller.
func raiseError(m *machine) int {
	msg, ok := m.state.Get(1).(glua.LString)
	if !ok {
		m.raise("error wants a text, got %s", typeName(m.state.Get(1)))
	}
	level := int64(1)
	if v := m.state.Get(2); v != glua.LNil {
		level = m.integer(v, "error: level")
	}
	where := ""
	if level == 1 || level == 2 {
		where = m.state.Where(int(level)) + " "
	}
	m.state.Error(glua.LString(where+string(msg)), 0)
	return 0
}

func selectArgs(m *machine) int {
	n := m.state.GetTop() - 1
	m.charge(int64(max(n, 0)))
	if m.state.Get(1) == glua.LString("#") {
		return m.push(glua.LNumber(n))
	}
	i := m.integer(m.state.Get(1), "select: position")
	switch {
	case i < 0 && i >= -int64(n):
		return int(-i)
	case i >= 1 && i <= int64(n):
		return n - int(i) + 1
	case i > int64(n):
		return 0
	}
	m.raise("select: position %d of %d values", i, n)
	return 0
}

// concat is a .. b .. c.
func concat(m *machine) int {
	n := m.state.GetTop()
	m.charge(int64(n)) // parts without a byte take time too
	parts := make([]string, n)
	size := 0
	for i := range parts {
		parts[i] = m.text(m.state.Get(i + 1))
		size += len(parts[i])
	}
	if size > MaxString {
		m.reason = policy.ReasonBudget
		m.raise("a string of %d bytes, at most %d are allowed", size, MaxString)
	}
	m.charge(int64(size))
	m.allocate(int64(size))
	return m.push(glua.LString(strings.Join(parts, "")))
}

// text is what concat accepts.
func (m *machine) text(v glua.LValue) string {
	switch v := v.(type) {
	case glua.LString:
		return string(v)
	case glua.LNumber:
		return formatNumber(float64(v))
	case *glua.LUserData:
		m.charge(wideTextUnits)
		switch n := v.Value.(type) {
		case *wide:
			return n.Dec()
		case *signed:
			return n.text()
		}
	}
	m.raise("attempt to concatenate a %s", typeName(v))
	return ""
}

// modulo is a % b. Of numbers it takes whole ones only: the general remainder
// can take thousands of steps.
func modulo(m *machine) int {
	a, b := m.state.Get(1), m.state.Get(2)
	if isWide(a) || isWide(b) {
		return wideMod(m)
	}
	x, y := m.integer(a, "left side of %"), m.integer(b, "right side of %")
	if y == 0 {
		m.raise("attempt to perform 'n %% 0'")
	}
	r := x % y
	if r != 0 && (r < 0) != (y < 0) {
		r += y // Lua rounds towards minus infinity
	}
	return m.push(glua.LNumber(r))
}
