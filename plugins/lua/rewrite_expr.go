package lua

import (
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// alone rewrites an expression that starts with no other value pending.
func (r *rewriter) alone(e ast.Expr) ast.Expr {
	out, n := r.expr(e)
	r.room(e.Line(), n)
	return out
}

// list rewrites a list in place and returns how many registers it takes at
// most. The bound is generous: what matters is that it is one.
func (r *rewriter) list(es []ast.Expr) int {
	most := 0
	for i := range es {
		var n int
		es[i], n = r.expr(es[i])
		most = max(most, i+n)
	}
	return most
}

// expr returns the expression to compile and how many registers its value and
// what is needed on the way take at most.
func (r *rewriter) expr(e ast.Expr) (ast.Expr, int) {
	if !r.enter(e.Line()) {
		return e, 0
	}
	defer r.leave()
	switch e := e.(type) {
	case *ast.TrueExpr, *ast.FalseExpr, *ast.NilExpr, *ast.IdentExpr:
		return e, 1
	case *ast.NumberExpr:
		r.number(e)
		return e, 1
	case *ast.StringExpr:
		if len(e.Value) > MaxString {
			r.fail(e.Line(), "a string has %d bytes, at most %d are allowed", len(e.Value), MaxString)
		}
		return e, 1
	case *ast.Comma3Expr:
		r.fn.dots = true
		if e.AdjustRet {
			return e, 2
		}
		call := hostCall(hostVarargs, e.Line(), e)
		call.AdjustRet = false
		return call, 3
	case *ast.FunctionExpr:
		r.function(e)
		return hostCall(hostClosure, e.Line(), e), 3
	case *ast.TableExpr:
		return hostCall(hostTable, e.Line(), e), 1 + r.table(e)
	case *ast.FuncCallExpr:
		return e, r.callExpr(e)
	}
	return r.operator(e)
}

func (r *rewriter) operator(e ast.Expr) (ast.Expr, int) {
	n := 0
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		return e, r.pair(&e.Object, &e.Key)
	case *ast.LogicalOpExpr:
		return e, r.pair(&e.Lhs, &e.Rhs)
	case *ast.RelationalOpExpr:
		return e, r.pair(&e.Lhs, &e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr, n = r.expr(e.Expr)
		return e, n
	case *ast.UnaryNotOpExpr:
		e.Expr, n = r.expr(e.Expr)
		return e, n
	case *ast.UnaryLenOpExpr:
		e.Expr, n = r.expr(oneValue(e.Expr))
		return hostCall(hostLen, e.Line(), e.Expr), 1 + n
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	case *ast.ArithmeticOpExpr:
		n = r.pair(&e.Lhs, &e.Rhs)
		switch e.Operator {
		case "^":
			r.fail(e.Line(), "'^' gives other results on other CPUs: multiply, or use u256.shl")
		case "%":
			return hostCall(hostMod, e.Line(), oneValue(e.Lhs), oneValue(e.Rhs)), 1 + n
		}
		return e, n
	}
	r.fail(e.Line(), "unknown expression %T", e)
	return e, 0
}

// pair rewrites two operands that are evaluated one after the other.
func (r *rewriter) pair(a, b *ast.Expr) int {
	var n, m int
	*a, n = r.expr(*a)
	*b, m = r.expr(*b)
	return max(n, 1+m)
}

// concat makes one call of a chain: a .. b .. c is right-associative, and each
// partial result would be charged again.
func (r *rewriter) concat(e *ast.StringConcatOpExpr) (ast.Expr, int) {
	line := e.Line()
	var args []ast.Expr
	for {
		args = append(args, oneValue(e.Lhs))
		next, ok := e.Rhs.(*ast.StringConcatOpExpr)
		if !ok {
			args = append(args, oneValue(e.Rhs))
			break
		}
		e = next
	}
	n := r.list(args)
	return hostCall(hostConcat, line, args...), 1 + n
}

func (r *rewriter) callExpr(e *ast.FuncCallExpr) int {
	n, base := 1, 1
	if e.Func != nil {
		e.Func, n = r.expr(e.Func)
	} else {
		e.Receiver, n = r.expr(e.Receiver)
		n += 2
		base = 2 // the method and the receiver
	}
	return max(n, base+r.list(e.Args)) + 1
}

func (r *rewriter) table(e *ast.TableExpr) int {
	if len(e.Fields) > maxFields {
		r.fail(e.Line(), "a table has %d items, at most %d are allowed", len(e.Fields), maxFields)
	}
	most, pending := 1, 0
	for _, f := range e.Fields {
		var n, m int
		if f.Key != nil {
			f.Key, n = r.expr(f.Key)
		}
		f.Value, m = r.expr(f.Value)
		most = max(most, 1+pending+n+m)
		if f.Key == nil {
			pending = (pending + 1) % fieldsAtOnce
		}
	}
	return most + 1
}

func (r *rewriter) function(e *ast.FunctionExpr) {
	r.fn = &function{outer: r.fn, locals: len(e.ParList.Names)}
	if e.ParList.HasVargs {
		r.fn.locals++ // gopher-lua's hidden arg
	}
	r.room(e.Line(), 0)
	e.Stmts = r.block(e.Stmts)
	if !r.fn.dots {
		// Without … the compiler would build the arg table of Lua 5.0 at each
		// call, uncounted. Superfluous arguments are dropped either way.
		e.ParList.HasVargs = false
	}
	r.fn = r.fn.outer
}

// number refuses literals that would silently become another number.
func (r *rewriter) number(e *ast.NumberExpr) {
	v := e.Value
	if len(v) > 1 && v[0] == '0' && v[1] >= '0' && v[1] <= '9' {
		r.fail(e.Line(), "number %s starts with a zero", v)
		return
	}
	// As gopher-lua reads it: an integer, hexadecimal too, or else a float.
	fits := false
	if i, err := strconv.ParseInt(v, 0, 64); err == nil {
		fits = i <= maxInt
	} else if f, err := strconv.ParseFloat(v, 64); err == nil {
		fits = f <= maxInt
	}
	if !fits {
		r.fail(e.Line(), "number %s is above 2^53: build it as a u256", v)
	}
}
