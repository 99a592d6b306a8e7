package wallets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"orrery/wallet"
	"orrery/wallet/address"
	"orrery/wallet/keyfile"
	"orrery/wallet/keys"
	"orrery/wallet/ledger"
)

// Restore makes a wallet from its words and loads it; it returns when the
// wallet has looked at the whole chain. Errors: wallet.ErrBadName,
// wallet.ErrSameWords, keys.ErrWords, keyfile.ErrExists; nothing was made then.
func (w *Wallets) Restore(ctx context.Context, name, words string) error {
	w.files.Lock()
	defer w.files.Unlock()
	if err := checkName(name); err != nil {
		return err
	}
	if _, err := w.find(name, true); err == nil {
		return keyfile.ErrExists // its lock would tell less
	}
	words, err := keys.CleanWords(words)
	if err != nil {
		return err
	}
	for _, o := range w.list() {
		if o.Words() == words { // both would file their payments under one ID
			return fmt.Errorf("%w: %q", wallet.ErrSameWords, o.Name())
		}
	}
	made, err := wallet.Create(w.config(name), words, ledger.NoTip)
	if err != nil {
		return err
	}
	if err := w.add(made); err != nil {
		return err
	}
	return w.begin(ctx, name)
}

// RestoreFile makes a wallet's file from its words while no node runs; the next
// start looks for its coins in the whole chain. It returns the file's name.
// Errors: wallet.ErrBadName, keys.ErrWords, keyfile.ErrExists.
func RestoreFile(folder, name, words string, codec address.Codec) (path string, err error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if words, err = keys.CleanWords(words); err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("the folder of the wallets cannot be made: %w", err)
	}
	path = filepath.Join(folder, name+fileSuffix)
	made, err := wallet.Create(wallet.Config{Name: name, Path: path, Codec: codec}, words, ledger.NoTip)
	if err != nil {
		return "", err
	}
	return path, made.Close()
}
