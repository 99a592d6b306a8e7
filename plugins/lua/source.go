package lua

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	glua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// refusal says why a script is not accepted, and in which line.
type refusal struct {
	line int
	msg  string
}

func refuse(line int, format string, args ...any) *refusal {
	return &refusal{line, fmt.Sprintf(format, args...)}
}

// parseSource checks size and nesting before the parser sees the script: the
// parser and the compiler recurse, and deep enough input ends the process.
func parseSource(file string, source []byte) ([]ast.Stmt, *refusal) {
	if len(source) > MaxSource {
		return nil, refuse(0, "the script has %d bytes, at most %d are allowed", len(source), MaxSource)
	}
	if bytes.HasPrefix(source, []byte("\ufeff")) {
		return nil, refuse(1, "the file starts with a byte order mark: save it as UTF-8 without one")
	}
	if bad := checkNesting(file, source); bad != nil {
		return nil, bad
	}
	chunk, err := parse.Parse(bytes.NewReader(source), file)
	if err != nil {
		return nil, syntaxRefusal(source, err)
	}
	return chunk, nil
}

// checkNesting reads the tokens as the parser will.
func checkNesting(file string, source []byte) *refusal {
	sc := parse.NewScanner(bytes.NewReader(source), file)
	lx := new(parse.Lexer)
	depth, unary := 0, 0
	for {
		tok, err := sc.Scan(lx)
		if err != nil {
			return syntaxRefusal(source, err)
		}
		switch tok.Type {
		case parse.EOF:
			return nil
		case '(', '[', '{', parse.TFunction, parse.TDo, parse.TIf, parse.TRepeat:
			depth++
		case ')', ']', '}', parse.TEnd, parse.TUntil:
			depth--
		}
		switch tok.Type {
		case '-', '#', parse.TNot:
			unary++
		default:
			unary = 0
		}
		if depth+unary > MaxNesting {
			return refuse(tok.Pos.Line, "more than %d levels of nesting", MaxNesting)
		}
	}
}

// syntaxRefusal keeps the parser's message and drops its layout. What is
// missing at the end of the file is told of its last line.
func syntaxRefusal(source []byte, err error) *refusal {
	var pe *parse.Error
	if !errors.As(err, &pe) {
		return refuse(0, "%s", oneLine(err.Error()))
	}
	msg := oneLine(pe.Message)
	if pe.Pos.Line == parse.EOF {
		lines := 1 + bytes.Count(bytes.TrimRight(source, "\n"), []byte("\n"))
		return refuse(lines, "%s at the end of the file", msg)
	}
	if tok := oneLine(pe.Token); tok != "" {
		msg += " near '" + tok + "'"
	}
	return refuse(pe.Pos.Line, "%s", msg)
}

// compileChunk makes bytecode of a rewritten chunk.
func compileChunk(file string, chunk []ast.Stmt) (*glua.FunctionProto, *refusal) {
	proto, err := glua.Compile(chunk, file)
	if err != nil {
		var ce *glua.CompileError
		if errors.As(err, &ce) {
			return nil, refuse(ce.Line, "%s", oneLine(ce.Message))
		}
		return nil, refuse(0, "%s", oneLine(err.Error()))
	}
	return proto, verify(proto)
}

// maxMessage is how much of a message is kept, in bytes: it ends in logs and
// RPC answers of every node.
const maxMessage = 400

// oneLine makes a message safe to show: valid UTF-8, no control characters,
// bounded.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	s = strings.TrimSpace(s)
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
