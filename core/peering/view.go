package peering

import (
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/protocol"
)

// View shows who is connected. It never changes.
type View struct {
	Kind      string
	ID        uint32 // own, 0: none yet
	Listen    string // where this node takes peers; "": nowhere
	Joined    bool   // it has an ID, from this or an earlier run
	State     string // for people: "joined HOST:PORT", "joining HOST:PORT", "first node"
	Joining   string // whom it is trying to join; "": nobody
	Parent    protocol.PeerID
	Active    bool
	Inbound   int // handshakes done
	Outbound  int
	Peers     []PeerView // by Peer, those in handshake included
	Children  []Child    // IDs given here, by Kind and ID
	Bans      []Ban      // by Who
	Addresses int        // in the address book
	Clock     int64      // seconds that the peers' median clock is ahead of this one's
	Warning   string     // "": none
}

// PeerView is one connection.
type PeerView struct {
	Peer      protocol.PeerID
	Address   string // of the other end
	Listen    string // where it takes peers; "": nowhere
	Inbound   bool
	Member    bool // the handshake is done
	Kind      string
	NodeID    uint32
	Agent     string
	Protocol  int
	Role      string // why it is connected: "inbound", "parent", "outbound", "manual", "feeler", "join"
	Height    int32
	Work      uint256.Int
	Tip       chainhash.Hash
	Connected int64 // Unix nanoseconds
	Clock     int64 // seconds that its clock is ahead of this one's, at its hello
	Ping      int64 // nanoseconds of the last one, 0: none yet
	MinPing   int64
	PingWait  int64 // nanoseconds since an unanswered ping was sent, as of this view; 0: none
	Faults    int
}

// Child is an ID that was given here.
type Child struct {
	protocol.Member
	Connected bool
	State     string // "connected", "lost" (may come back), "resting" (before anybody else gets it)
}

// View returns what is to be seen now. It is the same one until something
// changes.
func (p *Peering) View() *View {
	if p.view == nil {
		p.view = p.makeView()
	}
	return p.view
}

func (p *Peering) makeView() *View {
	v := &View{Kind: p.cfg.Kind, ID: p.id, Listen: p.listen, Joined: p.id != 0, Active: p.active}
	for _, q := range p.peers {
		v.Peers = append(v.Peers, q.view())
		switch {
		case !q.member:
		case q.inbound:
			v.Inbound++
		default:
			v.Outbound++
		}
	}
	return v
}

func (q *peer) view() PeerView {
	v := PeerView{
		Peer: q.id, Address: q.address, Listen: q.listen, Inbound: q.inbound, Member: q.member,
		Connected: q.since, Height: q.height, Work: q.work, Tip: q.tip, NodeID: q.nodeID,
	}
	if q.hello != nil {
		v.Kind, v.Agent, v.Protocol = q.hello.Kind, q.hello.Agent, q.hello.Protocol
	}
	return v
}
