package rpc

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBusy is failures.md 87: slow calls fill every worker; others get 503 and
// the node can still be asked and stopped.
func TestBusy(t *testing.T) {
	begun, let := make(chan struct{}), make(chan struct{})
	stopped := make(chan struct{})
	s := startServer(t, func(c *Config, d *Deps) {
		c.Workers, c.QueueTime = 3, 20*time.Millisecond
		d.Stop = func() { close(stopped) }
	}, append(testMethods(), waiting(begun, let))...)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { s.post(t, `{"method":"waits"}`) })
		<-begun
	}
	for _, body := range []string{`{"method":"getblockcount"}`, `{"jsonrpc":"2.0","method":"getblockcount","id":1}`, `[{"method":"uptime"}]`} {
		if a := s.post(t, body); a.status != 503 || a.body != "Work queue depth exceeded" {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	a := s.post(t, `{"method":"getrpcinfo"}`)
	if strings.Count(a.body, `"method":"waits"`) != 3 || strings.Count(a.body, `"method":"getrpcinfo"`) != 1 {
		t.Errorf("getrpcinfo: %s", a.body)
	}
	if a := s.post(t, `{"method":"stop","id":1}`); a.body != `{"result":"Orrery stopping","error":null,"id":1}` {
		t.Errorf("stop: %+v", a)
	}
	<-stopped
	close(let)
	wg.Wait()
	if a := s.post(t, `{"method":"getblockcount"}`); a.status != 200 {
		t.Errorf("after the slow calls: %d", a.status)
	}
}

// TestQueue: a call that finds every worker busy waits a little.
func TestQueue(t *testing.T) {
	begun, let := make(chan struct{}), make(chan struct{})
	s := startServer(t, func(c *Config, _ *Deps) { c.Workers, c.QueueTime = 1, time.Minute }, append(testMethods(), waiting(begun, let))...)
	var wg sync.WaitGroup
	wg.Go(func() { s.post(t, `{"method":"waits"}`) })
	<-begun
	wg.Go(func() {
		if a := s.post(t, `{"method":"getblockcount"}`); a.status != 200 {
			t.Errorf("status %d", a.status)
		}
	})
	close(let)
	wg.Wait()
}

// TestBruteForce is failures.md 78: guessing on 50 connections does not slow
// down a user who knows the password.
func TestBruteForce(t *testing.T) {
	s := startServer(t, func(c *Config, _ *Deps) { c.Workers = 2 }, testMethods()...)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	began := time.Now()
	var mu sync.Mutex
	failures := 0
	for range 50 {
		wg.Go(func() {
			for ctx.Err() == nil {
				a := s.do(t, "POST", "/", `{"method":"getblockcount"}`, func(r *http.Request) { r.SetBasicAuth("alice", "guess") })
				if a.status != 401 {
					t.Errorf("status %d", a.status)
				}
				mu.Lock()
				failures++
				mu.Unlock()
			}
		})
	}
	var took []time.Duration
	for range 200 {
		begun := time.Now()
		if a := s.post(t, `{"method":"getblockcount"}`); a.status != 200 {
			t.Fatalf("status %d", a.status)
		}
		took = append(took, time.Since(begun))
	}
	cancel()
	wg.Wait()
	slices.Sort(took)
	t.Logf("p99 %v", took[len(took)*99/100])
	// Every guess costs 250 ms on its connection.
	if most := 50 * (int(time.Since(began)/(250*time.Millisecond)) + 1); failures > most {
		t.Errorf("%d guesses, at most %d are possible", failures, most)
	}
}

// TestSlowReader is failures.md 90: who does not read is cut, and holds no
// worker meanwhile.
func TestSlowReader(t *testing.T) {
	s := startServer(t, func(c *Config, _ *Deps) { c.WriteTime, c.Workers = 300*time.Millisecond, 1 }, testMethods()...)
	conn := s.dial(t)
	body := `{"method":"big","params":[100000000]}`
	_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s", s.auth, len(body), body)
	if _, err := conn.Read(make([]byte, 100)); err != nil { // the answer has begun
		t.Fatal(err)
	}
	if a := s.post(t, `{"method":"getblockcount"}`); a.status != 200 {
		t.Errorf("the slow reader holds the worker: %d", a.status)
	}
	// The server's side is gone while nothing was read.
	deadline := time.Now().Add(20 * time.Second)
	for s.openConns() > 0 {
		if time.Now().After(deadline) {
			t.Fatal("the connection was not cut")
		}
		runtime.Gosched()
	}
	if n, _ := io.Copy(io.Discard, conn); n >= 100_000_000 {
		t.Errorf("%d bytes arrived", n)
	}
}

// openConns is how many connections the server holds.
func (t *testServer) openConns() int {
	l := t.capped
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// TestLargeBodies: a few large bodies at a time bound the memory.
func TestLargeBodies(t *testing.T) {
	s := startServer(t, func(c *Config, _ *Deps) { c.LargeBodies, c.QueueTime = 1, 20*time.Millisecond }, testMethods()...)
	conn := s.dial(t)
	_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: 200000\r\n\r\n%s", s.auth, strings.Repeat(" ", 100_000))
	deadline := time.Now().Add(20 * time.Second)
	for len(s.large.free) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the large body holds nothing")
		}
		runtime.Gosched()
	}
	large := `{"method":"size","params":["` + strings.Repeat("00", 50_000) + `"]}`
	if a := s.post(t, large); a.status != 503 {
		t.Errorf("status %d", a.status)
	}
	if a := s.post(t, `{"method":"getblockcount"}`); a.status != 200 {
		t.Errorf("status %d", a.status)
	}
	_ = conn.Close()
	for s.post(t, large).status != 200 {
		if time.Now().After(deadline) {
			t.Fatal("the slot of a lost connection did not come back")
		}
	}
}

