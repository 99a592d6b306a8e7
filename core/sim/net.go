package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/policy"
	"orrery/core/protocol"
)

// Config is what a network is made of.
type Config struct {
	Seed   uint64
	Params *consensus.Params
	Rules  policy.Rules
	// Start is the true time when the run begins, in Unix nanoseconds; 0: an
	// hour after genesis.
	Start int64
	// Link is between nodes that have no other (Net.Between).
	Link Link
	// Work is how long a node is busy with one step of a reorg or a sync, so
	// that other things happen in between; 0: no time.
	Work time.Duration
	// Patience is how long a connection may swallow messages before both ends
	// give it up, and a dial may go unanswered; 0: a minute and ten seconds.
	Patience, DialPatience time.Duration
	// Tick is how often a node gets a Tick that it did not ask for; 0: never.
	Tick time.Duration
	// Fragile disks lose what was not flushed when the power fails. They cost
	// some speed.
	Fragile bool
	// Flush is how often a fragile disk is flushed at least; 0: every 30 seconds,
	// as Linux writes back what nobody asked it to.
	Flush time.Duration
	// Open makes the machine of a node; nil: the real one.
	Open func(*Node, Boot) (Machine, error)
	// Peering changes what a node's network is made of; nil: nothing.
	Peering func(*Node, *peering.Config)
	// Watch sees all events and effects, in order; nil: nobody does.
	Watch func(Line)
}

// Machine is what runs in a node: a node.Node, or something simpler in tests.
type Machine interface {
	Step(now int64, e node.Event) ([]node.Effect, error)
	View() (*node.View, error)
}

// Miner is a Machine that makes its blocks itself. For others the template of
// their view is taken.
type Miner interface {
	Mine(now int64, extranonce uint64) (*consensus.Block, error)
}

// Line is one event or effect, for people and golden traces.
type Line struct {
	At     int64 // virtual ns
	Node   *Node
	Event  node.Event  // or nil
	Effect node.Effect // or nil
}

// Net is a simulated network. It is owned by one goroutine.
type Net struct {
	cfg    Config
	now    int64 // virtual ns
	q      queue[happening]
	nodes  []*Node
	byAddr map[string]*Node // who listens there
	links  map[[2]int]*Link
	cut    map[[2]int]bool
	cuts   int // true ones in cut
	conns  []*conn
	chance *rand.Rand // of faults that belong to no node
	trace  TraceHash
	found  []Found
	count  Counts
	err    error

	still  int // happenings since time last went on
	conned int // connections when the ended ones were last forgotten
}

// maxStill bounds what happens at one moment: more is a machine that goes round
// in a circle without waiting.
const maxStill = 1_000_000

// Counts are what happened so far.
type Counts struct {
	Happened uint64 // things taken from the heap
	Steps    uint64
	Messages uint64
	Bytes    uint64 // estimated
	Dropped  uint64 // ends of connections that were lost
	Held     uint64 // messages that a cut swallowed
	Crashes  uint64
	Lost     uint64        // commits that power failures undid
	Reorgs   uint64        // views whose tip does not build on the one before
	Deepest  int32         // blocks that the deepest of them left
	Healing  time.Duration // from the last fault of a Storm to one tip; of several, the longest
}

// Add sums up several runs.
func (c *Counts) Add(o Counts) {
	c.Happened += o.Happened
	c.Steps += o.Steps
	c.Messages += o.Messages
	c.Bytes += o.Bytes
	c.Dropped += o.Dropped
	c.Held += o.Held
	c.Crashes += o.Crashes
	c.Lost += o.Lost
	c.Reorgs += o.Reorgs
	c.Deepest = max(c.Deepest, o.Deepest)
	c.Healing = max(c.Healing, o.Healing)
}

// errLost is why a question has no answer when its connection is gone.
var errLost = errors.New("the connection was lost")

// errSlow is why a question has no answer after protocol.AnswerTime.
var errSlow = errors.New("no answer in time")

// New makes a network without nodes.
func New(cfg Config) *Net {
	if cfg.Start == 0 && cfg.Params != nil {
		cfg.Start = (int64(cfg.Params.Genesis.Header.Time) + 3600) * int64(time.Second)
	}
	if cfg.Patience == 0 {
		cfg.Patience = time.Minute
	}
	if cfg.DialPatience == 0 {
		cfg.DialPatience = 10 * time.Second
	}
	if cfg.Flush == 0 {
		cfg.Flush = 30 * time.Second
	}
	if cfg.Open == nil {
		cfg.Open = openNode
	}
	return &Net{
		cfg: cfg, byAddr: map[string]*Node{}, links: map[[2]int]*Link{}, cut: map[[2]int]bool{},
		chance: Stream(cfg.Seed, -1, "faults"),
	}
}

