package rpc

import "orrery/wallet"

func (n *nodeMethods) walletInfoMethods() []Method {
	return []Method{
		{
			Name: "getwalletinfo", Handler: n.withWallet(getwalletinfo), Wallet: true,
			Doc: "Tells the state of the wallet.",
			Result: Record("", "",
				Text("walletname", "The wallet's name"),
				Integer("walletversion", "Always 169900, the last version of a kind of file that this wallet never had"),
				Text("format", "The format of the file"),
				Integer("txcount", "How many transactions the wallet knows"),
				Integer("keypoolsize", "How many unused receiving addresses of each type it recognises ahead"),
				Integer("keypoolsize_hd_internal", "The same for change addresses"),
				Boolean("private_keys_enabled", "Whether it can have private keys: always"),
				Boolean("avoid_reuse", "Whether it keeps track of addresses that were used: never"),
				Boolean("scanning", "Whether it looks through old blocks: never, since an answer waits until it has"),
				Boolean("descriptors", "Whether descriptors say which scripts are its own: always"),
				Boolean("external_signer", "Whether a device signs: never"),
				Boolean("blank", "Whether it is without keys on purpose: never"),
				Timestamp("birthtime", "When the file was made"),
				List("flags", "What is special about it, in Core's words", Text("flag", "A flag")),
				lastBlockSchema()),
		},
		{
			Name: "getwalletwords", Handler: n.withWallet(getwalletwords), Wallet: true,
			Doc: "Tells the words from which every key of the wallet follows.\nWhoever has them has the coins. Write them down on paper and show them to nobody.",
			Result: Record("", "",
				Text("words", "The words (BIP39), without a passphrase"),
				List("paths", "Where the addresses are (BIP44, BIP84)", Text("", "A derivation path"))),
		},
	}
}

// What getwalletinfo says for tools that look at it.
const (
	legacyVersion = 169900
	walletFormat  = "orrery"
)

type walletInfo struct {
	Name               string    `json:"walletname"`
	Version            int       `json:"walletversion"`
	Format             string    `json:"format"`
	TxCount            int       `json:"txcount"`
	KeyPool            uint32    `json:"keypoolsize"`
	KeyPoolInternal    uint32    `json:"keypoolsize_hd_internal"`
	PrivateKeysEnabled bool      `json:"private_keys_enabled"`
	AvoidReuse         bool      `json:"avoid_reuse"`
	Scanning           bool      `json:"scanning"`
	Descriptors        bool      `json:"descriptors"`
	ExternalSigner     bool      `json:"external_signer"`
	Blank              bool      `json:"blank"`
	BirthTime          int64     `json:"birthtime"`
	Flags              []string  `json:"flags"`
	LastBlock          lastBlock `json:"lastprocessedblock"`
}

func getwalletinfo(_ *Call, w *wallet.Wallet) (any, error) {
	return &walletInfo{
		Name: w.Name(), Version: legacyVersion, Format: walletFormat, TxCount: w.Transactions(),
		KeyPool: w.Gap(), KeyPoolInternal: w.Gap(), PrivateKeysEnabled: true, Descriptors: true,
		BirthTime: w.Created(), Flags: []string{"descriptor_wallet"}, LastBlock: lastBlockOf(w),
	}, nil
}

type walletWords struct {
	Words string   `json:"words"`
	Paths []string `json:"paths"`
}

func getwalletwords(_ *Call, w *wallet.Wallet) (any, error) {
	return &walletWords{w.Words(), w.Paths()}, nil
}
