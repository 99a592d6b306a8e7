package lua

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// Units of what only local scripts have.
const (
	protectUnits = 512 // a failed pcall: gopher-lua writes down the whole stack
	printUnits   = 64
	textUnits    = 16 // bytes of two texts that are compared for one unit
	maxPrinted   = 10 // lines that one call may print; more are left out
)

// localState is what a call of a local hook sees besides its arguments.
type localState struct {
	punish  glua.LValue // the function, or nil
	peer    *glua.LTable
	fault   *glua.LTable
	asked   *glua.LTable // argument of assign
	request *policy.Request

	calling bool // false while the file is loaded
	now     int64
	seed    *rand.PCG
	random  *rand.Rand
	printed []string
}

// openLocal adds what may differ from node to node, and so has no place in a
// consensus script.
func (m *machine) openLocal() {
	s := &localState{punish: glua.LNil, seed: new(rand.PCG)}
	s.random = rand.New(s.seed)
	m.local = s
	m.global("pcall", m.function(1, protected))
	m.global("print", m.function(printUnits, printLine))
	m.global("tostring", m.function(1, func(m *machine) int { return m.push(glua.LString(m.plainText(m.state.Get(1), "tostring"))) }))
	m.global("seconds", m.function(1, func(m *machine) int {
		m.inCall("seconds")
		return m.push(glua.LNumber(m.local.now))
	}))
	m.global("random", m.function(2, randomNumber))
	t := m.state.Env.RawGetString("table").(*glua.LTable)
	t.RawSetString("concat", m.function(1, tableConcat))
	t.RawSetString("sort", m.function(1, tableSort))
	m.openString()
	if m.script.hook == policy.Admission {
		m.newPeer()
	} else {
		m.newRequest()
	}
}

// begin prepares a call. Equal times, seeds and numbers give equal results.
func (m *machine) begin(now int64, seed, number uint64) {
	m.local.calling, m.local.now, m.local.printed = true, now, nil
	m.local.seed.Seed(seed, number)
}

// inCall refuses what would make a state differ from others that load the same
// file.
func (m *machine) inCall(who string) {
	if !m.local.calling {
		m.raise("%s: not while the file is loaded: call it inside a function", who)
	}
}

// protected is pcall. What the limits stop stays stopped, and a fault of this
// program is never the script's.
func protected(m *machine) int {
	fn := m.state.Get(1)
	if fn.Type() != glua.LTFunction && m.state.GetMetaField(fn, "__call").Type() != glua.LTFunction {
		m.raise("pcall wants a function, got %s", typeName(fn))
	}
	nargs := m.state.GetTop() - 1
	m.charge(int64(nargs))
	err := m.state.PCall(nargs, glua.MultRet, nil)
	if err == nil {
		m.state.Insert(glua.LTrue, 1)
		m.charge(int64(m.state.GetTop()))
		return m.state.GetTop()
	}
	var api *glua.ApiError
	if !errors.As(err, &api) || api.Type != glua.ApiErrorRun {
		panic(err)
	}
	if m.reason != "" {
		m.state.Error(api.Object, 0)
	}
	m.charge(protectUnits)
	msg, ok := api.Object.(glua.LString)
	if !ok {
		msg = glua.LString("the error is a " + typeName(api.Object))
	}
	m.state.Push(glua.LFalse)
	m.state.Push(glua.LString(readable(string(msg))))
	return 2
}

// printLine keeps a line for the log, with the place that it came from.
func printLine(m *machine) int {
	m.inCall("print")
	n := m.state.GetTop()
	m.charge(int64(n))
	var parts []string
	for i := 1; i <= n; i++ {
		text := typeName(m.state.Get(i))
		switch m.state.Get(i).(type) {
		case *glua.LTable, *glua.LFunction:
		default:
			text = m.plainText(m.state.Get(i), "print")
		}
		m.charge(int64(len(text)))
		m.allocate(int64(len(text)))
		parts = append(parts, text)
	}
	if len(m.local.printed) < maxPrinted {
		line := m.state.Where(1) + " " + strings.Join(parts, " ")
		m.local.printed = append(m.local.printed, oneLine(line))
	}
	return 0
}

