package rpc

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// rawClient is a keep-alive HTTP client that does as little as possible, so
// that a benchmark measures the server.
type rawClient struct {
	conn    net.Conn
	r       *bufio.Reader
	request []byte
}

func newRawClient(tb testing.TB, s *Server, auth, body string) *rawClient {
	conn, err := net.Dial("tcp", s.Address().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &rawClient{conn, bufio.NewReader(conn), []byte(fmt.Sprintf(
		"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\nContent-Length: %d\r\n\r\n%s", auth, len(body), body))}
}

// call sends the request once and returns the length of the answer's body.
func (c *rawClient) call() (int, error) {
	if _, err := c.conn.Write(c.request); err != nil {
		return 0, err
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.r.ReadSlice('\n')
		switch {
		case err != nil:
			return 0, err
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200")):
			return 0, fmt.Errorf("answer %q", line)
		case len(line) == 2:
			_, err := c.r.Discard(length)
			return length, err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
}

// BenchmarkGetBlockCount is the speed over 16 keep-alive connections, client
// included; ns/op is per call.
func BenchmarkGetBlockCount(b *testing.B) {
	for _, version := range []string{"1.0", "2.0"} {
		b.Run("jsonrpc"+version, func(b *testing.B) {
			s := startServer(b, nil, testMethods()...)
			body := fmt.Sprintf(`{"jsonrpc":%q,"id":1,"method":"getblockcount","params":[]}`, version)
			benchmarkCalls(b, s, body, 16)
		})
	}
}

func benchmarkCalls(b *testing.B, s *testServer, body string, connections int) {
	clients := make([]*rawClient, connections)
	for i := range clients {
		clients[i] = newRawClient(b, s.Server, s.auth, body)
		if _, err := clients[i].call(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for i, c := range clients {
		n := b.N / connections
		if i < b.N%connections {
			n++
		}
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range n {
				if _, err := c.call(); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkLargeBody is a block of two megabytes sent in hexadecimal.
func BenchmarkLargeBody(b *testing.B) {
	s := startServer(b, nil, testMethods()...)
	body := `{"method":"size","params":["` + string(bytes.Repeat([]byte("0f"), 2<<20)) + `"]}`
	b.SetBytes(int64(len(body)))
	benchmarkCalls(b, s, body, 1)
}

// BenchmarkAnswer is the way of one call without HTTP.
func BenchmarkAnswer(b *testing.B) {
	s := startServer(b, nil, testMethods()...)
	sc := &scratch{reply: newReply()}
	sc.call.table, sc.call.server, sc.call.user = s.table, s.Server, s.known[0]
	sc.body = []byte(`{"jsonrpc":"2.0","id":1,"method":"getblockcount","params":[]}`)
	b.ReportAllocs()
	for b.Loop() {
		if status := s.answer(context.Background(), sc); status != 200 {
			b.Fatal(status)
		}
	}
	_, _ = io.Discard.Write(sc.reply.Bytes())
}
