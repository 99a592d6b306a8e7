package console

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"orrery/core/netsync"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// clock stands still until the test moves it.
func (s *stage) clock() *time.Time {
	now := time.Unix(1_800_000_000, 0)
	s.console.now = func() time.Time { return now }
	return &now
}

// sees shows the console a view of the network and returns what it says.
func (s *stage) sees(sync netsync.Progress, peers ...peering.PeerView) string {
	s.Helper()
	s.out.Reset()
	v := s.view(nil)
	v.Net = &node.NetView{Peers: &peering.View{Peers: peers}, Sync: sync}
	if err := s.console.Show(v); err != nil {
		s.Fatal(err)
	}
	return s.out.String()
}

func (s *stage) wants(got string, lines ...string) {
	s.Helper()
	if want := strings.Join(lines, ""); got != want {
		s.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestPeersComeAndGo(t *testing.T) {
	for _, person := range []bool{true, false} {
		s := newStage(t, person)
		now := s.clock()
		connected := now.UnixNano()
		a := peering.PeerView{Peer: 1, Address: "127.0.0.1:40001", Inbound: true, Connected: connected}
		said := func(forPerson, forMachine string) []string {
			if person {
				return []string{forPerson + "\n"}
			}
			return []string{`{"level":"INFO",` + forMachine + "}\n"}
		}
		none := netsync.Progress{}
		s.wants(s.sees(none, a))
		a.Member, a.Kind = true, protocol.KindNode
		s.wants(s.sees(none, a)) // it has no ID yet
		a.NodeID = 8001
		s.wants(s.sees(none, a)) // nor a place to listen
		a.Listen = "127.0.0.1:8001"
		joined := said("  8001 joined (127.0.0.1:8001)", `"msg":"peer joined","node_id":8001,"kind":"node","address":"127.0.0.1:8001"`)
		s.wants(s.sees(none, a), joined...)
		feeler := peering.PeerView{Peer: 2, Member: true, Kind: protocol.KindNode, NodeID: 8005, Listen: "127.0.0.1:8005", Role: "feeler", Connected: connected}
		wallet := peering.PeerView{Peer: 3, Inbound: true, Member: true, Kind: protocol.KindWallet, NodeID: 8002, Address: "127.0.0.1:5", Connected: connected}
		s.wants(s.sees(none, a, feeler, wallet),
			said("  wallet 8002 joined (127.0.0.1:5)", `"msg":"peer joined","node_id":8002,"kind":"wallet","address":"127.0.0.1:5"`)...)
		s.wants(s.sees(none, wallet),
			said("  8001 left (127.0.0.1:8001)", `"msg":"peer left","node_id":8001,"kind":"node","address":"127.0.0.1:8001"`)...)
		*now = now.Add(settleTime)
		silent := peering.PeerView{Peer: 4, Inbound: true, Member: true, Kind: protocol.KindNode, Address: "127.0.0.1:6", Connected: connected}
		s.wants(s.sees(none, wallet, silent),
			said("  a node without ID joined (127.0.0.1:6)", `"msg":"peer joined","node_id":0,"kind":"node","address":"127.0.0.1:6"`)...)
		ours := peering.PeerView{Peer: 5, Member: true, Kind: protocol.KindNode, NodeID: 8000, Address: "127.0.0.1:8000", Listen: "127.0.0.1:8000"}
		s.wants(s.sees(none, wallet, silent, ours),
			said("  connected to 8000 (127.0.0.1:8000)", `"msg":"peer connected","node_id":8000,"kind":"node","address":"127.0.0.1:8000"`)...)
	}
}

// TestFlappingPeer: one that comes and goes all the time does not fill the screen.
func TestFlappingPeer(t *testing.T) {
	s := newStage(t, true)
	now := s.clock()
	lines := 0
	for n := range 200 {
		p := peering.PeerView{Peer: protocol.PeerID(n), Member: true, Kind: protocol.KindNode, NodeID: 8001, Listen: "x:1"}
		lines += strings.Count(s.sees(netsync.Progress{}, p), "\n")
	}
	if lines != maxPeerLines {
		t.Errorf("%d lines", lines)
	}
	*now = now.Add(peerSpan)
	s.wants(s.sees(netsync.Progress{}), fmt.Sprintf("  %d times more that peers joined or left\n", 200+199-maxPeerLines), "  8001 left (x:1)\n")
}

// board is an output with a line in place.
type board struct {
	*bytes.Buffer
	line  string
	drawn int
}

func (b *board) Status(text string) { b.line, b.drawn = text, b.drawn+1 }

// TestSyncInPlace: a sync is one line, written over, and blocks are counted
// when it is over.
func TestSyncInPlace(t *testing.T) {
	s := newStage(t, true)
	s.columns = 100
	b := &board{Buffer: &s.out}
	s.console.out = b
	now := s.clock()
	p := netsync.Progress{Headers: 2000, Goal: 9999, Rate: 1234.5, ETA: 65, Initial: true, Peers: 2}
	s.wants(s.sees(p))
	if b.drawn != 0 {
		t.Errorf("drawn at once: %q", b.line)
	}
	s.submit(s.Chain("a", s.Genesis(), 99)...)
	*now = now.Add(quietSync)
	s.wants(s.sees(p))
	if want := "  sync   1 %  [-----------------------------------]  header 2000  block 99  1234/s  1 min 5 s left"; b.line != want {
		t.Errorf("got  %q\nwant %q", b.line, want)
	}
	s.sees(p)
	if b.drawn != 1 {
		t.Errorf("drawn %d times at one moment", b.drawn)
	}
	*now = now.Add(drawEvery)
	p.Goal, p.Headers, p.ETA, s.columns = 199, 199, -1, 80
	s.wants(s.sees(p))
	if want := "  sync  50 %  [#######--------]  header 199  block 99  1234/s  time unknown"; b.line != want || b.drawn != 2 {
		t.Errorf("got  %q\nwant %q", b.line, want)
	}
	*now = now.Add(quietSync)
	p.Goal, p.Headers = 100, 100
	if s.wants(s.sees(p)); !strings.HasPrefix(b.line, "  sync  99 %") {
		t.Errorf("before the last block: %q", b.line)
	}
	p.Goal, p.Headers = 99, 99
	lines := strings.Split(s.sees(p), "\n")
	if b.line != "" || len(lines) != 2+lastLines+1 || lines[0] != "  synced 99 blocks in 4 s, 23 a second" || !strings.HasSuffix(lines[1], "… 96 blocks") {
		t.Errorf("at the end: %q, line %q", lines, b.line)
	}
}

// TestSyncInLines: where no line can be written over, there is one every ten
// seconds.
func TestSyncInLines(t *testing.T) {
	for _, person := range []bool{true, false} {
		s := newStage(t, person)
		now := s.clock()
		p := netsync.Progress{Headers: 100, Goal: 9999, Rate: 50.5, ETA: 3700, Initial: true, Peers: 1}
		want := `{"level":"INFO","msg":"syncing","headers":100,"blocks":0,"goal":9999,"blocks_per_second":50,"eta_s":3700}` + "\n"
		if person {
			want = "  sync   0 %  [---------------]  header 100  block 0  50/s  1 h 1 min left\n"
		}
		got := ""
		for range 30 { // from second 2 on, then at 12 and 22
			got += s.sees(p)
			*now = now.Add(time.Second)
		}
		s.wants(got, want, want, want)
	}
}

// TestBehind: what peers only claim does not hide blocks for ever.
func TestBehind(t *testing.T) {
	for _, c := range []struct {
		p    netsync.Progress
		want bool
	}{
		{netsync.Progress{Headers: 10, Goal: 9999, Initial: true, Peers: 1}, true},
		{netsync.Progress{Headers: 10, Goal: 9999, Initial: true}, false},
		{netsync.Progress{Headers: 10, Goal: 9999, Peers: 1}, false},
		{netsync.Progress{Headers: 10 + fullLines, Goal: 9999, Peers: 1}, false},
		{netsync.Progress{Headers: 11 + fullLines, Peers: 1}, true},
	} {
		if got := behind(&c.p, 10, fullLines); got != c.want {
			t.Errorf("%+v: %v", c.p, got)
		}
	}
}

// TestSyncLine: it never reaches the end of the terminal's line.
func TestSyncLine(t *testing.T) {
	for columns := range 200 {
		for _, p := range []netsync.Progress{{}, {Headers: 1, Blocks: 5, ETA: -1}, {Headers: 2_000_000_000, Goal: 2_100_000_000, Blocks: 1_999_999_999, Rate: 1e5, ETA: 1e9}} {
			line := syncLine(&p, columns)
			if n := utf8.RuneCountInString(line); columns > 0 && n >= columns || columns == 0 && n >= someColumns {
				t.Errorf("%d columns: %d in %q", columns, n, line)
			}
		}
	}
	for s, want := range map[int64]string{0: "0 s", 59: "59 s", 60: "1 min 0 s", 3599: "59 min 59 s", 3600: "1 h 0 min", 360_000: "4 d"} {
		if got := duration(s); got != want {
			t.Errorf("%d: %q, want %q", s, got, want)
		}
	}
}
