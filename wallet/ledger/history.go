package ledger

import (
	"bytes"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/wallet/keys"
)

// Category is what listtransactions calls an entry.
type Category string

// Core's categories.
const (
	Send     Category = "send"
	Receive  Category = "receive"
	Generate Category = "generate"
	Immature Category = "immature"
	Orphan   Category = "orphan"
)

// Entry is one line of a wallet's history: one output of one transaction.
type Entry struct {
	Category Category
	Script   []byte    // that the output pays to
	Mine     bool      // Path is set
	Path     keys.Path // of the wallet's key
	Value    int64     // satoshi, below 0 for what was sent
	Vout     uint32
}

// Transaction is what the wallet knows of one of its transactions.
type Transaction struct {
	Tx            *consensus.Tx
	State         State
	Confirmations int32 // below 0: a block that many blocks deep conflicts with it
	Block         chainhash.Hash
	Height        int32
	Index         int   // Block, Height, Index and BlockTime are set when Confirmed
	BlockTime     int64 // seconds since 1970
	Received      int64 // seconds since 1970
	Coinbase      bool
	Maturing      int32 // blocks until a coinbase can be spent, else 0
	FromMe        bool  // spends coins of the wallet
	Trusted       bool
	Debit         int64 // satoshi of the wallet's coins that it spends
	Credit        int64 // satoshi that it pays to the wallet
	// Fee in satoshi, below 0 as in Core's answers; 0 unless FromMe. When others
	// add inputs too it is what the wallet's inputs pay more than all outputs.
	Fee              int64
	Conflicts        []chainhash.Hash // wallet transactions that spend one of its coins
	MempoolConflicts []chainhash.Hash // mempool transactions that spend a coin of it or of an ancestor
	Entries          []Entry          // sent ones first, change left out
}

// Time is the time that Core shows: when the wallet first saw it, but not
// after its block.
func (t *Transaction) Time() int64 {
	if t.State == Confirmed {
		return min(t.Received, t.BlockTime)
	}
	return t.Received
}

// Amount is gettransaction's "amount" in satoshi: what the transaction brings,
// without its fee. An immature coinbase brings nothing yet.
func (t *Transaction) Amount() int64 {
	credit := t.Credit
	if t.Maturing > 0 {
		credit = 0
	}
	return credit - t.Debit - t.Fee
}

// Transaction looks one of the wallet's transactions up.
func (l *Ledger) Transaction(id chainhash.Hash) (*Transaction, bool) {
	r := l.records[id]
	if r == nil {
		return nil, false
	}
	return l.view(r), true
}

// Len is how many transactions the wallet knows.
func (l *Ledger) Len() int { return len(l.ordered) }

// Recent yields the transactions, the last one seen first.
func (l *Ledger) Recent(yield func(*Transaction) bool) {
	for i := len(l.ordered) - 1; i >= 0; i-- {
		if !yield(l.view(l.ordered[i])) {
			return
		}
	}
}

func (l *Ledger) view(r *record) *Transaction {
	t := &Transaction{
		Tx: r.tx, State: r.state, Confirmations: l.confirmations(r), Received: r.received,
		Coinbase: r.coinbase, Maturing: l.maturing(r), Trusted: l.trusted(r, trustCache{}), Debit: l.debit(r),
	}
	if r.state == Confirmed {
		t.Block, t.Height, t.Index, t.BlockTime = r.block, r.height, r.index, r.time
	}
	for _, o := range r.outs {
		t.Credit += o.value
	}
	if t.FromMe = t.Debit > 0; t.FromMe {
		t.Fee = totalOut(r.tx) - t.Debit
	}
	t.Conflicts, t.MempoolConflicts = l.conflictsOf(r)
	t.Entries = l.entries(r, t.FromMe)
	return t
}

func (l *Ledger) debit(r *record) (sum int64) {
	if r.coinbase {
		return 0
	}
	for _, in := range r.tx.Msg.TxIn {
		if s := l.slots[in.PreviousOutPoint]; s != nil && s.out != nil {
			sum += s.out.value
		}
	}
	return sum
}

func totalOut(tx *consensus.Tx) (sum int64) {
	for _, out := range tx.Msg.TxOut {
		sum += out.Value
	}
	return sum
}

func (l *Ledger) conflictsOf(r *record) (wallet, mempool []chainhash.Hash) {
	if !r.coinbase {
		for _, in := range r.tx.Msg.TxIn {
			for _, other := range l.slots[in.PreviousOutPoint].spenders {
				if other != r {
					wallet = append(wallet, other.tx.ID())
				}
			}
		}
	}
	for id := range r.blockers {
		if c := l.records[id]; c == nil || !c.coinbase {
			mempool = append(mempool, id)
		}
	}
	return sorted(wallet), sorted(mempool)
}

func sorted(ids []chainhash.Hash) []chainhash.Hash {
	slices.SortFunc(ids, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// entries lists a transaction's outputs as Core's ListTransactions: what was
// sent, without change, then what the wallet received.
func (l *Ledger) entries(r *record, fromMe bool) (list []Entry) {
	mine := make(map[uint32]keys.Path, len(r.outs))
	for _, o := range r.outs {
		mine[o.index] = o.path
	}
	if fromMe {
		for i, out := range r.tx.Msg.TxOut {
			path, own := mine[uint32(i)]
			if own && path.Change {
				continue
			}
			list = append(list, Entry{Send, out.PkScript, own, path, -out.Value, uint32(i)})
		}
	}
	category := l.received(r)
	for _, o := range r.outs {
		if fromMe && o.path.Change {
			continue
		}
		out := o.txOut()
		list = append(list, Entry{category, out.PkScript, true, o.path, out.Value, o.index})
	}
	return list
}

func (l *Ledger) received(r *record) Category {
	switch {
	case !r.coinbase:
		return Receive
	case l.confirmations(r) < 1:
		return Orphan
	case l.maturing(r) > 0:
		return Immature
	}
	return Generate
}

// Change is what the host must store so that a restart loses no unconfirmed
// transaction: with Pending the transaction, else that it is no longer needed.
type Change struct {
	Tx        *consensus.Tx
	Pending   bool
	InMempool bool
	Received  int64 // seconds since 1970
	Abandoned bool
}

// Changes returns what changed since the last call. Transactions in blocks
// need no storing: the chain has them.
func (l *Ledger) Changes() []Change {
	list := make([]Change, 0, len(l.changed))
	for _, r := range l.changed {
		r.changed = false
		if c := changeOf(r); c.Pending || r.stored {
			r.stored = c.Pending
			list = append(list, c)
		}
	}
	l.changed = nil
	return list
}

// Pending lists all unconfirmed transactions, in the order in which they were
// seen. The node offers those outside the mempool to it again, except for
// abandoned ones.
func (l *Ledger) Pending() (list []Change) {
	for _, r := range l.ordered {
		if r.state != Confirmed && !r.coinbase {
			list = append(list, changeOf(r))
		}
	}
	return list
}

func changeOf(r *record) Change {
	return Change{
		Tx: r.tx, Pending: r.state != Confirmed, InMempool: r.state == InMempool,
		Received: r.received, Abandoned: r.state == Abandoned,
	}
}
