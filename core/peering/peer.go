package peering

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/protocol"
)

// Why there is a connection.
const (
	roleInbound = "inbound"  // the other side knows
	roleJoin    = "join"     // to get an ID there
	roleLink    = "outbound" // one of Config.Outbound
	roleManual  = "manual"   // a person's word
	roleFeeler  = "feeler"   // is a node there? closed then
	roleProbe   = "probe"    // is the holder of an ID still there? closed then
)

// peer is one connection.
type peer struct {
	id      protocol.PeerID
	address string
	host    string // of address
	inbound bool
	role    string
	since   int64 // Unix nanoseconds
	opened  int64 // the same in the time of timers
	silent  int64 // when it is closed for want of a hello, 0: said
	member  bool
	refused bool // one side refused the other, which is a node of this network
	gone    bool // closed by us; its PeerDown is awaited, all else ignored

	hello  *protocol.Hello // theirs
	nodeID uint32
	listen string // dialable
	told   string // where this node said to it that it listens
	height int32
	work   uint256.Int
	tip    chainhash.Hash
	tipAt  int64 // when that last changed

	heard, unheard int64  // addresses that it told, and that were too many
	hearing        bucket // for both

	calls    []call
	pingAt   int64 // when the next one is due
	pinged   int64 // when the one on its way was sent, 0: none is
	nonce    uint64
	ping     int64
	minPing  int64
	requests bucket // for what is served
	control  bucket // for the rest
	renewals bucket // of the ID that it has from here
	busy     int    // requests refused for the rate
	faults   int
	sampled  bool // its sample of members was asked for
}

// call is a request of ours that waits for its answer.
type call struct {
	number  uint64
	request protocol.Request
}

// name is how people are told of a peer.
func (q *peer) name() string {
	if q.nodeID != 0 {
		return q.address + " (" + strconv.FormatUint(uint64(q.nodeID), 10) + ")"
	}
	return q.address
}

func (q *peer) kind() string {
	if q.hello == nil {
		return ""
	}
	return q.hello.Kind
}

func (p *Peering) add(q *peer) {
	i, _ := slices.BinarySearchFunc(p.peers, q.id, func(a *peer, id protocol.PeerID) int { return cmp.Compare(a.id, id) })
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

func (p *Peering) refuse(e protocol.Asked, code protocol.Code, message string, referral ...protocol.Member) {
	p.do(protocol.Answer{Peer: e.Peer, Call: e.Call, Err: &protocol.Error{Code: code, Message: message, Referral: referral}})
}

// close ends a connection. Whoever uses the peer learns it now; the PeerDown
// only takes it from the list.
func (p *Peering) close(q *peer, reason string) {
	if q.gone {
		return
	}
	p.do(protocol.Close{Peer: q.id, Reason: clean(reason)})
	p.lost(q, reason)
}

// lost undoes what depends on a connection that is gone.
func (p *Peering) lost(q *peer, reason string) {
	q.gone = true
	switch {
	case q.member:
		q.member = false
		p.out.Gone = append(p.out.Gone, q.id)
		p.book.parted(q, p.now)
	case q.inbound || q.hello != nil:
	case q.refused:
		// Somebody is there, and may be less busy later.
		p.leaseProbed(q.address, true)
		p.book.try(q.address, p.now, retryRefused)
		if q.role == roleLink {
			p.linkFails++
		}
	default:
		p.dialFailed(q.role, q.address, reason)
	}
	if q.role == roleManual {
		p.manualLost(q.address)
	}
	p.leaseLost(q)
	p.joinLost(q, reason)
	p.linkAt = min(p.linkAt, p.now+linkPause)
}

// near returns the peer that is reached by an address, or nil: dialled at it or
// listening there.
func (p *Peering) near(address string) *peer {
	for _, q := range p.peers {
		if !q.gone && (q.listen == address || !q.inbound && q.address == address) {
			return q
		}
	}
	return nil
}

// linked returns the peer that was dialled at an address, or nil. That somebody
// who came by himself listens there is only his word: it must not keep this node
// from those that it knows.
func (p *Peering) linked(address string) *peer {
	for _, q := range p.peers {
		if !q.gone && !q.inbound && q.address == address {
			return q
		}
	}
	return nil
}

// twin returns the connection to the same node that there was before q. A nonce
// alone is no proof, since whoever has met a node knows it: the host must be the
// same. A node that has two is connected twice, unless it refuses that itself.
func (p *Peering) twin(q *peer, nonce uint64) *peer {
	for _, o := range p.peers {
		if o != q && !o.gone && o.hello != nil && o.hello.Nonce == nonce && o.host == q.host {
			return o
		}
	}
	return nil
}

// trim makes a short word of a long id: the beginning, as it is shown elsewhere.
// Unlike the hash of a block, an id is not turned around.
func trim(id chainhash.Hash) string { return hex.EncodeToString(id[:8]) }
