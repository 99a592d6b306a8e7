// Package wallets keeps the wallets inside a node: it opens their files, lets
// them follow the chain and the mempool, stores their unconfirmed
// transactions, and sends what they build.
package wallets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/wallet"
	"orrery/wallet/address"
	"orrery/wallet/keys"
)

// Node is the node as the wallets see it.
type Node interface {
	Acquire() (v *node.View, release func())
	Follow(ctx context.Context, f func(*node.View) error) error
	SubmitTx(ctx context.Context, tx *consensus.Tx, testOnly bool) (*mempool.Result, error)
	PutMeta(ctx context.Context, values []chain.KV) error
	Flush(ctx context.Context) error
}

// Config says where wallets live.
type Config struct {
	Folder      string // of the wallet files
	Default     string // name of the wallet that is made at the first start
	Codec       address.Codec
	Maturity    int32
	AddressType keys.Purpose // of addresses for which nobody asks for a type
	Now         func() int64 // seconds since 1970
}

// Wallets is made by New and works while Run does.
type Wallets struct {
	cfg  Config
	node Node
	log  *slog.Logger

	files sync.Mutex // one file is made, loaded or unloaded at a time
	mu    sync.Mutex
	open  map[string]*open
}

// open is a loaded wallet and how far it has followed.
type open struct {
	*wallet.Wallet
	prefix string // of its values in the store

	// moving holds one: who moves the wallet now. Others wait for it before they
	// wait for mu, since that wait would have no end before the move has.
	moving chan struct{}
	// mu is held for writing while the wallet moves from one view to the next,
	// and for reading while somebody looks at it or chooses its coins: in
	// between, a transaction may be neither in the mempool nor in its block.
	mu       sync.RWMutex
	version  atomic.Uint64 // of the view that it has followed
	pool     *mempool.View // of that view
	unstored []chain.KV    // changes that the store has not taken yet
	closed   bool
}

// New has no side effects.
func New(cfg Config, n Node, log *slog.Logger) *Wallets {
	return &Wallets{cfg: cfg, node: n, log: log, open: map[string]*open{}}
}

// AddressType is the type of addresses for which nobody asks for a type.
func (w *Wallets) AddressType() keys.Purpose { return w.cfg.AddressType }

// Names lists the loaded wallets, sorted.
func (w *Wallets) Names() []string {
	var names []string
	for _, o := range w.list() {
		names = append(names, o.Name())
	}
	return names
}

func (w *Wallets) list() []*open {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]*open, 0, len(w.open))
	for _, o := range w.open {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b *open) int { return strings.Compare(a.Name(), b.Name()) })
	return list
}

// Use calls f with a loaded wallet that has seen everything which the node
// answered before, and that does not move while f looks. Without a name it is
// the only one. Errors: wallet.ErrNotFound, wallet.ErrNotNamed, f's.
func (w *Wallets) Use(ctx context.Context, name string, named bool, f func(*wallet.Wallet) error) error {
	o, err := w.find(name, named)
	if err != nil {
		return err
	}
	if err := w.follow(ctx, o); err != nil {
		return err
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.closed {
		return fmt.Errorf("%w: %q", wallet.ErrNotFound, o.Name())
	}
	return f(o.Wallet)
}

// Loaded returns a loaded wallet as it is, which may be behind the node.
func (w *Wallets) Loaded(name string) (*wallet.Wallet, error) {
	o, err := w.find(name, true)
	if err != nil {
		return nil, err
	}
	return o.Wallet, nil
}

func (w *Wallets) find(name string, named bool) (*open, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if named {
		if o := w.open[name]; o != nil {
			return o, nil
		}
		return nil, fmt.Errorf("%w: %q", wallet.ErrNotFound, name)
	}
	if len(w.open) > 1 {
		return nil, wallet.ErrNotNamed
	}
	for _, o := range w.open {
		return o, nil
	}
	return nil, wallet.ErrNotFound
}

// Close closes all wallets; again does nothing.
func (w *Wallets) Close() error {
	var errs []error
	for _, o := range w.list() {
		errs = append(errs, w.remove(o))
	}
	return errors.Join(errs...)
}
