package node

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
)

// poolPrefix names the stored mempool: a value a transaction, under its id.
const poolPrefix = "pool/"

// storedTxHead is how many bytes come before a stored transaction: when it was
// accepted (seconds) and its fee delta (satoshi), both big-endian.
const storedTxHead = 16

// maxDelayed bounds the transactions that wait for the end of a reorg.
const maxDelayed = 1000

// ErrBusy says that too many transactions wait for the end of a reorg.
var ErrBusy = errors.New("the chain is being reorganized, try again")

func poolKey(txid chainhash.Hash) string { return poolPrefix + string(txid[:]) }

func storedTx(e *mempool.Entry) []byte {
	b := make([]byte, storedTxHead, storedTxHead+e.Tx.Size())
	binary.BigEndian.PutUint64(b, uint64(e.Time))
	binary.BigEndian.PutUint64(b[8:], uint64(e.FeeDelta))
	return append(b, e.Tx.Bytes()...)
}

// record notes what must be written of a change, in its order: a transaction
// may come and go within one step.
//
// What leaves stays stored until the chain is at rest: the block that confirmed
// it may be left before, and after a crash in between nothing else would have
// it.
func (n *Node) record(c mempool.Change) {
	if c.Empty() {
		return
	}
	n.dirty = true
	gone := make(map[chainhash.Hash]bool, len(c.Removed))
	for _, r := range c.Removed {
		id := r.Entry.Tx.ID()
		if n.pool.View().Get(id) == nil && !gone[id] {
			gone[id] = true
			n.gone = append(n.gone, id)
		}
	}
	for _, e := range c.Added {
		if id := e.Tx.ID(); !gone[id] {
			n.putMeta(chain.KV{Key: poolKey(id), Value: storedTx(e)})
			n.txAccepted(id)
		}
	}
}

// forget deletes what left and did not come back. Call it at rest.
func (n *Node) forget() {
	for _, id := range n.gone {
		if n.pool.View().Get(id) == nil {
			n.putMeta(chain.KV{Key: poolKey(id)})
		}
	}
	n.gone = nil
}

// putMeta keeps the last value of a key: a batch has none twice.
func (n *Node) putMeta(kv chain.KV) {
	if i, ok := n.metaAt[kv.Key]; ok {
		n.meta[i] = kv
		return
	}
	n.metaAt[kv.Key] = len(n.meta)
	n.meta = append(n.meta, kv)
}

// commit writes what a step changed.
func (n *Node) commit() error {
	err := n.chain.Commit(n.meta, false)
	n.meta = nil
	clear(n.metaAt)
	return err
}

// env is the chain as the mempool's rules see it. now is in seconds.
func (n *Node) env(now int64) *mempool.Env {
	tip := n.chain.Tip()
	return &mempool.Env{
		Params: n.cfg.Chain.Params, Coins: n.chain, Height: tip.Height, MedianTime: tip.MedianTime,
		MedianTimeAt: func(h int32) int64 { return tip.Ancestor(h).MedianTime },
		Now:          now, Verifier: n.cfg.Chain.Verifier,
	}
}

func (n *Node) submitTx(out []Effect, now int64, e SubmitTx) ([]Effect, error) {
	if n.moving {
		if len(n.delayed) >= maxDelayed {
			return append(out, Done{ID: e.ID, Err: ErrBusy}), nil
		}
		n.delayed = append(n.delayed, e)
		return out, nil
	}
	res, err := n.pool.Accept(e.Tx, n.env(now), mempool.Options{TestOnly: e.TestOnly})
	n.record(res.Change)
	var refused *consensus.RuleError
	if err != nil && !errors.As(err, &refused) && !errors.Is(err, consensus.ErrUnverified) {
		return nil, err
	}
	return append(out, Done{ID: e.ID, Value: res, Err: err}), nil
}

// settlePool brings the transactions of a branch that was left back, and takes
// those that came meanwhile.
func (n *Node) settlePool(out []Effect, now int64) ([]Effect, error) {
	if !n.moving {
		return out, nil
	}
	n.moving = false
	change, err := n.pool.Settle(n.env(now))
	if err != nil {
		return nil, err
	}
	n.record(change)
	for _, e := range n.delayed {
		if out, err = n.submitTx(out, now, e); err != nil {
			return nil, err
		}
	}
	n.delayed = nil
	return out, nil
}

// loadPool accepts the stored transactions again. Those that no longer fit the
// chain are forgotten.
func (n *Node) loadPool(now int64) error {
	type stored struct {
		tx   *consensus.Tx
		opts mempool.Options
	}
	var left []stored
	err := n.cfg.Chain.Store.MetaRange(poolPrefix, func(key string, value []byte) error {
		if len(value) < storedTxHead {
			return fmt.Errorf("%w: mempool transaction of %d bytes", chain.ErrCorrupt, len(value))
		}
		tx, err := consensus.ParseTx(value[storedTxHead:])
		if err != nil {
			return fmt.Errorf("%w: mempool transaction: %w", chain.ErrCorrupt, err)
		}
		left = append(left, stored{tx, mempool.Options{
			Time:     int64(binary.BigEndian.Uint64(value)),
			FeeDelta: int64(binary.BigEndian.Uint64(value[8:])),
		}})
		return nil
	})
	if err != nil {
		return err
	}
	// The order of keys is not that of dependencies: go round while any of
	// those whose inputs were missing finds them.
	for again := true; again; {
		again = false
		var missing []stored
		for _, s := range left {
			if n.cfg.Chain.Stopped() {
				return consensus.ErrStopped
			}
			res, err := n.pool.Accept(s.tx, n.env(now), s.opts)
			n.record(res.Change)
			var refused *consensus.RuleError
			switch {
			case err == nil:
				again = true
			case errors.Is(err, mempool.AlreadyInMempool): // finishReorg has brought it back
			case errors.Is(err, consensus.MissingInputs):
				missing = append(missing, s)
			case errors.Is(err, consensus.ErrUnverified): // it stays stored for a start that can tell
			case errors.As(err, &refused):
				n.putMeta(chain.KV{Key: poolKey(s.tx.ID())})
			default:
				return err // a failure of the storage says nothing against the transaction
			}
		}
		left = missing
	}
	for _, s := range left {
		n.putMeta(chain.KV{Key: poolKey(s.tx.ID())})
	}
	return n.commit()
}
