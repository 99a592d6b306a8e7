package peers

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"orrery/core/protocol"
)

// How a connection ends, as the other end is told (RFC 6455, 7.4.1).
const (
	codeGoingAway = websocket.StatusGoingAway               // the node stops
	codeMalformed = websocket.StatusInvalidFramePayloadData // not a message of this protocol
	codePolicy    = websocket.StatusPolicyViolation         // the node decided so: the reason tells
	codeTooBig    = websocket.StatusMessageTooBig           // more than a limit allows
)

// ending is why a connection ends.
type ending struct {
	code   websocket.StatusCode
	reason string
	mine   bool // this end closes
}

// peer is one connection. One goroutine belongs to it at rest: the reader, which
// runs it. A writer is there while there is something to write. Each call that
// waits for its answer, and each request that is answered from the view, has one
// of its own.
type peer struct {
	t       *Transport
	id      protocol.PeerID
	address string
	inbound bool
	ws      *websocket.Conn
	nc      *conn
	since   time.Time
	stats   counters

	out    queue
	calls  calls  // ours that wait for an answer
	asked  asked  // theirs that wait for an answer
	client client // how ours are put into words
	buffer []byte // of the reader
	spoke  bool   // the peer said something valid

	unwritten chan struct{} // a place for each answer that is not written yet
	handlers  atomic.Int32
	closing   atomic.Bool     // nothing more is wanted of the peer
	ctx       context.Context // ends when nothing can be sent or received any more
	cancel    context.CancelFunc
	writer    sync.WaitGroup

	mu    sync.Mutex
	over  bool // no goroutine begins any more
	work  sync.WaitGroup
	why   *ending
	timer *time.Timer // ends a close that takes too long
}

// newPeer takes over an open connection, which enter has counted.
func (t *Transport) newPeer(ws *websocket.Conn, nc *conn, address string, inbound bool) (*peer, error) {
	p := &peer{
		t: t, address: address, inbound: inbound, ws: ws, nc: nc, since: time.Now(),
		unwritten: make(chan struct{}, maxUnwritten),
	}
	p.out.start = func() {
		p.writer.Add(1)
		go p.write()
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	ws.SetReadLimit(protocol.MaxFrame)
	if err := p.newClient(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil, errors.New("the node is stopping")
	}
	t.last++
	p.id = t.last
	t.peers[p.id] = p
	return p, nil
}

// run is the connection's life. It returns when nothing is left of it.
func (p *peer) run() {
	p.t.deliver(protocol.PeerUp{Peer: p.id, Address: p.address, Inbound: p.inbound})
	p.read()
	if p.out.ended() {
		p.writer.Wait() // it tells the reason; the timer bounds that
	}
	p.cancel()
	_ = p.nc.Close()
	p.out.halt()
	p.writer.Wait()
	_ = p.ws.CloseNow()
	p.mu.Lock()
	p.over = true
	why := p.why
	if p.timer != nil {
		p.timer.Stop()
	}
	p.mu.Unlock()
	p.work.Wait()
	p.t.mu.Lock()
	delete(p.t.peers, p.id)
	p.t.mu.Unlock()
	p.giveUp(p.out.close(item{}, true))
	p.t.deliver(protocol.PeerDown{Peer: p.id, Reason: why.text()})
}

func (e *ending) text() string {
	switch {
	case e == nil:
		return "the connection was lost"
	case e.mine || e.code == 0:
		return e.reason
	case e.reason == "":
		return "the peer closed the connection without a reason"
	}
	return "the peer closed the connection: " + clean(e.reason)
}

// clean makes one short line of what a peer wrote.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, s)
}

// begin registers a goroutine of the peer's.
func (p *peer) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return false
	}
	p.work.Add(1)
	return true
}

// ends notes why the connection ends. The first reason is the one that counts.
func (p *peer) ends(e ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.why == nil {
		p.why = &e
	}
}

// finish ends the connection with a reason that the peer is told: now, or after
// everything that was to be sent before.
func (p *peer) finish(e ending, now bool) {
	p.closing.Store(true)
	p.ends(e)
	p.giveUp(p.out.close(item{end: &e}, now))
	p.t.dying(p.nc)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil && !p.over {
		p.timer = time.AfterFunc(2*p.t.cfg.CloseTime, func() { _ = p.nc.Close() })
	}
}

// cut ends the connection of a peer that would not even read the reason.
func (p *peer) cut(reason string) {
	p.closing.Store(true)
	p.ends(ending{reason: reason, mine: true})
	_ = p.nc.Close()
}

func (p *peer) push(it item) {
	if !p.out.put(it) {
		p.cut("the peer does not read what it is sent")
	}
}

// giveUp ends what will not be sent any more.
func (p *peer) giveUp(items []item) {
	for _, it := range items {
		it.free()
		if ask, ok := it.effect.(protocol.Ask); ok {
			p.fail(ask.Call, errLost)
		}
	}
}

// fail delivers that a call has no answer, without waiting.
func (p *peer) fail(call uint64, err error) {
	if p.t.begin() {
		go func() {
			defer p.t.group.Done()
			p.t.deliver(protocol.Answered{Peer: p.id, Call: call, Err: err})
		}()
	}
}

var errLost = errors.New("the connection ended before the answer")

// reasonText fits a reason into a close frame.
func reasonText(s string) string {
	const most = 123 // bytes (RFC 6455, 5.5)
	if s = strings.ToValidUTF8(s, "?"); len(s) <= most {
		return s
	}
	s = s[:most]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