func TestPermissions(t *testing.T) {
	stopped := false
	s := startServer(t, func(_ *Config, d *Deps) { d.Stop = func() { stopped = true } }, testMethods()...)
	s.known = append(s.known, newCredential("reader", "pw", PermRead))
	as := func(r *http.Request) { r.SetBasicAuth("reader", "pw") }
	if a := s.do(t, "POST", "/", `{"method":"getblockcount"}`, as); a.status != 200 {
		t.Errorf("allowed: %+v", a)
	}
	a := s.do(t, "POST", "/", `{"jsonrpc":"2.0","method":"stop","id":1}`, as)
	if a.status != 403 || codeOf(t, a.body) != CodeMisc {
		t.Errorf("forbidden: %+v", a)
	}
	a = s.do(t, "POST", "/", `[{"method":"stop","id":1},{"method":"getblockcount","id":2}]`, as)
	if a.status != 200 || !strings.Contains(a.body, "needs the permission admin") || !strings.Contains(a.body, `"result":7`) {
		t.Errorf("in a batch: %+v", a)
	}
	if stopped {
		t.Error("it stopped")
	}
}

func TestWarmup(t *testing.T) {
	s := startServer(t, func(_ *Config, d *Deps) { d.Warmup = func() string { return "Loading block index…" } }, testMethods()...)
	if a := s.post(t, `{"method":"getblockcount","id":1}`); a.body != `{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":1}` {
		t.Errorf("got %+v", a)
	}
	if a := s.post(t, `{"method":"uptime"}`); a.status != 200 {
		t.Errorf("uptime: %+v", a)
	}
}

// TestStop: the answer arrives, calls at work finish, silent connections do
// not hold up the end, the cookie is gone.
func TestStop(t *testing.T) {
	begun, let := make(chan struct{}), make(chan struct{})
	s := startServer(t, nil, waiting(begun, let))
	silent := s.dial(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		if a := s.post(t, `{"method":"waits","id":1}`); a.body != `{"result":"let go","error":null,"id":1}` {
			t.Errorf("the call at work: %+v", a)
		}
	})
	<-begun
	a := s.post(t, `{"jsonrpc":"2.0","method":"stop","id":1}`)
	if a.body != `{"jsonrpc":"2.0","result":"Orrery stopping","id":1}` {
		t.Errorf("stop: %+v", a)
	}
	<-s.stopping
	_ = silent.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := silent.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the silent connection: %v", err)
	}
	close(let)
	wg.Wait()
	s.end(t)
	if _, err := os.Stat(s.cookie); !os.IsNotExist(err) {
		t.Errorf("the cookie: %v", err)
	}
	if _, err := net.Dial("tcp", s.Address().String()); err == nil {
		t.Error("it still listens")
	}
}

// TestStopCuts: a call that does not end is cut off after StopTime.
func TestStopCuts(t *testing.T) {
	begun := make(chan struct{})
	s := startServer(t, func(c *Config, _ *Deps) { c.StopTime = 50 * time.Millisecond }, waiting(begun, nil))
	conn := s.dial(t)
	_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: 18\r\n\r\n{\"method\":\"waits\"}", s.auth)
	<-begun
	s.end(t)
}

