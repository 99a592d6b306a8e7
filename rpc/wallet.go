package rpc

import (
	"context"
	"errors"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/wallet"
	"orrery/wallet/keyfile"
	"orrery/wallet/keys"
	"orrery/wallet/ledger"
)

// Wallets are the wallets inside the node. A wallet is chosen by its name, or
// without one, when named is false, as the only one. Errors are those of
// package wallet (wallet.ErrNotFound …) and keyfile.
type Wallets interface {
	// Names lists the loaded wallets, Files those in the folder, both sorted.
	Names() []string
	Files() ([]string, error)
	// Path is where the file of a wallet is or would be.
	Path(name string) string
	// AddressType is the type of addresses for which nobody asks for a type.
	AddressType() keys.Purpose
	// Use calls f with a wallet that has seen everything which was answered
	// before, and that does not move while f looks.
	Use(ctx context.Context, name string, named bool, f func(*wallet.Wallet) error) error
	// Send builds a payment and returns when the mempool and the disk have it;
	// a refusal of the mempool is a *consensus.RuleError.
	Send(ctx context.Context, name string, named bool, outs []wallet.Output, opt wallet.SendOptions, note wallet.Note) (*wallet.Payment, error)
	// Draft builds a payment and sends nothing; with lock its coins are kept
	// from other payments.
	Draft(ctx context.Context, name string, named bool, outs []wallet.Output, opt wallet.SendOptions, lock bool) (*wallet.Payment, error)
	// Abandon returns when the disk has it.
	Abandon(ctx context.Context, name string, named bool, txid chainhash.Hash) error
	Create(ctx context.Context, name string) error
	// Restore makes a wallet from its words, and returns when it has looked at
	// the whole chain.
	Restore(ctx context.Context, name, words string) error
	Load(ctx context.Context, name string) error
	Unload(name string) error
}

// Codes of Core that only wallet methods use.
const (
	CodeLabel      Code = -11 // no such label, or not a label
	CodeDeprecated Code = -32 // a way to call that is no longer offered
)

func (n *nodeMethods) walletMethods() []Method {
	var all []Method
	for _, list := range [][]Method{
		n.walletFileMethods(), n.walletMakingMethods(), n.walletInfoMethods(), n.walletAddressMethods(), n.walletLabelMethods(), n.walletBalanceMethods(),
		n.walletCoinMethods(), n.walletLockMethods(), n.walletHistoryMethods(), n.walletReceivedMethods(), n.walletSendMethods(), n.walletDraftMethods(), n.walletSignMethods(), n.walletNameMethods(), n.walletAttachMethods(),
	} {
		all = append(all, list...)
	}
	for i := range all {
		all[i].Category, all[i].Permission = "wallet", PermWallet
	}
	return all
}

// wallets returns the node's wallets, or why there are none.
func (n *nodeMethods) wallets() (Wallets, error) {
	if n.Wallets == nil {
		return nil, Errorf(CodeMethodNotFound, "Method not found: this node opens no wallets (wallet.enabled is off)")
	}
	return n.Wallets, nil
}

// walletHandler answers with one wallet, which holds still meanwhile.
type walletHandler func(c *Call, w *wallet.Wallet) (any, error)

// withWallet makes a Handler that finds the wallet of the call.
func (n *nodeMethods) withWallet(h walletHandler) Handler {
	return func(ctx context.Context, c *Call) (result any, err error) {
		all, err := n.wallets()
		if err != nil {
			return nil, err
		}
		name, named := c.Wallet()
		err = all.Use(ctx, name, named, func(w *wallet.Wallet) error {
			result, err = h(c, w)
			return err
		})
		if err != nil {
			return nil, walletError(err, named)
		}
		return result, nil
	}
}

const (
	textNotLoaded = "Requested wallet does not exist or is not loaded"
	textNoWallet  = "No wallet is loaded. Load a wallet using loadwallet or create a new one with createwallet. (Note: A default wallet is no longer automatically created)"
	textNotNamed  = "Multiple wallets are loaded. Please select which wallet to use by requesting the RPC through the /wallet/<walletname> URI path."
)

// walletError gives an error of a wallet its code and Core's words (Core:
// GetWalletForJSONRPCRequest, HandleWalletError).
func walletError(err error, named bool) error {
	switch {
	case errors.Is(err, wallet.ErrNotFound) && !named:
		return &Error{Code: CodeWalletNotFound, Message: textNoWallet}
	case errors.Is(err, wallet.ErrNotFound), errors.Is(err, wallet.ErrClosed):
		return &Error{Code: CodeWalletNotFound, Message: textNotLoaded}
	case errors.Is(err, wallet.ErrNotNamed):
		return &Error{Code: CodeWalletNotNamed, Message: textNotNamed}
	case errors.Is(err, ledger.ErrUnknownTx):
		return Errorf(CodeAddress, "%w", ledger.ErrUnknownTx)
	case errors.Is(err, ledger.ErrNotAbandonable):
		return Errorf(CodeAddress, "%w", ledger.ErrNotAbandonable)
	case errors.Is(err, wallet.ErrNotUnspent):
		return Errorf(CodeParameter, "%w", wallet.ErrNotUnspent)
	case errors.Is(err, keyfile.ErrDamaged), errors.Is(err, keyfile.ErrNewer), errors.Is(err, keyfile.ErrEncrypted), errors.Is(err, keyfile.ErrInUse):
		return Errorf(CodeWallet, "Wallet file verification failed. %w", err)
	}
	return err
}

// lastBlock is the block up to which a wallet has looked (Core:
// AppendLastProcessedBlock).
type lastBlock struct {
	Hash   string `json:"hash"`
	Height int32  `json:"height"`
}

func lastBlockOf(w *wallet.Wallet) lastBlock {
	tip := w.Tip()
	return lastBlock{tip.Hash.String(), tip.Height}
}

func lastBlockSchema() Schema {
	return Record("lastprocessedblock", "The block up to which the wallet has looked",
		Hash("hash", "Its hash"), Integer("height", "Its height"))
}

// int32Param reads a number that Core holds in 32 bits.
func int32Param(c *Call, name string) (int32, error) {
	n := c.Int(name)
	if n < math.MinInt32 || n > math.MaxInt32 {
		return 0, errIntRange
	}
	return int32(n), nil
}

// avoidReuse refuses what this wallet does not have (Core: GetAvoidReuseFlag).
func avoidReuse(c *Call) error {
	if c.Has("avoid_reuse") && c.Bool("avoid_reuse") {
		return Errorf(CodeWallet, `wallet does not have the "avoid reuse" feature enabled`)
	}
	return nil
}

func avoidReuseParam() Param {
	return Param{Name: "avoid_reuse", Type: BoolParam, DefaultHint: "false", Doc: "Must be false: this wallet does not keep track of addresses that were used"}
}

func watchonlyParam() Param {
	return Param{Name: "include_watchonly", Type: BoolParam, Default: false, Doc: "No longer used"}
}

// labelParam reads a label (Core: LabelFromValue).
func labelParam(c *Call, name string) (string, error) {
	label := c.Text(name)
	switch {
	case label == "*":
		return "", Errorf(CodeLabel, "Invalid label name")
	case len(label) > wallet.MaxLabel:
		return "", Errorf(CodeParameter, "A label has at most %d bytes", wallet.MaxLabel)
	}
	return label, nil
}

func hashes(list []chainhash.Hash) []string {
	texts := make([]string, len(list))
	for i, h := range list {
		texts[i] = h.String()
	}
	return texts
}
