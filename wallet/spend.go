//lint:file-ignore ST1005 these texts are Core's, as clients read them

package wallet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/amount"
	"orrery/wallet/keys"
	"orrery/wallet/ledger"
	"orrery/wallet/payment"
	"orrery/wallet/sign"
)

// Output is where a payment goes.
type Output struct {
	Script      []byte
	Value       int64 // satoshi
	SubtractFee bool  // this output pays the fee, or its share of it
}

// SendOptions say how a payment is made. FeeRate is needed, the rest has
// defaults.
type SendOptions struct {
	FeeRate   int64        // sat/kvB
	MaxFee    int64        // satoshi; 0: payment.DefaultMaxFee
	Change    keys.Purpose // kind of the change address; 0: BIP44
	MinConf   int32        // of the coins; 0 allows unconfirmed change of the wallet too
	LockTime  *uint32      // nil: the tip's height, so that fee sniping does not pay
	NoReplace bool         // signal that the transaction will not be replaced
}

// Payment is a signed transaction whose coins are reserved.
type Payment struct {
	Tx       *consensus.Tx
	Fee      int64 // satoshi
	ChangeAt int   // index of the change output, -1 if there is none
}

// maxChain is how many unconfirmed transactions may hang together before the
// wallet stops spending their change: the mempool takes clusters of 64.
const maxChain = 60

// InsufficientFunds adds to payment's error what will be spendable later.
type InsufficientFunds struct {
	payment.InsufficientFunds
	Maturing int64 // satoshi of block rewards
	Blocks   int32 // until the first of them can be spent
	Pending  int64 // satoshi from others that wait for a block
	Waiting  int64 // satoshi of own change in chains of unconfirmed transactions that are too long
}

func (e *InsufficientFunds) Error() string {
	var more []string
	if e.Maturing > 0 {
		blocks := "1 block"
		if e.Blocks != 1 {
			blocks = fmt.Sprintf("%d blocks", e.Blocks)
		}
		more = append(more, fmt.Sprintf("%s maturing, first in %s", amount.Short(e.Maturing), blocks))
	}
	if e.Pending > 0 {
		more = append(more, amount.Short(e.Pending)+" waiting for a block")
	}
	if e.Waiting > 0 {
		more = append(more, amount.Short(e.Waiting)+" in change that needs a block first")
	}
	if len(more) == 0 {
		return e.InsufficientFunds.Error()
	}
	return e.InsufficientFunds.Error() + " (" + strings.Join(more, ", ") + ")"
}

// CreateTransaction chooses coins, builds and signs a payment. Its coins stay
// reserved until MempoolAdd is told of the transaction or Release is called,
// so two payments never take the same one. Errors: payment's, and
// *InsufficientFunds.
func (w *Wallet) CreateTransaction(outs []Output, opt SendOptions) (*Payment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, ErrClosed
	}
	branch := keys.Branch{Purpose: keys.BIP44, Change: true}
	if opt.Change != 0 {
		branch.Purpose = opt.Change
	}
	next := keys.Path{Branch: branch, Index: w.next[indexOf(branch)]}
	draft, err := w.draft(w.request(outs, opt, w.ring.Script(next)), opt.MinConf)
	if err != nil {
		return nil, err
	}
	if draft.ChangeAt >= 0 {
		if _, err := w.take(branch); err != nil {
			return nil, err
		}
	}
	if err := w.signDraft(draft); err != nil {
		return nil, err
	}
	tx := consensus.NewTx(draft.Tx)
	for _, c := range draft.Inputs {
		w.reserved[c.Outpoint] = tx.ID()
	}
	return &Payment{Tx: tx, Fee: draft.Fee, ChangeAt: draft.ChangeAt}, nil
}

func (w *Wallet) request(outs []Output, opt SendOptions, change []byte) payment.Request {
	r := payment.Request{
		FeeRate: opt.FeeRate, MaxFee: opt.MaxFee, Change: change, Sequence: payment.RBFSequence,
		LockTime: uint32(max(0, w.ledger.Tip().Height)), Rand: w.random,
	}
	if r.MaxFee == 0 {
		r.MaxFee = payment.DefaultMaxFee
	}
	if opt.LockTime != nil {
		r.LockTime = *opt.LockTime
	}
	if opt.NoReplace {
		r.Sequence = wire.MaxTxInSequenceNum - 1 // the lock time still counts
	}
	for i, o := range outs {
		r.Outputs = append(r.Outputs, wire.NewTxOut(o.Value, o.Script))
		if o.SubtractFee {
			r.Subtract = append(r.Subtract, i)
		}
	}
	return r
}

// random is a number from 0 to n-1. The bias of the remainder is below 2^-32.
func (w *Wallet) random(n int) int {
	var b [8]byte
	if _, err := w.cfg.Random.Read(b[:]); err != nil {
		return 0 // only the order is less random
	}
	return int(binary.LittleEndian.Uint64(b[:]) % uint64(n))
}

// draft tries coins in blocks first, then unconfirmed change too.
func (w *Wallet) draft(r payment.Request, minConf int32) (*payment.Draft, error) {
	d, err := payment.Build(r, w.coins(minConf, false))
	var poor *payment.InsufficientFunds
	if !errors.As(err, &poor) {
		return d, err
	}
	if minConf <= 0 {
		if d, err = payment.Build(r, w.coins(0, true)); !errors.As(err, &poor) {
			return d, err
		}
	}
	b := w.ledger.Balance(0, false)
	e := &InsufficientFunds{InsufficientFunds: *poor, Maturing: b.Immature, Blocks: b.NextMature, Pending: b.Pending}
	if minConf <= 0 {
		for c := range w.ledger.Spendable(consensus.MaxMoney, true) {
			if w.free(c) && w.ledger.Cluster(c.Outpoint) >= maxChain {
				e.Waiting += c.Value
			}
		}
	}
	return nil, e
}

