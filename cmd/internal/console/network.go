package console

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// maxPeerLines bounds the lines about peers that come and go in peerSpan: a
// peer that does it all the time would push everything else off the screen.
const (
	maxPeerLines = 30
	peerSpan     = time.Minute
	// settleTime is how long a node that has connected may take to get an ID and
	// to tell where it listens, before it is shown without.
	settleTime = 5 * time.Second
)

// who shows which peers come and go.
type who struct {
	known []peering.PeerView // by Peer
	since time.Time          // of the running span
	lines int                // in it
	mute  int                // not shown in it
}

// peers shows who has come and gone since the last view.
func (c *Console) peers(v *node.View) {
	if v.Net == nil {
		return
	}
	now := c.now()
	if w := &c.who; now.Sub(w.since) >= peerSpan || now.Before(w.since) {
		if w.mute > 0 {
			c.say(fmt.Sprintf("%s more that peers joined or left", plural(w.mute, "time", "times")))
		}
		w.since, w.lines, w.mute = now, 0, 0
	}
	var members []peering.PeerView
	for i := range v.Net.Peers.Peers {
		if p := &v.Net.Peers.Peers[i]; p.Member && p.Role != "feeler" && p.Role != "probe" && (contains(c.who.known, p.Peer) || settled(p, now)) {
			members = append(members, *p)
		}
	}
	for i := range c.who.known {
		if p := &c.who.known[i]; !contains(members, p.Peer) {
			c.peer(p, "left", "%s left (%s)")
		}
	}
	for i := range members {
		if p := &members[i]; !contains(c.who.known, p.Peer) {
			if p.Inbound {
				c.peer(p, "joined", "%s joined (%s)")
			} else {
				c.peer(p, "connected", "connected to %s (%s)")
			}
		}
	}
	c.who.known = members
}

func settled(p *peering.PeerView, now time.Time) bool {
	if p.Kind == protocol.KindTracker {
		return true // it has no ID
	}
	return p.NodeID != 0 && (p.Listen != "" || p.Kind != protocol.KindNode) || now.UnixNano()-p.Connected >= int64(settleTime)
}

func contains(list []peering.PeerView, id protocol.PeerID) bool {
	_, found := slices.BinarySearchFunc(list, id, func(p peering.PeerView, id protocol.PeerID) int { return cmp.Compare(p.Peer, id) })
	return found
}

// peer shows that one has come or gone, in a word for logs or a line.
func (c *Console) peer(p *peering.PeerView, what, format string) {
	if c.who.lines++; c.who.lines > maxPeerLines {
		c.who.mute++
		return
	}
	address := cmp.Or(p.Listen, p.Address)
	if c.out == nil {
		c.log.Info("peer "+what, "node_id", p.NodeID, "kind", p.Kind, "address", address)
		return
	}
	name := fmt.Sprint(p.NodeID)
	if p.NodeID == 0 {
		name = "a node without ID"
	}
	switch p.Kind {
	case protocol.KindNode:
	case protocol.KindTracker:
		name = "the tracker"
	default:
		name = p.Kind + " " + name
	}
	fmt.Fprintf(c.out, "  "+format+"\n", name, address)
}

// say shows one line.
func (c *Console) say(text string) {
	if c.out == nil {
		c.log.Info(text)
		return
	}
	fmt.Fprintf(c.out, "  %s\n", text)
}
