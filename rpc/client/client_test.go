package client

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orrery/rpc"
)

func TestMain(m *testing.M) {
	// OpenCensus, which go-jsonrpc imports, starts a worker when it is loaded.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// start runs a server until the test ends or the returned function is called.
func start(t *testing.T, change func(*rpc.Config)) (address, cookie string, stop func()) {
	t.Helper()
	cfg := rpc.DefaultConfig()
	cfg.Listen = []string{"127.0.0.1:0"}
	cfg.CookieFile = filepath.Join(t.TempDir(), ".cookie")
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, err := rpc.New(cfg, rpc.Deps{Stop: cancel})
	if err != nil {
		t.Fatal(err)
	}
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		cancel()
		if !stopped {
			stopped = true
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(stop)
	return s.Address().String(), cfg.CookieFile, stop
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c := New(cfg)
	t.Cleanup(c.Close)
	return c
}

func wantCode(t *testing.T, err error, code rpc.Code) {
	t.Helper()
	var e *rpc.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want code %d", err, code)
	}
}

func TestCall(t *testing.T) {
	ctx := context.Background()
	address, cookie, _ := start(t, func(c *rpc.Config) { c.User, c.Password = "u", "p:w" })
	for name, cfg := range map[string]Config{
		"cookie":   {Address: address, CookieFile: cookie},
		"password": {Address: address, User: "u", Password: "p:w"},
		"wallet":   {Address: address, CookieFile: cookie, Wallet: new(string), Timeout: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, cfg)
			seconds := int64(-1)
			if err := c.Call(ctx, "uptime", nil, &seconds); err != nil || seconds < 0 {
				t.Errorf("uptime %d %v", seconds, err)
			}
			for _, params := range []any{[]any{"stop"}, map[string]any{"command": "stop"}, json.RawMessage(`["stop"]`)} {
				var text string
				if err := c.Call(ctx, "help", params, &text); err != nil || !strings.HasPrefix(text, "stop\n\n") {
					t.Errorf("help %v: %q %v", params, text, err)
				}
			}
			wantCode(t, c.Call(ctx, "nix", nil, nil), rpc.CodeMethodNotFound)
			wantCode(t, c.Call(ctx, "help", []any{5}, nil), rpc.CodeType)
			wantCode(t, c.Call(ctx, "help", map[string]any{"x": 1}, nil), rpc.CodeParameter)
			if err := c.Call(ctx, "uptime", nil, &struct{ X int }{}); err == nil || !strings.Contains(err.Error(), "the result of uptime cannot be read") {
				t.Errorf("a result of another type: %v", err)
			}
			if err := c.Call(ctx, "help", func() {}, nil); err == nil || !strings.Contains(err.Error(), "the parameters of help cannot be written") {
				t.Errorf("parameters that are no JSON: %v", err)
			}
		})
	}
}

func TestBatch(t *testing.T) {
	ctx := context.Background()
	address, cookie, _ := start(t, func(c *rpc.Config) { c.MaxBatch = 3 })
	c := newClient(t, Config{Address: address, CookieFile: cookie})
	calls := []*Call{{Method: "uptime"}, {Method: "nix"}, {Method: "help", Params: []any{"uptime"}}}
	for range 2 { // again with what is in the calls
		if err := c.Batch(ctx, calls); err != nil {
			t.Fatal(err)
		}
		if calls[0].Err != nil || string(calls[0].Result) != "0" {
			t.Errorf("uptime %s %v", calls[0].Result, calls[0].Err)
		}
		wantCode(t, calls[1].Err, rpc.CodeMethodNotFound)
		if !strings.HasPrefix(Format(calls[2].Result), "uptime\n") {
			t.Errorf("help %s", calls[2].Result)
		}
	}
	if err := c.Batch(ctx, nil); err != nil {
		t.Error(err)
	}
	wantCode(t, c.Batch(ctx, append(calls, calls[0])), rpc.CodeInvalidRequest)
}

// TestNoNode: each reason for no answer is a sentence with the next step.
func TestNoNode(t *testing.T) {
	ctx := context.Background()
	address, cookie, stop := start(t, nil)
	c := newClient(t, Config{Address: address, CookieFile: cookie})
	if err := c.Call(ctx, "uptime", nil, nil); err != nil {
		t.Fatal(err)
	}
	c.Close() // else the call could meet the old connection as it closes
	stop()
	check := func(c *Client, kind error, parts ...string) {
		t.Helper()
		err := c.Call(ctx, "uptime", nil, nil)
		if err == nil || kind != nil && !errors.Is(err, kind) {
			t.Fatalf("got %v, want %v", err, kind)
		}
		for _, part := range parts {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not tell %q", err, part)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than a line: %q", err)
		}
	}
	check(c, ErrNotRunning, address, "orrery node")
	check(newClient(t, Config{Address: address, CookieFile: cookie}), ErrNotRunning, cookie, "orrery node", "--node.data_dir")
	check(newClient(t, Config{Address: address, User: "u"}), ErrNotRunning, address)
	check(newClient(t, Config{Address: "a b", User: "u"}), nil, "a b")

	address, _, _ = start(t, func(c *rpc.Config) { c.FailTime = time.Millisecond })
	check(newClient(t, Config{Address: address, User: "u", Password: "hunter2"}), ErrRefused, address, "--rpc.user")

	// Something else at that address.
	other := func(h http.HandlerFunc) *Client {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return newClient(t, Config{Address: server.Listener.Addr().String(), User: "u", Timeout: 200 * time.Millisecond})
	}
	check(other(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }), nil, "200 OK", "Is that a node")
	check(other(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }), ErrBusy)
	check(other(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{"application/json"}
		_, _ = w.Write([]byte("[1"))
	}), nil, "cannot be read")
	check(other(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("{"))
	}), nil, "broke off")
	silent := make(chan struct{})
	check(other(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-silent:
		case <-r.Context().Done():
		}
	}), nil, "did not answer within 200ms")
	close(silent)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := newClient(t, Config{Address: l.Addr().String(), User: "u"}).Call(cancelled, "uptime", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestNewCookie: a client outlives the node that it first called.
func TestNewCookie(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	same := func(c *rpc.Config) { c.CookieFile, c.FailTime = filepath.Join(dir, ".cookie"), time.Millisecond }
	address, cookie, stop := start(t, same)
	c := newClient(t, Config{Address: address, CookieFile: cookie})
	if err := c.Call(ctx, "uptime", nil, nil); err != nil {
		t.Fatal(err)
	}
	c.Close() // else the call could meet the old connection as it closes
	stop()
	start(t, func(cfg *rpc.Config) { same(cfg); cfg.Listen = []string{address} })
	if err := c.Call(ctx, "uptime", nil, nil); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(cookie, []byte("__cookie__:wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newClient(t, Config{Address: address, CookieFile: cookie}).Call(ctx, "uptime", nil, nil); !errors.Is(err, ErrRefused) {
		t.Errorf("a wrong cookie: %v", err)
	}
}