func (w *Wallet) coins(minConf int32, unconfirmed bool) payment.Coins {
	return func(atMost int64) iter.Seq[payment.Coin] {
		return func(yield func(payment.Coin) bool) {
			for c := range w.ledger.Spendable(atMost, unconfirmed) {
				if !w.free(c) || c.Confirmations < minConf || c.Height < 0 && w.ledger.Cluster(c.Outpoint) >= maxChain {
					continue
				}
				if !yield(payment.Coin{Outpoint: c.Outpoint, Value: c.Value, Script: c.Script}) {
					return
				}
			}
		}
	}
}

func (w *Wallet) free(c ledger.Coin) bool {
	_, reserved := w.reserved[c.Outpoint]
	_, locked := w.locked[c.Outpoint]
	return !reserved && !locked
}

func (w *Wallet) signDraft(d *payment.Draft) error {
	prevouts := make(map[wire.OutPoint]sign.Prevout, len(d.Inputs))
	var set sign.KeySet
	for _, c := range d.Inputs {
		prevouts[c.Outpoint] = sign.Prevout{Value: c.Value, Script: c.Script}
		if err := w.addKey(&set, c.Script); err != nil {
			return err
		}
	}
	// Whoever takes the transaction verifies it.
	if failed := sign.Transaction(d.Tx, prevouts, &set, sign.Options{Trust: true}); len(failed) > 0 {
		return fmt.Errorf("sign the payment: %w", failed[0])
	}
	return nil
}

// addKey adds the key that a script pays to, if the wallet has it.
func (w *Wallet) addKey(set *sign.KeySet, script []byte) error {
	path, ok := w.ring.Find(script)
	if !ok {
		return nil
	}
	pair, err := w.ring.Key(path)
	if err != nil {
		return err
	}
	set.AddKeyPair(pair.Key, pair.Public)
	return nil
}

// SignTransaction signs what the wallet can of any transaction, with the
// wallet's own outputs and those in prevouts (which may be nil) and scripts.
// It returns the inputs that are not complete (Core:
// signrawtransactionwithwallet).
func (w *Wallet) SignTransaction(tx *wire.MsgTx, prevouts map[wire.OutPoint]sign.Prevout, scripts [][]byte, opt sign.Options) ([]*sign.InputError, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var set sign.KeySet
	for _, s := range scripts {
		set.AddScript(s)
		if err := w.addKey(&set, s); err != nil {
			return nil, err
		}
	}
	all := make(map[wire.OutPoint]sign.Prevout, len(tx.TxIn))
	for _, in := range tx.TxIn {
		p, ok := prevouts[in.PreviousOutPoint]
		if out, _, own := w.ledger.Output(in.PreviousOutPoint); own && !ok {
			p, ok = sign.Prevout{Value: out.Value, Script: out.PkScript}, true
		}
		if !ok {
			continue
		}
		all[in.PreviousOutPoint] = p
		if err := w.addKey(&set, p.Script); err != nil {
			return nil, err
		}
	}
	return sign.Transaction(tx, all, &set, opt), nil
}

// Release gives up a payment that was not sent: its coins are free again.
func (w *Wallet) Release(tx *consensus.Tx) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.release(tx)
}

func (w *Wallet) release(tx *consensus.Tx) {
	if len(w.reserved) == 0 {
		return
	}
	for _, in := range tx.Msg.TxIn {
		if w.reserved[in.PreviousOutPoint] == tx.ID() {
			delete(w.reserved, in.PreviousOutPoint)
		}
	}
}

// ErrNotUnspent says that an outpoint cannot be locked because it is no coin of
// the wallet (RPC code -8).
var ErrNotUnspent = errors.New("Invalid parameter, expected unspent output")

// Lock keeps coins from being chosen, until Unlock or the end of the process
// (Core: lockunspent). All are locked or none.
func (w *Wallet) Lock(coins []wire.OutPoint) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range coins {
		if _, ok := w.ledger.Coin(o); !ok {
			return ErrNotUnspent
		}
	}
	for _, o := range coins {
		w.locked[o] = struct{}{}
	}
	return nil
}

// Unlock takes locks back; nil takes all.
func (w *Wallet) Unlock(coins []wire.OutPoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if coins == nil {
		clear(w.locked)
	}
	for _, o := range coins {
		delete(w.locked, o)
	}
}

// Locked lists the locked coins that nothing spends, sorted by txid bytes and
// index.
func (w *Wallet) Locked() []wire.OutPoint {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]wire.OutPoint, 0, len(w.locked))
	for o := range w.locked {
		if _, ok := w.ledger.Coin(o); ok {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b wire.OutPoint) int {
		if c := slices.Compare(a.Hash[:], b.Hash[:]); c != 0 {
			return c
		}
		return int(int64(a.Index) - int64(b.Index))
	})
	return list
}

// Unbuildable tells of an error of CreateTransaction that it lies in what was
// asked for: amounts, fees or sizes.
func Unbuildable(err error) bool {
	for _, kind := range []error{
		payment.ErrNoOutputs, payment.ErrAmount, payment.ErrDust, payment.ErrFeeOverPaid, payment.ErrDustAfter,
		payment.ErrAbsurdFee, payment.ErrTooLarge, payment.ErrFeeRate, payment.ErrSubtract,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
