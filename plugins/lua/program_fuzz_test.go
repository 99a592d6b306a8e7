package lua

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"orrery/core/policy"
)

// author writes programs that parse, from bytes: random text rarely gets past
// the parser, and what must never fail is the machine behind it.
type author struct {
	choices []byte
	out     strings.Builder
	depth   int
	locals  int
	base    int // first local of the present function: only those can be set
	inLoop  int
	dots    bool
	local   bool // for a local hook: with what only those have
}

func (a *author) choose(n int) int {
	if len(a.choices) == 0 {
		return 0
	}
	c := int(a.choices[0])
	a.choices = a.choices[1:]
	return c % n
}

func (a *author) name() string { return fmt.Sprintf("v%d", a.choose(max(a.locals, 1))) }

func (a *author) expr() string {
	a.depth++
	defer func() { a.depth-- }()
	if a.depth > 6 || len(a.choices) == 0 {
		return []string{"1", "2", "v0", "u256(3)", "'x'", "nil"}[a.choose(6)]
	}
	e := func() string { return a.expr() }
	switch a.choose(30) {
	case 0, 29:
		return fmt.Sprint(a.choose(256))
	case 1:
		return []string{"nil", "true", "false", "0/0", "math.huge", "-1", "0.5", "''", "'k'"}[a.choose(9)]
	case 2, 3, 4:
		return a.name()
	case 5:
		return "u256(" + e() + ")"
	case 6:
		return "i256(" + e() + ")"
	case 7, 8:
		return "(" + e() + []string{" + ", " - ", " * ", " / ", " % "}[a.choose(5)] + e() + ")"
	case 9:
		return "(" + e() + []string{" == ", " ~= ", " < ", " <= ", " > ", " >= "}[a.choose(6)] + e() + ")"
	case 10:
		return "(" + e() + []string{" and ", " or "}[a.choose(2)] + e() + ")"
	case 11:
		return "(not " + e() + ")"
	case 12:
		return "(-" + e() + ")"
	case 13:
		return "#" + a.name()
	case 14:
		return "(" + e() + " .. " + e() + ")"
	case 15:
		return "{" + e() + ", " + e() + "; k = " + e() + ", [" + e() + "] = " + e() + "}"
	case 16:
		return "{" + e() + ", f1(" + e() + ")}"
	case 17, 18:
		return a.name() + "[" + e() + "]"
	case 19:
		return a.name() + ".k"
	case 20:
		return a.name() + ":" + []string{"bits", "number", "shl", "k"}[a.choose(4)] + "(" + e() + ")"
	case 21:
		return []string{"f1", "f2", "select", "type", "next", "math.max", "u256.muldiv", "table.remove", "chain.time"}[a.choose(9)] + "(" + e() + ", " + e() + ", " + e() + ")"
	case 22:
		if a.local {
			return []string{"pcall", "pcall", "table.sort", "table.concat", "string.sub", "string.find", "string.format", "string.rep", "string.byte",
				"string.char", "tostring", "random", "print"}[a.choose(13)] + "(" + e() + ", " + e() + ", " + e() + ")"
		}
		return "chain:" + []string{"time", "bits", "target", "times", "bits_range", "target_sum", "median_time"}[a.choose(7)] + "(" + e() + ", " + e() + ")"
	case 23:
		return "chain." + []string{"height", "since", "k"}[a.choose(3)]
	case 24:
		return "(function(a, ...) " + a.inner() + " return a, ... end)"
	case 25:
		return "(function(a) return a end)(" + e() + ", " + e() + ")"
	case 26:
		if a.dots {
			return []string{"...", "(...)", "{...}", "select('#', ...)", "f1(...)"}[a.choose(5)]
		}
		return "pow_limit"
	case 27:
		return "params." + []string{"window", "k"}[a.choose(2)]
	case 28:
		return "u256." + []string{"from_bits", "mod", "shl"}[a.choose(3)] + "(" + e() + ", " + e() + ")"
	}
	return "(" + e() + ")"
}

func (a *author) inner() string {
	saved := a.out.String()
	a.out.Reset()
	loop, base := a.inLoop, a.base
	a.inLoop, a.base = 0, a.locals
	a.block(1)
	a.inLoop, a.base = loop, base
	text := a.out.String()
	a.out.Reset()
	a.out.WriteString(saved)
	return text
}

