//lint:file-ignore ST1005 these texts are Core's, as clients read them

package payment

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/amount"
)

// Request says what a payment shall do.
type Request struct {
	Outputs  []*wire.TxOut
	Subtract []int  // indexes of Outputs that share the fee; empty: it comes on top
	FeeRate  int64  // sat/kvB
	MaxFee   int64  // satoshi; more is ErrAbsurdFee
	Change   []byte // script for what is left over, P2PKH or P2WPKH
	LockTime uint32
	Sequence uint32
	// Rand returns a number from 0 to n-1. With it the order of inputs and the
	// place of the change tell nothing; nil keeps them in order, change last.
	Rand func(n int) int
}

// DefaultMaxFee is Core's -maxtxfee: 0.1 coin.
const DefaultMaxFee = consensus.CoinUnit / 10

// RBFSequence says that a transaction may be replaced (BIP125), and lets its
// lock time count.
const RBFSequence = wire.MaxTxInSequenceNum - 2

// Draft is an unsigned transaction.
type Draft struct {
	Tx       *wire.MsgTx
	Inputs   []Coin // in the order of Tx
	Fee      int64  // satoshi
	VSize    int64  // virtual bytes once signed, at most
	ChangeAt int    // index of the change output, -1 if there is none
}

// What Build refuses. The texts are Core's where it has one.
var (
	ErrNoOutputs   = errors.New("Transaction must have at least one recipient")
	ErrAmount      = errors.New("Transaction amounts must not be negative or too large")
	ErrDust        = errors.New("Transaction amount too small")
	ErrFeeOverPaid = errors.New("The transaction amount is too small to pay the fee")
	ErrDustAfter   = errors.New("The transaction amount is too small to send after the fee has been deducted")
	ErrAbsurdFee   = errors.New("Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
	ErrTooLarge    = errors.New("The inputs size exceeds the maximum weight. Please try sending a smaller amount or manually consolidating your wallet's UTXOs")
	ErrFeeRate     = errors.New("the fee rate must be above 0")
	ErrSubtract    = errors.New("the fee can only be subtracted from outputs of this payment, once each")
)

// maxRate bounds a fee rate in sat/kvB, so that multiplying it cannot
// overflow: it would make any transaction cost more than a coin.
const maxRate = 1_000_000_000

// InsufficientFunds says what is missing (RPC code -6).
type InsufficientFunds struct {
	Wanted    int64 // satoshi of the outputs
	Fee       int64 // satoshi on top, 0 when it is subtracted
	Spendable int64 // satoshi
}

func (e *InsufficientFunds) Error() string {
	wanted := amount.Short(e.Wanted)
	if e.Fee > 0 {
		wanted += " and a fee of " + amount.Short(e.Fee)
	}
	return fmt.Sprintf("Insufficient funds: %s wanted, %s spendable", wanted, amount.Short(e.Spendable))
}

// Build chooses coins and builds the transaction: coins that need no change if
// there are such, else the largest first. The fee is at least FeeRate times
// the signed transaction's virtual size, and at most that plus what would have
// been change below the dust limit.
func Build(r Request, coins Coins) (*Draft, error) {
	total, err := r.check()
	if err != nil {
		return nil, err
	}
	b := &builder{Request: r, total: total}
	for _, out := range r.Outputs {
		b.base.addOutput(out)
	}
	change := wire.NewTxOut(0, r.Change)
	b.changeFee = Fee(int64(change.SerializeSize()), r.FeeRate)
	spend := Fee(int64(inputWeight(r.Change)+3)/4, r.FeeRate)
	b.minChange = max(Dust(r.Change), spend+1)
	// Leaving out the change is worth what its output and its later input cost.
	if len(r.Subtract) == 0 {
		target := b.target(0)
		if picked := exact(coins, r.FeeRate, target, b.changeFee+spend); picked != nil {
			if d, short := b.draft(picked); short <= 0 {
				return b.finish(d)
			}
		}
	}
	return b.largestFirst(coins)
}

func (r *Request) check() (total int64, err error) {
	switch {
	case len(r.Outputs) == 0:
		return 0, ErrNoOutputs
	case r.FeeRate <= 0:
		return 0, ErrFeeRate
	case r.FeeRate > maxRate:
		return 0, ErrAbsurdFee
	}
	for _, out := range r.Outputs {
		if out.Value < 0 || out.Value > consensus.MaxMoney-total {
			return 0, ErrAmount
		}
		if out.Value < Dust(out.PkScript) {
			return 0, ErrDust
		}
		total += out.Value
	}
	for i, at := range r.Subtract {
		if at < 0 || at >= len(r.Outputs) || slices.Contains(r.Subtract[:i], at) {
			return 0, ErrSubtract
		}
	}
	return total, nil
}

type builder struct {
	Request
	total                int64 // of the outputs, satoshi
	base                 size  // of the outputs
	changeFee, minChange int64
}

// target is what effective values must sum up to: without the inputs' own
// fees, and more by what rounding took in an earlier round.
func (b *builder) target(more int64) int64 {
	if len(b.Subtract) > 0 {
		return b.total + more
	}
	return b.total + Fee(b.base.vsize()+1, b.FeeRate) + more // +1: marker and flag
}

// maxRounds bounds how often largestFirst raises its target: rounding and the
// longer counts of many inputs are made up for in one or two rounds.
const maxRounds = 10

func (b *builder) largestFirst(coins Coins) (*Draft, error) {
	rate := b.FeeRate
	if len(b.Subtract) > 0 {
		rate = 0 // the outputs pay for the inputs
	}
	more := int64(0)
	for range maxRounds {
		picked, seen, ok := largest(coins, rate, b.target(more))
		s := b.base
		for _, c := range picked {
			s.addInput(c.Script)
		}
		if s.weight() > maxWeight {
			return nil, ErrTooLarge
		}
		if !ok {
			e := &InsufficientFunds{Wanted: b.total, Spendable: seen}
			if len(b.Subtract) == 0 {
				e.Fee = Fee(s.vsize(), b.FeeRate)
			}
			return nil, e
		}
		d, short := b.draft(picked)
		if short <= 0 {
			return b.finish(d)
		}
		more += short
	}
	return nil, errors.New("payment: the fee does not settle") // a fault of the program
}

// draft puts a transaction together. Short is how much is missing, in satoshi.
func (b *builder) draft(picked []Coin) (d *Draft, short int64) {
	s, in := b.base, int64(0)
	for _, c := range picked {
		s.addInput(c.Script)
		in += c.Value
	}
	with := s
	with.addOutput(wire.NewTxOut(0, b.Change))
	d = &Draft{Inputs: picked, VSize: s.vsize(), ChangeAt: -1}
	d.Tx = &wire.MsgTx{Version: 2, LockTime: b.LockTime}
	for _, out := range b.Outputs {
		d.Tx.AddTxOut(wire.NewTxOut(out.Value, out.PkScript))
	}
	need := Fee(s.vsize(), b.FeeRate)
	change := in - b.total - Fee(with.vsize(), b.FeeRate)
	if len(b.Subtract) > 0 {
		change, need = in-b.total, 0
	}
	if change >= b.minChange && with.weight() <= maxWeight {
		d.Tx.AddTxOut(wire.NewTxOut(change, b.Change))
		d.VSize, d.ChangeAt = with.vsize(), len(d.Tx.TxOut)-1
		d.Fee = in - b.total - change
	} else {
		d.Fee = in - b.total
	}
	return d, need - (in - b.total)
}

// finish takes the fee from the outputs that pay it, mixes the order and checks
// the result.
func (b *builder) finish(d *Draft) (*Draft, error) {
	if err := b.subtract(d); err != nil {
		return nil, err
	}
	if d.Fee > b.MaxFee {
		return nil, ErrAbsurdFee
	}
	b.mix(d)
	for i := range d.Inputs {
		in := wire.NewTxIn(&d.Inputs[i].Outpoint, nil, nil)
		in.Sequence = b.Sequence
		d.Tx.AddTxIn(in)
	}
	return d, nil
}

func (b *builder) subtract(d *Draft) error {
	n := int64(len(b.Subtract))
	if n == 0 {
		return nil
	}
	missing := Fee(d.VSize, b.FeeRate) - d.Fee
	if missing <= 0 {
		return nil
	}
	d.Fee += missing
	for i, at := range b.Subtract {
		out := d.Tx.TxOut[at]
		out.Value -= missing / n
		if i == 0 { // as in Core, the first pays what cannot be divided
			out.Value -= missing % n
		}
		if out.Value < 0 {
			return ErrFeeOverPaid
		}
		if out.Value < Dust(out.PkScript) {
			return ErrDustAfter
		}
	}
	return nil
}

func (b *builder) mix(d *Draft) {
	if b.Rand == nil {
		return
	}
	for i := len(d.Inputs) - 1; i > 0; i-- {
		j := b.Rand(i + 1)
		d.Inputs[i], d.Inputs[j] = d.Inputs[j], d.Inputs[i]
	}
	if d.ChangeAt >= 0 {
		at := b.Rand(len(d.Tx.TxOut))
		change := d.Tx.TxOut[d.ChangeAt]
		d.Tx.TxOut = slices.Insert(slices.Delete(d.Tx.TxOut, d.ChangeAt, d.ChangeAt+1), at, change)
		d.ChangeAt = at
	}
}

// All is a Coins of a list, for callers without an index. It sorts a copy.
func All(list []Coin) Coins {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Coin) int {
		switch {
		case a.Value > b.Value:
			return -1
		case a.Value < b.Value:
			return 1
		}
		return 0
	})
	return func(atMost int64) iter.Seq[Coin] {
		return func(yield func(Coin) bool) {
			for _, c := range list {
				if c.Value <= atMost && !yield(c) {
					return
				}
			}
		}
	}
}
