package wallet

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/wallet/address"
	"orrery/wallet/ledger"
)

// Balance sums the wallet's coins. Trusted ones count from minConf
// confirmations on. See ledger.Ledger.Balance for held.
func (w *Wallet) Balance(minConf int32, held bool) ledger.Balance {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Balance(minConf, held)
}

// Transactions is how many transactions the wallet knows.
func (w *Wallet) Transactions() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Len()
}

// CoinFilter selects what ListUnspent lists.
type CoinFilter struct {
	MinConf, MaxConf     int32
	MinAmount, MaxAmount int64             // satoshi; MaxAmount 0: no limit
	MaxCount             int               // 0: no limit
	Addresses            []address.Address // empty: all
	Unsafe               bool              // also coins that are not trusted
	Immature             bool              // also immature coinbases
}

// AnyCoin is listunspent's default: at least one confirmation.
var AnyCoin = CoinFilter{MinConf: 1, MaxConf: 9_999_999, Unsafe: true}

// Unspent is a coin with what people call it.
type Unspent struct {
	ledger.Coin
	Address  address.Address
	Label    string
	Labelled bool // see AddressInfo
}

// ListUnspent lists coins, the largest first. Locked ones are left out.
func (w *Wallet) ListUnspent(f CoinFilter) []Unspent {
	w.mu.Lock()
	defer w.mu.Unlock()
	wanted := map[address.Address]bool{}
	for _, a := range f.Addresses {
		wanted[a] = true
	}
	list := []Unspent{}
	for c := range w.ledger.Coins() {
		if f.MaxCount > 0 && len(list) == f.MaxCount {
			break
		}
		_, locked := w.locked[c.Outpoint]
		switch {
		case locked, c.Confirmations < f.MinConf, c.Confirmations > f.MaxConf,
			c.Value < f.MinAmount, f.MaxAmount > 0 && c.Value > f.MaxAmount,
			!c.Trusted && !f.Unsafe, c.Maturing > 0 && !f.Immature:
			continue
		}
		a := w.ring.Address(c.Path)
		if len(wanted) > 0 && !wanted[a] {
			continue
		}
		u := Unspent{Coin: c, Address: a}
		u.Label, u.Labelled = w.labelOf(a)
		list = append(list, u)
	}
	return list
}

// labelOf needs the lock.
func (w *Wallet) labelOf(a address.Address) (string, bool) {
	label, ok := w.labels[a.String()]
	if !ok {
		if p, mine := w.ring.Find(a.Script()); mine {
			ok = w.shown(p)
		}
	}
	return label, ok
}

// HistoryEntry is one line of the wallet's history, with its transaction.
type HistoryEntry struct {
	ledger.Entry
	Address  address.Address // zero when the script has none
	Label    string
	Labelled bool // see AddressInfo
	Tx       *ledger.Transaction
}

// ListTransactions lists the last count entries of the history after leaving
// out the last skip, oldest first. A label lists only what was received on
// addresses with that label. Neither number may be negative (Core:
// listtransactions).
func (w *Wallet) ListTransactions(count, skip int, label *string) []HistoryEntry {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []HistoryEntry // newest first
	for tx := range w.ledger.Recent {
		for _, e := range tx.Entries {
			h := w.describe(e, tx)
			if label != nil && (e.Category == ledger.Send || h.Label != *label) {
				continue
			}
			list = append(list, h)
		}
		if len(list)-skip >= count {
			break
		}
	}
	list = list[min(skip, len(list)):]
	list = list[:min(count, len(list))]
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func (w *Wallet) describe(e ledger.Entry, tx *ledger.Transaction) HistoryEntry {
	h := HistoryEntry{Entry: e, Tx: tx}
	if a, ok := w.cfg.Codec.FromScript(e.Script); ok {
		h.Address = a
		h.Label, h.Labelled = w.labelOf(a)
	}
	return h
}

// Transaction returns one of the wallet's transactions with its entries, or an
// error that wraps ledger.ErrUnknownTx.
func (w *Wallet) Transaction(txid chainhash.Hash) (*ledger.Transaction, []HistoryEntry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	tx, ok := w.ledger.Transaction(txid)
	if !ok {
		return nil, nil, fmt.Errorf("%w: %v", ledger.ErrUnknownTx, txid)
	}
	var list []HistoryEntry
	for _, e := range tx.Entries {
		list = append(list, w.describe(e, tx))
	}
	return tx, list, nil
}

// Abandon gives up a transaction that is not in the mempool; see
// ledger.Ledger.Abandon.
func (w *Wallet) Abandon(txid chainhash.Hash) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ledger.Abandon(txid)
}

// HasCoin tells whether an output is the wallet's and nothing spends it.
func (w *Wallet) HasCoin(o wire.OutPoint) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.ledger.Coin(o)
	return ok
}

// IsChange tells of a script that it is the wallet's own for change: its
// address was not handed out and has no label (Core: ScriptIsChange).
func (w *Wallet) IsChange(script []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p, mine := w.ring.Find(script)
	if !mine {
		return false
	}
	_, labelled := w.labels[w.ring.Address(p).String()]
	return !labelled && !w.shown(p)
}
