package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

func newWalletHistory(w *walletCommand) *cobra.Command {
	var count, skip int
	cmd := &cobra.Command{
		Use:     "history",
		Short:   "What was sent, received and mined, the newest last",
		Example: "  orrery wallet history --count 50",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if count < 0 || skip < 0 {
				return fmt.Errorf("--count and --skip cannot be below 0")
			}
			open, err := w.open(cmd.Context(), cmd)
			if err != nil {
				return err
			}
			defer open.Close()
			return open.history(cmd.Context(), count, skip)
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().IntVar(&count, "count", 20, "how many entries to show, `N`")
	cmd.Flags().IntVar(&skip, "skip", 0, "how many of the newest to leave out, `N`")
	return cmd
}

// entry is one of listtransactions.
type entry struct {
	Address       string `json:"address"`
	Category      string `json:"category"`
	Amount        coins  `json:"amount"`
	Label         string `json:"label"`
	Fee           *coins `json:"fee"`
	Confirmations int32  `json:"confirmations"`
	Abandoned     bool   `json:"abandoned"`
	InMempool     *bool  `json:"in_mempool"` // nil in a block
	Txid          string `json:"txid"`
	Time          int64  `json:"time"`
	Comment       string `json:"comment"`
	Maturing      int32  `json:"maturing"`
}

// what happened, in a word or two.
func (e *entry) what() (string, colour) {
	switch {
	case e.Abandoned && e.Category == "send":
		return "given up", dim
	case e.Confirmations < 0:
		return "replaced", dim
	case e.InMempool != nil && !*e.InMempool && (e.Category == "send" || e.Category == "receive"):
		return map[string]string{"send": "sent", "receive": "received"}[e.Category] + ", not in the mempool", yellow
	case e.Category == "send":
		return "sent", noColour
	case e.Category == "receive":
		return "received", green
	case e.Category == "generate":
		return "mined", green
	case e.Category == "immature":
		return fmt.Sprintf("maturing %d/%d", e.Confirmations, e.Confirmations+e.Maturing), yellow
	}
	return "orphaned", dim
}

func (e *entry) row() []cell {
	what, c := e.what()
	sum := e.Amount.String()
	if e.Amount > 0 {
		sum = "+" + sum
	}
	fee := ""
	if e.Fee != nil {
		fee = (-*e.Fee).String()
	}
	name := e.Label
	if name == "" {
		name = e.Comment
	}
	return []cell{
		{time.Unix(e.Time, 0).Format(time.DateTime), dim}, {what, c}, {sum, c}, {fee, noColour},
		{strconv.Itoa(int(e.Confirmations)), noColour}, {e.Address, noColour}, {name, noColour}, {e.Txid, dim},
	}
}

func (w *wallet) history(ctx context.Context, count, skip int) error {
	var raw json.RawMessage
	if err := w.call(ctx, &raw, "listtransactions", "*", count, skip); err != nil {
		return err
	}
	if w.json {
		return w.printRaw(raw)
	}
	var list []entry
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	if len(list) == 0 && (count == 0 || skip > 0) {
		w.out.printf("no entries: --count and --skip leave out all that there are\n")
		return nil
	}
	if len(list) == 0 {
		w.out.printf("nothing was sent or received yet: 'orrery wallet address' gives an address to be paid at\n")
		return nil
	}
	var rows [][]cell
	for i := range list {
		rows = append(rows, list[i].row())
	}
	w.out.table([]column{
		{title: "TIME"}, {title: "WHAT"}, {title: "AMOUNT", right: true}, {title: "FEE", right: true}, {title: "BLOCKS", right: true},
		{title: "ADDRESS", below: true}, {title: "LABEL"}, {title: "TXID"},
	}, rows)
	return nil
}

func newWalletCoins(w *walletCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "coins",
		Short: "The unspent outputs, the largest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			open, err := w.open(cmd.Context(), cmd)
			if err != nil {
				return err
			}
			defer open.Close()
			return open.coins(cmd.Context())
		},
	}
}

// coin is one of listunspent.
type coin struct {
	Txid          string `json:"txid"`
	Vout          uint32 `json:"vout"`
	Address       string `json:"address"`
	Label         string `json:"label"`
	Amount        coins  `json:"amount"`
	Confirmations int32  `json:"confirmations"`
	Safe          bool   `json:"safe"`
	Maturing      int32  `json:"maturing"`
}

func (c *coin) row() []cell {
	state, colour := "spendable", green
	switch {
	case c.Maturing > 0:
		state, colour = "matures in "+plural(int(c.Maturing), "block", "blocks"), yellow
	case !c.Safe:
		state, colour = "waits for a block", yellow
	}
	return []cell{
		{c.Amount.String(), noColour}, {state, colour}, {strconv.Itoa(int(c.Confirmations)), noColour},
		{c.Address, noColour}, {c.Label, noColour}, {fmt.Sprintf("%s:%d", c.Txid, c.Vout), dim},
	}
}

func (w *wallet) coins(ctx context.Context) error {
	const anyDepth = 9_999_999
	var raw json.RawMessage
	if err := w.call(ctx, &raw, "listunspent", 0, anyDepth, []string{}, true, map[string]any{"include_immature_coinbase": true}); err != nil {
		return err
	}
	if w.json {
		return w.printRaw(raw)
	}
	var list []coin
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	var locked []json.RawMessage
	if err := w.call(ctx, &locked, "listlockunspent"); err != nil {
		return err
	}
	var rows [][]cell
	for i := range list {
		rows = append(rows, list[i].row())
	}
	switch {
	case len(rows) > 0:
		w.out.table([]column{
			{title: "AMOUNT", right: true}, {title: "STATE"}, {title: "BLOCKS", right: true},
			{title: "ADDRESS", below: true}, {title: "LABEL"}, {title: "OUTPUT"},
		}, rows)
	case len(locked) == 0:
		w.out.printf("no coins: 'orrery wallet address' gives an address to be paid at\n")
	}
	if len(locked) > 0 {
		w.out.printf("%s locked: see 'orrery cli listlockunspent', unlock with 'orrery cli lockunspent true'\n", plural(len(locked), "more coin is", "more coins are"))
	}
	return nil
}
