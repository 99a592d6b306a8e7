package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"orrery/core/consensus"
	"orrery/rpc"
	"orrery/wallet/amount"
	"orrery/wallet/payment"
)

// sendOptions are the flags of "wallet send".
type sendOptions struct {
	to, amount string
	name       string // that to is the address of, "" if an address was given
	moving     bool   // a claim that would change that waits for a block
	feeRate    string
	subtract   bool
	yes        bool
	wait       int
}

func newWalletSend(w *walletCommand) *cobra.Command {
	var o sendOptions
	cmd := &cobra.Command{
		Use:   "send TO AMOUNT",
		Short: "Pay an address or a name",
		Long: "Pay an address, or a name of the directory. It shows the address, amount, fee and change,\n" +
			"and asks before it sends. Without a terminal to ask at, --yes is needed.",
		Example: "  orrery wallet send n48wF6S4WBEommCAnyXv3odZ1AS1NUFDRg 1.5\n  orrery wallet send alice 2 --yes --wait 1",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("say whom to pay and how much: %s TO AMOUNT; see \"%s --help\"", cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.to, o.amount = args[0], args[1]
			return w.send(cmd, &o)
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var unknown *pflag.NotExistError
		if errors.As(err, &unknown) {
			// An amount below 0 looks like flags of one letter.
			if _, bad := strconv.ParseFloat(unknown.GetSpecifiedShortnames(), 64); bad == nil {
				return noAmount("-" + unknown.GetSpecifiedShortnames())
			}
		}
		return flagError(cmd, err)
	})
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.feeRate, "fee-rate", "", "`SAT/VB` to pay for each virtual byte (default 1, or what the mempool asks for)")
	flags.BoolVar(&o.subtract, "subtract-fee", false, "take the fee from the amount: the receiver pays it")
	flags.IntVar(&o.wait, "wait", 0, "show confirmations arriving until there are `N`")
	flags.BoolVar(&o.yes, "yes", false, "send without asking")
	return cmd
}

func (w *walletCommand) send(cmd *cobra.Command, o *sendOptions) error {
	ctx := cmd.Context()
	if v, err := amount.Parse(o.amount); err != nil || v == 0 {
		return noAmount(o.amount)
	}
	if rate, err := amount.ParseFixed(o.feeRate, 3); o.feeRate != "" && (err != nil || rate <= 0) {
		return fmt.Errorf("%q is no fee rate: write satoshi for each virtual byte, such as 1.5, with at most 3 decimals", o.feeRate)
	}
	if o.wait < 0 {
		return errors.New("--wait cannot be below 0")
	}
	if !o.yes && !(isTerminal(w.Stdin) && isTerminal(w.Stdout)) {
		return errors.New("nothing was sent: there is no terminal to ask at. Repeat with --yes to send without asking")
	}
	open, err := w.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer open.Close()
	return open.pay(ctx, o)
}

func noAmount(text string) error {
	return fmt.Errorf("%q is no amount to send: write coins, such as 1.5, with at most 8 decimals", text)
}

// draft is what "send" answers.
type draft struct {
	Txid   string `json:"txid"`
	Hex    string `json:"hex"`
	Fee    coins  `json:"fee"`
	Change coins  `json:"change"`
	raw    json.RawMessage
	tx     *consensus.Tx
}

// pay builds a payment, shows it, asks, and sends the very same transaction.
// Its coins are locked meanwhile.
func (w *wallet) pay(ctx context.Context, o *sendOptions) error {
	if err := w.resolve(ctx, o); err != nil {
		return err
	}
	d, err := w.draft(ctx, o)
	if err != nil {
		return w.sendFailure(ctx, o, err)
	}
	defer w.unlock(d)
	if !w.json || !o.yes { // nobody says yes to what is not shown
		if err := w.showDraft(ctx, o, d); err != nil {
			return err
		}
	}
	if !o.yes && !w.confirm(ctx) {
		return errors.New("nothing was sent")
	}
	if err := w.submit(ctx, d); err != nil {
		return err
	}
	if w.json {
		err = w.printRaw(d.raw)
	} else {
		w.out.printf("%s %s\n", w.out.paint(green, "Sent:"), d.Txid)
	}
	if err != nil || o.wait == 0 {
		if !w.json {
			w.out.printf("It waits for a block. See it with: orrery wallet history\n")
		}
		return err
	}
	return w.wait(ctx, d.Txid, o.wait)
}

