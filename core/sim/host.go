package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"orrery/core/chain"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// Spec says what a node is.
type Spec struct {
	Name string // "": n and its number
	// Host is its IP address; "": one of its own in 10.0.0.0/8.
	Host string
	// Listen is where it takes peers, "": it asks whom it joins for a port, as
	// real nodes do; the first node of a network then takes Host:8000.
	Listen string
	// Join are the addresses that it joins the network through.
	Join []string
	// Capacity is how many children it takes; 0: the default.
	Capacity int
	// Skew is by how much its clock is ahead of true time.
	Skew time.Duration
	// Hashrate is in hashes a second of virtual time; 0: it does not mine.
	Hashrate float64
	// Payout is the script that its blocks pay to; nil: one that anyone can
	// spend, different for each node.
	Payout []byte
	// Mute are methods of answers and notices that never leave it.
	Mute []string
}

// Boot is what a machine is made from when its node starts.
type Boot struct {
	Now    int64 // of the node's clock, Unix ns
	Seed   uint64
	Store  chain.Store
	Listen string
	Saved  []protocol.Record // sorted by key
}

// Node is one computer of the network.
type Node struct {
	net  *Net
	ID   int // index in Net.Nodes
	spec Spec
	run  uint32 // counts the starts and ends

	machine Machine // nil: it is down
	disk    *disk
	saved   []protocol.Record // sorted by key
	synced  []protocol.Record // what of saved a power failure leaves
	view    *node.View
	listen  string // where it takes peers now
	byPeer  []place
	last    protocol.PeerID
	more    bool  // a Continue is planned
	mores   int   // Continues without a rest: it syncs or reorganizes
	wakeAt  int64 // virtual ns; what the machine asked for last
	planned int64 // virtual ns of the earliest timer in the heap
	flushed int64 // virtual ns
	lastID  uint64
	done    map[uint64]func(node.Done)
	port    uint16 // of the last connection that it dialled
	miner   minerState
	lines   *rand.Rand // chance of its links
	said    []string

	promises []promise
}

// place is one end of a connection.
type place struct {
	conn *conn
	side int8
}

const never = int64(1<<63 - 1)

// Add makes a node and starts it.
func (n *Net) Add(s Spec) *Node {
	x := &Node{net: n, ID: len(n.nodes), spec: s, disk: newDisk(n.cfg.Fragile), done: map[uint64]func(node.Done){}}
	if x.spec.Name == "" {
		x.spec.Name = fmt.Sprint("n", x.ID)
	}
	if x.spec.Host == "" {
		i := x.ID + 1
		x.spec.Host = fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
	}
	if x.spec.Listen == "" && len(x.spec.Join) == 0 {
		x.spec.Listen = x.spec.Host + ":8000"
	}
	x.lines = Stream(n.cfg.Seed, x.ID, "lines")
	x.miner.chance = Stream(n.cfg.Seed, x.ID, "mining")
	n.nodes = append(n.nodes, x)
	n.boot(x)
	return x
}

// Net is where it is.
func (x *Node) Net() *Net { return x.net }

// Name is the node's.
func (x *Node) Name() string { return x.spec.Name }

// Address is where it takes peers, or will.
func (x *Node) Address() string {
	if x.listen != "" {
		return x.listen
	}
	return x.spec.Listen
}

// Dial makes a node open a connection, as if it had asked for it.
func (n *Net) Dial(x, to *Node) { n.dial(x, to.Address()) }

// Command gives a node's network a person's command. answer may be nil.
func (n *Net) Command(x *Node, c peering.Command, answer func(any, error)) {
	n.ask(x, func(id uint64) node.Event { return node.PeerCommand{ID: id, Command: c} }, func(d node.Done) {
		if answer != nil {
			answer(d.Value, d.Err)
		}
	})
}

// Up reports whether it runs.
func (x *Node) Up() bool { return x.machine != nil }

// View is what it published last; nil before it ever ran.
func (x *Node) View() *node.View { return x.view }

// Said is what it told its owner, the oldest first.
func (x *Node) Said() []string { return x.said }

// clock is the node's, in Unix ns.
func (x *Node) clock() int64 { return x.net.cfg.Start + x.net.now + int64(x.spec.Skew) }

func (n *Net) boot(x *Node) {
	x.run++
	x.wakeAt, x.planned, x.more = never, never, false
	if x.spec.Listen != "" { // the host opens it, before the node
		x.listen = x.spec.Listen
		n.byAddr[x.listen] = x
	}
	m, err := n.cfg.Open(x, Boot{
		Now: x.clock(), Store: x.disk, Listen: x.spec.Listen, Saved: slices.Clone(x.saved),
		Seed: Stream(n.cfg.Seed, x.ID, fmt.Sprint("machine", x.run)).Uint64(),
	})
	if err != nil {
		n.fail(x, "open", err)
		return
	}
	x.machine, x.flushed, x.view = m, n.now, nil // a power failure may have taken it back
	n.publish(x)
	if len(x.promises) > 0 && n.err == nil {
		if err := n.checkPromises(x); err != nil {
			n.fail(x, "after a restart", err)
		}
	}
	n.plan(x, 0, happening{kind: onEvent, body: node.Event(node.Tick{})})
	if n.cfg.Tick > 0 {
		n.plan(x, int64(n.cfg.Tick), happening{kind: onTick})
	}
}

