package lua

import (
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// Names of the host functions that take the place of operators whose work the
// VM does not count. No script can write these names.
const (
	hostLen     = "#"        // #v
	hostConcat  = ".."       // a .. b .. c
	hostMod     = "%"        // a % b
	hostSet     = "[]="      // t[k] = v
	hostTable   = "{}"       // after { … }
	hostVarargs = "..."      // … as a list
	hostClosure = "function" // after function … end
)

// Bounds that keep gopher-lua's compiler inside its 8-bit register numbers,
// which it does not check for temporary values.
const (
	maxDepth     = 200   // levels of the syntax tree
	maxRegisters = 190   // locals and temporary values of a function
	maxFields    = 10000 // items of one table constructor
	fieldsAtOnce = 50    // gopher-lua stores constructor items in blocks of this size
)

// rewriter replaces uncounted operators by calls, and refuses what has no
// place in a consensus script. Nodes that it makes carry the line of what they
// replace.
type rewriter struct {
	fn    *function
	depth int
	bad   *refusal // the first one
}

// function is the one whose body is being rewritten.
type function struct {
	outer  *function
	locals int  // live now, those that the compiler adds included
	dots   bool // uses …
}

// rewrite returns the chunk to compile.
func rewrite(chunk []ast.Stmt) ([]ast.Stmt, *refusal) {
	r := &rewriter{fn: new(function)}
	out := r.block(chunk)
	return out, r.bad
}

func (r *rewriter) fail(line int, format string, args ...any) {
	if r.bad == nil {
		r.bad = refuse(line, format, args...)
	}
}

// enter counts a level; it reports whether to go on.
func (r *rewriter) enter(line int) bool {
	r.depth++
	if r.depth > maxDepth {
		r.fail(line, "more than %d levels of nesting", maxDepth)
	}
	return r.bad == nil
}

func (r *rewriter) leave() { r.depth-- }

// room checks that n temporary values fit beside the locals.
func (r *rewriter) room(line, n int) {
	if r.fn.locals+n > maxRegisters {
		r.fail(line, "a function has more than %d local variables and values at once", maxRegisters)
	}
}

// block rewrites statements that have a scope of their own.
func (r *rewriter) block(stmts []ast.Stmt) []ast.Stmt {
	locals := r.fn.locals
	out := r.stmts(stmts)
	r.fn.locals = locals
	return out
}

func (r *rewriter) stmts(stmts []ast.Stmt) []ast.Stmt {
	out := make([]ast.Stmt, 0, len(stmts))
	for _, s := range stmts {
		if !r.enter(s.Line()) {
			return out
		}
		if l, ok := s.(*ast.LocalAssignStmt); ok {
			out = r.local(out, l)
		} else {
			out = append(out, r.stmt(s))
		}
		r.leave()
	}
	return out
}

func (r *rewriter) stmt(s ast.Stmt) ast.Stmt {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return r.assign(s)
	case *ast.FuncDefStmt:
		return r.funcDef(s)
	case *ast.FuncCallStmt:
		s.Expr = r.alone(s.Expr)
	case *ast.DoBlockStmt:
		s.Stmts = r.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = r.alone(s.Condition)
		s.Stmts = r.block(s.Stmts)
	case *ast.RepeatStmt:
		locals := r.fn.locals // the condition sees the block's locals
		s.Stmts = r.stmts(s.Stmts)
		s.Condition = r.alone(s.Condition)
		r.fn.locals = locals
	case *ast.IfStmt:
		s.Condition = r.alone(s.Condition)
		s.Then = r.block(s.Then)
		s.Else = r.block(s.Else)
	case *ast.NumberForStmt:
		r.numberFor(s)
	case *ast.GenericForStmt:
		r.genericFor(s)
	case *ast.ReturnStmt:
		r.room(s.Line(), r.list(s.Exprs))
	case *ast.BreakStmt:
	case *ast.LabelStmt, *ast.GotoStmt:
		r.fail(s.Line(), "goto is not part of Lua 5.1")
	default:
		r.fail(s.Line(), "unknown statement %T", s)
	}
	return s
}

func (r *rewriter) numberFor(s *ast.NumberForStmt) {
	locals := r.fn.locals
	s.Init = r.alone(s.Init)
	r.fn.locals++
	s.Limit = r.alone(s.Limit)
	r.fn.locals++
	if s.Step != nil {
		s.Step = r.alone(s.Step)
	}
	r.fn.locals += 2 // the step and the variable
	r.room(s.Line(), 0)
	s.Stmts = r.block(s.Stmts)
	r.fn.locals = locals
}

