//lint:file-ignore ST1005 these texts are Core's, as clients read them

package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// MempoolAdd tells that a transaction entered the mempool at the time now
// (seconds since 1970). It reports whether the transaction touches the wallet.
func (l *Ledger) MempoolAdd(tx *consensus.Tx, now int64) (bool, error) {
	id := tx.ID()
	l.pool[id] = struct{}{}
	known := l.records[id]
	if known != nil && known.state == Confirmed {
		return true, nil // late news
	}
	mine := known != nil
	for _, in := range tx.Msg.TxIn {
		s := l.slots[in.PreviousOutPoint]
		if s == nil {
			continue
		}
		mine = mine || s.out != nil
		for _, rival := range s.spenders {
			if rival.tx.ID() != id && rival.state != Confirmed {
				l.blockByRival(rival, id)
			}
		}
	}
	if !mine && !l.paysUs(tx) {
		return false, nil
	}
	r, err := l.add(tx, now)
	if err != nil {
		return false, err
	}
	if r.state != InMempool {
		l.set(r, InMempool)
	}
	return true, nil
}

// MempoolRemove tells that a transaction left the mempool, for a block or
// otherwise.
func (l *Ledger) MempoolRemove(id chainhash.Hash) {
	delete(l.pool, id)
	l.clearRival(id)
	if r := l.records[id]; r != nil && r.state == InMempool {
		l.set(r, Inactive)
	}
}

// SetMempool brings the ledger up to date with the whole mempool, in any order,
// for a host that keeps no list of changes. What it was told before is skipped
// cheaply.
func (l *Ledger) SetMempool(txs []*consensus.Tx, now int64) error {
	current := make(map[chainhash.Hash]struct{}, len(txs))
	var fresh []*consensus.Tx
	for _, tx := range txs {
		current[tx.ID()] = struct{}{}
		if _, ok := l.pool[tx.ID()]; !ok {
			fresh = append(fresh, tx)
		}
	}
	var gone []chainhash.Hash
	for id := range l.pool {
		if _, ok := current[id]; !ok {
			gone = append(gone, id)
		}
	}
	for _, id := range gone { // each stands for itself: order does not matter
		l.MempoolRemove(id)
	}
	// A child may come before the parent that makes it the wallet's.
	for again := true; again; {
		again = false
		rest := fresh[:0]
		for _, tx := range fresh {
			touches, err := l.MempoolAdd(tx, now)
			if err != nil {
				return err
			}
			if touches {
				again = true
			} else {
				rest = append(rest, tx)
			}
		}
		fresh = rest
	}
	return nil
}

// Restore files an unconfirmed transaction that the host had stored; see
// Changes.
func (l *Ledger) Restore(tx *consensus.Tx, received int64, abandoned bool) error {
	r, err := l.add(tx, received)
	if err != nil {
		return err
	}
	r.stored = true
	if r.state == Inactive {
		state := Inactive
		if abandoned {
			state = Abandoned
		}
		l.set(r, state)
	}
	return nil
}

// Keep files a transaction that was in the mempool for a moment. One that is
// known stays as it is.
func (l *Ledger) Keep(tx *consensus.Tx, now int64) error {
	if l.records[tx.ID()] != nil {
		return nil
	}
	r, err := l.add(tx, now)
	if err == nil {
		l.set(r, Inactive)
	}
	return err
}

// Doubtful lists what transactions outside the mempool spend. Ask the chain
// whether these outputs exist, and give the answers to Judge.
func (l *Ledger) Doubtful() (list []wire.OutPoint) {
	for _, r := range l.sortedInactive() {
		for _, in := range r.tx.Msg.TxIn {
			list = append(list, in.PreviousOutPoint)
		}
	}
	return list
}

func (l *Ledger) sortedInactive() []*record {
	list := make([]*record, 0, len(l.inactive))
	for r := range l.inactive {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *record) int { return cmp.Compare(a.order, b.order) })
	return list
}

