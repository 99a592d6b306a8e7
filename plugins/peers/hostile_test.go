package peers

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"orrery/core/protocol"
)

// announce is a notice with the given members.
func announce(members string) string {
	return `{"jsonrpc":"2.0","method":"peer.announce","params":{` + members + `}}`
}

func list1(n int, item string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
}

var hash64 = `"` + strings.Repeat("0", 64) + `"`

var hostileTexts = []struct{ name, text, kind, what string }{
	{"no JSON", "hello", protocol.FaultProtocol, "an object is missing"},
	{"empty", "", protocol.FaultProtocol, "an object is missing"},
	{"a batch", "[" + pingText + "]", protocol.FaultProtocol, "an object is missing"},
	{"two messages", pingText + pingText, protocol.FaultProtocol, "more than one value"},
	{"version 1", `{"id":1,"method":"peer.ping"}`, protocol.FaultProtocol, "not JSON-RPC 2.0"},
	{"neither", `{"jsonrpc":"2.0","id":1}`, protocol.FaultProtocol, "neither a request nor an answer"},
	{"both", `{"jsonrpc":"2.0","id":1,"method":"peer.ping","result":1}`, protocol.FaultProtocol, "a request and an answer"},
	{"an answer to nothing", `{"jsonrpc":"2.0","id":1,"result":{}}`, protocol.FaultProtocol, "nothing that was asked"},
	{"null id", `{"jsonrpc":"2.0","id":null,"method":"peer.ping"}`, protocol.FaultProtocol, "whole number"},
	{"id of fractions", `{"jsonrpc":"2.0","id":1.5,"method":"peer.ping"}`, protocol.FaultProtocol, "whole number"},
	{"huge id", `{"jsonrpc":"2.0","id":` + strings.Repeat("9", 1000) + `,"method":"peer.ping"}`, protocol.FaultSize, "too large"},
	{"long id", `{"jsonrpc":"2.0","id":"` + strings.Repeat("9", 1000) + `","method":"peer.ping"}`, protocol.FaultSize, "at most 64"},
	{"equal names", `{"jsonrpc":"2.0","id":1,"id":2,"method":"peer.ping"}`, protocol.FaultProtocol, `"id" is there twice`},
	{"equal names, escaped", `{"jsonrpc":"2.0","id":1,"\u0069d":2,"method":"peer.ping"}`, protocol.FaultProtocol, `"id" is there twice`},
	{"equal names inside", announce(`"txids":[],"txids":[]`), protocol.FaultProtocol, `"txids" is there twice`},
	{"other case", `{"jsonrpc":"2.0","ID":1,"METHOD":"peer.ping"}`, protocol.FaultProtocol, "wrong case"},
	{"two readings", `{"jsonrpc":"2.0","id":1,"method":"peer.ping","Method":"peer.announce"}`, protocol.FaultProtocol, "wrong case"},
	{"two readings, Kelvin", `{"jsonrpc":"2.0","id":1,"method":"peer.ping","param\u017f":{}}`, protocol.FaultProtocol, "wrong case"},
	{"half JSON", `{"jsonrpc":"2.0","id":1,"method":"peer.ping","params":{"nonce":"0000000000000007"},"x":"\q"}`, protocol.FaultProtocol, "no JSON"},
	{"half JSON, unknown", `{"jsonrpc":"2.0","id":1,"method":"peer.pang","x":+-e}`, protocol.FaultProtocol, "no JSON"},
	{"deep", announce(`"x":` + strings.Repeat("[", 10_001)), protocol.FaultSize, "levels of nesting"},
	{"deep objects", announce(`"x":` + strings.Repeat(`{"a":`, 10_001)), protocol.FaultSize, "levels of nesting"},
	{"many items", announce(`"txids":` + list1(250_000, "1")), protocol.FaultProtocol, "a string is missing"},
	{"many txids", announce(`"txids":` + list1(protocol.MaxTxids+1, hash64)), protocol.FaultSize, "txids: more than 5000"},
	{"many members", announce(`"peers":` + list1(protocol.MaxAddresses+1, "{}")), protocol.FaultSize, "peers: more than 1000"},
	{"many names", "{" + strings.TrimSuffix(func() (s string) {
		for i := range 100 {
			s += fmt.Sprintf(`"%d":1,`, i)
		}
		return s
	}(), ",") + "}", protocol.FaultSize, "more than 32 members"},
	{"long locator", `{"jsonrpc":"2.0","id":1,"method":"peer.headers","params":{"locator":` + list1(protocol.MaxLocator+1, hash64) + `}}`, protocol.FaultSize, "locator: more than 101"},
	{"many blocks", `{"jsonrpc":"2.0","id":1,"method":"peer.blocks","params":{"hashes":` + list1(protocol.MaxBlocks+1, hash64) + `}}`, protocol.FaultSize, "hashes: more than 16"},
	{"huge number", `{"jsonrpc":"2.0","id":1,"method":"peer.blocktxs","params":{"indexes":[1e999]}}`, protocol.FaultProtocol, "whole number"},
	{"large number", `{"jsonrpc":"2.0","id":1,"method":"peer.blocktxs","params":{"indexes":[4294967296]}}`, protocol.FaultProtocol, "not within"},
	{"parameters in order", `{"jsonrpc":"2.0","id":1,"method":"peer.ping","params":["0000000000000007"]}`, protocol.FaultProtocol, "an object is missing"},
	{"short hash", announce(`"txids":["00"]`), protocol.FaultProtocol, "want 64"},
	{"no hexadecimal", announce(`"txids":["` + strings.Repeat("x", 64) + `"]`), protocol.FaultProtocol, "not hexadecimal"},
	{"no base64", announce(`"records":["%%%%"]`), protocol.FaultProtocol, "not base64"},
	{"short header", announce(`"headers":["AAAA"]`), protocol.FaultProtocol, "want 80"},
	{"bad UTF-8", announce("\"peers\":[{\"address\":\"\xff\"}]"), protocol.FaultProtocol, "not UTF-8"},
	{"control characters", announce(`"peers":[{"address":"a\nb"}]`), protocol.FaultProtocol, "control characters"},
	{"no end", announce(`"peers":[{"address":"`), protocol.FaultProtocol, "a string has no end"},
	{"a request without id", `{"jsonrpc":"2.0","method":"peer.ping"}`, protocol.FaultProtocol, "needs an id"},
	{"a notice with id", `{"jsonrpc":"2.0","id":1,"method":"peer.announce","params":{}}`, protocol.FaultProtocol, "has no id"},
	{"an empty transaction", `{"jsonrpc":"2.0","method":"peer.compact","params":{"prefilled":[{"index":0,"tx":""}]}}`, protocol.FaultProtocol, "tx: "},
	{"too long", announce(`"x":"` + strings.Repeat("x", protocol.MaxUnasked) + `"`), protocol.FaultSize, "a message of more than 524288 bytes"},
	{"longer", strings.Repeat(" ", protocol.MaxFrame+10), protocol.FaultSize, "a message of more than 524288 bytes"},
}

