package rpc

import (
	"context"
	"errors"

	"orrery/core/consensus"
	"orrery/wallet"
)

func (n *nodeMethods) walletSendMethods() []Method {
	sent := OneOf("", "",
		Hash("txid", "The transaction id").When("for verbose = false"),
		Record("", "", Hash("txid", "The transaction id"), Text("fee_reason", "Where the fee rate comes from")).When("for verbose = true"))
	amounts := Param{
		Name: "amounts", Type: ObjectParam, Required: true, UserKeys: true, Doc: "Whom to pay",
		Inner: []Param{{Name: "address", Type: AmountParam, Required: true, Doc: "The address, and how many coins it gets"}},
	}
	verbose := Param{Name: "verbose", Type: BoolParam, Default: false, Doc: "Whether to tell more than the transaction id"}
	common := func(doc string) string {
		return doc + "\nWhen the call returns, the mempool has the transaction and so has the disk: it survives any crash.\n" + feeDoc
	}
	return []Method{
		{
			Name: "sendtoaddress", Handler: n.sendtoaddress, Wallet: true,
			Doc: common("Pays an address."),
			Params: append([]Param{
				{Name: "address", Type: StringParam, Required: true, Doc: "Whom to pay"},
				{Name: "amount", Type: AmountParam, Required: true, Doc: "How many coins"},
				{Name: "comment", Type: StringParam, DefaultHint: "none", Doc: "What it is for. It stays in this node's store and is no part of the transaction."},
				{Name: "comment_to", Type: StringParam, DefaultHint: "none", Doc: "Who gets it; kept like comment"},
				{Name: "subtractfeefromamount", Type: BoolParam, Default: false, Doc: "Whether the receiver pays the fee"},
			}, append(feeParams(), avoidReuseParam(), feeRateParam(), verbose)...),
			Result:  sent,
			Example: `["` + exampleAddress + `", 0.1, "drinks", "room77", true]`,
		},
		{
			Name: "sendmany", Handler: n.sendmany, Wallet: true,
			Doc: common("Pays several addresses with one transaction."),
			Params: append([]Param{
				{Name: "dummy", Type: StringParam, Default: "", Doc: "Must be \"\""},
				amounts,
				{Name: "minconf", Type: IntParam, DefaultHint: "ignored", Doc: "No longer used"},
				{Name: "comment", Type: StringParam, DefaultHint: "none", Doc: "What it is for. It stays in this node's store and is no part of the transaction."},
				{Name: "subtractfeefrom", Type: ArrayParam, DefaultHint: "none", Doc: "Who pays the fee, in equal parts", Inner: []Param{{Name: "address", Type: AnyParam, Doc: "An address of amounts, or its place there from 0"}}},
			}, append(feeParams(), feeRateParam(), verbose)...),
			Result:  sent,
			Example: `["", {"` + exampleAddress + `": 0.01}]`,
		},
	}
}

type sentTx struct {
	Txid      string `json:"txid"`
	FeeReason string `json:"fee_reason"`
}

func (n *nodeMethods) sendtoaddress(ctx context.Context, c *Call) (any, error) {
	if err := avoidReuse(c); err != nil {
		return nil, err
	}
	outs, err := n.oneOutput(c)
	if err != nil {
		return nil, err
	}
	return n.sendMoney(ctx, c, outs, wallet.Note{Comment: c.Text("comment"), To: c.Text("comment_to")})
}

func (n *nodeMethods) oneOutput(c *Call) ([]wallet.Output, error) {
	v, release := n.Node.Acquire()
	codec := codecOf(v)
	release()
	text := c.Text("address")
	a, err := codec.Decode(text)
	if err != nil {
		return nil, Errorf(CodeAddress, "Invalid Bitcoin address: %s", shorten(text))
	}
	return []wallet.Output{{Script: a.Script(), Value: int64(c.Amount("amount")), SubtractFee: c.Bool("subtractfeefromamount")}}, nil
}

