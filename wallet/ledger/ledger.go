// Package ledger follows the chain for one wallet: which transactions touch
// it, which coins it has, what they sum up to. It is a state machine without
// storage, clock or goroutines: feed it connected and disconnected blocks and
// what enters and leaves the mempool, and ask it. Every balance is a sum over
// coins.
//
// The states of a transaction, and what spends a coin, follow Bitcoin Core's
// wallet (src/wallet/transaction.h, wallet.cpp).
package ledger

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/keys"
)

// Ring recognises the wallet's scripts. Used is called for each key that a
// transaction pays to, so that the look-ahead moves on; it reports whether
// further scripts are recognised from now on.
type Ring interface {
	Find(script []byte) (keys.Path, bool)
	Used(keys.Path) (grew bool, err error)
}

// State is where a transaction is.
type State uint8

// The states. Every transaction is in exactly one.
const (
	Inactive   State = iota // known, neither in a block nor in the mempool
	InMempool               // waiting for a block
	Confirmed               // in a block of the best chain
	Conflicted              // a block holds another spend of one of its coins, or of an ancestor's
	Abandoned               // given up by its owner, or a coinbase whose block was disconnected
)

// Tip is the last connected block.
type Tip struct {
	Hash   chainhash.Hash
	Height int32 // -1: none
}

// NoTip is the tip of a ledger that starts with the genesis block.
var NoTip = Tip{Height: -1}

// ErrOrder says that a block does not follow the tip, or is not the tip that
// is disconnected. The ledger is unchanged.
var ErrOrder = errors.New("block out of order")

// record is a transaction that touches the wallet.
type record struct {
	tx       *consensus.Tx
	coinbase bool
	state    State
	block    chainhash.Hash // Confirmed: in which; Conflicted: which made it so
	height   int32          // of that block
	index    int            // Confirmed: place in the block
	time     int64          // Confirmed: the block's, seconds since 1970
	received int64          // when it was first seen, seconds since 1970
	order    uint64         // in which it was first seen
	outs     []*output      // those that pay to the wallet
	// blockers are mempool transactions that spend a coin of this one or of an
	// ancestor, and ancestors that are coinbases of disconnected blocks. While
	// there are any, this transaction cannot confirm and spends nothing.
	blockers map[chainhash.Hash]struct{}
	dead     bool // Inactive, and a coin that it spends does not exist; see Judge
	changed  bool // is in Ledger.changed
	stored   bool // the host has it as pending
}

func (r *record) outpoint(i int) wire.OutPoint {
	return wire.OutPoint{Hash: r.tx.ID(), Index: uint32(i)}
}

// output is one that pays to the wallet.
type output struct {
	rec    *record
	value  int64 // satoshi
	index  uint32
	path   keys.Path
	listed bool // is in Ledger.unspent
}

func (o *output) txOut() *wire.TxOut      { return o.rec.tx.Msg.TxOut[o.index] }
func (o *output) outpoint() wire.OutPoint { return o.rec.outpoint(int(o.index)) }

// slot is an outpoint that matters: the wallet's output, and the wallet's
// transactions that spend the outpoint (also when it is foreign, so that a
// double spend of an incoming payment is seen).
type slot struct {
	out      *output
	spenders []*record
}

// Ledger is a wallet's view of the chain. It is not safe for concurrent use.
type Ledger struct {
	ring     Ring
	maturity int32 // blocks until a coinbase output can be spent
	tip      Tip
	records  map[chainhash.Hash]*record
	ordered  []*record // by order
	slots    map[wire.OutPoint]*slot
	unspent  []*output // coins that count, largest first; see refresh
	held     map[*output]struct{}
	rivals   map[chainhash.Hash][]*record // by mempool transaction: whom it blocks
	inactive map[*record]struct{}
	pool     map[chainhash.Hash]struct{} // all of the mempool that was told
	changed  []*record
	grew     bool // the ring recognises more since the last look
}

// New makes a ledger that expects the block after tip first. Maturity is the
// chain's, in blocks.
func New(ring Ring, maturity int32, tip Tip) *Ledger {
	return &Ledger{
		ring: ring, maturity: maturity, tip: tip,
		records:  map[chainhash.Hash]*record{},
		slots:    map[wire.OutPoint]*slot{},
		held:     map[*output]struct{}{},
		inactive: map[*record]struct{}{},
		pool:     map[chainhash.Hash]struct{}{},
		rivals:   map[chainhash.Hash][]*record{},
	}
}

// Tip is the last connected block.
func (l *Ledger) Tip() Tip { return l.tip }

// Connect takes the block that follows the tip. An error means ErrOrder or
// that no further key can be derived; both are faults of the program.
func (l *Ledger) Connect(b *consensus.Block, height int32) error {
	if b.Header.Prev != l.tip.Hash || height != l.tip.Height+1 {
		return fmt.Errorf("%w: block %v at height %d does not follow %v at %d", ErrOrder, b.Hash(), height, l.tip.Hash, l.tip.Height)
	}
	// A payment that moves the look-ahead may follow, in the same block, one
	// that only the moved look-ahead recognises.
	for l.grew = true; l.grew; {
		l.grew = false
		for i, tx := range b.Txs {
			if err := l.connectTx(b, height, i, tx); err != nil {
				return err
			}
		}
	}
	l.tip = Tip{b.Hash(), height}
	return nil
}

