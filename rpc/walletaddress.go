package rpc

import (
	"encoding/hex"
	"strings"

	"orrery/rpc/internal/scripttext"
	"orrery/wallet"
	"orrery/wallet/address"
	"orrery/wallet/keys"
)

func (n *nodeMethods) walletAddressMethods() []Method {
	kind := func(change string) Param {
		return Param{Name: "address_type", Type: StringParam, DefaultHint: "wallet.address_type", Doc: "The type of the " + change + "address: legacy (Base58) or bech32"}
	}
	return []Method{
		{
			Name: "getnewaddress", Handler: n.withWallet(n.getnewaddress), Wallet: true,
			Doc: "Returns a new address for receiving payments.\nThe disk has its key before it is returned.",
			Params: []Param{
				{Name: "label", Type: StringParam, Default: "", Doc: "What the address is for; payments to it are listed under this label"},
				kind(""),
			},
			Result:  Text("address", "The address"),
			Example: `["rent", "legacy"]`,
		},
		{
			Name: "getrawchangeaddress", Handler: n.withWallet(n.getrawchangeaddress), Wallet: true,
			Doc:     "Returns a new address for change.\nIt is for transactions that are made by hand; sendtoaddress sees to its change itself.",
			Params:  []Param{kind("change ")},
			Result:  Text("address", "The address"),
			Example: `["bech32"]`,
		},
		{
			Name: "getaddressinfo", Handler: n.withWallet(getaddressinfo), Wallet: true,
			Doc:     "Tells what the wallet knows of an address.",
			Params:  []Param{{Name: "address", Type: StringParam, Required: true, Doc: "The address"}},
			Result:  addressInfoSchema(),
			Example: `["` + exampleAddress + `"]`,
		},
	}
}

// addressType reads the parameter of that name, or takes the default.
func (n *nodeMethods) addressType(given bool, text string) (keys.Purpose, error) {
	if !given {
		return n.Wallets.AddressType(), nil
	}
	if text == "" {
		return 0, Errorf(CodeAddress, "Unknown address type ''")
	}
	kind, err := wallet.ParseAddressType(text)
	if err != nil {
		return 0, Errorf(CodeAddress, "%w", err)
	}
	return kind, nil
}

func (n *nodeMethods) getnewaddress(c *Call, w *wallet.Wallet) (any, error) {
	label, err := labelParam(c, "label")
	if err != nil {
		return nil, err
	}
	kind, err := n.addressType(c.Has("address_type"), c.Text("address_type"))
	if err != nil {
		return nil, err
	}
	a, err := w.NewAddress(kind, label)
	if err != nil {
		return nil, keyError(err)
	}
	return a.String(), nil
}

func (n *nodeMethods) getrawchangeaddress(c *Call, w *wallet.Wallet) (any, error) {
	kind, err := n.addressType(c.Has("address_type"), c.Text("address_type"))
	if err != nil {
		return nil, err
	}
	a, err := w.NewChangeAddress(kind)
	if err != nil {
		return nil, keyError(err)
	}
	return a.String(), nil
}

// keyError is for what keeps a wallet from handing out a key: its file cannot
// be written.
func keyError(err error) error { return Errorf(CodeWallet, "Error: %w", err) }

type addressInfo struct {
	Address        string   `json:"address"`
	Script         string   `json:"scriptPubKey"`
	IsMine         bool     `json:"ismine"`
	Solvable       bool     `json:"solvable"`
	Desc           string   `json:"desc,omitempty"`
	ParentDesc     string   `json:"parent_desc,omitempty"`
	IsWatchOnly    bool     `json:"iswatchonly"`
	IsScript       *bool    `json:"isscript,omitempty"`
	IsWitness      bool     `json:"iswitness"`
	WitnessVersion *int     `json:"witness_version,omitempty"`
	Program        string   `json:"witness_program,omitempty"`
	PubKey         string   `json:"pubkey,omitempty"`
	IsCompressed   *bool    `json:"iscompressed,omitempty"`
	IsChange       bool     `json:"ischange"`
	Timestamp      *int64   `json:"timestamp,omitempty"`
	KeyPath        string   `json:"hdkeypath,omitempty"`
	SeedID         string   `json:"hdseedid,omitempty"`
	Fingerprint    string   `json:"hdmasterfingerprint,omitempty"`
	Labels         []string `json:"labels"`
}

func addressInfoSchema() Schema {
	return Record("", "",
		Text("address", "The address as it is usually written"),
		Hex("scriptPubKey", "The output script that pays to it"),
		Boolean("ismine", "Whether it is the wallet's"),
		Boolean("solvable", "Whether the wallet knows how to spend from it"),
		Text("desc", "The descriptor with its key, if it is the wallet's").Opt(),
		Text("parent_desc", "The descriptor of all addresses like it, if it is the wallet's").Opt(),
		Boolean("iswatchonly", "No longer used: always false"),
		Boolean("isscript", "Whether it is of a script; absent where nobody knows").Opt(),
		Boolean("iswitness", "Whether it is of a witness program"),
		Integer("witness_version", "The version of the witness program").Opt(),
		Hex("witness_program", "The witness program").Opt(),
		Hex("pubkey", "The public key, if it is the wallet's").Opt(),
		Boolean("iscompressed", "Whether that key is compressed, for Base58 addresses").Opt(),
		Boolean("ischange", "Whether it is the wallet's own for change"),
		Timestamp("timestamp", "When the wallet's file was made").Opt(),
		Text("hdkeypath", "Where its key is").Opt(),
		Hex("hdseedid", "Always zeros, as in Core").Opt(),
		Hex("hdmasterfingerprint", "The fingerprint of the master key (BIP32)").Opt(),
		List("labels", "Its label, if it has one or was handed out", Text("", "The label")))
}

func getaddressinfo(c *Call, w *wallet.Wallet) (any, error) {
	info, err := w.AddressInfo(c.Text("address"))
	if err != nil {
		return nil, Errorf(CodeAddress, "%w", err)
	}
	a := info.Address
	res := &addressInfo{
		Address: a.String(), Script: hex.EncodeToString(a.Script()), IsMine: info.Mine, Solvable: info.Mine,
		IsWitness: a.IsWitness(), IsChange: info.Mine && !info.Labelled, Labels: []string{},
	}
	if a.Kind() != address.WitnessUnknown {
		script := a.IsScript()
		res.IsScript = &script
	}
	if a.IsWitness() && a.Kind() != address.Anchor {
		version := a.WitnessVersion()
		res.WitnessVersion, res.Program = &version, hex.EncodeToString(a.Program())
	}
	if info.Labelled {
		res.Labels = append(res.Labels, info.Label)
	}
	if !info.Mine {
		return res, nil
	}
	res.Desc = scripttext.WithChecksum(w.KeyDescriptor(info.Path))
	res.ParentDesc = scripttext.WithChecksum(w.Descriptor(info.Path.Branch))
	res.PubKey = hex.EncodeToString(info.PubKey)
	if a.Kind() == address.P2PKH {
		compressed := true
		res.IsCompressed = &compressed
	}
	id, created := w.ID(), w.Created()
	res.Timestamp, res.KeyPath = &created, info.Path.String()
	res.SeedID, res.Fingerprint = strings.Repeat("0", 2*len(id)), hex.EncodeToString(id[:4])
	return res, nil
}
