// Package wallet joins keys, ledger, payments and the wallet file into one
// wallet, for a node that serves it through RPC and for the command line. It
// knows no database and no network: the host feeds it blocks and the mempool,
// stores its pending transactions, and sends what it builds.
package wallet

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/wallet/address"
	"orrery/wallet/keyfile"
	"orrery/wallet/keys"
	"orrery/wallet/ledger"
)

const (
	// gap is BIP44's: how many unused addresses are watched beyond the last one
	// that was handed out.
	gap = 20
	// restoredGap is that of a wallet made from its words alone: addresses that
	// a crashed process had reserved but not handed out lie in between.
	restoredGap = 200
	// The file is rewritten once for so many addresses: few at first, because a
	// crash leaves the rest of them unused, many for a busy wallet.
	minStride, maxStride = 10, 100
)

// Config is what every wallet of a chain needs.
type Config struct {
	Name     string // as RPC calls it
	Path     string // of the wallet file
	Codec    address.Codec
	Maturity int32 // blocks until a coinbase output can be spent
	// Random is for words and for the order of inputs and outputs; nil is the
	// system's.
	Random io.Reader
	// Now gives seconds since 1970; nil is the system's clock.
	Now func() int64
}

func (c *Config) defaults() {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Now == nil {
		c.Now = func() int64 { return time.Now().Unix() }
	}
}

// Wallet is an open wallet. Its methods are safe for concurrent use.
type Wallet struct {
	cfg     Config
	start   ledger.Tip // where a scan of the chain begins
	syncing sync.Mutex // one Sync at a time; guards scanned
	scanned bool       // a Sync reached the tip since the start

	mu       sync.Mutex // guards everything below
	file     *keyfile.File
	content  keyfile.Content
	ring     *keys.Ring
	ledger   *ledger.Ledger
	next     [len(keys.Branches)]uint32 // first index that was never handed out
	durable  [len(keys.Branches)]uint32 // that of the file, never below next when an address is shown
	session  uint32                     // addresses handed out since the start
	found    bool                       // the chain uses an address that was never handed out
	labels   map[string]string          // by address
	notes    map[chainhash.Hash]Note
	reserved map[wire.OutPoint]chainhash.Hash
	locked   map[wire.OutPoint]struct{}
	closed   bool
}

// ErrClosed says that a wallet was closed.
var ErrClosed = errors.New("the wallet is closed")

// Create makes a wallet and its file, with new words, or with those of words
// when it is not empty. Birthday is the tip of the chain when the words are
// new: the wallet need not look at blocks up to there; ledger.NoTip makes it
// look at all. With given words the birthday is not used.
func Create(cfg Config, words string, birthday ledger.Tip) (*Wallet, error) {
	cfg.defaults()
	c := keyfile.Content{Created: cfg.Now(), Gap: gap}
	var err error
	if words == "" {
		if c.Words, err = keys.NewWords(cfg.Random); err != nil {
			return nil, err
		}
		if birthday.Height >= 0 {
			c.Birthday = &keyfile.Block{Hash: birthday.Hash.String(), Height: birthday.Height}
		}
	} else {
		if c.Words, err = keys.CleanWords(words); err != nil {
			return nil, err
		}
		c.Gap = restoredGap
	}
	w, err := load(cfg, c)
	if err != nil {
		return nil, err
	}
	w.file, err = keyfile.Create(cfg.Path, w.current())
	if err != nil {
		return nil, err
	}
	return w, nil
}

// Open opens the wallet file. The error wraps fs.ErrNotExist when there is
// none, or one of keyfile's; the file is unchanged then.
func Open(cfg Config) (*Wallet, error) {
	cfg.defaults()
	file, c, err := keyfile.Open(cfg.Path)
	if err != nil {
		return nil, err
	}
	w, err := load(cfg, c)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	w.file = file
	return w, nil
}

