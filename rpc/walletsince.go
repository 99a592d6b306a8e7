package rpc

import (
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/node"
	"orrery/wallet"
)

type sinceBlock struct {
	Transactions []historyEntry  `json:"transactions"`
	Removed      *[]historyEntry `json:"removed,omitempty"`
	LastBlock    string          `json:"lastblock"`
}

func (n *nodeMethods) listsinceblock(c *Call, w *wallet.Wallet) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	since, err := sinceWhich(c, v)
	if err != nil {
		return nil, err
	}
	target, err := int32Param(c, "target_confirmations")
	if err != nil {
		return nil, err
	}
	if target < 1 {
		return nil, Errorf(CodeParameter, "Invalid parameter")
	}
	if c.Bool("include_change") {
		return nil, Errorf(CodeParameter, "Change is not listed: leave include_change out")
	}
	var only *string
	if c.Has("label") {
		label, err := labelParam(c, "label")
		if err != nil {
			return nil, err
		}
		only = &label
	}
	fork := since
	for fork != nil && !v.Contains(fork) {
		fork = fork.Parent
	}
	// The view may be newer than what the wallet has seen.
	seen := w.Tip().Hash
	tip, ok := v.Lookup(&seen)
	if !ok {
		return nil, errBlockNotFound
	}
	res := &sinceBlock{LastBlock: tip.Ancestor(max(0, tip.Height+1-target)).Hash.String()}
	all := w.ListTransactions(math.MaxInt32, 0, only)
	res.Transactions = history(w, sinceFork(all, tip.Height, fork), true)
	if c.Bool("include_removed") {
		list, err := removedSince(v, all, since, fork)
		if err != nil {
			return nil, err
		}
		removed := history(w, list, true)
		res.Removed = &removed
	}
	return res, nil
}

// sinceWhich finds the block of the call, nil if it names none.
func sinceWhich(c *Call, v *node.View) (*chain.Node, error) {
	if c.Text("blockhash") == "" {
		return nil, nil
	}
	hash, err := c.Raw("blockhash").Hash("blockhash")
	if err != nil {
		return nil, err
	}
	r, ok := v.Lookup(&hash)
	if !ok {
		return nil, errBlockNotFound
	}
	return r.Node, nil
}

// sinceFork keeps what is in blocks above the fork, or in none; of a
// transaction that blocks contradict counts how deep they are.
func sinceFork(all []wallet.HistoryEntry, tip int32, fork *chain.Node) []wallet.HistoryEntry {
	if fork == nil {
		return all
	}
	depth := tip + 1 - fork.Height
	var list []wallet.HistoryEntry
	for _, h := range all {
		if max(h.Tx.Confirmations, -h.Tx.Confirmations) < depth {
			list = append(list, h)
		}
	}
	return list
}

// removedSince lists what was in the blocks from a block down to the fork.
func removedSince(v *node.View, all []wallet.HistoryEntry, since, fork *chain.Node) ([]wallet.HistoryEntry, error) {
	var list []wallet.HistoryEntry
	byTx := map[chainhash.Hash][]wallet.HistoryEntry{}
	if since != fork {
		for _, h := range all {
			byTx[h.Tx.Tx.ID()] = append(byTx[h.Tx.Tx.ID()], h)
		}
	}
	for ; since != fork; since = since.Parent {
		b, err := v.Block(since)
		if err != nil {
			return nil, err
		}
		for _, tx := range b.Txs {
			list = append(list, byTx[tx.ID()]...)
		}
	}
	return list, nil
}
