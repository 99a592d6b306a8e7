// Command orrery is a proof-of-work node, its wallet and its tools in one
// program. Each subcommand has a file of its own.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	m := Main{Args: os.Args[1:], Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	code := m.Run(ctx)
	stop()
	os.Exit(code)
}

// endSignals ask the program to end: Ctrl-C, kill, and a terminal that is
// closed, unless nohup keeps that from it.
func endSignals() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// Main is one run of the program, which a test can start too.
type Main struct {
	Args           []string // without the program's name
	Env            []string // as os.Environ gives it
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Run executes the command line and returns the exit code. It returns when the
// command has ended; a command ends soon after ctx does.
func (m *Main) Run(ctx context.Context) int { return run(ctx, m) }