// sendTime bounds how long the node may take to answer for a payment.
const sendTime = 30 * time.Second

// submit sends a draft. Ctrl-C does not cut it off half-way: then nobody would
// know whether it was sent.
func (w *wallet) submit(ctx context.Context, d *draft) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTime)
	defer cancel()
	err := w.call(ctx, nil, "sendrawtransaction", d.Hex, 0)
	var refused *rpc.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return fmt.Errorf("nothing was sent: %w", err)
	}
	return fmt.Errorf("it is not known whether the payment %s was sent: %w. Look at 'orrery wallet history'", d.Txid, err)
}

func (w *wallet) draft(ctx context.Context, o *sendOptions) (*draft, error) {
	options := map[string]any{"add_to_wallet": false, "lock_unspents": true}
	if o.feeRate != "" {
		options["fee_rate"] = o.feeRate
	}
	if o.subtract {
		options["subtract_fee_from_outputs"] = []int{0}
	}
	d := new(draft)
	if err := w.call(ctx, &d.raw, "send", map[string]string{o.to: o.amount}, nil, nil, nil, options); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(d.raw, d); err != nil {
		return nil, err
	}
	bytes, err := hex.DecodeString(d.Hex)
	if err == nil {
		d.tx, err = consensus.ParseTx(bytes)
	}
	return d, err
}

// unlock frees the coins of a draft, also when the user has given up.
func (w *wallet) unlock(d *draft) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var list []map[string]any
	for _, in := range d.tx.Msg.TxIn {
		list = append(list, map[string]any{"txid": in.PreviousOutPoint.Hash.String(), "vout": in.PreviousOutPoint.Index})
	}
	// Once the payment is sent, they are spent and there is no lock.
	_ = w.call(ctx, nil, "lockunspent", true, list)
}

func (w *wallet) showDraft(ctx context.Context, o *sendOptions, d *draft) error {
	h, err := w.holding(ctx)
	if err != nil {
		return err
	}
	sum, _ := amount.Parse(o.amount)
	cost := sum
	if o.subtract {
		sum -= int64(d.Fee)
	} else {
		cost += int64(d.Fee)
	}
	size := int64(d.tx.VSize())
	rows := [][]cell{
		{{"Amount", dim}, {amount.Short(sum), bold}, {}},
		{{"Fee", dim}, {d.Fee.String(), noColour}, {fmt.Sprintf("%d.%d sat/vB, %d vB", int64(d.Fee)/size, int64(d.Fee)*10/size%10, size), dim}},
		{{"Change", dim}, {d.Change.String(), noColour}, {"comes back to this wallet", dim}},
		{{"Left", dim}, {amount.Short(h.Spendable - cost), noColour}, {fmt.Sprintf("spendable in wallet %q after it", w.name), dim}},
	}
	if o.name != "" {
		w.out.printf("Pay %s at %s\n", w.out.paint(bold, o.name), o.to)
	} else {
		w.out.printf("Pay %s\n", printable(o.to))
	}
	if o.moving {
		w.out.printf("%s a claim that moves %s to another address waits for a block.\n", w.out.paint(yellow, "Careful:"), o.name)
	}
	w.out.table([]column{{}, {right: true}, {}}, rows)
	return nil
}