// Now is the virtual time since the start.
func (n *Net) Now() time.Duration { return time.Duration(n.now) }

// Seed is what the run can be repeated with.
func (n *Net) Seed() uint64 { return n.cfg.Seed }

// Trace is the hash of all that happened so far.
func (n *Net) Trace() TraceHash { return n.trace }

// Counts returns what happened so far.
func (n *Net) Counts() Counts { return n.count }

// Nodes are those of Add, in order, whether they run or not.
func (n *Net) Nodes() []*Node { return n.nodes }

// happening is one entry of the heap.
type happening struct {
	kind kind
	node *Node
	run  uint32 // of the node when this was planned: a crash outdates it
	side int8   // of conn: who gets the message
	conn *conn
	call uint64
	num  uint64
	body any // a message, an error, an address
}

type kind uint8

const (
	onMore      kind = iota // go on with work
	onWake                  // a timer of the node
	onTick                  // time for an unasked Tick
	onFound                 // a block was found
	onArrival               // a message reaches conn.ends[side]
	onAccept                // a connection reaches the listening side
	onDialed                // the answer to a dial
	onLate                  // look for questions without answers
	onImpatient             // look whether a cut still swallows what it did
	onEvent                 // give the node body.(node.Event)
	onDown                  // tell conn.ends[side] that it is over
	onCall                  // run body.(func())
)

// Run lets time pass.
func (n *Net) Run(d time.Duration) error { return n.RunUntil(d, func() bool { return false }) }

// RunUntil lets time pass until done says so, which is asked after each
// happening, or for d at most.
func (n *Net) RunUntil(d time.Duration, done func() bool) error {
	end := n.now + int64(d)
	for n.err == nil && n.q.len() > 0 && n.q.next() <= end {
		at, h := n.q.pop()
		if n.still++; at > n.now {
			n.still = 0
		} else if n.still > maxStill {
			n.err = fmt.Errorf("seed %d, at %v: %d things happened at one moment", n.cfg.Seed, n.Now(), maxStill)
			return n.err
		}
		n.now = at
		n.count.Happened++
		n.happen(&h)
		if done() {
			return n.err
		}
	}
	if n.err == nil {
		n.now = end
	}
	return n.err
}

// After plans a call: a fault, or what else a test wants to do then.
func (n *Net) After(d time.Duration, do func()) {
	n.q.push(n.now+int64(d), happening{kind: onCall, body: do})
}

func (n *Net) happen(h *happening) {
	if h.node != nil && (h.run != h.node.run || h.node.machine == nil) {
		return // it was planned before a crash
	}
	switch h.kind {
	case onMore:
		h.node.more = false
		n.step(h.node, node.Continue{})
	case onWake:
		n.wake(h.node)
	case onTick:
		n.step(h.node, node.Tick{})
		n.plan(h.node, int64(n.cfg.Tick), happening{kind: onTick})
	case onFound:
		n.foundBlock(h.node, h.num)
	case onArrival:
		n.arrive(h)
	case onAccept:
		n.accept(h.conn)
	case onDialed:
		n.dialed(h.node, h.body.(string))
	case onLate:
		n.late(h.conn, h.side)
	case onImpatient:
		n.impatient(h.conn)
	case onDown:
		n.down(h.conn, h.side, h.body.(string))
	case onEvent:
		n.step(h.node, h.body.(node.Event))
	case onCall:
		h.body.(func())()
	}
}

// plan puts something of a node into the heap; it is void after a crash.
func (n *Net) plan(x *Node, after int64, h happening) {
	h.node, h.run = x, x.run
	n.q.push(n.now+after, h)
}

// fail ends the run: a node cannot go on, which is never the network's fault.
func (n *Net) fail(x *Node, what string, err error) {
	if n.err == nil {
		n.err = fmt.Errorf("seed %d, at %v: node %s: %s: %w", n.cfg.Seed, n.Now(), x.spec.Name, what, err)
	}
}

func (n *Net) peerEvent(x *Node, e protocol.Event) { n.step(x, node.PeerEvent{Event: e}) }
