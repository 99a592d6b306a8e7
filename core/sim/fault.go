package sim

import (
	"slices"

	"orrery/core/protocol"
)

// Between gives the link between two nodes, to be changed at will; for both
// directions.
func (n *Net) Between(a, b *Node) *Link {
	k := [2]int{min(a.ID, b.ID), max(a.ID, b.ID)}
	if n.links[k] == nil {
		l := n.cfg.Link
		n.links[k] = &l
		for _, c := range n.conns {
			if x, y := c.ends[0].node.ID, c.ends[1].node.ID; k == [2]int{min(x, y), max(x, y)} {
				c.link = &l
			}
		}
	}
	return n.links[k]
}

func (n *Net) link(a, b *Node) *Link {
	if len(n.links) > 0 {
		if l := n.links[[2]int{min(a.ID, b.ID), max(a.ID, b.ID)}]; l != nil {
			return l
		}
	}
	return &n.cfg.Link
}

// Cut swallows what is sent from one node to another, until Mend or Heal.
func (n *Net) Cut(from, to *Node) {
	k := [2]int{from.ID, to.ID}
	if !n.cut[k] {
		n.cut[k] = true
		n.cuts++
	}
}

// Split cuts all lines, in both directions, between nodes of different groups.
func (n *Net) Split(groups ...[]*Node) {
	for i, g := range groups {
		for j, h := range groups {
			if i == j {
				continue
			}
			for _, a := range g {
				for _, b := range h {
					n.Cut(a, b)
				}
			}
		}
	}
}

// Mend ends a Cut.
func (n *Net) Mend(from, to *Node) {
	k := [2]int{from.ID, to.ID}
	if n.cut[k] {
		delete(n.cut, k)
		n.cuts--
		n.releaseAll()
	}
}

// Heal ends all cuts.
func (n *Net) Heal() {
	clear(n.cut)
	n.cuts = 0
	n.releaseAll()
}

func (n *Net) isCut(from, to *Node) bool { return n.cuts > 0 && n.cut[[2]int{from.ID, to.ID}] }

func (n *Net) releaseAll() {
	open := n.conns[:0]
	for _, c := range n.conns {
		if !c.ends[0].gone || !c.ends[1].gone {
			n.release(c)
			open = append(open, c)
		}
	}
	clear(n.conns[len(open):])
	n.conns = open
}

// Crash ends a node without a word of its own. When only the process ends, the
// computer resets its connections, and all that was committed is there later.
// When the power goes, nobody is told, and of what was not flushed some is lost.
func (n *Net) Crash(x *Node, power bool) {
	if x.machine == nil {
		return
	}
	n.count.Crashes++
	x.machine = nil
	delete(n.byAddr, x.listen)
	x.listen = ""
	for _, at := range x.byPeer {
		if at.conn == nil || at.conn.ends[at.side].gone {
			continue
		}
		if !power {
			n.send(x, at.conn.ends[at.side].peer, 0, ending{"connection reset"})
			at.conn.ends[at.side].gone = true
		}
	}
	x.byPeer, x.last = nil, protocol.PeerID(0)
	clear(x.done)
	x.run++ // what was planned for it is void
	n.retarget(x)
	if power {
		lost, err := x.disk.lose(n.chance)
		if err != nil {
			n.fail(x, "disk", err)
		}
		n.count.Lost += uint64(lost)
		if n.cfg.Fragile {
			x.saved = slices.Clone(x.synced)
		}
	} else if err := x.disk.Sync(); err != nil {
		n.fail(x, "disk", err)
	}
}

// Restart starts a node that has crashed.
func (n *Net) Restart(x *Node) {
	if x.machine == nil {
		n.boot(x)
		n.releaseAll() // what still came for the former run is answered by a reset
	}
}
