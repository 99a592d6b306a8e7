package mempool

import (
	"errors"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Settle ends a reorg: the chain has come to rest at env's tip. Transactions
// of blocks that it left come back, where they are still valid, under the
// transactions that spend from them; what needs one that cannot come back, or
// is not final or mature any more, goes (Core: MaybeUpdateMempoolForReorg).
// Without a reorg it does nothing. Call it before a View is shown to anybody:
// until then, a View can hold what has no inputs. An error is a failure of the
// coins.
func (p *Pool) Settle(env *Env) (Change, error) {
	if p.pending.empty() {
		return Change{}, nil
	}
	p.decay(env.Now)
	var back []*Entry
	for _, tx := range p.pending.take() {
		e, err := p.takeBack(tx, env)
		if err != nil {
			return p.takeChange(), err
		}
		if e != nil {
			back = append(back, e)
		} else if p.nodes[tx.ID()] == nil {
			p.dropSpenders([]*consensus.Tx{tx})
		}
	}
	p.relink(back)
	if err := p.removeUnmineable(env); err != nil {
		return p.takeChange(), err
	}
	p.expire(env.Now)
	p.trim()
	return p.takeChange(), nil
}

// takeBack returns nil when the transaction is not valid any more, or nobody can
// tell.
func (p *Pool) takeBack(tx *consensus.Tx, env *Env) (*Entry, error) {
	if tx.IsCoinbase() {
		return nil, nil
	}
	res, err := p.accept(tx, env, Options{BypassLimits: true})
	var refusal *consensus.RuleError
	if err != nil && !errors.As(err, &refusal) && !errors.Is(err, consensus.ErrUnverified) {
		return nil, err
	}
	return res.Entry, nil
}

// relink joins the clusters of entries that came back with those of their
// children, which stayed here all the time.
func (p *Pool) relink(back []*Entry) {
	for _, e := range back {
		if n := p.nodes[e.Tx.ID()]; n == nil || n.entry != e || len(p.view.Children(e)) == 0 {
			continue
		}
		members := p.view.cluster(e)
		if len(p.clustersOf(members)) == 1 {
			continue
		}
		if !within(members) {
			keep, drop := thin(members)
			p.remove(drop, SizeLimit)
			members = keep
		}
		for _, c := range p.clustersOf(members) {
			p.worst.remove(c)
		}
		for _, part := range split(members) {
			p.setCluster(part)
		}
	}
}

// removeUnmineable removes what the next block could not hold, with its
// descendants (Core: removeForReorg).
func (p *Pool) removeUnmineable(env *Env) error {
	var gone []*Entry
	for e := range p.view.All() {
		ok, err := p.mineable(e, env)
		if err != nil {
			return err
		}
		if !ok {
			gone = append(gone, e)
		}
	}
	p.removeWithDescendants(gone, Reorg)
	return nil
}

func (p *Pool) mineable(e *Entry, env *Env) (bool, error) {
	if !consensus.IsFinalTx(e.Tx, env.Height+1, env.MedianTime) {
		return false, nil
	}
	if !e.SpendsCoinbase && !hasRelativeLock(e.Tx) {
		return true, nil
	}
	spent := make([]*consensus.Coin, len(e.Tx.Msg.TxIn))
	for i, in := range e.Tx.Msg.TxIn {
		coin, err := env.coin(&p.view, in.PreviousOutPoint)
		if err != nil {
			return false, err
		}
		if coin == nil || coin.Coinbase && env.Height+1-coin.Height < env.Params.Maturity {
			return false, nil
		}
		spent[i] = coin
	}
	return env.sequenceLocksMet(e.Tx, spent), nil
}

// hasRelativeLock reports whether BIP68 can say anything about tx.
func hasRelativeLock(tx *consensus.Tx) bool {
	if uint32(tx.Msg.Version) < 2 {
		return false
	}
	for _, in := range tx.Msg.TxIn {
		if in.Sequence&wire.SequenceLockTimeDisabled == 0 {
			return true
		}
	}
	return false
}
