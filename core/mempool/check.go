package mempool

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// Check recomputes everything that the pool holds and compares: each
// transaction is valid on env's tip on top of its parents, none conflicts with
// another, and all sums, clusters and orders are right. It is for tests; the
// error says what is wrong first.
func (p *Pool) Check(env *Env) error {
	if !p.pending.empty() {
		return fmt.Errorf("a reorg is not settled")
	}
	for _, check := range []func() error{
		func() error { return p.checkEntries(env) },
		p.checkTotals, p.checkMaps, p.checkClusters, p.checkHeaps,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pool) checkEntries(env *Env) error {
	for _, e := range p.view.Topological() {
		if err := p.checkEntry(e, env); err != nil {
			return fmt.Errorf("transaction %v: %w", e.Tx.ID(), err)
		}
	}
	return nil
}

func (p *Pool) checkEntry(e *Entry, env *Env) error {
	if err := consensus.CheckTransaction(e.Tx, env.Params.MaxWeight); err != nil {
		return err
	}
	if !consensus.IsFinalTx(e.Tx, env.Height+1, env.MedianTime) {
		return reject(NonFinal, "lock time %d at height %d", e.Tx.Msg.LockTime, env.Height+1)
	}
	spent := make([]*consensus.Coin, len(e.Tx.Msg.TxIn))
	for i, in := range e.Tx.Msg.TxIn {
		if p.view.Spender(in.PreviousOutPoint) != e {
			return fmt.Errorf("input %d is not noted as spent by it", i)
		}
		coin, err := env.coin(&p.view, in.PreviousOutPoint)
		if err != nil {
			return err
		}
		spent[i] = coin
	}
	fee, err := consensus.CheckTxInputs(e.Tx, spent, env.Height+1, env.Params.Maturity)
	switch {
	case err != nil:
		return err
	case fee != e.Fee:
		return fmt.Errorf("fee %d noted as %d", fee, e.Fee)
	case !env.sequenceLocksMet(e.Tx, spent):
		return reject(NonBIP68Final, "at height %d", env.Height+1)
	case consensus.SigOpCost(e.Tx, spent) != e.SigOpCost:
		return fmt.Errorf("sigop cost noted as %d", e.SigOpCost)
	}
	return env.Verifier.Verify([]consensus.TxCheck{{Tx: e.Tx, Spent: spent, Flags: consensus.BlockFlags}})
}

func (p *Pool) checkTotals() error {
	sum := Totals{MinFee: p.view.totals.MinFee, Sequence: p.view.totals.Sequence}
	for e := range p.view.All() {
		sum.Count++
		sum.VSize += e.VSize()
		sum.Usage += usage(e.Tx)
		sum.Fees += e.Fee
	}
	if sum != p.view.totals {
		return fmt.Errorf("totals are %+v, want %+v", p.view.totals, sum)
	}
	return nil
}

// checkMaps compares the sizes of the maps; checkEntry has found every entry
// in them that should be there.
func (p *Pool) checkMaps() error {
	inputs, witnesses := 0, 0
	for e := range p.view.All() {
		inputs += len(e.Tx.Msg.TxIn)
		if e.Tx.ID() != e.Tx.WitnessID() {
			witnesses++
		}
		n := p.nodes[e.Tx.ID()]
		if n == nil || n.entry != e || p.view.ByWitnessID(e.Tx.WitnessID()) != e || p.view.Get(e.Tx.ID()) != e {
			return fmt.Errorf("transaction %v is not found by its ids", e.Tx.ID())
		}
	}
	if n := p.view.Len(); len(p.nodes) != n || p.view.spends.Len() != inputs || p.view.witness.Len() != witnesses {
		return fmt.Errorf("%d transactions, %d inputs, %d with a witness; noted are %d, %d, %d",
			n, inputs, witnesses, len(p.nodes), p.view.spends.Len(), p.view.witness.Len())
	}
	return nil
}

func (p *Pool) checkClusters() error {
	all := slices.Collect(p.view.All())
	parts := split(all)
	if len(parts) != len(p.worst.items) {
		return fmt.Errorf("%d clusters, noted are %d", len(parts), len(p.worst.items))
	}
	for _, part := range parts {
		c := p.nodes[part[0].Tx.ID()].cluster
		if !within(part) {
			return fmt.Errorf("the cluster of %v has %d transactions", part[0].Tx.ID(), len(part))
		}
		for _, e := range part {
			if p.nodes[e.Tx.ID()].cluster != c {
				return fmt.Errorf("%v and %v are noted in different clusters", e.Tx.ID(), part[0].Tx.ID())
			}
		}
		if err := p.checkCluster(c, part); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pool) checkCluster(c *cluster, part []*Entry) error {
	order := c.entries()
	sorted := slices.SortedFunc(slices.Values(order), compareID)
	if !slices.Equal(sorted, slices.SortedFunc(slices.Values(part), compareID)) || c.count != len(part) {
		return fmt.Errorf("the cluster of %v does not list its members", part[0].Tx.ID())
	}
	at := map[chainhash.Hash]int{}
	var weight int64
	for i, e := range order {
		at[e.Tx.ID()] = i
		weight += e.AdjustedWeight
		for _, parent := range p.view.Parents(e) {
			if j, ok := at[parent.Tx.ID()]; !ok || j >= i {
				return fmt.Errorf("%v comes before its parent", e.Tx.ID())
			}
		}
	}
	if weight != c.weight {
		return fmt.Errorf("the cluster of %v weighs %d, noted is %d", part[0].Tx.ID(), weight, c.weight)
	}
	for i, ch := range c.chunks {
		var sum Frac
		for _, e := range ch.Txs {
			sum = sum.plus(e.frac())
		}
		if sum != ch.Frac || i > 0 && ch.Compare(c.chunks[i-1].Frac) > 0 {
			return fmt.Errorf("chunk %d of the cluster of %v is wrong", i, part[0].Tx.ID())
		}
	}
	return nil
}

func (p *Pool) checkHeaps() error {
	for i, c := range p.worst.items {
		if c.index != i || i > 0 && worse(c, p.worst.items[(i-1)/2]) {
			return fmt.Errorf("item %d of the eviction order is wrong", i)
		}
	}
	for i, n := range p.oldest.items {
		if n.index != i || i > 0 && older(n, p.oldest.items[(i-1)/2]) || p.nodes[n.entry.Tx.ID()] != n {
			return fmt.Errorf("item %d of the order by age is wrong", i)
		}
	}
	if len(p.oldest.items) != p.view.Len() {
		return fmt.Errorf("%d entries by age, want %d", len(p.oldest.items), p.view.Len())
	}
	ids := make([]chainhash.Hash, 0, p.view.Len())
	for e := range p.view.All() {
		ids = append(ids, e.Tx.ID())
	}
	if !slices.IsSortedFunc(ids, func(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) }) {
		return fmt.Errorf("the view is out of order")
	}
	return nil
}
