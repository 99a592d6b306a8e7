package protocol

// A node's state machine meets its peers through these values: events go in,
// effects come out. Whoever drives it (sockets, or a simulated network) opens
// and closes connections, and pairs answers with requests.

// Event is something that happened on the network.
type Event interface{ event() }

type (
	// PeerUp says that a connection is open; nothing was said on it yet.
	PeerUp struct {
		Peer    PeerID
		Address string // HOST:PORT of the other end: as dialled, or as seen
		Inbound bool
	}
	// PeerDown says that a connection is gone; no other event of it follows.
	PeerDown struct {
		Peer   PeerID
		Reason string
	}
	// Asked is a peer's request. It wants one Answer or Serve with its Call.
	Asked struct {
		Peer    PeerID
		Call    uint64
		Request Request
	}
	// Answered ends an Ask. Err is an *Error from the peer, or what else kept
	// the answer away (time, a lost connection); then Response is nil.
	Answered struct {
		Peer     PeerID
		Call     uint64
		Response Response
		Err      error
	}
	// Told is a peer's notice.
	Told struct {
		Peer   PeerID
		Notice Notice
	}
	// Broke says that the transport saw a peer break its rules: a message that
	// is too large or no message at all.
	Broke struct {
		Peer PeerID
		Kind string // FaultSize or FaultProtocol
		What string
	}
	// DialFailed ends a Dial that gave no connection.
	DialFailed struct {
		Address string
		Reason  string
	}
	// Listening answers a Listen. Address is where the node now takes peers; it
	// is empty when that failed.
	Listening struct {
		Address string
		Reason  string
	}
)

func (PeerUp) event()     {}
func (PeerDown) event()   {}
func (Asked) event()      {}
func (Answered) event()   {}
func (Told) event()       {}
func (Broke) event()      {}
func (DialFailed) event() {}
func (Listening) event()  {}

// Kinds of faults, as the admission policy's punish gets them.
const (
	FaultConsensus = "consensus" // a block or transaction that breaks a rule
	FaultWork      = "work"      // headers without the proof of work
	FaultSize      = "size"      // more than a limit allows
	FaultProtocol  = "protocol"  // not what was to be said now
)

// Effect is something that the network is asked to do, in order.
type Effect interface{ effect() }

type (
	// Ask sends a request; an Answered with its Call follows in any case.
	Ask struct {
		Peer    PeerID
		Call    uint64
		Request Request
	}
	// Answer answers an Asked: exactly one of Response and Err is set.
	Answer struct {
		Peer     PeerID
		Call     uint64
		Response Response
		Err      *Error
	}
	// Serve asks the driver to answer an Asked from the newest published view of
	// the node: reading needs no state machine, and must not hold it up.
	Serve struct {
		Peer    PeerID
		Call    uint64
		Request Request
	}
	// Tell sends a notice.
	Tell struct {
		Peer   PeerID
		Notice Notice
	}
	// Close ends a connection. The reason is told to the peer and logged. A
	// PeerDown follows.
	Close struct {
		Peer   PeerID
		Reason string
	}
	// Dial opens a connection: PeerUp or DialFailed follows.
	Dial struct{ Address string }
	// Listen takes peers at an address; Listening follows. With port 0, or a
	// port that is taken and Fallback set, any free port is taken.
	Listen struct {
		Address  string
		Fallback bool
	}
	// Save keeps small values of the network side (addresses, bans, anchors,
	// leases) for the next start; a nil Value deletes the key.
	Save struct{ Records []Record }
	// Say is one line for the node's owner.
	Say struct {
		Warn bool
		Text string
	}
)

// Record is one saved value.
type Record struct {
	Key   string
	Value []byte
}

func (Ask) effect()    {}
func (Answer) effect() {}
func (Serve) effect()  {}
func (Tell) effect()   {}
func (Close) effect()  {}
func (Dial) effect()   {}
func (Listen) effect() {}
func (Save) effect()   {}
func (Say) effect()    {}
