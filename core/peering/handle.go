package peering

import (
	"fmt"
	"math"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/protocol"
)

// Handle takes one event. now is in Unix nanoseconds.
func (p *Peering) Handle(now int64, e protocol.Event) Result {
	p.begin(now)
	switch e := e.(type) {
	case protocol.PeerUp:
		p.up(e)
	case protocol.PeerDown:
		if q := p.index[e.Peer]; q != nil {
			if !q.gone {
				p.lost(q, e.Reason)
			}
			p.remove(q)
		}
	case protocol.Asked:
		if q := p.index[e.Peer]; q != nil && !q.gone {
			p.asked(q, e)
		}
	case protocol.Answered:
		if q := p.index[e.Peer]; q != nil && !q.gone {
			p.answered(q, e)
		}
	case protocol.Told:
		if q := p.index[e.Peer]; q != nil && q.member {
			p.out.Pass = append(p.out.Pass, e)
		}
	}
	return p.end()
}

// Tick lets time pass and starts whatever is due. now is in Unix nanoseconds.
func (p *Peering) Tick(now int64) Result {
	p.begin(now)
	for i := len(p.peers) - 1; i >= 0; i-- {
		if q := p.peers[i]; q.silent != 0 && !q.gone && q.silent <= p.now {
			p.close(q, fmt.Sprintf("no hello within %v", protocol.HelloTime))
		}
	}
	return p.end()
}

// Fault records that a member broke a rule; kind is one of protocol's Fault
// constants.
func (p *Peering) Fault(now int64, id protocol.PeerID, kind, detail string) Result {
	p.begin(now)
	if q := p.index[id]; q != nil {
		p.close(q, detail)
	}
	return p.end()
}

// Command does what a person asks for. now is in Unix nanoseconds.
func (p *Peering) Command(now int64, c Command) (any, error, Result) {
	p.begin(now)
	return nil, nil, p.end()
}

// SetPeer tells how far a peer's chain is, as far as its messages tell.
func (p *Peering) SetPeer(id protocol.PeerID, height int32, work uint256.Int, tip chainhash.Hash) {
	if q := p.index[id]; q != nil {
		q.height, q.work, q.tip = height, work, tip
		p.view = nil
	}
}

// end finishes a step that may have changed something.
func (p *Peering) end() Result {
	p.view = nil
	p.wake = math.MaxInt64
	for _, q := range p.peers {
		if q.silent != 0 && !q.gone {
			p.wake = min(p.wake, q.silent)
		}
	}
	return p.out
}

func (p *Peering) up(e protocol.PeerUp) {
	q := &peer{id: e.Peer, address: e.Address, inbound: e.Inbound, since: p.wall, silent: p.now + int64(protocol.HelloTime/time.Nanosecond)}
	p.add(q)
	if !q.inbound {
		p.ask(q, p.ownHello())
	}
}

func (p *Peering) ownHello() *protocol.Hello {
	return &protocol.Hello{
		Protocol: protocol.Version, NetworkID: p.cfg.NetworkID, Agent: p.cfg.Agent, Nonce: p.cfg.Nonce,
		Kind: p.cfg.Kind, ID: p.id, Listen: p.listen,
		Height: p.height, Work: p.work, Tip: p.tip, Schedule: p.schedule, Time: p.wall / second,
	}
}

func (p *Peering) asked(q *peer, e protocol.Asked) {
	if h, ok := e.Request.(*protocol.Hello); ok {
		p.answer(e, p.ownHello())
		p.greeted(q, h)
		return
	}
	p.do(protocol.Serve(e))
}

func (p *Peering) answered(q *peer, e protocol.Answered) {
	if e.Call%2 == 0 {
		p.out.Pass = append(p.out.Pass, e)
		return
	}
	if h, ok := e.Response.(*protocol.Hello); ok {
		p.greeted(q, h)
	}
}

func (p *Peering) greeted(q *peer, h *protocol.Hello) {
	q.hello, q.nodeID, q.listen, q.height, q.work, q.tip = h, h.ID, h.Listen, h.Height, h.Work, h.Tip
	q.silent, q.member = 0, true
	p.out.Members = append(p.out.Members, MemberUp{Peer: q.id, Inbound: q.inbound, Hello: *h})
}
