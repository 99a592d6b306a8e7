package rpc

import (
	"context"
	"errors"

	"orrery/core/peering"
	"orrery/wallet"
	"orrery/wallet/keyfile"
	"orrery/wallet/keys"
)

func (n *nodeMethods) walletFileMethods() []Method {
	onStartup := onStartupParam()
	return []Method{
		{
			Name: "listwallets", Handler: n.listwallets,
			Doc:    "Lists the wallets that are loaded.\ngetwalletinfo tells more about one.",
			Result: List("", "", Text("walletname", "A wallet's name")),
		},
		{
			Name: "listwalletdir", Handler: n.listwalletdir,
			Doc: "Lists the wallets in the wallets' folder, loaded or not.",
			Result: Record("", "", List("wallets", "The wallets", Record("", "A wallet",
				Text("name", "Its name"), List("warnings", "What people should know", Text("", "A warning"))))),
		},
		{
			Name: "loadwallet", Handler: n.loadwallet,
			Doc:     "Loads a wallet of the wallets' folder.",
			Params:  []Param{{Name: "filename", Type: StringParam, Required: true, Doc: "The wallet's name"}, onStartup},
			Result:  loadedResult("The name of the wallet"),
			Example: `["savings"]`,
		},
		{
			Name: "unloadwallet", Handler: n.unloadwallet, Wallet: true,
			Doc: "Closes a wallet; its file stays in the folder.\nThe wallet is named by the path or by the argument; if by both, they must agree. If it has an ID in the network, it gives it back. The next start of the node loads it again.",
			Params: []Param{
				{Name: "wallet_name", Type: StringParam, DefaultHint: "the wallet of the path", Doc: "The wallet's name"}, onStartup,
			},
			Result:  Record("", "", List("warnings", "What people should know, if anything", Text("", "A warning")).Opt()),
			Example: `["savings"]`,
		},
	}
}

// walletMakingMethods bring a wallet into being.
func (n *nodeMethods) walletMakingMethods() []Method {
	return []Method{
		{
			Name: "createwallet", Handler: n.createwallet,
			Doc: "Makes a wallet with new words and loads it.\nIts file is not encrypted. getwalletwords tells the words, which are the only other way to the coins.",
			Params: []Param{
				{Name: "wallet_name", Type: StringParam, Required: true, Doc: "Its name: 1 to 64 of a-z, A-Z, 0-9, - and _"},
				{Name: "disable_private_keys", Type: BoolParam, Default: false, Doc: "Must be false: wallets without keys are not offered"},
				{Name: "blank", Type: BoolParam, Default: false, Doc: "Must be false: empty wallets are not offered"},
				{Name: "passphrase", Type: StringParam, DefaultHint: "not encrypted", Doc: "Must be empty: encryption is not offered yet"},
				avoidReuseParam(),
				{Name: "descriptors", Type: BoolParam, Default: true, Doc: "Must be true"},
				onStartupParam(),
				{Name: "external_signer", Type: BoolParam, Default: false, Doc: "Must be false: signing devices are not offered"},
			},
			Result:  loadedResult("The name of the new wallet"),
			Example: `["savings"]`,
		},
		{
			Name: "restorewalletwords", Handler: n.restorewalletwords,
			Doc: "Makes a wallet from the words of an older one and loads it.\nIt answers when the wallet has looked at the whole chain. Labels and comments do not follow from words.\n" +
				"'orrery wallet restore' asks for the words, and keeps them out of the shell's history and of the list of processes; so does -stdin here.",
			Params: []Param{
				{Name: "wallet_name", Type: StringParam, Required: true, Doc: "Its name: 1 to 64 of a-z, A-Z, 0-9, - and _"},
				{Name: "words", Type: StringParam, Required: true, Doc: "Its 12 to 24 words (BIP39), in order, with spaces between them"},
			},
			Result:  loadedResult("The name of the wallet"),
			Example: `["savings", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"]`,
		},
	}
}

func onStartupParam() Param {
	return Param{Name: "load_on_startup", Type: BoolParam, DefaultHint: "true", Doc: "Every wallet of the folder is loaded at the start: true and null change nothing, false gives a warning"}
}

// loadedResult is what a method answers that loads a wallet.
func loadedResult(doc string) Schema {
	return Record("", "", Text("name", doc), List("warnings", "What people should know, if anything", Text("", "A warning")).Opt())
}

func (n *nodeMethods) listwallets(context.Context, *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	return append([]string{}, all.Names()...), nil
}

type walletFolder struct {
	Wallets []walletFile `json:"wallets"`
}

type walletFile struct {
	Name     string   `json:"name"`
	Warnings []string `json:"warnings"`
}

func (n *nodeMethods) listwalletdir(context.Context, *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	names, err := all.Files()
	if err != nil {
		return nil, Errorf(CodeWallet, "%w", err)
	}
	folder := walletFolder{Wallets: []walletFile{}}
	for _, name := range names {
		folder.Wallets = append(folder.Wallets, walletFile{name, []string{}})
	}
	return folder, nil
}

