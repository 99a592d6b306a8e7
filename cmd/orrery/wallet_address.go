package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"orrery/cmd/internal/datadir"
	"orrery/rpc/client"
)

// addressOptions are the flags of "wallet address".
type addressOptions struct {
	label        string
	bech32, list bool
}

func newWalletAddress(w *walletCommand) *cobra.Command {
	var o addressOptions
	cmd := &cobra.Command{
		Use:     "address",
		Short:   "A new address to be paid at",
		Long:    "A new address to be paid at. Use one for each payer: whoever knows an address sees\neverything that it received. --list shows those that were handed out.",
		Example: "  orrery wallet address --label rent\n  orrery wallet address --list",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.list && (o.bech32 || cmd.Flags().Changed("label")) {
				return fmt.Errorf("--list makes no address: leave --label and --bech32 out")
			}
			open, err := w.open(cmd.Context(), cmd)
			if err != nil {
				return err
			}
			defer open.Close()
			if o.list {
				return open.addresses(cmd.Context())
			}
			return open.newAddress(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.label, "label", "", "`TEXT` that says what the address is for")
	flags.BoolVar(&o.bech32, "bech32", false, "a SegWit address, whose payments cost less to spend")
	flags.BoolVar(&o.list, "list", false, "list the addresses instead, with what they received")
	return cmd
}

func (w *wallet) newAddress(ctx context.Context, o addressOptions) error {
	params := []any{o.label}
	if o.bech32 {
		params = append(params, "bech32")
	}
	var raw json.RawMessage
	if err := w.call(ctx, &raw, "getnewaddress", params...); err != nil {
		return err
	}
	if w.json {
		_, err := fmt.Fprintf(w.Stdout, "%s\n", raw)
		return err
	}
	return printResult(w.Stdout, client.Format(raw))
}

// receivedBy is one of listreceivedbyaddress.
type receivedBy struct {
	Address string   `json:"address"`
	Amount  coins    `json:"amount"`
	Label   string   `json:"label"`
	Txids   []string `json:"txids"`
}

func (w *wallet) addresses(ctx context.Context) error {
	var raw json.RawMessage
	if err := w.call(ctx, &raw, "listreceivedbyaddress", 0, true, false, "", true); err != nil {
		return err
	}
	if w.json {
		return w.printRaw(raw)
	}
	var list []receivedBy
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	if len(list) == 0 {
		w.out.printf("no address was handed out yet: 'orrery wallet address' makes one\n")
		return nil
	}
	var rows [][]cell
	for _, a := range list {
		payments := ""
		if len(a.Txids) > 0 {
			payments = plural(len(a.Txids), "payment", "payments")
		}
		rows = append(rows, []cell{{a.Address, noColour}, {a.Label, noColour}, {a.Amount.String(), noColour}, {payments, dim}})
	}
	w.out.table([]column{{title: "ADDRESS"}, {title: "LABEL"}, {title: "RECEIVED", right: true, below: true}, {title: "IN"}}, rows)
	return nil
}

func newWalletCreate(w *walletCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a wallet and show its words",
		Long: "Make a wallet in the running node and show its words. They are the backup: write them\n" +
			"down on paper, show them to nobody. The file is not encrypted.",
		Example: "  orrery wallet create savings",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || cmd.Flags().Changed(walletFlag) {
				return fmt.Errorf("give the new wallet one NAME; see \"%s --help\"", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return w.create(cmd.Context(), args[0]) },
	}
	hideWalletFlag(cmd)
	return cmd
}

// hideWalletFlag is for commands that make a wallet: --wallet, which chooses
// one that is there, says nothing to them.
func hideWalletFlag(cmd *cobra.Command) {
	cmd.Flags().String(walletFlag, "", "")
	cmd.Flags().Lookup(walletFlag).Hidden = true
}

// created is the answer of "create --json".
type created struct {
	Name  string   `json:"name"`
	Words string   `json:"words,omitempty"`
	Paths []string `json:"paths,omitempty"`
}

func (w *walletCommand) create(ctx context.Context, name string) error {
	open, err := w.on(name)
	if err != nil {
		return err
	}
	defer open.Close()
	if err := open.call(ctx, nil, "createwallet", name); err != nil {
		return createFailure(name, err)
	}
	made := created{Name: name}
	if err := open.call(ctx, &made, "getwalletwords"); err != nil {
		return fmt.Errorf("the wallet %q was made, but its words cannot be shown: %w. Ask again with 'orrery cli -rpcwallet=%s getwalletwords'", name, err, name)
	}
	if w.json {
		raw, err := json.Marshal(made)
		if err != nil {
			return err
		}
		return open.printRaw(raw)
	}
	open.showWords(&made)
	return nil
}

// createFailure says in one sentence what to do.
func createFailure(name string, err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "already exists"):
		return fmt.Errorf("there is a wallet %q already: choose another name", name)
	case strings.HasPrefix(text, "Wallet file verification failed. "):
		return fmt.Errorf("%s", strings.TrimPrefix(text, "Wallet file verification failed. "))
	}
	return err
}

func (w *wallet) showWords(made *created) {
	w.out.printf("The wallet %s was made%s. Its words, in this order:\n\n", w.out.paint(bold, made.Name), w.where(made.Name))
	words := strings.Fields(made.Words)
	const perLine = 4
	for i, word := range words {
		w.out.printf("%4d %s", i+1, w.out.paint(bold, fmt.Sprintf("%-9s", word)))
		if i%perLine == perLine-1 || i == len(words)-1 {
			w.out.printf("\n")
		}
	}
	w.out.printf("\nWrite them down on paper: they bring every coin back when the file is lost, and whoever\n" +
		"reads them can take the coins. The file is not encrypted: who can read it can spend, too.\n" +
		"To bring it back from them: orrery wallet restore NAME\n")
	w.out.printf("Next: orrery wallet address --wallet %s\n", made.Name)
}

// where names the file, when the node's data folder is on this machine.
func (w *wallet) where(name string) string {
	s, err := w.settings()
	if err != nil {
		return ""
	}
	path := filepath.Join(s.Node.DataDir, datadir.WalletFolder, name+".json")
	if !exists(path) {
		return ""
	}
	return " (" + path + ")"
}
