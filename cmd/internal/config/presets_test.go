package config

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/policy"
)

const repositoryFile = "../../../config.toml"

func readRepositoryFile(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(repositoryFile)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(raw), "\r\n", "\n")
}

// TestConfigFileIsLab: config.toml and the built-in preset differ only in where
// the scripts are.
func TestConfigFileIsLab(t *testing.T) {
	file := mustLoad(t, readRepositoryFile(t), nil, nil)
	lab := mustLoad(t, "", nil, nil)
	if file.Policy.Dir != "scripts" || lab.Policy.Dir != "" {
		t.Errorf("policy.dir %q and %q", file.Policy.Dir, lab.Policy.Dir)
	}
	a, b := file.Config, lab.Config
	a.Policy.Dir, b.Policy.Dir = "", ""
	if !reflect.DeepEqual(a, b) {
		t.Errorf("config.toml\n%+v\nlab\n%+v", a, b)
	}
	want := Script{File: "scripts" + string(os.PathSeparator) + "difficulty.lua"}
	if got := file.Script(policy.Difficulty); got != want {
		t.Errorf("script %+v", got)
	}
	if got := lab.Script(policy.Difficulty); got != (Script{Library: "lwma"}) {
		t.Errorf("script %+v", got)
	}
}

// TestConfigFileNamesEveryKey: each key stands in its section, with a comment on
// its line or above it. The scripts' names may stand as comments.
func TestConfigFileNamesEveryKey(t *testing.T) {
	sections := map[string]string{"": ""}
	section := ""
	for line := range strings.Lines(readRepositoryFile(t)) {
		if m := regexp.MustCompile(`^\[(.*)\]`).FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		sections[section] += line
	}
	for _, k := range Keys() {
		if k.kind == paramsKind {
			if _, ok := sections[k.Name]; !ok {
				t.Errorf("[%s] is missing", k.Name)
			}
			continue
		}
		dot := strings.LastIndex(k.Name, ".")
		text := sections[k.Name[:max(dot, 0)]]
		commented := regexp.MustCompile(`(?m)(^#.*\n(\w+ = .*\n)?` + k.Name[dot+1:] + ` = )|(^` + k.Name[dot+1:] + ` = .*#)|(^# ` + k.Name[dot+1:] + ` = )`)
		if !commented.MatchString(text) {
			t.Errorf("%s is missing or has no comment", k.Name)
		}
	}
}

// TestPresetsNameTheirChain: Defaults has no chain, so each preset must.
func TestPresetsNameTheirChain(t *testing.T) {
	if got := PresetNames(); !reflect.DeepEqual(got, []string{"lab", "regtest"}) {
		t.Fatalf("presets %q", got)
	}
	for _, name := range PresetNames() {
		s := mustLoad(t, "", nil, []string{"--preset", name})
		for _, k := range Keys() {
			own := strings.HasPrefix(k.Name, "chain.") || strings.HasPrefix(k.Name, "policy.") && k.kind != paramsKind
			if own && s.Source(k.Name).Kind != Preset {
				t.Errorf("preset %s does not set %s", name, k.Name)
			}
		}
		if s.Chain.Name != name || s.Preset != name {
			t.Errorf("preset %s: chain %q, preset %q", name, s.Chain.Name, s.Preset)
		}
	}
}

