package lua

import (
	"fmt"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"orrery/core/policy"
)

// Warning is something in a script that looks like a mistake.
type Warning struct {
	File string
	Line int // 0: the whole file
	Msg  string
}

func (w Warning) String() string {
	if w.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Msg)
	}
	return fmt.Sprintf("%s: %s", w.File, w.Msg)
}

// kind is what the linter knows of a value before it exists.
type kind string

const (
	unknown    kind = ""
	numberKind kind = "number"
	wideKind   kind = "u256"
	signedKind kind = "i256"
	chainKind  kind = "chain" // the argument of target
	blockKind  kind = "block" // the argument of subsidy
)

// linter guesses kinds by following locals. It only speaks when it is sure of
// both sides, so it may miss a mistake but does not invent one.
type linter struct {
	file     string
	hook     policy.Hook
	kinds    map[string]kind // locals by name; a name with two kinds is unknown
	used     map[string]bool // params.KEY
	any      bool            // params is used in some other way
	warnings []Warning
}

func lint(file string, chunk []ast.Stmt, hook policy.Hook, params policy.Params) []Warning {
	l := &linter{file: file, hook: hook, kinds: map[string]kind{}, used: map[string]bool{}}
	(&walker{visit: l.learn}).block(chunk)
	(&walker{visit: l.check}).block(chunk)
	if !l.any {
		for _, p := range params {
			if !l.used[p.Key] {
				l.warn(0, "the parameter %q is set, but the script does not use it", p.Key)
			}
		}
	}
	return l.warnings
}

func (l *linter) warn(line int, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{File: l.file, Line: line, Msg: fmt.Sprintf(format, args...)})
}

// learn notes the kinds of names.
func (l *linter) learn(node any) {
	switch n := node.(type) {
	case *ast.LocalAssignStmt:
		for i, name := range n.Names {
			switch {
			case i < len(n.Exprs):
				l.name(name, l.kindOf(n.Exprs[i]))
			default:
				l.name(name, unknown)
			}
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if id, ok := to.(*ast.IdentExpr); ok {
				if i < len(n.Rhs) {
					l.name(id.Value, l.kindOf(n.Rhs[i]))
				} else {
					l.name(id.Value, unknown)
				}
			}
		}
	case *ast.NumberForStmt:
		l.name(n.Name, numberKind)
	case *ast.GenericForStmt:
		for _, name := range n.Names {
			l.name(name, unknown)
		}
	case *ast.FuncDefStmt:
		l.parameters(n)
	case *ast.FunctionExpr:
		for _, name := range n.ParList.Names {
			if l.kinds[name] != chainKind && l.kinds[name] != blockKind {
				l.name(name, unknown)
			}
		}
	}
}

const mixed kind = "mixed"

func (l *linter) name(name string, k kind) {
	old, seen := l.kinds[name]
	switch {
	case k == unknown:
		k = mixed
	case seen && old != k:
		k = mixed
	}
	l.kinds[name] = k
}

// parameters knows what the hook's own function is given.
func (l *linter) parameters(n *ast.FuncDefStmt) {
	id, ok := n.Name.Func.(*ast.IdentExpr)
	if !ok || len(n.Func.ParList.Names) == 0 {
		return
	}
	want, err := entry(l.hook)
	if err != nil || id.Value != want {
		return
	}
	k := chainKind
	if l.hook == policy.Subsidy {
		k = blockKind
	}
	if _, seen := l.kinds[n.Func.ParList.Names[0]]; !seen {
		l.kinds[n.Func.ParList.Names[0]] = k
	}
}

// check finds comparisons that are never true, and which parameters are read.
func (l *linter) check(node any) {
	switch n := node.(type) {
	case *ast.RelationalOpExpr:
		a, b := l.kindOf(n.Lhs), l.kindOf(n.Rhs)
		if !arithmetic(a) || !arithmetic(b) || a == b {
			return
		}
		what := "is an error"
		if n.Operator == "==" || n.Operator == "~=" {
			what = "is never equal"
		}
		l.warn(n.Line(), "%s %s %s %s: convert one side, as in u256(n)", a, n.Operator, b, what)
	case *ast.AttrGetExpr:
		if id, ok := n.Object.(*ast.IdentExpr); ok && id.Value == "params" {
			if key, ok := n.Key.(*ast.StringExpr); ok {
				l.used[key.Value] = true
			} else {
				l.any = true
			}
		}
	case paramsAlone:
		l.any = true
	}
}

func arithmetic(k kind) bool { return k == numberKind || k == wideKind || k == signedKind }

func (l *linter) kindOf(e ast.Expr) kind {
	switch e := e.(type) {
	case *ast.NumberExpr, *ast.UnaryLenOpExpr:
		return numberKind
	case *ast.UnaryMinusOpExpr:
		return l.kindOf(e.Expr)
	case *ast.ArithmeticOpExpr:
		return arithmeticKind(l.kindOf(e.Lhs), l.kindOf(e.Rhs))
	case *ast.IdentExpr:
		return l.identKind(e.Value)
	case *ast.AttrGetExpr:
		if k := l.kindOf(e.Object); k == chainKind || k == blockKind {
			return numberKind
		}
	case *ast.FuncCallExpr:
		return l.callKind(e)
	}
	return unknown
}

func arithmeticKind(a, b kind) kind {
	switch {
	case a == wideKind || b == wideKind:
		return wideKind
	case a == signedKind || b == signedKind:
		return signedKind
	case a == numberKind && b == numberKind:
		return numberKind
	}
	return unknown
}

func (l *linter) identKind(name string) kind {
	if k, ok := l.kinds[name]; ok {
		if k == mixed {
			return unknown
		}
		return k
	}
	switch name {
	case "pow_limit":
		return wideKind
	case "spacing", "coin":
		return numberKind
	}
	return unknown
}

// callKind knows the results of the host's functions.
func (l *linter) callKind(e *ast.FuncCallExpr) kind {
	if e.Func == nil {
		switch e.Method {
		case "number", "bits", "time", "median_time":
			return numberKind
		case "target", "target_sum":
			if l.kindOf(e.Receiver) == chainKind {
				return wideKind
			}
		case "shl", "shr", "muldiv", "mod":
			return l.kindOf(e.Receiver)
		}
		return unknown
	}
	switch f := e.Func.(type) {
	case *ast.IdentExpr:
		if f.Value == "u256" || f.Value == "i256" {
			return kind(f.Value)
		}
	case *ast.AttrGetExpr:
		lib, _ := f.Object.(*ast.IdentExpr)
		name, _ := f.Key.(*ast.StringExpr)
		if lib == nil || name == nil {
			return unknown
		}
		switch {
		case lib.Value == "math":
			return numberKind
		case name.Value == "number" || name.Value == "bits":
			return unknown
		case lib.Value == "u256" || lib.Value == "i256":
			return kind(lib.Value)
		}
	}
	return unknown
}

// undefined finds globals that a script reads but nobody sets: a misspelt
// name, or something of Lua that consensus scripts do not have.
func undefined(file string, p *glua.FunctionProto, globals *glua.LTable) []Warning {
	var found []Warning
	for pc, inst := range p.Code {
		if int(inst>>26) != glua.OP_GETGLOBAL {
			continue
		}
		name := p.Constants[inst&0x3ffff].String()
		if globals.RawGetString(name) == glua.LNil {
			found = append(found, Warning{file, p.DbgSourcePositions[pc], fmt.Sprintf("'%s' is not defined", name)})
		}
	}
	for _, inner := range p.FunctionPrototypes {
		found = append(found, undefined(file, inner, globals)...)
	}
	return found
}
