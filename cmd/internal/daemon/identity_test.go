package daemon

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/datadir"
	"orrery/core/consensus"
	"orrery/core/policy"
)

// settings loads settings as a command line in an empty folder would.
func settings(t *testing.T, args ...string) *config.Settings {
	t.Helper()
	flags := config.NewFlags(args)
	if err := flags.Set().Parse(args); err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(flags, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openFolder(t *testing.T, path string) *datadir.Dir {
	t.Helper()
	dir, err := datadir.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	return dir
}

func open(dir *datadir.Dir, s *config.Settings, now time.Time) (*identity, error) {
	return openChain(context.Background(), dir, s, now, func(*consensus.Params) error { return nil })
}

var someTime = time.Unix(1_800_000_000, 0)

// TestRegtestIdentity pins what every regtest node must agree on: the scripts
// that come with the program decide it, so changing one makes another network.
func TestRegtestIdentity(t *testing.T) {
	dir := openFolder(t, t.TempDir())
	id, err := open(dir, settings(t, "--preset", "regtest"), someTime)
	if err != nil {
		t.Fatal(err)
	}
	defer id.store.Close()
	if got, want := policy.FormatID(id.policies.id), "6e90a8b08ceb95d0bd2a87ddac64783b9fe16e0b079f85f28612edeb07d04e7f"; got != want {
		t.Errorf("policy 0 is %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(id.params.NetworkID[:]), "9a3cf1e487ab83e33fd5ddf9f7cd8735e11c81e049ba4a9680e2573c2a84f101"; got != want {
		t.Errorf("network id is %s, want %s", got, want)
	}
	if len(id.params.ExperimentKey) != 0 {
		t.Error("regtest has an experiment key")
	}
}

// TestLabIsTheFile says that the built-in lab and config.toml with ./scripts
// make chains under the same policy.
func TestLabIsTheFile(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	builtIn, err := readPolicies(settings(t, "--preset", "lab"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(root)
	file, err := readPolicies(settings(t, "--config", "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if builtIn.id != file.id {
		t.Errorf("the preset's policy is %s, that of config.toml and scripts/ %s", policy.FormatID(builtIn.id), policy.FormatID(file.id))
	}
}

// TestChainKeepsItsScripts changes a script after the chain was made: it is
// reported and not used. Without the file the chain goes on as well.
func TestChainKeepsItsScripts(t *testing.T) {
	scripts := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(scripts, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("difficulty.lua", "function target(chain) return chain:target(chain.height) end\n")
	write("reward.lua", "function subsidy(block) return 7 * coin end\n")
	data := openFolder(t, t.TempDir())
	s := settings(t, "--policy.dir", scripts)

	made, err := open(data, s, someTime)
	if err != nil {
		t.Fatal(err)
	}
	if !made.made {
		t.Error("the chain was there already")
	}
	made.store.Close()

	write("reward.lua", "function subsidy(block) return 8 * coin end\n")
	again, err := open(data, s, someTime.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer again.store.Close()
	if again.policies.id != made.policies.id || again.params.NetworkID != made.params.NetworkID {
		t.Error("another policy or network than the chain was made with")
	}
	if sat, err := again.rules.Subsidy(policy.Reward{Height: 1}); err != nil || sat != 700_000_000 {
		t.Errorf("subsidy %d, %v", sat, err)
	}
	if len(again.notes) != 1 || !strings.Contains(again.notes[0], "reward.lua has changed") {
		t.Errorf("notes %q", again.notes)
	}
}

// TestBadScriptMakesNoChain tries scripts that do not compile or fail at
// once: the error names file and line, and nothing is written.
func TestBadScriptMakesNoChain(t *testing.T) {
	const good = "function subsidy(block) return 1 end\n"
	tests := []struct{ difficulty, reward, want string }{
		{"function target(chain) return", good, "difficulty.lua:1:"},
		{"\n\nx = = 3", good, "difficulty.lua:3:"},
		{"function target(chain)\n  return chain.nothing.at.all\nend", good, "difficulty.lua:2:"},
		{"function target(chain) return u256(1) end", "function subsidy(b)\n\n return {} end", "reward.lua"},
	}
	for _, tt := range tests {
		scripts, folder := t.TempDir(), t.TempDir()
		for name, text := range map[string]string{"difficulty.lua": tt.difficulty, "reward.lua": tt.reward} {
			if err := os.WriteFile(filepath.Join(scripts, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		id, err := open(openFolder(t, folder), settings(t, "--policy.dir", scripts), someTime)
		if err == nil {
			id.store.Close()
			t.Errorf("%q: a chain was made", tt.difficulty)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %q does not name %s", tt.difficulty, err, tt.want)
		}
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) != 1 { // the lock
			t.Errorf("%q: the folder has %v, %v", tt.difficulty, entries, err)
		}
	}
}

// TestForeignFolder opens a lab folder as regtest.
func TestForeignFolder(t *testing.T) {
	dir := openFolder(t, t.TempDir())
	id, err := open(dir, settings(t, "--preset", "lab"), someTime)
	if err != nil {
		t.Fatal(err)
	}
	id.store.Close()
	_, err = open(dir, settings(t, "--preset", "regtest"), someTime)
	if err == nil {
		t.Fatal("it was taken")
	}
	text := err.Error()
	if !strings.Contains(text, "name: \"lab\" and \"regtest\"") || !strings.Contains(text, "--node.data_dir") || strings.Count(text, "\n") > 2 {
		t.Errorf("error %q", text)
	}
}

// TestEditedChainFile changes chain.json beside blocks: another key, another
// rule, each with settings that agree.
func TestEditedChainFile(t *testing.T) {
	for _, edit := range []struct {
		from, to string
		args     []string
	}{
		{`"maturity":5`, `"maturity":4`, []string{"--chain.maturity", "4"}},
		{`"experiment_key":"`, `"experiment_key":"` + strings.Repeat("ab", 32), nil},
	} {
		dir := openFolder(t, t.TempDir())
		id, err := open(dir, settings(t, "--preset", "lab"), someTime)
		if err != nil {
			t.Fatal(err)
		}
		id.store.Close()
		raw, err := dir.Read(datadir.ChainFile)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		at := strings.Index(text, edit.from)
		if at < 0 {
			t.Fatalf("%s is not in %s", edit.from, text)
		}
		text = text[:at] + edit.to + text[at+len(edit.to):] // as long as before
		if err := dir.Write(datadir.ChainFile, []byte(text)); err != nil {
			t.Fatal(err)
		}
		_, err = open(dir, settings(t, append([]string{"--preset", "lab"}, edit.args...)...), someTime)
		if err == nil || !strings.Contains(err.Error(), "network id") || strings.Count(err.Error(), "\n") > 2 {
			t.Errorf("%s: error %v", edit.from, err)
		}
	}
}
