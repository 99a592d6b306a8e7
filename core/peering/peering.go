// Package peering decides to whom a node is connected: the handshake, joining
// with an ID and a port, leases, the address book, bans, and what a person
// commands. It is a state machine: events go in, effects come out.
package peering

import (
	"math"
	"math/rand/v2"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/policy"
	"orrery/core/protocol"
)

const second int64 = 1_000_000_000 // nanoseconds

// Config is what a Peering is made of. Start from Defaults.
type Config struct {
	// NetworkID is the hash of the chain's parameters. A tracker may leave it
	// zero and then serves the network of the first peer that it meets.
	NetworkID chainhash.Hash
	Agent     string   // program and version, ≤ protocol.MaxAgent bytes
	Nonce     uint64   // random, of this run, not 0: a node that meets it met itself
	Seed      [32]byte // of all random choices, lease tokens included: secret
	Kind      string   // protocol.KindNode or protocol.KindTracker

	Join    []string // HOST:PORT of nodes to join, in order
	Tracker string   // HOST:PORT of the tracker that alone assigns; "": none
	// Listen is HOST:PORT where a person wants this node to take peers; ""
	// follows the assigned ID.
	Listen string
	Bound  bool   // Listen is open already: no effect asks for it
	Host   string // for the address of an assigned port
	Base   uint32 // ID of the network's first node, and of a tracker towards the assign policy
	First  bool   // this node made the chain: it has the ID Base and joins nobody

	Capacity       int   // nodes that get their ID here
	WalletCapacity int   // wallets that get their ID here
	MaxInbound     int   // connections that others opened
	Outbound       int   // connections that this node opens, beyond that to its parent
	MaxFutureTime  int64 // seconds that a block may be ahead of the clock

	Local policy.Local
}

// Defaults are the settings of a node; NetworkID, Nonce and Seed are missing.
func Defaults() Config {
	return Config{
		Agent: "/orrery/", Kind: protocol.KindNode, Host: "127.0.0.1", Base: policy.AssignBase,
		Capacity: 3, WalletCapacity: 8, MaxInbound: 64, Outbound: 2,
		MaxFutureTime: 2 * 60 * 60, Local: policy.Defaults{},
	}
}

// Result is what a step asks for. Effects come first; then netsync learns, in
// this order, who is gone, who is new, and what else happened.
type Result struct {
	Effects []protocol.Effect
	Gone    []protocol.PeerID // were in Members; nothing more may be sent to them
	Members []MemberUp
	Pass    []protocol.Event // of members: Told, and Answered with an even Call
}

// Add appends what a later step asks for.
func (r *Result) Add(o Result) {
	r.Effects = append(r.Effects, o.Effects...)
	r.Gone = append(r.Gone, o.Gone...)
	r.Members = append(r.Members, o.Members...)
	r.Pass = append(r.Pass, o.Pass...)
}

// MemberUp says that a handshake is done.
type MemberUp struct {
	Peer    protocol.PeerID
	Inbound bool
	Hello   protocol.Hello // theirs; see Kind: a tracker has no chain
}

// Peering is owned by one goroutine.
type Peering struct {
	cfg  Config
	rng  *rand.Rand
	out  Result
	wall int64 // Unix nanoseconds, as last told
	now  int64 // what timers are set by: grows with wall but for jumps, never 0
	wake int64 // in now's time

	started bool
	active  bool // setnetworkactive
	peers   []*peer
	index   map[protocol.PeerID]*peer
	calls   uint64 // the last one: odd
	dials   []dialing

	id            uint32 // own, 0: none yet
	sure          bool   // id was given, or given back, in this run
	base          uint32
	root          bool // the first node of its network: it joins nobody
	lease         protocol.Lease
	listen        string // where this node takes peers
	wanted        string // where it was to
	listening     bool   // the port is being opened
	deaf          bool   // it could not be
	parent        protocol.PeerID
	parentAddress string
	join          joining
	leases        []*lease // by kind and ID
	renewals      bucket   // times that this node gave up its ID
	rivalAt       int64    // when the next rival may be looked at

	height   int32
	work     uint256.Int
	tip      chainhash.Hash
	schedule chainhash.Hash

	book         book
	anchors      []string // of the earlier run, still to be dialled
	savedAnchors []string
	selves       []string // addresses that lead to this node itself
	added        []added
	found        []string // nearby
	bans         []ban    // by Who
	faults       keyed
	clocks       []clock
	clockWrong   bool

	linkAt, feelAt, sampleAt, saveAt, gossipAt int64 // when each is due
	linkFails                                  int   // dials in a row that failed
	extra                                      int   // connections beyond Config.Outbound, for a stale tip
	staleUntil                                 int64

	said    keyed
	saidAll bucket
	view    *View
}

// New returns a Peering that does nothing before its first Tick. saved are the
// records that earlier runs asked to Save; what cannot be read is left out. now
// is in Unix nanoseconds.
func New(cfg Config, saved []protocol.Record, now int64) *Peering {
	p := &Peering{
		cfg: cfg, rng: rand.New(rand.NewChaCha8(cfg.Seed)), wall: now, now: max(now, 0) + second,
		active: true, index: map[protocol.PeerID]*peer{}, calls: math.MaxUint64, base: cfg.Base,
		book: newBook(), faults: keyed{limit: maxFaultBans}, said: keyed{limit: sayGroups},
	}
	p.wake = p.now
	p.load(saved)
	if cfg.First && p.id == 0 && cfg.Kind == protocol.KindNode {
		p.id, p.root = cfg.Base, true
		p.lease = protocol.Lease{ID: cfg.Base, Token: p.token()}
		if cfg.Base >= firstPort && cfg.Base < 1<<16 {
			p.lease.Port = uint16(cfg.Base)
		}
	}
	p.sure = p.root
	if cfg.Tracker != "" {
		p.root = false // the tracker has to hear of the ID
	}
	return p
}

// SetTip sets what hellos say of this node's chain.
func (p *Peering) SetTip(height int32, work uint256.Int, tip chainhash.Hash) {
	p.height, p.work, p.tip = height, work, tip
}

// SetNetwork changes which network a tracker serves; zero: that of the first
// peer that it meets. Members of another one stay: end them first.
func (p *Peering) SetNetwork(id chainhash.Hash) { p.cfg.NetworkID = id }

// SetSchedule sets the hash of the policy schedule that hellos name.
func (p *Peering) SetSchedule(schedule chainhash.Hash) { p.schedule = schedule }

// Wake returns when Tick wants to be called, in Unix nanoseconds; MaxInt64 is
// never.
func (p *Peering) Wake() int64 {
	if p.wake == math.MaxInt64 {
		return math.MaxInt64
	}
	return p.wall + p.wake - p.now
}

// maxLate is how much later than at Wake a driver may come, and still all of
// the time counts.
const maxLate = 60 * second

// begin starts a step. A clock that is set does not move the timers: what goes
// back is no time, and what is far beyond Wake was not time that passed.
func (p *Peering) begin(now int64) {
	p.now += min(max(now-p.wall, 0), max(p.wake-p.now, 0)+maxLate)
	p.wall = now
	p.out = Result{}
}

func (p *Peering) do(e protocol.Effect) { p.out.Effects = append(p.out.Effects, e) }
