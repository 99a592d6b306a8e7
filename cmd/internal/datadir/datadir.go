// Package datadir owns the folder in which a node keeps everything: it locks
// it against a second process and writes its small files safely.
package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// The names in a data folder.
const (
	LockFile      = "lock"
	ChainFile     = "chain.json"     // parameters of the chain (chain identity)
	JoinedFile    = "joined"         // whom this chain was fetched from
	PeersFile     = "peers.db"       // addresses, bans, leases
	TrackerFile   = "tracker.db"     // IDs that a tracker gave
	ChainFolder   = "chain"          // blocks, coins, scripts
	AddressFile   = "addresses.db"   // address index
	NameFile      = "directory.db"   // names claimed on the chain
	WalletFolder  = "wallets"        // a file a wallet
	ExperimentKey = "experiment.key" // signs policy changes
	RPCFile       = "rpc.addr"       // where the running node answers
	CookieFile    = ".cookie"        // password of the running node
)

// ErrInUse says that another process has the folder.
var ErrInUse = errors.New("in use")

// Dir is an open, locked data folder.
type Dir struct {
	path    string
	lock    *flock.Flock
	writing sync.Mutex
}

// Open makes the folder if need be and locks it. Nothing in it is touched
// before the lock is held.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, unusable(path, err)
	}
	lock := flock.New(filepath.Join(path, LockFile), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, unusable(path, err)
	}
	if !ok {
		return nil, fmt.Errorf("the data folder %s is %w by another orrery node.\n"+
			"Talk to that node with: orrery cli --node.data_dir %s getblockchaininfo\n"+
			"Start a second node with a folder of its own: orrery node --node.data_dir %s", path, ErrInUse, Word(path), Word(path+"2"))
	}
	return &Dir{path: path, lock: lock}, nil
}

// Word is a path as it can be typed into a command line, in quotes if need be.
func Word(path string) string {
	if strings.ContainsAny(path, " ()&;'") {
		return `"` + path + `"`
	}
	return path
}

func unusable(path string, err error) error {
	return fmt.Errorf("the data folder %s cannot be used: %w.\nGive it to this user, or choose another with --node.data_dir DIR", path, cause(err))
}

// cause leaves out the path, which the sentence around it names already.
func cause(err error) error {
	var path *os.PathError
	var link *os.LinkError // of a rename
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// Path is the full name of a file in the folder.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }

// Read returns a file's bytes, nil if there is no such file.
func (d *Dir) Read(name string) ([]byte, error) {
	b, err := os.ReadFile(d.Path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// tmpSuffix names a file that is being written. One that a crash left behind is
// overwritten by the next.
const tmpSuffix = ".tmp"

// Write replaces a file so that after a crash the old or the new one is there,
// whole. When it returns, the disk has it.
func (d *Dir) Write(name string, data []byte) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	tmp := name + tmpSuffix
	err := writeSynced(d.Path(tmp), data)
	if err == nil {
		err = d.rename(tmp, name)
	}
	if err != nil {
		_ = os.Remove(d.Path(tmp))
		return fmt.Errorf("%s cannot be written: %w", d.Path(name), cause(err))
	}
	return nil
}

// Rename gives a file another name, in place of a file that has it. When it
// returns, the disk has it.
func (d *Dir) Rename(from, to string) error {
	if err := d.rename(from, to); err != nil {
		return fmt.Errorf("%s cannot be renamed to %s: %w", d.Path(from), to, cause(err))
	}
	return nil
}

func (d *Dir) rename(from, to string) error {
	if err := os.Rename(d.Path(from), d.Path(to)); err != nil {
		return err
	}
	return syncFolder(d.path)
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// Remove deletes a file; a missing one is no error.
func (d *Dir) Remove(name string) error {
	err := os.Remove(d.Path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Close unlocks the folder.
func (d *Dir) Close() error { return d.lock.Close() }