// plainText is tostring: tables and functions have no text, since it would show
// addresses.
func (m *machine) plainText(v glua.LValue, who string) string {
	switch v := v.(type) {
	case *glua.LNilType:
		return "nil"
	case glua.LBool:
		return v.String()
	case glua.LString, glua.LNumber, *glua.LUserData:
		return m.text(v)
	}
	m.raise("%s: a %s has no text", who, typeName(v))
	return ""
}

// randomNumber is random(most) or random(least, most): a whole number of that range.
func randomNumber(m *machine) int {
	m.inCall("random")
	low, high := int64(1), m.integer(m.state.Get(1), "random: highest number")
	if m.state.GetTop() > 1 {
		low, high = high, m.integer(m.state.Get(2), "random: highest number")
	}
	if low > high {
		m.raise("random: %d is above %d", low, high)
	}
	n := m.local.random.Int64N(high - low + 1) // at most 2^54 + 1
	if low+n > maxInt {
		n = maxInt - low
	}
	return m.push(glua.LNumber(low + n))
}

// tableConcat is table.concat(t [, separator [, from [, to]]]).
func tableConcat(m *machine) int {
	t := m.table(1, "table.concat")
	separator := ""
	if m.state.Get(2) != glua.LNil {
		separator = m.text(m.state.Get(2))
	}
	from, to := m.optional(3, "table.concat: from", 1), int64(0)
	if m.state.Get(4) == glua.LNil {
		to = int64(m.lengthOf(t))
	} else {
		to = m.integer(m.state.Get(4), "table.concat: to")
	}
	var b strings.Builder
	for i := from; i <= to; i++ { // a place without a text ends it
		m.charge(1)
		if i > from {
			m.addText(&b, separator)
		}
		m.addText(&b, m.text(t.RawGet(glua.LNumber(i))))
	}
	m.allocate(int64(b.Len()))
	return m.push(glua.LString(b.String()))
}

// optional takes argument i as a whole number, or what stands for it.
func (m *machine) optional(i int, what string, otherwise int64) int64 {
	if m.state.Get(i) == glua.LNil {
		return otherwise
	}
	return m.integer(m.state.Get(i), what)
}

// addText keeps a text that is being made within MaxString.
func (m *machine) addText(b *strings.Builder, s string) {
	m.fits(int64(b.Len()) + int64(len(s)))
	m.charge(int64(len(s)))
	b.WriteString(s)
}

// fits ends the script when a string would be too long. No pcall catches that.
func (m *machine) fits(size int64) {
	if size > MaxString {
		m.reason = policy.ReasonBudget
		m.raise("a string of %d bytes, at most %d are allowed", size, MaxString)
	}
}

// tableSort is table.sort(t [, before]). It sorts a copy: the function may do
// to t what it likes meanwhile. Equal items keep their order.
func tableSort(m *machine) int {
	t := m.writable(1, "table.sort")
	before := m.state.Get(2)
	if before != glua.LNil && before.Type() != glua.LTFunction {
		m.raise("table.sort wants a function, got %s", typeName(before))
	}
	n := m.lengthOf(t)
	m.charge(2 * int64(n))
	m.allocate(slotBytes * int64(n))
	items := make([]glua.LValue, n)
	for i := range items {
		items[i] = t.RawGetInt(i + 1)
	}
	slices.SortStableFunc(items, func(a, b glua.LValue) int {
		m.charge(2)
		if before == glua.LNil {
			if s, ok := a.(glua.LString); ok {
				m.charge(int64(len(s)) / textUnits)
			}
			if m.state.LessThan(a, b) {
				return -1
			}
			return 0
		}
		m.state.Push(before)
		m.state.Push(a)
		m.state.Push(b)
		m.state.Call(2, 1)
		less := glua.LVAsBool(m.state.Get(-1))
		m.state.Pop(1)
		if less {
			return -1
		}
		return 0
	})
	for i, v := range items {
		m.set(t, glua.LNumber(i+1), v)
	}
	return 0
}

// clampIndex makes a position of Lua, from the end when negative, one of
// 0 … n+1.
func clampIndex(i int64, n int) int {
	if i < 0 {
		i = max(int64(n)+1+max(i, -math.MaxInt32), 0)
	}
	return int(min(i, int64(n)+1))
}
