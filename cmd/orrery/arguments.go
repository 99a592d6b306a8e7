package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// noArgs is for a command that does its work without arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no arguments, found %q; see \"%[1]s --help\"", cmd.CommandPath(), args[0])
}

// knownCommand is for a command that only holds others: what is left over is
// none of them.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	const closeEnough = 2 // letters changed; more is another word
	cmd.SuggestionsMinimumDistance = closeEnough
	hint := "see"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, " or ") + "? See"
	}
	return fmt.Errorf("unknown command %q for %q; %s \"%[2]s --help\"", args[0], cmd.CommandPath(), hint)
}

// newHelpCommand replaces cobra's, which answers a misspelt word as if there
// had been none.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err == nil && about.HasSubCommands() {
				err = knownCommand(about, rest)
			}
			if err != nil {
				return err
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
