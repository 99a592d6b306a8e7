package core

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// allowedModules are the imports from outside the standard library that the
// core may use; see docs on packages.
var allowedModules = []string{
	"orrery/core",
	"github.com/btcsuite/btcd/wire/v2",
	"github.com/btcsuite/btcd/chainhash/v2",
	"github.com/btcsuite/btcd/txscript/v2",
	"github.com/btcsuite/btcd/btcec/v2", // schnorr takes its keys
	"github.com/holiman/uint256",
	"github.com/gowebpki/jcs",
}

// bannedStd are packages of the standard library that bring I/O, goroutines or
// chance; what lies below them is banned too.
var bannedStd = []string{"os", "net", "sync", "context", "log", "crypto/rand", "syscall", "unsafe"}

// bannedFuncs are functions of packages that are otherwise welcome. They are
// banned as values, too.
var bannedFuncs = map[string]func(name string) bool{
	"time": func(name string) bool {
		switch name {
		case "Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick":
			return true
		}
		return strings.HasPrefix(name, "New")
	},
	// What is left builds a generator from a seed.
	"math/rand":    func(name string) bool { return !strings.HasPrefix(name, "New") },
	"math/rand/v2": func(name string) bool { return !strings.HasPrefix(name, "New") },
	// slices.Sorted(maps.Keys(m)) is seen before this is asked.
	"maps": func(name string) bool { return name == "All" || name == "Keys" || name == "Values" },
}

// checked is one package of the core as the checker sees it.
type checked struct {
	path  string
	fset  *token.FileSet
	files []*ast.File
	info  *types.Info
}

// findings returns what breaks the rules of the core, in the order of the
// source.
func (c *checked) findings() []string {
	var out []string
	documented := false
	for _, f := range c.files {
		documented = documented || f.Doc != nil
		out = append(out, c.imports(f)...)
		out = append(out, c.bans(f)...)
	}
	if !documented {
		out = append(out, c.path+": no package comment")
	}
	return out
}

func (c *checked) imports(f *ast.File) []string {
	var out []string
	for _, im := range f.Imports {
		path, _ := strconv.Unquote(im.Path.Value)
		if !importAllowed(path) {
			out = append(out, c.at(im, "import of %s", path))
		}
	}
	return out
}

func importAllowed(path string) bool {
	std := !strings.Contains(strings.Split(path, "/")[0], ".") && !within(path, "orrery")
	if std {
		return !withinAny(path, bannedStd)
	}
	return withinAny(path, allowedModules)
}

func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func withinAny(path string, roots []string) bool {
	for _, r := range roots {
		if within(path, r) {
			return true
		}
	}
	return false
}

func (c *checked) bans(f *ast.File) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			out = append(out, c.at(n, "go statement"))
		case *ast.RangeStmt:
			if _, isMap := c.info.TypeOf(n.X).Underlying().(*types.Map); isMap {
				out = append(out, c.at(n, "range over a map"))
			}
		case *ast.SelectStmt:
			if ready := commClauses(n); ready > 1 {
				out = append(out, c.at(n, "select among %d channels takes any that is ready", ready))
			}
		case *ast.CallExpr:
			return !c.sortsKeys(n)
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				out = append(out, c.at(n, "func init"))
			}
		case *ast.Ident:
			if fn := c.function(n); fn != nil && isBanned(fn) {
				out = append(out, c.at(n, "use of %s", fn.FullName()))
			}
		}
		return true
	})
	return out
}

// function is the package-level function that an identifier means, or nil.
func (c *checked) function(id *ast.Ident) *types.Func {
	fn, ok := c.info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Signature().Recv() != nil {
		return nil
	}
	return fn.Origin()
}

func isBanned(fn *types.Func) bool {
	ban := bannedFuncs[fn.Pkg().Path()]
	return ban != nil && fn.Exported() && ban(fn.Name())
}

// sortsKeys matches slices.Sorted(maps.Keys(m)), the one way to walk a map.
func (c *checked) sortsKeys(call *ast.CallExpr) bool {
	if len(call.Args) != 1 || !c.calls(call, "slices.Sorted") {
		return false
	}
	inner, ok := call.Args[0].(*ast.CallExpr)
	return ok && c.calls(inner, "maps.Keys")
}

func (c *checked) calls(call *ast.CallExpr, name string) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn := c.function(sel.Sel)
	return fn != nil && fn.FullName() == name
}

// commClauses counts the cases of a select but its default.
func commClauses(s *ast.SelectStmt) int {
	n := 0
	for _, clause := range s.Body.List {
		if clause.(*ast.CommClause).Comm != nil {
			n++
		}
	}
	return n
}

func (c *checked) at(n ast.Node, format string, args ...any) string {
	return fmt.Sprintf("%s: %s", c.fset.Position(n.Pos()), fmt.Sprintf(format, args...))
}

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath     string
	Dir            string
	Export         string
	GoFiles        []string
	IgnoredGoFiles []string
	DepOnly        bool
}

// loader type-checks packages against the compiler's export data, which
// `go list` has the build cache produce.
type loader struct {
	fset    *token.FileSet
	exports map[string]string
	imports types.Importer
	pkgs    []listed // of the core
}

// newLoader also lists extra packages, so that samples may import them.
func newLoader(t *testing.T, extra ...string) *loader {
	t.Helper()
	args := append([]string{"list", "-deps", "-export", "-json=ImportPath,Dir,Export,GoFiles,IgnoredGoFiles,DepOnly", "./..."}, extra...)
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	l := &loader{fset: token.NewFileSet(), exports: map[string]string{}}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		l.exports[p.ImportPath] = p.Export
		if !p.DepOnly && within(p.ImportPath, "orrery/core") {
			l.pkgs = append(l.pkgs, p)
		}
	}
	l.imports = importer.ForCompiler(l.fset, "gc", func(path string) (io.ReadCloser, error) {
		if l.exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(l.exports[path])
	})
	return l
}

// load parses and type-checks the files of one package.
func (l *loader) load(p listed) (*checked, error) {
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(l.fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return l.check(p.ImportPath, files)
}

func (l *loader) check(path string, files []*ast.File) (*checked, error) {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: l.imports}
	if _, err := conf.Check(path, l.fset, files, info); err != nil {
		return nil, err
	}
	return &checked{path, l.fset, files, info}, nil
}
