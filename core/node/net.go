package node

import (
	"errors"
	"math"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/directory"
	"orrery/core/mempool"
	"orrery/core/netsync"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// The network's side of a node. An event of a peer goes to peering, which says
// who is a member; what members say goes on to netsync; what they did wrong
// goes back.

type (
	// PeerEvent is something that happened on the network.
	PeerEvent struct{ protocol.Event }
	// PeerCommand is what a person asks of the network. Its Done has the
	// command's value and error; ErrNoNetwork when the node has none.
	PeerCommand struct {
		ID      uint64
		Command peering.Command
	}
)

func (PeerEvent) event()   {}
func (PeerCommand) event() {}

type (
	// PeerEffect is something that the network is asked to do. It comes after the
	// Changed of the view that it may tell peers of: publish that first.
	PeerEffect struct{ protocol.Effect }
	// WakeAt asks for a Tick at a time in Unix nanoseconds. The last one counts;
	// MaxInt64 asks for none.
	WakeAt struct{ At int64 }
)

func (PeerEffect) effect() {}
func (WakeAt) effect()     {}

const (
	// staleSpacings is how many spacings a tip may stay before one more peer is
	// looked for: those that there are may all be cut off, or keep blocks back.
	// (Bitcoin Core waits for three, but there somebody always mines.)
	staleSpacings = 30
	// staleLeast is the least time in nanoseconds for that.
	staleLeast = 600 * int64(second)
)

// showEvery is how often views show what changes all the time: pings, progress.
const showEvery = second

// ErrNoNetwork says that this node was started without a network.
var ErrNoNetwork = errors.New("this node has no network")

// NetView is what readers see of the network.
type NetView struct {
	Peers   *peering.View
	Sync    netsync.Progress
	Syncing []netsync.PeerStatus // of the members with a chain, by Peer
	// Attached is whose wallet is attached where, as people tell: show it only for
	// names that the chain gives to the same script.
	Attached directory.Attached
}

// network is what a Node has with Config.Peering.
type network struct {
	peers    *peering.Peering
	sync     *netsync.Sync
	attach   *attaching
	out      []Effect    // of the running step
	wake     int64       // as last asked for
	told     *chain.Node // the tip that peers were last told of
	moved    int64       // when the tip last changed, or one more peer was last looked for, ns
	now      int64       // of the running step, ns
	schedule chainhash.Hash
	dirty    bool  // who is a member has changed, which a view shows
	shown    int64 // when views last showed the network, ns
	synced   bool  // as views show it
}

func (n *Node) openNetwork(now int64) {
	if n.cfg.Peering == nil {
		return
	}
	c := &n.cfg.Chain
	n.net = &network{
		peers:  peering.New(*n.cfg.Peering, n.cfg.PeeringSaved, now),
		sync:   netsync.New(netsync.Config{Params: c.Params, CheckWork: c.CheckWork, Seed: n.cfg.Peering.Nonce}, n.chain, netPool{n}),
		attach: newAttaching(n.cfg.Names, c.Params.NetworkID, now),
		wake:   math.MaxInt64, now: now, moved: now, schedule: scheduleHash(c.Params),
	}
	n.net.peers.SetSchedule(n.net.schedule)
	n.tipNews()
}

// netPool is the mempool as netsync sees it.
type netPool struct{ n *Node }

func (p netPool) View() *mempool.View { return p.n.pool.View() }

func (p netPool) Offer(tx *consensus.Tx, now int64) error {
	res, err := p.n.pool.Accept(tx, p.n.env(now), mempool.Options{})
	p.n.record(res.Change)
	return err
}

func (p netPool) Missing(tx *consensus.Tx) ([]chainhash.Hash, error) {
	var ids []chainhash.Hash
	for _, in := range tx.Msg.TxIn {
		o := in.PreviousOutPoint
		if slices.Contains(ids, o.Hash) || p.n.pool.View().Get(o.Hash) != nil {
			continue
		}
		coin, err := p.n.chain.Coin(o)
		if err != nil {
			return nil, err
		}
		if coin == nil {
			ids = append(ids, o.Hash)
		}
	}
	return ids, nil
}

// peerEvent takes an event of the network. now is in nanoseconds.
func (n *Node) peerEvent(now int64, e protocol.Event) error {
	if n.net == nil {
		return nil
	}
	n.net.dirty = n.net.dirty || shows(e)
	return n.peering(now, n.net.peers.Handle(now, e))
}

// shows reports whether views show at once what an event does: who is there,
// under which ID, where, and how far away. What happens all the time, such as
// headers and bodies, can wait for showEvery.
func shows(e protocol.Event) bool {
	switch e := e.(type) {
	case protocol.PeerUp, protocol.PeerDown, protocol.Listening:
		return true
	case protocol.Asked:
		switch e.Request.(type) {
		case *protocol.Hello, *protocol.Assign, *protocol.Register:
			return true
		}
	case protocol.Answered:
		switch e.Response.(type) {
		case *protocol.Hello, *protocol.Assigned, *protocol.Registered, *protocol.Pong:
			return true
		}
	}
	return false
}

// peering carries out what peering says: its effects first, then what netsync
// makes of the rest.
func (n *Node) peering(now int64, r peering.Result) error {
	net := n.net
	for {
		for _, f := range r.Effects {
			net.out = append(net.out, PeerEffect{f})
		}
		net.dirty = net.dirty || len(r.Gone)+len(r.Members) > 0
		for _, id := range r.Gone {
			net.memberGone(id)
			net.sync.MemberGone(now, id)
		}
		var next peering.Result
		for _, m := range r.Members {
			if held := n.mismatch(&m.Hello); held != nil {
				next.Add(net.peers.Mismatch(now, m.Peer, held.Height, net.schedule))
				continue
			}
			net.sync.MemberUp(now, netsync.Member{Peer: m.Peer, Kind: m.Hello.Kind, Height: m.Hello.Height, Work: m.Hello.Work})
			net.memberUp(now, m)
		}
		var wrong []netsync.Fault
		for _, e := range r.Pass {
			if kind, text := net.hearWallets(now, e); kind != "" {
				wrong = append(wrong, netsync.Fault{Peer: e.(protocol.Told).Peer, Kind: kind, Detail: text})
			}
			net.sync.Handle(now, e)
		}
		effects, faults, err := net.sync.Take()
		faults = append(wrong, faults...)
		for _, f := range effects {
			net.out = append(net.out, PeerEffect{f})
		}
		if err != nil {
			return err
		}
		if len(faults) == 0 && len(r.Gone)+len(r.Members)+len(r.Pass) == 0 {
			return nil
		}
		for _, f := range faults {
			next.Add(net.peers.Fault(now, f.Peer, f.Kind, f.Detail))
		}
		r = next
	}
}

// netTick lets time pass for the network.
func (n *Node) netTick(now int64) error {
	net := n.net
	if net == nil {
		return nil
	}
	net.sync.EachMoved(func(id protocol.PeerID, best *chain.Node) {
		net.peers.SetPeer(id, best.Height, best.Work, best.Hash)
	})
	net.dirty = net.dirty || now-net.shown >= showEvery
	net.sync.Tick(now)
	net.attachTick(now)
	var r peering.Result
	if net.peers.Wake() <= now {
		r = net.peers.Tick(now)
	}
	net.moved = min(net.moved, now) // the clock was set back
	if now-net.moved >= max(staleSpacings*n.cfg.Chain.Params.Spacing*second, staleLeast) {
		net.moved = now
		r.Add(net.peers.StaleTip(now))
	}
	return n.peering(now, r)
}

func (n *Node) peerCommand(out []Effect, now int64, e PeerCommand) ([]Effect, error) {
	if n.net == nil {
		return append(out, Done{ID: e.ID, Err: ErrNoNetwork}), nil
	}
	value, r, err := n.net.peers.Command(now, e.Command)
	n.net.dirty = true
	return append(out, Done{ID: e.ID, Value: value, Err: err}), n.peering(now, r)
}

// netMoved tells netsync what became of blocks.
func (n *Node) netMoved(now int64, step chain.Step) {
	switch {
	case n.net == nil:
	case step.Refused != nil:
		n.net.sync.BlockRefused(now, step.Refused, step.Err)
	case step.Connected != nil:
		n.net.sync.BlockConnected(now, step.Connected, step.Block)
	case step.Disconnected != nil:
		n.net.sync.BlockDisconnected(step.Disconnected)
	}
}

// netGo does some of what the network has left to do. The chain is at rest.
func (n *Node) netGo() {
	if n.net != nil && n.net.sync.Busy() {
		n.net.sync.Go(n.net.now)
	}
}

// txAccepted tells netsync what is new in the mempool.
func (n *Node) txAccepted(txid chainhash.Hash) {
	if n.net != nil {
		n.net.sync.TxAccepted(n.net.now, txid)
	}
}

// tipNews makes the shown tip known to peers.
func (n *Node) tipNews() {
	net := n.net
	if tip := n.chain.Tip(); tip != net.told {
		net.told, net.moved = tip, net.now
		net.peers.SetTip(tip.Height, tip.Work, tip.Hash)
		net.sync.TipChanged(net.now)
	}
}

// netFinish ends a step: what is to be done for the network comes after the
// view of what it is about, and before More. shown tells whether there is one.
func (n *Node) netFinish(out []Effect, now int64, shown bool) ([]Effect, error) {
	net := n.net
	if net == nil {
		return out, nil
	}
	last := len(out) - 1
	more := last >= 0 && out[last] == Effect(More{})
	if more {
		out = out[:last]
	}
	if n.resting {
		n.tipNews()
		net.sync.Rested(now)
	}
	if err := n.peering(now, peering.Result{}); err != nil {
		return nil, err
	}
	if net.synced != net.sync.Synced() { // somebody may wait for it
		net.synced, net.dirty = true, true
	}
	if net.dirty && !more && !shown {
		out = n.show(out)
	}
	if shown = shown || net.dirty && !more; shown {
		net.shown, net.dirty = now, false
	}
	out = append(out, net.out...)
	net.out = nil
	if wake := min(net.peers.Wake(), net.sync.Wake(), net.attachWake()); wake != net.wake {
		net.wake = wake
		out = append(out, WakeAt{wake})
	}
	if more {
		out = append(out, More{})
	}
	return out, nil
}
