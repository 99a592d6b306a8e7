package rpc

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// testServer is a running server with methods beside the real ones.
type testServer struct {
	*Server
	auth   string // of an Authorization header
	cookie string // path
	stop   context.CancelFunc
	done   chan error
}

// startServer runs a server on a free port until the test ends.
func startServer(tb testing.TB, change func(*Config, *Deps), extra ...Method) *testServer {
	tb.Helper()
	cfg := DefaultConfig()
	cfg.Listen = []string{"127.0.0.1:0"}
	cfg.User, cfg.Password = "alice", "secret"
	cfg.CookieFile = filepath.Join(tb.TempDir(), ".cookie")
	var deps Deps
	ctx, cancel := context.WithCancel(context.Background())
	deps.Stop = cancel
	if change != nil {
		change(&cfg, &deps)
	}
	deps = deps.withDefaults()
	table, err := NewTable(methodsOf(deps, extra))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := New(cfg, deps)
	if err != nil {
		tb.Fatal(err)
	}
	s.table, s.calls = table, newDispatcher(table, deps.Log)
	t := &testServer{s, "Basic " + base64.StdEncoding.EncodeToString([]byte("alice:secret")), cfg.CookieFile, cancel, make(chan error, 1)}
	ready := make(chan struct{})
	go func() { t.done <- s.Run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-t.done:
		tb.Fatal(err)
	}
	tb.Cleanup(func() { t.end(tb) })
	return t
}

// methodsOf are the real methods, without a node only those that need none,
// but for those that extra replaces.
func methodsOf(d Deps, extra []Method) []Method {
	list := controlMethods(d)
	if d.Node != nil {
		list = Methods(d)
	}
	list = slices.DeleteFunc(list, func(m Method) bool {
		return slices.ContainsFunc(extra, func(e Method) bool { return e.Name == m.Name })
	})
	return append(list, extra...)
}

// end stops the server and waits for it; again does nothing.
func (t *testServer) end(tb testing.TB) {
	t.stop()
	if err, open := <-t.done; open {
		close(t.done)
		if err != nil {
			tb.Error(err)
		}
	}
}

// testMethods are methods of known behaviour.
func testMethods() []Method {
	method := func(name string, h Handler, params ...Param) Method {
		return Method{Name: name, Category: "test", Doc: "For tests.", Params: params, Result: Anything("", "what it got"), Permission: PermRead, Handler: h}
	}
	return []Method{
		method("getblockcount", func(context.Context, *Call) (any, error) { return int64(7), nil }),
		method("getblockhash", func(_ context.Context, c *Call) (any, error) {
			if c.Int("height") > 7 {
				return nil, Errorf(CodeParameter, "Block height out of range")
			}
			return strings.Repeat("ab", 32), nil
		}, Param{Name: "height", Type: IntParam, Required: true, Doc: "the height"}),
		method("size", func(_ context.Context, c *Call) (any, error) { return len(c.Text("data")), nil },
			Param{Name: "data", Type: HexParam, Required: true, Doc: "anything"}),
		method("panics", func(context.Context, *Call) (any, error) { panic("secret of the inside") }),
		method("unwritable", func(context.Context, *Call) (any, error) { return func() {}, nil }),
		method("plain", func(context.Context, *Call) (any, error) { return nil, fmt.Errorf("outer: %w", os.ErrNotExist) }),
		method("nothing", func(context.Context, *Call) (any, error) { return nil, nil }),
		method("wallet", func(_ context.Context, c *Call) (any, error) {
			name, given := c.Wallet()
			return map[string]any{"name": name, "given": given}, nil
		}),
		method("big", func(_ context.Context, c *Call) (any, error) { return strings.Repeat("x", int(c.Int("bytes"))), nil },
			Param{Name: "bytes", Type: IntParam, Required: true, Doc: "how many"}),
		method("mix", func(_ context.Context, c *Call) (any, error) {
			return []any{c.Text("text"), c.Int("number"), c.Bool("flag"), c.Amount("amount"), c.Verbosity("verbosity"), c.Hash("hash").String(), c.Has("object")}, nil
		},
			Param{Name: "text", Type: StringParam, Required: true, Doc: "t"},
			Param{Name: "number", Type: IntParam, Default: 6, Doc: "n"},
			Param{Name: "flag", Type: BoolParam, Default: true, Doc: "f"},
			Param{Name: "amount", Type: AmountParam, Default: Amount(150), Doc: "a"},
			Param{Name: "verbosity|verbose", Type: VerbosityParam, Default: 1, Doc: "v"},
			Param{Name: "hash", Type: HashParam, Doc: "h"},
			Param{Name: "object", Type: OptionsParam, Doc: "o", Inner: []Param{{Name: "fee_rate", Type: AmountParam, Doc: "r"}, {Name: "locktime", Type: IntParam, Doc: "l"}}}),
	}
}

// waiting is a method that holds a worker until it is let go.
func waiting(begun chan<- struct{}, let <-chan struct{}) Method {
	return Method{Name: "waits", Category: "test", Doc: "Waits.", Result: Anything("", ""), Permission: PermRead,
		Handler: func(ctx context.Context, c *Call) (any, error) {
			begun <- struct{}{}
			select {
			case <-let:
				return "let go", nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// post sends a JSON-RPC body with the right password.
func (t *testServer) post(tb testing.TB, body string) answer {
	tb.Helper()
	return t.do(tb, "POST", "/", body, nil)
}

// do sends any request; header may change it.
func (t *testServer) do(tb testing.TB, verb, path, body string, header func(*http.Request)) answer {
	tb.Helper()
	req, err := http.NewRequest(verb, "http://"+t.Address().String()+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Authorization", t.auth)
	req.Close = true
	if header != nil {
		header(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, strings.TrimSuffix(string(b), "\n")}
}

// raw sends bytes on a connection of its own and returns all answers until the
// server closes it.
func (t *testServer) raw(tb testing.TB, request string) string {
	tb.Helper()
	conn := t.dial(tb)
	defer conn.Close()
	_, _ = io.WriteString(conn, request) // a server may close before it has read all
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	b, err := io.ReadAll(conn)
	if err != nil && !strings.Contains(err.Error(), "reset") {
		tb.Fatalf("%v after %q", err, b)
	}
	return string(b)
}

func (t *testServer) dial(tb testing.TB) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp", t.Address().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// readAnswer reads one HTTP answer of a connection that stays open.
func readAnswer(tb testing.TB, r *bufio.Reader) answer {
	tb.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, strings.TrimSuffix(string(b), "\n")}
}

// codeOf is the code of the error in an answer, 0 if it has none.
func codeOf(tb testing.TB, body string) Code {
	tb.Helper()
	var a struct {
		Error *struct{ Code Code }
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		tb.Fatalf("%v in %q", err, body)
	}
	if a.Error == nil {
		return 0
	}
	return a.Error.Code
}
