package main

import (
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"orrery/cmd/internal/e2e"
)

// TestModes: only the user can read what a node keeps, whatever the umask.
func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("left out: Windows has no file modes")
	}
	dir := filepath.Join(t.TempDir(), "a", "data")
	sh := append([]string{"-c", `umask 0; exec "$0" "$@"`, e2e.Binary(t)}, e2e.Lab(dir, "--mining.address", nobody)...)
	n := e2e.Ready(t, e2e.LaunchCommand(t, "", nil, exec.Command("sh", sh...)))
	wantModes(t, dir, ".cookie", "rpc.addr", "lock", "chain.json", "experiment.key", "addresses.db", "directory.db", "chain")
	n.Stop()
	wantModes(t, dir, "lock", "chain.json", "experiment.key", "addresses.db", "directory.db", "chain")
	for _, gone := range []string{".cookie", "rpc.addr"} {
		if _, err := os.Stat(filepath.Join(dir, gone)); !os.IsNotExist(err) {
			t.Errorf("%s is still there (%v)", gone, err)
		}
	}
}

func wantModes(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, not %v", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRestart: the chain, its identity and the tip are those of before, and a
// node's folder tells where it answers.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := e2e.StartArgs(t, "", e2e.Lab(dir, "--mining.address", nobody, "--mining.max_hashrate", "0", "--chain.genesis.bits", "0x207fffff", "--policy.difficulty", "fixed")...)
	n.WaitLine("msg=block height=3 ")
	addr, err := os.ReadFile(filepath.Join(dir, "rpc.addr"))
	if err != nil || strings.TrimSpace(string(addr)) != n.Address {
		t.Errorf("rpc.addr has %q %v, the node answers at %s", addr, err, n.Address)
	}
	n.Stop()
	blocks := strings.Count(n.Output(), "msg=block ")
	again := e2e.StartArgs(t, "", e2e.Lab(dir, "--mining.enabled", "false", "--chain.genesis.bits", "0x207fffff", "--policy.difficulty", "fixed")...)
	before, now := n.WaitLine(`msg="node started"`), again.WaitLine(`msg="node started"`)
	for _, key := range []string{"chain", "network_id", "policy", "difficulty", "reward"} {
		if a, b := field(before, key), field(now, key); a == "" || a != b {
			t.Errorf("%s was %q, is %q", key, a, b)
		}
	}
	last := n.WaitLine("msg=block height=" + field(now, "height") + " ")
	if blocks < 3 || field(last, "hash") != field(now, "tip") {
		t.Errorf("%d blocks were shown; the restarted node has\n%s\nafter\n%s", blocks, now, n.Output())
	}
	again.Stop()
}

// field is the value of key in a log line.
func field(line, key string) string {
	for _, word := range strings.Fields(line) {
		if value, ok := strings.CutPrefix(word, key+"="); ok {
			return value
		}
	}
	return ""
}

// TestSecondNode: a folder in use is refused in words that help.
func TestSecondNode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := e2e.Start(t, dir)
	failsUntouched(t, dir, e2e.Regtest(dir), "is in use by another orrery node", "orrery cli --node.data_dir "+dir+" getblockchaininfo", "orrery node --node.data_dir "+dir+"2")
	if err := n.Call(nil, "uptime"); err != nil {
		t.Error("the first node:", err)
	}
	n.Kill()

	// After a kill -9 the address of the dead node is still in the folder.
	for _, name := range []string{"rpc.addr", ".cookie"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	code, stdout, stderr := e2e.Run(t, t.TempDir(), "cli", "--node.data_dir", dir, "uptime")
	wantFailure(t, code, stderr, "no node answers at "+n.Address, "orrery node")
	if stdout != "" || strings.Count(stderr, "\n") != 1 {
		t.Errorf("%q %q", stdout, stderr)
	}
	e2e.Start(t, dir).Stop()
}

func TestUnwritable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "data")} {
		failsUntouched(t, filepath.Dir(file), e2e.Regtest(dir), "the data folder "+dir+" cannot be used", "--node.data_dir")
	}
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Log("left out: a folder without write permission, since root may write anywhere")
		return
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{closed, filepath.Join(closed, "data")} {
		failsUntouched(t, closed, e2e.Regtest(dir), "the data folder "+dir+" cannot be used: permission denied", "--node.data_dir")
	}
}

