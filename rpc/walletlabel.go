package rpc

import (
	"slices"
	"strings"

	"orrery/wallet"
)

func (n *nodeMethods) walletLabelMethods() []Method {
	return []Method{
		{
			Name: "setlabel", Handler: n.withWallet(setlabel), Wallet: true,
			Doc: "Gives an address a label.\nThe disk has it before the call returns. An empty label takes the label away.",
			Params: []Param{
				{Name: "address", Type: StringParam, Required: true, Doc: "The address, the wallet's or any other"},
				{Name: "label", Type: StringParam, Required: true, Doc: "The label"},
			},
			Result:  Null("", ""),
			Example: `["` + exampleAddress + `", "rent"]`,
		},
		{
			Name: "getaddressesbylabel", Handler: n.withWallet(getaddressesbylabel), Wallet: true,
			Doc:    "Lists the addresses that have a label.",
			Params: []Param{{Name: "label", Type: StringParam, Required: true, Doc: "The label"}},
			Result: Dictionary("", "", Record("address", "What is known of the address",
				Text("purpose", "receive for the wallet's addresses, send for those of others"))),
			Example: `["rent"]`,
		},
		{
			Name: "listlabels", Handler: n.withWallet(listlabels), Wallet: true,
			Doc:     "Lists the labels, sorted.",
			Params:  []Param{{Name: "purpose", Type: StringParam, DefaultHint: "both", Doc: "Only those of the wallet's addresses (receive) or of those of others (send)"}},
			Result:  List("", "", Text("label", "A label")),
			Example: `["receive"]`,
		},
	}
}

func setlabel(c *Call, w *wallet.Wallet) (any, error) {
	if _, err := w.AddressInfo(c.Text("address")); err != nil {
		return nil, Errorf(CodeAddress, "Invalid Bitcoin address")
	}
	label, err := labelParam(c, "label")
	if err != nil {
		return nil, err
	}
	if err := w.SetLabel(c.Text("address"), label); err != nil {
		return nil, keyError(err)
	}
	return nil, nil
}

// The purposes of labels.
const (
	forReceiving = "receive"
	forSending   = "send"
)

// labelled is an address of the address book.
type labelled struct{ address, label, purpose string }

// addressBook lists every address with a label, be it the empty one of the
// wallet's addresses that were handed out; sorted by address.
func addressBook(w *wallet.Wallet) []labelled {
	var list []labelled
	own := map[string]bool{}
	for _, a := range w.Addresses() {
		own[a.Address.String()] = true
		list = append(list, labelled{a.Address.String(), a.Label, forReceiving})
	}
	for text, label := range w.Labels() { // sorted below
		if own[text] {
			continue
		}
		purpose := forSending
		if info, err := w.AddressInfo(text); err == nil && info.Mine {
			purpose = forReceiving
		}
		list = append(list, labelled{text, label, purpose})
	}
	slices.SortFunc(list, func(a, b labelled) int { return strings.Compare(a.address, b.address) })
	return list
}

type addressPurpose struct {
	Purpose string `json:"purpose"`
}

func getaddressesbylabel(c *Call, w *wallet.Wallet) (any, error) {
	label, err := labelParam(c, "label")
	if err != nil {
		return nil, err
	}
	found := map[string]addressPurpose{} // written in the order of its keys
	for _, a := range addressBook(w) {
		if a.label == label {
			found[a.address] = addressPurpose{a.purpose}
		}
	}
	if len(found) == 0 {
		return nil, Errorf(CodeLabel, "No addresses with label %s", label)
	}
	return found, nil
}

func listlabels(c *Call, w *wallet.Wallet) (any, error) {
	purpose := c.Text("purpose")
	if purpose != "" && purpose != forReceiving && purpose != forSending {
		return nil, Errorf(CodeParameter, "Invalid 'purpose' argument, must be a known purpose string, typically 'send', or 'receive'.")
	}
	labels := []string{}
	for _, a := range addressBook(w) {
		if purpose == "" || a.purpose == purpose {
			labels = append(labels, a.label)
		}
	}
	slices.Sort(labels)
	return slices.Compact(labels), nil
}