// TestHostileTexts says what is no message: the peer is told why, the node is
// told of a fault.
func TestHostileTexts(t *testing.T) {
	n := newNode(t)
	for _, tt := range hostileTexts {
		t.Run(tt.name, func(t *testing.T) {
			ws := dialRaw(t, n.address, new(net.Dialer).DialContext)
			id := await[protocol.PeerUp](n).Peer
			ended := make(chan error, 1)
			go func() {
				_, _, err := ws.Read(t.Context())
				ended <- err
			}()
			_ = ws.Write(t.Context(), websocket.MessageText, []byte(tt.text)) // it may be cut off
			if got := await[protocol.Broke](n); got.Peer != id || got.Kind != tt.kind || !strings.Contains(got.What, tt.what) {
				t.Errorf("broke %+v", got)
			}
			down(t, n, tt.what)
			err := <-ended
			var told websocket.CloseError
			want := codeMalformed
			if tt.kind == protocol.FaultSize {
				want = codeTooBig
			}
			if !errors.As(err, &told) || told.Code != want || !strings.Contains(told.Reason, tt.what) {
				t.Errorf("told %v", err)
			}
		})
	}
}

// rawSocket is a TCP connection after the handshake.
func rawSocket(t testing.TB, n *node) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", n.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_, _ = io.WriteString(c, "GET /peer HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	var answer []byte
	for one := make([]byte, 1); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); answer = append(answer, one...) {
		if _, err := io.ReadFull(c, one); err != nil {
			t.Fatal(err, string(answer))
		}
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 101 ")) {
		t.Fatalf("%s", answer)
	}
	if bytes.Contains(bytes.ToLower(answer), []byte("deflate")) {
		t.Errorf("compression was negotiated: %s", answer)
	}
	return c
}

// frameHead is the start of a masked frame; the mask is zero.
func frameHead(first byte, length uint64) []byte {
	return append(binary.BigEndian.AppendUint64([]byte{first, 0xff}, length), 0, 0, 0, 0)
}

