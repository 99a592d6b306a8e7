package lua

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

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
	File      string         // "" when the built-in policy answers
	Script    chainhash.Hash // SHA-256 of the file's bytes; zero when built-in
	Params    policy.Params
	Calls     uint64 // of the present script
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

// NewLocal compiles both scripts and tries each once. What is wrong with a
// script is a *policy.ScriptError with file and line.
func NewLocal(cfg LocalConfig) (*Local, error) {
	if cfg.Log == nil {
		cfg.Log = func(bool, string) {}
	}
	l := &Local{cfg: cfg}
	l.admission.info.Hook, l.assign.info.Hook = policy.Admission, policy.Assign
	if err := l.Replace(policy.Admission, cfg.Admission); err != nil {
		return nil, err
	}
	if err := l.Replace(policy.Assign, cfg.Assign); err != nil {
		return nil, err
	}
	return l, nil
}

// Replace compiles and tries a script and puts it in place of the present one,
// for all calls that begin after it. On an error nothing changes. The counts
// of Info begin anew.
func (l *Local) Replace(hook policy.Hook, src LocalScript) error {
	h := &l.admission
	switch hook {
	case policy.Admission:
	case policy.Assign:
		h = &l.assign
	default:
		return fmt.Errorf("lua: %q is not a local hook", hook)
	}
	var script *Script
	if src.Text != nil {
		var err error
		env := Env{Params: src.Params, Budget: policy.DefaultBudget}
		if script, err = Compile(hook, src.File, src.Text, env); err != nil {
			return err
		}
		if err := try(script); err != nil {
			return err
		}
	}
	h.replace(script, src)
	return nil
}

// Warnings are those of both scripts.
func (l *Local) Warnings() []Warning {
	var all []Warning
	for _, h := range []*localHook{&l.admission, &l.assign} {
		if s := h.script.Load(); s != nil {
			all = append(all, s.Warnings()...)
		}
	}
	return all
}

// Info tells about admission and assign, in this order.
func (l *Local) Info() []LocalInfo {
	return []LocalInfo{l.admission.read(), l.assign.read()}
}

// Admit runs the admission script's admit.
func (l *Local) Admit(p policy.Peer) (ok bool, reason string) {
	if !l.call(&l.admission, p.Now, func(m *machine) (err error) {
		ok, reason, err = m.admit(p)
		return err
	}) {
		return policy.Defaults{}.Admit(p)
	}
	return ok, reason
}

// Punish runs the admission script's punish, if it has one.
func (l *Local) Punish(p policy.Peer, f policy.Fault) (seconds int64) {
	has := true
	if !l.call(&l.admission, p.Now, func(m *machine) (err error) {
		seconds, has, err = m.punish(p, f)
		return err
	}) || !has {
		return policy.Defaults{}.Punish(p, f)
	}
	return seconds
}

// Assign runs the assign script. An error is its own answer, "no", with its
// reason.
func (l *Local) Assign(r policy.Request) (id uint32, port uint16, err error) {
	var refused error
	if !l.call(&l.assign, r.Now, func(m *machine) (err error) {
		id, port, refused, err = m.assign(&r)
		return err
	}) {
		return policy.Defaults{}.Assign(r)
	}
	return id, port, refused
}
