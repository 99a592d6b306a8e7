package peers

import (
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
	bytes    wireBytes
	upgraded atomic.Bool  // a peer runs it now
	writeBy  atomic.Int64 // Unix ns: when the message must be written; 0: no limit
	once     sync.Once
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
		c.t.notHalf(c)
		c.t.leave()
		err = c.Conn.Close()
	})
	return err
}

// half counts a connection from outside that was silent so far. The oldest of
// too many is closed: an honest peer says its first words at once.
func (t *Transport) halfOpen(c *conn) {
	var oldest *conn
	t.mu.Lock()
	if len(t.half) >= maxHalfOpen {
		oldest = t.half[0]
	}
	t.half = append(t.half, c)
	t.mu.Unlock()
	if oldest != nil {
		_ = oldest.Close()
	}
}

func (t *Transport) notHalf(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.half, c); i >= 0 {
		t.half = slices.Delete(t.half, i, i+1)
	}
}
