package peering

import (
	"fmt"

	"orrery/core/protocol"
)

// walletLease returns the lease of a wallet of this node's own.
func (p *Peering) walletLease(name string) *lease {
	for _, l := range p.leases {
		if l.wallet != "" && l.wallet == name {
			return l
		}
	}
	return nil
}

// attachWallet gives a wallet of this node's own an ID, as one that connects
// would get it.
func (p *Peering) attachWallet(name string) (any, error) {
	if l := p.walletLease(name); l != nil {
		return l.ID, nil
	}
	switch {
	case name == "":
		return nil, ErrNoWallet
	case !p.joined():
		return nil, fmt.Errorf("%w: this node has none itself yet", ErrNoID)
	case p.children(protocol.KindWallet) >= p.cfg.WalletCapacity:
		return nil, fmt.Errorf("%w: all %d places for wallets are taken: unload one, or let p2p.wallet_capacity be higher", ErrNoID, p.cfg.WalletCapacity)
	}
	holder := &peer{host: p.cfg.Host, hello: &protocol.Hello{Kind: protocol.KindWallet}}
	l, reason := p.askPolicy(holder, &protocol.Assign{Kind: protocol.KindWallet})
	if l == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoID, reason)
	}
	l.wallet = name
	p.saveLease(l)
	return l.ID, nil
}

// detachWallet lets the ID rest.
func (p *Peering) detachWallet(name string) error {
	l := p.walletLease(name)
	if l == nil {
		return ErrNoWallet
	}
	l.wallet, l.rests = "", p.now+restTime
	p.saveLease(l)
	return nil
}
