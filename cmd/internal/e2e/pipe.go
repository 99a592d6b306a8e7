package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Pipe repeats one request over one connection and does as little as possible
// itself, so that a benchmark measures the node.
type Pipe struct {
	conn    net.Conn
	answers *bufio.Reader
	request []byte
}

// NewPipe connects for a request with this body.
func (n *Node) NewPipe(t testing.TB, body string) *Pipe {
	t.Helper()
	cookie, err := os.ReadFile(filepath.Join(n.Dir, ".cookie"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", n.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &Pipe{conn, bufio.NewReader(conn), fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s",
		base64.StdEncoding.EncodeToString(bytes.TrimSpace(cookie)), len(body), body)}
}

// Call sends the request and reads the answer.
func (p *Pipe) Call() error {
	if _, err := p.conn.Write(p.request); err != nil {
		return err
	}
	length := 0
	for first := true; ; first = false {
		line, err := p.answers.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200")):
			return fmt.Errorf("answer %q", line)
		case len(line) == 2:
			_, err := p.answers.Discard(length)
			return err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
}
