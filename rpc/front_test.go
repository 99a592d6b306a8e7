package rpc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestEnvelope is every rule of JSON-RPC 1.x, 2.0 and batches, with the whole
// body and the HTTP status as Core 31 answers.
func TestEnvelope(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	deep := strings.Repeat("[", 511) + strings.Repeat("]", 511)
	fault := func(code Code, message string) string {
		return fmt.Sprintf(`{"result":null,"error":{"code":%d,"message":%q},"id":null}`, code, message)
	}
	parse, invalid := fault(CodeParse, "Parse error"), func(m string) string { return fault(CodeInvalidRequest, m) }
	for _, tc := range []struct {
		name, send string
		status     int
		want       string
	}{
		{"1.x absent version", `{"method":"getblockcount","params":[],"id":1}`, 200, `{"result":7,"error":null,"id":1}`},
		{"1.0", `{"jsonrpc":"1.0","method":"getblockcount","id":"a"}`, 200, `{"result":7,"error":null,"id":"a"}`},
		{"null version", `{"jsonrpc":null,"method":"getblockcount","id":1}`, 200, `{"result":7,"error":null,"id":1}`},
		{"1.x without id is answered", `{"method":"getblockcount"}`, 200, `{"result":7,"error":null,"id":null}`},
		{"2.0", `{"jsonrpc":"2.0","method":"getblockcount","params":{},"id":1}`, 200, `{"jsonrpc":"2.0","result":7,"id":1}`},
		{"2.0 null id is answered", `{"jsonrpc":"2.0","method":"getblockcount","id":null}`, 200, `{"jsonrpc":"2.0","result":7,"id":null}`},
		{"2.0 null result", `{"jsonrpc":"2.0","method":"nothing","id":1}`, 200, `{"jsonrpc":"2.0","result":null,"id":1}`},
		{"notification", `{"jsonrpc":"2.0","method":"getblockcount"}`, 204, ``},
		{"failing notification", `{"jsonrpc":"2.0","method":"getblockhash","params":[99]}`, 204, ``},
		{"unknown notification", `{"jsonrpc":"2.0","method":"nix"}`, 204, ``},
		{"1.x error", `{"method":"getblockhash","params":[99],"id":1}`, 500, `{"result":null,"error":{"code":-8,"message":"Block height out of range"},"id":1}`},
		{"2.0 error", `{"jsonrpc":"2.0","method":"getblockhash","params":[99],"id":1}`, 200, `{"jsonrpc":"2.0","error":{"code":-8,"message":"Block height out of range"},"id":1}`},
		{"1.x unknown method", `{"method":"nix","id":1}`, 404, `{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":1}`},
		{"2.0 unknown method", `{"jsonrpc":"2.0","method":"nix","id":1}`, 200, `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}`},
		{"getinfo would name us btcd", `{"method":"getinfo","id":1}`, 404, `{"result":null,"error":{"code":-32601,"message":"Method not found"},"id":1}`},
		{"version 3.0", `{"jsonrpc":"3.0","method":"getblockcount"}`, 400, invalid("JSON-RPC version not supported")},
		{"version 2", `{"jsonrpc":2,"method":"getblockcount"}`, 400, invalid("jsonrpc field must be a string")},
		{"no method", `{"id":5}`, 400, `{"result":null,"error":{"code":-32600,"message":"Missing method"},"id":5}`},
		{"method of a wrong type", `{"method":1}`, 400, invalid("Method must be a string")},
		{"params of a wrong type", `{"method":"getblockcount","params":"x"}`, 400, invalid("Params must be an array or object")},
		{"key in another case", `{"METHOD":"getblockcount"}`, 400, invalid("Missing method")},
		{"key written with escapes", `{"\u006dethod":"getblockcount","id":1}`, 200, `{"result":7,"error":null,"id":1}`},
		{"method written with escapes", `{"method":"getblock\u0063ount","id":1}`, 200, `{"result":7,"error":null,"id":1}`},
		{"duplicate key", `{"method":"getblockcount","method":"stop","id":1}`, 400, `{"result":null,"error":{"code":-32600,"message":"Duplicate key method"},"id":1}`},
		{"duplicate key in disguise", `{"method":"stop","\u006dethod":"getblockcount"}`, 400, invalid("Duplicate key method")},
		{"duplicate unknown key", `{"a":1,"method":"getblockcount","a":2}`, 400, invalid("Duplicate key a")},
		{"unknown key", `{"method":"getblockcount","meta":{"SpanContext":"AA"},"id":1}`, 200, `{"result":7,"error":null,"id":1}`},
		{"empty", ``, 500, parse},
		{"spaces", " \r\n", 500, parse},
		{"no JSON", `this is bad`, 500, parse},
		{"string", `"getblockcount"`, 500, parse},
		{"number", `7`, 500, parse},
		{"null", `null`, 500, parse},
		{"junk after", `{"method":"getblockcount"}x`, 500, parse},
		{"two values", `{"method":"getblockcount"}{"method":"stop"}`, 500, parse},
		{"comma at the end", `{"method":"getblockcount",}`, 500, parse},
		{"no comma", `{"method":"getblockcount" "id":1}`, 500, parse},
		{"byte order mark", "\ufeff" + `{"method":"getblockcount"}`, 500, parse},
		{"bad UTF-8", "{\"method\":\"getblockcount\",\"id\":\"\xff\"}", 500, parse},
		{"half a surrogate pair", `{"method":"getblockcount","id":"\ud800"}`, 500, parse},
		{"control character", "{\"method\":\"getblockcount\",\"id\":\"\x01\"}", 500, parse},
		{"white space around", "\r\n {\"method\":\"getblockcount\",\"id\":1} \r\n", 200, `{"result":7,"error":null,"id":1}`},
		{"depth 512", `{"id":1,"x":` + deep + `,"method":"getblockcount"}`, 200, `{"result":7,"error":null,"id":1}`},
		{"depth 513", `{"id":1,"x":[` + deep + `],"method":"getblockcount"}`, 500, parse},
		{"id object", `{"method":"getblockcount","id":{"a":[1, 2]}}`, 200, `{"result":7,"error":null,"id":{"a":[1, 2]}}`},
		{"id keeps its digits", `{"method":"getblockcount","id":1.50e3}`, 200, `{"result":7,"error":null,"id":1.50e3}`},
		{"id above 64 bits", `{"method":"getblockcount","id":99999999999999999999}`, 200, `{"result":7,"error":null,"id":99999999999999999999}`},
		{"id too long", `{"method":"getblockcount","id":"` + strings.Repeat("x", 5000) + `"}`, 400, invalid("The id is too long")},
		{"empty batch", ` [ ] `, 200, `[]`},
		{"batch", `[{"method":"getblockcount","id":1},{"jsonrpc":"2.0","method":"getblockhash","params":[99],"id":2},{"jsonrpc":"2.0","method":"getblockcount"},{"jsonrpc":"2.0","method":"nix","params":null,"id":3}]`, 200,
			`[{"result":7,"error":null,"id":1},{"jsonrpc":"2.0","error":{"code":-8,"message":"Block height out of range"},"id":2},{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":3}]`},
		{"batch of notifications", `[{"jsonrpc":"2.0","method":"getblockcount"},{"jsonrpc":"2.0","method":"nix"}]`, 204, ``},
		{"junk in a batch", `[1,{"method":"getblockcount","id":1},{"foo":"boo"},[],{"jsonrpc":"2.0","id":9}]`, 200,
			`[` + invalid("Invalid Request object") + `,{"result":7,"error":null,"id":1},` + invalid("Missing method") + `,` + invalid("Invalid Request object") + `,{"jsonrpc":"2.0","error":{"code":-32600,"message":"Missing method"},"id":9}]`},
		{"broken batch runs nothing", `[{"method":"stop"},{]`, 500, parse},
		{"panic", `{"method":"panics","id":1}`, 500, `{"result":null,"error":{"code":-32603,"message":"Internal error: the node's log tells more"},"id":1}`},
		{"unwritable result", `{"method":"unwritable","id":1}`, 500, `{"result":null,"error":{"code":-32603,"message":"Internal error: the node's log tells more"},"id":1}`},
		{"unwritable in a batch", `[{"method":"unwritable","id":1},{"method":"getblockcount","id":2}]`, 200, `[{"result":null,"error":{"code":-32603,"message":"Internal error: the node's log tells more"},"id":1},{"result":7,"error":null,"id":2}]`},
		{"wrapped error", `{"method":"plain","id":1}`, 500, `{"result":null,"error":{"code":-1,"message":"outer: file does not exist"},"id":1}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := s.post(t, tc.send)
			if a.status != tc.status || a.body != tc.want {
				t.Fatalf("got %d %s\nwant %d %s", a.status, a.body, tc.status, tc.want)
			}
			if a.status == 204 {
				return
			}
			if got := a.header["Content-Type"]; len(got) != 1 || got[0] != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			if a.header.Get("Content-Length") != fmt.Sprint(len(a.body)+1) {
				t.Errorf("Content-Length %q, body %d", a.header.Get("Content-Length"), len(a.body)+1)
			}
		})
	}
}

func TestBatchLimits(t *testing.T) {
	s := startServer(t, func(c *Config, _ *Deps) { c.MaxAnswer = 3000 }, testMethods()...)
	batch := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	count := `{"jsonrpc":"2.0","method":"getblockcount","id":1}`
	for n, want := range map[int]int{1000: 204, 1001: 400, 10_000: 400} {
		if a := s.post(t, batch(n, `{"jsonrpc":"2.0","method":"getblockcount"}`)); a.status != want {
			t.Errorf("batch of %d: %d %.100s", n, a.status, a.body)
		}
	}
	a := s.post(t, batch(100, count))
	each := len(`{"jsonrpc":"2.0","result":7,"id":1},`)
	if got := strings.Count(a.body, `"result":7`); got != 3000/each+1 {
		t.Errorf("%d answers within 3000 bytes", got)
	}
	if !strings.Contains(a.body, "The batch's answers are larger") || strings.Count(a.body, `"id":1`) != 100 {
		t.Errorf("a batch with large answers: %s", a.body)
	}
}

// TestHTTP is every rule of the front that is not JSON-RPC (failures.md 77, 79,
// 80, 81).
func TestHTTP(t *testing.T) {
	s := startServer(t, func(c *Config, _ *Deps) {
		c.Hosts = []string{"Node.Example"}
		c.FailTime = time.Millisecond
	}, testMethods()...)
	set := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	both := func(h, origin string) func(*http.Request) {
		return func(r *http.Request) { r.Host = h; r.Header.Set("Origin", origin) }
	}
	basic := func(user, password string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(user, password) }
	}
	cookie, err := os.ReadFile(s.cookie)
	if err != nil {
		t.Fatal(err)
	}
	cookieUser, cookiePassword, _ := strings.Cut(string(cookie), ":")
	for _, tc := range []struct {
		name, verb, path string
		change           func(*http.Request)
		status           int
		body             string // if any
	}{
		{"password", "POST", "/", nil, 200, ""},
		{"cookie", "POST", "/", basic(cookieUser, cookiePassword), 200, ""},
		{"scheme in another case", "POST", "/", set("Authorization", "bAsIc "+strings.TrimPrefix(s.auth, "Basic ")), 200, ""},
		{"no credentials", "POST", "/", func(r *http.Request) { r.Header.Del("Authorization") }, 401, ""},
		{"wrong password", "POST", "/", basic("alice", "secret2"), 401, ""},
		{"prefix of the password", "POST", "/", basic("alice", "secre"), 401, ""},
		{"wrong user", "POST", "/", basic("bob", "secret"), 401, ""},
		{"empty", "POST", "/", basic("", ""), 401, ""},
		{"cookie user without password", "POST", "/", basic(CookieUser, ""), 401, ""},
		{"no colon", "POST", "/", set("Authorization", "Basic YWxpY2U="), 401, ""},
		{"no base64", "POST", "/", set("Authorization", "Basic ==="), 401, ""},
		{"too long", "POST", "/", set("Authorization", "Basic "+strings.Repeat("QUFB", 1000)), 401, ""},
		{"bearer", "POST", "/", set("Authorization", "Bearer "+strings.TrimPrefix(s.auth, "Basic ")), 401, ""},
		{"only the scheme", "POST", "/", set("Authorization", "Basic"), 401, ""},
		{"two headers", "POST", "/", func(r *http.Request) { r.Header.Add("Authorization", "Basic AAAA") }, 401, ""},
		{"GET", "GET", "/", nil, 405, "JSONRPC server handles only POST requests"},
		{"PUT", "PUT", "/wallet/", nil, 405, "JSONRPC server handles only POST requests"},
		{"OPTIONS", "OPTIONS", "/", nil, 405, "JSONRPC server handles only POST requests"},
		{"GET without credentials", "GET", "/", func(r *http.Request) { r.Header.Del("Authorization") }, 405, ""},
		{"unknown path", "POST", "/nix", nil, 404, ""},
		{"almost wallet", "POST", "/wallet", nil, 404, ""},
		{"localhost", "POST", "/", host("localhost:18443"), 200, ""},
		{"LocalHost.", "POST", "/", host("LocalHost."), 200, ""},
		{"any IPv4", "POST", "/", host("10.1.2.3:1"), 200, ""},
		{"IPv6", "POST", "/", host("[::1]:18443"), 200, ""},
		{"IPv6 without port", "POST", "/", host("[::1]"), 200, ""},
		{"known host", "POST", "/", host("node.EXAMPLE:8080"), 200, ""},
		{"foreign host", "POST", "/", host("evil.example"), 403, ""},
		{"host that begins like an IP", "POST", "/", host("127.0.0.1.evil.example"), 403, ""},
		{"host that begins like localhost", "POST", "/", host("localhost.evil.example"), 403, ""},
		{"foreign origin", "POST", "/", set("Origin", "http://evil.example"), 403, ""},
		{"origin null", "POST", "/", set("Origin", "null"), 403, ""},
		{"empty origin", "POST", "/", set("Origin", ""), 403, ""},
		{"foreign origin, form type", "POST", "/", func(r *http.Request) {
			r.Header.Set("Origin", "http://evil.example")
			r.Header.Set("Content-Type", "text/plain")
		}, 403, ""},
		{"another port is another origin", "POST", "/", both("127.0.0.1:1000", "http://127.0.0.1:2000"), 403, ""},
		{"our own page", "POST", "/", both("127.0.0.1:1000", "http://127.0.0.1:1000"), 200, ""},
		{"our own page behind TLS", "POST", "/", both("node.example", "https://node.example"), 200, ""},
		{"rebound page", "POST", "/", both("evil.example:18443", "http://evil.example:18443"), 403, ""},
		{"foreign websocket", "GET", "/", func(r *http.Request) {
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "websocket")
			r.Header.Set("Origin", "http://evil.example")
		}, 403, ""},
		{"websocket", "GET", "/", func(r *http.Request) {
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "websocket")
		}, 405, ""},
		{"no content type", "POST", "/", func(r *http.Request) { r.Header.Del("Content-Type") }, 200, ""},
		{"content type with charset", "POST", "/", set("Content-Type", "application/json; charset=utf-8"), 200, ""},
		{"form content type", "POST", "/", set("Content-Type", "application/x-www-form-urlencoded"), 200, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := s.do(t, tc.verb, tc.path, `{"method":"getblockcount","id":1}`, tc.change)
			if a.status != tc.status {
				t.Fatalf("status %d, want %d: %s", a.status, tc.status, a.body)
			}
			if tc.body != "" && a.body != tc.body {
				t.Errorf("body %q", a.body)
			}
			if tc.status == 401 && a.header.Get("WWW-Authenticate") != `Basic realm="jsonrpc"` {
				t.Errorf("headers %v", a.header)
			}
			if tc.status == 200 && a.body != `{"result":7,"error":null,"id":1}` {
				t.Errorf("body %q", a.body)
			}
			if strings.Contains(a.body, "secret") || strings.Contains(a.body, cookiePassword) {
				t.Errorf("the answer tells a secret: %q", a.body)
			}
		})
	}
}

func TestWalletPath(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	for path, want := range map[string]string{
		"/":                   `{"given":false,"name":""}`,
		"/wallet/":            `{"given":true,"name":""}`,
		"/wallet/savings":     `{"given":true,"name":"savings"}`,
		"/wallet/a%2Fb%20c":   `{"given":true,"name":"a/b c"}`,
		"/wallet/%C3%A4?x=1#": `{"given":true,"name":"ä"}`,
	} {
		a := s.do(t, "POST", path, `{"jsonrpc":"2.0","method":"wallet","id":1}`, nil)
		if a.body != `{"jsonrpc":"2.0","result":`+want+`,"id":1}` {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

// TestForms is the HTTP that real clients send: HTTP/1.0, chunked bodies,
// Expect, a line feed too many, pipelining (rpc.md, last section).
func TestForms(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	const body = `{"method":"getblockcount","id":1}`
	const want = `{"result":7,"error":null,"id":1}`
	head := func(version, more string) string {
		return "POST / HTTP/" + version + "\r\nHost: 127.0.0.1\r\nAuthorization: " + s.auth + "\r\n" + more
	}
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	for _, tc := range []struct{ name, send, first string }{
		{"HTTP/1.0 without host", "POST / HTTP/1.0\r\nAuthorization: " + s.auth + "\r\n" + length + "\r\n" + body, "HTTP/1.0 200 OK"},
		{"Connection: close", head("1.1", "Connection: close\r\n"+length+"\r\n"+body), "HTTP/1.1 200 OK"},
		{"chunked", head("1.1", "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n"+body[:16]+"\r\n"+fmt.Sprintf("%x", len(body)-16)+"\r\n"+body[16:]+"\r\n0\r\n\r\n"), "HTTP/1.1 200 OK"},
		{"expect", head("1.1", "Connection: close\r\nExpect: 100-continue\r\n"+length+"\r\n"+body), "HTTP/1.1 100 Continue"},
		{"line feed after the body", head("1.1", length+"\r\n"+body+"\r\n") + head("1.1", "Connection: close\r\n"+length+"\r\n"+body+"\r\n"), "HTTP/1.1 200 OK"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := s.raw(t, tc.send)
			if !strings.HasPrefix(got, tc.first+"\r\n") || !strings.HasSuffix(got, want+"\n") {
				t.Errorf("got %q", got)
			}
			if n := strings.Count(got, want); n != strings.Count(tc.send, "POST /") {
				t.Errorf("%d answers", n)
			}
		})
	}
}

// TestSmuggling sends what two servers could read as different requests
// (failures.md 84): refused, or one reading and the connection closed.
func TestSmuggling(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	const body = `{"method":"getblockcount","id":1}`
	hidden := "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + s.auth + "\r\nContent-Length: 33\r\nConnection: close\r\n\r\n" + body
	head := "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + s.auth + "\r\n"
	for name, send := range map[string]string{
		"two lengths":              head + "Content-Length: 33\r\nContent-Length: 0\r\n\r\n" + body + hidden,
		"lengths in a list":        head + "Content-Length: 33, 0\r\n\r\n" + body + hidden,
		"negative length":          head + "Content-Length: -1\r\n\r\n" + hidden,
		"length with a sign":       head + "Content-Length: +33\r\n\r\n" + body,
		"space before colon":       head + "Content-Length : 33\r\n\r\n" + body,
		"folded header":            head + "X: a\r\n Content-Length: 33\r\nX : b\r\n\r\n" + body,
		"two encodings":            head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + hidden,
		"unknown encoding":         head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden,
		"two hosts":                head + "Host: evil.example\r\nContent-Length: 33\r\n\r\n" + body,
		"bad chunk size":           head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + hidden,
		"endless chunk extension":  head + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", 20_000) + "\r\n",
		"line feeds in the target": "POST /\nX: y HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := s.raw(t, send)
			if !strings.HasPrefix(got, "HTTP/1.1 4") && !strings.HasPrefix(got, "HTTP/1.1 501") {
				t.Errorf("got %q", got)
			}
			if strings.Contains(got, `"result":7`) {
				t.Errorf("the hidden request was answered: %q", got)
			}
		})
	}
	// With both, chunks count (RFC 9112, 6.3) and what follows is not read as
	// another request of the same connection with another meaning.
	got := s.raw(t, head+"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n21\r\n"+body+"\r\n0\r\n\r\n")
	if strings.Count(got, "HTTP/1.1") != 1 {
		t.Errorf("length and chunks: %q", got)
	}
}

// TestSizes is failures.md 83.
func TestSizes(t *testing.T) {
	s := startServer(t, func(c *Config, _ *Deps) { c.MaxBody = 200_000 }, testMethods()...)
	size := func(n int) string {
		body := `{"method":"size","id":1,"params":[""]}`
		return strings.Replace(body, `""`, `"`+strings.Repeat("a", n-len(body))+`"`, 1)
	}
	for n, want := range map[int]int{100_000: 200, 200_000: 200, 200_001: 413, 399_000: 413} {
		if a := s.post(t, size(n)); a.status != want {
			t.Errorf("%d bytes: %d", n, a.status)
		}
		a := s.do(t, "POST", "/", "", func(r *http.Request) { // chunked
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(size(n))), -1
		})
		if a.status != want {
			t.Errorf("%d bytes in chunks: %d", n, a.status)
		}
	}
	head := "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + s.auth + "\r\nConnection: close\r\n"
	if got := s.raw(t, head+"Content-Length: 99999999999999\r\n\r\n{"); !strings.HasPrefix(got, "HTTP/1.1 413 ") {
		t.Errorf("huge length: %q", got)
	}
	for n, want := range map[int]string{7000: "200", 8500: "431"} {
		line := "X: " + strings.Repeat("x", n) + "\r\n"
		if got := s.raw(t, head+line+"Content-Length: 33\r\n\r\n"+`{"method":"getblockcount","id":1}`); !strings.HasPrefix(got, "HTTP/1.1 "+want) {
			t.Errorf("headers of %d bytes: %.60q", n, got)
		}
	}
}

// TestTimes is failures.md 82: whoever sends slowly is cut.
func TestTimes(t *testing.T) {
	s := startServer(t, func(c *Config, _ *Deps) {
		c.HeaderTime, c.ReadTime, c.IdleTime = 100*time.Millisecond, 200*time.Millisecond, 300*time.Millisecond
	}, testMethods()...)
	head := "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + s.auth + "\r\n"
	for name, send := range map[string]string{
		"silent":       "",
		"half a line":  "POST / HT",
		"half headers": head,
		"half a body":  head + "Content-Length: 100\r\n\r\n{",
		"half a chunk": head + "Transfer-Encoding: chunked\r\n\r\n10\r\n{",
		"idle":         head + "Content-Length: 33\r\n\r\n" + `{"method":"getblockcount","id":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			s.raw(t, send) // until the server closes
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// TestSlowloris opens many slow connections; others are served meanwhile, and
// the connections above the cap are turned away (failures.md 40, 82).
func TestSlowloris(t *testing.T) {
	const limit = 60
	s := startServer(t, func(c *Config, _ *Deps) {
		c.MaxConns, c.HeaderTime = limit, 2*time.Second
	}, testMethods()...)
	slow := make([]net.Conn, limit-1)
	for i := range slow {
		slow[i] = s.dial(t)
		_, _ = io.WriteString(slow[i], "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
	}
	if a := s.post(t, `{"method":"getblockcount"}`); a.status != 200 {
		t.Fatalf("status %d", a.status)
	}
	for range 2 {
		slow = append(slow, s.dial(t))
		_, _ = io.WriteString(slow[len(slow)-1], "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
	}
	request := "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: " + s.auth + "\r\nContent-Length: 33\r\n\r\n" + `{"method":"getblockcount","id":1}`
	if got := s.raw(t, request); got != "" && !strings.HasPrefix(got, "HTTP/1.1 503 ") {
		t.Errorf("above the cap: got %q", got)
	}
	for _, c := range slow { // until the server cuts each
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("a slow connection was not cut")
		}
	}
	if got := s.raw(t, request); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("after the slow ones were cut: got %q", got)
	}
}

func TestKeepAlive(t *testing.T) {
	s := startServer(t, nil, testMethods()...)
	conn := s.dial(t)
	r := bufio.NewReader(conn)
	for _, body := range []string{`{"method":"getblockcount","id":1}`, `bad`, `{"jsonrpc":"2.0","method":"getblockcount"}`, `{"method":"getblockcount","id":2}`} {
		_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s", s.auth, len(body), body)
		if a := readAnswer(t, r); strings.Contains(body, `"id":2`) && a.body != `{"result":7,"error":null,"id":2}` {
			t.Errorf("got %+v", a)
		}
	}
}

// TestLongCall outlives the times that bound a request: they are not for the
// work.
func TestLongCall(t *testing.T) {
	begun, let := make(chan struct{}, 1), make(chan struct{})
	s := startServer(t, func(c *Config, _ *Deps) {
		c.HeaderTime, c.ReadTime, c.IdleTime = 50*time.Millisecond, 60*time.Millisecond, 70*time.Millisecond
	}, waiting(begun, let))
	time.AfterFunc(300*time.Millisecond, func() { close(let) })
	if a := s.post(t, `{"method":"waits","id":1}`); a.body != `{"result":"let go","error":null,"id":1}` {
		t.Errorf("got %+v", a)
	}
}
