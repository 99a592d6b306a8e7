package lua

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// Rules is a complete consensus policy. It is safe for concurrent use: each
// call runs in a machine of its own. Results are not memoised; the caller
// knows which (policy, parent) pairs come again.
type Rules struct {
	id                 chainhash.Hash
	difficulty, reward hooked
}

var _ policy.Rules = (*Rules)(nil)

// hooked is a script, or the error that it answers with everywhere.
type hooked struct {
	script *Script
	broken *policy.ScriptError
}

// Chain is what all policies of a chain have in common.
type Chain struct {
	Spacing  int64       // seconds wanted between blocks
	PowLimit uint256.Int // highest target
}

// NewRules compiles the scripts that a manifest names. Sources whose hash is
// another one are refused. An interface that this program does not have is
// policy.ErrMissing: it waits for an update, no block is invalid.
//
// A script that does not compile still gives Rules, as it does on every other
// node: that hook fails at every height. Check reports it, and whoever creates
// a chain or publishes a policy must ask Check first.
func NewRules(manifest policy.Manifest, difficulty, reward Source, chain Chain) (*Rules, error) {
	id, err := manifest.ID()
	if err != nil {
		return nil, err
	}
	if manifest.ABI != policy.ABI1 {
		return nil, fmt.Errorf("policy %s is written for script interface %d, this program has %d: %w",
			policy.FormatID(id), manifest.ABI, policy.ABI1, policy.ErrMissing)
	}
	r := &Rules{id: id}
	if r.difficulty, err = newHook(policy.Difficulty, manifest, manifest.Difficulty, difficulty, chain); err != nil {
		return nil, err
	}
	if r.reward, err = newHook(policy.Subsidy, manifest, manifest.Reward, reward, chain); err != nil {
		return nil, err
	}
	return r, nil
}

func newHook(h policy.Hook, m policy.Manifest, spec policy.HookSpec, src Source, chain Chain) (hooked, error) {
	if policy.HashScript(src.Text) != spec.Script {
		return hooked{}, fmt.Errorf("lua: %s is not the %s script that the policy names", src.File, h)
	}
	script, err := Compile(h, src.File, src.Text, Env{
		Params: spec.Params, Budget: m.Budget, Spacing: chain.Spacing, PowLimit: chain.PowLimit,
	})
	var broken *policy.ScriptError
	if err != nil && !errors.As(err, &broken) {
		return hooked{}, err
	}
	return hooked{script, broken}, nil
}

// ID is the policy id of the manifest.
func (r *Rules) ID() chainhash.Hash { return r.id }

// Warnings are those of both scripts.
func (r *Rules) Warnings() []Warning {
	var all []Warning
	for _, h := range []hooked{r.difficulty, r.reward} {
		if h.script != nil {
			all = append(all, h.script.Warnings()...)
		}
	}
	return all
}

// Target runs the difficulty script.
func (r *Rules) Target(a policy.Ancestors) (uint256.Int, error) {
	t, _, err := r.TargetTrace(a)
	return t, err
}

// TargetTrace is Target that also says how many instruction units were used.
func (r *Rules) TargetTrace(a policy.Ancestors) (target uint256.Int, units int64, err error) {
	units, err = r.difficulty.run(func(m *machine) error {
		m.chain.begin(a)
		defer m.chain.end()
		v, err := m.call(m.chain.table)
		if err != nil {
			return err
		}
		if !isWide(v) {
			return m.badResult("target must return a u256, got %s", describe(v))
		}
		target = *v.(*glua.LUserData).Value.(*wide)
		return nil
	})
	return target, units, err
}

// Subsidy runs the reward script. It returns satoshi, at least 0.
func (r *Rules) Subsidy(in policy.Reward) (int64, error) {
	sat, _, err := r.SubsidyTrace(in)
	return sat, err
}

// SubsidyTrace is Subsidy that also says how many instruction units were used.
func (r *Rules) SubsidyTrace(in policy.Reward) (sat, units int64, err error) {
	units, err = r.reward.run(func(m *machine) error {
		m.beginBlock(in)
		v, err := m.call(m.block)
		if err != nil {
			return err
		}
		n, ok := v.(glua.LNumber)
		if ok {
			sat, ok = wholeNumber(float64(n))
		}
		if !ok || sat < 0 {
			sat = 0
			return m.badResult("subsidy must return a whole number of satoshi, at least 0 and at most 2^53, got %s", describe(v))
		}
		return nil
	})
	return sat, units, err
}

// run takes a machine for one call; one that failed is not used again, since
// an error leaves it half-way.
func (h *hooked) run(f func(*machine) error) (units int64, err error) {
	if h.broken != nil {
		return 0, h.broken
	}
	m, err := h.script.take()
	if err != nil {
		return 0, err
	}
	err = f(m)
	units = m.used()
	if err == nil {
		h.script.put(m)
	}
	return units, err
}

// describe shows a wrong result.
func describe(v glua.LValue) string {
	if n, ok := v.(glua.LNumber); ok {
		return "the number " + formatNumber(float64(n))
	}
	return typeName(v)
}

// Check evaluates both scripts as the first block of a chain will: a node does
// not start a chain whose scripts fail there, or compare a u256 with a number.
// The error names file and line. genesisTime is in seconds since 1970, genesisBits a compact target.
func (r *Rules) Check(genesisTime int64, genesisBits uint32) error {
	for _, h := range []hooked{r.difficulty, r.reward} {
		if h.script == nil {
			continue
		}
		for _, w := range h.script.warnings {
			if w.Wrong {
				return h.script.scriptError(policy.ReasonError, w.Line, w.Msg)
			}
		}
	}
	if _, err := r.Target(genesisOnly{genesisTime, genesisBits}); err != nil {
		return err
	}
	_, err := r.Subsidy(policy.Reward{Height: 1, ParentTime: genesisTime})
	return err
}

// genesisOnly is a chain of one block.
type genesisOnly struct {
	time int64
	bits uint32
}

func (g genesisOnly) Height() int32                      { return 0 }
func (g genesisOnly) Since() int32                       { return 1 }
func (g genesisOnly) Time(int32) int64                   { return g.time }
func (g genesisOnly) Bits(int32) uint32                  { return g.bits }
func (g genesisOnly) MedianTime(int32) int64             { return g.time }
func (g genesisOnly) Times(_, _ int32, dst []int64)      { dst[0] = g.time }
func (g genesisOnly) BitsRange(_, _ int32, dst []uint32) { dst[0] = g.bits }
