// Package corpus pins what scripts do: it runs the library over made-up chains
// and scripts that mean harm, and prints every result with its instruction
// count. The output must be the same on every machine and for every build; the
// golden file in plugins/lua/testdata holds it.
package corpus

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/holiman/uint256"

	"orrery/core/policy"
	"orrery/plugins/lua"
	"orrery/scripts"
)

// Run writes one line a case.
func Run(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, name := range scripts.Names(policy.Difficulty) {
		if err := runDifficulty(out, name); err != nil {
			return err
		}
	}
	for _, name := range scripts.Names(policy.Subsidy) {
		if err := runReward(out, name); err != nil {
			return err
		}
	}
	cases, err := Hostile()
	if err != nil {
		return err
	}
	for _, c := range cases {
		line, err := c.Run()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "hostile/%s\t%s\n", c.Name, line)
	}
	return out.Flush()
}

func runDifficulty(out io.Writer, name string) error {
	source, err := scripts.Library(policy.Difficulty, name)
	if err != nil {
		return err
	}
	for _, c := range chains() {
		r, err := compile(name+".lua", source, nil, c.spacing, c.limit)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "difficulty/%s/%s\t%s\n", name, c.name, target(r, &c))
	}
	return nil
}

func runReward(out io.Writer, name string) error {
	source, err := scripts.Library(policy.Subsidy, name)
	if err != nil {
		return err
	}
	r, err := compile("", nil, source, 600, limits[0])
	if err != nil {
		return err
	}
	for _, in := range []policy.Reward{
		{Height: 1, ParentTime: 1_700_000_000},
		{Height: 209_999, Issued: 1_000_000_000_000},
		{Height: 210_000, Issued: 1_050_000_000_000_000},
		{Height: 6_929_999, Issued: 2_099_999_997_689_999},
		{Height: 6_930_000, Issued: 2_100_000_000_000_000},
		{Height: 2_147_483_647, ParentTime: 4_294_967_295, Issued: 2_100_000_000_000_000},
	} {
		fmt.Fprintf(out, "reward/%s/%d\t%s\n", name, in.Height, subsidy(r, in))
	}
	return nil
}

// compile makes rules of one script; the other one is a plain one.
func compile(file string, difficulty, reward []byte, spacing int64, limit uint256.Int) (*lua.Rules, error) {
	if difficulty == nil {
		difficulty = []byte("function target(chain) return chain:target(chain.height) end")
	}
	if reward == nil {
		reward = []byte("function subsidy(block) return 50 * coin end")
	}
	m := policy.Manifest{ABI: policy.ABI1, Budget: policy.DefaultBudget}
	m.Difficulty.Script = policy.HashScript(difficulty)
	m.Reward.Script = policy.HashScript(reward)
	return lua.NewRules(m, lua.Source{File: file, Text: difficulty}, lua.Source{File: file, Text: reward},
		lua.Chain{Spacing: spacing, PowLimit: limit})
}

func target(r *lua.Rules, a policy.Ancestors) string {
	t, units, err := r.TargetTrace(a)
	return result(t.Hex(), units, err)
}

func subsidy(r *lua.Rules, in policy.Reward) string {
	sat, units, err := r.SubsidyTrace(in)
	return result(fmt.Sprint(sat), units, err)
}

func result(value string, units int64, err error) string {
	var s *policy.ScriptError
	switch {
	case err == nil:
		return fmt.Sprintf("%s\t%d", value, units)
	case errors.As(err, &s):
		return fmt.Sprintf("%s:%d: %s\t%d", s.Reason, s.Line, s.Msg, units)
	}
	return fmt.Sprintf("FAULT %v\t%d", err, units)
}
