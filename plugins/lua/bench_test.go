package lua

import (
	"strings"
	"testing"

	"orrery/core/policy"
)

// lwmaSingle is the library's lwma with one call a height: what ranges save.
const lwmaSingle = `
function target(chain)
  local n = math.min(60, chain.height)
  local first = chain.height - n
  local most, weighted, sum = 6 * spacing, 0, u256(0)
  local previous = chain:time(first) - spacing
  for i = 1, n do
    local time = chain:time(first + i)
    if time <= previous then time = previous + 1 end
    local took = time - previous
    if took > most then took = most end
    weighted = weighted + i * took
    previous = time
    sum = sum + chain:target(first + i)
  end
  weighted = math.max(weighted, math.floor(n * n * spacing / 20))
  return u256.muldiv(sum / n, 200 * weighted, 99 * n * (n + 1) * spacing)
end`

func TestLWMASingleIsTheSame(t *testing.T) {
	a := rules(t, librarySource(t, "difficulty", "lwma"), "", testEnv())
	b := rules(t, lwmaSingle, "", testEnv())
	c := steadyChain(200, 600, 0x1b104be1)
	for i := range c.times {
		c.times[i] += int64(i*i*7919%997) - 500
		c.bits[i] += uint32(i * 31)
	}
	x, errx := a.Target(c)
	y, erry := b.Target(c)
	if errx != nil || erry != nil || x != y {
		t.Fatalf("%s (%v) and %s (%v)", x.Hex(), errx, y.Hex(), erry)
	}
}

func benchTarget(b *testing.B, source string) {
	r := rules(b, source, "", testEnv())
	c := steadyChain(200, 600, 0x1b104be1)
	for b.Loop() {
		if _, err := r.Target(c); err != nil {
			b.Fatal(err)
		}
	}
	_, units, _ := r.TargetTrace(c)
	b.ReportMetric(float64(units), "units/op")
	b.ReportAllocs()
}

// BenchmarkLWMA60 is to stay below 15 µs: it runs for every header of a sync.
func BenchmarkLWMA60(b *testing.B) { benchTarget(b, librarySource(b, "difficulty", "lwma")) }

func BenchmarkLWMA60SingleCalls(b *testing.B) { benchTarget(b, lwmaSingle) }

func BenchmarkDifficulty(b *testing.B) {
	for _, name := range []string{"fixed", "bitcoin", "asert", "dgw", "digishield", "homestead", "wtema"} {
		b.Run(name, func(b *testing.B) { benchTarget(b, librarySource(b, "difficulty", name)) })
	}
}

func BenchmarkHalving(b *testing.B) {
	r := rules(b, "", librarySource(b, "reward", "halving"), testEnv())
	for b.Loop() {
		if _, err := r.Subsidy(policy.Reward{Height: 500_000}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
}

func BenchmarkCompile(b *testing.B) {
	source := []byte(librarySource(b, "difficulty", "lwma"))
	env := testEnv()
	for b.Loop() {
		if _, err := Compile(policy.Difficulty, "lwma.lua", source, env); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBudget is how long a script can hold a node up: it runs what is slow
// for its charge until the budget or the memory is used up.
func BenchmarkBudget(b *testing.B) {
	const text = "local s = 'x' for i = 1, 9 do s = s .. s end local r, t = s .. '', s .. '' "
	const captured = "a, b, c, d, e, f, g, h"
	values := strings.Repeat("a, ", 84) + "a"
	for _, w := range []struct{ name, body string }{
		{"nothing", "while true do end"},
		{"comparing texts", text + "while true do local a = r < t end"},
		{"comparing texts in a row", text + "while true do local a = r < t" + strings.Repeat(" or r < t", 60) + " end"},
		{"text keys", text + "local k = {[s] = 1} while true do local a = k[r] end"},
		{"new tables", "while true do local t = {} t.a = 1 end"},
		{"new ranges", "while true do chain:times(0, 0) end"},
		{"empty texts", "local s = '' while true do local a = s" + strings.Repeat(" .. s", 179) + " end"},
		{"many values", "local function r(k) local " + values + " if k == 0 then return end return " + values + ", r(k - 1) end while true do r(58) end"},
		{"u256 products", "while true do local a = pow_limit * pow_limit end"},
		{"open captures", "local function deep(q) local " + captured + " local z = function() return " + captured +
			" end if q > 0 then return 1 + deep(q - 1) end local function r() end while true do r() end end deep(55)"},
	} {
		b.Run(w.name, func(b *testing.B) {
			r := rules(b, "function target(chain) "+w.body+" end", "", testEnv())
			c := steadyChain(10, 600, 0x1b104be1)
			for b.Loop() {
				if _, err := r.Target(c); err == nil {
					b.Fatal("it ended")
				}
			}
		})
	}
}

// BenchmarkLocal is what a peer that says hello, or wants an ID, costs.
func BenchmarkLocal(b *testing.B) {
	admission, assign := librarySource(b, "admission", "netgroup"), librarySource(b, "assign", "parent_range")
	l := testLocal(b, admission, assign, nil)
	b.Run("admit", func(b *testing.B) {
		for b.Loop() {
			l.Admit(hostilePeer)
		}
	})
	b.Run("assign", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := l.Assign(hostileRequest); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLocalBudget is BenchmarkBudget for what only local hooks have. They
// run between two events of a node.
func BenchmarkLocalBudget(b *testing.B) {
	const text = "local s = ('x'):rep(512) local r = ('x'):rep(511) .. 'y' "
	for _, w := range []struct{ name, body string }{
		{"failing pcalls", "while true do pcall(error, 'x') end"},
		{"deep failing pcalls", "local function f(n) if n == 0 then error('x') end return (pcall(f, n - 1)) end while true do f(25) end"},
		{"deep stack", "local function f(n) if n > 0 then return 1 + f(n - 1) end while true do pcall(error, 'x') end end f(55)"},
		{"sorting", "local t = {} while true do for i = 1, 200 do t[i] = 200 - i end table.sort(t) end"},
		{"sorting texts", text + "local t = {} while true do for i = 1, 100 do t[i] = i % 2 == 0 and s or r end table.sort(t) end"},
		{"sorting by a function", "local t = {} for i = 1, 500 do t[i] = i % 7 end while true do table.sort(t, function(a, b) return a < b end) end"},
		{"finding", text + "while true do s:find('xxxxxxxy') end"},
		{"formatting", "while true do string.format('%99.99f', 0.1) end"},
		{"case", text + "while true do s:lower() end"},
		{"cutting", text + "while true do s:sub(1, 1) end"},
		{"bytes", text + "while true do s:byte(1, -1) end"},
		{"printing", text + "while true do print(s) end"},
		{"random numbers", "while true do random(1000) end"},
		{"joining", "local t = {} for i = 1, 200 do t[i] = '' end while true do table.concat(t) end"},
		{"open captures and pcall", "local function deep(q) local a, b, c, d, e, f, g, h local z = function() return a, b, c, d, e, f, g, h end if q > 0 then return 1 + deep(q - 1) end while true do pcall(error, 'x') end end deep(50)"},
	} {
		b.Run(w.name, func(b *testing.B) {
			s, err := Compile(policy.Admission, "x.lua", []byte("function admit(peer) "+w.body+" end"), Env{Budget: policy.DefaultBudget})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := askLocal(b, s); err == nil {
					b.Fatal("it ended")
				}
			}
		})
	}
}
