package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"orrery/rpc"
	"orrery/rpc/client"
	"orrery/wallet/amount"
)

func newWalletCommand(a *app) *cobra.Command {
	w := &walletCommand{app: a}
	cmd := &cobra.Command{
		Use:   "wallet",
		Short: "Look at the wallets of the running node, and pay",
		Long: "Look at the wallets of the running node, and pay. The node is found by its data folder.\n" +
			"Without --wallet it is wallet.name of the settings, or the only one that is loaded.",
		Example: "  orrery wallet balance\n  orrery wallet address --label rent\n  orrery wallet send n48wF6S4WBEommCAnyXv3odZ1AS1NUFDRg 1.5",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := cmd.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&w.name, walletFlag, "", "`NAME` of the wallet")
	flags.BoolVar(&w.json, "json", false, "print what the node answers, for programs")
	cmd.AddCommand(
		newWalletBalance(w), newWalletAddress(w), newWalletSend(w), newWalletHistory(w),
		newWalletCoins(w), newWalletRegister(w), newWalletMove(w), newWalletDirectory(w), newWalletList(w), newWalletCreate(w), newWalletRestore(w),
	)
	return cmd
}

// walletFlag names the wallet that a command is about.
const walletFlag = "wallet"

// walletCommand is what the subcommands of wallet share.
type walletCommand struct {
	*app
	name string // --wallet
	json bool
}

// wallet is a wallet of the running node.
type wallet struct {
	*client.Client
	*walletCommand
	name string
	out  *page
}

// open finds the wallet that the command line means.
func (w *walletCommand) open(ctx context.Context, cmd *cobra.Command) (*wallet, error) {
	loaded, err := w.loaded(ctx)
	if err != nil {
		return nil, err
	}
	s, err := w.settings()
	if err != nil {
		return nil, err
	}
	name, err := chooseWallet(loaded, w.name, cmd.Flags().Changed(walletFlag), s.Wallet.Name)
	if err != nil {
		return nil, err
	}
	return w.on(name)
}

// on talks to the wallet of that name.
func (w *walletCommand) on(name string) (*wallet, error) {
	c, err := w.client(&name)
	if err != nil {
		return nil, err
	}
	return &wallet{Client: c, walletCommand: w, name: name, out: newPage(w.Main)}, nil
}

// loaded lists the wallets of the node.
func (w *walletCommand) loaded(ctx context.Context) ([]string, error) {
	c, err := w.client(nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var names []string
	return names, plain(c.Call(ctx, "listwallets", nil, &names))
}

// chooseWallet picks a loaded wallet: the one that was named, else the default
// one, else the only one.
func chooseWallet(loaded []string, asked string, named bool, standard string) (string, error) {
	list := strings.Join(loaded, ", ")
	switch {
	case named && slices.Contains(loaded, asked):
		return asked, nil
	case named && len(loaded) > 0:
		return "", fmt.Errorf("no wallet %q is loaded. Loaded: %s. Load one with 'orrery cli loadwallet NAME', make one with 'orrery wallet create NAME'", asked, list)
	case len(loaded) == 0:
		return "", errors.New("no wallet is loaded. Load one with 'orrery cli loadwallet NAME', or make one with 'orrery wallet create NAME'")
	case slices.Contains(loaded, standard):
		return standard, nil
	case len(loaded) == 1:
		return loaded[0], nil
	}
	return "", fmt.Errorf("several wallets are loaded: say which with --wallet NAME (%s)", list)
}

// call calls a method of the wallet.
func (w *wallet) call(ctx context.Context, result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	return plain(w.Client.Call(ctx, method, params, result))
}

// printRaw prints an answer as the node gave it.
func (w *wallet) printRaw(raw json.RawMessage) error {
	return printResult(w.Stdout, client.Format(raw))
}

// plain is a method's error without its code, which tells people nothing.
func plain(err error) error {
	var e *rpc.Error
	if errors.As(err, &e) {
		return &methodError{e}
	}
	return err
}

type methodError struct{ cause *rpc.Error }

func (e *methodError) Error() string {
	if e.cause.Code == rpc.CodeMethodNotFound {
		return "the node opens no wallets: start it with wallet.enabled = true"
	}
	return strings.TrimPrefix(e.cause.Message, "Error: ")
}

func (e *methodError) Unwrap() error { return e.cause }

// coins is an amount in satoshi as JSON has it.
type coins int64

func (c *coins) UnmarshalJSON(b []byte) error {
	v, err := amount.ParseFixed(string(b), 8)
	*c = coins(v)
	return err
}

func (c coins) String() string { return amount.Short(int64(c)) }
