package lua

import (
	"strings"
	"testing"
)

// Every operation whose work grows charges for it: by how much more, in units,
// than the few instructions of the call itself.
func TestCharges(t *testing.T) {
	const holes = "local t = {} t[1000] = 1 t[1000] = nil "
	tests := []struct {
		name, before, op string
		units            int64 // at least; and less than 40 more
	}{
		{"nothing", "", "local x = 1", 0},
		{"length of holes", holes, "local x = #t", 1000},
		{"next over holes", holes, "next(t)", 1000},
		{"next from the middle", "local t = {} t[1000] = 1", "next(t, 400)", 599},
		{"next over deleted keys", "local t = {} for i = 1, 500 do t['k' .. i] = 1 end for i = 1, 500 do t['k' .. i] = nil end", "next(t)", 500},
		{"a gap", "local t = {}", "t[1000] = 1", 1000},
		{"a constructor", "", "local t = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}", 20},
		{"a constructor with a gap", "", "local t = {[1000] = 1}", 1000},
		{"insert at the front", "local t = {} t[1000] = 1 for i = 1, 999 do t[i] = 1 end", "table.insert(t, 1, 1)", 1000},
		{"insert at the end", "local t = {} t[1000] = 1", "table.insert(t, 1)", 1},
		{"remove at the front", "local t = {} t[1000] = 1", "table.remove(t, 1)", 999},
		{"remove at the end", "local t = {} t[1000] = 1", "table.remove(t)", 0},
		{"concat", "local s = 'x' for i = 1, 8 do s = s .. s end", "local r = s .. s", 512},
		{"concat of a chain", "local s = 'x' for i = 1, 7 do s = s .. s end", "local r = s .. s .. s .. s", 512},
		{"concat of nothing", "local s = ''", "local r = s" + strings.Repeat(" .. s", 99), 100},
		{"text of a u256", "", "local r = 'x' .. pow_limit .. pow_limit .. pow_limit .. pow_limit", 4*wideTextUnits + 4*77},
		{"times", "", "chain:times(0, 999)", 1000},
		{"bits_range", "", "chain:bits_range(0, 999)", 1000},
		{"target_sum", "", "chain:target_sum(0, 999)", 2000},
		{"a function", "", "local f = function() end", closureUnits},
		{"varargs", "local function many(n, ...) if n == 0 then return ... end return many(n - 1, 1, 1, 1, 1, 1, ...) end\nlocal function f(...) local a = select('#', ...) end", "f(many(20))", 100},
		{"median", "", "chain:median_time(5)", medianUnits},
		{"muldiv", "", "u256.muldiv(1, 1, 1)", muldivUnits},
	}
	c := steadyChain(1000, 1, 0x1b104be1)
	for _, tt := range tests {
		run := func(body string) int64 {
			_, units, err := rules(t, "function target(chain) "+body+"\nreturn pow_limit end", "", testEnv()).TargetTrace(c)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			return units
		}
		got := run(tt.before+"\n"+tt.op) - run(tt.before)
		most := tt.units + 40
		if tt.name == "varargs" {
			most += 3000 // making the list is charged as well
		}
		if got < tt.units || got > most {
			t.Errorf("%s: %d units, want %d and at most %d", tt.name, got, tt.units, most)
		}
	}
}

// Memory is counted by lengths, to the byte.
func TestMemoryIsCounted(t *testing.T) {
	s, err := Compile("difficulty", "x.lua", []byte(`function target(chain)
  local t = {1, 2, 3}         -- 256 + 3 * 16
  t[10] = 1                   -- 7 * 16
  t.key = 1                   -- 16
  t.key = 2                   -- nothing
  table.insert(t, 1)          -- 16
  table.insert(t, 2, 1)       -- 16
  local s = 'abc' .. 'de'     -- 5
  chain:times(0, 9)           -- 256 + 10 * 16
  return pow_limit
end`), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.take()
	if err != nil {
		t.Fatal(err)
	}
	m.chain.begin(steadyChain(20, 1, 0x1b104be1))
	if _, err := m.call(m.chain.table); err != nil {
		t.Fatal(err)
	}
	const want = 256 + 3*16 + 7*16 + 16 + 2*16 + 5 + 256 + 10*16
	if got := maxMemory - m.memory; got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
}