func (l *Ledger) connectTx(b *consensus.Block, height int32, i int, tx *consensus.Tx) error {
	touched, mine := l.conflicts(tx, b.Hash(), height)
	if touched {
		l.clearRival(tx.ID())
	}
	if !mine && !l.paysUs(tx) {
		return nil
	}
	r, err := l.add(tx, int64(b.Header.Time))
	if err != nil {
		return err
	}
	r.block, r.height, r.index, r.time = b.Hash(), height, i, int64(b.Header.Time)
	l.set(r, Confirmed)
	if tx.IsCoinbase() {
		l.unblock(r, tx.ID())
	}
	return nil
}

// conflicts marks the wallet's transactions that spend a coin which tx, in a
// block, spends. It also tells whether any input is known, and whether tx
// spends a coin of the wallet or is one of its transactions.
func (l *Ledger) conflicts(tx *consensus.Tx, block chainhash.Hash, height int32) (touched, mine bool) {
	for _, in := range tx.Msg.TxIn {
		s := l.slots[in.PreviousOutPoint]
		if s == nil {
			continue
		}
		touched = true
		mine = mine || s.out != nil
		for _, rival := range s.spenders {
			if rival.tx.ID() == tx.ID() {
				mine = true
			} else if rival.state != Confirmed {
				l.descend(rival, func(r *record) bool {
					if r.state == Conflicted || r.state == Confirmed {
						return false
					}
					r.block, r.height = block, height
					l.set(r, Conflicted)
					return true
				})
			}
		}
	}
	return touched, mine
}

func (l *Ledger) paysUs(tx *consensus.Tx) bool {
	for _, out := range tx.Msg.TxOut {
		if _, ok := l.ring.Find(out.PkScript); ok {
			return true
		}
	}
	return false
}

// Disconnect takes the tip back. Its transactions are unconfirmed again, a
// coinbase is an orphan. A block that was never connected, because the ledger
// began above it, changes nothing but the tip.
func (l *Ledger) Disconnect(b *consensus.Block, height int32) error {
	if b.Hash() != l.tip.Hash || height != l.tip.Height {
		return fmt.Errorf("%w: block %v at height %d is not the tip %v at %d", ErrOrder, b.Hash(), height, l.tip.Hash, l.tip.Height)
	}
	for i := len(b.Txs) - 1; i >= 0; i-- {
		tx := b.Txs[i]
		for _, in := range tx.Msg.TxIn {
			if s := l.slots[in.PreviousOutPoint]; s != nil {
				l.revive(s, height)
			}
		}
		r := l.records[tx.ID()]
		if r == nil || r.state != Confirmed {
			continue
		}
		if tx.IsCoinbase() {
			l.set(r, Abandoned)
			l.block(r, tx.ID())
			continue
		}
		l.set(r, Inactive)
	}
	l.tip = Tip{b.Header.Prev, height - 1}
	return nil
}

// revive takes back the conflicts that the block at height made.
func (l *Ledger) revive(s *slot, height int32) {
	for _, rival := range s.spenders {
		l.descend(rival, func(r *record) bool {
			if r.state != Conflicted || r.height < height {
				return false
			}
			l.set(r, Inactive)
			return true
		})
	}
}

// add files a transaction, if it is new, as Inactive.
func (l *Ledger) add(tx *consensus.Tx, now int64) (*record, error) {
	if r := l.records[tx.ID()]; r != nil {
		return r, nil
	}
	r := &record{tx: tx, coinbase: tx.IsCoinbase(), received: now, order: uint64(len(l.ordered))}
	l.records[tx.ID()] = r
	l.ordered = append(l.ordered, r)
	for i, out := range tx.Msg.TxOut {
		path, ok := l.ring.Find(out.PkScript)
		if !ok {
			continue
		}
		grew, err := l.ring.Used(path)
		if err != nil {
			return nil, err
		}
		l.grew = l.grew || grew
		o := &output{rec: r, value: out.Value, index: uint32(i), path: path}
		r.outs = append(r.outs, o)
		l.slot(o.outpoint()).out = o
	}
	if !tx.IsCoinbase() {
		for _, in := range tx.Msg.TxIn {
			s := l.slot(in.PreviousOutPoint)
			s.spenders = append(s.spenders, r)
		}
	}
	return r, nil
}

func (l *Ledger) slot(o wire.OutPoint) *slot {
	s := l.slots[o]
	if s == nil {
		s = new(slot)
		l.slots[o] = s
	}
	return s
}

// set changes a record's state and everything that follows from it.
func (l *Ledger) set(r *record, state State) {
	r.state, r.dead = state, false
	if state == Inactive {
		l.inactive[r] = struct{}{}
	} else {
		delete(l.inactive, r)
	}
	if !r.changed && !r.coinbase && (r.stored || state != Confirmed) {
		r.changed = true
		l.changed = append(l.changed, r)
	}
	l.refreshAround(r)
}

// maxFamily bounds how many descendants one event touches, so that a damaged
// graph cannot run for ever; a mempool cluster has at most 64, and only a reorg
// of many blocks makes longer ones.
const maxFamily = 1_000_000

// descend visits r and its descendants in the wallet; a false answer leaves
// out what descends from that record only.
func (l *Ledger) descend(r *record, visit func(*record) bool) {
	todo := []*record{r}
	for n := 0; len(todo) > 0 && n < maxFamily; n++ {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !visit(r) {
			continue
		}
		for i := range r.tx.Msg.TxOut {
			if s := l.slots[r.outpoint(i)]; s != nil {
				todo = append(todo, s.spenders...)
			}
		}
	}
}
