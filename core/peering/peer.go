package peering

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/protocol"
)

// peer is one connection.
type peer struct {
	id      protocol.PeerID
	address string
	inbound bool
	since   int64 // Unix nanoseconds
	silent  int64 // when it is closed for want of a hello, 0: said
	member  bool
	gone    bool // closed by us; its PeerDown is awaited, all else ignored

	hello  *protocol.Hello // theirs
	nodeID uint32
	listen string
	height int32
	work   uint256.Int
	tip    chainhash.Hash

	calls []call
}

// call is a request of ours that waits for its answer.
type call struct {
	number  uint64
	request protocol.Request
}

func (p *Peering) add(q *peer) {
	i, _ := slices.BinarySearchFunc(p.peers, q.id, func(a *peer, id protocol.PeerID) int {
		switch {
		case a.id < id:
			return -1
		case a.id > id:
			return 1
		}
		return 0
	})
	p.peers = slices.Insert(p.peers, i, q)
	p.index[q.id] = q
}

func (p *Peering) remove(q *peer) {
	delete(p.index, q.id)
	p.peers = slices.DeleteFunc(p.peers, func(a *peer) bool { return a == q })
}

// ask sends a request. Call numbers of this package are odd; netsync has the
// even ones.
func (p *Peering) ask(q *peer, r protocol.Request) {
	p.calls += 2
	q.calls = append(q.calls, call{p.calls, r})
	p.do(protocol.Ask{Peer: q.id, Call: p.calls, Request: r})
}

func (p *Peering) answer(e protocol.Asked, r protocol.Response) {
	p.do(protocol.Answer{Peer: e.Peer, Call: e.Call, Response: r})
}

func (p *Peering) refuse(e protocol.Asked, code protocol.Code, message string) {
	p.do(protocol.Answer{Peer: e.Peer, Call: e.Call, Err: &protocol.Error{Code: code, Message: message}})
}

// close ends a connection. Whoever uses the peer learns it now; the PeerDown
// only takes it from the list.
func (p *Peering) close(q *peer, reason string) {
	if q.gone {
		return
	}
	p.do(protocol.Close{Peer: q.id, Reason: reason})
	p.lost(q, reason)
}

// lost undoes what depends on a connection that is gone.
func (p *Peering) lost(q *peer, reason string) {
	q.gone = true
	if q.member {
		q.member = false
		p.out.Gone = append(p.out.Gone, q.id)
	}
}