type loadedWallet struct {
	Name     string   `json:"name,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// startupWarnings tells whoever wants a wallet not to be loaded at the start.
func startupWarnings(c *Call) []string {
	if c.Has("load_on_startup") && !c.Bool("load_on_startup") {
		return []string{"The next start of the node loads the wallet all the same: it loads every wallet of the folder"}
	}
	return nil
}

func (n *nodeMethods) createwallet(ctx context.Context, c *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	warnings, err := newWalletOptions(c)
	if err != nil {
		return nil, err
	}
	name := c.Text("wallet_name")
	if err := all.Create(ctx, name); err != nil {
		return nil, creationError(all, name, err)
	}
	return &loadedWallet{name, append(warnings, startupWarnings(c)...)}, nil
}

// restorewalletwords keeps the words out of every error.
func (n *nodeMethods) restorewalletwords(ctx context.Context, c *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	name := c.Text("wallet_name")
	err = all.Restore(ctx, name, c.Text("words"))
	switch {
	case err == nil:
		return &loadedWallet{Name: name}, nil
	case errors.Is(err, keys.ErrWords):
		return nil, Errorf(CodeParameter, "%w", err)
	case errors.Is(err, wallet.ErrSameWords):
		return nil, Errorf(CodeWalletLoaded, "%w", err)
	}
	return nil, creationError(all, name, err)
}

// creationError says why there is no new wallet.
func creationError(all Wallets, name string, err error) error {
	switch {
	case errors.Is(err, wallet.ErrBadName) && name == "":
		return Errorf(CodeParameter, "Wallet name cannot be empty")
	case errors.Is(err, wallet.ErrBadName):
		return Errorf(CodeWallet, "Wallet file verification failed. %w", wallet.ErrBadName)
	case errors.Is(err, keyfile.ErrExists):
		return Errorf(CodeWallet, "Wallet file verification failed. Failed to create database path '%s'. Database already exists.", all.Path(name))
	case errors.Is(err, keyfile.ErrInUse):
		return walletError(err, true)
	}
	return Errorf(CodeWallet, "Wallet creation failed. %w", err)
}

// newWalletOptions refuses what this wallet does not have.
func newWalletOptions(c *Call) (warnings []string, err error) {
	passphrase := c.Text("passphrase")
	switch {
	case !c.Bool("descriptors"):
		return nil, Errorf(CodeWallet, `descriptors argument must be set to "true"; it is no longer possible to create a legacy wallet.`)
	case c.Bool("external_signer"):
		return nil, Errorf(CodeWallet, "Compiled without external signing support (required for external signing)")
	case passphrase != "" && c.Bool("disable_private_keys"):
		return nil, Errorf(CodeWallet, "Passphrase provided but private keys are disabled. A passphrase is only used to encrypt private keys, so cannot be used for wallets with private keys disabled.")
	case c.Bool("disable_private_keys"):
		return nil, Errorf(CodeWallet, "Wallet creation failed. Wallets without private keys are not offered")
	case c.Bool("blank"):
		return nil, Errorf(CodeWallet, "Wallet creation failed. Wallets without keys are not offered")
	case passphrase != "":
		return nil, Errorf(CodeEncryption, "Wallet creation failed. Encryption is not offered yet: leave the passphrase out")
	case c.Has("avoid_reuse") && c.Bool("avoid_reuse"):
		return nil, Errorf(CodeWallet, "Wallet creation failed. Keeping track of used addresses is not offered")
	case c.Has("passphrase"):
		warnings = append(warnings, "Empty string given as passphrase, wallet will not be encrypted.")
	}
	return warnings, nil
}

func (n *nodeMethods) loadwallet(ctx context.Context, c *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	name := c.Text("filename")
	err = all.Load(ctx, name)
	switch {
	case err == nil:
		return &loadedWallet{name, startupWarnings(c)}, nil
	case errors.Is(err, wallet.ErrLoaded):
		return nil, Errorf(CodeWalletLoaded, "Wallet \"%s\" is already loaded.", name)
	case errors.Is(err, wallet.ErrNoFile):
		return nil, Errorf(CodeWalletNotFound, "Wallet file verification failed. Failed to load database path '%s'. Path does not exist.", all.Path(name))
	case errors.Is(err, wallet.ErrBadName):
		return nil, Errorf(CodeWallet, "Wallet file verification failed. %w", wallet.ErrBadName)
	}
	return nil, walletError(err, true)
}

func (n *nodeMethods) unloadwallet(ctx context.Context, c *Call) (any, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	name, named := c.Wallet()
	switch {
	case named && c.Has("wallet_name") && c.Text("wallet_name") != name:
		return nil, Errorf(CodeParameter, "The RPC endpoint wallet and the wallet name parameter specify different wallets")
	case !named && !c.Has("wallet_name"):
		return nil, Errorf(CodeParameter, "Either the RPC endpoint wallet or the wallet name parameter must be provided")
	case !named:
		name = c.Text("wallet_name")
	}
	if err := all.Unload(name); err != nil {
		return nil, walletError(err, true)
	}
	if n.Network != nil {
		_, _ = n.Network.Command(ctx, peering.DetachWallet{Name: name}) // most wallets have no ID
	}
	// Core says nothing when load_on_startup is false, which it can do.
	return &loadedWallet{Warnings: startupWarnings(c)}, nil
}
