package wallets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	if err := newWords(w.cfg.Folder, name, words); err != nil {
		return err
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
// Errors: wallet.ErrBadName, wallet.ErrSameWords, keys.ErrWords,
// keyfile.ErrExists.
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
	if err := newWords(folder, name, words); err != nil {
		return "", err
	}
	made, err := wallet.Create(wallet.Config{Name: name, Path: path, Codec: codec}, words, ledger.NoTip)
	if err != nil {
		return "", err
	}
	return path, made.Close()
}

// newWords refuses the words of a wallet in the folder, loaded or not: the next
// start would load both, which file their payments under one ID and hand out
// the same addresses. A file that cannot be read is told when it is opened.
func newWords(folder, name, words string) error {
	names, err := files(folder)
	switch {
	case err != nil:
		return err
	case slices.Contains(names, name):
		return keyfile.ErrExists // its words would tell less
	}
	for _, other := range names {
		c, err := keyfile.Read(filepath.Join(folder, other+fileSuffix))
		if err != nil {
			continue
		}
		if old, err := keys.CleanWords(c.Words); err == nil && old == words {
			return fmt.Errorf("%w: %q", wallet.ErrSameWords, other)
		}
	}
	return nil
}
