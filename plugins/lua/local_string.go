package lua

import (
	"fmt"
	"math"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

// magic are the characters that mean something in a pattern. Patterns escape
// the count of instructions, so there are none.
const magic = "^$*+?.([%-"

// openString makes the string library, and its functions methods of texts.
func (m *machine) openString() {
	t := m.frozen()
	for _, f := range []struct {
		name string
		body func(m *machine) int
	}{
		{"byte", stringByte}, {"char", stringChar}, {"find", stringFind}, {"format", stringFormat},
		{"len", func(m *machine) int { return m.push(glua.LNumber(len(m.argText(1, "string.len")))) }},
		{"lower", func(m *machine) int { return m.mapText("string.lower", 'A', 'Z', 'a'-'A') }},
		{"rep", stringRep},
		{"sub", stringSub},
		{"upper", func(m *machine) int { return m.mapText("string.upper", 'a', 'z', 'A'-'a') }},
	} {
		t.RawSetString(f.name, m.function(1, f.body))
	}
	m.global("string", t)
	m.state.GetMetatable(glua.LString("")).(*glua.LTable).RawSetString("__index", t)
}

// argText takes argument i as a text; a number becomes one.
func (m *machine) argText(i int, who string) string {
	switch v := m.state.Get(i).(type) {
	case glua.LString:
		return string(v)
	case glua.LNumber:
		return formatNumber(float64(v))
	}
	m.raise("%s wants a text, got %s", who, typeName(m.state.Get(i)))
	return ""
}

// pushText returns a new text that is not longer than allowed.
func (m *machine) pushText(s string) int {
	m.charge(int64(len(s)))
	m.allocate(int64(len(s)))
	return m.push(glua.LString(s))
}

// mapText moves ASCII letters; all other bytes stay.
func (m *machine) mapText(who string, from, to byte, by int) int {
	b := []byte(m.argText(1, who))
	m.charge(int64(len(b)))
	for i, c := range b {
		if c >= from && c <= to {
			b[i] = byte(int(c) + by)
		}
	}
	return m.pushText(string(b))
}

// stringSub is string.sub(s, from [, to]).
func stringSub(m *machine) int {
	s := m.argText(1, "string.sub")
	from := clampIndex(m.integer(m.state.Get(2), "string.sub: from"), len(s))
	to := clampIndex(m.optional(3, "string.sub: to", -1), len(s))
	from, to = max(from, 1), min(to, len(s))
	if from > to {
		return m.push(glua.LString(""))
	}
	return m.pushText(s[from-1 : to])
}

func stringByte(m *machine) int {
	s := m.argText(1, "string.byte")
	first := m.optional(2, "string.byte: from", 1)
	from := clampIndex(first, len(s))
	to := clampIndex(m.optional(3, "string.byte: to", first), len(s))
	from, to = max(from, 1), min(to, len(s))
	if from > to {
		return 0
	}
	m.charge(int64(to - from + 1))
	for i := from; i <= to; i++ {
		m.state.Push(glua.LNumber(s[i-1]))
	}
	return to - from + 1
}

func stringChar(m *machine) int {
	n := m.state.GetTop()
	m.fits(int64(n))
	b := make([]byte, n)
	for i := range b {
		c := m.integer(m.state.Get(i+1), "string.char: byte")
		if c < 0 || c > 255 {
			m.raise("string.char: %d is not between 0 and 255", c)
		}
		b[i] = byte(c)
	}
	return m.pushText(string(b))
}

func stringRep(m *machine) int {
	s := m.argText(1, "string.rep")
	n := m.integer(m.state.Get(2), "string.rep: times")
	if n <= 0 || s == "" {
		return m.push(glua.LString(""))
	}
	m.fits(min(n, math.MaxInt32) * int64(len(s)))
	return m.pushText(strings.Repeat(s, int(n)))
}

// stringFind is string.find(s, text [, from [, plain]]). A text that a pattern
// would read otherwise needs plain to be true, so that nobody is surprised.
func stringFind(m *machine) int {
	s, text := m.argText(1, "string.find"), m.argText(2, "string.find")
	from := max(clampIndex(m.optional(3, "string.find: from", 1), len(s)), 1)
	m.charge(int64(len(s) + len(text)))
	if !glua.LVAsBool(m.state.Get(4)) && strings.ContainsAny(text, magic) {
		m.raise("string.find: there are no patterns; to find %q as it stands write string.find(s, text, 1, true)", text)
	}
	at := strings.Index(s[from-1:], text)
	if at < 0 {
		return m.push(glua.LNil)
	}
	m.state.Push(glua.LNumber(from + at))
	m.state.Push(glua.LNumber(from + at + len(text) - 1))
	return 2
}

// stringFormat is string.format for %d %x %X %s %f and %%, with flags, and two
// digits of width and precision at most.
func stringFormat(m *machine) int {
	format := m.argText(1, "string.format")
	m.charge(int64(len(format)))
	var b strings.Builder
	arg := 1
	for {
		plain, rest, found := strings.Cut(format, "%")
		m.addText(&b, plain)
		if !found {
			break
		}
		if after, ok := strings.CutPrefix(rest, "%"); ok {
			m.addText(&b, "%")
			format = after
			continue
		}
		end := formatSpec(rest)
		if end == len(rest) {
			m.raise("string.format: the text ends within %q", "%"+oneLine(rest))
		}
		arg++
		if arg > m.state.GetTop() {
			m.raise("string.format: value %d is missing", arg-1)
		}
		m.addText(&b, m.formatOne(rest[:end], rest[end], m.state.Get(arg)))
		format = rest[end+1:]
	}
	m.allocate(int64(b.Len()))
	return m.push(glua.LString(b.String()))
}

// formatSpec is how many characters of s are flags, width and precision.
func formatSpec(s string) int {
	i := 0
	for i < len(s) && i < 5 && strings.IndexByte("-+ 0", s[i]) >= 0 {
		i++
	}
	i = twoDigits(s, i)
	if i < len(s) && s[i] == '.' {
		i = twoDigits(s, i+1)
	}
	return i
}

func twoDigits(s string, i int) int {
	for n := 0; n < 2 && i < len(s) && s[i] >= '0' && s[i] <= '9'; n++ {
		i++
	}
	return i
}

func (m *machine) formatOne(spec string, verb byte, v glua.LValue) string {
	const what = "string.format: value"
	m.charge(wideTextUnits)
	switch verb {
	case 'd', 'i':
		return fmt.Sprintf("%"+spec+"d", m.integer(v, what))
	case 'x', 'X':
		n := m.integer(v, what)
		if n < 0 {
			m.raise("%s of %%%c is negative: %d", what, verb, n)
		}
		return fmt.Sprintf("%"+spec+string(verb), n)
	case 's':
		return fmt.Sprintf("%"+spec+"s", m.plainText(v, "string.format"))
	case 'f':
		n, ok := v.(glua.LNumber)
		if !ok {
			m.raise("%s must be a number, got %s", what, typeName(v))
		}
		return fmt.Sprintf("%"+spec+"f", float64(n))
	}
	m.raise("string.format: there is no %%%s; there are %%d %%x %%X %%s %%f", oneLine(string(verb)))
	return ""
}
