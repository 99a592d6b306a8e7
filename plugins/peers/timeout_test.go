package peers

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/coder/websocket"

	"orrery/core/consensus"
	"orrery/core/protocol"
)

// pipes is a network of net.Pipe, for virtual time. It has one listener.
type pipes struct{ calls chan net.Conn }

func newPipes() *pipes { return &pipes{make(chan net.Conn, 100)} }

func (p *pipes) Dial(context.Context, string, string) (net.Conn, error) {
	a, b := net.Pipe()
	p.calls <- b
	return a, nil
}

func (p *pipes) Listen(context.Context, string, string) (net.Listener, error) {
	return &pipeListener{pipes: p, closed: make(chan struct{})}, nil
}

type pipeListener struct {
	*pipes
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000} }

func (p *pipes) option(_ *Config, d *Deps) { d.Dial, d.Listen = p.Dial, p.Listen }

// dialRaw opens a WebSocket whose other words the test chooses.
func dialRaw(t testing.TB, address string, dial func(context.Context, string, string) (net.Conn, error)) *websocket.Conn {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	ws, _, err := websocket.Dial(t.Context(), "ws://"+address+path, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}

// timed is how long something took, in virtual time.
func timed(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// within checks a time against what it should be; a little more is allowed.
func within(t *testing.T, got, want time.Duration) {
	t.Helper()
	if got < want || got > want+want/10 {
		t.Errorf("it took %v, want %v", got, want)
	}
}

func down(t *testing.T, n *node, reason string) {
	t.Helper()
	if got := await[protocol.PeerDown](n); !strings.Contains(got.Reason, reason) {
		t.Errorf("down: %q, want %q", got.Reason, reason)
	}
}

func inBubble(t *testing.T, f func(*testing.T, *pipes, *node)) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		f(t, network, newNode(t, network.option))
	})
}

func TestSilentHandshake(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, _ *node) {
		c, _ := network.Dial(t.Context(), "", "")
		within(t, timed(func() {
			if _, err := c.Read(make([]byte, 1)); err == nil {
				t.Error("the node spoke first")
			}
		}), protocol.HelloTime)
	})
}

func TestSilentPeer(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, n *node) {
		ws := dialRaw(t, "x", network.Dial)
		go ws.Read(context.Background()) // takes the close
		within(t, timed(func() { down(t, n, "said nothing for 1m0s") }), protocol.HelloTime)
	})
}

const pingText = `{"jsonrpc":"2.0","id":1,"method":"peer.ping","params":{"nonce":"0000000000000007"}}`

func TestIdlePeer(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, n *node) {
		ws := dialRaw(t, "x", network.Dial)
		go ws.Read(context.Background())
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(pingText)); err != nil {
			t.Fatal(err)
		}
		await[protocol.Asked](n)
		within(t, timed(func() { down(t, n, "nothing came from the peer for 3m0s") }), protocol.IdleTime)
	})
}

// TestDrip sends a message byte by byte: none may take for ever.
func TestDrip(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, n *node) {
		c, _ := network.Dial(t.Context(), "", "")
		client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }}}
		if _, _, err := websocket.Dial(t.Context(), "ws://x"+path, &websocket.DialOptions{HTTPClient: client}); err != nil {
			t.Fatal(err)
		}
		await[protocol.PeerUp](n)
		stopped := make(chan struct{})
		defer func() { <-stopped }()
		go func() {
			defer close(stopped)
			// A text frame of 65,535 bytes with a mask of zeros.
			_, err := c.Write([]byte{0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0})
			for err == nil {
				_, err = c.Write([]byte{' '})
				time.Sleep(time.Second)
			}
		}()
		if took := timed(func() { down(t, n, "") }); took > protocol.HelloTime+time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestNeverReads sends to a peer that does not read.
func TestNeverReads(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, n *node) {
		dialRaw(t, "x", network.Dial)
		p := await[protocol.PeerUp](n).Peer
		n.Do(protocol.Tell{Peer: p, Notice: &protocol.Announce{Txids: make([]chainhash.Hash, 100)}})
		within(t, timed(func() { down(t, n, "the peer read nothing for 20s") }), n.cfg.WriteTime)
	})
}

// TestFullQueue sends more to such a peer than is kept for it.
func TestFullQueue(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, n *node) {
		dialRaw(t, "x", network.Dial)
		p := await[protocol.PeerUp](n).Peer
		if took := timed(func() {
			for range maxQueued + 2 {
				n.Do(protocol.Tell{Peer: p, Notice: &protocol.Announce{}})
			}
		}); took != 0 {
			t.Errorf("Do waited for %v", took)
		}
		within(t, timed(func() { down(t, n, "does not read what it is sent") }), 0)
	})
}

