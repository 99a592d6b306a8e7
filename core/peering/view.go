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
	Deaf      bool   // no port could be opened: it takes none
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
	Role      string // why it is connected: "inbound", "parent", "outbound", "manual", "feeler", "probe", "join"
	Height    int32
	Work      uint256.Int
	Tip       chainhash.Hash
	Connected int64 // Unix nanoseconds
	Clock     int64 // seconds that its clock is ahead of this one's, at its hello
	Ping      int64 // nanoseconds of the last one, 0: none yet
	MinPing   int64
	PingSent  int64 // Unix nanoseconds of the ping that is not answered yet; 0: none
	Faults    int
	Heard     int64 // addresses that it told, without those
	Unheard   int64 // that were left out because they were too many
}

// Child is an ID that was given here.
type Child struct {
	protocol.Member
	Connected bool
	State     string // "connected", "lost" (may come back), "resting" (before anybody else gets it), "attached"
	Wallet    string // with "attached": the name of a wallet of this node's own
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
	v := &View{
		Kind: p.cfg.Kind, ID: p.id, Listen: p.listen, Deaf: p.deaf, Joined: p.joined(), State: p.state(), Parent: p.parent,
		Active: p.active, Bans: p.listBans(), Addresses: len(p.book.entries), Clock: p.clock(),
	}
	if p.join.state != joinNot {
		v.Joining = p.joiningTo()
	}
	if p.clockWrong {
		v.Warning = p.clockWarning()
	}
	for _, q := range p.peers {
		if q.gone {
			continue
		}
		v.Peers = append(v.Peers, p.peerView(q))
		switch {
		case !q.member:
		case q.inbound:
			v.Inbound++
		default:
			v.Outbound++
		}
	}
	for _, l := range p.leases {
		c := Child{Member: protocol.Member{ID: l.ID, Address: l.address, Kind: l.kind}, State: "lost"}
		switch {
		case l.peer != 0:
			c.Connected, c.State = true, "connected"
		case l.wallet != "":
			c.Wallet, c.State = l.wallet, "attached"
		case l.rests != 0:
			c.State = "resting"
		}
		v.Children = append(v.Children, c)
	}
	return v
}

// joiningTo is whom this node is trying to join.
func (p *Peering) joiningTo() string {
	switch {
	case p.cfg.Tracker != "":
		return p.cfg.Tracker
	case p.join.address != "":
		return p.join.address
	case p.parentAddress != "":
		return p.parentAddress
	case len(p.cfg.Join) > 0:
		return p.cfg.Join[0]
	}
	return "the network"
}

func (p *Peering) state() string {
	switch {
	case !p.active:
		return "network switched off"
	case p.cfg.Kind == protocol.KindTracker:
		return "tracker"
	case p.root:
		return "first node"
	case p.join.state != joinNot && p.id != 0:
		return "without a parent, trying " + p.joiningTo()
	case p.join.state != joinNot:
		return "joining " + p.joiningTo()
	case p.parent != 0:
		return "joined " + p.parentAddress
	case p.id == 0:
		return "no node to join is known"
	}
	return "on its own"
}

func (p *Peering) peerView(q *peer) PeerView {
	v := PeerView{
		Peer: q.id, Address: q.address, Listen: q.listen, Inbound: q.inbound, Member: q.member, NodeID: q.nodeID,
		Role: q.role, Height: q.height, Work: q.work, Tip: q.tip, Connected: q.since,
		Ping: q.ping, MinPing: q.minPing, Faults: q.faults, Heard: q.heard, Unheard: q.unheard,
	}
	if q.id == p.parent {
		v.Role = "parent"
	}
	if q.pinged != 0 {
		v.PingSent = p.wall - (p.now - q.pinged)
	}
	if h := q.hello; h != nil {
		v.Kind, v.Agent, v.Protocol, v.Clock = h.Kind, h.Agent, h.Protocol, h.Time-q.since/second
	}
	return v
}

// SetPeer tells how far a peer's chain is, as far as its messages tell.
func (p *Peering) SetPeer(id protocol.PeerID, height int32, work uint256.Int, tip chainhash.Hash) {
	q := p.index[id]
	if q == nil || q.gone {
		return
	}
	if q.tip != tip {
		q.tipAt = p.now
	}
	q.height, q.work, q.tip = height, work, tip
	p.view = nil
}
