package policy

import (
	"errors"
	"fmt"

	"github.com/holiman/uint256"

	"orrery/core/consensus"
)

// NextTarget asks the rules for the target of the block after a and makes it a
// valid one: at least 1, at most powLimit, rounded down to what compact bits
// can say. When the script fails, the answer is the parent's bits, on every
// node alike, and scriptErr says why. err is a fault of this node: there is
// then no answer.
func NextTarget(r Rules, a Ancestors, powLimit *uint256.Int) (bits uint32, scriptErr *ScriptError, err error) {
	target, err := r.Target(a)
	if err != nil {
		if errors.As(err, &scriptErr) {
			return a.Bits(a.Height()), scriptErr, nil
		}
		return 0, nil, fmt.Errorf("difficulty of height %d: %w", a.Height()+1, err)
	}
	if target.IsZero() {
		target.SetOne()
	}
	if target.Gt(powLimit) {
		target.Set(powLimit)
	}
	return consensus.TargetToCompact(&target), nil, nil
}

// NextSubsidy asks the rules for the subsidy of a block in satoshi and caps it
// so that no more than maxMoney is ever issued. When the script fails, the
// answer is 0, on every node alike, and scriptErr says why. err is a fault of
// this node: there is then no answer.
func NextSubsidy(r Rules, in Reward, maxMoney int64) (sat int64, scriptErr *ScriptError, err error) {
	sat, err = r.Subsidy(in)
	if err != nil {
		if errors.As(err, &scriptErr) {
			return 0, scriptErr, nil
		}
		return 0, nil, fmt.Errorf("reward of height %d: %w", in.Height, err)
	}
	if sat < 0 {
		return 0, nil, fmt.Errorf("reward of height %d: rules answered %d satoshi", in.Height, sat)
	}
	return min(sat, max(0, maxMoney-in.Issued)), nil, nil
}
