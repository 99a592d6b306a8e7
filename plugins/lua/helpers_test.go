package lua

import (
	"errors"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/holiman/uint256"

	"orrery/core/policy"
)

// testChain is a chain in memory. Heights outside it panic, as they do in the
// core: a script must never get there.
type testChain struct {
	since int32
	times []int64
	bits  []uint32
}

func (c *testChain) Height() int32       { return int32(len(c.times) - 1) }
func (c *testChain) Since() int32        { return max(c.since, 1) }
func (c *testChain) Time(h int32) int64  { return c.times[h] }
func (c *testChain) Bits(h int32) uint32 { return c.bits[h] }
func (c *testChain) MedianTime(h int32) int64 {
	t := append([]int64(nil), c.times[max(0, h-10):h+1]...)
	sort.Slice(t, func(i, j int) bool { return t[i] < t[j] })
	return t[len(t)/2]
}
func (c *testChain) Times(from, to int32, dst []int64) {
	if copy(dst, c.times[from:to+1]) != len(dst) {
		panic("wrong length")
	}
}
func (c *testChain) BitsRange(from, to int32, dst []uint32) {
	if copy(dst, c.bits[from:to+1]) != len(dst) {
		panic("wrong length")
	}
}

// steadyChain has n blocks after genesis at a fixed interval and target.
func steadyChain(n int, interval int64, bits uint32) *testChain {
	c := new(testChain)
	for i := range n + 1 {
		c.times = append(c.times, 1_700_000_000+int64(i)*interval)
		c.bits = append(c.bits, bits)
	}
	return c
}

var easyLimit = *uint256.MustFromHex("0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")

// testEnv is Bitcoin's spacing with the limit of regtest.
func testEnv(params ...policy.Param) Env {
	p, err := policy.NewParams(params...)
	if err != nil {
		panic(err)
	}
	return Env{Params: p, Budget: policy.DefaultBudget, Spacing: 600, PowLimit: easyLimit}
}

// rules compiles a difficulty and a reward source; an empty one gets a script
// that works.
func rules(t testing.TB, difficulty, reward string, env Env) *Rules {
	t.Helper()
	if difficulty == "" {
		difficulty = "function target(chain) return chain:target(chain.height) end"
	}
	if reward == "" {
		reward = "function subsidy(block) return 50 * coin end"
	}
	m := policy.Manifest{ABI: policy.ABI1, Budget: env.Budget}
	m.Difficulty = policy.HookSpec{Script: policy.HashScript([]byte(difficulty)), Params: env.Params}
	m.Reward = policy.HookSpec{Script: policy.HashScript([]byte(reward)), Params: env.Params}
	r, err := NewRules(m, Source{"difficulty.lua", []byte(difficulty)}, Source{"reward.lua", []byte(reward)},
		Chain{Spacing: env.Spacing, PowLimit: env.PowLimit})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// librarySource reads a script of this repository from the disk: the package
// scripts embeds the same files, but this is what people edit.
func librarySource(t testing.TB, hook, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "scripts", "library", hook, name+".lua"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// scriptError fails the test unless err is a script's own error.
func scriptError(t testing.TB, err error) *policy.ScriptError {
	t.Helper()
	var s *policy.ScriptError
	if !errors.As(err, &s) {
		t.Fatalf("%v is not a script error", err)
	}
	return s
}