func (a *author) block(n int) {
	a.depth++
	defer func() { a.depth-- }()
	locals := a.locals
	for range 1 + a.choose(n+1) {
		if len(a.choices) == 0 || a.depth > 8 {
			break
		}
		a.stmt()
		a.out.WriteString("\n")
	}
	a.locals = locals
}

func (a *author) stmt() {
	w := func(s string) { a.out.WriteString(s) }
	e := a.expr
	switch a.choose(18) {
	case 0, 1:
		v := e()
		w(fmt.Sprintf("local v%d = %s", a.locals, v))
		a.locals++
	case 2:
		w(fmt.Sprintf("local v%d, v%d = %s, %s", a.locals, a.locals+1, e(), e()))
		a.locals += 2
	case 3, 4:
		w(a.name() + "[" + e() + "] = " + e())
	case 5:
		w(a.name() + ".k, " + a.name() + "[" + e() + "] = " + e() + ", " + e())
	case 6:
		w("if " + e() + " then ")
		a.block(2)
		w(" elseif " + e() + " then ")
		a.block(1)
		w(" else ")
		a.block(1)
		w(" end")
	case 7:
		w("while " + e() + " do ")
		a.loop()
		w(" end")
	case 8:
		w("repeat ")
		a.loop()
		w(" until " + e())
	case 9:
		w(fmt.Sprintf("for v%d = %s, %s do ", a.locals, e(), e()))
		a.locals++
		a.loop()
		a.locals--
		w(" end")
	case 10:
		w(fmt.Sprintf("for v%d, v%d in %s(%s) do ", a.locals, a.locals+1, []string{"pairs", "ipairs", "next,"}[a.choose(3)], e()))
		a.locals += 2
		a.loop()
		a.locals -= 2
		w(" end")
	case 11:
		w("do ")
		a.block(2)
		w(" end")
	case 12:
		w("table.insert(" + a.name() + ", " + e() + ")")
	case 13:
		w(fmt.Sprintf("local function v%d(a, ...) ", a.locals))
		a.locals++
		dots := a.dots
		a.dots = true
		w(a.inner())
		w(" return " + e() + " end")
		a.dots = dots
	case 14:
		w("f2(" + e() + ", " + e() + ")")
	case 15:
		if a.inLoop > 0 {
			w("if " + e() + " then break end")
		}
	case 16:
		if a.locals > a.base {
			w(fmt.Sprintf("v%d = %s", a.base+a.choose(a.locals-a.base), e()))
		}
	case 17:
		w("do return " + e() + " end")
	}
}

func (a *author) loop() {
	a.inLoop++
	a.block(2)
	a.inLoop--
}

func (a *author) program() string {
	a.locals, a.base = 1, 0
	a.out.WriteString("local v0 = {1, 2, 3, k = 4}\nlocal function f1(...) return ... end\nlocal function f2(a, b) return b, a end\n")
	name := "target"
	if a.local {
		name = "admit"
	}
	a.out.WriteString("function " + name + "(chain)\nlocal v0 = {1, 2, 3, k = 4}\n")
	a.block(8)
	a.out.WriteString("\nreturn " + a.expr() + "\nend\n")
	return a.out.String()
}

// FuzzLuaProgram is FuzzLuaSource for programs that parse.
func FuzzLuaProgram(f *testing.F) {
	rnd := rand.New(rand.NewSource(7))
	for range 200 {
		b := make([]byte, 20+rnd.Intn(400))
		rnd.Read(b)
		f.Add(b)
	}
	env := testEnv(policy.Param{Key: "window", Value: int64(5)})
	env.Budget = 20_000
	chain := steadyChain(30, 600, 0x1b104be1)
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) > 2000 {
			return
		}
		for _, hook := range []policy.Hook{policy.Difficulty, policy.Admission} {
			source := []byte((&author{choices: choices, local: isLocal(hook)}).program())
			first := evaluate(t, hook, source, env, chain)
			if second := evaluate(t, hook, source, env, chain); first != second {
				t.Fatalf("%s: first %+v, then %+v:\n%s", hook, first, second, source)
			}
		}
	})
}
