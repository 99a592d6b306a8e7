package wallet

import (
	"errors"

	"orrery/wallet/keys"
)

// What the holder of several wallets answers to.
var (
	ErrNotFound = errors.New("no such wallet is loaded")
	ErrNotNamed = errors.New("several wallets are loaded")
	ErrLoaded   = errors.New("the wallet is loaded already")
	ErrNoFile   = errors.New("no such wallet file")
	// ErrSameWords says that words are those of a wallet that is there.
	ErrSameWords = errors.New("a wallet has these words already")
	ErrBadName   = errors.New("a wallet's name is 1 to 64 of a-z, A-Z, 0-9, - and _")
)

// ID tells wallets apart, whatever their files are called: it is HASH160 of
// the master public key, whose first four bytes are BIP32's fingerprint.
func (w *Wallet) ID() [20]byte { return w.ring.ID }

// Descriptor describes all addresses of a branch, without secrets and without
// the checksum (BIP380), as "pkh([d34db33f/44h/1h/0h/0]tpub…/*)".
func (w *Wallet) Descriptor(b keys.Branch) string { return w.ring.Descriptor(b) }

// KeyDescriptor describes the address of one key that the wallet knows, with
// its public key and origin, without the checksum.
func (w *Wallet) KeyDescriptor(p keys.Path) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ring.KeyDescriptor(p)
}

// Gap is how many unused addresses of each branch the wallet recognises.
func (w *Wallet) Gap() uint32 { return w.content.Gap }

// Paths lists where the keys are that follow from the words, as
// "m/44h/1h/0h/0".
func (w *Wallet) Paths() []string {
	var paths []string
	for _, b := range keys.Branches {
		paths = append(paths, "m/"+b.String())
	}
	return paths
}
