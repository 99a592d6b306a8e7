package lua

import (
	"strings"
	"testing"

	"orrery/core/policy"
)

func TestLint(t *testing.T) {
	window := policy.Param{Key: "window", Value: int64(5)}
	body := func(s string) string { return "function target(chain)\n" + s + "\nend" }
	tests := []struct {
		name, source string
		want         []string
	}{
		{"clean", body("return chain:target(chain.height - params.window)"), nil},
		{"unused parameter", body("return chain:target(0)"), []string{`x.lua: the parameter "window" is set, but the script does not use it`}},
		{"used by index", body("return chain:target(params['window'])"), nil},
		{"used as a whole", body("for k, v in pairs(params) do end return chain:target(0)"), nil},
		{"used by a name", body("local p = params return chain:target(p.window)"), nil},
		{"u256 == number", body("if chain:target(params.window) == 0 then return pow_limit end return pow_limit"),
			[]string{"x.lua:2: u256 == number is never equal: convert one side, as in u256(n)"}},
		{"number ~= u256 in a local", body("local t = chain:target_sum(0, params.window) / 2\nif 5 ~= t then return t end return t"),
			[]string{"x.lua:3: number ~= u256 is never equal: convert one side, as in u256(n)"}},
		{"u256 < number", body("local t = u256.from_bits(chain:bits(params.window)):shl(1)\nif t < #'abc' then return t end return t"),
			[]string{"x.lua:3: u256 < number is an error: convert one side, as in u256(n)"}},
		{"i256 and u256", body("if i256(params.window) == pow_limit then end return pow_limit"),
			[]string{"x.lua:2: i256 == u256 is never equal: convert one side, as in u256(n)"}},
		{"height and pow_limit", body("return chain.height == pow_limit and pow_limit or u256(params.window)"),
			[]string{"x.lua:2: number == u256 is never equal: convert one side, as in u256(n)"}},
		{"equal kinds", body("return chain:target(0) == u256(5) and chain:time(0) == params.window and chain.height == spacing and pow_limit or pow_limit"), nil},
		{"a name of two kinds", body("local t = 5\nif params.window then t = pow_limit end\nif t == 5 then return pow_limit end return pow_limit"), nil},
		{"converted", body("if chain:target(0):number() == 5 and u256.bits(pow_limit) == 7 and math.floor(params.window) == 5 then end return pow_limit"), nil},
		{"two kinds further down", body("local x = 5\nfor i = 1, params.window do\nlocal y = x\nif y == pow_limit then return y end\nx = pow_limit end return x"), nil},
		{"a host name of the script's own", "local math = {max = function() return pow_limit end}\nlocal function u256() return 5 end\n" +
			body("return math.max() == pow_limit and u256() == params.window and pow_limit or pow_limit"), nil},
		{"a method of the script's own", body("local t = {time = function() return pow_limit end}\nreturn t:time() == pow_limit and t:number(params.window) or pow_limit"), nil},
		{"the argument's name elsewhere", body("return pow_limit") + "\nlocal function f(chain) return chain.height == pow_limit and params.window end", nil},
		{"undefined", body("local x = tostring(params.window)\nreturn pow_limt"), []string{"x.lua:2: 'tostring' is not defined", "x.lua:3: 'pow_limt' is not defined"}},
		{"defined later", body("return helper(params.window)") + "\nfunction helper(n) return u256(n) end", nil},
	}
	for _, tt := range tests {
		s, err := Compile(policy.Difficulty, "x.lua", []byte(tt.source), testEnv(window))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, w := range s.Warnings() {
			got = append(got, w.String())
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.name, got, tt.want)
		}
	}
	s, err := Compile(policy.Subsidy, "x.lua", []byte("function subsidy(block) if block.height == u256(1) then end return 1 end"), testEnv())
	if err != nil || len(s.Warnings()) != 1 {
		t.Errorf("reward: %v %v", s.Warnings(), err)
	}
}
