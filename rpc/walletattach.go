package rpc

import (
	"context"
	"errors"

	"orrery/core/node"
	"orrery/core/peering"
	"orrery/wallet"
)

// walletAttachMethods give wallets a place in the network.
func (n *nodeMethods) walletAttachMethods() []Method {
	return []Method{
		{
			Name: "attachwallet", Handler: n.attachwallet, Wallet: true,
			Doc: "Gives the wallet an ID in the network by the assign policy of this node, or tells the one that it has.\n" +
				"It keeps it over restarts, until detachwallet or unloadwallet. registername does the same.",
			Result: Record("", "", Integer("wallet_id", "The ID")),
		},
		{
			Name: "detachwallet", Handler: n.detachwallet, Wallet: true,
			Doc:    "Gives the wallet's ID back. Another wallet may get it ten minutes later.",
			Result: Null("", ""),
		},
	}
}

type attachedWallet struct {
	ID uint32 `json:"wallet_id"`
}

func (n *nodeMethods) attachwallet(ctx context.Context, c *Call) (any, error) {
	name, err := n.walletName(ctx, c)
	if err != nil {
		return nil, err
	}
	value, err := n.command(ctx, peering.AttachWallet{Name: name})
	if err != nil {
		return nil, err
	}
	id, _ := value.(uint32)
	return attachedWallet{id}, nil
}

func (n *nodeMethods) detachwallet(ctx context.Context, c *Call) (any, error) {
	name, err := n.walletName(ctx, c)
	if err != nil {
		return nil, err
	}
	_, err = n.command(ctx, peering.DetachWallet{Name: name})
	return nil, err
}

// walletName finds out whom a call is about.
func (n *nodeMethods) walletName(ctx context.Context, c *Call) (name string, err error) {
	all, err := n.wallets()
	if err != nil {
		return "", err
	}
	name, named := c.Wallet()
	err = all.Use(ctx, name, named, func(w *wallet.Wallet) error {
		name = w.Name()
		return nil
	})
	if err != nil {
		return "", walletError(err, named)
	}
	return name, nil
}

// attach gives the wallet of a new name its ID. The name does not depend on it.
func (n *nodeMethods) attach(ctx context.Context, res *claimed) {
	if n.Network == nil {
		return
	}
	value, err := n.Network.Command(ctx, peering.AttachWallet{Name: res.wallet})
	id, ok := value.(uint32)
	switch {
	case err == nil && ok:
		res.WalletID = id
	case err != nil && !errors.Is(err, node.ErrNoNetwork):
		res.Warnings = []string{title(err.Error()) + "; attachwallet asks again"}
	}
}
