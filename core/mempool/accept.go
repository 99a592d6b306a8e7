package mempool

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Options of Accept.
type Options struct {
	TestOnly     bool  // check, change nothing
	BypassLimits bool  // ask for no fee and evict nothing, as for transactions of a block that a reorg left
	Time         int64 // of a transaction read from disk, seconds; 0: now
	FeeDelta     int64 // satoshi, of a transaction read from disk
}

// Result of Accept. Change is to be looked at even when the transaction was
// refused: making room may have removed others, or itself.
type Result struct {
	Entry    *Entry   // nil when refused
	Replaced []*Entry // what it conflicts with, and their descendants
	Change   Change
}

// ErrReorg says that blocks were disconnected and Settle was not called yet:
// nothing can be accepted in between.
var ErrReorg = errors.New("the chain is being reorganized, try again")

// Accept validates a transaction and takes it into the pool. A refusal is a
// *consensus.RuleError; any other error is a failure of the coins. The checks
// and their order are Core's MemPoolAccept (validation.cpp).
func (p *Pool) Accept(tx *consensus.Tx, env *Env, opts Options) (*Result, error) {
	if !p.pending.empty() {
		return &Result{}, ErrReorg
	}
	if !opts.TestOnly {
		p.decay(env.Now)
	}
	res, err := p.accept(tx, env, opts)
	if err == nil && !opts.TestOnly && !opts.BypassLimits {
		p.expire(env.Now)
		p.trim()
		if p.nodes[tx.ID()] == nil {
			res.Entry = nil
			err = reject(MempoolFull, "others pay more than %v", p.view.totals.MinFee)
		}
	}
	res.Change = p.takeChange()
	return res, err
}

// accept leaves the limits of the whole pool to its caller.
func (p *Pool) accept(tx *consensus.Tx, env *Env, opts Options) (*Result, error) {
	c := candidate{pool: p, tx: tx, env: env, opts: opts}
	for _, step := range []func() error{c.checkAlone, c.findConflicts, c.findCoins, c.checkCoins, c.checkFee, c.checkPlace} {
		if err := step(); err != nil {
			return &Result{}, err
		}
	}
	if err := verifyScripts(&c); err != nil {
		return &Result{}, err
	}
	res := &Result{Entry: c.entry, Replaced: c.replaced}
	if !opts.TestOnly {
		p.remove(c.replaced, Replaced)
		p.insert(c.entry)
	}
	return res, nil
}

// candidate is a transaction on its way into the pool.
type candidate struct {
	pool *Pool
	tx   *consensus.Tx
	env  *Env
	opts Options

	conflicts []*Entry          // spend one of its inputs
	parents   []*Entry          // unconfirmed ones
	spent     []*consensus.Coin // one for each input
	entry     *Entry
	replaced  []*Entry // conflicts and their descendants
}

// checkAlone looks at what the transaction shows by itself, and whether the
// next block could hold it.
func (c *candidate) checkAlone() error {
	tx, p := c.tx, c.env.Params
	if err := consensus.CheckTransaction(tx, p.MaxWeight); err != nil {
		return err
	}
	if tx.IsCoinbase() {
		return reject(Coinbase, "a coinbase is valid only in its block")
	}
	if err := c.pool.config.checkStandard(tx, p.MaxWeight); err != nil {
		return err
	}
	if n := tx.StrippedSize(); n < minNonWitnessSize {
		return reject(TxSizeSmall, "%d bytes without the witness, at least %d are standard", n, minNonWitnessSize)
	}
	if !consensus.IsFinalTx(tx, c.env.Height+1, c.env.MedianTime) {
		return reject(NonFinal, "lock time %d is not over", tx.Msg.LockTime)
	}
	return nil
}

// findConflicts fails when the transaction is here already.
func (c *candidate) findConflicts() error {
	view := &c.pool.view
	if e := view.Get(c.tx.ID()); e != nil {
		if e.Tx.WitnessID() == c.tx.WitnessID() {
			return reject(AlreadyInMempool, "transaction %v is in the mempool", c.tx.ID())
		}
		return reject(SameNonWitnessData, "transaction %v is in the mempool with another witness", c.tx.ID())
	}
	for _, in := range c.tx.Msg.TxIn {
		k := spentKey(&in.PreviousOutPoint)
		if e, ok := view.spends.Get(&k); ok {
			c.conflicts = append(c.conflicts, e)
		}
	}
	c.conflicts = distinct(c.conflicts)
	return nil
}

// knownOutputs bounds the look-ups for a transaction that a block may hold.
const knownOutputs = 100

