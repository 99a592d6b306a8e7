package rpc

import (
	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/wallet"
	"orrery/wallet/address"
	"orrery/wallet/ledger"
)

func (n *nodeMethods) walletReceivedMethods() []Method {
	minconf := Param{Name: "minconf", Type: IntParam, Default: 1, Doc: "How many confirmations a payment must have to count"}
	immature := Param{Name: "include_immature_coinbase", Type: BoolParam, Default: false, Doc: "Whether coinbases count that cannot be spent yet"}
	return []Method{
		{
			Name: "getreceivedbyaddress", Handler: n.withWallet(getreceivedbyaddress), Wallet: true,
			Doc:     "Returns what one of the wallet's addresses received, spent or not.",
			Params:  []Param{{Name: "address", Type: StringParam, Required: true, Doc: "The address"}, minconf, immature},
			Result:  Coins("amount", "The coins"),
			Example: `["` + exampleAddress + `", 6]`,
		},
		{
			Name: "listreceivedbyaddress", Handler: n.withWallet(listreceivedbyaddress), Wallet: true,
			Doc: "Lists the wallet's receiving addresses, in the order in which they were handed out, with what they received.",
			Params: []Param{
				minconf,
				{Name: "include_empty", Type: BoolParam, Default: false, Doc: "Whether to list addresses that received nothing"},
				watchonlyParam(),
				{Name: "address_filter", Type: StringParam, DefaultHint: "all", Doc: "Only this address"},
				immature,
			},
			Result: List("", "", Record("", "An address",
				Text("address", "The address"),
				Coins("amount", "What it received"),
				Integer("confirmations", "Those of the newest payment that counts; 0 if there is none"),
				Text("label", "Its label"),
				List("txids", "The payments", Hash("txid", "A transaction id")))),
			Example: `[6, true]`,
		},
	}
}

// tally is what an address received.
type tally struct {
	amount int64
	depth  int32 // confirmations of the newest payment
	txids  []chainhash.Hash
}

// received adds up what came in, by address. Change of the wallet's own
// payments is left out.
func received(w *wallet.Wallet, minConf int32, immature bool) map[address.Address]*tally {
	sums := map[address.Address]*tally{}
	for _, h := range w.ListTransactions(anyDepth, 0, nil) {
		depth := h.Tx.Confirmations
		if h.Category == ledger.Send || h.Category == ledger.Orphan || depth < minConf || h.Category == ledger.Immature && !immature {
			continue
		}
		t := sums[h.Address]
		if t == nil {
			t = &tally{depth: depth}
			sums[h.Address] = t
		}
		t.amount += h.Value
		t.depth = min(t.depth, depth)
		t.txids = append(t.txids, h.Tx.Tx.ID())
	}
	return sums
}

func getreceivedbyaddress(c *Call, w *wallet.Wallet) (any, error) {
	info, err := w.AddressInfo(c.Text("address"))
	if err != nil {
		return nil, Errorf(CodeAddress, "Invalid Bitcoin address")
	}
	if !info.Mine {
		return nil, Errorf(CodeWallet, "Address not found in wallet")
	}
	minConf, err := int32Param(c, "minconf")
	if err != nil {
		return nil, err
	}
	if t := received(w, minConf, c.Bool("include_immature_coinbase"))[info.Address]; t != nil {
		return Amount(t.amount), nil
	}
	return Amount(0), nil
}

type receivedEntry struct {
	Address       string   `json:"address"`
	Amount        Amount   `json:"amount"`
	Confirmations int32    `json:"confirmations"`
	Label         string   `json:"label"`
	Txids         []string `json:"txids"`
}

func listreceivedbyaddress(c *Call, w *wallet.Wallet) (any, error) {
	minConf, err := int32Param(c, "minconf")
	if err != nil {
		return nil, err
	}
	filter := c.Text("address_filter")
	if filter != "" {
		info, err := w.AddressInfo(filter)
		if err != nil {
			return nil, Errorf(CodeWallet, "address_filter parameter was invalid")
		}
		filter = info.Address.String()
	}
	sums := received(w, minConf, c.Bool("include_immature_coinbase"))
	list := []receivedEntry{}
	for _, a := range w.Addresses() {
		text := a.Address.String()
		t := sums[a.Address]
		switch {
		case filter != "" && filter != text, t == nil && !c.Bool("include_empty"):
			continue
		case t == nil:
			t = &tally{}
		}
		list = append(list, receivedEntry{text, Amount(t.amount), t.depth, a.Label, hashes(t.txids)})
	}
	return list, nil
}
