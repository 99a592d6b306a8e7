package wallets

import (
	"context"
	"errors"
	"testing"

	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/wallet"
)

// racing is a node on which something happens just before a payment arrives.
type racing struct {
	Node
	before func()
}

func (n *racing) SubmitTx(ctx context.Context, tx *consensus.Tx, testOnly bool) (*mempool.Result, error) {
	if before := n.before; before != nil {
		n.before = nil
		before()
	}
	return n.Node.SubmitTx(ctx, tx, testOnly)
}

// TestSendWhileTipMoves: a payment whose lock time a reorg takes back is built
// again on the new tip.
func TestSendWhileTipMoves(t *testing.T) {
	ctx := context.Background()
	r := newRig(t)
	r.fund("default", 1)
	r.generate(1, nobody)
	node := &racing{Node: r.wallets.node}
	r.stop() // whoever else uses the wallets
	closeAll, err := r.open()
	if err != nil {
		t.Fatal(err)
	}
	own, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.host.Run(own) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, closeAll()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	node.Node, r.wallets.node = r.host, node
	payee, err := r.config().Codec.Decode(nobody)
	if err != nil {
		t.Fatal(err)
	}
	outs := []wallet.Output{{Script: payee.Script(), Value: coin}}
	v, release := r.host.Acquire()
	gone := v.Tip.Hash
	release()
	node.before = func() {
		if err := r.host.Invalidate(ctx, gone); err != nil {
			t.Error(err)
		}
	}
	p, err := r.wallets.Send(ctx, "default", true, outs, wallet.SendOptions{FeeRate: 1000}, wallet.Note{Comment: "rent"})
	if err != nil || node.before != nil {
		t.Fatal(err)
	}
	v, release = r.host.Acquire()
	defer release()
	if v.Mempool.Get(p.Tx.ID()) == nil || v.Tip.Hash == gone {
		t.Errorf("the payment with lock time %d is not in the mempool at height %d", p.Tx.Msg.LockTime, v.Tip.Height)
	}
	w, err := r.wallets.Loaded("default")
	if err != nil {
		t.Fatal(err)
	}
	if list := w.Pending(); len(list) != 1 || w.Note(p.Tx.ID()).Comment != "rent" {
		t.Errorf("%d pending, note %+v", len(list), w.Note(p.Tx.ID()))
	}
	// What is refused for itself stays refused.
	var rule *consensus.RuleError
	if _, err := r.wallets.Send(ctx, "default", true, outs, wallet.SendOptions{FeeRate: 1}, wallet.Note{}); !errors.As(err, &rule) {
		t.Errorf("a payment below the relay fee: %v", err)
	}
}
