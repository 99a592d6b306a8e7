package lua

import (
	"testing"

	"orrery/core/policy"
)

// What the functions of local scripts charge and take, as TestCharges has it
// for those of all scripts.
func TestLocalCharges(t *testing.T) {
	const text = "local s = ('x'):rep(400) "
	const many = "local t = {} for i = 1, 200 do t[i] = i end "
	tests := []struct {
		name, before, op string
		units            int64 // at least; and less than 40 more
		bytes            int64 // exactly
	}{
		{"nothing", "", "local x = 1", 0, 0},
		{"rep", "", "('x'):rep(400)", 400, 400},
		{"lower", text, "s:lower()", 800, 400},
		{"sub", text, "s:sub(2)", 399, 399},
		{"byte", text, "s:byte(1, -1)", 400, 0},
		{"char", "", "string.char(65, 66, 67)", 3, 3},
		{"find", text, "s:find('y')", 401, 0},
		{"format", text, "string.format('%s!', s)", 400 + wideTextUnits, 401},
		{"print", text, "print(s)", printUnits + 400, 400},
		{"tostring", "", "tostring(u256(5))", wideTextUnits, 0},
		{"concat", many, "table.concat(t)", 200 + 492, 492},
		{"sort", many, "table.sort(t)", 400 + 2*248, 3200}, // the comparisons of a stable sort,
		{"sort of texts", text, "table.sort({s, s, s})", 3*3 + 2*2 + 2*400/textUnits, tableBytes + 3*slotBytes + 3*slotBytes},
		{"a failing pcall", "", "pcall(error, 'x')", protectUnits, 0},
		{"values through pcall", "local function f(...) return ... end", "pcall(f, 1, 2, 3, 4, 5, 6, 7, 8, 9)", 3*9 + 1, 0},
		{"random", "", "random(5)", 2, 0},
	}
	for _, tt := range tests {
		run := func(body string) (units, bytes int64) {
			s, err := Compile(policy.Admission, "x.lua", []byte("function admit(peer) "+body+"\nreturn true end"), Env{Budget: policy.DefaultBudget})
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			_, err = s.callLocal(1, 1, 1, func(m *machine) error {
				_, _, err := m.admit(policy.Peer{})
				units, bytes = m.used(), maxMemory-m.memory
				return err
			})
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			return units, bytes
		}
		before, had := run(tt.before)
		after, has := run(tt.before + "\n" + tt.op)
		if got := after - before; got < tt.units || got > tt.units+40 {
			t.Errorf("%s: %d units, want %d and at most 40 more", tt.name, got, tt.units)
		}
		if got := has - had; got != tt.bytes {
			t.Errorf("%s: %d bytes, want %d", tt.name, got, tt.bytes)
		}
	}
}
