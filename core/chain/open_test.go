package chain_test

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

func openStore(m chaintest.Maker, s chain.Store) (*chain.Chain, error) {
	return chain.Open(chain.Config{Params: m.Params, Store: s, Verifier: consensus.SerialVerifier{}, Rules: m.Rules})
}

// TestOpenRefuses opens stores that are foreign or contradict themselves.
func TestOpenRefuses(t *testing.T) {
	m := chaintest.NewMaker(1)
	h := chaintest.New(t, m)
	a := m.Chain("a", m.Genesis(), 3)
	h.MustAccept(a...)
	file := chaintest.Regtest()
	file.Genesis.Message = "another chain"
	file, err := consensus.MineGenesis(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	params, err := file.Params()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(chaintest.Maker{Params: params, Rules: m.Rules}, h.Store); !errors.Is(err, chain.ErrForeign) {
		t.Errorf("another chain's store: %v", err)
	}
	unknown := chainhash.Hash{1}
	known := a[1].Hash()
	for name, damage := range map[string]chain.Batch{
		"a tip that no header has":   {Tip: &unknown},
		"a header without parent":    {Entries: []chain.Entry{{Seq: 4, Header: consensus.Header{Prev: unknown}}}},
		"a header missing":           {Entries: []chain.Entry{{Seq: 9, Header: m.Block("x", a[2]).Header}}},
		"a body of another block":    {Bodies: []chain.Body{{Seq: 3, Block: a[0].Block}}},
		"a tip that has no body":     {Entries: []chain.Entry{{Seq: 3, Header: a[2].Header, Status: chain.Connected}}},
		"a tip that was not applied": {Entries: []chain.Entry{{Seq: 2, Header: a[1].Header, Status: chain.HaveBody}}, Tip: &known},
		"a reorg from nowhere":       {Meta: []chain.KV{{Key: "chain/home", Value: unknown[:]}}},
		"a reorg from half a hash":   {Meta: []chain.KV{{Key: "chain/home", Value: unknown[:7]}}},
	} {
		s := h.Store.Prefix(len(h.Store.Batches))
		if err := s.MemStore.Commit(&damage, false); err != nil {
			t.Fatal(err)
		}
		if _, err := openStore(m, s); !errors.Is(err, chain.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openStore(m, h.Store); err != nil {
		t.Errorf("the store itself: %v", err)
	}
}

// failing is a store one of whose calls fails.
type failing struct {
	*chaintest.Journal
	commit, undo, body error
	short              bool // undo data lacks a coin that the block spent
}

func (f *failing) Commit(b *chain.Batch, durable bool) error {
	if f.commit != nil {
		return f.commit
	}
	return f.Journal.Commit(b, durable)
}

func (f *failing) Undo(seq uint64) ([]consensus.Coin, error) {
	if f.undo != nil {
		return nil, f.undo
	}
	if f.short {
		return []consensus.Coin{{}}, nil
	}
	return f.Journal.Undo(seq)
}

func (f *failing) Block(seq uint64) (*consensus.Block, error) {
	if f.body != nil {
		return nil, f.body
	}
	return f.Journal.Block(seq)
}

// TestStoreFaults lets the store fail in the middle of things: the error comes
// out, no block is at fault, and what is stored stays good.
func TestStoreFaults(t *testing.T) {
	m := chaintest.NewMaker(1)
	broken := errors.New("disk on fire")
	a := m.Chain("a", m.Genesis(), 20)
	b := m.Chain("b", a[0], 20)
	for name, set := range map[string]func(*failing){
		"commit":                func(f *failing) { f.commit = broken },
		"undo":                  func(f *failing) { f.undo = broken },
		"body":                  func(f *failing) { f.body = broken },
		"undo of another block": func(f *failing) { f.short = true },
	} {
		s := &failing{Journal: chaintest.NewJournal()}
		c, err := openStore(m, s)
		if err != nil {
			t.Fatal(err)
		}
		now := int64(a[19].Header.Time)
		for _, x := range append(a[:20:20], b...) {
			if _, err := c.AcceptBlock(x.Block, now); err != nil {
				t.Fatal(err)
			}
			if err := c.Commit(nil, false); err != nil {
				t.Fatal(err)
			}
			if x.Height < 21 {
				toRest(t, c)
			}
		}
		set(s)
		var fault error
		for range 100 {
			_, more, err := c.Advance()
			if err == nil {
				err = c.Commit(nil, false)
			}
			if fault = err; err != nil || !more {
				break
			}
		}
		if want := map[bool]error{true: chain.ErrCorrupt, false: broken}[s.short]; !errors.Is(fault, want) {
			t.Errorf("%s: %v, want %v", name, fault, want)
		}
		again, err := openStore(m, s.Journal)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		toRest(t, again)
		if got := again.Tip().Hash; got != b[19].Hash() {
			t.Errorf("%s: afterwards the tip is %v", name, got)
		}
	}
}

// TestViewsStay keeps views while the chain goes on: none of them changes.
func TestViewsStay(t *testing.T) {
	m := chaintest.NewMaker(1)
	h := chaintest.New(t, m)
	type seen struct {
		view *chain.View
		best []chainhash.Hash
		n    int
		bad  bool
	}
	var views []seen
	a := m.Chain("a", m.Genesis(), 10)
	b := m.Chain("b", a[4], 8)
	look := func() {
		v := h.Chain.View()
		s := seen{view: v, n: v.Headers()}
		for n := v.Tip; n != nil; n = n.Parent {
			s.best = append(s.best, n.Hash)
		}
		hash := a[6].Hash()
		r, ok := v.Lookup(&hash)
		s.bad = ok && r.Failed
		views = append(views, s)
	}
	look()
	for _, x := range append(a[:10:10], b...) {
		if err := h.File(x); err != nil {
			t.Fatal(err)
		}
		for more := true; more; more = h.Step() {
			look()
		}
	}
	h.Invalidate(b[2])
	h.Invalidate(a[6])
	for more := true; more; more = h.Step() {
		look()
	}
	h.Reconsider(a[6])
	h.Rest()
	for i, s := range views {
		v := s.view
		if v.Headers() != s.n || int(v.Tip.Height) != len(s.best)-1 {
			t.Fatalf("view %d has %d headers, tip at %d", i, v.Headers(), v.Tip.Height)
		}
		for j, hash := range s.best {
			n := v.At(v.Tip.Height - int32(j))
			if n == nil || n.Hash != hash || !v.Contains(n) || j > 0 && v.Next(n) == nil {
				t.Fatalf("view %d changed at height %d", i, v.Tip.Height-int32(j))
			}
		}
		hash := a[6].Hash()
		if r, ok := v.Lookup(&hash); ok && r.Failed != s.bad {
			t.Fatalf("view %d: a7 failed is %v now", i, r.Failed)
		}
		// A reorg leads from each view to the last one.
		last := h.Chain.View()
		fork := last.ForkPoint(v.Tip)
		if !last.Contains(fork) || v.Tip.Ancestor(fork.Height) != fork {
			t.Fatalf("view %d: fork point at %d", i, fork.Height)
		}
	}
}

// TestTips compares the ends of branches with those of a drawn tree.
func TestTips(t *testing.T) {
	m := chaintest.NewMaker(1)
	h := chaintest.New(t, m)
	a := m.Chain("a", m.Genesis(), 4)
	b := m.Chain("b", a[1], 1)
	c := m.Chain("c", a[0], 2)
	h.MustAccept(a...)
	h.MustAccept(b...)
	for _, x := range c {
		if err := h.AddHeader(x); err != nil {
			t.Fatal(err)
		}
	}
	want := map[chainhash.Hash]string{a[3].Hash(): "a4", b[0].Hash(): "b3", c[1].Hash(): "c3"}
	check := func(when string) {
		tips := h.Chain.View().Tips()
		if len(tips) != len(want) {
			t.Errorf("%s: %d tips, want %d", when, len(tips), len(want))
		}
		for i, r := range tips {
			if want[r.Hash] == "" {
				t.Errorf("%s: %v at height %d", when, r.Hash, r.Height)
			}
			if i > 0 && string(tips[i-1].Hash[:]) >= string(r.Hash[:]) {
				t.Errorf("%s: not in the order of hashes", when)
			}
		}
	}
	check("at first")
	h.Invalidate(a[3])
	h.Rest()
	want[a[2].Hash()] = "a3" // the tip, although a4 builds on it
	check("after an invalidation")
}
