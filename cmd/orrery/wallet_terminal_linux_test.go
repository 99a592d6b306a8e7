package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// terminal opens a pseudo-terminal: what a program reads and writes at one end,
// a person does at the other.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there is no /dev/ptmx to make a terminal of: %v", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	unlock, number := int32(0), uint32(0)
	for _, call := range []struct {
		request uintptr
		arg     unsafe.Pointer
	}{{syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)}, {syscall.TIOCGPTN, unsafe.Pointer(&number)}} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), call.request, uintptr(call.arg)); errno != 0 {
			t.Fatal(errno)
		}
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// atTerminal runs a command before a person who types answer at the question.
func (p *purse) atTerminal(env []string, answer string, args ...string) (code int, seen, stderr string) {
	p.Helper()
	person, program := terminal(p.T)
	screen := make(chan string)
	go func() {
		var all strings.Builder
		b := make([]byte, 4096)
		for {
			n, err := person.Read(b)
			all.Write(b[:n])
			if strings.HasSuffix(all.String(), "[y/N] ") {
				_, _ = io.WriteString(person, answer)
			}
			if err != nil || strings.HasSuffix(all.String(), "\x04") {
				screen <- strings.ReplaceAll(strings.TrimSuffix(all.String(), "\x04"), "\r\n", "\n")
				return
			}
		}
	}()
	var errs strings.Builder
	m := Main{Args: append([]string{"wallet", "--node.data_dir", p.node.Dir}, args...), Env: env, Stdin: program, Stdout: program, Stderr: &errs}
	code = m.Run(context.Background())
	_, _ = io.WriteString(program, "\x04") // the end, for the reader above
	return code, <-screen, errs.String()
}

func TestWalletAsks(t *testing.T) {
	p := newPurse(t)
	_, own, _ := p.run("address")
	p.node.Must(nil, "generatetoaddress", 101, strings.TrimSpace(own))
	var locked []any
	var pool []string
	for _, no := range []string{"\n", "n\n", "yep\n", "\x04"} { // the last is the end of the input
		code, seen, stderr := p.atTerminal(nil, no, "send", nobody, "1")
		if code != 1 || stderr != "orrery: nothing was sent\n" || !strings.Contains(seen, "Send? [y/N]") {
			t.Errorf("answer %q: %d %q %q", no, code, seen, stderr)
		}
		p.node.Must(&locked, "listlockunspent")
		if p.node.Must(&pool, "getrawmempool"); len(pool) != 0 || len(locked) != 0 {
			t.Errorf("answer %q: mempool %v, locked %v", no, pool, locked)
		}
	}
	if _, seen, _ := p.atTerminal(nil, "n\n", "send", nobody, "1", "--json"); !strings.Contains(seen, "Amount") || !strings.Contains(seen, "Fee") {
		t.Errorf("with --json it asks about %q", seen)
	}
	p.giveUp(nobody)
	if p.node.Must(&pool, "getrawmempool"); len(pool) != 0 {
		t.Errorf("Ctrl-C: mempool %v", pool)
	}
	code, seen, stderr := p.atTerminal(nil, "y\n", "send", nobody, "1")
	p.node.Must(&pool, "getrawmempool")
	if code != 0 || stderr != "" || len(pool) != 1 || !strings.Contains(seen, "\x1b[32mSent:\x1b[0m "+pool[0]) {
		t.Errorf("%d %q %q, mempool %v", code, seen, stderr, pool)
	}
	if _, seen, _ := p.atTerminal([]string{"NO_COLOR=1"}, "", "balance"); strings.Contains(seen, "\x1b[") {
		t.Errorf("colours all the same: %q", seen)
	}
}

// giveUp types Ctrl-C at the question, which comes to the program as the end
// of its context, and only then an answer.
func (p *purse) giveUp(to string) {
	p.Helper()
	person, program := terminal(p.T)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		var all strings.Builder
		b := make([]byte, 4096)
		for !strings.HasSuffix(all.String(), "[y/N] ") {
			n, err := person.Read(b)
			if err != nil {
				return
			}
			all.Write(b[:n])
		}
		cancel()
		_, _ = io.WriteString(person, "y\n")
	}()
	var errs strings.Builder
	m := Main{Args: []string{"wallet", "--node.data_dir", p.node.Dir, "send", to, "1"}, Stdin: program, Stdout: program, Stderr: &errs}
	if code := m.Run(ctx); code != 1 || errs.String() != "orrery: nothing was sent\n" {
		p.Errorf("Ctrl-C: %d %q", code, errs.String())
	}
}

// TestWalletRestoreAsks: the words are asked for, over as many lines as they
// take, and an empty line ends them.
func TestWalletRestoreAsks(t *testing.T) {
	p := newPurse(t)
	person, program := terminal(t)
	words := strings.Repeat("1 abandon  2 abandon\n", 5) + "11 abandon\n12 about\n\n"
	if _, err := io.WriteString(person, words); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	m := Main{Args: []string{"wallet", "--node.data_dir", p.node.Dir, "restore", "old"}, Stdin: program, Stdout: &out, Stderr: &errs}
	code := m.Run(context.Background())
	if code != 0 || errs.String() != "The words of the wallet, in their order, then an empty line:\n" || !strings.HasPrefix(out.String(), "The wallet old was restored") {
		t.Errorf("%d %q %q", code, out.String(), errs.String())
	}
	// Who gives up has made nothing.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m.Args[len(m.Args)-1] = "new"
	if code := m.Run(ctx); code != 1 || !strings.HasSuffix(errs.String(), "orrery: nothing was made\n") {
		t.Errorf("given up: %d %q", code, errs.String())
	}
	_, _ = io.WriteString(person, "\x04") // the reader that was left behind
}

// TestWalletAsksAboutNames: whoever pays a name sees the address before the
// question.
func TestWalletAsksAboutNames(t *testing.T) {
	p := newPurse(t)
	var own string
	p.node.Must(&own, "getnewaddress")
	p.node.Must(nil, "generatetoaddress", 101, own)
	var shop struct{ Address string }
	p.node.Must(&shop, "registername", "shop")
	p.node.Must(nil, "generatetoaddress", 2, nobody)
	code, seen, stderr := p.atTerminal([]string{"NO_COLOR=1"}, "n\n", "send", "shop", "1")
	before, _, asked := strings.Cut(seen, "Send? [y/N]")
	if code != 1 || stderr != "orrery: nothing was sent\n" || !asked || !strings.HasPrefix(before, "Pay shop at "+shop.Address+"\n") {
		t.Errorf("%d %q %q", code, seen, stderr)
	}
}
