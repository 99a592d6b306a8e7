package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"orrery/core/directory"
	"orrery/rpc"
	"orrery/rpc/client"
)

// nameOptions are the flags of "wallet register" and "wallet move".
type nameOptions struct {
	name, address, feeRate string
}

func newWalletRegister(w *walletCommand) *cobra.Command {
	cmd := w.nameCommand("registername", "NAME of 1 to 32 letters a-z, digits and -")
	cmd.Use = "register NAME"
	cmd.Short = "Claim a name, so that people can pay it"
	cmd.Long = fmt.Sprintf("Claim a name for an address of the wallet: a transaction says so, and the first on the\n"+
		"chain has the name. It costs a fee; a wallet without coins, in a node that mines, lets the\n"+
		"next block carry the claim for nothing. Others can pay the name after %d blocks.", directory.MinConfirmations)
	cmd.Example = "  orrery wallet register alice"
	return cmd
}

func newWalletMove(w *walletCommand) *cobra.Command {
	cmd := w.nameCommand(moveMethod, "NAME that the wallet has")
	cmd.Use = "move NAME"
	cmd.Short = "Let a name be paid to another address"
	cmd.Long = "Let a name that the wallet has be paid to another address. With an address of somebody\nelse, the name is that one's from then on."
	cmd.Example = "  orrery wallet move alice\n  orrery wallet move alice --address n48wF6S4WBEommCAnyXv3odZ1AS1NUFDRg"
	return cmd
}

// moveMethod moves a name.
const moveMethod = "movename"

// nameCommand is what both have in common.
func (w *walletCommand) nameCommand(method, want string) *cobra.Command {
	var o nameOptions
	cmd := &cobra.Command{
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("give one %s; see \"%s --help\"", want, cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.name = args[0]
			open, err := w.open(cmd.Context(), cmd)
			if err != nil {
				return err
			}
			defer open.Close()
			return open.claim(cmd.Context(), method, &o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.address, "address", "", "`ADDRESS` to be paid at (default a new one of the wallet)")
	flags.StringVar(&o.feeRate, "fee-rate", "", "`SAT/VB` to pay for each virtual byte (default 1, or what the mempool asks for)")
	return cmd
}

// claimAnswer is that of registername and movename.
type claimAnswer struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Txid    string `json:"txid"`
	Fee     coins  `json:"fee"`
	Mining  bool   `json:"mining"`

	WalletID uint32   `json:"wallet_id"`
	Warnings []string `json:"warnings"`
}

func (w *wallet) claim(ctx context.Context, method string, o *nameOptions) error {
	params := []any{o.name, nil, nil}
	if o.address != "" {
		params[1] = o.address
	}
	if o.feeRate != "" {
		params[2] = o.feeRate
	}
	// Ctrl-C does not cut it off half-way, as with a payment.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	var raw json.RawMessage
	if err := w.call(ctx, &raw, method, params...); err != nil {
		return w.claimFailure(ctx, err)
	}
	if w.json {
		return w.printRaw(raw)
	}
	var a claimAnswer
	if err := json.Unmarshal(raw, &a); err != nil {
		return err
	}
	done, hint := "Claimed:", fmt.Sprintf("Others can pay it after %d blocks.", directory.MinConfirmations)
	if method == moveMethod {
		done, hint = "Moved:", "Until a block has that, the name is paid to its old address."
	}
	w.out.printf("%s %s for %s\n", w.out.paint(green, done), w.out.paint(bold, a.Name), a.Address)
	if a.Mining {
		w.out.printf("The wallet has no coins to spend, so the next block of this node carries the claim.\n")
	} else {
		w.out.printf("It waits for a block, for a fee of %v in %s.\n", a.Fee, a.Txid)
	}
	w.out.printf("%s See it with: orrery wallet directory\n", hint)
	if a.WalletID != 0 {
		w.out.printf("The wallet has the ID %d in the network.\n", a.WalletID)
	}
	for _, text := range a.Warnings {
		w.out.printf("%s\n", w.out.paint(yellow, text))
	}
	return nil
}

func (w *wallet) claimFailure(ctx context.Context, err error) error {
	var e *rpc.Error
	if errors.As(err, &e) && e.Code == rpc.CodeFunds {
		if h, herr := w.holding(ctx); herr == nil {
			return fmt.Errorf("not enough to pay the fee of the claim. The wallet %q has %s", w.name, h)
		}
	}
	return err
}

func newWalletDirectory(w *walletCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "directory",
		Short: "The names that people can pay, and those that wait for a block",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			open, err := w.open(cmd.Context(), cmd)
			if err != nil {
				return err
			}
			defer open.Close()
			return open.directory(cmd.Context())
		},
	}
}

