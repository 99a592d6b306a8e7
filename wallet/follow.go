package wallet

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/ledger"
)

// Source is the chain as a wallet follows it.
type Source interface {
	// Changes lists how to get from the block since to the present tip: blocks
	// to disconnect, from the highest down, then blocks to connect, upwards.
	// The zero hash is before the genesis block. The error is ErrUnknownBlock
	// when the chain never had the block.
	Changes(since chainhash.Hash) (reverts, applies []chainhash.Hash, err error)
	// Block returns a block that Changes named, and its height.
	Block(hash chainhash.Hash) (*consensus.Block, int32, error)
	// Exists tells whether an output is unspent in the chain or made by a
	// mempool transaction.
	Exists(wire.OutPoint) (bool, error)
}

// ErrUnknownBlock is for a Source that never had a block.
var ErrUnknownBlock = errors.New("unknown block")

// maxPulls bounds how often one Sync asks again because the chain moved
// meanwhile; the next notification carries on.
const maxPulls = 100

// maxScans bounds how often the first Sync looks at the whole chain again. Each
// one more needs payments that came in the opposite order of their addresses.
const maxScans = 10

// Sync follows the chain to its tip. When the chain does not know where the
// wallet stands, as with a wallet file of another chain, the wallet looks at
// all blocks again.
//
// The first Sync of a wallet that was restored from its words or from an old
// copy finds addresses which this file never handed out. It then looks at the
// chain again: an earlier block may pay to an address that was beyond the
// look-ahead when the block was read.
func (w *Wallet) Sync(src Source) error {
	w.syncing.Lock()
	defer w.syncing.Unlock()
	for scan := 1; ; scan++ {
		if err := w.catchUp(src); err != nil {
			return err
		}
		w.mu.Lock()
		again := w.found && !w.scanned && scan < maxScans
		w.found = false
		w.mu.Unlock()
		if !again {
			break
		}
		if err := w.rescan(w.start); err != nil {
			return err
		}
	}
	w.scanned = true
	return w.judge(src)
}

func (w *Wallet) catchUp(src Source) error {
	for range maxPulls {
		reverts, applies, err := src.Changes(w.Tip().Hash)
		if errors.Is(err, ErrUnknownBlock) && w.Tip() != ledger.NoTip {
			w.start = ledger.NoTip
			if err := w.rescan(w.start); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("wallet %q: follow the chain: %w", w.cfg.Name, err)
		}
		if len(reverts)+len(applies) == 0 {
			return nil
		}
		if err := w.pull(src, reverts, (*ledger.Ledger).Disconnect); err != nil {
			return err
		}
		if err := w.pull(src, applies, (*ledger.Ledger).Connect); err != nil {
			return err
		}
	}
	return nil
}

// pull takes the lock block by block, so that questions are answered between.
func (w *Wallet) pull(src Source, hashes []chainhash.Hash, take func(*ledger.Ledger, *consensus.Block, int32) error) error {
	for _, hash := range hashes {
		b, height, err := src.Block(hash)
		if err != nil {
			return fmt.Errorf("wallet %q: read block %v: %w", w.cfg.Name, hash, err)
		}
		w.mu.Lock()
		err = take(w.ledger, b, height)
		w.mu.Unlock()
		if err != nil {
			return fmt.Errorf("wallet %q: %w", w.cfg.Name, err)
		}
	}
	return nil
}

