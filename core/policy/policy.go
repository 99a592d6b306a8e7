// Package policy declares what the core asks of scripted rules. The core sees
// only these interfaces; plugins/lua implements them.
package policy

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// Ancestors is read-only access to the ancestors of the block whose target is
// asked for. Heights outside 0 … Height() are the caller's fault and panic;
// whoever exposes this to scripts checks them first.
type Ancestors interface {
	Height() int32                 // of the parent
	Since() int32                  // first height of the unbroken run of the present script and params; 1 for policy 0
	Time(height int32) int64       // seconds since 1970
	Bits(height int32) uint32      // compact target
	MedianTime(height int32) int64 // median of the 11 blocks ending at height
	// Times and BitsRange fill dst with the values of from … to inclusive;
	// len(dst) is to-from+1. They cost one walk, not one look-up a height.
	Times(from, to int32, dst []int64)
	BitsRange(from, to int32, dst []uint32)
}

// Reward is the input of the reward policy.
type Reward struct {
	Height     int32 // of the block to be paid for
	ParentTime int64 // seconds since 1970
	Issued     int64 // satoshi: the subsidies allowed at heights 1 … Height-1
}

// Rules is one compiled consensus policy. Both methods are deterministic: the
// same input gives the same result, or a *ScriptError, on every machine. Any
// other error is a fault of this node, not a result: the core then stops
// validating at that height and never marks a block invalid for it.
type Rules interface {
	ID() chainhash.Hash
	// Target is the raw result: not yet clamped or rounded.
	Target(Ancestors) (uint256.Int, error)
	// Subsidy is the raw result in satoshi: not yet capped.
	Subsidy(Reward) (int64, error)
}

// ErrMissing says that this node does not have the script: it must wait for
// it. A block is never invalid for that.
var ErrMissing = errors.New("policy script missing")

// Source finds compiled rules.
type Source interface {
	Rules(id chainhash.Hash) (Rules, error) // ErrMissing when unknown
}

// Hook names one of the four questions that scripts answer.
type Hook string

// The hooks. Difficulty and Reward are consensus: equal on every node.
const (
	Admission  Hook = "admission"
	Assign     Hook = "assign"
	Difficulty Hook = "difficulty"
	Subsidy    Hook = "reward"
)

// Reason classes of a ScriptError.
const (
	ReasonError  = "error"  // the script raised an error or misused a value
	ReasonBudget = "budget" // instruction or memory budget exceeded
	ReasonResult = "result" // the result has the wrong type or range
)

// ScriptError is a script's own, deterministic failure: every node gets the
// same one, so the fallback (parent's target, subsidy 0) is the same too.
type ScriptError struct {
	Hook   Hook
	File   string // as people know it, e.g. "scripts/difficulty.lua"
	Line   int    // 0 when unknown
	Reason string // one of the Reason constants
	Msg    string
}

func (e *ScriptError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Msg)
}
