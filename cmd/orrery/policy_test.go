package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"orrery/cmd/internal/e2e"
	"orrery/core/policy"
	"orrery/scripts"
)

// writeScripts makes a policy folder of library scripts, with others in place
// of some, and the settings of this repository beside it.
func writeScripts(t *testing.T, dir string, others map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	settings, err := os.ReadFile(filepath.Join("..", "..", "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "..", "config.toml"), settings, 0o600); err != nil {
		t.Fatal(err)
	}
	for hook, name := range map[policy.Hook]string{policy.Difficulty: "fixed", policy.Subsidy: "constant"} {
		text, err := scripts.Library(hook, name)
		if err != nil {
			t.Fatal(err)
		}
		file := string(hook) + ".lua"
		if other, ok := others[file]; ok {
			text = []byte(other)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBadScripts: a chain is not made under a script that does not compile or
// fails on its first evaluation; the file and the line are told.
func TestBadScripts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		parts      []string
	}{
		"does not compile": {"difficulty.lua", "local a = 1\nlocal b = = 2\n", []string{"difficulty.lua:2"}},
		"fails at once":    {"difficulty.lua", "function target(chain)\n  local nothing = nil\n  return nothing.x\nend\n", []string{"difficulty.lua:3"}},
		"misspelt a name":  {"difficulty.lua", "function target(chain)\n  return pow_limt\nend\n", []string{"difficulty.lua:1: target must return a u256, got nil", "difficulty.lua:2: 'pow_limt' is not defined"}},
		"compares kinds":   {"difficulty.lua", "function target(chain)\n  if pow_limit == 5 then return u256(5) end\n  return pow_limit\nend\n", []string{"difficulty.lua:2: u256 == number"}},
		"runs for ever":    {"reward.lua", "function subsidy(block)\n  while true do end\nend\n", []string{"reward.lua:2", "budget"}},
		"has no function":  {"reward.lua", "local x = 1\n", []string{"reward.lua", "reward"}},
		"gives nonsense":   {"reward.lua", "function subsidy(block)\n  return -1\nend\n", []string{"reward.lua"}},
		"is binary":        {"reward.lua", "\x1bLua", []string{"reward.lua"}},
		"is empty":         {"reward.lua", "", []string{"reward.lua"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			work := t.TempDir()
			writeScripts(t, filepath.Join(work, "scripts"), map[string]string{c.file: c.text})
			p := e2e.Launch(t, work, nil, "node", "--mining.enabled", "false", "--rpc.listen", "127.0.0.1:0")
			code, _ := p.Wait()
			wantFailure(t, code, p.Output(), append(c.parts, "No chain was made")...)
			t.Log(p.Output())
			for _, file := range []string{"chain.json", "chain.json.new", "chain", "experiment.key"} {
				if _, err := os.Stat(filepath.Join(work, "data", file)); !os.IsNotExist(err) {
					t.Errorf("%s was made (%v)", file, err)
				}
			}
			// With the script mended, the same folder will do.
			writeScripts(t, filepath.Join(work, "scripts"), nil)
			e2e.StartArgs(t, work, "node", "--mining.enabled", "false", "--rpc.listen", "127.0.0.1:0").Stop()
		})
	}
	t.Run("missing", func(t *testing.T) {
		work := t.TempDir()
		writeScripts(t, filepath.Join(work, "scripts"), nil)
		if err := os.Remove(filepath.Join(work, "scripts", "reward.lua")); err != nil {
			t.Fatal(err)
		}
		p := e2e.Launch(t, work, nil, "node", "--rpc.listen", "127.0.0.1:0")
		code, _ := p.Wait()
		wantFailure(t, code, p.Output(), filepath.Join("scripts", "reward.lua"), "--policy.reward")
	})
}

// TestChangedScript: a chain keeps the scripts that it was made with. A changed
// one is reported and not used, as is one that is broken or gone by now.
func TestChangedScript(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	folder := filepath.Join(work, "scripts")
	pays := func(coins string) string { return "function subsidy(block)\n  return " + coins + " * 100000000\nend\n" }
	writeScripts(t, folder, map[string]string{"reward.lua": pays("7")})
	mine := []string{"node", "--mining.address", nobody, "--rpc.listen", "127.0.0.1:0", "--mining.max_hashrate", "0", "--chain.genesis.bits", "0x207fffff"}
	n := e2e.StartArgs(t, work, mine...)
	if line := n.WaitLine("msg=block "); field(line, "reward") != "7.00" {
		t.Errorf("the reward is not the script's: %s", line)
	}
	n.Stop()
	if strings.Contains(n.Output(), "has changed") {
		t.Errorf("a change is reported where there is none:\n%s", n.Output())
	}

	for text, part := range map[string]string{
		pays("8"):     "reward.lua has changed since this chain was made; the chain keeps the reward script that it was made with",
		"not a lua\n": "reward.lua has changed since this chain was made",
		"":            "reward.lua",
	} {
		writeScripts(t, folder, map[string]string{"reward.lua": text})
		if text == "" {
			if err := os.Remove(filepath.Join(folder, "reward.lua")); err != nil {
				t.Fatal(err)
			}
		}
		n := e2e.StartArgs(t, work, mine...)
		if line := n.WaitLine("msg=block "); field(line, "reward") != "7.00" {
			t.Errorf("the changed script is used: %s", line)
		}
		n.Stop()
		if !strings.Contains(n.Output(), part) {
			t.Errorf("%q is not in:\n%s", part, n.Output())
		}
	}
	writeScripts(t, folder, map[string]string{"reward.lua": pays("8")})
	other := e2e.StartArgs(t, work, append(mine, "--policy.reward", "tail")...)
	other.Stop()
	want := "the settings name library/reward/tail.lua, this chain was made with " + filepath.Join("scripts", "reward.lua") + " and keeps it"
	if out := other.Output(); !strings.Contains(out, want) || strings.Contains(out, "has changed") {
		t.Errorf("%q is not in, or a change is reported:\n%s", want, out)
	}
}
