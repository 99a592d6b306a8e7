package wallets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/mempool"
	"orrery/wallet"
	"orrery/wallet/keyfile"
	"orrery/wallet/ledger"
)

// fileSuffix ends the name of a wallet file; what comes before is the
// wallet's name.
const fileSuffix = ".json"

// maxName bounds a wallet's name in bytes: it is a file name.
const maxName = 64

// Start opens all wallet files of the folder, and makes the default wallet
// when there is none. made reports the latter. A file that cannot be opened is
// an error that names it: a wallet is never replaced silently.
func (w *Wallets) Start() (made bool, err error) {
	if err := os.MkdirAll(w.cfg.Folder, 0o700); err != nil {
		return false, fmt.Errorf("the folder of the wallets cannot be made: %w", err)
	}
	names, err := w.Files()
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if err := w.load(name); err != nil {
			return false, errors.Join(err, w.Close())
		}
	}
	if len(names) > 0 {
		return false, nil
	}
	return true, w.create(w.cfg.Default)
}

// Files lists the names of the wallets in the folder, loaded or not, sorted.
func (w *Wallets) Files() ([]string, error) { return files(w.cfg.Folder) }

// Check looks at all wallet files of a folder, which may be missing, before
// anything else is opened, and touches nothing. The error is that of the first
// file that cannot be opened, with what to do.
func Check(folder string) error {
	names, err := files(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, name := range names {
		if err == nil {
			err = nextStep(name, wallet.Check(filepath.Join(folder, name+fileSuffix)))
		}
	}
	return err
}

// nextStep ends the sentence about a damaged file with the command.
func nextStep(name string, err error) error {
	if errors.Is(err, keyfile.ErrDamaged) {
		return fmt.Errorf("%w: orrery wallet restore %s", err, name)
	}
	return err
}

func files(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("the folder of the wallets cannot be read: %w", err)
	}
	names := []string{}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), fileSuffix); ok && checkName(name) == nil && !e.IsDir() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func checkName(name string) error {
	if len(name) < 1 || len(name) > maxName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		return wallet.ErrBadName
	}
	return nil
}

// Path is where the file of a wallet is or would be.
func (w *Wallets) Path(name string) string { return filepath.Join(w.cfg.Folder, name+fileSuffix) }

func (w *Wallets) config(name string) wallet.Config {
	return wallet.Config{Name: name, Path: w.Path(name), Codec: w.cfg.Codec, Maturity: w.cfg.Maturity, Now: w.cfg.Now}
}

// Create makes a wallet with new words and loads it. Errors:
// wallet.ErrBadName, keyfile.ErrExists.
func (w *Wallets) Create(ctx context.Context, name string) error {
	w.files.Lock()
	defer w.files.Unlock()
	if err := w.create(name); err != nil {
		return err
	}
	return w.Use(ctx, name, true, func(*wallet.Wallet) error { return nil })
}

func (w *Wallets) create(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if _, err := w.find(name, true); err == nil {
		return keyfile.ErrExists // its lock would tell less
	}
	v, release := w.node.Acquire()
	tip := ledger.Tip{Hash: v.Tip.Hash, Height: v.Tip.Height}
	release()
	made, err := wallet.Create(w.config(name), "", tip)
	if err != nil {
		return err
	}
	return w.add(made)
}

// Load opens a wallet of the folder. Errors: wallet.ErrBadName,
// wallet.ErrLoaded, wallet.ErrNoFile, keyfile's.
func (w *Wallets) Load(ctx context.Context, name string) error {
	w.files.Lock()
	defer w.files.Unlock()
	if err := checkName(name); err != nil {
		return err
	}
	if _, err := w.find(name, true); err == nil {
		return fmt.Errorf("%w: %q", wallet.ErrLoaded, name)
	}
	if err := w.load(name); err != nil {
		return err
	}
	return w.begin(ctx, name)
}

// begin brings a wallet that was just loaded up to the present view.
func (w *Wallets) begin(ctx context.Context, name string) error {
	o, err := w.find(name, true)
	if err == nil {
		err = w.follow(ctx, o)
	}
	if err == nil {
		w.offer(ctx, o)
	}
	return err
}

func (w *Wallets) load(name string) error {
	opened, err := wallet.Open(w.config(name))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", wallet.ErrNoFile, w.Path(name))
	}
	if err != nil {
		return nextStep(name, err)
	}
	return w.add(opened)
}

// add takes an open wallet in, with what the store holds of it.
func (w *Wallets) add(opened *wallet.Wallet) error {
	o := &open{Wallet: opened, prefix: prefix(opened), moving: make(chan struct{}, 1), pool: new(mempool.View)}
	v, release := w.node.Acquire()
	defer release()
	err := v.Store.MetaRange(o.prefix+pendingMark, func(_ string, record []byte) error {
		return opened.Restore(record)
	})
	if err == nil {
		err = v.Store.MetaRange(o.prefix+noteMark, func(key string, record []byte) error {
			txid, err := chainhash.NewHash([]byte(strings.TrimPrefix(key, o.prefix+noteMark)))
			if err != nil {
				return err
			}
			return opened.RestoreNote(*txid, record)
		})
	}
	if err != nil {
		return errors.Join(err, opened.Close())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[opened.Name()] = o
	return nil
}

// Unload closes a wallet; its file stays, and the next start opens it again.
// The error is wallet.ErrNotFound.
func (w *Wallets) Unload(name string) error {
	w.files.Lock()
	defer w.files.Unlock()
	o, err := w.find(name, true)
	if err != nil {
		return err
	}
	return w.remove(o)
}

// remove waits for everybody who uses the wallet.
func (w *Wallets) remove(o *open) error {
	w.mu.Lock()
	delete(w.open, o.Name())
	w.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	return o.Close()
}
