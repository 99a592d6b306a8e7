package rpc

import (
	"context"
	"errors"
	"math"
	"slices"

	"orrery/core/directory"
	"orrery/wallet"
	"orrery/wallet/address"
)

func (n *nodeMethods) walletNameMethods() []Method {
	name := Param{Name: "name", Type: StringParam, Required: true, Doc: "The name: 1 to 32 of a-z, 0-9 and -, which is neither first nor last"}
	result := []Schema{
		Text("name", "The name"),
		Text("address", "The address that it will be paid to"),
		Integer("seq", "The number of the claim"),
		Hash("txid", "The transaction with the claim; absent when a block of this node will carry it").Opt(),
		Coins("fee", "Its fee").Opt(),
		Boolean("mining", "Whether the next block that this node mines carries the claim, since the wallet has no coins to spend"),
	}
	registered := append(slices.Clone(result),
		Integer("wallet_id", "The ID that the wallet has in the network from now on, by the assign policy of this node").Opt(),
		List("warnings", "Why it has none", Text("", "A warning")).Opt())
	const later = "\nNobody has the name before a block has the claim: look at it with resolvename.\n" +
		"A wallet without coins, in a node that mines, pays nothing: the next block that the node mines carries the claim, unless the node ends before.\n" + feeDoc
	return []Method{
		{
			Name: "registername", Handler: n.registername, Wallet: true,
			Doc: "Claims a name for an address of the wallet, so that people can pay it by its name." + later,
			Params: []Param{
				name,
				{Name: "address", Type: StringParam, DefaultHint: "one that has the name as its label, or a new one", Doc: "An address of the wallet"},
				feeRateParam(),
			},
			Result: Record("", "", registered...), Example: `["alice"]`,
		},
		{
			Name: "movename", Handler: n.movename, Wallet: true,
			Doc: "Lets a name that the wallet holds be paid to another address.\nWith an address of somebody else, the name is that one's from then on." + later,
			Params: []Param{
				name,
				{Name: "address", Type: StringParam, DefaultHint: "a new one of the wallet, under the name as its label", Doc: "The address that is paid from then on"},
				feeRateParam(),
			},
			Result: Record("", "", result...), Example: `["alice", "` + exampleAddress + `"]`,
		},
	}
}

