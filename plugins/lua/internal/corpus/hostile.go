package corpus

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"strings"

	"orrery/core/policy"
)

//go:embed hostile/*.lua
var hostileFiles embed.FS

// Case is a script that means harm, or is only wrong. Its first line says what
// must become of it.
type Case struct {
	Name   string
	Hook   policy.Hook
	Want   string // a policy.Reason, or "ok"
	Source []byte
}

// Hostile lists the files of the folder hostile and those too large for one.
// A file starts with "-- HOOK WANT: what it tries".
func Hostile() ([]Case, error) {
	entries, err := hostileFiles.ReadDir("hostile")
	if err != nil {
		return nil, err
	}
	var cases []Case
	for _, e := range entries { // sorted by name
		b, err := hostileFiles.ReadFile(path.Join("hostile", e.Name()))
		if err != nil {
			return nil, err
		}
		first, _, _ := bytes.Cut(b, []byte("\n"))
		f := strings.Fields(strings.TrimPrefix(string(first), "--"))
		if len(f) < 2 || !strings.HasSuffix(f[1], ":") {
			return nil, fmt.Errorf("hostile/%s: the first line must be -- HOOK WANT: what", e.Name())
		}
		cases = append(cases, Case{strings.TrimSuffix(e.Name(), ".lua"), policy.Hook(f[0]), strings.TrimSuffix(f[1], ":"), b})
	}
	return append(cases, generated()...), nil
}

// generated makes what no one writes by hand (failure 96).
func generated() []Case {
	script := func(body string) []byte {
		return []byte("function target(chain) " + body + " return chain:target(0) end")
	}
	repeat := strings.Repeat
	var args, locals, captured strings.Builder
	for i := range 230 {
		fmt.Fprintf(&args, "%d,", i)
		if i < 180 {
			fmt.Fprintf(&locals, "local l%d = %d ", i, i)
			fmt.Fprintf(&captured, "l%d + ", i)
		}
	}
	cases := []struct {
		name, want string
		source     []byte
	}{
		{"source-huge-unary", "error", []byte("x=" + repeat("- ", 5<<20) + "1")},
		{"source-unary", "error", script("x=" + repeat("-", 1) + repeat(" -", 30000) + "1")},
		{"source-not", "error", script("local x=" + repeat("not ", 15000) + "1")},
		{"source-braces", "error", []byte(repeat("{", 60000))},
		{"source-parens", "error", script("local x=" + repeat("(", 20000) + "1" + repeat(")", 20000))},
		{"source-calls", "error", script("local x=f" + repeat("()", 25000))},
		{"source-index", "error", script("local x=f" + repeat(".a", 25000))},
		{"source-sum", "error", script("local x=1" + repeat("+1", 25000))},
		{"source-concat", "error", script("local x='a'" + repeat("..'a'", 10000))},
		{"source-or", "error", script("local x=1" + repeat(" or 1", 10000))},
		{"source-elseif", "error", script("if 1 then " + repeat(" elseif 1 then ", 4000) + " end")},
		{"source-blocks", "error", script(repeat("do ", 5000) + repeat("end ", 5000))},
		{"source-functions", "error", script(repeat("local f=function() ", 2000) + repeat("end ", 2000))},
		{"source-long-comment", "ok", append(script(""), "--[["+repeat("(", 60000)+"]]"...)},
		{"source-brackets-in-text", "ok", script("local x='" + repeat("(", 200) + "'")},
		{"source-long-text", "error", script("local x='" + repeat("x", 513) + "'")},
		{"source-many-arguments", "error", script("target(" + args.String() + "1)")},
		{"source-nested-arguments", "error", script("local x=" + repeat("target(1,2,3,4,5,6,7,8,9,", 60) + "1" + repeat(")", 60))},
		{"source-many-locals", "error", script(locals.String() + locals.String())},
		{"source-many-fields", "error", script("local x={" + repeat("1,", 20000) + "}")},
		{"source-fields", "ok", script("local x={" + repeat("1,", 9999) + "2}; assert(#x == 10000 and x[10000] == 2)")},
		{"source-many-captures", "error", script(locals.String() + "local f=function() return " + captured.String() + "0 end")},
		{"source-binary", "error", []byte("\x1bLua\x51\x00\x01\x04\x08\x04\x08\x00")},
		{"source-zeros", "error", make([]byte, 1000)},
		{"source-not-utf8", "ok", script("local x='\xff\xfe'")},
		{"source-unended-text", "error", script("local x='")},
		{"source-unended-comment", "error", script("--[[")},
		{"source-empty", "error", nil},
	}
	var out []Case
	for _, c := range cases {
		out = append(out, Case{c.name, policy.Difficulty, c.want, c.source})
	}
	return out
}

// Run evaluates the case twice, once on a machine that has already run, and
// says the result; both must be the same.
func (c *Case) Run() (string, error) {
	ch := build("", 600, 100, 0x1b104be1, 600, 500)
	var difficulty, reward []byte
	if c.Hook == policy.Difficulty {
		difficulty = append([]byte{}, c.Source...)
	} else {
		reward = append([]byte{}, c.Source...)
	}
	r, err := compile(c.Name+".lua", difficulty, reward, 600, limits[0])
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.Name, err)
	}
	once := func() string {
		if c.Hook == policy.Difficulty {
			return target(r, &ch)
		}
		return subsidy(r, policy.Reward{Height: 100, ParentTime: 1_700_000_000, Issued: 5})
	}
	first := once()
	if second := once(); second != first {
		return "", fmt.Errorf("%s: first %s, then %s", c.Name, first, second)
	}
	return first, nil
}
