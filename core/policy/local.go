package policy

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
	InboundCount  int
	OutboundCount int
	NetGroupCount int
	BannedUntil   int64 // seconds since 1970, 0: not banned
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
	Capacity   int
	Children   []Child // sorted by ID
}

// Local answers the two hooks that may differ from node to node.
type Local interface {
	// Admit decides whether a peer may connect, and why not.
	Admit(Peer) (ok bool, reason string)
	// Punish returns for how many seconds to ban; 0 disconnects only, and
	// a negative number ignores the fault.
	Punish(Peer, Fault) int64
	// Assign gives an ID and a port, or an error that says why not.
	Assign(Request) (id uint32, port uint16, err error)
}