// confirm asks at the terminal. Ctrl-C is a no: the program has caught it, so
// that reading alone would wait on for an answer, and take a later yes.
func (w *wallet) confirm(ctx context.Context) bool {
	w.out.printf("Send? [y/N] ")
	answered := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(w.Stdin).ReadString('\n')
		if err != nil {
			w.out.printf("\n")
		}
		answered <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-answered:
		return ctx.Err() == nil && (answer == "y" || answer == "yes")
	case <-ctx.Done():
		w.out.printf("\n")
		return false
	}
}

// sendFailure turns what the node says into what to do.
func (w *wallet) sendFailure(ctx context.Context, o *sendOptions, err error) error {
	var e *rpc.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == rpc.CodeAddress:
		return w.noAddress(ctx, o.to)
	case e.Message == payment.ErrDust.Error():
		return w.dust(ctx, o, err)
	case e.Message == payment.ErrFeeOverPaid.Error(), e.Message == payment.ErrDustAfter.Error():
		return fmt.Errorf("%s is too small to take the fee from: send more, or leave --subtract-fee out", o.amount)
	case e.Message == payment.ErrAbsurdFee.Error():
		return fmt.Errorf("the fee would be more than %s, which is hardly meant: take a lower --fee-rate", amount.Short(payment.DefaultMaxFee))
	case e.Code == rpc.CodeFunds && strings.HasPrefix(e.Message, "Insufficient funds"):
		h, herr := w.holding(ctx)
		if herr != nil || strings.Contains(e.Message, "needs a block first") {
			return err
		}
		return fmt.Errorf("not enough to send %s and the fee. The wallet %q has %s", o.amount, w.name, h)
	}
	return err
}

// dust says from which amount on a payment to an address is taken.
func (w *wallet) dust(ctx context.Context, o *sendOptions, err error) error {
	var to struct {
		Script string `json:"scriptPubKey"`
	}
	if w.call(ctx, &to, "validateaddress", o.to) != nil {
		return err
	}
	script, _ := hex.DecodeString(to.Script)
	return fmt.Errorf("%s is too small to send: to this address it must be %s at least, since spending it later costs a fee, too",
		o.amount, amount.Short(payment.Dust(script)))
}

// noAddress says why a text is no address, and what one looks like here.
func (w *wallet) noAddress(ctx context.Context, text string) error {
	var found struct {
		Error string `json:"error"`
	}
	if err := w.call(ctx, &found, "validateaddress", text); err != nil {
		return err
	}
	// A script that pays to a key whose hash is zero: nobody has it, but its
	// addresses begin as all do.
	var sample struct {
		Address string `json:"address"`
		Segwit  struct {
			Address string `json:"address"`
		} `json:"segwit"`
	}
	if err := w.call(ctx, &sample, "decodescript", "76a914"+strings.Repeat("00", 20)+"88ac"); err != nil {
		return err
	}
	return fmt.Errorf("%q is no address: %s. Addresses of this chain look like %s or %s",
		printable(text), strings.TrimSuffix(found.Error, "."), sample.Address, sample.Segwit.Address)
}

// pollEvery is how often the node is asked for confirmations.
const pollEvery = 500 * time.Millisecond

// wait shows confirmations arriving.
func (w *wallet) wait(ctx context.Context, txid string, want int) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	shown := -1
	for {
		var t struct {
			Confirmations int    `json:"confirmations"`
			BlockHeight   *int32 `json:"blockheight"`
		}
		if err := w.call(ctx, &t, "gettransaction", txid); err != nil {
			return fmt.Errorf("the payment was sent, but is no longer seen: %w", err)
		}
		if t.Confirmations != shown && !w.json {
			shown = t.Confirmations
			where := "waiting for a block"
			if t.BlockHeight != nil {
				where = fmt.Sprintf("in block %d", *t.BlockHeight)
			}
			w.out.printf("%d of %s, %s\n", t.Confirmations, plural(want, "confirmation", "confirmations"), where)
		}
		if t.Confirmations >= want {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("the payment was sent; nobody waits for its confirmations any more")
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
