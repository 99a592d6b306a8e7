package peers

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/coder/websocket"

	"orrery/core/protocol"
)

// path is where peers are taken.
const path = "/peer"

// front takes peers at one address.
type front struct {
	t        *Transport
	listener net.Listener
	server   *http.Server
	served   chan struct{}
}

// listen takes peers at an address, in the background. Effects keep their order.
func (t *Transport) listen(e protocol.Listen) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.wanted = append(t.wanted, e)
	if len(t.wanted) == 1 {
		t.group.Add(1)
		go t.listenNext()
	}
}

func (t *Transport) listenNext() {
	defer t.group.Done()
	for {
		t.mu.Lock()
		e := t.wanted[0]
		t.mu.Unlock()
		address, err := t.open(e)
		event := protocol.Listening{Address: address}
		if err != nil {
			event.Reason = err.Error()
		}
		t.deliver(event)
		t.mu.Lock()
		t.wanted = t.wanted[1:]
		more := len(t.wanted) > 0
		t.mu.Unlock()
		if !more {
			return
		}
	}
}

// open listens at a new address, and then no more at the old one.
func (t *Transport) open(e protocol.Listen) (address string, err error) {
	l, err := t.bind(e)
	if err != nil {
		return "", err
	}
	f := &front{t: t, listener: l, served: make(chan struct{})}
	f.server = f.newServer()
	t.mu.Lock()
	old, over := t.front, t.over
	if !over {
		t.front = f
	}
	t.mu.Unlock()
	if over {
		_ = l.Close()
		return "", errors.New("the node is stopping")
	}
	go f.run()
	if old != nil {
		old.close()
	}
	return l.Addr().String(), nil
}

func (t *Transport) bind(e protocol.Listen) (net.Listener, error) {
	l, err := t.deps.Listen(t.ctx, "tcp", e.Address)
	if err == nil || !e.Fallback || !taken(err) {
		return l, bareOr(err)
	}
	host, _, err := net.SplitHostPort(e.Address)
	if err != nil {
		return nil, err
	}
	l, err = t.deps.Listen(t.ctx, "tcp", net.JoinHostPort(host, "0"))
	return l, bareOr(err)
}

func bareOr(err error) error {
	if err == nil {
		return nil
	}
	return bare(err)
}

// wsaAddrInUse is Windows' word for EADDRINUSE (WSAEADDRINUSE).
const wsaAddrInUse = syscall.Errno(10048)

func taken(err error) bool { return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaAddrInUse) }

type connKey struct{}

func (f *front) newServer() *http.Server {
	const slop = 4096 // net/http adds this to MaxHeaderBytes
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, f.accept)
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: f.t.cfg.HelloTime,
		IdleTimeout:       f.t.cfg.HelloTime,
		MaxHeaderBytes:    maxHeaderBytes - slop,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if wrapped, ok := c.(*tls.Conn); ok {
				c = wrapped.NetConn()
			}
			return context.WithValue(ctx, connKey{}, c)
		},
		// What goes wrong with a connection is the peer's affair, and a peer
		// could fill the log with it.
		ErrorLog:     slog.NewLogLogger(f.t.deps.Log.Handler(), slog.LevelDebug),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // HTTP/2 has no upgrade
	}
}

func (f *front) run() {
	defer close(f.served)
	var l net.Listener = &counting{f.listener, f.t}
	if f.t.tls != nil {
		l = tls.NewListener(l, f.t.tls.server())
	}
	_ = f.server.Serve(l) // it ends when the listener is closed
}

// close takes nobody any more; those who came stay.
func (f *front) close() {
	_ = f.listener.Close()
	<-f.served
}

// counting bounds how many connections there are.
type counting struct {
	net.Listener
	t *Transport
}

func (l *counting) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !l.admit() {
			_ = nc.Close()
			continue
		}
		c := &conn{Conn: nc, t: l.t, inbound: true}
		l.t.halfOpen(c)
		return c, nil
	}
}

// admit makes room for a new connection, at the expense of those of nobody.
func (l *counting) admit() bool {
	for {
		err := l.t.enter(true)
		if err == nil {
			return true
		}
		if errors.Is(err, errStopping) || !l.t.giveWay() {
			return false
		}
	}
}

// accept makes a peer of an HTTP request.
func (f *front) accept(w http.ResponseWriter, r *http.Request) {
	if !f.t.begin() {
		http.Error(w, "the node is stopping", http.StatusServiceUnavailable)
		return
	}
	defer f.t.group.Done()
	nc := r.Context().Value(connKey{}).(*conn)
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // w was told
	}
	nc.upgraded.Store(true)
	f.t.runPeer(ws, nc, r.RemoteAddr, true)
}

// runPeer is a connection's life from its handshake to its end.
func (t *Transport) runPeer(ws *websocket.Conn, nc *conn, address string, inbound bool) {
	p, err := t.newPeer(ws, nc, address, inbound)
	if err != nil {
		_ = ws.Close(codeGoingAway, reasonText(err.Error()))
		_ = nc.Close()
		return
	}
	p.run()
}

// sentence makes one plain sentence of why something failed.
func sentence(err error) string { return strings.TrimPrefix(clean(bare(err).Error()), "connect: ") }
