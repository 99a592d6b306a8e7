package lua_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"orrery/plugins/lua/internal/corpus"
)

var update = flag.Bool("update", false, "write the golden files anew: a change of results or counts needs a new abi")

const corpusGolden = "testdata/corpus.golden"

// checkGolden compares, and shows the first lines that differ.
func checkGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, file, got, want)
}

func compareGolden(t *testing.T, file string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i, shown := 0, 0; i < max(len(a), len(b)) && shown < 5; i++ {
		line := func(s []string) string {
			if i < len(s) {
				return s[i]
			}
			return "(nothing)"
		}
		if line(a) != line(b) {
			t.Errorf("%s:%d:\ngot  %s\nwant %s", file, i+1, line(a), line(b))
			shown++
		}
	}
}

// Results and instruction counts of library and hostile scripts are pinned:
// two versions of this program that differ here would split a network.
func TestCorpus(t *testing.T) {
	var out bytes.Buffer
	if err := corpus.Run(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "FAULT") {
		t.Error("a script made the program itself fail")
	}
	checkGolden(t, corpusGolden, out.Bytes())
}

// Every hostile script ends in the class that its first line says, on a
// machine that then still works.
func TestHostile(t *testing.T) {
	cases, err := corpus.Hostile()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		start := time.Now()
		got, err := c.Run()
		if err != nil {
			t.Error(err)
			continue
		}
		if d := time.Since(start); d > time.Second {
			t.Logf("%s took %v for two calls", c.Name, d.Round(time.Millisecond))
		}
		class, _, found := strings.Cut(got, ":")
		if !found {
			class = "ok"
		}
		if class != c.Want {
			t.Errorf("%s: %s, want %s", c.Name, got, c.Want)
		}
	}
}

// The same on other processors: GOAMD64=v3 lets the compiler fuse
// multiplications and additions, 386 has other integers, wasm other floats.
func TestCorpusOnOtherProcessors(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Log("left out: no go command here to build with")
		return
	}
	want, err := os.ReadFile(corpusGolden)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ name, env, runner string }{
		{"amd64-v1", "GOARCH=amd64 GOAMD64=v1", ""},
		{"amd64-v3", "GOARCH=amd64 GOAMD64=v3", ""},
		{"386", "GOARCH=386", ""},
		{"arm64", "GOARCH=arm64", ""},
		{"wasm", "GOOS=wasip1 GOARCH=wasm", "wasmtime"},
	} {
		t.Run(p.name, func(t *testing.T) {
			if p.runner != "" {
				if _, err := exec.LookPath(p.runner); err != nil {
					t.Logf("left out: no %s here to run %s", p.runner, p.name)
					return
				}
			} else if !strings.Contains(runnable(), p.name) {
				t.Logf("left out: %s/%s cannot run %s", runtime.GOOS, runtime.GOARCH, p.name)
				return
			}
			got, ok := buildAndRun(t, p.name, strings.Fields(p.env), p.runner)
			if ok {
				compareGolden(t, corpusGolden, got, want)
			}
		})
	}
}

// runnable names what this system starts without help.
func runnable() string {
	switch {
	case runtime.GOARCH == "amd64" && runtime.GOOS == "darwin":
		return "amd64-v1 amd64-v3"
	case runtime.GOARCH == "amd64":
		return "amd64-v1 amd64-v3 386"
	case runtime.GOARCH == "386":
		return "386"
	case runtime.GOARCH == "arm64":
		return "arm64"
	}
	return ""
}

func buildAndRun(t *testing.T, name string, env []string, runner string) ([]byte, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	binary := filepath.Join(t.TempDir(), "print")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./internal/corpus/print")
	build.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building for %s: %v\n%s", name, err, out)
	}
	run := exec.CommandContext(ctx, binary)
	if runner != "" {
		run = exec.CommandContext(ctx, runner, binary)
	}
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	if err := run.Run(); err != nil {
		// The Go runtime says so when the processor is too old; a kernel may
		// come without 32-bit support.
		if strings.Contains(stderr.String(), "microarchitecture") || strings.Contains(err.Error(), "exec format error") {
			t.Logf("left out: this machine cannot run %s", name)
			return nil, false
		}
		t.Fatalf("running for %s: %v\n%s", name, err, stderr.Bytes())
	}
	return stdout.Bytes(), true
}
