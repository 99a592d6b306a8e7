package sim

import (
	"slices"

	"orrery/core/node"
	"orrery/core/protocol"
)

func peerEvent(e protocol.Event) node.Event { return node.PeerEvent{Event: e} }

func bodyBytes(body any) int {
	switch m := body.(type) {
	case question:
		return messageBytes(m.Request)
	case reply:
		if m.err != nil {
			return frameBytes + len(m.err.Message) + memberBytes*len(m.err.Referral)
		}
		return messageBytes(m.response)
	case protocol.Notice:
		return messageBytes(m)
	}
	return frameBytes
}

// send puts a message on its way to the other end.
func (n *Net) send(x *Node, p protocol.PeerID, call uint64, body any) {
	c, side, ok := x.find(p)
	if !ok || x.mutes(c, side, call, body) {
		return
	}
	me, to := &c.ends[side], 1-side
	l := c.link
	size := bodyBytes(body)
	n.count.Messages++
	n.count.Bytes += uint64(size)
	me.busy = max(me.busy, n.now) + l.occupy(size)
	me.last = max(me.last, me.busy+l.travel(x.lines))
	h := happening{kind: onArrival, conn: c, side: to, call: call, body: body}
	n.q.push(me.last, h)
	if _, notice := body.(protocol.Notice); notice && l.Repeat > 0 && x.lines.Float64() < l.Repeat {
		me.last = max(me.last, me.last+l.travel(x.lines))
		n.q.push(me.last, h)
	}
}

// mutes reports whether the node never says this: a notice, or an answer, which
// goes by the method of its question.
func (x *Node) mutes(c *conn, side int8, call uint64, body any) bool {
	if len(x.spec.Mute) == 0 {
		return false
	}
	method := ""
	switch m := body.(type) {
	case protocol.Notice:
		method = m.Method()
	case reply:
		method = c.ends[side].askedFor(call)
	}
	return slices.Contains(x.spec.Mute, method)
}

// arrive brings a message to the end that it was sent to.
func (n *Net) arrive(h *happening) {
	c, to := h.conn, &h.conn.ends[h.side]
	if to.gone || to.peer == 0 {
		return
	}
	if to.run != to.node.run && to.node.machine != nil {
		n.reset(c, 1-h.side)
		return
	}
	if len(to.held) > 0 || to.node.machine == nil || n.cuts > 0 && n.isCut(c.ends[1-h.side].node, to.node) {
		n.hold(h)
		return
	}
	n.deliver(h)
}

// reset is what a computer answers that knows nothing of the connection: the
// node there was started anew.
func (n *Net) reset(c *conn, side int8) {
	c.ends[1-side].gone = true
	n.q.push(n.now+c.link.travel(c.ends[1-side].node.lines), happening{kind: onArrival, conn: c, side: side, body: ending{"connection reset"}})
}

// hold keeps what a cut swallows.
func (n *Net) hold(h *happening) {
	to := &h.conn.ends[h.side]
	if len(to.held) == 0 {
		to.since = n.now
		n.q.push(n.now+int64(n.cfg.Patience), happening{kind: onImpatient, conn: h.conn})
	}
	to.held = append(to.held, *h)
	n.count.Held++
}

// impatient ends a connection that has swallowed something for too long.
func (n *Net) impatient(c *conn) {
	for side := range c.ends {
		if e := &c.ends[side]; !e.gone && len(e.held) > 0 && n.now-e.since >= int64(n.cfg.Patience) {
			n.lose(c, "timed out")
			return
		}
	}
}

// lose ends a connection for both sides at once, without a word between them.
func (n *Net) lose(c *conn, reason string) {
	n.end(c, 0, reason)
	n.end(c, 1, reason)
}

// release brings what a cut had held, after it healed: the next try of each
// side comes some time later.
func (n *Net) release(c *conn) {
	for side := range c.ends {
		to, from := &c.ends[side], &c.ends[1-side]
		if len(to.held) == 0 || n.isCut(from.node, to.node) {
			continue
		}
		at := n.now + int64(retryTime) + c.link.travel(from.node.lines)
		for _, h := range to.held {
			n.q.push(at, h)
		}
		from.last = max(from.last, at)
		to.held = nil
	}
}

func (n *Net) deliver(h *happening) {
	c, to := h.conn, &h.conn.ends[h.side]
	switch m := h.body.(type) {
	case question:
		if len(to.node.spec.Mute) > 0 {
			to.heard = append(to.heard, heard{h.call, m.Method()})
		}
		n.peerEvent(to.node, protocol.Asked{Peer: to.peer, Call: h.call, Request: m.Request})
	case reply:
		i := slices.IndexFunc(to.asks, func(a ask) bool { return a.call == h.call })
		if i < 0 {
			return // too late: it was answered with an error
		}
		to.asks = slices.Delete(to.asks, i, i+1)
		e := protocol.Answered{Peer: to.peer, Call: h.call, Response: m.response}
		if m.err != nil {
			e.Err = m.err
		}
		n.peerEvent(to.node, e)
	case protocol.Notice:
		n.peerEvent(to.node, protocol.Told{Peer: to.peer, Notice: m})
	case ending:
		n.end(c, h.side, m.reason)
	}
}

// closeConn ends a connection from one side; the other learns of it later.
func (n *Net) closeConn(x *Node, p protocol.PeerID, reason string) {
	c, side, ok := x.find(p)
	if !ok {
		return
	}
	n.send(x, p, 0, ending{reason})
	n.end(c, side, reason)
}

// end tells one side that the connection is over.
func (n *Net) end(c *conn, side int8, reason string) {
	me := &c.ends[side]
	if me.gone {
		return
	}
	me.gone, me.held = true, nil
	if me.peer == 0 || me.run != me.node.run {
		return // it never knew of it, or it is another run of the node
	}
	n.count.Dropped++
	n.plan(me.node, 0, happening{kind: onDown, conn: c, side: side, body: reason})
}

// down ends what a node knows of a connection: first come the answers that it
// will not get.
func (n *Net) down(c *conn, side int8, reason string) {
	me := &c.ends[side]
	for len(me.asks) > 0 {
		call := me.asks[0].call
		me.asks = slices.Delete(me.asks, 0, 1)
		n.peerEvent(me.node, protocol.Answered{Peer: me.peer, Call: call, Err: errLost})
	}
	me.node.byPeer[me.peer-1].conn = nil
	n.peerEvent(me.node, protocol.PeerDown{Peer: me.peer, Reason: reason})
}
