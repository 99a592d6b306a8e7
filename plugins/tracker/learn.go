package tracker

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

// asking is how far a member was asked for the chain. Its calls are even
// numbers: those of core/peering are odd.
type asking struct {
	peer    protocol.PeerID // 0: nobody is asked
	network chainhash.Hash
	calls   uint64
	file    []byte // once it is known
	policy0 chainhash.Hash
}

// learn asks a member for the chain that they all have, while it is not known.
// The first node that came decides whose tracker this is; with nobody left, and
// no chain seen, that is open again.
func (t *Tracker) learn() {
	if t.chain.Load() != nil || t.ask.peer != 0 {
		return
	}
	if len(t.nodes) == 0 {
		t.peers.SetNetwork(t.cfg.Peering.NetworkID)
		return
	}
	m := t.nodes[0]
	t.ask = asking{peer: m.peer, network: m.network, calls: t.ask.calls}
	t.request(&protocol.GetParams{})
}

func (t *Tracker) request(r protocol.Request) {
	t.ask.calls += 2
	t.transport.Do(protocol.Ask{Peer: t.ask.peer, Call: t.ask.calls, Request: r})
}

// answered takes what the asked member knows of the chain. One that does not
// keep to it loses its place, so that another is asked.
func (t *Tracker) answered(e protocol.Answered) {
	if e.Peer != t.ask.peer || e.Call != t.ask.calls {
		return
	}
	if err := t.took(e); err != nil {
		id := t.ask.peer
		t.gone(id)
		t.deps.Log.Warn("a node cannot tell the parameters of its chain", "reason", err)
		t.done(t.peers.Fault(t.now(), id, "", "its chain's parameters are not known here"))
	}
}

func (t *Tracker) took(e protocol.Answered) error {
	switch r := e.Response.(type) {
	case *protocol.Params:
		network, policy0, err := parse(r.ChainFile)
		if err != nil {
			return err
		}
		if network != t.ask.network {
			return errors.New("they are those of another network than it says")
		}
		t.ask.file, t.ask.policy0 = r.ChainFile, policy0
		t.request(&protocol.GetPolicy{ID: policy0})
		return nil
	case *protocol.Policy:
		if err := checkPolicy(r, t.ask.policy0); err != nil {
			return err
		}
		c := &Chain{File: t.ask.file, Policy: r}
		t.ask = asking{calls: t.ask.calls}
		t.transport.Do(protocol.Save{Records: c.records()})
		t.chain.Store(c)
		return nil
	}
	return fmt.Errorf("no answer: %w", e.Err)
}
