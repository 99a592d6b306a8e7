package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// busyAnswer is what a connection above the cap is told before it is closed.
const busyAnswer = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// listen returns the first address that can be had.
func listen(ctx context.Context, cfg *Config) (net.Listener, error) {
	if cfg.Listener != nil {
		return cfg.Listener, nil
	}
	var errs error
	for _, address := range cfg.Listen {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if err == nil {
			return l, nil
		}
		errs = errors.Join(errs, err)
	}
	return nil, fmt.Errorf("RPC cannot listen: %w", errs)
}

// capListener bounds how many connections are open and knows them all.
type capListener struct {
	net.Listener
	max       int
	writeTime time.Duration

	mu     sync.Mutex
	open   map[*conn]bool
	closed bool // nobody is let in any more
}

func newCapListener(l net.Listener, cfg *Config) *capListener {
	return &capListener{Listener: l, max: cfg.MaxConns, writeTime: cfg.WriteTime, open: map[*conn]bool{}}
}

func (l *capListener) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(nc); c != nil {
			return c, nil
		}
		// The socket's buffer is empty, so this cannot wait; the deadline is
		// for the case that it does.
		_ = nc.SetWriteDeadline(time.Now().Add(time.Millisecond))
		_, _ = nc.Write([]byte(busyAnswer))
		_ = nc.Close()
	}
}

func (l *capListener) admit(nc net.Conn) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.open) >= l.max {
		return nil
	}
	c := &conn{Conn: nc, listener: l}
	l.open[c] = true
	return c
}

// closeSilent lets nobody in any more and closes the connections that have
// never sent a whole request, for http.Server.Shutdown would wait for them.
func (l *capListener) closeSilent() {
	l.mu.Lock()
	l.closed = true
	var silent []*conn
	for c := range l.open {
		if !c.served.Load() {
			silent = append(silent, c)
		}
	}
	l.mu.Unlock()
	for _, c := range silent {
		_ = c.Close()
	}
}

// conn gives each write its own deadline, so that a peer that does not read
// cannot keep an answer in memory for ever.
type conn struct {
	net.Conn
	listener *capListener
	served   atomic.Bool // a request has reached the front
}

func (c *conn) Write(b []byte) (n int, err error) {
	const piece = 1 << 20 // bytes that get one deadline
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.listener.writeTime)); err != nil {
			return n, err
		}
		k, err := c.Conn.Write(b[:min(len(b), piece)])
		n += k
		if b = b[k:]; err != nil || len(b) == 0 {
			return n, err
		}
	}
}

func (c *conn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// slots is how many may do something at a time.
type slots struct {
	free chan struct{}
	wait time.Duration
}

func newSlots(n int, wait time.Duration) *slots {
	return &slots{make(chan struct{}, n), wait}
}

// take gets a slot, or reports that none came free in time.
func (s *slots) take(ctx context.Context) bool {
	select {
	case s.free <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case s.free <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (s *slots) put() { <-s.free }
