package rpc

import (
	"context"
	"errors"
	"fmt"

	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
)

// replacementDisallowed refuses a package that conflicts with the mempool
// (Core: PackageTestAccept).
const replacementDisallowed consensus.Kind = "bip125-replacement-disallowed"

// unchecked lets all scripts pass.
type unchecked struct{}

func (unchecked) Verify([]consensus.TxCheck) error { return nil }

// tryPackage asks a mempool of its own, in which there is only what hangs
// together with the transactions, one after the other. As in Core all rules
// but the scripts' come first, for all of them; the first that fails ends it.
func (n *nodeMethods) tryPackage(ctx context.Context, c *Call, txs []*consensus.Tx) ([]verdict, error) {
	v, release := n.Node.Acquire()
	defer release()
	env := &mempool.Env{
		Params: v.Params, Coins: v.Store, Height: v.Tip.Height, MedianTime: v.Tip.MedianTime,
		MedianTimeAt: func(h int32) int64 { return v.At(h).MedianTime },
		Now:          n.Node.Now().Unix(), Verifier: unchecked{},
	}
	verdicts, err := n.tryEach(ctx, c, v, env, txs)
	if err != nil {
		return nil, err
	}
	for i, verdict := range verdicts {
		if verdict.err != nil {
			clear(verdicts[:i])
			return verdicts, nil
		}
	}
	env.Verifier = consensus.SerialVerifier{}
	return n.tryEach(ctx, c, v, env, txs)
}

func (n *nodeMethods) tryEach(ctx context.Context, c *Call, v *node.View, env *mempool.Env, txs []*consensus.Tx) ([]verdict, error) {
	pool, err := n.relatives(v, *env, txs)
	if err != nil {
		return nil, err
	}
	verdicts := make([]verdict, len(txs))
	for i, tx := range txs {
		if err := ended(ctx, c); err != nil {
			return nil, err
		}
		verdicts[i] = tryOne(pool, v, env, tx)
		if err := verdicts[i].err; err != nil {
			var rule *consensus.RuleError
			if !errors.As(err, &rule) {
				return nil, err
			}
			break
		}
	}
	return verdicts, nil
}

// relatives makes a mempool of the clusters that txs spend from.
func (n *nodeMethods) relatives(v *node.View, env mempool.Env, txs []*consensus.Tx) (*mempool.Pool, error) {
	pool := mempool.New(n.Limits)
	env.Verifier = unchecked{} // they were accepted before
	for _, tx := range txs {
		for _, in := range tx.Msg.TxIn {
			id := in.PreviousOutPoint.Hash
			if e := v.Mempool.Get(id); e == nil || pool.View().Get(id) != nil {
				continue
			} else if err := copyCluster(pool, v.Mempool.Chunks(e), &env); err != nil {
				return nil, err
			}
		}
	}
	return pool, nil
}

// copyCluster accepts the transactions of a cluster, which come parents first.
func copyCluster(pool *mempool.Pool, chunks []mempool.Chunk, env *mempool.Env) error {
	for _, chunk := range chunks {
		for _, e := range chunk.Txs {
			opts := mempool.Options{BypassLimits: true, Time: e.Time, FeeDelta: e.FeeDelta}
			if _, err := pool.Accept(e.Tx, env, opts); err != nil {
				return fmt.Errorf("transaction %v of the mempool: %v", e.Tx.ID(), err)
			}
		}
	}
	return nil
}

func tryOne(pool *mempool.Pool, v *node.View, env *mempool.Env, tx *consensus.Tx) verdict {
	refuse := func(k consensus.Kind, format string, args ...any) verdict {
		return verdict{err: &consensus.RuleError{Kind: k, Detail: fmt.Sprintf(format, args...), TxIndex: -1}}
	}
	if err := consensus.CheckTransaction(tx, v.Params.MaxWeight); err != nil {
		return verdict{err: err}
	}
	if e := v.Mempool.Get(tx.ID()); e != nil {
		if e.Tx.WitnessID() == tx.WitnessID() {
			return refuse(mempool.AlreadyInMempool, "")
		}
		return refuse(mempool.SameNonWitnessData, "")
	}
	for _, in := range tx.Msg.TxIn {
		if v.Mempool.Spender(in.PreviousOutPoint) != nil {
			return refuse(replacementDisallowed, "")
		}
	}
	res, err := pool.Accept(tx, env, mempool.Options{})
	if err != nil {
		return verdict{err: err}
	}
	e := res.Entry
	if least := v.Mempool.Totals().MinFee.Fee(e.VSize()); e.ModifiedFee() < least {
		return refuse(mempool.MempoolMinFee, "%d < %d", e.ModifiedFee(), least)
	}
	return verdict{entry: e}
}
