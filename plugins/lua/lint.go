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
	// Wrong says that nobody can mean it: Check refuses the script. A chain that
	// has it goes on by what it does.
	Wrong bool
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
	kinds    map[string]kind   // locals by name; a name with two kinds is unknown
	used     map[string]bool   // params.KEY
	any      bool              // params is used in some other way
	own      *ast.FunctionExpr // the hook's
	changed  bool              // kinds, in this pass
	warnings []Warning
}

func lint(file string, chunk []ast.Stmt, hook policy.Hook, params policy.Params) []Warning {
	l := &linter{file: file, hook: hook, kinds: map[string]kind{}, used: map[string]bool{}}
	l.learnAll(chunk)
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

// learnAll goes over the script until nothing changes: a name may be set from
// one that turns out to have two kinds further down. What does not settle soon
// is left out.
func (l *linter) learnAll(chunk []ast.Stmt) {
	const most = 8
	for range most {
		l.changed = false
		(&walker{visit: l.learn}).block(chunk)
		if !l.changed {
			return
		}
	}
	for name := range l.kinds {
		l.kinds[name] = mixed
	}
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
		for i, name := range n.ParList.Names {
			if n != l.own || i > 0 {
				l.name(name, unknown)
			}
		}
	}
}

const mixed kind = "mixed"

func (l *linter) name(name string, k kind) {
	old, seen := l.kinds[name]
	switch {
	case k == unknown || old == mixed:
		k = mixed
	case seen && old != k:
		k = mixed
	}
	if !seen || old != k {
		l.kinds[name], l.changed = k, true
	}
}

// parameters knows what the hook's own function is given.
func (l *linter) parameters(n *ast.FuncDefStmt) {
	id, ok := n.Name.Func.(*ast.IdentExpr)
	if !ok {
		return
	}
	l.name(id.Value, unknown)
	want, err := entry(l.hook)
	if err != nil || id.Value != want || len(n.Func.ParList.Names) == 0 {
		return
	}
	if isLocal(l.hook) {
		return
	}
	l.own = n.Func
	k := chainKind
	if l.hook == policy.Subsidy {
		k = blockKind
	}
	l.name(n.Func.ParList.Names[0], k)
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
		l.warnings[len(l.warnings)-1].Wrong = true
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
		return methodKind(l.kindOf(e.Receiver), e.Method)
	}
	switch f := e.Func.(type) {
	case *ast.IdentExpr:
		if l.host(f) && (f.Value == "u256" || f.Value == "i256") {
			return kind(f.Value)
		}
	case *ast.AttrGetExpr:
		lib, _ := f.Object.(*ast.IdentExpr)
		name, _ := f.Key.(*ast.StringExpr)
		if lib == nil || name == nil || !l.host(lib) {
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

// methodKind is the result of a method of the host's values.
func methodKind(of kind, method string) kind {
	switch method {
	case "number", "bits":
		if of == wideKind || of == signedKind || of == chainKind {
			return numberKind
		}
	case "time", "median_time":
		if of == chainKind {
			return numberKind
		}
	case "target", "target_sum":
		if of == chainKind {
			return wideKind
		}
	case "shl", "shr", "muldiv", "mod":
		if arithmetic(of) {
			return of
		}
	}
	return unknown
}

// host says that the script has no variable of that name of its own.
func (l *linter) host(id *ast.IdentExpr) bool {
	_, own := l.kinds[id.Value]
	return !own
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
			found = append(found, Warning{File: file, Line: p.DbgSourcePositions[pc], Msg: fmt.Sprintf("'%s' is not defined", name)})
		}
	}
	for _, inner := range p.FunctionPrototypes {
		found = append(found, undefined(file, inner, globals)...)
	}
	return found
}
