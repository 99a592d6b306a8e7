//go:build !windows

package main

import (
	"bufio"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"orrery/cmd/internal/datadir"
	"orrery/cmd/internal/e2e"
)

// endsCleanly waits for a process that was asked to end.
func endsCleanly(t *testing.T, p *e2e.Process) {
	t.Helper()
	if code, took := p.Wait(); code != 0 || took > longestEnd {
		t.Errorf("exit code %d after %v:\n%s", code, took, p.Output())
	}
}

// TestSignalsAtStart: a node ends cleanly when it is asked to in the middle of
// its start, and the folder is good for the next start.
func TestSignalsAtStart(t *testing.T) {
	t.Parallel()
	const tries = 15
	window := 300 * time.Millisecond
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	parent := t.TempDir()
	dir := filepath.Join(parent, "data")
	early := 0
	for i := range tries {
		s := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		if i%4 == 0 { // a start that makes a chain is another one than one that opens it
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		before := e2e.ReadFolder(t, parent)
		p := e2e.Launch(t, "", nil, e2e.Lab(dir, "--mining.max_hashrate", "0")...)
		select {
		case <-time.After(time.Duration(random.Int64N(int64(window)))):
		case <-p.Exited():
		}
		p.Signal(s)
		code, took := p.Wait()
		// Before the program has begun, the system ends it.
		if code == -1 && before.Diff(e2e.ReadFolder(t, parent)) == "" {
			early++
			window += window / 3 // this machine is busy: programs begin late
			continue
		}
		if code != 0 || took > longestEnd {
			t.Errorf("try %d, %v: exit code %d after %v:\n%s", i, s, code, took, p.Output())
		}
	}
	if early > tries/2 {
		t.Errorf("%d of %d signals came before the program had begun", early, tries)
	}
	n := e2e.StartArgs(t, "", e2e.Lab(dir)...)
	n.Signal(syscall.SIGTERM)
	endsCleanly(t, n.Process)
}

// TestSignalsAtWork: the same while it mines as fast as it can, while it looks
// for a genesis block, and for somebody who is impatient.
func TestSignalsAtWork(t *testing.T) {
	t.Parallel()
	easy := []string{"--mining.address", nobody, "--mining.max_hashrate", "0", "--mining.threads", "2", "--chain.genesis.bits", "0x207fffff", "--policy.difficulty", "fixed"}
	for name, c := range map[string]struct {
		args  []string
		begin string // the line after which it is asked to end
		twice bool
	}{
		"easy blocks":    {args: easy, begin: "msg=block height=20 "},
		"hard blocks":    {args: []string{"--mining.max_hashrate", "0"}, begin: `msg="node started"`},
		"twice":          {args: easy, begin: "msg=block height=20 ", twice: true},
		"hard genesis":   {args: []string{"--chain.genesis.bits", "0x1d100000"}},
		"genesis, twice": {args: []string{"--chain.genesis.bits", "0x1d100000"}, twice: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			p := e2e.Launch(t, "", nil, e2e.Lab(dir, c.args...)...)
			if c.begin != "" {
				p.WaitLine(c.begin)
			} else {
				waitFile(t, p, filepath.Join(dir, "lock"))
			}
			p.Signal(os.Interrupt)
			if c.twice {
				p.Signal(os.Interrupt)
			}
			endsCleanly(t, p)
			if _, err := os.Stat(filepath.Join(dir, "rpc.addr")); !os.IsNotExist(err) {
				t.Errorf("rpc.addr is left (%v)", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "chain.json")); c.begin == "" && !os.IsNotExist(err) {
				t.Errorf("chain.json was made (%v)", err)
			}
		})
	}
}

