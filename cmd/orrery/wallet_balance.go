package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/spf13/cobra"

	"orrery/rpc/client"
	"orrery/wallet/amount"
)

func newWalletBalance(w *walletCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "balance",
		Short: "What can be spent now, and what later",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			open, err := w.open(cmd.Context(), cmd)
			if err != nil {
				return err
			}
			defer open.Close()
			return open.showBalance(cmd.Context())
		},
	}
}

// balanceAnswer is getbalances.
type balanceAnswer struct {
	Mine struct {
		Pending    coins `json:"untrusted_pending"`
		Immature   coins `json:"immature"`
		NonMempool coins `json:"nonmempool"`
	} `json:"mine"`
	NextMature *struct {
		Blocks  int32 `json:"blocks"`
		Seconds int64 `json:"seconds"`
	} `json:"next_mature"`
}

// holding is what a wallet has.
type holding struct {
	amount.Holding
	stuck coins // ≥ 0: in payments that are not in the mempool
	raw   json.RawMessage
}

func (w *wallet) holding(ctx context.Context) (*holding, error) {
	// getbalances counts coins that stuck payments spend, getbalance does not.
	calls := []*client.Call{{Method: "getbalances"}, {Method: "getbalance"}}
	if err := plain(w.Batch(ctx, calls)); err != nil {
		return nil, err
	}
	var all balanceAnswer
	var spendable coins
	for i, into := range []any{&all, &spendable} {
		if calls[i].Err != nil {
			return nil, plain(calls[i].Err)
		}
		if err := json.Unmarshal(calls[i].Result, into); err != nil {
			return nil, err
		}
	}
	h := &holding{raw: calls[0].Result, stuck: -all.Mine.NonMempool}
	h.Spendable, h.Pending, h.Maturing = int64(spendable), int64(all.Mine.Pending), int64(all.Mine.Immature)
	if next := all.NextMature; next != nil && next.Blocks > 0 {
		h.Blocks, h.Spacing = next.Blocks, next.Seconds/int64(next.Blocks)
	}
	return h, nil
}

func (w *wallet) showBalance(ctx context.Context) error {
	h, err := w.holding(ctx)
	if err != nil {
		return err
	}
	if w.json {
		return w.printRaw(h.raw)
	}
	spendable, rest, _ := strings.Cut(h.String(), " spendable")
	c := green
	if h.Spendable == 0 {
		c = yellow
	}
	w.out.printf("%s spendable%s\n", w.out.paint(c, spendable), rest)
	if h.stuck > 0 {
		w.out.printf("%v in payments that are not in the mempool: 'orrery wallet history' marks them. Each new block offers them again; 'orrery cli abandontransaction TXID' gives one up\n", h.stuck)
	}
	return nil
}

func newWalletList(w *walletCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The wallets and what they have",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return w.list(cmd.Context()) },
	}
}

// listed is a wallet in the answer of "list --json".
type listed struct {
	Name     string          `json:"name"`
	Balances json.RawMessage `json:"balances"`
}

func (w *walletCommand) list(ctx context.Context) error {
	names, err := w.loaded(ctx)
	if err != nil {
		return err
	}
	out := newPage(w.Main)
	all := []listed{}
	var rows [][]cell
	for _, name := range names {
		one, err := w.on(name)
		if err != nil {
			return err
		}
		h, err := one.holding(ctx)
		one.Close()
		if err != nil {
			return err
		}
		all = append(all, listed{name, h.raw})
		rows = append(rows, []cell{
			{name, bold}, {amount.Short(h.Spendable), green}, {nonZero(h.Pending), noColour}, {nonZero(h.Maturing), noColour},
		})
	}
	if w.json {
		raw, err := json.Marshal(all)
		if err != nil {
			return err
		}
		return printResult(w.Stdout, client.Format(raw))
	}
	if len(rows) == 0 {
		out.printf("no wallet is loaded: make one with 'orrery wallet create NAME'\n")
		return nil
	}
	out.table([]column{{title: "WALLET"}, {title: "SPENDABLE", right: true}, {title: "WAITING FOR A BLOCK", right: true}, {title: "MATURING", right: true}}, rows)
	return nil
}

func nonZero(satoshi int64) string {
	if satoshi == 0 {
		return ""
	}
	return amount.Short(satoshi)
}
