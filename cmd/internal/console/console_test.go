package console

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/core/policy"
)

// maxWidth is that of a terminal on half a screen, in columns, usualWidth that
// with which terminals start.
const maxWidth, usualWidth = 100, 80

// stage is a node in memory before a console.
type stage struct {
	testing.TB
	chaintest.Maker
	node    *node.Node
	store   chain.Store
	console *Console
	columns int // of the terminal
	out     bytes.Buffer
}

func newStage(t testing.TB, person bool) *stage {
	t.Helper()
	s := &stage{TB: t, Maker: chaintest.NewMaker(1), store: chain.NewMemStore()}
	var err error
	s.node, err = node.Open(node.Config{
		Chain:   chain.Config{Params: s.Params, Store: s.store, Verifier: consensus.SerialVerifier{}, Rules: s.Rules},
		Mempool: mempool.DefaultConfig(),
	}, s.now())
	if err != nil {
		t.Fatal(err)
	}
	var w io.Writer
	log := slog.New(slog.NewJSONHandler(&s.out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	if person {
		w, log = &s.out, slog.New(slog.DiscardHandler)
	}
	s.console = New(w, func() int { return s.columns }, log, s.Params.Genesis.Hash())
	return s
}

func (s *stage) now() int64 { return (int64(s.Params.Genesis.Header.Time) + 1e8) * 1e9 }

func (s *stage) submit(blocks ...*chaintest.Block) {
	s.Helper()
	for _, b := range blocks {
		var event node.Event = node.SubmitBlock{Block: b.Block}
		for event != nil {
			effects, err := s.node.Step(s.now(), event)
			if err != nil {
				s.Fatal(err)
			}
			event = nil
			for _, e := range effects {
				switch e := e.(type) {
				case node.More:
					event = node.Continue{}
				case node.Done:
					if e.Err != nil && !errors.Is(e.Err, node.ErrInconclusive) {
						s.Fatalf("%s: %v", b.Name, e.Err)
					}
				}
			}
		}
	}
}

// view is what the node shows, as if scripts had failed.
func (s *stage) view(failed []*chain.PolicyFailure) *node.View {
	s.Helper()
	v, err := s.node.View()
	if err == nil {
		v.Store, err = s.store.Snapshot()
	}
	if err != nil {
		s.Fatal(err)
	}
	v.Failures = failed
	return v
}

// shows looks at what the console says of the node now. Blocks found by
// chaintest are the same each time, and so are their hashes.
func (s *stage) shows(failed []*chain.PolicyFailure, lines ...string) {
	s.Helper()
	s.out.Reset()
	if err := s.console.Show(s.view(failed)); err != nil {
		s.Fatal(err)
	}
	want := strings.Join(lines, "\n")
	if want != "" {
		want += "\n"
	}
	if got := s.out.String(); got != want {
		s.Errorf("got\n%swant\n%s", got, want)
	}
}

// extra is a block of two transactions that takes its time.
func (s *stage) extra(parent *chaintest.Block) *chaintest.Block {
	tx := chaintest.Pass(parent.Out(0, 0), 1234)
	return s.Block("extra", parent, chaintest.With(tx), chaintest.Extra(1234), chaintest.At(int64(parent.Header.Time)+12))
}

func failureAt(height int32) []*chain.PolicyFailure {
	return []*chain.PolicyFailure{{Height: height, Err: &policy.ScriptError{
		Hook: policy.Difficulty, File: "scripts/difficulty.lua", Line: 17, Msg: "attempt to divide by zero",
	}}}
}

func TestForAPerson(t *testing.T) {
	s := newStage(t, true)
	s.shows(nil)
	a1 := s.Block("a1", s.Genesis())
	a2 := s.extra(a1)
	s.submit(a1, a2)
	s.shows(nil,
		"      1  2c2271…f72da0  1 tx      +600 s  difficulty 4.66e-10 (2 hashes)  reward 50.00",
		"      2  5788eb…017f44  2 txs      +12 s  difficulty 4.66e-10 (2 hashes)  reward 50.00001234")
	s.shows(nil)
	s.submit(s.Chain("b", a1, 2)...)
	s.shows(failureAt(4),
		"  reorg: 1 block left, the branches part after height 1",
		"      2  119f25…4ba7d2  1 tx      +600 s  difficulty 4.66e-10 (2 hashes)  reward 50.00",
		"      3  32af88…67d4fe  1 tx      +600 s  difficulty 4.66e-10 (2 hashes)  reward 50.00",
		"  warning: policy difficulty failed for height 4, the target stays:",
		"  scripts/difficulty.lua:17: attempt to divide by zero")
	s.shows(failureAt(4))
	both := append(failureAt(5), failureAt(5)...)
	both[1].Err.Hook, both[1].Err.File = policy.Subsidy, "scripts/reward.lua"
	s.shows(both,
		"  warning: policy difficulty failed for height 5, the target stays:",
		"  scripts/difficulty.lua:17: attempt to divide by zero",
		"  warning: policy reward failed for height 5, the block may create nothing:",
		"  scripts/reward.lua:17: attempt to divide by zero")
	s.shows(both)
}

func TestForAMachine(t *testing.T) {
	s := newStage(t, false)
	a1 := s.Block("a1", s.Genesis())
	a2 := s.extra(a1)
	s.submit(a1, a2)
	s.shows(nil,
		`{"level":"INFO","msg":"block","height":1,"hash":"`+a1.Hash().String()+`","txs":1,"interval_s":600,"difficulty":4.6565423739069247e-10,"reward":"50.00"}`,
		`{"level":"INFO","msg":"block","height":2,"hash":"`+a2.Hash().String()+`","txs":2,"interval_s":12,"difficulty":4.6565423739069247e-10,"reward":"50.00001234"}`)
	b := s.Chain("b", s.Genesis(), 3)
	s.submit(b...)
	s.out.Reset()
	if err := s.console.Show(s.view(failureAt(4))); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(s.out.String()), "\n")
	if len(lines) != 5 {
		t.Fatalf("%d records:\n%s", len(lines), s.out.String())
	}
	for at, want := range map[int]string{
		0: `{"level":"INFO","msg":"reorg","left_blocks":2,"fork_height":0,"fork_hash":"` + s.Genesis().Hash().String() + `"}`,
		4: `{"level":"WARN","msg":"policy failed, fallback used","hook":"difficulty","height":4,"error":"scripts/difficulty.lua:17: attempt to divide by zero"}`,
	} {
		if lines[at] != want {
			t.Errorf("got  %s\nwant %s", lines[at], want)
		}
	}
}

// Of a long way only the end is shown.
func TestManyBlocks(t *testing.T) {
	for _, person := range []bool{true, false} {
		s := newStage(t, person)
		for _, c := range []struct{ blocks, lines int }{{fullLines, fullLines}, {fullLines + 1, lastLines + 1}, {3000, lastLines + 1}} {
			tip := s.Genesis()
			if v := s.view(nil); v.Tip.Height > 0 {
				tip = s.last(v)
			}
			s.submit(s.Chain("c", tip, c.blocks)...)
			s.out.Reset()
			v := s.view(nil)
			if err := s.console.Show(v); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(s.out.String(), "\n"), "\n")
			if len(lines) != c.lines {
				t.Errorf("%d lines for %d blocks", len(lines), c.blocks)
			}
			if !strings.Contains(lines[len(lines)-1], v.Tip.Hash.String()[58:]) {
				t.Errorf("the last line is not of the tip: %s", lines[len(lines)-1])
			}
			if c.lines == lastLines+1 && person && !strings.HasSuffix(lines[0], plural(c.blocks-lastLines, "block", "blocks")) {
				t.Errorf("left out: %s", lines[0])
			}
		}
	}
}

