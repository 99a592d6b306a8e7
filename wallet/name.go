package wallet

import (
	"errors"

	"orrery/core/directory"
	"orrery/core/protocol"
	"orrery/wallet/keys"
)

// ErrNotOwn says that a wallet does not have the key of an address.
var ErrNotOwn = errors.New("the wallet does not have the key of that address")

// Has reports whether the wallet has the key that a script pays to.
func (w *Wallet) Has(script []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.ring.Find(script)
	return ok
}

// SignClaim signs the claim of a name for the address of a script, which holds
// the name or, if nobody does, is that of the claim. network is the network id.
// It sets c.Signature; the key stays here. Errors: ErrNotOwn, ErrClosed,
// directory.ErrUnsupported.
func (w *Wallet) SignClaim(network [32]byte, c *directory.Claim, script []byte) error {
	pair, err := w.pairOf(script)
	if err == nil {
		c.Signature, err = directory.Sign(pair.PrivateKey, script, c.Digest(network))
	}
	return err
}

// SignAttachment signs that the wallet is attached to a node, for the address
// that a names. It sets a.Signature. Errors: as SignClaim, and
// directory.ErrMalformed.
func (w *Wallet) SignAttachment(network [32]byte, a *protocol.Wallet) error {
	pair, err := w.pairOf(a.Script)
	if err == nil {
		err = directory.Attach(pair.PrivateKey, network, a)
	}
	return err
}

func (w *Wallet) pairOf(script []byte) (keys.Pair, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return keys.Pair{}, ErrClosed
	}
	path, ok := w.ring.Find(script)
	if !ok {
		return keys.Pair{}, ErrNotOwn
	}
	return w.ring.Key(path)
}
