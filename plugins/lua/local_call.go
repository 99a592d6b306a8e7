package lua

import (
	"errors"
	"math"

	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// MaxBan is the longest ban that a script can ask for, in seconds: 10 years.
const MaxBan = 10 * 365 * 24 * 60 * 60

// callTwo runs a function for two results.
func (m *machine) callTwo(fn glua.LValue, args ...glua.LValue) (a, b glua.LValue, err error) {
	m.reset()
	m.state.Push(fn)
	for _, v := range args {
		m.state.Push(v)
	}
	if err := m.run(len(args), 2); err != nil {
		return nil, nil, err
	}
	a, b = m.state.Get(-2), m.state.Get(-1)
	m.state.SetTop(0)
	return a, b, nil
}

// admit asks whether a peer may connect.
func (m *machine) admit(p policy.Peer) (ok bool, reason string, err error) {
	m.setPeer(p)
	a, b, err := m.callTwo(m.fn, m.local.peer)
	if err != nil {
		return false, "", err
	}
	yes, isBool := a.(glua.LBool)
	if !isBool {
		return false, "", m.badResult("admit must return true or false, got %s", describe(a))
	}
	if yes {
		return true, "", nil
	}
	reason, err = m.reasonOf(b, "admit", "refused by the admission policy")
	return false, reason, err
}

// reasonOf reads the text that comes after a no.
func (m *machine) reasonOf(v glua.LValue, who, otherwise string) (string, error) {
	switch v := v.(type) {
	case *glua.LNilType:
		return otherwise, nil
	case glua.LString:
		return oneLine(string(v)), nil
	}
	return "", m.badResult("%s must say why as a text, got %s", who, describe(v))
}

// punish asks for how many seconds to ban; -1 ignores the fault. has is false
// when the script leaves that to the built-in policy.
func (m *machine) punish(p policy.Peer, f policy.Fault) (seconds int64, has bool, err error) {
	fn := m.local.punish
	if fn == glua.LNil {
		return 0, false, nil
	}
	m.setPeer(p)
	m.setFault(f)
	a, _, err := m.callTwo(fn, m.local.peer, m.local.fault)
	if err != nil {
		return 0, true, err
	}
	if a == glua.LNil {
		return -1, true, nil
	}
	n, ok := m.resultInt(a, 0, MaxBan)
	if !ok {
		return 0, true, m.badResultOf(fn, "punish must return nil or seconds, a whole number from 0 to %d, got %s", MaxBan, describe(a))
	}
	return n, true, nil
}

// assign asks for an ID and a port. refused is the script's no.
func (m *machine) assign(r *policy.Request) (id uint32, port uint16, refused, err error) {
	m.setRequest(r)
	a, b, err := m.callTwo(m.fn, m.local.asked)
	if err != nil {
		return 0, 0, nil, err
	}
	if a == glua.LNil {
		reason, err := m.reasonOf(b, "assign", "refused by the assign policy")
		if err != nil {
			return 0, 0, nil, err
		}
		return 0, 0, errors.New(reason), nil
	}
	t, ok := a.(*glua.LTable)
	if !ok {
		return 0, 0, nil, m.badResult("assign must return a table {id = …, port = …}, or nil and a text, got %s", describe(a))
	}
	n, ok := m.resultInt(t.RawGetString("id"), 1, math.MaxUint32)
	if !ok {
		return 0, 0, nil, m.badResult("assign: id must be a whole number from 1 to 2^32 - 1, got %s", describe(t.RawGetString("id")))
	}
	if r.IsTaken(uint32(n)) {
		return 0, 0, nil, m.badResult("assign: ID %d is taken", n)
	}
	v := t.RawGetString("port")
	if v == glua.LNil {
		return uint32(n), 0, nil, nil
	}
	p, ok := m.resultInt(v, 0, math.MaxUint16)
	if !ok {
		return 0, 0, nil, m.badResult("assign: port must be a whole number from 1 to 65535, or 0 or nil for any, got %s", describe(v))
	}
	return uint32(n), uint16(p), nil, nil
}

// resultInt reads a whole number of a range.
func (m *machine) resultInt(v glua.LValue, low, high int64) (int64, bool) {
	f, ok := v.(glua.LNumber)
	if !ok {
		return 0, false
	}
	n, ok := wholeNumber(float64(f))
	return n, ok && n >= low && n <= high
}
