package daemon

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
)

// occupy takes a free port of 127.0.0.1 that has a free neighbour.
func occupy(t *testing.T) (port int) {
	t.Helper()
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		next, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		if err != nil {
			_ = l.Close()
			continue
		}
		_ = next.Close()
		t.Cleanup(func() { _ = l.Close() })
		return port
	}
	t.Fatal("no free ports")
	return 0
}

func TestListen(t *testing.T) {
	taken := occupy(t)
	address := fmt.Sprintf("127.0.0.1:%d", taken)

	l, note, err := listen("RPC", "rpc.listen", address, false)
	if err != nil {
		t.Fatal(err)
	}
	got := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	if got <= taken || got >= taken+portsToTry {
		t.Errorf("port %d instead of %d", got, taken)
	}
	if want := fmt.Sprintf("RPC port %d is taken, using %d", taken, got); note != want {
		t.Errorf("note %q, want %q", note, want)
	}

	if _, _, err = listen("RPC", "rpc.listen", address, true); err == nil || !strings.Contains(err.Error(), strconv.Itoa(taken)) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a port that the user asked for: %v", err)
	}

	for _, exact := range []bool{true, false} {
		l, note, err := listen("RPC", "rpc.listen", "127.0.0.1:0", exact)
		if err != nil || note != "" {
			t.Fatal(note, err)
		}
		if l.Addr().(*net.TCPAddr).Port == 0 {
			t.Error("port 0")
		}
		_ = l.Close()
	}
}

func TestListenOnFreePort(t *testing.T) {
	port := occupy(t) + 1
	l, note, err := listen("RPC", "rpc.listen", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), true)
	if err != nil || note != "" {
		t.Fatal(note, err)
	}
	_ = l.Close()
}

func TestListenOnBadAddress(t *testing.T) {
	for _, address := range []string{
		"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1:2", "192.0.2.1:18443", "not a host:18443",
	} {
		_, _, err := listen("RPC", "rpc.listen", address, false)
		if err == nil {
			t.Errorf("%q was taken", address)
			continue
		}
		if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, address) || !strings.Contains(text, "HOST:PORT") {
			t.Errorf("%q: %s", address, text)
		}
	}
	// The last port may be taken by somebody; there is none after it.
	if l, _, err := listen("RPC", "rpc.listen", "127.0.0.1:65535", false); err == nil {
		_ = l.Close()
	} else if !strings.Contains(err.Error(), "65535 to 65535") {
		t.Error(err)
	}
}
