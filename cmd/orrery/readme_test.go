//go:build !windows

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/e2e"
)

// fenced finds the shell blocks of a page.
var fenced = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")

// commandsOf are the lines of a page's shell blocks, without comments.
func commandsOf(t *testing.T, page string) (lines []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range fenced.FindAllStringSubmatch(string(text), -1) {
		for _, line := range strings.Split(block[1], "\n") {
			command, _, _ := strings.Cut(line, " #")
			if command = strings.TrimSpace(command); command != "" {
				lines = append(lines, command)
			}
		}
	}
	return lines
}

// root is the repository.
var root = filepath.Join("..", "..")

// TestReadme types the README's commands, in their order, into a folder as a
// clone has it.
func TestReadme(t *testing.T) {
	t.Parallel()
	r := &reader{t: t, clone: cloneOf(t)}
	commands := commandsOf(t, "README.md")
	if len(commands) < 9 {
		t.Fatalf("only %d commands are found: %q", len(commands), commands)
	}
	// The tour begins with a node that somebody left running. It mines faster
	// than a laptop should, so that money matures within the test's time.
	env := []string{"ORRERY_MINING__MAX_HASHRATE=0"}
	r.node = e2e.Ready(t, r.start(env, "./orrery node"))
	for _, command := range commands {
		switch {
		case command == "go test ./...":
			t.Logf("left out: %q, since this is it", command)
		case strings.HasPrefix(command, "go run ./cmd/orrery node"):
			r.goRun(command)
		case strings.HasPrefix(command, "./orrery node --p2p.join"):
			// It stays, and mines money of its own.
			r.second = e2e.Ready(t, r.start(env, strings.ReplaceAll(command, "127.0.0.1:8000", r.node.Self().Listen)))
		case strings.HasPrefix(command, "./orrery lab"):
			p := r.start(env, command)
			if p.WaitLine("8003 |") == "" {
				t.Errorf("%s:\n%s", command, p.Output())
			}
			p.Signal(os.Interrupt)
			endsCleanly(t, p)
		case strings.HasPrefix(command, "./orrery node"):
			p := r.start(env, command)
			e2e.Ready(t, p)
			p.Signal(os.Interrupt)
			endsCleanly(t, p)
		default:
			r.run(command)
		}
	}
	r.second.Stop()
	r.node.Stop()
}

// reader does what the README says.
type reader struct {
	t     *testing.T
	clone string
	node  *e2e.Node
	// second joined the network of node.
	second *e2e.Node
}

// cloneOf is a folder with what the commands need of the repository, and the
// program in it.
func cloneOf(t *testing.T) string {
	t.Helper()
	clone := t.TempDir()
	if err := os.CopyFS(filepath.Join(clone, "scripts"), os.DirFS(filepath.Join(root, "scripts"))); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(root, "config.toml"))
	if err == nil {
		err = os.WriteFile(filepath.Join(clone, "config.toml"), b, 0o600)
	}
	if err == nil { // a copy could not run while a process that another test starts has it open
		err = os.Symlink(e2e.Binary(t), filepath.Join(clone, "orrery"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return clone
}

// start runs a command that does not end by itself.
func (r *reader) start(env []string, command string) *e2e.Process {
	r.t.Helper()
	return e2e.LaunchCommand(r.t, r.clone, env, exec.Command("sh", "-c", "exec "+command))
}

// goRun starts the node from its source. It works in the repository, which has
// the source, and elsewhere with everything that it writes.
func (r *reader) goRun(command string) {
	r.t.Helper()
	env := []string{"ORRERY_NODE__DATA_DIR=" + filepath.Join(r.t.TempDir(), "data"), "ORRERY_RPC__LISTEN=127.0.0.1:0"}
	cmd := exec.Command("sh", "-c", "exec "+command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := e2e.LaunchCommand(r.t, root, env, cmd)
	defer func() { _ = syscall.Kill(-p.PID(), syscall.SIGKILL) }() // also what "go run" started, should it be left
	e2e.Ready(r.t, p)
	if err := syscall.Kill(-p.PID(), syscall.SIGINT); err != nil { // as a terminal does
		r.t.Fatal(err)
	}
	p.Wait() // its exit code is that of "go run", which does not like Ctrl-C
	if !strings.Contains(p.Output(), "stopped, everything is on the disk") {
		r.t.Errorf("%s did not end cleanly:\n%s", command, p.Output())
	}
}

// run types a command that ends by itself at a terminal, and yes where it asks.
func (r *reader) run(command string) {
	r.t.Helper()
	switch payer := r.node; {
	case strings.Contains(command, "data2"):
		payer = r.second
		fallthrough
	case strings.Contains(command, "wallet send"):
		r.waitForMoney(payer)
	}
	if strings.Contains(command, "wallet send alice") {
		e2e.WaitHeight(r.t, r.node.Height()+3, r.second)
	}
	if name, _, _ := strings.Cut(command, " "); name == "curl" {
		if _, err := exec.LookPath(name); err != nil {
			r.t.Logf("left out: %q, since there is no curl here", command)
			return
		}
	}
	command = strings.ReplaceAll(command, "ADDRESS", nobody)
	// The port of the README may be somebody else's on this machine.
	command = strings.ReplaceAll(command, "127.0.0.1:18443", r.node.Address)
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = r.clone
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: maxColumns})
	if err != nil {
		r.t.Fatal(err)
	}
	limit := time.AfterFunc(e2e.Patience, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	if _, err := tty.WriteString("y\n"); err != nil {
		r.t.Error(err)
	}
	out, _ := io.ReadAll(tty) // ends with an error when the command does
	err = cmd.Wait()
	_ = tty.Close()
	r.t.Logf("%s\n%s", command, out)
	if err != nil || len(out) == 0 {
		r.t.Errorf("%s: %v", command, err)
	}
}

// waitForMoney waits until the wallet can pay what the README pays.
func (r *reader) waitForMoney(n *e2e.Node) {
	r.t.Helper()
	for height := n.Height(); ; height++ {
		var balance float64
		n.Must(&balance, "getbalance")
		if balance > 3 {
			return
		}
		n.Must(nil, "waitforblockheight", height+1, e2e.Patience.Milliseconds())
	}
}

// TestReadmeTable: what the table of commands names exists.
func TestReadmeTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| (`.*?) \\|").FindAllStringSubmatch(string(text), -1)
	if len(rows) < 5 {
		t.Fatalf("only %d rows are found", len(rows))
	}
	seen := map[string]bool{}
	for _, row := range rows {
		var prefix string // of the short forms in a row: "`orrery wallet list`, `create NAME`"
		for _, form := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			var words []string
			for _, word := range strings.Fields(form[1]) {
				if strings.ToLower(word) == word && word != "…" {
					words = append(words, word)
				}
			}
			if words[0] == "orrery" {
				words = words[1:]
				prefix = words[0]
			} else {
				words = append([]string{prefix}, words...)
			}
			seen[words[0]] = true
			code, stdout, stderr := orrery(t, nil, append(words, "--help")...)
			if use := "orrery " + strings.Join(words, " "); code != 0 || !strings.Contains(stdout, "Usage:\n  "+use) {
				t.Errorf("%s: exit code %d\n%s%s", use, code, stdout, stderr)
			}
		}
	}
	for _, cmd := range newRoot(&app{Main: &Main{}, flags: config.NewFlags(nil)}).Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "help" && cmd.Name() != "completion" && !seen[cmd.Name()] {
			t.Errorf("the README's table leaves out %s", cmd.Name())
		}
	}
}