func TestRegtestChainFile(t *testing.T) {
	s := mustLoad(t, "", nil, []string{"--preset", "regtest"})
	f, err := s.ChainFile(chainhash.Hash{1, 2, 3}, "", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Params()
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Genesis.Hash().String(); got != "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206" {
		t.Errorf("genesis %s", got)
	}
	if p.Maturity != 100 || p.Policy0 != (chainhash.Hash{1, 2, 3}) || p.MaxFutureTime != 7200 || p.MaxSigopCost() != 80_000 {
		t.Errorf("params %+v", p)
	}
	again, err := s.ChainFile(chainhash.Hash{1, 2, 3}, "", 99, nil)
	if err != nil || again != f {
		t.Errorf("a second regtest differs: %q, %v", consensus.Diff(f, again), err)
	}
	if s.Mining.Enabled || s.Script(policy.Difficulty) != (Script{Library: "fixed"}) || s.ScriptParams(policy.Subsidy)["interval"] != int64(150) {
		t.Errorf("mining %v, scripts %+v", s.Mining, s.Policy)
	}
}

func TestLabChainFile(t *testing.T) {
	s := mustLoad(t, "", nil, nil)
	f, err := s.ChainFile(chainhash.Hash{}, "", 1_700_000_000, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.Genesis.Time != 1_700_000_000 {
		t.Errorf("genesis time %d", f.Genesis.Time)
	}
	if _, err := f.Params(); err != nil {
		t.Error(err)
	}
	work := consensus.Work(uint32(f.Genesis.Bits))
	if perBlock := float64(work.Uint64()) / float64(s.Mining.MaxHashrate); perBlock < 1.99 || perBlock > 2.01 {
		t.Errorf("a first block takes %.2f s at max_hashrate, want 2", perBlock)
	}
	if _, err := s.ChainFile(chainhash.Hash{}, "not a key", 1_700_000_000, nil); err == nil || !strings.Contains(err.Error(), "experiment_key") {
		t.Errorf("wrong key: %v", err)
	}
}

// TestScriptChoice: the folder or the name, whichever is nearer to the command
// line; and a preset's parameters stay with its own scripts.
func TestScriptChoice(t *testing.T) {
	const both = "[policy]\ndir = \"d\"\nreward = \"tail\"\n"
	file := func(dir, name string) Script { return Script{File: dir + string(os.PathSeparator) + name} }
	for _, c := range []struct {
		name               string
		file               string
		args               []string
		difficulty, reward Script
		params             Params
	}{
		{"preset", "", []string{"--preset", "regtest"}, Script{Library: "fixed"}, Script{Library: "halving"}, Params{"interval": int64(150)}},
		{"name by flag", "", []string{"--preset", "regtest", "--policy.reward", "tail"}, Script{Library: "fixed"}, Script{Library: "tail"}, Params{}},
		{"own parameters", "", []string{"--preset", "regtest", "--policy.reward", "tail", "--policy.params.reward.k", "1"}, Script{Library: "fixed"}, Script{Library: "tail"}, Params{"k": int64(1)}},
		{"folder by flag", "", []string{"--preset", "regtest", "--policy.dir", "d"}, file("d", "difficulty.lua"), file("d", "reward.lua"), Params{}},
		{"both in the file", both, nil, file("d", "difficulty.lua"), Script{Library: "tail"}, Params{}},
		{"name over file", both, []string{"--policy.difficulty", "asert"}, Script{Library: "asert"}, Script{Library: "tail"}, Params{}},
		{"folder over file", both, []string{"--policy.dir", "e"}, file("e", "difficulty.lua"), file("e", "reward.lua"), Params{}},
		{"empty name", "[policy]\ndir = \"d\"\ndifficulty = \"\"\n", nil, file("d", "difficulty.lua"), file("d", "reward.lua"), Params{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := mustLoad(t, c.file, nil, c.args)
			if got := s.Script(policy.Difficulty); got != c.difficulty {
				t.Errorf("difficulty %+v, want %+v", got, c.difficulty)
			}
			if got := s.Script(policy.Subsidy); got != c.reward {
				t.Errorf("reward %+v, want %+v", got, c.reward)
			}
			if got := s.ScriptParams(policy.Subsidy); !reflect.DeepEqual(got, c.params) {
				t.Errorf("parameters %v, want %v", got, c.params)
			}
		})
	}
}

// TestShowScripts: of a name and a folder only the one that counts has a value.
func TestShowScripts(t *testing.T) {
	unused := func(name string) string {
		return `"" # not used: ` + filepath.Join("d", name+".lua") + " of policy.dir"
	}
	for _, c := range []struct {
		file                    string
		args                    []string
		dir, difficulty, reward string
	}{
		{"", nil, `"" # preset lab`, `"lwma" # preset lab`, `"halving" # preset lab`},
		{"[policy]\ndir = \"d\"\n", nil, `"d" # config.toml:2:1`, unused("difficulty"), unused("reward")},
		{"[policy]\ndir = \"d\"\ndifficulty = \"\"\n", nil, `"d" # config.toml:2:1`, unused("difficulty"), unused("reward")},
		{"[policy]\ndir = \"d\"\n", []string{"--policy.reward", "tail"}, `"d" # config.toml:2:1`, unused("difficulty"), `"tail" # --policy.reward`},
		{"[policy]\ndir = \"d\"\n", []string{"--policy.reward", "tail", "--policy.difficulty", "asert"},
			`"d" # config.toml:2:1`, `"asert" # --policy.difficulty`, `"tail" # --policy.reward`},
		{"[policy]\ndir = \"d\"\n", []string{"--policy.reward", "tail", "--policy.difficulty", "asert", "--policy.admission", "open", "--policy.assign", "random"},
			`"" # not used: policy.difficulty, policy.reward, policy.admission and policy.assign`, `"asert" # --policy.difficulty`, `"tail" # --policy.reward`},
	} {
		shown, err := mustLoad(t, c.file, nil, c.args).Show("policy")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"policy.dir = " + c.dir, "policy.difficulty = " + c.difficulty, "policy.reward = " + c.reward}
		var got []string
		for _, one := range shown[:3] {
			got = append(got, one.Key+" = "+one.Value+" # "+one.Origin())
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q %q\n got %q\nwant %q", c.file, c.args, got, want)
		}
	}
}
