package peering

import (
	"errors"

	"orrery/core/protocol"
)

// Command is what a person asks for.
type Command interface{ command() }

type (
	// AddNode keeps a connection to an address ("add"), no longer ("remove"),
	// or dials it once ("onetry"), as in Bitcoin Core. No value.
	AddNode struct{ Address, Action string }
	// Disconnect ends a connection, named by Peer unless that is 0, or else by
	// Address (as connected, or where it listens). No value.
	Disconnect struct {
		Address string
		Peer    protocol.PeerID
	}
	// SetBan bans or pardons. Who is a host, HOST:PORT of a node on this machine
	// or in a private network, or ADDRESS/BITS. No value.
	SetBan struct {
		Who      string
		Remove   bool
		Seconds  int64 // to ban; 0: policy.BanSeconds
		Absolute bool  // Seconds is a time since 1970 instead
	}
	// ListBanned has the value []Ban, sorted by Who.
	ListBanned struct{}
	// ClearBanned pardons everybody. No value.
	ClearBanned struct{}
	// SetNetworkActive ends all connections and makes no new ones, or dials at
	// once. The value is what is set.
	SetNetworkActive struct{ On bool }
	// Ping measures the way to each peer now; the view shows it. No value.
	Ping struct{}
	// NodeAddresses has the value []KnownAddress: at most Count in random
	// order, 0: all.
	NodeAddresses struct{ Count int }
	// AddedNodeInfo has the value []AddedNode: all, or the one at Address.
	AddedNodeInfo struct{ Address string }
	// AttachWallet gives a wallet of this node an ID through the assign policy,
	// or tells the one that it has. The value is the ID, a uint32; it is kept for
	// later runs.
	AttachWallet struct{ Name string }
	// DetachWallet gives the ID back. No value.
	DetachWallet struct{ Name string }
	// Discovered tells of a node that was found nearby. No value.
	Discovered struct{ Address string }
)

func (AddNode) command()          {}
func (Disconnect) command()       {}
func (SetBan) command()           {}
func (ListBanned) command()       {}
func (ClearBanned) command()      {}
func (SetNetworkActive) command() {}
func (Ping) command()             {}
func (NodeAddresses) command()    {}
func (AddedNodeInfo) command()    {}
func (AttachWallet) command()     {}
func (DetachWallet) command()     {}
func (Discovered) command()       {}

// What commands fail with.
var (
	ErrAddress      = errors.New("not an address of the form HOST:PORT")
	ErrAction       = errors.New("the action is one of add, remove, onetry")
	ErrAdded        = errors.New("the node was added already")
	ErrNotAdded     = errors.New("the node was not added before; add it first")
	ErrNotConnected = errors.New("no peer has this address or ID")
	ErrBanned       = errors.New("the address is banned already")
	ErrNotBanned    = errors.New("the address was not banned by hand; see listbanned")
	ErrTooMany      = errors.New("there are too many already; remove some first")
	ErrNoID         = errors.New("there is no ID for a wallet now")
	ErrNoWallet     = errors.New("no wallet of this name has an ID")
	ErrInactive     = errors.New("the network is switched off; switch it on with setnetworkactive true")
)

// Ban is one entry of the ban list. Times are in seconds since 1970.
type Ban struct {
	Who     string // see SetBan
	Created int64
	Until   int64
	Reason  string
	ByHand  bool // by SetBan, not for a fault
}

// KnownAddress is one entry of the address book.
type KnownAddress struct {
	protocol.Member
	Time int64 // when it was last heard of, in seconds since 1970
	Good bool  // a node was there once
}

// AddedNode is one node of AddNode.
type AddedNode struct {
	Address   string
	Connected bool
	Inbound   bool // with Connected: the other side dialled
}
