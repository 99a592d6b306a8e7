package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"orrery/cmd/internal/config"
)

// orrery runs the program in an empty folder.
func orrery(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	return orreryHere(t, env, args...)
}

func orreryHere(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	m := Main{Args: args, Env: env, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
	code = m.Run(context.Background())
	return code, out.String(), errs.String()
}

// TestHelp: every command's help is short and leaves the settings out.
func TestHelp(t *testing.T) {
	root := newRoot(&app{Main: &Main{}, flags: config.NewFlags(nil)})
	lines := [][]string{{}, {"help"}}
	for _, cmd := range root.Commands() {
		lines = append(lines, []string{cmd.Name(), "--help"}, []string{"help", cmd.Name()})
	}
	for _, args := range lines {
		code, stdout, stderr := orrery(t, nil, args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit code %d, %q", args, code, stderr)
		}
		if !strings.Contains(stdout, "Usage:\n  orrery") || !strings.Contains(stdout, "--node.data_dir") || strings.Contains(stdout, "--rpc.listen text") {
			t.Errorf("%q shows\n%s", args, stdout)
		}
		if n := strings.Count(stdout, "\n"); n > 40 {
			t.Errorf("%q: %d lines of help", args, n)
		}
	}
}

// TestUsageLine: a command that only holds others says so.
func TestUsageLine(t *testing.T) {
	for _, c := range [][]string{{"orrery COMMAND"}, {"orrery wallet COMMAND", "wallet"}, {"orrery config COMMAND", "config"}, {"orrery node [flags]", "node"}} {
		if _, stdout, _ := orrery(t, nil, append(c[1:], "--help")...); !strings.Contains(stdout, "Usage:\n  "+c[0]+"\n") {
			t.Errorf("%q shows\n%s", c[1:], stdout)
		}
	}
}

// TestVersionFlag: people try both.
func TestVersionFlag(t *testing.T) {
	_, word, _ := orrery(t, nil, "version")
	code, flag, stderr := orrery(t, nil, "--version")
	if code != 0 || stderr != "" || flag != word {
		t.Errorf("exit code %d, %q, %q, not %q", code, flag, stderr, word)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"chek"}, `unknown command "chek" for "orrery"; see "orrery --help"`},
		{[]string{"nod"}, `unknown command "nod" for "orrery"; did you mean node? See "orrery --help"`},
		{[]string{"config", "chek"}, `unknown command "chek" for "orrery config"; did you mean check? See "orrery config --help"`},
		{[]string{"config", "shw"}, `unknown command "shw" for "orrery config"; did you mean show? See "orrery config --help"`},
		{[]string{"wallet", "blance"}, `unknown command "blance" for "orrery wallet"; did you mean balance? See "orrery wallet --help"`},
		{[]string{"help", "nod"}, `unknown command "nod" for "orrery"; did you mean node? See "orrery --help"`},
		{[]string{"help", "wallet", "blance"}, `unknown command "blance" for "orrery wallet"; did you mean balance? See "orrery wallet --help"`},
		{[]string{"version", "now"}, `orrery version takes no arguments, found "now"; see "orrery version --help"`},
		{[]string{"node", "extra"}, `orrery node takes no arguments, found "extra"; see "orrery node --help"`},
		{[]string{"wallet", "balance", "all"}, `orrery wallet balance takes no arguments, found "all"; see "orrery wallet balance --help"`},
		{[]string{"version", "--minig.threads", "1"}, "unknown flag --minig.threads; did you mean --mining.threads?"},
		{[]string{"version", "--threads", "1"}, "unknown flag --threads; did you mean --mining.threads?"},
		{[]string{"version", "--policy.params.difficulty", "window=5"}, "unknown flag --policy.params.difficulty; write --policy.params.difficulty.NAME VALUE"},
		{[]string{"version", "--policy.params.dificulty=5"}, "unknown flag --policy.params.dificulty; did you mean --policy.params.difficulty.NAME VALUE?"},
		{[]string{"version", "--mining", "5"}, "unknown flag --mining; write --mining.KEY VALUE"},
		{[]string{"version", "--foo"}, `unknown flag: --foo; see "orrery version --help", and "orrery config keys" for every setting`},
		{[]string{"version", "-x"}, `unknown shorthand flag: 'x' in -x; see "orrery version --help", and "orrery config keys" for every setting`},
		{[]string{"cli", "-datadir=x", "uptime"}, "unknown flag -datadir; here it is --node.data_dir DIR"},
		{[]string{"node", "-regtest"}, "unknown flag -regtest; here it is --preset regtest"},
		{[]string{"version", "--rpc.listen"}, `flag needs an argument: --rpc.listen; see "orrery version --help"`},
		{[]string{"config", "show", "rpc.listn"}, "no setting is called rpc.listn; did you mean rpc.listen?"},
		{[]string{"config", "show", "a", "b"}, `give one NAME of a key or section, found 2; see "orrery config show --help"`},
		{[]string{"config", "check", "--mining.threads", "-1"}, "--mining.threads is -1, must be 0 … 1024"},
	} {
		code, stdout, stderr := orrery(t, nil, c.args...)
		if code != 1 || stdout != "" || stderr != "orrery: "+c.want+"\n" {
			t.Errorf("%q: exit code %d\n got %q %q\nwant %q", c.args, code, stdout, stderr, c.want)
		}
	}
}