type claimed struct {
	Name    string  `json:"name"`
	Address string  `json:"address"`
	Seq     uint32  `json:"seq"`
	Txid    string  `json:"txid,omitempty"`
	Fee     *Amount `json:"fee,omitempty"`
	Mining  bool    `json:"mining"`

	WalletID uint32   `json:"wallet_id,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	wallet   string   // who claims it
}

func (n *nodeMethods) registername(ctx context.Context, c *Call) (any, error) {
	res, err := n.claimName(ctx, c, func(w *wallet.Wallet, name string, h *directory.Holding) (signer []byte, seq uint32, err error) {
		switch {
		case h == nil:
			return nil, 0, nil
		case w.Has(h.Script):
			return nil, 0, Errorf(CodeWallet, "The name %q is this wallet's already: move it if it shall be paid to another address", name)
		}
		return nil, 0, Errorf(CodeWallet, "Somebody else has the name %q: choose another", name)
	}, true)
	if err != nil {
		return nil, err
	}
	n.attach(ctx, res)
	return res, nil
}

func (n *nodeMethods) movename(ctx context.Context, c *Call) (any, error) {
	res, err := n.claimName(ctx, c, func(w *wallet.Wallet, name string, h *directory.Holding) (signer []byte, seq uint32, err error) {
		switch {
		case h == nil:
			return nil, 0, Errorf(CodeAddress, "Nobody has the name %q yet: register it", name)
		case !w.Has(h.Script):
			return nil, 0, Errorf(CodeWallet, "The name %q belongs to an address that this wallet does not have", name)
		case h.Seq == math.MaxUint32:
			return nil, 0, Errorf(CodeWallet, "The name %q was moved with the highest number that there is and stays where it is", name)
		}
		return h.Script, h.Seq + 1, nil
	}, false)
	if err != nil {
		return nil, err
	}
	return res, nil
}

// mayClaim says who signs a claim (nil: the address that it names) and its
// number, for a name that h holds (nil: nobody does).
type mayClaim func(w *wallet.Wallet, name string, h *directory.Holding) (signer []byte, seq uint32, err error)

// claimName makes, signs and sends a claim. own says that the address must be
// the wallet's.
func (n *nodeMethods) claimName(ctx context.Context, c *Call, may mayClaim, own bool) (*claimed, error) {
	all, err := n.wallets()
	if err != nil {
		return nil, err
	}
	fee, err := n.feeRate(nil, nil, c.Raw("fee_rate"))
	if err != nil {
		return nil, err
	}
	claim, res, err := n.signedClaim(ctx, c, all, may, own)
	if err != nil {
		return nil, err
	}
	return n.sendClaim(ctx, c, all, claim, res, fee.rate)
}

// signedClaim makes a claim and most of the answer.
func (n *nodeMethods) signedClaim(ctx context.Context, c *Call, all Wallets, may mayClaim, own bool) (claim directory.Claim, res *claimed, err error) {
	if claim.Name, err = nameParam(c); err != nil {
		return claim, nil, err
	}
	b, release, err := n.openNames(ctx, true)
	if err != nil {
		return claim, nil, err
	}
	defer release()
	if _, err := b.codec.Decode(claim.Name); err == nil {
		return claim, nil, Errorf(CodeParameter, "%q is an address: whoever pays it would not pay a name", claim.Name)
	}
	walletName, named := c.Wallet()
	res = &claimed{Name: claim.Name}
	err = all.Use(ctx, walletName, named, func(w *wallet.Wallet) error {
		res.wallet = w.Name()
		signer, seq, err := may(w, claim.Name, b.Get(claim.Name))
		if err == nil {
			err = waits(b, w, claim.Name)
		}
		if err != nil {
			return err
		}
		claim.Seq = seq
		if claim.Script, err = n.claimAddress(c, w, claim.Name, own); err != nil {
			return err
		}
		if signer == nil {
			signer = claim.Script
		}
		return w.SignClaim(b.Params.NetworkID, &claim, signer)
	})
	if err != nil {
		return claim, nil, walletError(err, named)
	}
	res.Address, res.Seq = b.address(claim.Script), claim.Seq
	return claim, res, nil
}

// waits refuses a claim while another one of the name waits for a block: at
// most one of them will count.
func waits(b *nameBook, w *wallet.Wallet, name string) error {
	pending := b.pending(name)
	for _, p := range pending {
		if w.Has(p.script) {
			return Errorf(CodeWallet, "A claim of the name %q for this wallet waits for a block already", name)
		}
	}
	if len(pending) > 0 {
		return Errorf(CodeWallet, "Another claim of the name %q waits for a block: choose another name, or see what becomes of it", name)
	}
	return nil
}

// claimAddress reads the address of the call, or takes a new one. own says that
// it must be the wallet's.
func (n *nodeMethods) claimAddress(c *Call, w *wallet.Wallet, name string, own bool) ([]byte, error) {
	var a address.Address
	var err error
	if text := c.Text("address"); c.Has("address") {
		if a, err = w.Codec().Decode(text); err != nil {
			return nil, Errorf(CodeAddress, "Invalid address: %s", err)
		}
	} else if a = addressNamed(w, name); own && a.Kind() != address.None {
		// A claim that failed has left it.
	} else if a, err = w.NewAddress(n.Wallets.AddressType(), name); err != nil {
		return nil, keyError(err)
	}
	switch script := a.Script(); {
	case !directory.CanHold(script):
		return nil, Errorf(CodeAddress, "The address cannot hold a name: %w", directory.ErrUnsupported)
	case own && !w.Has(script):
		return nil, Errorf(CodeWallet, "The wallet does not have the key of %s: the address itself must sign for its name", a)
	default:
		return script, nil
	}
}

// addressNamed finds the receiving address with a label; the zero Address if there
// is none.
func addressNamed(w *wallet.Wallet, label string) address.Address {
	for _, info := range w.Addresses() {
		if info.Label == label {
			return info.Address
		}
	}
	return address.Address{}
}

// sendClaim pays for the claim, or lets the node's next block carry it.
func (n *nodeMethods) sendClaim(ctx context.Context, c *Call, all Wallets, claim directory.Claim, res *claimed, rate int64) (*claimed, error) {
	name, named := c.Wallet()
	p, err := all.Send(ctx, name, named, []wallet.Output{{Script: claim.OutputScript()}},
		wallet.SendOptions{FeeRate: rate, Change: all.AddressType()}, wallet.Note{Comment: "claim of the name " + claim.Name})
	var poor *wallet.InsufficientFunds
	switch {
	case err == nil:
		fee := Amount(p.Fee)
		res.Txid, res.Fee = p.Tx.ID().String(), &fee
		return res, nil
	case errors.As(err, &poor) && n.mines():
		if err := n.Names.Carry(claim); err != nil {
			return nil, Errorf(CodeWallet, "%w", err)
		}
		res.Mining = true
		return res, nil
	}
	return nil, paymentError(err, named, CodeWallet)
}

// mines reports whether this node makes blocks of its own.
func (n *nodeMethods) mines() bool {
	if n.Miner == nil {
		return false
	}
	on, _, _ := n.Miner.Generating()
	return on
}
