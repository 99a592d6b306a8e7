package peers

import (
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a socket that counts its bytes, and that gives each piece of what is
// written a deadline, so that a peer which does not read ends.
type conn struct {
	net.Conn
	t        *Transport
	inbound  bool
	bytes    wireBytes
	upgraded atomic.Bool  // a peer runs it now
	writeBy  atomic.Int64 // Unix ns: when the message must be written; 0: no limit
	once     sync.Once
	closed   bool // guarded by t.mu
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.bytes.received.Add(int64(n))
	c.t.totals.wire.received.Add(int64(n))
	return n, err
}

func (c *conn) Write(b []byte) (n int, err error) {
	for {
		deadline := time.Now().Add(c.t.cfg.WriteTime)
		if most := c.writeBy.Load(); most != 0 && most < deadline.UnixNano() {
			deadline = time.Unix(0, most)
		}
		if err := c.SetWriteDeadline(deadline); err != nil {
			return n, err
		}
		k, err := c.Conn.Write(b[:min(len(b), pieceSize)])
		c.bytes.sent.Add(int64(k))
		c.t.totals.wire.sent.Add(int64(k))
		n += k
		if b = b[k:]; err != nil || len(b) == 0 {
			return n, err
		}
	}
}

// Close may be called more than once.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		c.t.leave(c)
		err = c.Conn.Close()
	})
	return err
}

// halfOpen counts a connection from outside whose other end is nobody yet: its
// hello was not answered. The oldest of too many is closed: an honest peer says
// its first words at once.
func (t *Transport) halfOpen(c *conn) {
	t.mu.Lock()
	t.half = append(t.half, c)
	many := len(t.half) > maxHalfOpen
	t.mu.Unlock()
	if many {
		t.giveWay()
	}
}

// notHalf is told of a connection that has become somebody's.
func (t *Transport) notHalf(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.half, c); i >= 0 {
		t.half = slices.Delete(t.half, i, i+1)
	}
}

// dying is told of a connection that is being closed: it gives way before all
// others, since it may take seconds.
func (t *Transport) dying(c *conn) {
	if !c.inbound {
		return
	}
	t.notHalf(c)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !c.closed {
		t.half = slices.Insert(t.half, 0, c)
	}
}

// giveWay closes the connection that matters least. It reports false when there
// is none but those of members.
func (t *Transport) giveWay() bool {
	t.mu.Lock()
	if len(t.half) == 0 {
		t.mu.Unlock()
		return false
	}
	c := t.half[0]
	t.half = slices.Delete(t.half, 0, 1)
	t.mu.Unlock()
	_ = c.Close()
	return true
}

// enter makes room for one more connection. Those from outside leave some for
// the node's own: whoever takes all the room here must not keep it from others.
func (t *Transport) enter(inbound bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.over:
		return errStopping
	case t.conns >= t.maxConns, inbound && t.inbound >= fromOutside(t.maxConns):
		return errors.New("too many connections are open")
	}
	t.conns++
	if inbound {
		t.inbound++
	}
	return nil
}

// left counts a connection that enter had made room for.
func (t *Transport) left(inbound bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns--
	if inbound {
		t.inbound--
	}
}

func (t *Transport) leave(c *conn) {
	t.notHalf(c)
	t.left(c.inbound)
	t.mu.Lock()
	c.closed = true
	t.mu.Unlock()
}

// fromOutside is how many of a number of connections others may open.
func fromOutside(conns int) int { return conns - min(conns/ownShare, ownConns) }

// Inbound returns how many members from outside there is room for. Some more
// connections are accepted: newcomers must be heard before anybody can decide
// who stays.
func (c Config) Inbound() int {
	in := fromOutside(maxConns(c.MaxConns))
	return in - in/newShare
}
