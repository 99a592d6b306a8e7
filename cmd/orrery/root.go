package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"orrery/cmd/internal/config"
)

// app is what the subcommands share.
type app struct {
	*Main
	flags *config.Flags
}

// settings reads the settings as this command line asks for them.
func (a *app) settings() (*config.Settings, error) { return config.Load(a.flags, a.Env) }

// exitStatus is an error that has been told already; only the exit code is left.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func run(ctx context.Context, m *Main) int {
	args := config.JoinBools(m.Args)
	a := &app{Main: m, flags: config.NewFlags(args)}
	root := newRoot(a)
	root.SetArgs(cliArgs(args, a.flags.Set()))
	root.SetIn(m.Stdin)
	root.SetOut(m.Stdout)
	root.SetErr(m.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	printError(m, err)
	return 1
}

// printError writes one line a fault, and for settings where to look next.
func printError(m *Main, err error) {
	var faults config.Errors
	if !errors.As(err, &faults) {
		fmt.Fprintf(m.Stderr, "orrery: %v\n", err)
		return
	}
	for _, fault := range faults {
		fmt.Fprintf(m.Stderr, "orrery: %v\n", fault)
	}
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "orrery",
		Short:         "A proof-of-work network whose rules you script",
		Long:          "Orrery is a working proof-of-work network whose difficulty and reward rules are Lua scripts.",
		SilenceErrors: true, // printError writes them
		SilenceUsage:  true,
		Version:       versionText(),
		Args:          knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.PersistentFlags().AddFlagSet(a.flags.Set())
	root.SetFlagErrorFunc(flagError)
	root.SetUsageFunc(usage)
	root.SetHelpCommand(newHelpCommand())
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.AddCommand(commands(a)...)
	return root
}

// commands lists every subcommand.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newNodeCommand(a),
		newLabCommand(a),
		newTrackerCommand(a),
		newWalletCommand(a),
		newCLICommand(a),
		newConfigCommand(a),
		newVersionCommand(a),
	}
}

// flagError names the nearest setting and where to find the others.
func flagError(cmd *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) { // pflag's sentence ends in the words of Go's parser
		kind := map[string]string{"int": "a whole number", "bool": "true or false"}[bad.GetFlag().Value.Type()]
		return fmt.Errorf("--%s is %q, must be %s; see \"%s --help\"", bad.GetFlag().Name, bad.GetValue(), kind, cmd.CommandPath())
	}
	if !errors.As(err, &missing) {
		return fmt.Errorf("%w; see \"%s --help\"", err, cmd.CommandPath())
	}
	name := missing.GetSpecifiedName()
	word, _, _ := strings.Cut(missing.GetSpecifiedShortnames(), "=")
	if ours := bitcoinFlags[word]; ours != "" {
		return fmt.Errorf("unknown flag -%s; here it is %s", word, ours)
	}
	if hint := config.FlagHint(name); hint != "" && len(name) > 1 {
		return fmt.Errorf("unknown flag --%s; %s", name, hint)
	}
	return fmt.Errorf("%w; see \"%s --help\", and \"orrery config keys\" for every setting", err, cmd.CommandPath())
}

// bitcoinFlags are those of Bitcoin Core's programs that people type from
// habit, in this program's words.
var bitcoinFlags = map[string]string{
	"datadir": "--node.data_dir DIR", "conf": "--config FILE", "regtest": "--preset regtest", "chain": "--preset NAME",
	"rpcuser": "--rpc.user NAME", "rpcpassword": "--rpc.password TEXT", "rpcconnect": "--rpc.listen HOST:PORT", "rpcport": "--rpc.listen HOST:PORT",
	"getinfo": "getblockchaininfo, or another method",
}

// shownFlags are the settings that help shows; the others are in "orrery
// config keys", since eighty of them would hide everything else.
var shownFlags = []string{"config", "preset", "node.data_dir"}

// usage replaces cobra's, which would list every setting under each command.
func usage(cmd *cobra.Command) error {
	w := cmd.OutOrStderr()
	line := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		line = cmd.CommandPath() + " COMMAND"
	}
	fmt.Fprintf(w, "Usage:\n  %s\n", line)
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(w, "\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				fmt.Fprintf(w, "  %-*s %s\n", cmd.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	own := pflag.NewFlagSet("", pflag.ContinueOnError)
	global := pflag.NewFlagSet("", pflag.ContinueOnError)
	own.SortFlags, global.SortFlags = false, false
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		switch {
		case slices.Contains(shownFlags, f.Name):
			global.AddFlag(f)
		case !config.IsSetting(f.Name) && f.Name != "help" && !f.Hidden:
			own.AddFlag(f)
		}
	})
	if own.HasFlags() {
		fmt.Fprintf(w, "\nFlags:\n%s", own.FlagUsages())
	}
	fmt.Fprintf(w, "\nSettings:\n%s", global.FlagUsages())
	fmt.Fprint(w, "Every key of config.toml is also a flag, such as --mining.threads 2, and a variable,\n"+
		"such as ORRERY_MINING__THREADS=2. \"orrery config keys\" lists them.\n")
	return nil
}