// TestNoAnswer asks a peer that does not answer.
func TestNoAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, b *node) {
		a := startNode(t, network.option)
		a.Do(protocol.Dial{Address: "x"})
		p := await[protocol.PeerUp](a).Peer
		b.Do(protocol.Tell{Peer: await[protocol.PeerUp](b).Peer, Notice: &protocol.Announce{}})
		await[protocol.Told](a)
		a.Do(protocol.Ask{Peer: p, Call: 4, Request: &protocol.Ping{}})
		asked := await[protocol.Asked](b)
		var got protocol.Answered
		within(t, timed(func() { got = await[protocol.Answered](a) }), protocol.AnswerTime)
		if got.Call != 4 || got.Err == nil || !strings.Contains(got.Err.Error(), "did not answer peer.ping within 1m0s") {
			t.Errorf("%+v", got)
		}
		// An answer that comes later is no fault.
		b.Do(protocol.Answer{Peer: asked.Peer, Call: asked.Call, Response: &protocol.Pong{}})
		a.Do(protocol.Ask{Peer: p, Call: 6, Request: &protocol.Ping{Nonce: 1}})
		asked = await[protocol.Asked](b)
		b.Do(protocol.Answer{Peer: asked.Peer, Call: asked.Call, Response: &protocol.Pong{Nonce: 1}})
		if got = await[protocol.Answered](a); got.Call != 6 || got.Err != nil {
			t.Errorf("%+v", got)
		}
	})
}

func TestDialTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes() // nobody accepts
		n := startNode(t, network.option)
		n.Do(protocol.Dial{Address: "x"})
		within(t, timed(func() {
			if got := await[protocol.DialFailed](n); got.Reason != "no connection within 10s" || got.Address != "x" {
				t.Errorf("%+v", got)
			}
		}), n.cfg.DialTime)
		never := startNode(t, func(_ *Config, d *Deps) {
			d.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, &net.OpError{Op: "dial", Err: errors.New("i/o timeout")}
			}
		})
		never.Do(protocol.Dial{Address: "y"})
		within(t, timed(func() { await[protocol.DialFailed](never) }), n.cfg.DialTime)
	})
}

// TestCloseTakesLittle closes on a peer that neither reads nor answers.
func TestCloseTakesLittle(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, n *node) {
		dialRaw(t, "x", network.Dial)
		p := await[protocol.PeerUp](n).Peer
		n.Do(protocol.Tell{Peer: p, Notice: &protocol.Announce{}})
		n.Do(protocol.Close{Peer: p, Reason: "banned"})
		if took := timed(func() { down(t, n, "banned") }); took > 2*n.cfg.CloseTime {
			t.Errorf("it took %v", took)
		}
	})
}

// TestSlowReader takes a large answer drop by drop, while another peer waits for
// its turn: it must not wait for long.
func TestSlowReader(t *testing.T) {
	inBubble(t, func(t *testing.T, network *pipes, n *node) {
		block := testBlock(1, 1, 1_000_000)
		n.deps.Serve = func(context.Context, protocol.Request) (protocol.Response, *protocol.Error) {
			return &protocol.Blocks{Blocks: []*consensus.Block{block}}, nil
		}
		n.bulk = newPlaces(1, n.cfg.WriteTime)
		var c net.Conn
		ws := dialRaw(t, "x", func(context.Context, string, string) (net.Conn, error) {
			var err error
			c, err = network.Dial(t.Context(), "", "")
			return c, err
		})
		ask := `{"jsonrpc":"2.0","id":1,"method":"peer.blocks","params":{"hashes":[]}}`
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(ask)); err != nil {
			t.Fatal(err)
		}
		q := await[protocol.Asked](n)
		n.Do(protocol.Serve(q))
		stopped := make(chan struct{})
		defer func() { <-stopped }()
		go func() {
			defer close(stopped)
			for err := error(nil); err == nil; time.Sleep(15 * time.Second) {
				_, err = io.ReadFull(c, make([]byte, pieceSize))
			}
		}()
		time.Sleep(time.Second) // let it have the place
		friend := startNode(t, network.option)
		friend.Do(protocol.Dial{Address: "x"})
		friend.Do(protocol.Ask{Peer: await[protocol.PeerUp](friend).Peer, Call: 1, Request: &protocol.GetBlocks{}})
		n.Do(protocol.Serve(await[protocol.Asked](n)))
		if took := timed(func() {
			if got := await[protocol.Answered](friend); got.Err != nil {
				t.Error(got.Err)
			}
		}); took > n.cfg.WriteTime {
			t.Errorf("the other waited for %v", took)
		}
		down(t, n, "took too long while others waited")
	})
}
