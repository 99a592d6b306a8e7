package lua

import (
	glua "github.com/yuin/gopher-lua"
)

// Bounds of one function's captured variables. The VM walks the list of open
// captures without counting, at every closure and return; these keep that walk
// short.
const (
	maxUpvalues = 32     // variables that one function takes from around it
	maxCaptured = 8      // locals of one function that inner ones take
	maxCode     = 100000 // instructions of a function: below the reach of a jump
)

// verify checks bytecode for what cannot be seen in the syntax tree, and that
// the rewriter left nothing uncounted behind.
func verify(proto *glua.FunctionProto) *refusal {
	return verifyProto(proto, true)
}

func verifyProto(p *glua.FunctionProto, main bool) *refusal {
	if len(p.DbgUpvalues) > maxUpvalues {
		return refuse(p.LineDefined, "a function uses %d variables from around it, at most %d are allowed", len(p.DbgUpvalues), maxUpvalues)
	}
	if len(p.Code) > maxCode {
		return refuse(p.LineDefined, "a function is longer than %d instructions", maxCode)
	}
	var captured [256]bool
	n := 0
	for pc := 0; pc < len(p.Code); pc++ {
		inst := p.Code[pc]
		line := p.DbgSourcePositions[pc]
		switch int(inst >> 26) {
		case glua.OP_SETGLOBAL:
			if !main {
				return refuse(line, "'%s' is not a local variable: a function may not set globals, write local", p.Constants[inst&0x3ffff].String())
			}
		case glua.OP_SETUPVAL:
			return refuse(line, "'%s' belongs to the code around this function: it may read it, but not set it", p.DbgUpvalues[inst&0x1ff])
		case glua.OP_LEN, glua.OP_CONCAT, glua.OP_MOD, glua.OP_POW:
			panic("lua: an operator was not rewritten")
		case glua.OP_CLOSURE:
			inner := p.FunctionPrototypes[inst&0x3ffff]
			// One pseudo instruction a captured variable follows.
			for range int(inner.NumUpvalues) {
				pc++
				reg := p.Code[pc] & 0x1ff
				if int(p.Code[pc]>>26) == glua.OP_MOVE && reg < 256 && !captured[reg] {
					captured[reg] = true
					n++
				}
			}
		}
	}
	if n > maxCaptured && !main {
		return refuse(p.LineDefined, "%d variables of a function are used by functions inside it, at most %d are allowed", n, maxCaptured)
	}
	for _, inner := range p.FunctionPrototypes {
		if bad := verifyProto(inner, false); bad != nil {
			return bad
		}
	}
	return nil
}
