//go:build !windows

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"

	"orrery/cmd/internal/e2e"
)

// maxColumns is the width in which everything but names of files must fit.
const maxColumns = 120

// TestTerminal: at a terminal a person sees a banner and a line a block, and
// Ctrl-C typed there ends the node.
func TestTerminal(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	cmd := exec.Command(e2e.Binary(t), "node", "--preset", "lab", "--rpc.listen", "127.0.0.1:0", "--mining.max_hashrate", "0",
		"--chain.genesis.bits", "0x207fffff", "--policy.difficulty", "fixed")
	cmd.Dir = work
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: maxColumns})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill(); _ = tty.Close() }()
	limit := time.AfterFunc(e2e.Patience, func() { _ = cmd.Process.Kill() })
	defer limit.Stop()

	var banner, blocks, rest []string
	block := regexp.MustCompile(`^ +\d+  [0-9a-f]{6}…[0-9a-f]{6}  1 tx +[+-]\d+ s  difficulty \S+ \(2 hashes\)  reward 50\.00$`)
	lines := bufio.NewScanner(tty)
	for lines.Scan() {
		// The terminal echoes ^C wherever it is, also within a line.
		line := strings.Replace(strings.TrimRight(lines.Text(), "\r"), "^C", "", 1)
		if n := utf8.RuneCountInString(line); n > maxColumns && !strings.Contains(line, os.TempDir()) {
			t.Errorf("%d columns: %q", n, line)
		}
		switch {
		case block.MatchString(line):
			if blocks = append(blocks, line); len(blocks) == 5 {
				if _, err := tty.Write([]byte{3}); err != nil { // Ctrl-C
					t.Fatal(err)
				}
			}
		case len(blocks) == 0:
			banner = append(banner, line)
		default:
			rest = append(rest, line)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	text := strings.Join(banner, "\n")
	for _, part := range []string{
		"Orrery ", "chain       lab (new), height 0", "data        " + filepath.Join(work, "data"), "RPC         http://127.0.0.1:",
		"difficulty  library/difficulty/fixed.lua", "reward      library/reward/halving.lua", "wallet      default", "mining      1 thread",
		"wallet balance", "cli getblockchaininfo", "Ctrl-C",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in the banner:\n%s", part, text)
		}
	}
	if len(banner) > 20 {
		t.Errorf("a banner of %d lines:\n%s", len(banner), text)
	}
	if len(blocks) < 5 {
		t.Errorf("%d lines of blocks:\n%s", len(blocks), strings.Join(rest, "\n"))
	}
	if got := strings.Join(rest, "\n"); got != "Stopping\nStopped, everything is on the disk" {
		t.Errorf("at the end it says %q", got)
	}
}

// TestNoTerminal: without a terminal every line is a log record, in the format
// that was asked for.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	for format, record := range map[string]*regexp.Regexp{
		"auto": regexp.MustCompile(`^time=\S+ level=[A-Z]+ msg=.+$`),
		"text": regexp.MustCompile(`^time=\S+ level=[A-Z]+ msg=.+$`),
		"json": regexp.MustCompile(`^\{"time":"[^"]+","level":"[A-Z]+","msg":".+\}$`),
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			p := e2e.Launch(t, "", nil, e2e.Lab("data", "--mining.max_hashrate", "0", "--chain.genesis.bits", "0x207fffff", "--policy.difficulty", "fixed",
				"--node.log_format", format)...)
			p.WaitLine("block")
			p.Signal(os.Interrupt)
			endsCleanly(t, p)
			for _, line := range strings.Split(strings.TrimSpace(p.Output()), "\n") {
				if !record.MatchString(line) {
					t.Errorf("no record: %q", line)
				}
			}
		})
	}
}
