package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"orrery/rpc"
	"orrery/rpc/client"
)

// maxStdinParam bounds a parameter that comes from the standard input, in
// bytes: no request can be larger.
const maxStdinParam = 32 << 20

// cliOptions are the command's own flags, in bitcoin-cli's words.
type cliOptions struct {
	named, stdin   bool
	wallet, rpcWal string
}

func newCLICommand(a *app) *cobra.Command {
	var o cliOptions
	cmd := &cobra.Command{
		Use:                   "cli [-named] [-stdin] [-rpcwallet=NAME] METHOD [PARAM…]",
		Short:                 "Call an RPC method of the running node, as bitcoin-cli does",
		DisableFlagsInUseLine: true,
		Long: "Call an RPC method of the running node, as bitcoin-cli does. It finds the node by its data\n" +
			"folder. \"orrery cli help\" lists the methods, \"orrery cli help METHOD\" explains one.\n" +
			"Flags come before METHOD. After it every word is a parameter, -1 too; only settings with\n" +
			"their section, such as --node.data_dir DIR, may also follow, up to a word --.\n" +
			"Exit code: 0, or the error's code without its sign (modulo 256), or 1 without an answer.",
		Example: "  orrery cli getblockhash 0\n  orrery cli -named getblock blockhash=HASH verbosity=2\n  orrery cli -rpcwallet=default getbalance",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !o.stdin {
				return errors.New(`too few parameters: name a method; "orrery cli help" lists them`)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.cli(cmd, &o, args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.named, "named", false, "parameters are NAME=VALUE")
	flags.BoolVar(&o.stdin, "stdin", false, "read more parameters from the standard input, one a line")
	flags.StringVar(&o.wallet, "wallet", "", "`NAME` of the wallet for wallet methods (also -rpcwallet)")
	flags.StringVar(&o.rpcWal, "rpcwallet", "", "the same, as bitcoin-cli calls it")
	_ = flags.MarkHidden("rpcwallet") // one of the two is enough in help
	return cmd
}

func (a *app) cli(cmd *cobra.Command, o *cliOptions, words []string) error {
	if o.stdin {
		more, err := readParams(a.Stdin)
		if err != nil {
			return err
		}
		if words = append(words, more...); len(words) == 0 {
			return errors.New("too few parameters: the standard input names no method")
		}
	}
	var wallet *string
	switch {
	case cmd.Flags().Changed("rpcwallet"):
		wallet = &o.rpcWal
	case cmd.Flags().Changed("wallet"):
		wallet = &o.wallet
	}
	table, err := rpc.NewTable(rpc.Methods(rpc.Deps{}))
	if err != nil {
		return err
	}
	method, words := words[0], words[1:]
	params, err := parameters(table, o.named, method, words)
	if err != nil {
		return err
	}
	c, err := a.client(wallet)
	if err == nil {
		defer c.Close()
		var result json.RawMessage
		if err = c.Call(cmd.Context(), method, params, &result); err == nil {
			return printResult(a.Stdout, client.Format(result))
		}
	}
	var failure *rpc.Error
	switch {
	case errors.As(err, &failure):
		return cliFailure(a.Stderr, failure)
	case errors.Is(err, client.ErrNotRunning) && method == "help" && len(words) < 2 && !o.named:
		// What this program can do needs no node.
		return printResult(a.Stdout, table.Help(strings.Join(words, "")))
	}
	return err
}

func parameters(t *rpc.Table, named bool, method string, words []string) (any, error) {
	if named {
		return client.Named(t, method, words)
	}
	return client.Positional(t, method, words)
}

// readParams reads a parameter a line.
func readParams(r io.Reader) ([]string, error) {
	var words []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxStdinParam)
	for lines.Scan() {
		words = append(words, lines.Text())
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("the standard input cannot be read: %w", err)
	}
	return words, nil
}

// printResult writes what there is: nothing for null and for "".
func printResult(w io.Writer, text string) error {
	if text == "" {
		return nil
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// cliFailure prints a method's error as bitcoin-cli does.
func cliFailure(w io.Writer, e *rpc.Error) error {
	fmt.Fprintf(w, "error code: %d\nerror message:\n%s\n", e.Code, e.Message)
	return exitStatus(exitCode(e.Code))
}

// exitCode is what the system leaves of bitcoin-cli's exit code, but never 0.
func exitCode(c rpc.Code) int {
	if code := max(int(c), -int(c)) & 0xff; code != 0 {
		return code
	}
	return 1
}
