package lua

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"orrery/core/policy"
)

const slow = 10 * time.Second

// FuzzLuaSource feeds scripts: whatever they are, the outcome is a result or
// the script's own error, never a fault of this program, and it is the same
// with the same count in two fresh machines and in one that has already run.
func FuzzLuaSource(f *testing.F) {
	for _, pattern := range []string{"../../scripts/library/*/*.lua", "internal/corpus/hostile/*.lua", "testdata/local/*.lua"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds at %s: %v", pattern, err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	env := testEnv(policy.Param{Key: "window", Value: int64(5)})
	env.Budget = 20_000 // fast enough for many runs
	chain := steadyChain(30, 600, 0x1b104be1)
	f.Fuzz(func(t *testing.T, source []byte) {
		start := time.Now()
		for _, hook := range []policy.Hook{policy.Difficulty, policy.Subsidy, policy.Admission, policy.Assign} {
			first, second := evaluate(t, hook, source, env, chain), evaluate(t, hook, source, env, chain)
			if first != second {
				t.Fatalf("%s: first %+v, then %+v", hook, first, second)
			}
		}
		// Sixteen evaluations of 20,000 units take some milliseconds; the bound
		// leaves room for a busy machine and still catches uncounted work.
		if d := time.Since(start); d > slow {
			t.Fatalf("took %v", d)
		}
	})
}

// outcome is all that must be equal.
type outcome struct {
	value string
	units int64
	err   string
	class string
	line  int
}

func evaluate(t *testing.T, hook policy.Hook, source []byte, env Env, c *testChain) outcome {
	t.Helper()
	s, err := Compile(hook, "x.lua", source, env)
	if err != nil {
		return outcomeOf(t, "", 0, err)
	}
	r := &Rules{difficulty: hooked{script: s}, reward: hooked{script: s}}
	once := func() outcome {
		if isLocal(hook) {
			units, err := askLocal(t, s)
			return outcomeOf(t, "", units, err)
		}
		if hook == policy.Difficulty {
			v, units, err := r.TargetTrace(c)
			return outcomeOf(t, v.Hex(), units, err)
		}
		v, units, err := r.SubsidyTrace(policy.Reward{Height: 7, ParentTime: 1_700_000_000, Issued: 35})
		return outcomeOf(t, formatNumber(float64(v)), units, err)
	}
	first := once()
	if again := once(); again != first {
		t.Fatalf("%s: fresh %+v, reused %+v", hook, first, again)
	}
	return first
}

func outcomeOf(t *testing.T, value string, units int64, err error) outcome {
	t.Helper()
	if err == nil {
		return outcome{value: value, units: units}
	}
	var s *policy.ScriptError
	if !errors.As(err, &s) {
		t.Fatalf("a fault of this program: %v", err)
	}
	return outcome{units: units, err: s.Msg, class: s.Reason, line: s.Line}
}
