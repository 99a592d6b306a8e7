package lua

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// machine is one Lua state with a script loaded. It serves one call at a time
// and is thrown away after any error.
type machine struct {
	meter
	script *Script
	state  *glua.LState
	fn     glua.LValue // the hook's function

	wideType   *glua.LTable // metatable of u256
	signedType *glua.LTable // metatable of i256
	fixed      *glua.LTable // metatable of tables that no script may change

	chain *chainTable  // argument of target
	block *glua.LTable // argument of subsidy

	local *localState // of the local hooks only
}

func newMachine(s *Script) (*machine, error) {
	m := &machine{script: s}
	m.budget = s.env.Budget
	m.state = glua.NewState(glua.Options{
		CallStackSize:       maxCalls,
		RegistrySize:        minRegistry,
		RegistryMaxSize:     maxRegistry,
		RegistryGrowStep:    minRegistry,
		SkipOpenLibs:        true,
		IncludeGoStackTrace: true,
	})
	m.state.SetContext(m)
	m.fixed = m.state.NewTable()
	m.openBase()
	m.openTable()
	m.openMath()
	m.openWide()
	m.openSigned()
	m.openParams()
	if isLocal(s.hook) {
		m.openLocal()
	} else {
		m.openConstants()
		m.chain = newChain(m)
		m.block = m.frozen()
	}
	if err := m.load(); err != nil {
		return nil, err
	}
	return m, nil
}

// load runs the file once. What it defines stays; from then on nothing that a
// later call could see can change.
func (m *machine) load() error {
	m.reset()
	m.state.Push(m.state.NewFunctionFromProto(m.script.proto))
	if err := m.run(0, 0); err != nil {
		return err
	}
	name, err := entry(m.script.hook)
	if err != nil {
		return err
	}
	m.fn = m.state.Env.RawGetString(name)
	if m.fn.Type() != glua.LTFunction {
		return m.script.scriptError(policy.ReasonError, 0, fmt.Sprintf("the file defines no function %s", name))
	}
	if m.script.hook == policy.Admission {
		m.local.punish = m.state.Env.RawGetString("punish")
		if t := m.local.punish.Type(); t != glua.LTFunction && t != glua.LTNil {
			return m.script.scriptError(policy.ReasonError, 0, fmt.Sprintf("punish must be a function, it is a %s", t))
		}
	}
	m.freezeAll()
	return nil
}

// call runs the hook's function with one argument.
func (m *machine) call(arg glua.LValue) (glua.LValue, error) {
	m.reset()
	m.state.Push(m.fn)
	m.state.Push(arg)
	if err := m.run(1, 1); err != nil {
		return nil, err
	}
	v := m.state.Get(-1)
	m.state.SetTop(0)
	return v, nil
}

// run calls the function below the arguments on the stack. gopher-lua catches
// panics, but looks for the line of each frame then, and a function that a tail
// call could not make room for has none: that panics once more, past it.
func (m *machine) run(args, results int) (err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if line, ok := notEntered(m.state); ok {
			err = m.script.scriptError(policy.ReasonError, line, "registry overflow")
			return
		}
		err = fmt.Errorf("lua: running %s: %v", m.script.file, r)
	}()
	if err := m.state.PCall(args, results, nil); err != nil {
		return m.failure(err)
	}
	return nil
}

// notEntered returns the first line of the current function if it is Lua and
// none of its instructions has run. The VM only stops there when a tail call
// finds the registry full: any other call is entered after there is room.
func notEntered(l *glua.LState) (line int, ok bool) {
	top, ok := l.GetStack(0)
	if !ok {
		return 0, false
	}
	frame := reflect.ValueOf(top).Elem().FieldByName("frame").Elem()
	proto := frame.FieldByName("Fn").Elem().FieldByName("Proto")
	if proto.IsNil() || frame.FieldByName("Pc").Int() != 0 {
		return 0, false
	}
	return int(proto.Elem().FieldByName("LineDefined").Int()), true
}

// badResult is the script's error of answering with the wrong thing. Which
// return did is not known any more, so the line is the function's first.
func (m *machine) badResult(format string, args ...any) error {
	return m.badResultOf(m.fn, format, args...)
}

func (m *machine) badResultOf(of glua.LValue, format string, args ...any) error {
	line := 0
	if fn, ok := of.(*glua.LFunction); ok && fn.Proto != nil {
		line = fn.Proto.LineDefined
	}
	return m.script.scriptError(policy.ReasonResult, line, fmt.Sprintf(format, args...))
}

// failure tells a script's own error, which is a result, from a Go panic,
// which is a fault of this node and must never decide about a block.
func (m *machine) failure(err error) error {
	var api *glua.ApiError
	if !errors.As(err, &api) || api.Type != glua.ApiErrorRun {
		return fmt.Errorf("lua: running %s: %w", m.script.file, err)
	}
	msg := "the error is a " + typeName(api.Object) + ", not a text"
	if s, ok := api.Object.(glua.LString); ok {
		msg = string(s)
	}
	reason := m.reason
	if reason == "" {
		reason = policy.ReasonError
	}
	line, msg := splitPosition(m.script.file, msg)
	return m.script.scriptError(reason, line, readable(msg))
}

// splitPosition takes "file:line: " off a message.
func splitPosition(file, msg string) (int, string) {
	rest, ok := strings.CutPrefix(msg, file+":")
	if !ok {
		return 0, msg
	}
	digits, text, ok := strings.Cut(rest, ":")
	line, err := strconv.Atoi(digits)
	if !ok || err != nil || line < 1 {
		return 0, msg
	}
	return line, strings.TrimSpace(text)
}

var (
	address  = regexp.MustCompile(`\b(table|function|userdata): 0x[0-9a-f]+`)
	indexing = regexp.MustCompile(`^attempt to index a non-table object\((\w+)\) with key '(.*)'$`)
)

// readable removes addresses, which differ from run to run, and says in the
// usual words what gopher-lua words differently.
func readable(msg string) string {
	msg = oneLine(msg)
	msg = address.ReplaceAllString(msg, "$1")
	if strings.HasPrefix(msg, "attempt to compare ") && strings.Contains(msg, "userdata") {
		return "attempt to compare values of two kinds: convert one side, as in u256(n)"
	}
	return indexing.ReplaceAllString(msg, "attempt to index $1 with key '$2'")
}

// raise ends the script with its own error.
func (m *machine) raise(format string, args ...any) {
	m.state.RaiseError("%s", fmt.Sprintf(format, args...))
}

// function makes a host function that costs the given units besides what it
// charges itself.
func (m *machine) function(units int64, f func(m *machine) int) *glua.LFunction {
	return m.state.NewFunction(func(*glua.LState) int {
		m.charge(units)
		return f(m)
	})
}

func (m *machine) global(name string, v glua.LValue) { m.state.Env.RawSetString(name, v) }

// push returns one value to the script.
func (m *machine) push(v glua.LValue) int {
	m.state.Push(v)
	return 1
}
