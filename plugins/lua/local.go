package lua

import (
	"sync"
	"sync/atomic"

	"orrery/core/policy"
)

// LocalScript is a script of a local hook with its parameters. Without Text
// the built-in policy (policy.Defaults) answers.
type LocalScript struct {
	Source
	Params policy.Params
}

// LocalConfig says how a node decides about its peers.
type LocalConfig struct {
	Admission, Assign LocalScript
	// Seed starts the random numbers of the scripts: equal seeds and calls give
	// equal answers.
	Seed uint64
	// Log gets what scripts print, and one line when one fails. It is called
	// by whoever calls a hook, never from elsewhere; nil drops the lines.
	Log func(warn bool, text string)
}

// LocalInfo tells how a local hook fares.
type LocalInfo struct {
	Hook      policy.Hook
	File      string // "" when the built-in policy answers
	Calls     uint64
	Errors    uint64 // calls that the built-in policy answered instead
	LastError string // file:line: message; "" when there was none
	LastTime  int64  // of LastError, seconds since 1970
}

// Local runs the local hooks, admission and assign. A script that fails is
// answered for by policy.Defaults, and counted. It is safe for concurrent use.
type Local struct {
	cfg               LocalConfig
	admission, assign localHook
}

var _ policy.Local = (*Local)(nil)

// localHook is a script that can be replaced while it runs, and what became of
// its calls.
type localHook struct {
	script atomic.Pointer[Script] // nil: built-in
	mu     sync.Mutex
	info   LocalInfo
}

// NewLocal compiles both scripts and tries each once. What is wrong with a
// script is a *policy.ScriptError with file and line.
func NewLocal(cfg LocalConfig) (*Local, error) {
	l := &Local{cfg: cfg}
	if err := l.Replace(policy.Admission, cfg.Admission); err != nil {
		return nil, err
	}
	if err := l.Replace(policy.Assign, cfg.Assign); err != nil {
		return nil, err
	}
	return l, nil
}

// Replace compiles and tries a script and puts it in place of the present one,
// for all calls that begin after it. On an error nothing changes.
func (l *Local) Replace(hook policy.Hook, s LocalScript) error { return nil }

// Warnings are those of both scripts.
func (l *Local) Warnings() []Warning { return nil }

// Info tells about admission and assign, in this order.
func (l *Local) Info() []LocalInfo { return nil }

// Admit runs the admission script's admit.
func (l *Local) Admit(p policy.Peer) (ok bool, reason string) { return policy.Defaults{}.Admit(p) }

// Punish runs the admission script's punish, if it has one.
func (l *Local) Punish(p policy.Peer, f policy.Fault) int64 { return policy.Defaults{}.Punish(p, f) }

// Assign runs the assign script.
func (l *Local) Assign(r policy.Request) (id uint32, port uint16, err error) {
	return policy.Defaults{}.Assign(r)
}