// TestSignalsDuringCalls: the same while calls are answered that take long. What
// was acknowledged is there afterwards.
func TestSignalsDuringCalls(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := e2e.Start(t, dir)
	n.Must(nil, "generatetoaddress", 500, nobody)
	var first string
	n.Must(&first, "getblockhash", 1)
	n.Stop()
	for name, call := range map[string]func(n *e2e.Node) error{
		"generate": func(n *e2e.Node) error { return n.Call(nil, "generatetoaddress", 1_000_000, nobody) },
		"reorgs": func(n *e2e.Node) error {
			for {
				for _, method := range []string{"invalidateblock", "reconsiderblock"} {
					if err := n.Call(nil, method, first); err != nil {
						return err
					}
				}
			}
		},
		"waiting": func(n *e2e.Node) error { return n.Call(nil, "waitforblockheight", 1_000_000, 600_000) },
		"long poll": func(n *e2e.Node) error {
			var template struct{ LongPollID string }
			if err := n.Call(&template, "getblocktemplate", map[string]any{"rules": []string{"segwit"}}); err != nil {
				return err
			}
			for {
				if err := n.Call(nil, "getblocktemplate", map[string]any{"rules": []string{"segwit"}, "longpollid": template.LongPollID}); err != nil {
					return err
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := e2e.Start(t, e2e.CopyFolder(t, dir))
			ended := make(chan error, 1)
			go func() { ended <- call(n) }()
			if name == "generate" || name == "reorgs" {
				n.WaitLine("msg=" + map[string]string{"generate": "block", "reorgs": "reorg"}[name])
			} else {
				waitCalls(t, n)
			}
			n.Signal(os.Interrupt)
			endsCleanly(t, n.Process)
			// Waiting and generating answer with what they have, as Core's do.
			if err := <-ended; err == nil && name != "waiting" && name != "generate" {
				t.Error("the call was answered as if nothing had happened")
			}
			again := e2e.Start(t, n.Dir)
			if state := again.State(); name != "reorgs" && state.Height < 500 {
				t.Errorf("blocks are lost: %+v", state)
			}
			again.Stop()
		})
	}
}

// TestClosedTerminal: a window that is closed ends the node cleanly.
func TestClosedTerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(e2e.Binary(t), e2e.Regtest(dir)...)
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(e2e.Patience, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()
	lines := bufio.NewScanner(tty)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C ends") {
	}
	if err := tty.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "rpc.addr")); !os.IsNotExist(err) {
		t.Errorf("rpc.addr is left (%v)", err)
	}
}

// TestNohup: who starts a node so that it outlives the terminal keeps it.
func TestNohup(t *testing.T) {
	t.Parallel()
	sh := append([]string{"-c", `trap "" HUP; exec "$0" "$@"`, e2e.Binary(t)}, e2e.Regtest(t.TempDir())...)
	n := e2e.Ready(t, e2e.LaunchCommand(t, "", nil, exec.Command("sh", sh...)))
	n.Signal(syscall.SIGHUP)
	n.Must(nil, "generatetoaddress", 20, nobody)
	n.Stop()
}

// TestReaderGone: a node whose output nobody reads any more goes on.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	n := e2e.Start(t, t.TempDir())
	n.CloseOutput()
	n.Must(nil, "generatetoaddress", 20, nobody) // each is a line
	if state := n.State(); state.Height != 20 {
		t.Errorf("%+v", state)
	}
	n.Signal(syscall.SIGTERM)
	endsCleanly(t, n.Process)
}

// TestReaderStops: neither does one whose reader stays and reads nothing, as a
// stopped terminal, hold the node up, or keep it from ending.
func TestReaderStops(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sh := append([]string{"-c", `mkfifo unread && exec 3<>unread && exec "$0" "$@" >&3 2>&3`, e2e.Binary(t)}, e2e.Regtest(dir)...)
	p := e2e.LaunchCommand(t, "", nil, exec.Command("sh", sh...))
	waitFile(t, p, filepath.Join(dir, datadir.RPCFile))
	code, _, errs := e2e.Run(t, "", "cli", "--node.data_dir", dir, "generatetoaddress", "1000", nobody) // more lines than a pipe holds
	if code != 0 {
		t.Error(errs)
	}
	p.Signal(syscall.SIGTERM)
	endsCleanly(t, p)
}

// TestReaderOfAnswerGone: other commands end with their reader, as is usual.
func TestReaderOfAnswerGone(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	defer w.Close()
	cmd := exec.Command(e2e.Binary(t), "config", "keys")
	cmd.Dir, cmd.Stdout = t.TempDir(), w
	_ = cmd.Run()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGPIPE {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}

// waitCalls waits until the node is busy with another call.
func waitCalls(t *testing.T, n *e2e.Node) {
	t.Helper()
	for limit := time.Now().Add(e2e.Patience); time.Now().Before(limit); {
		var info struct {
			Active []struct{ Method string } `json:"active_commands"`
		}
		n.Must(&info, "getrpcinfo")
		if len(info.Active) > 1 {
			return
		}
	}
	t.Fatal("no call is under way")
}

// waitFile waits for a file of a process that tells nothing else.
func waitFile(t *testing.T, p *e2e.Process, name string) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	limit := time.After(e2e.Patience)
	for {
		if _, err := os.Stat(name); err == nil {
			return
		}
		select {
		case <-look.C:
		case <-p.Exited():
			t.Fatalf("it ended:\n%s", p.Output())
		case <-limit:
			t.Fatalf("there is no %s:\n%s", name, p.Output())
		}
	}
}
