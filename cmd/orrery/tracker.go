package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/daemon"
)

// trackerFolder is a tracker's data folder unless node.data_dir is given: the
// usual one is a node's.
const trackerFolder = "tracker-data"

func newTrackerCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "tracker",
		Short: "Run a tracker: nodes get their IDs from it and hear of each other",
		Long: "Run a tracker without a chain. Nodes that are started with --p2p.tracker get their IDs\n" +
			"and ports from it, and hear from it of each other. It listens on 127.0.0.1:7999 unless\n" +
			"p2p.listen or p2p.host say otherwise, and keeps what it gave in " + trackerFolder + ". Ctrl-C ends it.",
		Example: "  orrery tracker\n  orrery node --p2p.tracker 127.0.0.1:7999",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			signal.Ignore(syscall.SIGPIPE)
			s, err := a.settings()
			if err != nil {
				return err
			}
			if s.Source("node.data_dir").Kind < config.Environment {
				s.Node.DataDir = trackerFolder
			}
			out, end := output(a, s)
			defer end()
			return daemon.RunTracker(cmd.Context(), s, version, programName(os.Args[0]), out)
		},
	}
}
