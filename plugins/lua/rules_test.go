package lua

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/policy"
)

const (
	plainTarget  = "function target(chain) return chain:target(chain.height) end"
	plainSubsidy = "function subsidy(block) return 50 * coin end"
)

func manifestFor(difficulty, reward string) policy.Manifest {
	m := policy.Manifest{ABI: policy.ABI1, Budget: policy.DefaultBudget}
	m.Difficulty.Script = policy.HashScript([]byte(difficulty))
	m.Reward.Script = policy.HashScript([]byte(reward))
	return m
}

func TestNewRules(t *testing.T) {
	m := manifestFor(plainTarget, plainSubsidy)
	d, s := Source{"d.lua", []byte(plainTarget)}, Source{"r.lua", []byte(plainSubsidy)}
	chain := Chain{Spacing: 600, PowLimit: easyLimit}
	r, err := NewRules(m, d, s, chain)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := m.ID(); err != nil || r.ID() != id || id == (chainhash.Hash{}) {
		t.Errorf("id %v, want %v (%v)", r.ID(), id, err)
	}
	if err := r.Check(1_700_000_000, 0x207fffff); err != nil {
		t.Error(err)
	}

	changed := m
	changed.ABI = 2
	if _, err := NewRules(changed, d, s, chain); !errors.Is(err, policy.ErrMissing) {
		t.Errorf("abi 2: %v, want ErrMissing", err)
	}
	changed = m
	changed.Budget = 0
	if _, err := NewRules(changed, d, s, chain); err == nil {
		t.Error("budget 0 accepted")
	}
	if _, err := NewRules(m, s, d, chain); err == nil || !strings.Contains(err.Error(), "is not the difficulty script") {
		t.Errorf("swapped sources: %v", err)
	}
	if _, err := Compile(policy.Admission, "a.lua", []byte(plainTarget), testEnv()); err == nil {
		t.Error("a local hook compiled as a consensus one")
	}
}

// A script that does not compile is the same failure on every node: it has a
// place in the chain's history. Only Check, which creates and publishes ask,
// refuses it.
func TestBrokenScript(t *testing.T) {
	r := rules(t, "function target(chain)\n  return chain:\nend", plainSubsidy, testEnv())
	err := r.Check(1_700_000_000, 0x207fffff)
	if err == nil || !strings.HasPrefix(err.Error(), "difficulty.lua:3: syntax error") {
		t.Errorf("check: %v", err)
	}
	bits, scriptErr, err := policy.NextTarget(r, steadyChain(5, 600, 0x1b104be1), &easyLimit)
	if err != nil || scriptErr == nil || bits != 0x1b104be1 || scriptErr.Line != 3 {
		t.Errorf("%08x %v %v", bits, scriptErr, err)
	}
	if sat, err := r.Subsidy(policy.Reward{Height: 1}); err != nil || sat != 5_000_000_000 {
		t.Errorf("the other hook: %d %v", sat, err)
	}
}

func TestCheckNamesFileAndLine(t *testing.T) {
	tests := []struct{ name, difficulty, reward, want string }{
		{"at load", "local x = nil\nlocal y = x.field\n" + plainTarget, plainSubsidy,
			"difficulty.lua:2: attempt to index nil with key 'field'"},
		{"first block", "function target(chain)\n\n  return chain:target(chain.height - 1)\nend", plainSubsidy,
			"difficulty.lua:3: chain:target: height -1 is not between 0 and 0"},
		{"reward", plainTarget, "function subsidy(block)\n  return blok.height\nend",
			"reward.lua:2: attempt to index nil with key 'height'"},
		{"result", plainTarget, "\nfunction subsidy(block)\nend",
			"reward.lua:2: subsidy must return a whole number of satoshi, at least 0 and at most 2^53, got nil"},
		{"byte order mark", "\ufeff" + plainTarget, plainSubsidy, "difficulty.lua:1: the file starts with a byte order mark: save it as UTF-8 without one"},
		{"u256 == number", "function target(chain)\n  if pow_limit == 5 then end\n  return pow_limit\nend", plainSubsidy,
			"difficulty.lua:2: u256 == number is never equal: convert one side, as in u256(n)"},
		{"u256 < number", plainTarget, "function subsidy(block)\n  if block.height > 9 and u256(5) < 6 then return 5 end\n  return 6\nend",
			"reward.lua:2: u256 < number is an error: convert one side, as in u256(n)"},
		{"result of a host function", "target = type", plainSubsidy, "difficulty.lua: target must return a u256, got string"},
		{"parameters", "assert(params.window, 'params.window is missing')\n" + plainTarget, plainSubsidy,
			"difficulty.lua:1: params.window is missing"},
	}
	for _, tt := range tests {
		err := rules(t, tt.difficulty, tt.reward, testEnv()).Check(1_700_000_000, 0x207fffff)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
}

// The scripts that come with the program pass on a chain of one block.
func TestCheckLibrary(t *testing.T) {
	for _, hook := range []string{"difficulty", "reward"} {
		entries, err := os.ReadDir("../../scripts/library/" + hook)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := strings.TrimSuffix(e.Name(), ".lua")
			var r *Rules
			if hook == "difficulty" {
				r = rules(t, librarySource(t, hook, name), "", testEnv())
			} else {
				r = rules(t, "", librarySource(t, hook, name), testEnv())
			}
			if err := r.Check(1_700_000_000, 0x207fffff); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if w := r.Warnings(); len(w) > 0 {
				t.Errorf("%s: %v", name, w)
			}
		}
	}
}

// panicking is a host whose callback fails (failure 102): that is our fault,
// and must never look like the script's.
type panicking struct{ *testChain }

