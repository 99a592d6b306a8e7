package chain_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

// TestDeepReorgs goes over to a branch of depth+1 blocks and comes back.
func TestDeepReorgs(t *testing.T) {
	for _, depth := range []int{1, 6, 144, 1088} {
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			m := chaintest.NewMaker(1)
			h := chaintest.New(t, m)
			root := m.Block("root", m.Genesis())
			h.MustAccept(root)
			// Each block spends its parent's coinbase.
			spend := func(d *chaintest.Draft) {
				chaintest.With(chaintest.Pass(d.Parent.Out(0, 0), 10))(d)
				chaintest.Extra(10)(d)
			}
			a := m.Chain("a", root, depth, spend)
			b := m.Chain("b", root, depth+1, spend)
			fileAll(t, h, a)
			h.Rest()
			before, err := chaintest.UTXOHash(h.Store)
			if err != nil {
				t.Fatal(err)
			}
			fileAll(t, h, b)
			h.Rest()
			if got := h.TipBlock(); got != b[depth] {
				t.Fatalf("tip %s", got.Name)
			}
			h.Invalidate(b[0])
			h.Rest()
			after, err := chaintest.UTXOHash(h.Store)
			if err != nil || after != before || h.TipBlock() != a[depth-1] {
				t.Errorf("tip %s, coins differ: %v, %v", h.TipBlock().Name, after != before, err)
			}
			h.Reopen()
			h.Rest()
		})
	}
}

func fileAll(t *testing.T, h *chaintest.Harness, blocks []*chaintest.Block) {
	t.Helper()
	for _, b := range blocks {
		if err := h.File(b); err != nil {
			t.Fatalf("%s: %v", b.Name, err)
		}
	}
}

// TestLongBadFork offers 100 blocks of more work, the last of which is bad.
func TestLongBadFork(t *testing.T) {
	m := chaintest.NewMaker(1)
	h := chaintest.New(t, m)
	a := m.Chain("a", m.Genesis(), 99)
	h.MustAccept(a...)
	b := m.Chain("b", m.Genesis(), 99)
	bad := m.Block("bad", b[98], chaintest.WrongScript)
	h.Unchanged(func() {
		fileAll(t, h, b)
		if err := h.Accept(bad); !errors.Is(err, consensus.ScriptFailed) {
			t.Errorf("the last block: %v", err)
		}
		h.Rest()
	})
}

// TestArrivalOrders brings five bodies in each of their 120 orders, after
// their headers and without.
func TestArrivalOrders(t *testing.T) {
	m := chaintest.NewMaker(1)
	line := m.Chain("a", m.Genesis(), 5)
	equal := make([]*chaintest.Block, 5)
	for i := range equal {
		equal[i] = m.Block(fmt.Sprint("equal", i), line[0])
	}
	fork := append(m.Chain("b", line[0], 2), line[1], line[2], line[0])
	trees := map[string][]*chaintest.Block{"line": line, "equal": equal, "fork": fork}
	for name, blocks := range trees {
		t.Run(name, func(t *testing.T) {
			permute(blocks, func(order []*chaintest.Block) {
				names := ""
				for _, b := range order {
					names += b.Name + " "
				}
				h := chaintest.New(t, m)
				h.Note = names + "headers first: "
				if name == "equal" {
					h.MustAccept(line[0])
				}
				for _, b := range sortedByHeight(blocks) {
					if err := h.AddHeader(b); err != nil {
						t.Fatal(err)
					}
				}
				h.MustAccept(order...)
				if name == "equal" && h.TipBlock() != order[0] {
					t.Errorf("%s: tip %s", names, h.TipBlock().Name)
				}
				withoutHeaders(t, m, names, line[0], order)
			})
		})
	}
}

// withoutHeaders offers blocks again and again until all are in.
func withoutHeaders(t *testing.T, m chaintest.Maker, names string, first *chaintest.Block, order []*chaintest.Block) {
	h := chaintest.New(t, m)
	h.Note = names + "without headers: "
	if !slices.Contains(order, first) {
		h.MustAccept(first)
	}
	for len(order) > 0 {
		var left []*chaintest.Block
		for _, b := range order {
			err := h.Accept(b)
			if errors.Is(err, consensus.PrevNotFound) {
				left = append(left, b)
			} else if err != nil {
				h.Fail("%s: %v", b.Name, err)
			}
		}
		if len(left) == len(order) {
			h.Fail("stuck")
		}
		order = left
	}
}