// findCoins looks the inputs up, in the mempool first.
func (c *candidate) findCoins() error {
	c.parents = c.pool.view.parentsOf(c.tx.Msg)
	c.spent = make([]*consensus.Coin, len(c.tx.Msg.TxIn))
	for i, in := range c.tx.Msg.TxIn {
		coin, err := c.env.coin(&c.pool.view, in.PreviousOutPoint)
		if err != nil {
			return fmt.Errorf("mempool: look up the coins of %v: %w", c.tx.ID(), err)
		}
		if coin == nil {
			return c.missing(i)
		}
		c.spent[i] = coin
	}
	return nil
}

// missing tells a transaction that is in the chain from one that spends what
// is not there.
func (c *candidate) missing(input int) error {
	o := wire.OutPoint{Hash: c.tx.ID()}
	for n := range c.tx.Msg.TxOut[:min(len(c.tx.Msg.TxOut), knownOutputs)] {
		o.Index = uint32(n)
		coin, err := c.env.Coins.Coin(o)
		if err != nil {
			return fmt.Errorf("mempool: look up the outputs of %v: %w", c.tx.ID(), err)
		}
		if coin != nil {
			return reject(AlreadyKnown, "transaction %v is in the chain", c.tx.ID())
		}
	}
	return reject(consensus.MissingInputs, "input %d spends %v, which does not exist or is spent", input, c.tx.Msg.TxIn[input].PreviousOutPoint)
}

// checkCoins applies the rules that need the spent coins.
func (c *candidate) checkCoins() error {
	env, tx, height := c.env, c.tx, c.env.Height+1
	if !env.sequenceLocksMet(tx, c.spent) {
		return reject(NonBIP68Final, "a relative lock of an input is not over")
	}
	fee, err := consensus.CheckTxInputs(tx, c.spent, height, env.Params.Maturity)
	if err != nil {
		return err
	}
	if err := checkInputs(tx, c.spent); err != nil {
		return err
	}
	if err := checkWitnesses(tx, c.spent); err != nil {
		return err
	}
	c.entry = c.newEntry(fee)
	return nil
}

func (c *candidate) newEntry(fee int64) *Entry {
	e := &Entry{
		Tx: c.tx, Fee: fee, FeeDelta: clampMoney(c.opts.FeeDelta), Height: c.env.Height,
		Time: c.opts.Time, Sequence: c.pool.view.totals.Sequence,
		SigOpCost: consensus.SigOpCost(c.tx, c.spent), Usage: usage(c.tx),
	}
	if e.Time == 0 {
		e.Time = c.env.Now
	}
	e.AdjustedWeight = max(int64(c.tx.Weight()), e.SigOpCost*bytesPerSigOp)
	for _, coin := range c.spent {
		e.SpendsCoinbase = e.SpendsCoinbase || coin.Coinbase
	}
	return e
}

// checkFee applies what is asked of one transaction by itself.
func (c *candidate) checkFee() error {
	e, pool := c.entry, c.pool
	if (e.Fee != 0 || e.ModifiedFee() != 0) && hasDust(c.tx) {
		return reject(Dust, "tx with dust output must be 0-fee")
	}
	if e.SigOpCost > standardSigOpCost(c.env.Params) {
		return reject(TooManySigops, "%d", e.SigOpCost)
	}
	if c.opts.BypassLimits {
		return nil
	}
	size, fee := e.VSize(), e.ModifiedFee()
	rolling := pool.rollingAt(c.env.Now)
	if least := rolling.feeRate(pool.config.Incremental).Fee(size); least > 0 && fee < least {
		return reject(MempoolMinFee, "%d < %d", fee, least)
	}
	if least := pool.config.MinRelay.Fee(size); fee < least {
		return reject(MinRelayFee, "%d < %d", fee, least)
	}
	return nil
}

// verifyScripts runs the scripts under the relay policy's rules, then under a
// block's, so that the verifier remembers them when a block comes.
func verifyScripts(c *candidate) error {
	check := []consensus.TxCheck{{Tx: c.tx, Spent: c.spent, Flags: consensus.StandardFlags}}
	err := c.env.Verifier.Verify(check)
	if err == nil {
		check[0].Flags = consensus.BlockFlags
		err = c.env.Verifier.Verify(check)
	}
	var fault *consensus.RuleError
	if errors.As(err, &fault) && fault.Kind == consensus.ScriptFailed {
		// The word comes with the flags; the kind is ours, since no block is
		// at fault.
		e := *fault
		e.Kind, e.TxIndex = ScriptVerifyFailed, -1
		return &e
	}
	return err
}
