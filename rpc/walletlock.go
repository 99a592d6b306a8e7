package rpc

import (
	"slices"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/wallet"
)

func (n *nodeMethods) walletLockMethods() []Method {
	output := Param{Name: "", Type: ObjectParam, Doc: "An output", Inner: []Param{
		{Name: "txid", Type: HashParam, Required: true, Doc: "The transaction that made it"},
		{Name: "vout", Type: IntParam, Required: true, Doc: "Its index"},
	}}
	return []Method{
		{
			Name: "lockunspent", Handler: n.withWallet(lockunspent), Wallet: true,
			Doc: "Keeps unspent outputs from being spent by sendtoaddress and the like, or takes that back.\nLocks end when the node does.",
			Params: []Param{
				{Name: "unlock", Type: BoolParam, Required: true, Doc: "Whether to unlock (true) or lock (false)"},
				{Name: "transactions", Type: ArrayParam, DefaultHint: "all locked ones, to unlock", Doc: "The outputs", Inner: []Param{output}},
				{Name: "persistent", Type: BoolParam, Default: false, Doc: "Must be false: locks are not stored"},
			},
			Result:  Boolean("", "Always true"),
			Example: `[false, [{"txid":"` + exampleTxid + `","vout":1}]]`,
		},
		{
			Name: "listlockunspent", Handler: n.withWallet(listlockunspent), Wallet: true,
			Doc: "Lists the outputs that are locked.",
			Result: List("", "", Record("", "An output",
				Hash("txid", "The transaction that made it"),
				Integer("vout", "Its index"))),
		},
	}
}

func lockunspent(c *Call, w *wallet.Wallet) (any, error) {
	unlock := c.Bool("unlock")
	switch {
	case c.Bool("persistent"):
		return nil, Errorf(CodeParameter, "Locks are not stored: leave persistent out")
	case !c.Has("transactions"):
		if unlock {
			w.Unlock(nil)
		}
		return true, nil
	}
	locked := w.Locked()
	coins := []wire.OutPoint{}
	for _, item := range c.Items("transactions") {
		o, err := parseLock(item, w)
		if err != nil {
			return nil, err
		}
		switch is := slices.Contains(locked, o); {
		case unlock && !is:
			return nil, Errorf(CodeParameter, "Invalid parameter, expected locked output")
		case !unlock && is:
			return nil, Errorf(CodeParameter, "Invalid parameter, output already locked")
		}
		coins = append(coins, o)
	}
	if unlock {
		w.Unlock(coins)
		return true, nil
	}
	if err := w.Lock(coins); err != nil {
		return nil, err
	}
	return true, nil
}

func parseLock(item Value, w *wallet.Wallet) (wire.OutPoint, error) {
	members, err := item.Members()
	if err != nil {
		return wire.OutPoint{}, err
	}
	obj := Object(members)
	for _, want := range []struct {
		key  string
		kind Kind
	}{{"txid", KindString}, {"vout", KindNumber}} {
		if got := obj.Get(want.key); got == nil {
			return wire.OutPoint{}, Errorf(CodeType, "Missing %s", want.key)
		} else if got.Kind() != want.kind {
			return wire.OutPoint{}, Errorf(CodeType, "JSON value of type %s for field %s is not of expected type %s", got.Kind(), want.key, want.kind)
		}
	}
	o, err := parseOutpoint(obj, CodeParameter)
	if err != nil {
		return o, err
	}
	t, _, err := w.Transaction(o.Hash)
	switch {
	case err != nil:
		return o, Errorf(CodeParameter, "Invalid parameter, unknown transaction")
	case int64(o.Index) >= int64(len(t.Tx.Msg.TxOut)):
		return o, Errorf(CodeParameter, "Invalid parameter, vout index out of bounds")
	case !w.HasCoin(o):
		return o, Errorf(CodeParameter, "%w", wallet.ErrNotUnspent)
	}
	return o, nil
}

type lockedCoin struct {
	Txid string `json:"txid"`
	Vout uint32 `json:"vout"`
}

func listlockunspent(_ *Call, w *wallet.Wallet) (any, error) {
	list := []lockedCoin{}
	for _, o := range w.Locked() {
		list = append(list, lockedCoin{o.Hash.String(), o.Index})
	}
	return list, nil
}
