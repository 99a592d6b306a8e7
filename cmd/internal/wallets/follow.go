package wallets

import (
	"context"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/node"
	"orrery/wallet"
)

// The store holds the values of a wallet under its ID, so that a file may be
// renamed, and another made in its place: the unconfirmed transactions and the
// notes by txid.
const (
	pendingMark = "pending/"
	noteMark    = "note/"
)

func prefix(w *wallet.Wallet) string { return fmt.Sprintf("wallet/%x/", w.ID()) }

// maxOffers bounds the transactions of a wallet that one new tip makes it offer
// again; the next tip goes on with those that are still left.
const maxOffers = 100

// Run follows the node until ctx ends, and closes the wallets.
func (w *Wallets) Run(ctx context.Context, ready func()) error {
	ready() // whoever asks a wallet waits until it has caught up
	var tip chainhash.Hash
	err := w.node.Follow(ctx, func(v *node.View) error {
		for _, o := range w.list() {
			if err := w.sync(ctx, o, v); err != nil {
				return err
			}
			if v.Tip.Hash != tip {
				w.offer(ctx, o)
			}
		}
		tip = v.Tip.Hash
		return nil
	})
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	return err
}

// follow brings a wallet to the present view.
func (w *Wallets) follow(ctx context.Context, o *open) error {
	v, release := w.node.Acquire()
	defer release()
	return w.sync(ctx, o, v)
}

// sync brings a wallet to a view. Views may come from several goroutines; an
// older one than the wallet has seen changes nothing. Whoever waits for the one
// that moves the wallet, and the one itself, give up when their ctx ends; the
// next goes on from where that was.
func (w *Wallets) sync(ctx context.Context, o *open, v *node.View) error {
	if v.Version <= o.version.Load() {
		return nil
	}
	select {
	case o.moving <- struct{}{}:
		defer func() { <-o.moving }()
	case <-ctx.Done():
		return ctx.Err()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if v.Version <= o.version.Load() || o.closed {
		return nil
	}
	added, removed := v.Mempool.Diff(o.pool)
	for _, e := range removed {
		o.MempoolRemove(e.Tx.ID())
	}
	if err := o.Sync(source{ctx, v}); err != nil {
		return err
	}
	if o.version.Load() == 0 {
		if err := o.recall(ctx, v); err != nil {
			return err
		}
	}
	for _, e := range added {
		if _, err := o.MempoolAdd(e.Tx); err != nil {
			return err
		}
	}
	o.pool = v.Mempool
	if err := w.store(ctx, o); err != nil {
		return err
	}
	o.version.Store(v.Version)
	return nil
}

// store files what changed of the unconfirmed transactions; o is locked. What
// the store did not take is tried again the next time. It does not wait for
// the disk: the wallet's own payments are there already (announce), and others
// the stored mempool tells.
func (w *Wallets) store(ctx context.Context, o *open) error {
	for _, c := range o.PendingChanges() {
		o.unstored = append(o.unstored, chain.KV{Key: o.prefix + pendingMark + string(c.Txid[:]), Value: c.Record})
	}
	if len(o.unstored) == 0 {
		return nil
	}
	if err := w.node.PutMeta(ctx, o.unstored); err != nil {
		return err
	}
	o.unstored = nil
	return nil
}

// offer gives the mempool what it lacks of a wallet's transactions, as after a
// start or a reorg. What it refuses stays pending.
func (w *Wallets) offer(ctx context.Context, o *open) {
	waiting := o.Waiting()
	for _, tx := range waiting[:min(len(waiting), maxOffers)] {
		if _, err := w.node.SubmitTx(ctx, tx, false); err != nil {
			if ctx.Err() != nil {
				return
			}
			// Told again at each block, so not to everybody: the history shows it.
			w.log.Debug("a wallet's transaction waits", "wallet", o.Name(), "txid", tx.ID(), "reason", err)
		}
	}
}