func (r *rewriter) genericFor(s *ast.GenericForStmt) {
	locals := r.fn.locals
	r.room(s.Line(), 3+r.list(s.Exprs))
	r.fn.locals += 3 + len(s.Names) // iterator, state and control are locals too
	r.room(s.Line(), 3)             // the loop instruction copies them for the call
	s.Stmts = r.block(s.Stmts)
	r.fn.locals = locals
}

// local splits `local f = function … end` in two: gopher-lua lets the function
// see f by the shape of that statement, which counting the function changes.
func (r *rewriter) local(out []ast.Stmt, s *ast.LocalAssignStmt) []ast.Stmt {
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if f, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			r.fn.locals++
			s.Exprs = nil
			return append(out, s, assignIdent(ident(s.Names[0], s.Line()), r.alone(f)))
		}
	}
	r.room(s.Line(), max(r.list(s.Exprs), len(s.Names)))
	r.fn.locals += len(s.Names)
	return append(out, s)
}

// funcDef makes `function a.b:c() end` the assignment that it stands for.
func (r *rewriter) funcDef(s *ast.FuncDefStmt) ast.Stmt {
	var target ast.Expr
	if s.Name.Func == nil {
		key := &ast.StringExpr{Value: s.Name.Method}
		key.SetLine(s.Line())
		method := &ast.AttrGetExpr{Object: s.Name.Receiver, Key: key}
		method.SetLine(s.Line())
		target = method
		s.Func.ParList.Names = append([]string{"self"}, s.Func.ParList.Names...)
	} else {
		target = s.Name.Func
	}
	a := &ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{s.Func}}
	a.SetLine(s.Line())
	a.SetLastLine(s.LastLine())
	return r.assign(a)
}

// assign sends every write into a table through the host, which counts the
// memory and knows the tables that may not change.
func (r *rewriter) assign(s *ast.AssignStmt) ast.Stmt {
	tables := false
	for _, l := range s.Lhs {
		if _, ok := l.(*ast.AttrGetExpr); ok {
			tables = true
		}
	}
	if !tables {
		r.room(s.Line(), max(r.list(s.Rhs), len(s.Lhs)))
		return s
	}
	if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
		return r.set(s.Lhs[0].(*ast.AttrGetExpr), s.Rhs[0], s.Line())
	}
	return r.assignMany(s)
}

func (r *rewriter) set(to *ast.AttrGetExpr, value ast.Expr, line int) ast.Stmt {
	call := hostCall(hostSet, line, to.Object, to.Key, oneValue(value))
	stmt := &ast.FuncCallStmt{Expr: call}
	stmt.SetLine(line)
	r.room(line, 1+r.list(call.Args))
	return stmt
}

// assignMany evaluates all tables, keys and values before the first write, as
// Lua does: do local o, k, v = …; set(o, k, v) … end.
func (r *rewriter) assignMany(s *ast.AssignStmt) ast.Stmt {
	line := s.Line()
	places, values := new(ast.LocalAssignStmt), new(ast.LocalAssignStmt)
	places.SetLine(line)
	values.SetLine(line)
	var writes []ast.Stmt
	for i, l := range s.Lhs {
		value := ident("(value "+strconv.Itoa(i)+")", line)
		values.Names = append(values.Names, value.Value)
		at, ok := l.(*ast.AttrGetExpr)
		if !ok {
			writes = append(writes, assignIdent(l, value))
			continue
		}
		table := ident("(table "+value.Value+")", line)
		key := ident("(key "+value.Value+")", line)
		places.Names = append(places.Names, table.Value, key.Value)
		places.Exprs = append(places.Exprs, oneValue(at.Object), oneValue(at.Key))
		writes = append(writes, &ast.FuncCallStmt{Expr: hostCall(hostSet, line, table, key, value)})
		writes[len(writes)-1].SetLine(line)
	}
	values.Exprs = s.Rhs
	do := &ast.DoBlockStmt{}
	do.SetLine(line)
	do.SetLastLine(line)
	locals := r.fn.locals
	do.Stmts = r.local(r.local(nil, places), values)
	r.room(line, 4) // one of the calls
	do.Stmts = append(do.Stmts, writes...)
	r.fn.locals = locals
	return do
}

func ident(name string, line int) *ast.IdentExpr {
	e := &ast.IdentExpr{Value: name}
	e.SetLine(line)
	return e
}

func assignIdent(to, value ast.Expr) ast.Stmt {
	s := &ast.AssignStmt{Lhs: []ast.Expr{to}, Rhs: []ast.Expr{value}}
	s.SetLine(to.Line())
	return s
}

// oneValue cuts a list to its first value, as parentheses do.
func oneValue(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// hostCall calls a host function for exactly one value.
func hostCall(name string, line int, args ...ast.Expr) *ast.FuncCallExpr {
	c := &ast.FuncCallExpr{Func: ident(name, line), Args: args, AdjustRet: true}
	c.SetLine(line)
	return c
}