// publish shows the node as it is now.
func (n *Net) publish(x *Node) {
	v, err := x.machine.View()
	if err != nil {
		n.fail(x, "view", err)
		return
	}
	if v != nil {
		v.Store = x.disk.snapshot()
	}
	old := x.view
	x.view = v
	if old != nil && v != nil && !v.Contains(old.Tip) {
		if err := n.moved(x, old.Tip); err != nil {
			n.fail(x, "after a reorg", err)
		}
	}
	n.retarget(x)
}

// moved looks at a view whose tip does not build on the one before.
func (n *Net) moved(x *Node, old *chain.Node) error {
	v := x.view
	n.count.Reorgs++
	n.count.Deepest = max(n.count.Deepest, old.Height-v.ForkPoint(old).Height)
	if !v.Tip.Work.Gt(&old.Work) {
		return fmt.Errorf("it left block %v for %v, which has no more work", old.Hash, v.Tip.Hash)
	}
	return n.checkPromises(x)
}

// step gives a node an event and does what it asks for.
func (n *Net) step(x *Node, e node.Event) {
	n.count.Steps++
	n.trace.word(uint64(n.now))
	n.trace.word(uint64(x.ID))
	n.trace.event(e)
	if n.cfg.Watch != nil {
		n.cfg.Watch(Line{At: n.now, Node: x, Event: e})
	}
	effects, err := x.machine.Step(x.clock(), e)
	if err != nil {
		n.fail(x, "step", err)
		return
	}
	// As the real host: what changed is shown and, where somebody was told of
	// it, flushed before anything is said.
	x.mores++
	if !slices.Contains(effects, node.Effect(node.More{})) {
		x.mores = 0
	}
	if slices.ContainsFunc(effects, isChanged) {
		n.publish(x)
	}
	if n.now-x.flushed >= int64(n.cfg.Flush) || slices.ContainsFunc(effects, isDone) {
		if err := x.disk.Sync(); err != nil {
			n.fail(x, "sync", err)
		}
		x.flushed, x.synced = n.now, slices.Clone(x.saved)
	}
	for _, f := range effects {
		n.trace.effect(f)
		if n.cfg.Watch != nil {
			n.cfg.Watch(Line{At: n.now, Node: x, Effect: f})
		}
		n.effect(x, f)
	}
}

func isChanged(f node.Effect) bool { _, ok := f.(node.Changed); return ok }
func isDone(f node.Effect) bool    { _, ok := f.(node.Done); return ok }

func (n *Net) effect(x *Node, f node.Effect) {
	switch f := f.(type) {
	case node.Done:
		if answer := x.done[f.ID]; answer != nil {
			delete(x.done, f.ID)
			answer(f)
		}
	case node.More:
		if !x.more {
			x.more = true
			n.plan(x, int64(n.cfg.Work), happening{kind: onMore})
		}
	case node.WakeAt:
		n.wakeUp(x, f.At)
	case node.PeerEffect:
		n.carry(x, f.Effect)
	}
}

// wakeUp plans a timer. Later ones than are planned already wait for that: a
// node changes its mind with every message.
func (n *Net) wakeUp(x *Node, at int64) {
	if at == never {
		x.wakeAt = never
		return
	}
	x.wakeAt = max(at-n.cfg.Start-int64(x.spec.Skew), n.now)
	if x.wakeAt < x.planned {
		x.planned = x.wakeAt
		n.plan(x, x.wakeAt-n.now, happening{kind: onWake})
	}
}

func (n *Net) wake(x *Node) {
	if n.now != x.planned {
		return // an earlier one was planned since, and has planned anew
	}
	x.planned = never
	switch {
	case x.wakeAt <= n.now:
		x.wakeAt = never
		n.step(x, node.Tick{})
	case x.wakeAt != never:
		x.planned = x.wakeAt
		n.plan(x, x.wakeAt-n.now, happening{kind: onWake})
	}
}

// ask gives the node a request of its owner.
func (n *Net) ask(x *Node, event func(id uint64) node.Event, answer func(node.Done)) {
	x.lastID++
	if answer != nil {
		x.done[x.lastID] = answer
	}
	n.step(x, event(x.lastID))
}

// save keeps the records that a node asks to keep.
func (x *Node) save(list []protocol.Record) {
	for _, r := range list {
		i, found := slices.BinarySearchFunc(x.saved, r.Key, func(r protocol.Record, k string) int { return strings.Compare(r.Key, k) })
		switch {
		case r.Value == nil && found:
			x.saved = slices.Delete(x.saved, i, i+1)
		case r.Value == nil:
		case found:
			x.saved[i] = r
		default:
			x.saved = slices.Insert(x.saved, i, r)
		}
	}
}
