package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/console"
	"orrery/cmd/internal/daemon"
)

const (
	labNodes = 5  // when no number is given
	maxLab   = 50 // nodes of one process: each needs about 50 MB
	// labFolder holds the folders of the nodes, unless node.data_dir is given.
	labFolder = "lab-data"
)

func newLabCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "lab [N]",
		Short: "Run several joined nodes in one terminal",
		Long: "Run N nodes that form one network, " + strconv.Itoa(labNodes) + " unless told. Each has a folder of its own below " + labFolder + " and\n" +
			"writes lines that begin with its ID. The settings hold for all of them. Ctrl-C ends all.",
		Example: "  orrery lab 3\n  orrery cli --node.data_dir " + labFolder + "/2 getpeerinfo",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			signal.Ignore(syscall.SIGPIPE)
			n := labNodes
			if len(args) == 1 {
				var err error
				if n, err = strconv.Atoi(args[0]); err != nil || n < 1 || n > maxLab {
					return fmt.Errorf("the number of nodes is %q, must be 1 … %d", args[0], maxLab)
				}
			}
			s, err := a.settings()
			if err != nil {
				return err
			}
			return runLab(cmd.Context(), a, s, n)
		},
	}
}

// runLab runs the nodes until ctx ends or one of them fails. The first makes the
// chain, the others join it.
func runLab(ctx context.Context, a *app, s *config.Settings, n int) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	out, end := output(a, s)
	defer end()
	root := labFolder
	if s.Source("node.data_dir").Kind >= config.Environment {
		root = s.Node.DataDir
	}
	var nodes sync.WaitGroup
	failed := make([]error, n)
	started := make(chan string, n)
	run := func(i int, join []string) {
		nodes.Add(1)
		go func() {
			defer nodes.Done()
			failed[i] = daemon.Run(ctx, labSettings(s, filepath.Join(root, strconv.Itoa(i+1)), join), version, programName(os.Args[0]), labOutput(a, s, out, i, started))
			if ctx.Err() == nil && failed[i] == nil {
				failed[i] = errors.New("it was told to stop")
			}
			stop() // one that ends takes the others with it
		}()
	}
	run(0, s.P2P.Join)
	select {
	case address := <-started:
		for i := 1; i < n; i++ {
			run(i, []string{address})
		}
	case <-ctx.Done():
	}
	nodes.Wait()
	for i, err := range failed {
		if err != nil {
			return fmt.Errorf("node %d: %w", i+1, err)
		}
	}
	return nil
}

// labSettings are the settings of one node of a lab.
func labSettings(s *config.Settings, dir string, join []string) *config.Settings {
	own := *s
	own.Node.DataDir, own.P2P.Join = dir, join
	if len(join) > 0 {
		own.P2P.Listen, own.P2P.ServeTracker = "", "" // they are the first node's
	}
	return &own
}

// labOutput labels what node i writes.
func labOutput(a *app, s *config.Settings, shared daemon.Output, i int, started chan<- string) daemon.Output {
	var to io.Writer = a.Stderr
	if shared.Person != nil {
		to = shared.Person
	}
	prefix := console.NewPrefix(to, fmt.Sprintf("%4s", "#"+strconv.Itoa(i+1)))
	out := daemon.Output{
		Brief:   i > 0,
		Named:   func(id uint32) { prefix.Label(strconv.FormatUint(uint64(id), 10)) },
		Started: func(peers string) { started <- peers },
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.Node.LogLevel)) // checked with the settings
	switch {
	case shared.Person != nil:
		out.Person, out.Log = prefix, slog.New(console.NewHandler(prefix, level))
		out.Columns = func() int { return max(shared.Columns()-len("8000 | "), 0) }
	case s.Node.LogFormat == "json":
		out.Log = shared.Log.With("node", i+1)
	default:
		out.Log = slog.New(slog.NewTextHandler(prefix, &slog.HandlerOptions{Level: level}))
	}
	return out
}