func TestConfigCheck(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, stdout, _ := orreryHere(t, nil, "config", "check"); code != 0 || stdout != "ok (no file, preset lab)\n" {
		t.Errorf("no file: %d, %q", code, stdout)
	}
	write := func(text string) {
		if err := os.WriteFile("config.toml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[mining]\nthreads = 2\n")
	if code, stdout, _ := orreryHere(t, nil, "config", "check"); code != 0 || stdout != "ok (config.toml)\n" {
		t.Errorf("a file: %d, %q", code, stdout)
	}
	write("[mining]\nthreads = \"2\"\n[rpc]\nlistn = 1\n")
	want := "orrery: config.toml:2:1: mining.threads must be an integer, found a text\n" +
		"orrery: config.toml:4:1: unknown key rpc.listn; did you mean rpc.listen?\n"
	if code, stdout, stderr := orreryHere(t, nil, "config", "check"); code != 1 || stdout != "" || stderr != want {
		t.Errorf("two faults: %d, %q, %q", code, stdout, stderr)
	}
	if code, stdout, _ := orreryHere(t, nil, "config", "check", "--preset", "regtest"); code != 0 || stdout != "ok (no file, preset regtest)\n" {
		t.Errorf("--preset beside a bad file: %d, %q", code, stdout)
	}
	if code, stdout, _ := orreryHere(t, nil, "version"); code != 0 || !strings.HasPrefix(stdout, "orrery "+version) {
		t.Errorf("version beside a bad file: %d, %q", code, stdout)
	}
}

func TestConfigShow(t *testing.T) {
	env := []string{"ORRERY_RPC__USER=u", "ORRERY_RPC__PASSWORD=hunter2"}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"mining.threads"}, []string{"1"}},
		{[]string{"--mining.threads", "2", "mining.threads"}, []string{"2"}},
		{[]string{"mining.threads", "--mining.threads=2"}, []string{"2"}},
		{[]string{"--mining.enabled", "false", "mining.enabled"}, []string{"false"}},
		{[]string{"--mining.enabled", "mining.enabled", "--preset", "regtest"}, []string{"true"}},
		{[]string{"rpc.password"}, []string{"(hidden)"}},
		{[]string{"chain.genesis.bits"}, []string{"0x1e53e2d6"}},
		{[]string{"policy.params"}, nil},
		{[]string{"policy.params", "--policy.params.difficulty.window", "30"}, []string{"policy.params.difficulty.window  = 30  # --policy.params.difficulty.window"}},
		{[]string{"wallet"}, []string{
			`wallet.enabled       = true       # default`,
			`wallet.name          = "default"  # default`,
			`wallet.address_type  = "legacy"   # default`}},
		{[]string{"rpc.user"}, []string{`"u"`}},
	} {
		code, stdout, stderr := orrery(t, env, append([]string{"config", "show"}, c.args...)...)
		var want string
		for _, line := range c.want {
			want += line + "\n"
		}
		if code != 0 || stderr != "" || stdout != want {
			t.Errorf("%q: exit code %d, %q\n got %q\nwant %q", c.args, code, stderr, stdout, want)
		}
	}
	_, stdout, _ := orrery(t, env, "config", "show")
	_, keys, _ := orrery(t, env, "config", "keys")
	for _, k := range config.Keys() {
		if k.Type() != "table" && !strings.Contains(stdout, k.Name+" ") {
			t.Errorf("config show leaves out %s", k.Name)
		}
		if !strings.Contains(keys, "\n"+k.Name+" ") {
			t.Errorf("config keys leaves out %s", k.Name)
		}
	}
	if strings.Contains(stdout, "hunter2") {
		t.Error("config show shows the password")
	}
}