func (panicking) Time(int32) int64 { panic("disk on fire") }

func TestHostPanic(t *testing.T) {
	r := rules(t, "function target(chain) chain:time(0) return chain:target(0) end", "", testEnv())
	c := steadyChain(3, 600, 0x1b104be1)
	for range 3 {
		_, err := r.Target(panicking{c})
		var s *policy.ScriptError
		if err == nil || errors.As(err, &s) || !strings.Contains(err.Error(), "disk on fire") {
			t.Fatalf("%v must be a fault of this node", err)
		}
		if _, _, err := policy.NextTarget(r, panicking{c}, &easyLimit); err == nil {
			t.Fatal("a fault of this node got an answer")
		}
	}
	if _, err := r.Target(c); err != nil { // and the node lives
		t.Fatal(err)
	}
}

// Results and counts do not depend on what ran before, nor on which machine.
func TestFreshAndReused(t *testing.T) {
	chains := []*testChain{steadyChain(0, 0, 0x1b104be1), steadyChain(10, 300, 0x1b104be1), steadyChain(300, 900, 0x1b104be1), steadyChain(61, 600, 0x1b0fffff)}
	for _, name := range []string{"asert", "bitcoin", "dgw", "digishield", "fixed", "homestead", "lwma", "wtema"} {
		source := librarySource(t, "difficulty", name)
		reused := rules(t, source, "", testEnv())
		for range 3 {
			for _, c := range chains {
				got, units, err := reused.TargetTrace(c)
				want, wantUnits, wantErr := rules(t, source, "", testEnv()).TargetTrace(c)
				if err != nil || wantErr != nil || got != want || units != wantUnits {
					t.Errorf("%s: reused %s in %d (%v), fresh %s in %d (%v)", name, got.Hex(), units, err, want.Hex(), wantUnits, wantErr)
				}
			}
		}
		if n := len(reused.difficulty.script.idle); n != 1 {
			t.Errorf("%s: %d machines after calls one by one", name, n)
		}
	}
}

// An array that one call made long must not show in the next.
func TestArraysKeepNothing(t *testing.T) {
	r := rules(t, `
function target(chain)
  local a = chain:times(0, chain.height)
  for i = 1, 20 do chain:bits_range(0, 0) end
  local n = 0
  for _ in pairs(a) do n = n + 1 end
  assert(n == #a and n == chain.height + 1)
  return chain:target(0)
end`, "", testEnv())
	var first int64
	for i, n := range []int{10, 8000, 10, 100, 10} {
		_, units, err := r.TargetTrace(steadyChain(n, 1, 0x1b104be1))
		if err != nil {
			t.Fatal(err)
		}
		if n == 10 && i == 0 {
			first = units
		}
		if n == 10 && units != first {
			t.Errorf("call %d: %d units, the first took %d", i, units, first)
		}
	}
	m, err := r.difficulty.script.take()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(m.chain.arrays); n < 1 || n > keptArrays {
		t.Errorf("%d arrays are kept", n)
	}
	for _, a := range m.chain.arrays {
		if arrayLen(a) > keptItems {
			t.Errorf("an array of %d items is kept", arrayLen(a))
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	r := rules(t, librarySource(t, "difficulty", "lwma"), librarySource(t, "reward", "tail"), testEnv())
	failing := rules(t, "function target(chain) if chain.height > 50 then error('no') end return chain:target(0) end", "", testEnv())
	want := make([]string, 120)
	for n := range want {
		v, err := r.Target(steadyChain(n, 599, 0x1b104be1))
		if err != nil {
			t.Fatal(err)
		}
		want[n] = v.Hex()
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 60 {
				n := (i*7 + g*13) % len(want)
				c := steadyChain(n, 599, 0x1b104be1)
				if v, err := r.Target(c); err != nil || v.Hex() != want[n] {
					t.Errorf("%d blocks: %s (%v), want %s", n, v.Hex(), err, want[n])
				}
				if _, err := failing.Target(c); (err != nil) != (n > 50) {
					t.Errorf("%d blocks: %v", n, err)
				}
				if _, err := r.Subsidy(policy.Reward{Height: int32(n), Issued: int64(n)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(r.difficulty.script.idle); n < 1 || n > maxIdle {
		t.Errorf("%d idle machines", n)
	}
}

// A machine that failed is not used again.
func TestFailedMachineIsDropped(t *testing.T) {
	r := rules(t, "function target(chain) error('no') end", "", testEnv())
	if n := len(r.difficulty.script.idle); n != 1 {
		t.Fatalf("%d machines after compiling", n)
	}
	scriptError(t, r.Check(0, 0x207fffff))
	if n := len(r.difficulty.script.idle); n != 0 {
		t.Errorf("%d machines after an error", n)
	}
}

// The budget is the manifest's, to the unit.
func TestBudgetIsExact(t *testing.T) {
	c := steadyChain(60, 600, 0x1b104be1)
	source := librarySource(t, "difficulty", "lwma")
	_, units, err := rules(t, source, "", testEnv()).TargetTrace(c)
	if err != nil {
		t.Fatal(err)
	}
	env := testEnv()
	env.Budget = units
	if _, used, err := rules(t, source, "", env).TargetTrace(c); err != nil || used != units {
		t.Errorf("with a budget of %d: used %d, %v", units, used, err)
	}
	env.Budget = units - 1
	_, used, err := rules(t, source, "", env).TargetTrace(c)
	if s := scriptError(t, err); s.Reason != policy.ReasonBudget || used != units-1 || s.Line == 0 {
		t.Errorf("with one unit less: used %d, %v", used, err)
	}
}
