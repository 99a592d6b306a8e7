package rpc

import (
	"encoding/hex"

	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/rpc/internal/scripttext"
	"orrery/wallet"
	"orrery/wallet/address"
	"orrery/wallet/keys"
)

// anyDepth is more confirmations than there will ever be (Core: listunspent).
const anyDepth = 9_999_999

func (n *nodeMethods) walletCoinMethods() []Method {
	return []Method{{
		Name: "listunspent", Handler: n.withWallet(n.listunspent), Wallet: true,
		Doc: "Lists the wallet's unspent outputs, the largest first.\nLocked ones are left out.",
		Params: []Param{
			{Name: "minconf", Type: IntParam, Default: 1, Doc: "The least number of confirmations"},
			{Name: "maxconf", Type: IntParam, Default: anyDepth, Doc: "The largest number of confirmations"},
			{Name: "addresses", Type: ArrayParam, DefaultHint: "all", Doc: "Only outputs to these addresses", Inner: []Param{{Name: "address", Type: StringParam, Doc: "An address"}}},
			{Name: "include_unsafe", Type: BoolParam, Default: true, Doc: "Also outputs that are not safe to spend, see safe below"},
			{Name: "query_options", Type: OptionsParam, Doc: "More conditions", Inner: []Param{
				{Name: "minimumAmount", Type: AmountParam, Default: Amount(0), Doc: "The least value of an output"},
				{Name: "maximumAmount", Type: AmountParam, DefaultHint: "no limit", Doc: "The largest value of an output"},
				{Name: "maximumCount", Type: IntParam, DefaultHint: "no limit", Doc: "How many outputs at most"},
				{Name: "minimumSumAmount", Type: AmountParam, DefaultHint: "no limit", Doc: "Stop when the values add up to this"},
				{Name: "include_immature_coinbase", Type: BoolParam, Default: false, Doc: "Also coinbases that cannot be spent yet"},
			}},
		},
		Result: List("", "", Record("", "An output",
			Hash("txid", "The transaction that made it"),
			Integer("vout", "Its index"),
			Text("address", "The address that it pays to"),
			Text("label", "The label of the address; absent for change").Opt(),
			Hex("scriptPubKey", "Its script"),
			Coins("amount", "Its value"),
			Integer("confirmations", "How many blocks there are from its own to the tip"),
			Integer("ancestorcount", "How many unconfirmed transactions it depends on, its own included; only while unconfirmed").Opt(),
			Integer("ancestorsize", "Their virtual size in bytes").Opt(),
			Integer("ancestorfees", "Their fees in satoshi").Opt(),
			Boolean("spendable", "No longer used: always true"),
			Boolean("solvable", "Whether the wallet knows how to spend it: always true"),
			Text("desc", "The descriptor of its address"),
			List("parent_descs", "The descriptor of all addresses like it", Text("", "A descriptor")),
			Boolean("safe", "Whether it is safe to spend: confirmed, or made by the wallet from safe ones.\nsendtoaddress takes no others."),
			Integer("maturing", "How many blocks until it can be spent; only for an immature coinbase").Opt())),
		Example: `[6, 9999999, [], true, {"minimumAmount":0.005}]`,
	}}
}

type unspent struct {
	Txid          string   `json:"txid"`
	Vout          uint32   `json:"vout"`
	Address       string   `json:"address"`
	Label         *string  `json:"label,omitempty"`
	Script        string   `json:"scriptPubKey"`
	Amount        Amount   `json:"amount"`
	Confirmations int32    `json:"confirmations"`
	AncestorCount int      `json:"ancestorcount,omitempty"`
	AncestorSize  int64    `json:"ancestorsize,omitempty"`
	AncestorFees  *int64   `json:"ancestorfees,omitempty"`
	Spendable     bool     `json:"spendable"`
	Solvable      bool     `json:"solvable"`
	Desc          string   `json:"desc"`
	ParentDescs   []string `json:"parent_descs"`
	Safe          bool     `json:"safe"`
	Maturing      int32    `json:"maturing,omitempty"`
}

