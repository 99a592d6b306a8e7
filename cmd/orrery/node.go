package main

import (
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/console"
	"orrery/cmd/internal/daemon"
	"orrery/cmd/internal/datadir"
)

func newNodeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "node",
		Short: "Run a node: chain, miner, wallet and RPC",
		Long: "Run a node. The first start makes a chain in the data folder, with the settings and\n" +
			"scripts of that moment. Ctrl-C ends it.",
		Example: "  orrery node\n  orrery node --preset regtest --node.data_dir regtest-data",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// "orrery node 2>&1 | head" costs the output, not the node; other
			// commands end with their reader, as is usual.
			signal.Ignore(syscall.SIGPIPE)
			s, err := a.settings()
			if err != nil {
				return err
			}
			out, end := output(a, s)
			defer end()
			return daemon.Run(cmd.Context(), s, version, programName(os.Args[0]), out)
		},
	}
}

// output shows lines to a person at a terminal, and log records elsewhere, until
// end is called.
func output(a *app, s *config.Settings) (out daemon.Output, end func()) {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.Node.LogLevel)) // checked with the settings
	person := s.Node.LogFormat == "auto" && isTerminal(a.Stdout)
	to := a.Stderr
	if person {
		to = a.Stdout
	}
	w := console.NewWriter(to)
	opts := &slog.HandlerOptions{Level: level}
	switch {
	case person:
		out = daemon.Output{Person: w, Columns: func() int { return columnsOf(a.Stdout) }, Log: slog.New(console.NewHandler(w, level))}
	case s.Node.LogFormat == "json":
		out = daemon.Output{Log: slog.New(slog.NewJSONHandler(w, opts))}
	default:
		out = daemon.Output{Log: slog.New(slog.NewTextHandler(w, opts))}
	}
	w.ReportTo(out.Log)
	return out, w.Close
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// goRun matches where "go run" puts a binary: a temporary folder or Go's cache.
var goRun = regexp.MustCompile(`[/\\](go-build[0-9]+[/\\]b[0-9]+[/\\]exe|[0-9a-f]{2}[/\\][0-9a-f]{64}-d)[/\\][^/\\]+$`)

// programName is how this program was called, for examples that can be typed:
// nobody would type where "go run" puts it.
func programName(called string) string {
	switch {
	case goRun.MatchString(called):
		return "go run ./cmd/orrery"
	case called == "":
		return "orrery"
	}
	return datadir.Word(called)
}