// TestPortTaken: a port that was only a default gives way; one that was asked
// for does not.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	_, port, _ := net.SplitHostPort(taken)

	dir := filepath.Join(t.TempDir(), "data")
	p := e2e.Launch(t, "", nil, "node", "--preset", "regtest", "--node.data_dir", dir, "--rpc.listen", taken)
	code, _ := p.Wait()
	wantFailure(t, code, p.Output(), "RPC port "+port+" is taken", "--rpc.listen")
	if strings.Count(p.Output(), "\n") != 1 {
		t.Errorf("more than a line:\n%s", p.Output())
	}

	work := t.TempDir()
	if err := os.WriteFile(filepath.Join(work, "config.toml"), []byte("preset = \"regtest\"\n[rpc]\nlisten = \""+taken+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := e2e.StartArgs(t, work, "node")
	_, got, _ := net.SplitHostPort(n.Address)
	if was, _ := strconv.Atoi(port); got == port || atoi(got) < was {
		t.Errorf("port %s was taken, the node took %s", port, got)
	}
	if want := "RPC port " + port + " is taken, using " + got; strings.Count(n.Output(), want) != 1 {
		t.Errorf("%q is not told once:\n%s", want, n.Output())
	}
	if code, stdout, stderr := e2e.Run(t, work, "cli", "uptime"); code != 0 {
		t.Errorf("the command line does not find it: %q %q", stdout, stderr)
	}
	n.Stop()
}

// TestPortOfVariable: what a variable says counts for the node and the command
// line alike. Port 0 is any free one, so only the node's own word tells it.
func TestPortOfVariable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	p := e2e.Launch(t, "", []string{"ORRERY_RPC__LISTEN=" + l.Addr().String()}, "node", "--preset", "regtest", "--node.data_dir", filepath.Join(t.TempDir(), "data"))
	code, _ := p.Wait()
	wantFailure(t, code, p.Output(), "RPC port "+port+" is taken", "--rpc.listen")

	dir := t.TempDir()
	any := []string{"ORRERY_RPC__LISTEN=127.0.0.1:0"}
	n := e2e.Ready(t, e2e.Launch(t, "", any, "node", "--preset", "regtest", "--node.data_dir", dir))
	var out, errs strings.Builder
	m := Main{Args: []string{"cli", "--preset", "regtest", "--node.data_dir", dir, "getblockcount"}, Env: any, Stdout: &out, Stderr: &errs}
	if code := m.Run(t.Context()); code != 0 || out.String() != "0\n" {
		t.Errorf("the command line does not find it: %d %q %q", code, out.String(), errs.String())
	}
	n.Stop()
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

// TestBadSettings: nothing but a lock is made when the settings are wrong.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  []string
		parts []string
	}{
		{nil, []string{"config.toml:2:1: mining.threads must be an integer, found a text"}},
		{[]string{"--config", "none.toml"}, []string{"none.toml"}},
		{[]string{"--preset", "mainnet"}, []string{"mainnet", "lab", "regtest"}},
		{[]string{"--preset", "lab", "--mining.address", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"}, []string{"mining.address"}},
		{[]string{"--preset", "lab", "--rpc.listen", "nowhere"}, []string{"rpc.listen"}},
		{[]string{"--preset", "lab", "--rpc.listen", "192.0.2.1:1"}, []string{"rpc.listen"}},
		{[]string{"--preset", "lab", "--policy.reward", "golden"}, []string{`--policy.reward is "golden"`, "halving"}},
		{[]string{"--preset", "lab", "extra"}, []string{"extra"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			work := t.TempDir()
			if err := os.WriteFile(filepath.Join(work, "config.toml"), []byte("[mining]\nthreads = \"2\"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := e2e.Run(t, work, append([]string{"node"}, c.args...)...)
			wantFailure(t, code, stdout+stderr, c.parts...)
			for name := range e2e.ReadFolder(t, work) {
				if name != "." && name != "config.toml" && name != "data" && name != filepath.Join("data", "lock") {
					t.Errorf("made %s", name)
				}
			}
		})
	}
}
