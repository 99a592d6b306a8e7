// Package lua runs policies: Lua scripts that say the target of the next block
// and the subsidy of a height (Rules), or who may connect and which ID a joiner
// gets (Local). Of the former, the consensus policies, every result, every
// error and every count of instructions is the same on all machines: no clock,
// no float that differs between CPUs, no memory of earlier calls. README.md
// says how.
package lua

import (
	"fmt"
	"sort"
	"sync"

	"github.com/holiman/uint256"
	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// Limits of abi 1. All of them are part of the rules: a script that one node
// stops must be stopped by every node at the same instruction.
const (
	MaxSource   = 64 << 10 // bytes of a script
	MaxNesting  = 100      // brackets, blocks and unary operators inside each other
	MaxString   = 512      // bytes of a string: comparing and hashing one costs a single unit
	maxMemory   = 4 << 20  // bytes a call, counted by lengths
	maxCalls    = 64       // functions inside each other
	maxIndex    = 1 << 16  // first integer key that is not kept in a table's array part
	minRegistry = 1024     // values on the Lua stack at first
	maxRegistry = 65536    // … and at most
)

// Env is what a script is compiled for. A local hook has no use for the chain's
// constants.
type Env struct {
	Params   policy.Params // the global params
	Budget   int64         // instruction units a call
	Spacing  int64         // the global spacing: seconds wanted between blocks
	PowLimit uint256.Int   // the global pow_limit
}

// Source is a script as read from a file or the archive.
type Source struct {
	File string // as people know it: it starts every error
	Text []byte
}

// Script is one compiled hook. It is safe for concurrent use.
type Script struct {
	hook     policy.Hook
	file     string
	env      Env
	proto    *glua.FunctionProto
	warnings []Warning

	mu   sync.Mutex
	idle []*machine // at most maxIdle; a machine that failed never comes back
}

// maxIdle is how many machines a script keeps: validation, the miner and an
// RPC call or two run at a time.
const maxIdle = 8

// entry is the function that each hook defines.
func entry(hook policy.Hook) (string, error) {
	switch hook {
	case policy.Difficulty:
		return "target", nil
	case policy.Subsidy:
		return "subsidy", nil
	case policy.Admission:
		return "admit", nil
	case policy.Assign:
		return "assign", nil
	}
	return "", fmt.Errorf("lua: %q is not a hook", hook)
}

// isLocal says whether a hook may differ from node to node.
func isLocal(hook policy.Hook) bool { return hook == policy.Admission || hook == policy.Assign }

// gopher-lua has this limit in a variable of its package only.
var setLimits = sync.OnceFunc(func() { glua.MaxArrayIndex = maxIndex })

// Compile parses, checks and loads a script. What is wrong with the script
// itself is a *policy.ScriptError, equal on every node; any other error is a
// fault of the caller or of this program.
func Compile(hook policy.Hook, file string, source []byte, env Env) (*Script, error) {
	if _, err := entry(hook); err != nil {
		return nil, err
	}
	if env.Budget < 1 {
		return nil, fmt.Errorf("lua: budget of %d units", env.Budget)
	}
	if err := env.Params.Validate(); err != nil {
		return nil, fmt.Errorf("lua: %w", err)
	}
	setLimits()
	s := &Script{hook: hook, file: file, env: env}
	if err := s.compile(source); err != nil {
		return nil, err
	}
	m, err := newMachine(s)
	if err != nil {
		return nil, err
	}
	s.warnings = append(s.warnings, undefined(s.file, s.proto, m.state.Env)...)
	sort.SliceStable(s.warnings, func(i, j int) bool { return s.warnings[i].Line < s.warnings[j].Line })
	s.put(m)
	return s, nil
}

// compile turns a panic of the parser or compiler into a plain error: it is
// our fault and not the script's.
func (s *Script) compile(source []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("lua: compiling %s: %v", s.file, r)
		}
	}()
	chunk, bad := parseSource(s.file, source)
	if bad == nil {
		s.warnings = lint(s.file, chunk, s.hook, s.env.Params)
		chunk, bad = rewrite(chunk)
	}
	if bad == nil {
		s.proto, bad = compileChunk(s.file, chunk)
	}
	if bad != nil {
		return s.scriptError(policy.ReasonError, bad.line, bad.msg)
	}
	return nil
}

// Warnings are what looks like a mistake but is not an error.
func (s *Script) Warnings() []Warning { return s.warnings }

// File is the name that the script was compiled under.
func (s *Script) File() string { return s.file }

func (s *Script) scriptError(reason string, line int, msg string) *policy.ScriptError {
	return &policy.ScriptError{Hook: s.hook, File: s.file, Line: line, Reason: reason, Msg: msg}
}

func (s *Script) take() (*machine, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		m := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return m, nil
	}
	s.mu.Unlock()
	return newMachine(s)
}

func (s *Script) put(m *machine) {
	s.mu.Lock()
	if len(s.idle) < maxIdle {
		s.idle = append(s.idle, m)
	}
	s.mu.Unlock()
}
