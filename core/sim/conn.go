package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"orrery/core/protocol"
)

// conn is a connection. Side 0 has dialled.
type conn struct {
	ends [2]end
	link *Link
}

// end is what one side has of a connection.
type end struct {
	node  *Node
	run   uint32
	peer  protocol.PeerID // how the node calls the connection; 0: it does not know of it yet
	gone  bool            // the node was told that it is over
	busy  int64           // virtual ns until when its line is full
	last  int64           // virtual ns when its last message arrives
	held  []happening     // what a cut swallowed on the way to this end
	since int64           // virtual ns when that began
	asks  []ask           // its questions without answers, oldest first
	timer bool            // a look at them is planned
	heard []heard         // questions to it, when it is mute for some
}

type heard struct {
	call   uint64
	method string
}

type ask struct {
	call uint64
	by   int64 // virtual ns
}

// Messages, as they travel.
type (
	question struct{ protocol.Request }
	reply    struct {
		response protocol.Response
		err      *protocol.Error
	}
	ending struct{ reason string }
)

const (
	// portBase is the first port of dialling sides (IANA's dynamic ones).
	portBase  = 49152
	portCount = 65536 - portBase
	// freePort is where a node looks for a free port from.
	freePort = 20000
	// minForget is from how many connections on the ended ones are forgotten.
	minForget = 64
	// maxSaid bounds what is kept of what a node told its owner.
	maxSaid = 1000
)

func hostOf(address string) string {
	if i := strings.LastIndexByte(address, ':'); i >= 0 {
		return address[:i]
	}
	return address
}

func isPortZero(address string) bool { return strings.HasSuffix(address, ":0") }

// carry does what a node asks of the network.
func (n *Net) carry(x *Node, e protocol.Effect) {
	switch e := e.(type) {
	case protocol.Ask:
		n.askPeer(x, e)
	case protocol.Answer:
		n.send(x, e.Peer, e.Call, reply{e.Response, e.Err})
	case protocol.Serve:
		r, err := n.serve(x, e.Request)
		n.send(x, e.Peer, e.Call, reply{r, err})
	case protocol.Tell:
		n.send(x, e.Peer, 0, e.Notice)
	case protocol.Close:
		n.closeConn(x, e.Peer, e.Reason)
	case protocol.Dial:
		n.dial(x, e.Address)
	case protocol.Listen:
		n.listen(x, e)
	case protocol.Save:
		x.save(e.Records)
	case protocol.Say:
		if x.said = append(x.said, e.Text); len(x.said) > maxSaid {
			x.said = x.said[1:]
		}
	}
}

func (n *Net) listen(x *Node, e protocol.Listen) {
	delete(n.byAddr, x.listen)
	host, port := hostOf(e.Address), e.Address[len(hostOf(e.Address)):]
	if host == "" || host == "0.0.0.0" || host == "[::]" {
		host = x.spec.Host
	}
	answer := protocol.Listening{Address: host + port}
	if taken := n.byAddr[answer.Address] != nil; taken || isPortZero(answer.Address) {
		if taken && !e.Fallback && !isPortZero(answer.Address) {
			answer = protocol.Listening{Reason: "the port is taken"}
		} else {
			for p := freePort; n.byAddr[answer.Address] != nil || isPortZero(answer.Address); p++ {
				answer.Address = fmt.Sprintf("%s:%d", host, p)
			}
		}
	}
	if x.listen = answer.Address; x.listen != "" {
		n.byAddr[x.listen] = x
	}
	n.plan(x, 0, happening{kind: onEvent, body: peerEvent(answer)})
}

// dial takes there and back once until the caller knows, and once more there
// until the other side does.
func (n *Net) dial(x *Node, address string) {
	to := n.byAddr[address]
	wait := int64(time.Millisecond)
	if to != nil {
		l := n.link(x, to)
		wait = l.travel(x.lines) + l.travel(x.lines)
	}
	if to != nil && (n.isCut(x, to) || n.isCut(to, x)) {
		wait = int64(n.cfg.DialPatience)
	}
	n.plan(x, wait, happening{kind: onDialed, body: address})
}

