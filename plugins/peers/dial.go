package peers

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/coder/websocket"

	"orrery/core/protocol"
)

// dial opens a connection in the background.
func (t *Transport) dial(address string) {
	if !t.begin() {
		return
	}
	t.mu.Lock()
	t.dials++
	many := t.dials > maxDials
	t.mu.Unlock()
	go func() {
		defer t.group.Done()
		var ws *websocket.Conn
		var nc *conn
		err := errors.New("too many connections are being opened")
		if !many {
			ws, nc, err = t.connect(t.ctx, address)
		}
		t.mu.Lock()
		t.dials--
		t.mu.Unlock()
		if err != nil {
			t.deliver(protocol.DialFailed{Address: address, Reason: sentence(err)})
			return
		}
		t.runPeer(ws, nc, address, false)
	}()
}

// connect opens a connection and makes a WebSocket of it.
func (t *Transport) connect(ctx context.Context, address string) (*websocket.Conn, *conn, error) {
	if err := t.enter(false); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.DialTime)
	defer cancel()
	raw, err := t.deps.Dial(ctx, "tcp", address)
	if err != nil {
		t.left(false)
		return nil, nil, t.inTime(ctx, err)
	}
	nc := &conn{Conn: raw, t: t}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	ws, err := t.handshake(ctx, nc, address)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = nc.Close()
		return nil, nil, t.inTime(ctx, err)
	}
	return ws, nc, nil
}

// inTime names the time when that was the reason.
func (t *Transport) inTime(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no connection within %v", t.cfg.DialTime)
	}
	return err
}

// handshake asks the other end for a WebSocket.
func (t *Transport) handshake(ctx context.Context, nc *conn, address string) (*websocket.Conn, error) {
	target := url.URL{Scheme: "ws", Host: address, Path: path}
	var stream net.Conn = nc
	if t.tls != nil {
		secured := tls.Client(nc, t.tls.client())
		err := secured.HandshakeContext(ctx)
		var plain tls.RecordHeaderError
		if errors.As(err, &plain) {
			return nil, fmt.Errorf("%s speaks no TLS, as p2p.tls_cert of this node wants; all nodes of a network use it, or none", address)
		}
		if err != nil {
			return nil, fmt.Errorf("no TLS with %s: %w", address, err)
		}
		stream = secured
	}
	// The stream is open already, with TLS or without: HTTP need not know.
	once := func(context.Context, string, string) (net.Conn, error) { return stream, nil }
	transport := &http.Transport{DialContext: once, DisableKeepAlives: true, MaxResponseHeaderBytes: maxHeaderBytes}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	ws, answer, err := websocket.Dial(ctx, target.String(), &websocket.DialOptions{
		HTTPClient: client, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil && answer != nil {
		// net/http's own words to whoever comes without TLS.
		if text, _ := io.ReadAll(answer.Body); t.tls == nil && bytes.Contains(text, []byte("HTTPS server")) {
			return nil, fmt.Errorf("%s wants TLS; set p2p.tls_cert and p2p.tls_key to files of its network", address)
		}
		return nil, fmt.Errorf("%s takes no peers: it answered %q", address, answer.Status)
	}
	return ws, err
}
