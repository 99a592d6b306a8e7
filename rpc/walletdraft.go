package rpc

import (
	"context"
	"encoding/hex"
	"math"

	"orrery/wallet"
)

func (n *nodeMethods) walletDraftMethods() []Method {
	return []Method{{
		Name: "send", Handler: n.send, Wallet: true,
		Doc: "Pays one or several addresses, or only builds and signs the transaction.\n" +
			"Its coins are chosen by the wallet. With add_to_wallet=false nothing is kept or sent: look at fee and change, then give hex to sendrawtransaction.\n" + feeDoc,
		Params: []Param{
			{Name: "outputs", Type: AnyParam, Required: true, Inner: outputsDoc(), Doc: "An array of objects with one key each, or one object: whom it pays, each address once and data once"},
			{Name: "conf_target", Type: IntParam, DefaultHint: "none", Doc: "Within how many blocks, 1 to 1008"},
			{Name: "estimate_mode", Type: StringParam, Default: "unset", Doc: "unset, economical or conservative"},
			feeRateParam(),
			{Name: "options", Type: OptionsParam, Doc: "More", Inner: []Param{
				{Name: "add_inputs", Type: BoolParam, Default: true, Doc: "Must be true: the wallet chooses the coins"},
				{Name: "include_unsafe", Type: BoolParam, Default: false, Doc: "Must be false"},
				{Name: "minconf", Type: IntParam, Default: 0, Doc: "How many confirmations a coin must have to be spent"},
				{Name: "add_to_wallet", Type: BoolParam, Default: true, Doc: "Whether to send it; if not, it is returned and forgotten"},
				{Name: "change_type", Type: StringParam, DefaultHint: "wallet.address_type", Doc: "The type of the change address: legacy or bech32"},
				{Name: "conf_target", Type: IntParam, DefaultHint: "none", Doc: "As above"},
				{Name: "estimate_mode", Type: StringParam, Default: "unset", Doc: "As above"},
				feeRateParam(),
				{Name: "locktime", Type: IntParam, DefaultHint: "the height of the tip", Doc: "The lock time: a height, or a time from 500000000 on"},
				{Name: "lock_unspents", Type: BoolParam, Default: false, Doc: "Whether to lock the coins of a transaction that is not sent; lockunspent takes it back"},
				{Name: "psbt", Type: BoolParam, Default: false, Doc: "Must be false: partially signed transactions are not offered"},
				{Name: "replaceable", Type: BoolParam, Default: true, Doc: "Whether it says that it may be replaced (BIP125)"},
				{Name: "subtract_fee_from_outputs", Type: ArrayParam, DefaultHint: "none", Doc: "Which outputs pay the fee, in equal parts", Inner: []Param{{Name: "vout_index", Type: IntParam, Doc: "Its place in outputs, from 0"}}},
			}},
			{Name: "version", Type: IntParam, Default: defaultTxVersion, Doc: "Must be 2"},
		},
		Result: Record("", "",
			Hash("txid", "The transaction id"),
			Hex("hex", "The signed transaction, with add_to_wallet=false").Opt(),
			Boolean("complete", "Whether it is completely signed: always"),
			Coins("fee", "Its fee"),
			Coins("change", "What comes back to the wallet").Opt()),
		Example: `[{"` + exampleAddress + `": 0.1}, null, "unset", 1.1, {"add_to_wallet": false}]`,
	}}
}

type draftResult struct {
	Txid     string  `json:"txid"`
	Hex      string  `json:"hex,omitempty"`
	Complete bool    `json:"complete"`
	Fee      Amount  `json:"fee"`
	Change   *Amount `json:"change,omitempty"`
}

// draftOptions is what send is told.
type draftOptions struct {
	wallet.SendOptions
	outs  []wallet.Output
	send  bool
	locks bool
}

func (n *nodeMethods) send(ctx context.Context, c *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	d, err := n.draftOptions(c)
	if err != nil {
		return nil, err
	}
	name, named := c.Wallet()
	var p *wallet.Payment
	if d.send {
		p, err = all.Send(ctx, name, named, d.outs, d.SendOptions, wallet.Note{})
	} else {
		p, err = all.Draft(ctx, name, named, d.outs, d.SendOptions, d.locks)
	}
	if err != nil {
		return nil, paymentError(err, named, CodeWallet)
	}
	res := &draftResult{Txid: p.Tx.ID().String(), Complete: true, Fee: Amount(p.Fee)}
	if !d.send {
		res.Hex = hex.EncodeToString(p.Tx.Bytes())
	}
	if p.ChangeAt >= 0 {
		change := Amount(p.Tx.Msg.TxOut[p.ChangeAt].Value)
		res.Change = &change
	}
	return res, nil
}