// last is the tip of a view as a parent.
func (s *stage) last(v *node.View) *chaintest.Block {
	s.Helper()
	b, err := v.Block(v.Tip)
	if err != nil {
		s.Fatal(err)
	}
	parent := s.Genesis()
	if v.Tip.Height > 1 {
		parent = &chaintest.Block{Height: v.Tip.Height - 1}
	}
	return &chaintest.Block{Block: b, Height: v.Tip.Height, Parent: parent}
}

// Numbers as large as they can reasonably be fit the terminal.
func TestWidth(t *testing.T) {
	s := newStage(t, true)
	for _, columns := range []int{0, usualWidth, 200} {
		s.columns = columns
		for _, bits := range []uint32{0x207fffff, 0x1d00ffff, 0x17034219, 0x1e7a1200} {
			for _, interval := range []int64{1, -7000, 9999, 99_999, 500_000_000, -500_000_000} {
				line := s.line(bits, interval, 9999, 5000_12345678)
				if n := utf8.RuneCountInString(line); n > maxWidth {
					t.Errorf("%d columns: %s", n, line)
				}
				if tells := strings.Contains(line, " hashes)"); tells != (columns != usualWidth) {
					t.Errorf("%d columns: %s", columns, line)
				}
				if line = s.line(bits, interval%10_000, 999, 50_00000226); columns == usualWidth && utf8.RuneCountInString(line) > usualWidth {
					t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
				}
			}
		}
	}
}

