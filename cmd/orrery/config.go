package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"orrery/cmd/internal/config"
)

func newConfigCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check and show the settings",
		Args:  knownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigCheck(a), newConfigShow(a), newConfigKeys(a))
	return cmd
}

func newConfigCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say whether the settings are good, or everything that is wrong with them",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			from := "no file, preset " + s.Preset
			if s.FileRead != "" {
				from = s.FileRead
			}
			_, err = fmt.Fprintf(a.Stdout, "ok (%s)\n", from)
			return err
		},
	}
}

func newConfigShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "show [NAME]",
		Short:   "Show the values in force and who set them",
		Long:    "Show the values in force and who set them: a flag, a variable, a file with line and column, or a preset.\nWith the NAME of a key only its value, with that of a section its keys. Secrets are not shown.",
		Example: "  orrery config show\n  orrery config show chain\n  orrery config show rpc.listen",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("give one NAME of a key or section, found %d; see \"%s --help\"", len(args), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			name := strings.Join(args, "")
			values, err := s.Show(name)
			if err != nil {
				return err
			}
			if len(values) == 1 && values[0].Key == name {
				_, err = fmt.Fprintln(a.Stdout, values[0].Value)
				return err
			}
			w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
			for _, v := range values {
				fmt.Fprintf(w, "%s\t= %s\t# %s\n", v.Key, shorten(v.Value), v.Origin())
			}
			return w.Flush()
		},
	}
}

// shorten keeps the table of "config show" readable; naming the key shows all.
func shorten(value string) string {
	const longest = 48
	if runes := []rune(value); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return value
}

func newConfigKeys(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "keys",
		Short: "List every setting with its type and meaning",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprint(w, "KEY\tTYPE\tMEANING\n")
			for _, k := range config.Keys() {
				fmt.Fprintf(w, "%s\t%s\t%s\n", k.Name, k.Type(), k.Usage)
			}
			if err := w.Flush(); err != nil {
				return err
			}
			_, err := fmt.Fprint(a.Stdout, "\nEach is a line in config.toml, a flag (--rpc.listen HOST:PORT) and a variable (ORRERY_RPC__LISTEN).\n"+
				"A flag counts more than a variable, a variable more than the file, the file more than the preset.\n")
			return err
		},
	}
}