// listedName is a name in the answers of getdirectory and resolvename.
type listedName struct {
	Name          string `json:"name"`
	Address       string `json:"address"`
	Confirmations int32  `json:"confirmations"`
	NodeID        uint32 `json:"node_id"`
}

// directoryAnswer is that of getdirectory.
type directoryAnswer struct {
	Total   int          `json:"total"`
	Names   []listedName `json:"names"`
	Pending []listedName `json:"pending"`
}

// maxShown bounds the names that are shown: each costs a question whether it is
// the wallet's own.
const maxShown = 1000

func (w *wallet) directory(ctx context.Context) error {
	var raw json.RawMessage
	if err := w.call(ctx, &raw, "getdirectory", maxShown); err != nil {
		return err
	}
	if w.json {
		return w.printRaw(raw)
	}
	var a directoryAnswer
	if err := json.Unmarshal(raw, &a); err != nil {
		return err
	}
	if len(a.Names)+len(a.Pending) == 0 {
		w.out.printf("nobody has claimed a name yet: 'orrery wallet register NAME' claims one\n")
		return nil
	}
	all := append(append([]listedName{}, a.Names...), a.Pending...)
	own, err := w.own(ctx, all)
	if err != nil {
		return err
	}
	var rows [][]cell
	for i, n := range all {
		state, colour := fmt.Sprint(n.Confirmations), noColour
		switch {
		case i >= len(a.Names):
			state, colour = "waits for a block", yellow
		case n.Confirmations < directory.MinConfirmations:
			state, colour = plural(int(n.Confirmations), "block", "blocks")+" of "+fmt.Sprint(directory.MinConfirmations), yellow
		}
		mark := ""
		if own[i] {
			mark = "yours"
		}
		at := ""
		if n.NodeID != 0 {
			at = fmt.Sprint(n.NodeID)
		}
		rows = append(rows, []cell{{n.Name, bold}, {n.Address, noColour}, {state, colour}, {at, noColour}, {mark, green}})
	}
	w.out.table([]column{{title: "NAME"}, {title: "ADDRESS"}, {title: "BLOCKS"}, {title: "NODE"}, {}}, rows)
	if left := a.Total - len(a.Names); left > 0 {
		w.out.printf("and %d more: 'orrery cli getdirectory' lists all\n", left)
	}
	return nil
}

// own asks which of the names are paid to the wallet.
func (w *wallet) own(ctx context.Context, list []listedName) ([]bool, error) {
	own := make([]bool, len(list))
	for from := 0; from < len(list); from += maxShown {
		part := list[from:min(from+maxShown, len(list))]
		calls := make([]*client.Call, len(part))
		for i, n := range part {
			calls[i] = &client.Call{Method: "getaddressinfo", Params: []any{n.Address}}
		}
		if err := plain(w.Batch(ctx, calls)); err != nil {
			return nil, err
		}
		for i, c := range calls {
			var info struct {
				IsMine bool `json:"ismine"`
			}
			if c.Err != nil {
				return nil, plain(c.Err)
			}
			if err := json.Unmarshal(c.Result, &info); err != nil {
				return nil, err
			}
			own[from+i] = info.IsMine
		}
	}
	return own, nil
}

// resolve finds the address of the name that is to be paid. What is an address
// is one, whatever names there are.
func (w *wallet) resolve(ctx context.Context, o *sendOptions) error {
	var is struct {
		Valid bool `json:"isvalid"`
	}
	if err := w.call(ctx, &is, "validateaddress", o.to); err != nil {
		return err
	}
	if is.Valid {
		return nil
	}
	if !directory.ValidName(o.to) {
		return w.noAddress(ctx, o.to)
	}
	var found struct {
		listedName
		Pending []listedName `json:"pending"`
	}
	err := w.call(ctx, &found, "resolvename", o.to)
	var e *rpc.Error
	switch {
	case errors.As(err, &e) && strings.HasPrefix(e.Message, "Nobody has claimed"):
		return fmt.Errorf("nobody has claimed the name %q, and it is no address. Names are in 'orrery wallet directory'", o.to)
	case err != nil:
		return err
	case found.Confirmations < directory.MinConfirmations:
		return fmt.Errorf("the name %q has %s, %d are needed: until then somebody else can still get it. Pay it after the next block",
			o.to, plural(int(found.Confirmations), "confirmation", "confirmations"), directory.MinConfirmations)
	}
	o.name, o.to = o.to, found.Address
	for _, p := range found.Pending {
		o.moving = o.moving || p.Address != found.Address
	}
	return nil
}
