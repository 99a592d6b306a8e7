package peers

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orrery/core/protocol"
)

func TestListen(t *testing.T) {
	n, other := newNode(t), startNode(t)
	other.Do(protocol.Listen{Address: n.address})
	if got := await[protocol.Listening](other); got.Address != "" || !strings.Contains(got.Reason, "address already in use") {
		t.Errorf("%+v", got)
	}
	other.Do(protocol.Listen{Address: n.address, Fallback: true})
	got := await[protocol.Listening](other)
	if got.Address == "" || got.Address == n.address {
		t.Fatalf("%+v", got)
	}
	other.address = got.Address
	connect(n, other)
	// Another address takes the place of the first; the peer stays.
	other.Do(protocol.Listen{Address: "127.0.0.1:0"})
	if moved := await[protocol.Listening](other); moved.Address == "" || moved.Address == got.Address {
		t.Fatalf("%+v", moved)
	}
	n.Do(protocol.Dial{Address: got.Address})
	if failed := await[protocol.DialFailed](n); failed.Reason != "connection refused" {
		t.Errorf("%+v", failed)
	}
	if other.Totals().Conns != 1 {
		t.Errorf("%+v", other.Totals())
	}
	other.Do(protocol.Listen{Address: "nonsense", Fallback: true})
	if got := await[protocol.Listening](other); got.Address != "" || got.Reason == "" {
		t.Errorf("%+v", got)
	}
}

// TestHTTP asks the port what it does not offer.
func TestHTTP(t *testing.T) {
	n := newNode(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, tt := range []struct {
		method, path, origin string
		status               int
	}{
		{"GET", "/", "", 404}, {"POST", "/peer", "", 405}, {"GET", "/peer", "", 426}, {"POST", "/", "", 404}, {"GET", "/debug/pprof/", "", 404},
		{"GET", "/peer", "http://evil.example", 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+n.address+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.origin != "" {
			for name, value := range map[string]string{"Origin": tt.origin, "Connection": "Upgrade", "Upgrade": "websocket",
				"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
				r.Header.Set(name, value)
			}
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != tt.status {
			t.Errorf("%+v: %s", tt, answer.Status)
		}
	}
	other := startNode(t)
	web := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = web.Serve(l) }()
	t.Cleanup(func() { _ = web.Close() })
	other.Do(protocol.Dial{Address: l.Addr().String()})
	if got := await[protocol.DialFailed](other); got.Reason != l.Addr().String()+` takes no peers: it answered "404 Not Found"` {
		t.Errorf("%+v", got)
	}
}

// certificate makes a key and a certificate that signs itself.
func certificate(t *testing.T) option {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "orrery"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	cert, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func(c *Config, _ *Deps) { c.CertFile, c.KeyFile = cert, keyFile }
}

func TestTLS(t *testing.T) {
	ours := certificate(t)
	a, b := newNode(t, ours), newNode(t, ours)
	bAtA, _ := connect(a, b)
	a.Do(protocol.Ask{Peer: bAtA, Call: 1, Request: &protocol.Ping{Nonce: 5}})
	q := await[protocol.Asked](b)
	b.Do(protocol.Answer{Peer: q.Peer, Call: q.Call, Response: &protocol.Pong{Nonce: 5}})
	if got := await[protocol.Answered](a); got.Err != nil {
		t.Fatal(got.Err)
	}
	plain, stranger := newNode(t), newNode(t, certificate(t))
	for _, pair := range [][2]*node{{stranger, a}, {a, stranger}, {plain, a}, {a, plain}} {
		pair[0].Do(protocol.Dial{Address: pair[1].address})
		got := await[protocol.DialFailed](pair[0])
		if got.Reason == "" {
			t.Errorf("%+v", got)
		}
		t.Log(got.Reason)
	}
	if plain.Totals().Conns+stranger.Totals().Conns != 0 {
		t.Error("a connection stayed")
	}
	if _, err := New(Config{MaxConns: 1, CertFile: "x"}, Deps{}); err == nil {
		t.Error("a certificate without its key")
	}
	if _, err := New(Config{MaxConns: 1, CertFile: "x", KeyFile: "y"}, Deps{}); err == nil {
		t.Error("files that are not there")
	}
}

// TestStop ends a node in the middle of everything.
func TestStop(t *testing.T) {
	n := newNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	dying, err := New(DefaultConfig(), Deps{Deliver: n.deliver})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = dying.Run(ctx, nil)
	}()
	dying.Do(protocol.Dial{Address: n.address})
	await[protocol.PeerUp](n)
	await[protocol.PeerUp](n)
	dying.Do(protocol.Ask{Peer: 1, Call: 1, Request: &protocol.GetPeers{}})
	await[protocol.Asked](n)
	cancel()
	down(t, n, "the peer closed the connection: the node is stopping")
	<-ended
	dying.Do(protocol.Dial{Address: n.address}) // all of these do nothing
	dying.Do(protocol.Listen{Address: "127.0.0.1:0"})
	dying.Do(protocol.Tell{Peer: 1, Notice: &protocol.Announce{}})
}
