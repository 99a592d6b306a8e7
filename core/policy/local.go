package policy

import (
	"cmp"
	"slices"
)

// Peer is what the admission policy learns of a connection.
type Peer struct {
	Address       string // host:port
	Host          string
	Port          uint16
	NetGroup      string // "a.b" of an IPv4 address, "a:b" of an IPv6 one
	Inbound       bool
	Agent         string
	Height        int32
	Kind          string // "node" or "wallet"
	InboundCount  int    // without this one, as the next two
	OutboundCount int
	NetGroupCount int   // connections of this NetGroup and direction, without this one
	BannedUntil   int64 // seconds since 1970, 0: not banned; only a connection that a person asked for comes to Admit then
	Now           int64 // seconds since 1970
}

// Fault is what a peer did wrong.
type Fault struct {
	Kind   string // "consensus", "work", "size", "protocol"
	Detail string
	Count  int // faults of this peer so far, this one included
}

// Child is a node or wallet that got its ID here.
type Child struct {
	ID   uint32
	Port uint16
	Kind string
}

// Request asks for an ID and a port.
type Request struct {
	Kind       string // "node" or "wallet"
	Host       string
	WantedPort uint16 // 0: any
	Self       Child
	Capacity   int      // children of this Kind that Self takes at most
	Children   []Child  // of both kinds, sorted by ID
	Base       uint32   // ID of the network's first node; 0: AssignBase
	Taken      []uint32 // sorted: IDs that are not free either, since a member heard of has one or it still rests
	Now        int64    // seconds since 1970
}

// FirstID is Base, or AssignBase when that is 0.
func (r *Request) FirstID() uint32 {
	if r.Base == 0 {
		return AssignBase
	}
	return r.Base
}

// IsTaken says whether an ID is known to be somebody's: Self's, a child's, or
// one in Taken.
func (r *Request) IsTaken(id uint32) bool {
	if id == r.Self.ID {
		return true
	}
	_, found := slices.BinarySearchFunc(r.Children, id, func(c Child, id uint32) int { return cmp.Compare(c.ID, id) })
	if !found {
		_, found = slices.BinarySearch(r.Taken, id)
	}
	return found
}

// CountKind is how many of Children are of the kind asked for.
func (r *Request) CountKind() int {
	n := 0
	for _, c := range r.Children {
		if c.Kind == r.Kind {
			n++
		}
	}
	return n
}

// Local answers the two hooks that may differ from node to node.
type Local interface {
	// Admit decides whether a peer may connect, and why not.
	Admit(Peer) (ok bool, reason string)
	// Punish returns for how many seconds to ban; 0 disconnects only, and
	// a negative number ignores the fault.
	Punish(Peer, Fault) int64
	// Assign gives an ID, at least 1 and not taken, and a port, 0 being any, or
	// an error that says why not in words for the one who asked.
	Assign(Request) (id uint32, port uint16, err error)
}