// TestHostileFrames sends what is no WebSocket: nothing is allocated for a
// length that is only claimed.
func TestHostileFrames(t *testing.T) {
	endless := append(frameHead(0x01, 60_000), make([]byte, 60_000)...)
	for range 20 {
		endless = append(append(endless, frameHead(0x00, 60_000)...), bytes.Repeat([]byte{' '}, 60_000)...)
	}
	n := newNode(t, hasty)
	for _, tt := range []struct {
		name string
		raw  []byte
		kind string
	}{
		{"2^63", frameHead(0x81, 1<<63), protocol.FaultProtocol},
		{"2^63-1, then bytes", append(frameHead(0x81, 1<<63-1), make([]byte, protocol.MaxUnasked+10)...), protocol.FaultSize},
		{"endless fragments", endless, protocol.FaultSize},
		{"binary", append(frameHead(0x82, 2), '{', '}'), protocol.FaultProtocol},
		{"compressed", append(frameHead(0xc1, 2), '{', '}'), protocol.FaultProtocol},
		{"no mask", []byte{0x81, 2, '{', '}'}, protocol.FaultProtocol},
		{"unknown kind", frameHead(0x83, 0), protocol.FaultProtocol},
		{"continues nothing", frameHead(0x80, 0), protocol.FaultProtocol},
		{"long ping", append(frameHead(0x89, 200), make([]byte, 200)...), protocol.FaultProtocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := rawSocket(t, n)
			await[protocol.PeerUp](n)
			go func() { _, _ = c.Write(tt.raw) }()
			if got := await[protocol.Broke](n); got.Kind != tt.kind {
				t.Errorf("%+v", got)
			}
			await[protocol.PeerDown](n)
		})
	}
}

// TestForeignMethods calls what belongs to wallets and operators.
func TestForeignMethods(t *testing.T) {
	n := newNode(t)
	ws := dialRaw(t, n.address, new(net.Dialer).DialContext)
	for _, method := range []string{"stop", "getblockcount", "sendtoaddress", "rpc.discover", "peer.Hello", "PEER.HELLO", "Call", "peer.hello.Call", "xrpc.cancel"} {
		ask := fmt.Sprintf(`{"jsonrpc":"2.0","id":"q%d","method":%q,"params":[]}`, len(method), method)
		if err := ws.Write(t.Context(), websocket.MessageText, []byte(ask)); err != nil {
			t.Fatal(err)
		}
		_, got, err := ws.Read(t.Context())
		want := fmt.Sprintf(`{"error":{"code":-32601,"message":"method '%s' not found"},"id":"q%d","jsonrpc":"2.0"}`, method, len(method))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", method, got, err)
		}
	}
	_ = ws.Write(t.Context(), websocket.MessageText, []byte(`{"jsonrpc":"2.0","method":"peer.later","params":{}}`)) // no fault
	_ = ws.Write(t.Context(), websocket.MessageText, []byte(pingText))
	await[protocol.Asked](n)
}

// TestFlood lets 80 peers send the largest messages there are, while another
// peer's pings go through, and memory stays bounded.
func TestFlood(t *testing.T) {
	const lives = 2
	// The flooders live in this process too, and so does what the collector has
	// not found yet; without limits it would be a gigabyte.
	const maxMemory = 200 << 20
	n := newNode(t, hasty)
	friend := startNode(t)
	friend.patience = time.Minute // with the race detector, on a busy machine
	at := greet(friend, n)
	n.loop(t, nil)
	before := live()
	texts := [][]byte{
		[]byte(announce(`"txids":` + list1(protocol.MaxTxids, hash64))),
		[]byte(announce(`"records":["` + base64.StdEncoding.EncodeToString(make([]byte, 380_000)) + `"]`)),
		[]byte(announce(`"x":` + list1(250_000, "7"))),
		[]byte(strings.Repeat("[", protocol.MaxUnasked-10)),
		[]byte(strings.Repeat(" ", 4<<20)),
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for i := range flooders {
		group.Go(func() {
			for range lives {
				ws, _, err := websocket.Dial(ctx, "ws://"+n.address+path, nil)
				for err == nil {
					err = ws.Write(ctx, websocket.MessageText, texts[i%len(texts)])
				}
				if ws != nil {
					_ = ws.CloseNow()
				}
			}
		})
	}
	var slowest time.Duration
	var most int64
	for call := range uint64(5) {
		began := time.Now()
		friend.Do(protocol.Ask{Peer: at, Call: call, Request: &protocol.Ping{}})
		await[protocol.Answered](friend)
		slowest = max(slowest, time.Since(began))
		most = max(most, live()-before)
	}
	cancel()
	group.Wait()
	t.Logf("slowest ping %v, at most %d MiB more memory", slowest, most>>20)
	if most > maxMemory {
		t.Errorf("memory grew by %d MiB", most>>20)
	}
}

// live is how many bytes the heap holds that are in use.
func live() int64 {
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
