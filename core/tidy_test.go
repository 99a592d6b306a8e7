// Package core holds the house test: the rules of docs/architecture.md that a
// compiler does not check. It has no code of its own.
package core

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxLines is how long a file may be.
const maxLines = 400

// TestCoreIsPure keeps clocks, I/O, goroutines, chance and map order out of
// the core, and everything that may not be imported there.
func TestCoreIsPure(t *testing.T) {
	l := newLoader(t)
	seen := 0
	for _, p := range l.pkgs {
		// This package, and those that only tests use: chaintest, storetest.
		if len(p.GoFiles) == 0 || strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		// Such a file would escape the checker.
		for _, name := range p.IgnoredGoFiles {
			t.Errorf("%s/%s: is left out on this platform; the core is the same on all", p.ImportPath, name)
		}
		c, err := l.load(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.findings() {
			t.Error(f)
		}
		seen++
	}
	if seen < 4 {
		t.Errorf("checked %d packages only: the list is not that of the core", seen)
	}
}

// TestPureCanFail runs the checker over sources that break one rule each, and
// over some that break none.
func TestPureCanFail(t *testing.T) {
	const doc = "// Package p is a sample.\n"
	tests := []struct{ name, source, want string }{
		{"no comment", "package p", "no package comment"},
		{"time.Now", doc + "package p\nimport \"time\"\nfunc f() time.Time { return time.Now() }", "use of time.Now"},
		{"time.Now as a value", doc + "package p\nimport clock \"time\"\nvar now = clock.Now", "use of time.Now"},
		{"dot import", doc + "package p\nimport . \"time\"\nvar now = Now", "use of time.Now"},
		{"time.Since", doc + "package p\nimport \"time\"\nvar f = time.Since", "use of time.Since"},
		{"time.Until", doc + "package p\nimport \"time\"\nvar f = time.Until", "use of time.Until"},
		{"time.Sleep", doc + "package p\nimport \"time\"\nvar f = time.Sleep", "use of time.Sleep"},
		{"time.After", doc + "package p\nimport \"time\"\nvar f = time.After", "use of time.After"},
		{"time.AfterFunc", doc + "package p\nimport \"time\"\nvar f = time.AfterFunc", "use of time.AfterFunc"},
		{"time.Tick", doc + "package p\nimport \"time\"\nvar f = time.Tick", "use of time.Tick"},
		{"time.NewTimer", doc + "package p\nimport \"time\"\nvar f = time.NewTimer", "use of time.NewTimer"},
		{"time.NewTicker", doc + "package p\nimport \"time\"\nvar f = time.NewTicker", "use of time.NewTicker"},
		{"time.Unix", doc + "package p\nimport \"time\"\nvar f, g = time.Unix, time.Second", ""},
		{"math/rand", doc + "package p\nimport \"math/rand\"\nvar n = rand.Intn(3)", "use of math/rand.Intn"},
		{"math/rand/v2", doc + "package p\nimport \"math/rand/v2\"\nvar n = rand.IntN(3)", "use of math/rand/v2.IntN"},
		{"generic global", doc + "package p\nimport \"math/rand/v2\"\nvar n = rand.N(3)", "use of math/rand/v2.N"},
		{"seeded generator", doc + "package p\nimport \"math/rand/v2\"\nvar n = rand.New(rand.NewPCG(1, 2)).IntN(3)", ""},
		{"os", doc + "package p\nimport _ \"os\"", "import of os"},
		{"os/exec", doc + "package p\nimport _ \"os/exec\"", "import of os/exec"},
		{"net", doc + "package p\nimport _ \"net\"", "import of net"},
		{"net/url", doc + "package p\nimport _ \"net/url\"", "import of net/url"},
		{"sync", doc + "package p\nimport _ \"sync\"", "import of sync"},
		{"sync/atomic", doc + "package p\nimport _ \"sync/atomic\"", "import of sync/atomic"},
		{"context", doc + "package p\nimport _ \"context\"", "import of context"},
		{"log", doc + "package p\nimport _ \"log\"", "import of log"},
		{"log/slog", doc + "package p\nimport _ \"log/slog\"", "import of log/slog"},
		{"crypto/rand", doc + "package p\nimport _ \"crypto/rand\"", "import of crypto/rand"},
		{"syscall", doc + "package p\nimport _ \"syscall\"", "import of syscall"},
		{"unsafe", doc + "package p\nimport _ \"unsafe\"", "import of unsafe"},
		{"crypto/sha256", doc + "package p\nimport _ \"crypto/sha256\"", ""},
		{"strings that start like a ban", doc + "package p\nimport _ \"math/bits\"", ""},
		{"a module that is not allowed", doc + "package p\nimport _ \"github.com/mr-tron/base58\"", "import of github.com/mr-tron/base58"},
		{"a module that is", doc + "package p\nimport _ \"github.com/holiman/uint256\"", ""},
		{"go", doc + "package p\nfunc f() { go f() }", "go statement"},
		{"select", doc + "package p\nfunc f(a, b chan int) { select { case <-a: case <-b: } }", "select among 2 channels"},
		{"select with default", doc + "package p\nfunc f(a chan int) { select { case <-a: default: } }", ""},
		{"init", doc + "package p\nfunc init() {}", "func init"},
		{"range over a map", doc + "package p\nfunc f(m map[int]int) { for range m { } }", "range over a map"},
		{"range over a named map", doc + "package p\ntype set map[int]bool\nfunc f(s set) { for k := range s { _ = k } }", "range over a map"},
		{"range over a map of another package", doc + "package p\nimport \"net/url\"\nfunc f(v url.Values) { for range v { } }", "range over a map"},
		{"maps.Keys", doc + "package p\nimport \"maps\"\nfunc f(m map[int]int) { for range maps.Keys(m) { } }", "use of maps.Keys"},
		{"maps.Values", doc + "package p\nimport \"maps\"\nfunc f(m map[int]int) { for range maps.Values(m) { } }", "use of maps.Values"},
		{"maps.All", doc + "package p\nimport \"maps\"\nfunc f(m map[int]int) { for range maps.All(m) { } }", "use of maps.All"},
		{"sorted keys", doc + "package p\nimport (\"maps\"; \"slices\")\nfunc f(m map[int]int) { for range slices.Sorted(maps.Keys(m)) { } }", ""},
		{"range over a slice", doc + "package p\nfunc f(s []int) { for range s { } }", ""},
	}
	l := newLoader(t, "time", "math/rand", "math/rand/v2", "os/exec", "net/url", "context", "log/slog", "crypto/rand", "sync/atomic", "syscall",
		"crypto/sha256", "math/bits", "maps", "slices", "github.com/mr-tron/base58", "github.com/holiman/uint256")
	for _, tt := range tests {
		f, err := parser.ParseFile(l.fset, "p.go", tt.source, parser.ParseComments)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		c, err := l.check("p", []*ast.File{f})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := c.findings()
		if tt.want == "" && len(got) > 0 {
			t.Errorf("%s: %v, want nothing", tt.name, got)
		}
		if tt.want != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.want) }) {
			t.Errorf("%s: %v, want %q", tt.name, got, tt.want)
		}
	}
}

