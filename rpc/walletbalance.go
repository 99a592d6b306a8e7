package rpc

import "orrery/wallet"

func (n *nodeMethods) walletBalanceMethods() []Method {
	return []Method{
		{
			Name: "getbalance", Handler: n.withWallet(getbalance), Wallet: true,
			Doc: "Returns what the wallet can spend now.\nUnconfirmed change of its own payments counts, unconfirmed payments of others and immature coinbases do not.",
			Params: []Param{
				{Name: "dummy", Type: StringParam, DefaultHint: "*", Doc: "Must be \"*\""},
				{Name: "minconf", Type: IntParam, Default: 0, Doc: "How many confirmations a coin must have to count"},
				watchonlyParam(),
				avoidReuseParam(),
			},
			Result:  Coins("amount", "The coins"),
			Example: `["*", 6]`,
		},
		{
			Name: "getbalances", Handler: n.withWallet(n.getbalances), Wallet: true,
			Doc: "Tells what the wallet has, by how it can be spent.",
			Result: Record("", "",
				Record("mine", "What the wallet has keys for",
					Coins("trusted", "Can be spent now: confirmed, or change of the wallet's own payments"),
					Coins("untrusted_pending", "Payments of others in the mempool"),
					Coins("immature", "Coinbases that cannot be spent yet"),
					Coins("nonmempool", "What payments that are not in the mempool spend, below 0")),
				lastBlockSchema(),
				Record("next_mature", "When the first of the immature coinbases can be spent; absent if there are none",
					Integer("blocks", "After how many blocks"),
					Integer("seconds", "How long that should take")).Opt()),
		},
	}
}

func getbalance(c *Call, w *wallet.Wallet) (any, error) {
	if dummy := c.Text("dummy"); c.Has("dummy") && dummy != "*" {
		return nil, Errorf(CodeDeprecated, `dummy first argument must be excluded or set to "*".`)
	}
	minConf, err := int32Param(c, "minconf")
	if err != nil {
		return nil, err
	}
	if err := avoidReuse(c); err != nil {
		return nil, err
	}
	return Amount(w.Balance(minConf, false).Trusted), nil
}

type balances struct {
	Mine       ownBalance  `json:"mine"`
	LastBlock  lastBlock   `json:"lastprocessedblock"`
	NextMature *nextMature `json:"next_mature,omitempty"`
}

type ownBalance struct {
	Trusted    Amount `json:"trusted"`
	Pending    Amount `json:"untrusted_pending"`
	Immature   Amount `json:"immature"`
	NonMempool Amount `json:"nonmempool"`
}

type nextMature struct {
	Blocks  int32 `json:"blocks"`
	Seconds int64 `json:"seconds"`
}

func (n *nodeMethods) getbalances(_ *Call, w *wallet.Wallet) (any, error) {
	b := w.Balance(0, true)
	res := &balances{
		Mine:      ownBalance{Amount(b.Trusted), Amount(b.Pending), Amount(b.Immature), Amount(b.NonMempool)},
		LastBlock: lastBlockOf(w),
	}
	if b.NextMature > 0 {
		v, release := n.Node.Acquire()
		res.NextMature = &nextMature{b.NextMature, int64(b.NextMature) * v.Params.Spacing}
		release()
	}
	return res, nil
}