func (n *nodeMethods) sendmany(ctx context.Context, c *Call) (any, error) {
	if c.Text("dummy") != "" {
		return nil, Errorf(CodeParameter, `Dummy value must be set to ""`)
	}
	outs, err := n.walletOutputs(c.Raw("amounts"), c.Items("subtractfeefrom"))
	if err != nil {
		return nil, err
	}
	return n.sendMoney(ctx, c, outs, wallet.Note{Comment: c.Text("comment")})
}

// walletOutputs reads whom to pay, and which of them pay the fee (Core:
// ParseOutputs, InterpretSubtractFeeFromOutputInstructions).
func (n *nodeMethods) walletOutputs(to Value, subtract []Value) ([]wallet.Output, error) {
	v, release := n.Node.Acquire()
	codec := codecOf(v)
	release()
	list, err := parseOutputs(to, codec)
	if err != nil {
		return nil, err
	}
	outs := make([]wallet.Output, len(list))
	for i, o := range list {
		outs[i] = wallet.Output{Script: o.PkScript, Value: o.Value}
	}
	pairs, _ := outputPairs(to) // read once already
	for _, item := range subtract {
		at, err := whichOutput(item, pairs)
		if err != nil {
			return nil, err
		}
		if outs[at].SubtractFee {
			return nil, Errorf(CodeParameter, "Invalid parameter 'subtract fee from output', duplicated position: %d", at)
		}
		outs[at].SubtractFee = true
	}
	return outs, nil
}

func whichOutput(item Value, pairs []Member) (int64, error) {
	const prefix = "Invalid parameter 'subtract fee from output', "
	switch item.Kind() {
	case KindString:
		text := unquote(item)
		for i, m := range pairs {
			if m.Key == text {
				return int64(i), nil
			}
		}
		return 0, Errorf(CodeParameter, prefix+"destination %s not found in tx outputs", shorten(text))
	case KindNumber:
		at, err := item.Int()
		switch {
		case err != nil:
			return 0, err
		case at < 0:
			return 0, Errorf(CodeParameter, prefix+"negative position: %d", at)
		case at >= int64(len(pairs)):
			return 0, Errorf(CodeParameter, prefix+"position too large: %d", at)
		}
		return at, nil
	}
	return 0, Errorf(CodeParameter, prefix+"invalid value type: %s", item.Kind())
}

// sendMoney pays and answers for sendtoaddress and sendmany.
func (n *nodeMethods) sendMoney(ctx context.Context, c *Call, outs []wallet.Output, note wallet.Note) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	if err := note.Check(); err != nil {
		return nil, Errorf(CodeParameter, "%w", err)
	}
	fee, err := n.feeRate(c.Raw("conf_target"), c.Raw("estimate_mode"), c.Raw("fee_rate"))
	if err != nil {
		return nil, err
	}
	opt := wallet.SendOptions{FeeRate: fee.rate, Change: all.AddressType(), NoReplace: c.Has("replaceable") && !c.Bool("replaceable")}
	name, named := c.Wallet()
	p, err := all.Send(ctx, name, named, outs, opt, note)
	if err != nil {
		return nil, paymentError(err, named, CodeFunds)
	}
	txid := p.Tx.ID().String()
	if c.Bool("verbose") {
		return sentTx{txid, fee.reason}, nil
	}
	return txid, nil
}

// paymentError gives the error of a payment its code. As in Core,
// sendtoaddress and sendmany call everything that keeps a transaction from
// being built a lack of funds, and other methods a wallet error.
func paymentError(err error, named bool, building Code) error {
	var rule *consensus.RuleError
	var poor *wallet.InsufficientFunds
	switch {
	case errors.As(err, &rule):
		return Errorf(CodeWallet, "Error: The transaction was rejected! Reason given: %w", ruleError(CodeWallet, err))
	case errors.As(err, &poor):
		return Errorf(CodeFunds, "%w", poor)
	case wallet.Unbuildable(err):
		return Errorf(building, "%w", err)
	}
	return walletError(err, named)
}