func (n *Net) dialed(x *Node, address string) {
	to := n.byAddr[address]
	switch {
	case to == nil:
		n.peerEvent(x, protocol.DialFailed{Address: address, Reason: "connection refused"})
		return
	case n.isCut(x, to) || n.isCut(to, x):
		n.peerEvent(x, protocol.DialFailed{Address: address, Reason: "no answer"})
		return
	}
	c := &conn{link: n.link(x, to)}
	c.ends[0] = end{node: x, run: x.run}
	c.ends[1] = end{node: to, run: to.run}
	if n.conns = append(n.conns, c); len(n.conns) > 2*n.conned+minForget {
		n.releaseAll() // nothing is to be released; it forgets those that have ended
		n.conned = len(n.conns)
	}
	at := n.now + c.link.travel(x.lines)
	c.ends[0].last, c.ends[1].last = at, at
	n.q.push(at, happening{kind: onAccept, conn: c})
	x.meet(c, 0)
	n.peerEvent(x, protocol.PeerUp{Peer: c.ends[0].peer, Address: address})
}

// meet gives an end the number by which its node calls the connection.
func (x *Node) meet(c *conn, side int8) {
	x.last++
	c.ends[side].peer = x.last
	x.byPeer = append(x.byPeer, place{c, side})
}

func (n *Net) accept(c *conn) {
	to := &c.ends[1]
	if to.run != to.node.run || to.node.machine == nil {
		n.reset(c, 0)
		return
	}
	to.node.meet(c, 1)
	from := c.ends[0].node
	from.port = (from.port + 1) % portCount
	address := fmt.Sprintf("%s:%d", from.spec.Host, portBase+int(from.port))
	n.peerEvent(to.node, protocol.PeerUp{Peer: to.peer, Address: address, Inbound: true})
}

// find returns a node's end of a connection; ok is false when it is over.
func (x *Node) find(p protocol.PeerID) (c *conn, side int8, ok bool) {
	if p == 0 || uint64(p) > uint64(len(x.byPeer)) {
		return nil, 0, false
	}
	at := x.byPeer[p-1]
	return at.conn, at.side, at.conn != nil && !at.conn.ends[at.side].gone
}

func (n *Net) askPeer(x *Node, e protocol.Ask) {
	c, side, ok := x.find(e.Peer)
	if c == nil {
		n.plan(x, 0, happening{kind: onEvent, body: peerEvent(protocol.Answered{Peer: e.Peer, Call: e.Call, Err: errLost})})
		return
	}
	me := &c.ends[side]
	me.asks = append(me.asks, ask{e.Call, n.now + int64(protocol.AnswerTime)})
	if !ok {
		return // the end of the connection answers it
	}
	if !me.timer {
		me.timer = true
		n.plan(x, int64(protocol.AnswerTime), happening{kind: onLate, conn: c, side: side})
	}
	n.send(x, e.Peer, e.Call, question{e.Request})
}

// late answers questions for the peer that let their time pass.
func (n *Net) late(c *conn, side int8) {
	me := &c.ends[side]
	me.timer = false
	for !me.gone && len(me.asks) > 0 && me.asks[0].by <= n.now {
		call := me.asks[0].call
		me.asks = slices.Delete(me.asks, 0, 1)
		n.peerEvent(me.node, protocol.Answered{Peer: me.peer, Call: call, Err: errSlow})
	}
	if !me.gone && len(me.asks) > 0 && !me.timer {
		me.timer = true
		n.plan(me.node, me.asks[0].by-n.now, happening{kind: onLate, conn: c, side: side})
	}
}

// askedFor takes out the method of a question that is being answered.
func (e *end) askedFor(call uint64) string {
	i := slices.IndexFunc(e.heard, func(h heard) bool { return h.call == call })
	if i < 0 {
		return ""
	}
	method := e.heard[i].method
	e.heard = slices.Delete(e.heard, i, i+1)
	return method
}
