package e2e

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience is how long a test waits for something that must happen, on a
// machine that may be busy. It only bounds a failure.
const Patience = 60 * time.Second

// Process is a started program whose output is kept. It is killed when its
// test ends.
type Process struct {
	t      testing.TB
	cmd    *exec.Cmd
	output io.Closer // the end that the test reads
	exited chan struct{}
	killed bool

	mu    sync.Mutex
	lines []string
	moved chan struct{} // closed at each new line
}

// Launch starts the program with args in the folder dir, a new one if "".
func Launch(t testing.TB, dir string, env []string, args ...string) *Process {
	t.Helper()
	return LaunchCommand(t, dir, env, exec.Command(Binary(t), args...))
}

// LaunchCommand starts any program like Launch.
func LaunchCommand(t testing.TB, dir string, env []string, cmd *exec.Cmd) *Process {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	p := &Process{t: t, cmd: cmd, exited: make(chan struct{}), moved: make(chan struct{})}
	cmd.Dir, cmd.Env = dir, append(cleanEnv(), env...)
	dieWithParent(cmd)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = r.Close()
		t.Fatal(err)
	}
	p.output = r
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer r.Close()
		p.read(r)
	}()
	go func() {
		<-read // all output is there when the process is known to have ended
		_ = cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(p.Kill)
	return p
}

// cleanEnv is the environment without settings of a person's own node.
func cleanEnv() []string {
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "ORRERY_") {
			env = append(env, pair)
		}
	}
	return env
}

func (p *Process) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, lines.Text())
		close(p.moved)
		p.moved = make(chan struct{})
		p.mu.Unlock()
	}
}

// Output is everything that was printed so far, on both streams.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b bytes.Buffer
	for _, line := range p.lines {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// WaitLine returns the first printed line that contains text; "" when the
// process ended without it.
func (p *Process) WaitLine(text string) string {
	p.t.Helper()
	limit := time.NewTimer(Patience)
	defer limit.Stop()
	for seen := 0; ; {
		p.mu.Lock()
		fresh, moved := p.lines[seen:], p.moved
		p.mu.Unlock()
		for _, line := range fresh {
			if strings.Contains(line, text) {
				return line
			}
		}
		if seen += len(fresh); len(fresh) > 0 {
			continue
		}
		select {
		case <-moved:
		case <-p.exited:
			p.mu.Lock()
			all := len(p.lines)
			p.mu.Unlock()
			if all == seen {
				return ""
			}
		case <-limit.C:
			p.t.Fatalf("no %q within %v:\n%s", text, Patience, p.Output())
		}
	}
}

// Signal sends a signal; a process that has ended does not mind.
func (p *Process) Signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// CloseOutput goes away as the reader of what the process prints, as head does
// at the other end of a pipe.
func (p *Process) CloseOutput() { _ = p.output.Close() }

// Kill ends the process at once, as kill -9 does, and waits for its end.
func (p *Process) Kill() {
	p.killed = true
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Wait returns the exit code, and how long the process took from now to end.
// One that does not end fails the test.
func (p *Process) Wait() (code int, took time.Duration) {
	p.t.Helper()
	begin := time.Now()
	limit := time.NewTimer(Patience)
	defer limit.Stop()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode(), time.Since(begin)
	case <-limit.C:
		p.t.Fatalf("still running after %v:\n%s", Patience, p.Output())
		return -1, 0
	}
}

// Run runs the program to its end, in the folder dir.
func Run(t testing.TB, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return RunInput(t, dir, "", args...)
}

// RunInput is Run with a standard input.
func RunInput(t testing.TB, dir, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t), args...)
	dieWithParent(cmd)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, cleanEnv(), strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	if ctx.Err() != nil || cmd.ProcessState == nil {
		t.Fatalf("%q did not run to its end:\n%s%s", args, &out, &errs)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}