func sortedByHeight(blocks []*chaintest.Block) []*chaintest.Block {
	s := slices.Clone(blocks)
	slices.SortStableFunc(s, func(a, b *chaintest.Block) int { return int(a.Height - b.Height) })
	return s
}

// permute calls visit with every order.
func permute[T any](items []T, visit func([]T)) {
	var place func(order, rest []T)
	place = func(order, rest []T) {
		if len(rest) == 0 {
			visit(order)
		}
		for i := range rest {
			place(append(slices.Clone(order), rest[i]), slices.Delete(slices.Clone(rest), i, i+1))
		}
	}
	place(nil, items)
}

// TestCrashAtEveryCommit opens the store as each single commit left it. The
// chain must find the way to where it would have come without the crash.
func TestCrashAtEveryCommit(t *testing.T) {
	m := chaintest.NewMaker(1)
	h := chaintest.New(t, m)
	type rest struct {
		commits int
		tip     *chaintest.Block
	}
	var rests []rest
	atRest := func() {
		h.Rest()
		rests = append(rests, rest{len(h.Store.Batches), h.TipBlock()})
	}
	accept := func(blocks ...*chaintest.Block) {
		for _, b := range blocks {
			_ = h.Accept(b) // the model knows
			atRest()
		}
	}
	spend := func(d *chaintest.Draft) { chaintest.With(chaintest.Pass(d.Parent.Out(0, 0), 0))(d) }

	atRest()
	a := m.Chain("a", m.Genesis(), 9, spend1(m.Genesis(), spend))
	accept(a...)
	// A reorg of depth 5 in one go.
	b := m.Chain("b", a[3], 6, spend)
	accept(b...)
	// A branch with more work that is bad where it has as much work as the tip.
	c := m.Chain("c", a[5], 4, spend)
	bad := m.Block("bad", c[3], chaintest.Greedy)
	over := m.Block("over", bad)
	for _, x := range append(c, bad, over) {
		if err := h.AddHeader(x); err != nil {
			t.Fatal(err)
		}
	}
	accept(c[1], c[2], c[3], bad, over, c[0])
	// By a person's word far back, and forth again.
	h.Invalidate(a[1])
	atRest()
	h.Reconsider(b[5])
	atRest()
	h.Invalidate(b[0])
	atRest()

	moved := 0
	for n := 1; n <= len(h.Store.Batches); n++ {
		want := rests[slices.IndexFunc(rests, func(r rest) bool { return r.commits >= n })]
		crashed := h.Store.Prefix(n)
		ch, err := chain.Open(chain.Config{Params: m.Params, Store: crashed, Verifier: consensus.SerialVerifier{}, Rules: m.Rules})
		if err != nil {
			t.Fatalf("after commit %d: %v", n, err)
		}
		if toRest(t, ch) > 1 {
			moved++
		}
		if got := ch.Tip().Hash; got != want.tip.Hash() {
			t.Errorf("after commit %d: tip %v at height %d, want %s", n, got, ch.Tip().Height, want.tip.Name)
		}
		if err := h.Model.CheckCoins(crashed, want.tip); err != nil {
			t.Errorf("after commit %d: %v", n, err)
		}
	}
	if moved < 20 {
		t.Errorf("only %d crashes were in the middle of something", moved)
	}
}

// spend1 leaves the first block after genesis, whose coinbase is no coin,
// without a spend.
func spend1(genesis *chaintest.Block, o chaintest.Option) chaintest.Option {
	return func(d *chaintest.Draft) {
		if d.Parent.Hash() != genesis.Hash() {
			o(d)
		}
	}
}

// toRest advances until nothing is left to do and counts the steps.
func toRest(t *testing.T, c *chain.Chain) int {
	t.Helper()
	for n := range 10_000 {
		_, more, err := c.Advance()
		if err == nil {
			err = c.Commit(nil, false)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return n
		}
	}
	t.Fatal("no rest")
	return 0
}
