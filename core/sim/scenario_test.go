package sim_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/sim"
)

var update = flag.Bool("update", false, "write the golden traces anew")

// TestScenarios plays the files of testdata and compares what happens with what
// happened before: testdata/NAME.golden. After a change of the protocol look at
// what
//
//	go test ./core/sim -run Scenarios -update; git diff
//
// shows.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, trace := play(t, string(text))
			if again, other := play(t, string(text)); again != got || other != trace {
				t.Fatalf("the trace is %v, and %v when it is played again", trace, other)
			}
			golden := strings.TrimSuffix(file, ".txt") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if line, g, w := firstDifference(got, string(want)); line > 0 {
				t.Errorf("%s, line %d:\n got %s\nwant %s", golden, line, g, w)
			}
		})
	}
}

func play(t *testing.T, text string) (string, sim.TraceHash) {
	t.Helper()
	m := chaintest.NewMaker(5)
	var b strings.Builder
	net, err := sim.Play(sim.Config{Params: m.Params, Rules: m.Rules}, text, func(s string) { b.WriteString(s + "\n") })
	if err != nil {
		lines := strings.Split(b.String(), "\n")
		t.Fatalf("%v; the last that happened:\n%s", err, strings.Join(lines[max(0, len(lines)-30):], "\n"))
	}
	return b.String(), net.Trace()
}

// firstDifference returns the number of the first line that differs, 0 when
// none does.
func firstDifference(got, want string) (line int, g, w string) {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		g, w = "(end)", "(end)"
		if i < len(a) {
			g = a[i]
		}
		if i < len(b) {
			w = b[i]
		}
		if g != w {
			return i + 1, g, w
		}
	}
	return 0, "", ""
}