// line is what a person sees of a block.
func (s *stage) line(bits uint32, interval int64, txs int, reward int64) string {
	cb := wire.NewMsgTx(2)
	cb.AddTxOut(chaintest.Pay(reward, chaintest.Anyone))
	list := make([]*consensus.Tx, txs)
	for i := range list {
		list[i] = consensus.NewTx(cb)
	}
	parent := &chain.Node{Header: consensus.Header{Time: 2_000_000_000}}
	n := &chain.Node{Height: 1_234_567, Parent: parent, Header: consensus.Header{Bits: bits, Time: uint32(2_000_000_000 + interval)}}
	s.out.Reset()
	s.console.block(n, consensus.NewBlock(n.Header, list))
	return strings.TrimSuffix(s.out.String(), "\n")
}

func TestNumbers(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", 2: "2", 999: "999", 999.4: "999", 999.6: "1 k", 1000: "1 k", 200_123: "200 k", 999_999: "1 M",
		4.6565e-10: "4.66e-10", 1.5e18: "1.5 E", 2e22: "20 Z",
	} {
		if got := metric(f); got != want {
			t.Errorf("metric(%v) = %q, want %q", f, got, want)
		}
	}
	for satoshi, want := range map[int64]string{
		0: "0.00", 1: "0.00000001", 10: "0.0000001", 50_00000000: "50.00", 50_10000000: "50.10", 50_12000000: "50.12", 50_12300000: "50.123",
		21_000_000_00000000: "21000000.00",
	} {
		if got := coins(satoshi); got != want {
			t.Errorf("coins(%d) = %q, want %q", satoshi, got, want)
		}
	}
	for seconds, want := range map[int64]string{0: "+0 s", -5: "-5 s", 99_999: "+99999 s", 100_000: "+1 d", -200_000: "-2 d"} {
		if got := span(seconds); got != want {
			t.Errorf("span(%d) = %q, want %q", seconds, got, want)
		}
	}
	if d := Difficulty(0x1d00ffff); d != 1 {
		t.Errorf("difficulty %v of the easiest target of Bitcoin", d)
	}
	if d := Difficulty(0); d != 0 {
		t.Errorf("difficulty %v of no target", d)
	}
}

// Before a view that is on another chain there is nothing to say.
func TestUnknownTip(t *testing.T) {
	s := newStage(t, true)
	s.console.tip[0]++
	if err := s.console.Show(s.view(nil)); !errors.Is(err, node.ErrUnknownTip) {
		t.Error(err)
	}
}
