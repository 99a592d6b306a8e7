package lua

import (
	"errors"
	"time"

	"orrery/core/policy"
)

// meter counts what a call uses. The VM asks its context before every
// instruction whether it is done: that question is the instruction counter.
// Nothing here looks at a clock or at the Go heap, so every node stops a
// script at the same instruction.
type meter struct {
	budget int64  // units a call
	left   int64  // units
	memory int64  // bytes
	reason string // set before a host function raises an error
}

var errBudget = errors.New("the script used up its budget of instructions")

// closed is what a done context returns; nil means go on.
var closed = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (m *meter) reset() {
	m.left = m.budget
	m.memory = maxMemory
	m.reason = ""
}

// used is how many units the call took.
func (m *meter) used() int64 { return m.budget - max(m.left, 0) }

// Done counts one instruction. With Err, Deadline and Value it makes meter the
// context.Context that gopher-lua wants.
func (m *meter) Done() <-chan struct{} {
	if m.left > 0 {
		m.left--
		return nil
	}
	m.reason = policy.ReasonBudget
	return closed
}

// Err is asked by the VM after Done said so.
func (m *meter) Err() error { return errBudget }

// Deadline says that there is none.
func (m *meter) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value holds nothing.
func (m *meter) Value(any) any { return nil }

// charge takes units for work of a host function. It is called before the work
// wherever the work can be long.
func (m *machine) charge(units int64) {
	if units > m.left {
		m.left = 0
		m.reason = policy.ReasonBudget
		m.state.RaiseError("%s", errBudget.Error())
	}
	m.left -= units
}

// allocate takes bytes of memory.
func (m *machine) allocate(bytes int64) {
	if bytes > m.memory {
		m.memory = 0
		m.reason = policy.ReasonBudget
		m.state.RaiseError("the script used more than %d MiB of memory", maxMemory>>20)
	}
	m.memory -= bytes
}