// Check tells whether Open would take a wallet file, but for its lock, and
// touches nothing. The errors are Open's.
func Check(path string) error {
	c, err := keyfile.Read(path)
	if err != nil {
		return err
	}
	return check(path, c)
}

// check finds what no program of this kind has written.
func check(path string, c keyfile.Content) error {
	for _, n := range c.Next {
		if _, ok := branchIndex(n.Branch); !ok {
			return &keyfile.DamagedError{Path: path, Reason: fmt.Sprintf("there is no branch %q", n.Branch)}
		}
	}
	if _, err := keys.CleanWords(c.Words); err != nil {
		return &keyfile.DamagedError{Path: path, Reason: err.Error()}
	}
	if b := c.Birthday; b != nil {
		if _, err := chainhash.NewHashFromStr(b.Hash); err != nil {
			return &keyfile.DamagedError{Path: path, Reason: "its birthday is no block"}
		}
	}
	return nil
}

func load(cfg Config, c keyfile.Content) (*Wallet, error) {
	if err := check(cfg.Path, c); err != nil {
		return nil, err
	}
	w := &Wallet{
		cfg: cfg, content: c, labels: map[string]string{}, notes: map[chainhash.Hash]Note{},
		reserved: map[wire.OutPoint]chainhash.Hash{}, locked: map[wire.OutPoint]struct{}{},
	}
	for _, n := range c.Next {
		i, _ := branchIndex(n.Branch)
		w.next[i], w.durable[i] = n.Index, n.Index
	}
	for _, l := range c.Labels {
		w.labels[l.Address] = l.Label
	}
	words, err := keys.CleanWords(c.Words)
	if err != nil {
		return nil, err
	}
	if w.ring, err = keys.New(keys.Seed(words), cfg.Codec, c.Gap, w.next); err != nil {
		return nil, err
	}
	w.start = ledger.NoTip
	if b := c.Birthday; b != nil {
		hash, err := chainhash.NewHashFromStr(b.Hash)
		if err != nil {
			return nil, err
		}
		w.start = ledger.Tip{Hash: *hash, Height: b.Height}
	}
	w.ledger = ledger.New((*ring)(w), cfg.Maturity, w.start)
	return w, nil
}

func branchIndex(name string) (int, bool) {
	for i, b := range keys.Branches {
		if b.String() == name {
			return i, true
		}
	}
	return 0, false
}

func indexOf(b keys.Branch) int {
	for i := range keys.Branches {
		if keys.Branches[i] == b {
			return i
		}
	}
	panic("wallet: a branch that no ring has")
}

// ring is the wallet as its ledger sees it: an address that the chain shows to
// be used is not handed out again.
type ring Wallet

func (r *ring) Find(script []byte) (keys.Path, bool) { return r.ring.Find(script) }

func (r *ring) Used(p keys.Path) (bool, error) {
	if i := indexOf(p.Branch); p.Index >= r.next[i] {
		r.next[i], r.found = p.Index+1, true
	}
	return r.ring.Used(p)
}

// Name is what RPC calls the wallet.
func (w *Wallet) Name() string { return w.cfg.Name }

// Path is that of the wallet file.
func (w *Wallet) Path() string { return w.cfg.Path }

// Codec reads and writes the addresses of the wallet's chain.
func (w *Wallet) Codec() address.Codec { return w.cfg.Codec }

// Created is when the file was made, in seconds since 1970.
func (w *Wallet) Created() int64 { return w.content.Created }

// Words are the mnemonic: whoever has them has the coins.
func (w *Wallet) Words() string { return w.content.Words }

// Backup writes a copy of the wallet file to a path where nothing is yet.
func (w *Wallet) Backup(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	return w.file.Backup(path, w.current())
}

// Close saves how many addresses were handed out and releases the file.
func (w *Wallet) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	var err error
	if w.next != w.durable {
		w.durable = w.next
		err = w.save()
	}
	return errors.Join(err, w.file.Close())
}