func (n *nodeMethods) listunspent(c *Call, w *wallet.Wallet) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	f, sum, err := coinFilter(c, v)
	if err != nil {
		return nil, err
	}
	list := []unspent{}
	parents := parentDescs{w: w}
	for _, u := range w.ListUnspent(f) {
		list = append(list, newUnspent(v, &parents, &u))
		if sum -= u.Value; sum <= 0 {
			break
		}
	}
	return list, nil
}

// coinFilter reads the conditions; sum is where adding up ends, in satoshi.
func coinFilter(c *Call, v *node.View) (f wallet.CoinFilter, sum int64, err error) {
	f = wallet.CoinFilter{Unsafe: c.Bool("include_unsafe")}
	if f.MinConf, err = int32Param(c, "minconf"); err != nil {
		return f, 0, err
	}
	if f.MaxConf, err = int32Param(c, "maxconf"); err != nil {
		return f, 0, err
	}
	seen := map[address.Address]bool{}
	for _, item := range c.Items("addresses") {
		text, err := item.Text()
		if err != nil {
			return f, 0, err
		}
		a, err := codecOf(v).Decode(text)
		if err != nil {
			return f, 0, Errorf(CodeAddress, "Invalid Bitcoin address: %s", shorten(text))
		}
		if seen[a] {
			return f, 0, Errorf(CodeParameter, "Invalid parameter, duplicated address: %s", text)
		}
		seen[a] = true
		f.Addresses = append(f.Addresses, a)
	}
	o, err := c.Object("query_options")
	if err != nil {
		return f, 0, err
	}
	sum, err = coinOptions(o, &f)
	return f, sum, err
}

func coinOptions(o Object, f *wallet.CoinFilter) (sum int64, err error) {
	sum = 1 << 62 // no limit
	for _, amount := range []struct {
		key  string
		into *int64
	}{{"minimumAmount", &f.MinAmount}, {"maximumAmount", &f.MaxAmount}, {"minimumSumAmount", &sum}} {
		v := o.Get(amount.key)
		if v == nil {
			continue
		}
		a, err := v.Amount()
		if err != nil {
			return 0, err
		}
		*amount.into = int64(a)
	}
	if o.Get("maximumAmount") != nil && f.MaxAmount == 0 {
		f.MaxConf = -1 // nothing is worth nothing
	}
	if v := o.Get("maximumCount"); v != nil {
		count, err := v.Int()
		if err != nil {
			return 0, err
		}
		f.MaxCount = int(max(count, 0))
	}
	if v := o.Get("include_immature_coinbase"); v != nil {
		if f.Immature, err = v.Bool(); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

func newUnspent(v *node.View, parents *parentDescs, u *wallet.Unspent) unspent {
	res := unspent{
		Txid: u.Outpoint.Hash.String(), Vout: u.Outpoint.Index, Address: u.Address.String(), Script: hex.EncodeToString(u.Script),
		Amount: Amount(u.Value), Confirmations: u.Confirmations, Spendable: true, Solvable: true,
		Desc: scripttext.WithChecksum(parents.w.KeyDescriptor(u.Path)), ParentDescs: parents.of(u.Path), Safe: u.Trusted, Maturing: u.Maturing,
	}
	if u.Labelled {
		res.Label = &u.Label
	}
	if e := v.Mempool.Get(u.Outpoint.Hash); u.Confirmations == 0 && e != nil {
		res.setAncestors(v.Mempool.AncestorTotals(e))
	}
	return res
}

func (u *unspent) setAncestors(f mempool.Family) {
	u.AncestorCount, u.AncestorSize, u.AncestorFees = f.Count, f.VSize, &f.Fees
}

// parentDescs remembers the descriptors of branches during one call.
type parentDescs struct {
	w    *wallet.Wallet
	text map[keys.Branch][]string
}

func (p *parentDescs) of(path keys.Path) []string {
	if p.text == nil {
		p.text = map[keys.Branch][]string{}
	}
	list, ok := p.text[path.Branch]
	if !ok {
		list = []string{scripttext.WithChecksum(p.w.Descriptor(path.Branch))}
		p.text[path.Branch] = list
	}
	return list
}