// TestRepository keeps files short and imports pointing downward, everywhere.
func TestRepository(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		seen++
		for _, f := range fileFindings(filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator))), source) {
			t.Error(f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 40 {
		t.Errorf("saw %d files only: the walk does not begin at the top", seen)
	}
}

// fileFindings checks a file by its path below the repository.
func fileFindings(path string, source []byte) []string {
	var out []string
	if n := bytes.Count(source, []byte("\n")); n > maxLines {
		out = append(out, fmt.Sprintf("%s: %d lines, at most %d", path, n, maxLines))
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		return append(out, err.Error())
	}
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			out = append(out, path+": func init: nothing registers itself")
		}
	}
	for _, im := range f.Imports {
		to, _ := strconv.Unquote(im.Path.Value)
		if !downward("orrery/"+path, to) {
			out = append(out, fmt.Sprintf("%s: import of %s points the wrong way", path, to))
		}
	}
	return out
}

// downward says whether a file may import a package of this module: cmd →
// plugins, rpc, wallet → core, and no plugin another; what several of them need
// is below plugins/internal.
func downward(file, to string) bool {
	switch {
	case !within(to, "orrery"):
		return true
	case within(file, "orrery/core"):
		return within(to, "orrery/core")
	case within(to, "orrery/cmd"):
		return within(file, "orrery/cmd")
	case within(to, "orrery/plugins"):
		parts := strings.Split(file, "/")
		return within(file, "orrery/cmd") || within(file, "orrery/plugins") && within(to, "orrery/plugins/internal") || len(parts) > 3 && within(to, strings.Join(parts[:3], "/"))
	case within(to, "orrery/rpc"):
		return !within(file, "orrery/plugins")
	}
	return true
}

func TestRepositoryCanFail(t *testing.T) {
	tests := []struct{ path, source, want string }{
		{"rpc/a.go", "package a\n" + strings.Repeat("\n", maxLines), "401 lines"},
		{"rpc/a.go", "package a\n" + strings.Repeat("\n", maxLines-1), ""},
		{"rpc/a.go", "package a\nfunc init() {}\n", "func init"},
		{"rpc/a.go", "package a\ntype t int\nfunc (t) init() {}\n", ""},
		{"rpc/a.go", "package a\nimport _ \"orrery/plugins/lua\"\n", "orrery/plugins/lua"},
		{"rpc/a.go", "package a\nimport _ \"orrery/core/chain\"\n", ""},
		{"core/a/a.go", "package a\nimport _ \"orrery/rpc\"\n", "orrery/rpc"},
		{"plugins/lua/a.go", "package a\nimport _ \"orrery/plugins/miner\"\n", "orrery/plugins/miner"},
		{"plugins/lua/a.go", "package a\nimport _ \"orrery/plugins/lua/u256\"\n", ""},
		{"plugins/lua/a.go", "package a\nimport _ \"orrery/plugins/internal/file\"\n", ""},
		{"rpc/a.go", "package a\nimport _ \"orrery/plugins/internal/file\"\n", "orrery/plugins/internal/file"},
		{"plugins/lua/a.go", "package a\nimport _ \"orrery/rpc\"\n", "orrery/rpc"},
		{"plugins/lua/a.go", "package a\nimport _ \"orrery/cmd/internal/host\"\n", "orrery/cmd/internal/host"},
		{"cmd/orrery/a.go", "package a\nimport (_ \"orrery/plugins/lua\"; _ \"orrery/rpc\"; _ \"orrery/cmd/internal/host\")\n", ""},
		{"a.go", "package a\nimport _ \"orrery/plugins/lua\"\n", "orrery/plugins/lua"},
		{"wallet/a.go", "package a\nimport _ \"orrery/cmd/internal/host\"\n", "orrery/cmd/internal/host"},
	}
	for _, tt := range tests {
		got := fileFindings(tt.path, []byte(tt.source))
		if tt.want == "" && len(got) > 0 {
			t.Errorf("%s %.60q: %v, want nothing", tt.path, tt.source, got)
		}
		if tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("%s %.60q: %v, want %q", tt.path, tt.source, got, tt.want)
		}
	}
}
