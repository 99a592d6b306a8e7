package node

import (
	"errors"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

const second = 1_000_000_000 // nanoseconds

// Step takes one event and returns what to do, in order. now is the node's
// clock in Unix nanoseconds. It connects or disconnects at most one block and
// then asks for More. What it changed is committed when it returns. An error
// is a fault of this node (storage, a missing policy): the driver must stop.
func (n *Node) Step(now int64, e Event) ([]Effect, error) {
	out, err := n.take(nil, now, e)
	if err == nil {
		out, err = n.advance(out, now)
	}
	if err == nil {
		out, err = n.netFinish(out, now, slices.Contains(out, Effect(Changed{})))
	}
	if err != nil {
		return nil, err
	}
	return out, n.commit()
}

// take does what the event itself asks for. now is in nanoseconds.
func (n *Node) take(out []Effect, now int64, e Event) ([]Effect, error) {
	seconds := now / second
	if n.net != nil {
		n.net.now = now
	}
	switch e := e.(type) {
	case SubmitBlock:
		return n.submitBlock(out, seconds, e)
	case ProposeBlock:
		return answer(out, e.ID, n.chain.CheckNext(e.Block, seconds))
	case SubmitTx:
		return n.submitTx(out, seconds, e)
	case Invalidate:
		return n.mark(out, e.ID, n.chain.Invalidate(e.Hash)), nil
	case Reconsider:
		if n.net != nil {
			n.net.sync.Probe(now)
		}
		return n.mark(out, e.ID, n.chain.Reconsider(e.Hash)), nil
	case PutMeta:
		for _, kv := range e.Values {
			n.putMeta(kv)
		}
		return append(out, Done{ID: e.ID}), nil
	case PeerEvent:
		return out, n.peerEvent(now, e.Event)
	case PeerCommand:
		return n.peerCommand(out, now, e)
	case AttachWallet:
		return append(out, Done{ID: e.ID, Err: n.attachWallet(now, e.Wallet)}), nil
	case Tick:
		n.record(n.pool.Tick(seconds))
		return out, n.netTick(now)
	}
	return out, nil
}

func (n *Node) submitBlock(out []Effect, now int64, e SubmitBlock) ([]Effect, error) {
	b, err := n.chain.AcceptBlock(e.Block, now)
	n.dirty = n.dirty || n.chain.Dirty()
	if err != nil {
		return answer(out, e.ID, err)
	}
	n.waiting = append(n.waiting, waiter{e.ID, b})
	return out, nil
}

// answer tells what was found about a block. A fault of this node is no
// answer, unless it is about scripts that were only tried.
func answer(out []Effect, id uint64, err error) ([]Effect, error) {
	var broken *consensus.RuleError
	if err != nil && !errors.As(err, &broken) && !errors.Is(err, chain.ErrKnown) && !errors.Is(err, consensus.ErrUnverified) {
		return nil, err
	}
	return append(out, Done{ID: id, Err: err}), nil
}

func (n *Node) mark(out []Effect, id uint64, err error) []Effect {
	if err != nil {
		return append(out, Done{ID: id, Err: err})
	}
	n.dirty = true
	n.waiting = append(n.waiting, waiter{id: id})
	return out
}

// advance moves the tip by at most one block. now is in nanoseconds.
func (n *Node) advance(out []Effect, now int64) ([]Effect, error) {
	seconds := now / second
	step, more, err := n.chain.Advance()
	if err != nil {
		return nil, err
	}
	if n.resting = !more; n.resting {
		return n.rest(out, seconds)
	}
	n.dirty = true
	n.netMoved(now, step)
	switch {
	case step.Refused != nil:
		n.verdicts[step.Refused.Hash] = step.Err
	case step.Connected != nil:
		n.record(n.pool.BlockConnected(step.Block, seconds))
	case step.Disconnected != nil:
		n.moving = true
		n.record(n.pool.BlockDisconnected(step.Block))
	}
	// Between two branches nothing is shown: readers go from the old tip to
	// one with more work.
	if step.Connected != nil && !n.moving && n.chain.Tip().Work.Gt(&n.shown) {
		out = n.show(out)
	}
	return append(out, More{}), nil
}

func (n *Node) show(out []Effect) []Effect {
	n.shown = n.chain.Tip().Work
	n.dirty = false
	return append(out, Changed{})
}

// rest settles the mempool and answers everybody who waited for the chain to
// come to rest.
func (n *Node) rest(out []Effect, now int64) ([]Effect, error) {
	out, err := n.settlePool(out, now)
	if err != nil {
		return nil, err
	}
	n.netGo()
	n.forget()
	if n.dirty {
		out = n.show(out)
	}
	for _, w := range n.waiting {
		out = append(out, Done{ID: w.id, Err: n.verdict(w.block)})
	}
	if n.waiting = nil; len(n.verdicts) > 0 {
		n.verdicts = map[chainhash.Hash]*consensus.RuleError{}
	}
	if n.net != nil && n.net.sync.Busy() {
		out = append(out, More{})
	}
	return out, nil
}

func (n *Node) verdict(b *chain.Node) error {
	switch {
	case b == nil || n.chain.Tip().Ancestor(b.Height) == b:
		return nil
	case n.verdicts[b.Hash] != nil:
		return n.verdicts[b.Hash]
	}
	return ErrInconclusive
}