// judge asks the source without holding the lock.
func (w *Wallet) judge(src Source) error {
	w.mu.Lock()
	doubtful := w.ledger.Doubtful()
	w.mu.Unlock()
	if len(doubtful) == 0 {
		return nil
	}
	missing := make(map[wire.OutPoint]bool, len(doubtful))
	for _, o := range doubtful {
		exists, err := src.Exists(o)
		if err != nil {
			return fmt.Errorf("wallet %q: look at pending transactions: %w", w.cfg.Name, err)
		}
		missing[o] = !exists
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger.Judge(missing)
	return nil
}

// Rescan makes the next Sync look at all blocks again. What the wallet knows of
// the mempool stays, except for foreign double spends: SetMempool tells them.
func (w *Wallet) Rescan() error {
	w.syncing.Lock()
	defer w.syncing.Unlock()
	w.start, w.scanned = ledger.NoTip, false
	return w.rescan(w.start)
}

func (w *Wallet) rescan(tip ledger.Tip) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	pending := w.ledger.Pending()
	w.ledger = ledger.New((*ring)(w), w.cfg.Maturity, tip)
	for _, c := range pending {
		if err := w.ledger.Restore(c.Tx, c.Received, c.Abandoned); err != nil {
			return err
		}
		if !c.InMempool {
			continue
		}
		if _, err := w.ledger.MempoolAdd(c.Tx, c.Received); err != nil {
			return err
		}
	}
	return nil
}

// Tip is the last block that the wallet has seen.
func (w *Wallet) Tip() ledger.Tip {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Tip()
}

// MempoolAdd tells that a transaction entered the mempool. It reports whether
// the transaction touches the wallet. Coins reserved for it are spent by it
// from now on.
func (w *Wallet) MempoolAdd(tx *consensus.Tx) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine, err := w.ledger.MempoolAdd(tx, w.cfg.Now())
	if err == nil && mine {
		w.release(tx)
	}
	return mine, err
}

// MempoolRemove tells that a transaction left the mempool, for a block or
// otherwise.
func (w *Wallet) MempoolRemove(txid chainhash.Hash) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ledger.MempoolRemove(txid)
}

// SetMempool is for a host that does not list changes: txs is the whole
// mempool. The source tells which coins exist, to judge what fell out of it.
func (w *Wallet) SetMempool(txs []*consensus.Tx, src Source) error {
	w.mu.Lock()
	err := w.ledger.SetMempool(txs, w.cfg.Now())
	if err == nil && len(w.reserved) > 0 {
		for _, tx := range txs {
			w.release(tx)
		}
	}
	w.mu.Unlock()
	if err != nil {
		return err
	}
	return w.judge(src)
}

// PendingChange is what the host must store or delete under the transaction's
// id, so that a restart loses no unconfirmed transaction.
type PendingChange struct {
	Txid   chainhash.Hash
	Record []byte // for Restore; nil: delete it
}

// PendingChanges returns what changed since the last call. The host calls it
// after each change that it tells the wallet, and stores the records.
func (w *Wallet) PendingChanges() []PendingChange {
	w.mu.Lock()
	defer w.mu.Unlock()
	changes := w.ledger.Changes()
	list := make([]PendingChange, 0, len(changes))
	for _, c := range changes {
		p := PendingChange{Txid: c.Tx.ID()}
		if c.Pending {
			p.Record = encodePending(c)
		}
		list = append(list, p)
	}
	return list
}

// Pending lists the unconfirmed transactions with their state, the oldest
// first. After a start and after each reorg the host offers those that are not
// in the mempool to it again, except for abandoned ones.
func (w *Wallet) Pending() []ledger.Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Pending()
}

// Waiting lists the transactions that the host should offer to the mempool:
// they are in no block and not in the mempool, and nothing that the wallet
// knows keeps them out. The oldest comes first.
func (w *Wallet) Waiting() []*consensus.Tx {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Waiting()
}

// Keep files a payment that the mempool accepted and lost again before the
// wallet saw it there: it is pending, and its coins stay taken.
func (w *Wallet) Keep(tx *consensus.Tx) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Keep(tx, w.cfg.Now())
}

// Restore takes a record that the host stored. Call it after Open, before the
// first Sync; the order of records does not matter.
func (w *Wallet) Restore(record []byte) error {
	c, err := decodePending(record)
	if err != nil {
		return fmt.Errorf("wallet %q: restore a pending transaction: %w", w.cfg.Name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Restore(c.Tx, c.Received, c.Abandoned)
}