func TestStopWait(t *testing.T) {
	s := startServer(t, nil)
	for body, want := range map[string]Code{
		`{"method":"stop","params":[-1]}`:       CodeParameter,
		`{"method":"stop","params":[99999999]}`: CodeParameter,
		`{"method":"stop","params":["1"]}`:      CodeType,
	} {
		if a := s.post(t, body); codeOf(t, a.body) != want {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	begun := time.Now()
	if a := s.post(t, `{"method":"stop","params":[100]}`); a.status != 200 || time.Since(begun) < 100*time.Millisecond {
		t.Errorf("stop 100: %+v after %v", a, time.Since(begun))
	}
}

func TestCookie(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".cookie")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	var last string
	for range 2 {
		s := startServer(t, func(c *Config, _ *Deps) { c.CookieFile, c.User, c.Password = path, "", "" })
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		secret, ok := strings.CutPrefix(string(b), "__cookie__:")
		if raw, err := hex.DecodeString(secret); !ok || err != nil || len(raw) != 32 || secret == last {
			t.Errorf("cookie %q after %q", b, last)
		}
		last = secret
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		s.auth = ""
		if a := s.do(t, "POST", "/", `{"method":"uptime"}`, func(r *http.Request) { r.SetBasicAuth("", "") }); a.status != 401 {
			t.Errorf("no password opens it: %d", a.status)
		}
		s.end(t)
	}
	// A file that another node has written meanwhile stays.
	s := startServer(t, func(c *Config, _ *Deps) { c.CookieFile = path })
	if err := os.WriteFile(path, []byte("__cookie__:other"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.end(t)
	if b, _ := os.ReadFile(path); string(b) != "__cookie__:other" {
		t.Errorf("the other's cookie: %q", b)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := startServer(t, func(c *Config, _ *Deps) { c.Listen = []string{taken.Addr().String(), "127.0.0.1:0"} })
	if s.Address().String() == taken.Addr().String() {
		t.Error("it listens on a taken port")
	}
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s := startServer(t, func(c *Config, _ *Deps) { c.Listener = own }); s.Address() != own.Addr() {
		t.Error("the listener was not used")
	}

	cfg := DefaultConfig()
	cfg.Listen = []string{taken.Addr().String()}
	cfg.CookieFile = filepath.Join(t.TempDir(), "none", ".cookie")
	for range 2 {
		server, err := New(cfg, Deps{})
		if err != nil {
			t.Fatal(err)
		}
		err = server.Run(context.Background(), func() { t.Error("ready") })
		if err == nil || !strings.HasPrefix(err.Error(), "RPC cannot listen: ") && !strings.Contains(err.Error(), "cookie file") {
			t.Errorf("got %v", err)
		}
		cfg.Listen = []string{"127.0.0.1:0"} // now the cookie cannot be written
	}
}

func TestConfig(t *testing.T) {
	good := DefaultConfig()
	good.Listen = []string{"127.0.0.1:0"}
	if _, err := New(good, Deps{}); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"no address":       func(c *Config) { c.Listen = nil },
		"user only":        func(c *Config) { c.User = "a" },
		"password only":    func(c *Config) { c.Password = "a" },
		"no workers":       func(c *Config) { c.Workers = 0 },
		"negative timeout": func(c *Config) { c.ReadTime = -1 },
	} {
		bad := good
		change(&bad)
		if _, err := New(bad, Deps{}); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestSecrets is failures.md 91 for the server: neither the log nor an answer
// tells a password; a panic is in the log only.
func TestSecrets(t *testing.T) {
	var log bytes.Buffer
	var mu sync.Mutex
	s := startServer(t, func(c *Config, d *Deps) {
		d.Log = slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return log.Write(b)
		}), &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Password, c.FailTime = "hunter2hunter2", time.Millisecond
	}, testMethods()...)
	s.auth = ""
	basic := func(password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth("alice", password) }
	}
	var answers strings.Builder
	for _, body := range []string{`{"method":"panics"}`, `{"method":"help"}`, `{"method":"rpc.discover"}`, `{"method":"getrpcinfo"}`, `{"method":"hunter2hunter2"`} {
		answers.WriteString(s.do(t, "POST", "/", body, basic("hunter2hunter2")).body)
		answers.WriteString(s.do(t, "POST", "/", body, basic("wrong")).body)
	}
	cookie, _ := os.ReadFile(s.cookie)
	s.end(t)
	for _, secret := range []string{"hunter2hunter2", strings.TrimPrefix(string(cookie), "__cookie__:")} {
		if strings.Contains(log.String(), secret) || strings.Contains(answers.String(), secret) {
			t.Errorf("%q is told", secret)
		}
	}
	if strings.Contains(answers.String(), "secret of the inside") || strings.Contains(answers.String(), "goroutine") {
		t.Errorf("a panic is told: %s", answers.String())
	}
	if !strings.Contains(log.String(), "secret of the inside") || !strings.Contains(log.String(), "helpers_test.go") {
		t.Errorf("the log does not tell of the panic: %s", log.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestClientLeaves: a batch ends when nobody waits for it.
func TestClientLeaves(t *testing.T) {
	begun, let := make(chan struct{}), make(chan struct{})
	s := startServer(t, nil, waiting(begun, let))
	conn := s.dial(t)
	body := `[{"method":"waits"},{"method":"waits"}]`
	_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s", s.auth, len(body), body)
	<-begun
	_ = conn.Close()
	s.running.wait() // the second never begins, or the test would hang
}

// TestCallComesTooLate: what waited for a worker when the calls were cut off
// does not run while the node closes its files.
func TestCallComesTooLate(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	s.running.wait()
	a := s.post(t, `{"method":"getblockcount","id":1}`)
	if want := `{"result":null,"error":{"code":-9,"message":"Shutting down"},"id":1}`; a.body != want {
		t.Errorf("got %s", a.body)
	}
}

// TestPipeline sends several requests before reading.
func TestPipeline(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	conn := s.dial(t)
	for i := range 5 {
		body := fmt.Sprintf(`{"method":"getblockcount","id":%d}`, i)
		_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s", s.auth, len(body), body)
	}
	r := bufio.NewReader(conn)
	for i := range 5 {
		if a := readAnswer(t, r); a.body != fmt.Sprintf(`{"result":7,"error":null,"id":%d}`, i) {
			t.Errorf("answer %d: %+v", i, a)
		}
	}
}
