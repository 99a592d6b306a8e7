// Package verifier runs input scripts on all cores and remembers what holds.
package verifier

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/consensus"
)

// Verifier checks batches of transactions. It is safe for concurrent use.
type Verifier struct {
	workers int
	log     *slog.Logger
	scripts *scriptCache
	sigs    *txscript.SigCache
	// verify runs one input; tests replace it to provoke panics.
	verify func(*consensus.TxScripts, int) *consensus.RuleError
}

// New makes a Verifier with empty memories. Bugs are reported to log.
func New(cfg Config, log *slog.Logger) *Verifier {
	return &Verifier{
		workers: cfg.workers(),
		log:     log,
		scripts: newScriptCache(maxScripts),
		sigs:    txscript.NewSigCache(maxSignatures),
		verify:  (*consensus.TxScripts).Verify,
	}
}

// Verify runs the scripts of all checks. The error is the *RuleError of the
// first input at fault, in the order of checks and inputs; its TxIndex is the
// index into checks. After a bug of ours it is ErrUnverified.
func (v *Verifier) Verify(checks []consensus.TxCheck) error {
	b := v.newBatch(checks)
	if len(b.jobs) == 0 {
		return nil
	}
	var others sync.WaitGroup
	if len(b.jobs) > inlineInputs {
		for range min(v.workers, len(b.jobs)) - 1 {
			others.Go(b.work)
		}
	}
	b.work()
	others.Wait()
	if b.err != nil {
		return b.err
	}
	for i := range b.txs {
		v.scripts.add(b.txs[i].check)
	}
	return nil
}

// batch is the work of one Verify: a list of inputs in order, and the first
// failure among them.
type batch struct {
	v    *Verifier
	txs  []tx
	jobs []job
	next atomic.Int64 // index of the next job to be taken
	// failed is the lowest index of a job that failed, or len(jobs). Jobs
	// are taken in order, so all below it are run to the end.
	failed atomic.Int64

	mu  sync.Mutex
	err error // of the job failed
}

type tx struct {
	check *consensus.TxCheck
	index int // into the checks
	once  sync.Once
	ready *consensus.TxScripts
}

type job struct {
	tx    *tx
	input int
}

// newBatch lists the inputs of the transactions that are not known to hold.
func (v *Verifier) newBatch(checks []consensus.TxCheck) *batch {
	b := &batch{v: v}
	inputs := 0
	todo := make([]int, 0, len(checks))
	for i := range checks {
		if !v.scripts.has(&checks[i]) {
			todo = append(todo, i)
			inputs += len(checks[i].Tx.Msg.TxIn)
		}
	}
	b.txs, b.jobs = make([]tx, len(todo)), make([]job, 0, inputs)
	for n, i := range todo {
		t := &b.txs[n]
		t.check, t.index = &checks[i], i
		for in := range t.check.Tx.Msg.TxIn {
			b.jobs = append(b.jobs, job{t, in})
		}
	}
	b.failed.Store(int64(len(b.jobs)))
	return b
}

// work takes jobs until none is left below the first failure.
func (b *batch) work() {
	for {
		i := b.next.Add(1) - 1
		if i >= b.failed.Load() {
			return
		}
		if err := b.do(&b.jobs[i]); err != nil {
			b.fail(i, err)
		}
	}
}

func (b *batch) fail(i int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i < b.failed.Load() {
		b.failed.Store(i)
		b.err = err
	}
}

// do runs one input.
func (b *batch) do(j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			id := j.tx.check.Tx.ID()
			b.v.log.Error("running a script panicked; please report this", "tx", id, "input", j.input,
				"panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: input %d of %s: panic: %v", consensus.ErrUnverified, j.input, id, p)
		}
	}()
	j.tx.once.Do(func() { j.tx.ready = b.v.prepare(j.tx.check) })
	if e := b.v.verify(j.tx.ready, j.input); e != nil {
		e.TxIndex = j.tx.index
		return e
	}
	return nil
}

func (v *Verifier) prepare(c *consensus.TxCheck) *consensus.TxScripts {
	sigs := v.sigs
	if c.Tx.Size() > maxSigCachedSize {
		sigs = nil
	}
	return consensus.PrepareScripts(c, sigs)
}
