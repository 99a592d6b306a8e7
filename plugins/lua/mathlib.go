package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"
)

// openMath offers the functions that give the same bits on every CPU: no
// powers, logarithms or trigonometry.
func (m *machine) openMath() {
	t := m.frozen()
	t.RawSetString("abs", m.unary("math.abs", math.Abs))
	t.RawSetString("ceil", m.unary("math.ceil", math.Ceil))
	t.RawSetString("floor", m.unary("math.floor", math.Floor))
	t.RawSetString("max", m.extreme("math.max", func(a, best float64) bool { return a > best }))
	t.RawSetString("min", m.extreme("math.min", func(a, best float64) bool { return a < best }))
	t.RawSetString("huge", glua.LNumber(math.Inf(1)))
	m.global("math", t)
}

func (m *machine) number(i int, who string) float64 {
	n, ok := m.state.Get(i).(glua.LNumber)
	if !ok {
		m.raise("%s wants numbers, got %s", who, typeName(m.state.Get(i)))
	}
	return float64(n)
}

func (m *machine) unary(who string, f func(float64) float64) *glua.LFunction {
	return m.function(1, func(m *machine) int { return m.push(glua.LNumber(f(m.number(1, who)))) })
}

func (m *machine) extreme(who string, better func(a, best float64) bool) *glua.LFunction {
	return m.function(1, func(m *machine) int {
		n := m.state.GetTop()
		m.charge(int64(n))
		best := m.number(1, who)
		for i := 2; i <= n; i++ {
			if v := m.number(i, who); better(v, best) {
				best = v
			}
		}
		return m.push(glua.LNumber(best))
	})
}