func (n *nodeMethods) draftOptions(c *Call) (*draftOptions, error) {
	o, err := c.Object("options")
	if err != nil {
		return nil, err
	}
	if c.Int("version") != defaultTxVersion {
		return nil, Errorf(CodeParameter, "Only version 2 is offered: leave version out")
	}
	d := &draftOptions{send: true}
	if err := d.read(o); err != nil {
		return nil, err
	}
	changeType := o.Get("change_type")
	text := ""
	if changeType != nil {
		if text, err = changeType.Text(); err != nil {
			return nil, err
		}
	}
	if d.Change, err = n.addressType(changeType != nil, text); err != nil {
		return nil, err
	}
	if err := n.draftFee(c, o, d); err != nil {
		return nil, err
	}
	var subtract []Value
	if list := o.Get("subtract_fee_from_outputs"); list != nil {
		if subtract, err = list.Items(); err != nil {
			return nil, err
		}
	}
	d.outs, err = n.walletOutputs(c.Raw("outputs"), subtract)
	return d, err
}

// read takes what is true, false or a number.
func (d *draftOptions) read(o Object) error {
	addInputs, replaceable, unsafe, psbt := true, true, false, false
	for _, flag := range []struct {
		key  string
		into *bool
	}{
		{"add_inputs", &addInputs}, {"include_unsafe", &unsafe}, {"psbt", &psbt},
		{"add_to_wallet", &d.send}, {"lock_unspents", &d.locks}, {"replaceable", &replaceable},
	} {
		v := o.Get(flag.key)
		if v == nil {
			continue
		}
		var err error
		if *flag.into, err = v.Bool(); err != nil {
			return err
		}
	}
	switch {
	case !addInputs:
		return Errorf(CodeParameter, "The wallet chooses the coins: leave add_inputs out")
	case unsafe:
		return Errorf(CodeParameter, "Unsafe coins are never spent: leave include_unsafe out")
	case psbt:
		return Errorf(CodeParameter, "Partially signed transactions are not offered: leave psbt out, or use add_to_wallet=false")
	}
	d.NoReplace = !replaceable
	if v := o.Get("minconf"); v != nil {
		depth, err := v.Int()
		if err != nil {
			return err
		}
		if depth < 0 || depth > math.MaxInt32 {
			return Errorf(CodeParameter, "Negative minconf")
		}
		d.MinConf = int32(depth)
	}
	if v := o.Get("locktime"); v != nil {
		at, err := v.Int()
		if err != nil {
			return err
		}
		if at < 0 || at > math.MaxUint32 {
			return Errorf(CodeParameter, "Invalid parameter, locktime out of range")
		}
		locktime := uint32(at)
		d.LockTime = &locktime
	}
	return nil
}

// draftFee reads the fee from the parameters or the options, each thing from
// one of them (Core: InterpretFeeEstimationInstructions).
func (n *nodeMethods) draftFee(c *Call, o Object, d *draftOptions) error {
	target, mode, rate := c.Raw("conf_target"), c.Raw("estimate_mode"), c.Raw("fee_rate")
	if o.Get("conf_target") != nil || o.Get("estimate_mode") != nil {
		if c.Has("conf_target") || c.Has("estimate_mode") {
			return Errorf(CodeParameter, "Pass conf_target and estimate_mode either as arguments or in the options object, but not both")
		}
		target, mode = o.Get("conf_target"), o.Get("estimate_mode")
	}
	if v := o.Get("fee_rate"); v != nil {
		if c.Has("fee_rate") {
			return Errorf(CodeParameter, "Pass the fee_rate either as an argument, or in the options object, but not both")
		}
		rate = v
	}
	if target.Kind() != KindNull {
		if m, err := feeMode(mode); err == nil && m == "unset" {
			return Errorf(CodeParameter, "Specify estimate_mode")
		}
	}
	fee, err := n.feeRate(target, mode, rate)
	d.FeeRate = fee.rate
	return err
}