// Waiting lists the transactions that are in no block and not in the mempool,
// but may enter it, the oldest first.
func (l *Ledger) Waiting() (list []*consensus.Tx) {
	for _, r := range l.sortedInactive() {
		if r.possible() {
			list = append(list, r.tx)
		}
	}
	return list
}

// Judge looks at the transactions outside the mempool after the chain or the
// mempool changed: one that spends an output which is missing cannot confirm,
// so its other coins are free again. This finds what the wallet cannot see by
// itself, such as a foreign ancestor that lost against a double spend. Missing
// are outputs that are neither unspent in the chain nor made by a mempool
// transaction.
func (l *Ledger) Judge(missing map[wire.OutPoint]bool) {
	list := l.sortedInactive()
	hopes := make([][]*record, len(list)) // by record: parents that may yet come
	dead := make(map[*record]bool, len(list))
	for i, r := range list {
		for _, in := range r.tx.Msg.TxIn {
			parent := l.records[in.PreviousOutPoint.Hash]
			switch {
			case !missing[in.PreviousOutPoint]:
			case parent != nil && parent.state == Inactive && len(parent.blockers) == 0:
				hopes[i] = append(hopes[i], parent)
			default:
				dead[r] = true
			}
		}
	}
	for again := true; again; { // each round marks one more at least
		again = false
		for i, r := range list {
			if !dead[r] && slices.ContainsFunc(hopes[i], func(p *record) bool { return dead[p] }) {
				dead[r], again = true, true
			}
		}
	}
	for _, r := range list {
		if r.dead != dead[r] {
			r.dead = dead[r]
			l.refreshAround(r)
		}
	}
}

// ErrNotAbandonable is Core's answer (RPC code -5) for a transaction that is
// in a block or in the mempool.
var ErrNotAbandonable = errors.New("Transaction not eligible for abandonment")

// ErrUnknownTx says that the wallet has no such transaction (RPC code -5).
var ErrUnknownTx = errors.New("Invalid or non-wallet transaction id")

// Abandon gives up an unconfirmed transaction that is not in the mempool, and
// what descends from it: their coins can be spent again.
func (l *Ledger) Abandon(id chainhash.Hash) error {
	r := l.records[id]
	if r == nil {
		return fmt.Errorf("%w: %v", ErrUnknownTx, id)
	}
	if r.state != Inactive && r.state != Abandoned {
		return ErrNotAbandonable
	}
	l.descend(r, func(r *record) bool {
		if r.state == Inactive {
			l.set(r, Abandoned)
		}
		return r.state == Abandoned
	})
	return nil
}

func (r *record) addBlocker(id chainhash.Hash) bool {
	if _, ok := r.blockers[id]; ok {
		return false
	}
	if r.blockers == nil {
		r.blockers = map[chainhash.Hash]struct{}{}
	}
	r.blockers[id] = struct{}{}
	return true
}

// block marks everything that descends from the orphaned coinbase r.
func (l *Ledger) block(r *record, coinbase chainhash.Hash) {
	l.descend(r, func(d *record) bool {
		if d == r {
			return true
		}
		ok := d.addBlocker(coinbase)
		l.refreshAround(d)
		return ok
	})
}

func (l *Ledger) unblock(r *record, coinbase chainhash.Hash) {
	l.descend(r, func(d *record) bool {
		if d == r {
			return true
		}
		_, ok := d.blockers[coinbase]
		delete(d.blockers, coinbase)
		l.refreshAround(d)
		return ok
	})
}

// blockByRival marks r and what descends from it while the mempool holds
// another spend of one of r's coins.
func (l *Ledger) blockByRival(r *record, rival chainhash.Hash) {
	l.descend(r, func(d *record) bool {
		if !d.addBlocker(rival) {
			return false
		}
		l.rivals[rival] = append(l.rivals[rival], d)
		l.refreshAround(d)
		return true
	})
}

func (l *Ledger) clearRival(rival chainhash.Hash) {
	for _, r := range l.rivals[rival] {
		delete(r.blockers, rival)
		l.refreshAround(r)
	}
	delete(l.rivals, rival)
}
