package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/coder/websocket"

	"orrery/cmd/internal/e2e"
	"orrery/core/protocol"
)

// hostile is a peer that is not a node.
type hostile struct {
	t  *testing.T
	ws *websocket.Conn
}

func newHostile(t *testing.T, address string) *hostile {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws://"+address+"/peer", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &hostile{t, ws}
}

func (h *hostile) say(text []byte) { _ = h.ws.Write(h.t.Context(), websocket.MessageText, text) }

// hello becomes a member.
func (h *hostile) hello(network chainhash.Hash, nonce uint64) {
	h.t.Helper()
	h.say(protocol.AppendRequest(nil, 1, &protocol.Hello{Protocol: protocol.Version, NetworkID: network, Agent: "/hostile/", Nonce: nonce, Kind: protocol.KindNode}))
	if _, answer, err := h.ws.Read(h.t.Context()); err != nil || !strings.Contains(string(answer), `"result"`) {
		h.t.Fatalf("hello: %s, %v", answer, err)
	}
}

// reason reads until the connection ends.
func (h *hostile) reason() string {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	for {
		if _, _, err := h.ws.Read(ctx); err != nil {
			return err.Error()
		}
	}
}

// networkOf reads a node's network id from its first line.
func networkOf(t *testing.T, n *e2e.Node) (id chainhash.Hash) {
	t.Helper()
	_, rest, found := strings.Cut(n.Output(), "network_id=")
	if n, err := fmt.Sscanf(rest, "%64x", new([]byte)); !found || n != 1 || err != nil {
		t.Fatal("no network id")
	}
	var b []byte
	_, _ = fmt.Sscanf(rest, "%64x", &b)
	copy(id[:], b)
	return id
}

// TestHouseFull: strangers take every place and many connections more that say
// nothing. The node's peers notice nothing, it opens connections of its own, and
// another node can still join.
func TestHouseFull(t *testing.T) {
	t.Parallel()
	const members, silent = 62, 150
	one := []string{"--chain.name", "full-house"}
	a := e2e.Start(t, t.TempDir(), one...)
	network, address := networkOf(t, a), a.Self().Listen
	b := e2e.Join(t, t.TempDir(), a)
	for i := range members {
		newHostile(t, address).hello(network, 1000+uint64(i))
	}
	for range silent {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	c := e2e.Join(t, t.TempDir(), a)
	other := e2e.Start(t, t.TempDir(), one...)
	a.Must(nil, "addnode", other.Self().Listen, "onetry")
	e2e.WaitTip(t, a.Mine(1)[0], b, c, other)
	for _, n := range []*e2e.Node{other, c, b, a} {
		n.Stop()
	}
}

// TestReasons: who sends what is no message is told why it is cut off, also by
// the real program; the wallet's methods are not there.
func TestReasons(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	address := a.Self().Listen
	for text, want := range map[string]string{
		strings.Repeat("[", 10_001):                             "an object is missing",
		`{"a":` + strings.Repeat("[", 10_001):                   "levels of nesting",
		strings.Repeat(" ", protocol.MaxUnasked+1):              "a message of more than 524288 bytes",
		`[{"jsonrpc":"2.0","id":1,"method":"peer.ping"}]`:       "an object is missing",
		`{"jsonrpc":"2.0","id":1,"method":"peer.ping"}`:         "the first message was not a hello",
		`{"jsonrpc":"2.0","id":1,"result":{}}`:                  "an answer to nothing that was asked",
		`{"jsonrpc":"2.0","method":"peer.announce","params":7}`: "announce: an object is missing",
	} {
		h := newHostile(t, address)
		h.say([]byte(text))
		if got := h.reason(); !strings.Contains(got, want) {
			t.Errorf("%.60s: %s, want %q", text, got, want)
		}
	}
	for _, method := range []string{"stop", "getblockcount", "sendtoaddress", "rpc.discover"} {
		h := newHostile(t, address)
		h.say([]byte(`{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":[]}`))
		if _, answer, err := h.ws.Read(t.Context()); err != nil || !strings.Contains(string(answer), "-32601") {
			t.Errorf("%s: %s, %v", method, answer, err)
		}
	}
	a.Mine(1)
	a.Stop()
}

// TestSeedThatLies: a node with an empty folder asks the next seed when the
// first one tells nonsense of its chain.
func TestSeedThatLies(t *testing.T) {
	t.Parallel()
	liar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.CloseNow() }()
		if _, text, err := ws.Read(r.Context()); err == nil {
			f, _ := protocol.ParseFrame(text)
			_ = ws.Write(r.Context(), websocket.MessageText, protocol.AppendAnswer(nil, f.ID, &protocol.Params{ChainFile: []byte(`{"a":1}`)}, nil))
			_, _, _ = ws.Read(r.Context())
		}
	}))
	t.Cleanup(liar.Close)
	a := e2e.First(t)
	b := e2e.StartArgs(t, "", e2e.Joiner(t.TempDir(), liar.Listener.Addr().String(), "--p2p.join", a.Self().Listen)...)
	e2e.WaitTip(t, a.Mine(1)[0], b)
	b.Stop()
	a.Stop()
}

// TestMockedClock: nodes whose clocks a person has stopped, or set back, still
// pass on blocks and transactions.
func TestMockedClock(t *testing.T) {
	t.Parallel()
	a := e2e.First(t)
	b := e2e.Join(t, t.TempDir(), a)
	var address, txid string
	a.Must(&address, "getnewaddress")
	a.Must(nil, "generatetoaddress", 101, address)
	now := time.Now().Unix()
	for _, clock := range []int64{now, now - 3600, now + 3600} {
		for _, n := range []*e2e.Node{a, b} {
			n.Must(nil, "setmocktime", clock)
		}
		a.Must(&txid, "sendtoaddress", address, 0.1)
		deadline := time.Now().Add(20 * time.Second)
		for known := false; !known; time.Sleep(10 * time.Millisecond) {
			known = b.Call(nil, "getmempoolentry", txid) == nil
			if time.Now().After(deadline) {
				t.Fatalf("at %+d s a transaction did not reach the other node", clock-now)
			}
		}
		e2e.WaitTip(t, a.Mine(1)[0], b)
	}
	b.Stop()
	a.Stop()
}
