package chaintest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// maxSteps bounds how often Advance may be called until the chain is at rest:
// more than any test has blocks.
const maxSteps = 10_000

// Harness drives a chain beside its model. A contradiction ends the test.
type Harness struct {
	testing.TB
	Maker
	Store *Journal
	Chain *chain.Chain
	Model *Model
	// Now is the clock, in seconds since 1970: far after genesis, so that
	// blocks are never too new by accident.
	Now int64
	// Deep compares the coins after each single step too.
	Deep bool
	// Note is printed with every failure: a seed.
	Note string

	refused map[chainhash.Hash]*consensus.RuleError
	home    *Block // the tip when the chain was last at rest
	left    *Block // home, while a reorg that has left it is running
}

// clockOffset is ten years.
const clockOffset = 10 * 365 * 24 * 3600

// New opens a new chain.
func New(t testing.TB, m Maker) *Harness {
	h := &Harness{
		TB: t, Maker: m, Store: NewJournal(), Model: NewModel(m), Now: int64(m.Params.Genesis.Header.Time) + clockOffset,
		refused: map[chainhash.Hash]*consensus.RuleError{},
	}
	h.open()
	h.home = h.TipBlock()
	return h
}

func (h *Harness) open() {
	h.Helper()
	c, err := chain.Open(h.Config())
	if err != nil {
		h.Fail("open: %v", err)
	}
	h.Chain = c
}

// Config is what the chain was made of.
func (h *Harness) Config() chain.Config {
	return chain.Config{Params: h.Params, Store: h.Store, Verifier: consensus.SerialVerifier{}, Rules: h.Rules}
}

// Fail ends the test.
func (h *Harness) Fail(format string, args ...any) {
	h.Helper()
	h.Fatal(h.Note + fmt.Sprintf(format, args...))
}

// AddHeader offers a header.
func (h *Harness) AddHeader(b *Block) error {
	h.Helper()
	_, err := h.Chain.AcceptHeader(b.Header, h.Now)
	if err == nil {
		h.Model.Header(b)
	}
	h.commit()
	return err
}

// File offers a body and leaves the tip where it is.
func (h *Harness) File(b *Block) error {
	h.Helper()
	n, err := h.Chain.AcceptBlock(b.Block, h.Now)
	if err == nil {
		h.Model.Body(b)
		if n.Hash != b.Hash() || n.Height != b.Height {
			h.Fail("%s was filed as %v at height %d", b.Name, n.Hash, n.Height)
		}
	} else if n := h.Chain.Lookup(b.Hash()); n != nil && h.Model.find(b.Hash()) == nil {
		h.Model.Header(b) // the header was good
	}
	h.commit()
	return err
}

// Accept offers a body, lets the chain come to rest, and returns what was
// found against this block: at once, or on connecting it.
func (h *Harness) Accept(b *Block) error {
	h.Helper()
	if err := h.File(b); err != nil {
		return err
	}
	h.Rest()
	if e := h.refused[b.Hash()]; e != nil {
		return e
	}
	return nil
}

// MustAccept accepts blocks that have nothing against them.
func (h *Harness) MustAccept(blocks ...*Block) {
	h.Helper()
	for _, b := range blocks {
		if err := h.Accept(b); err != nil {
			h.Fail("accept %s: %v", b.Name, err)
		}
	}
}

// Step is one Advance and its commit.
func (h *Harness) Step() bool {
	h.Helper()
	before := h.Chain.Tip()
	step, more, err := h.Chain.Advance()
	if err != nil {
		h.Fail("advance: %v", err)
	}
	h.checkStep(before, step, more)
	h.commit()
	if h.Deep {
		h.checkCoins()
	}
	return more
}

func (h *Harness) checkStep(before *chain.Node, s chain.Step, more bool) {
	h.Helper()
	tip := h.Chain.Tip()
	switch {
	case !more:
		h.left, h.home = nil, h.TipBlock()
		if tip != before || s.Connected != nil || s.Disconnected != nil || s.Refused != nil {
			h.Fail("advance did something and says that it did not")
		}
	case s.Connected != nil:
		if s.Connected != tip || tip.Parent != before {
			h.Fail("connected %v, tip went from height %d to %d", s.Connected.Hash, before.Height, tip.Height)
		}
	case s.Disconnected != nil:
		if h.left == nil {
			h.left = h.home
		}
		if s.Disconnected != before || tip != before.Parent {
			h.Fail("disconnected %v, tip went from height %d to %d", s.Disconnected.Hash, before.Height, tip.Height)
		}
	case s.Refused != nil:
		h.refused[s.Refused.Hash] = s.Err
		if b := h.Model.find(s.Refused.Hash); b.Fault == "" || !errors.Is(s.Err, b.Fault) {
			h.Fail("%s was refused: %v, want %q", b.Name, s.Err, b.Fault)
		}
		if tip != before {
			h.Fail("a refused block moved the tip")
		}
	default:
		h.Fail("advance says that it did something, and not what")
	}
}

// Rest lets the chain come to rest and checks everything.
func (h *Harness) Rest() {
	h.Helper()
	for range maxSteps {
		if !h.Step() {
			h.Check()
			return
		}
	}
	h.Fail("no rest after %d steps", maxSteps)
}

func (h *Harness) commit() {
	h.Helper()
	if err := h.Chain.Commit(nil, false); err != nil {
		h.Fail("commit: %v", err)
	}
	if h.Chain.Dirty() {
		h.Fail("dirty after a commit")
	}
}

// Invalidate declares a block invalid.
func (h *Harness) Invalidate(b *Block) {
	h.Helper()
	if err := h.Chain.Invalidate(b.Hash()); err != nil {
		h.Fail("invalidate %s: %v", b.Name, err)
	}
	h.Model.Invalidate(b)
	h.commit()
}

// Reconsider takes that back.
func (h *Harness) Reconsider(b *Block) {
	h.Helper()
	if err := h.Chain.Reconsider(b.Hash()); err != nil {
		h.Fail("reconsider %s: %v", b.Name, err)
	}
	h.Model.Reconsider(b)
	h.commit()
}

// Reopen opens the chain anew from what is stored.
func (h *Harness) Reopen() {
	h.Helper()
	tip := h.TipBlock()
	h.open()
	if h.Chain.Tip().Hash != tip.Hash() {
		h.Fail("after reopening the tip is %v, want %s", h.Chain.Tip().Hash, tip.Name)
	}
	if h.left == nil {
		h.home = tip
	}
	h.Model.Reopen(h.home)
	h.checkCoins()
}

// TipBlock is the chain's tip as the model knows it.
func (h *Harness) TipBlock() *Block {
	h.Helper()
	b := h.Model.find(h.Chain.Tip().Hash)
	if b == nil {
		h.Fail("the tip %v is unknown", h.Chain.Tip().Hash)
	}
	return b.Block
}

// Check compares chain and model at rest (I1 to I3).
func (h *Harness) Check() {
	h.Helper()
	if want, got := h.Model.Tip(), h.TipBlock(); got != want {
		h.Fail("tip is %s, want %s", got.Name, want.Name)
	}
	h.checkCoins()
	h.checkView()
}

func (h *Harness) checkCoins() {
	h.Helper()
	tip := h.TipBlock()
	stored, err := h.Store.Tip()
	if err != nil || stored != tip.Hash() {
		h.Fail("stored tip %v (%v), want %s", stored, err, tip.Name)
	}
	if err := h.Model.CheckCoins(h.Store, tip); err != nil {
		h.Fail("at %s: %v", tip.Name, err)
	}
}

// checkView compares what readers see.
func (h *Harness) checkView() {
	h.Helper()
	tip, v := h.TipBlock(), h.Chain.View()
	if v.Headers() != len(h.Model.blocks) {
		h.Fail("the view has %d headers, want %d", v.Headers(), len(h.Model.blocks))
	}
	for _, b := range tip.Path() {
		if n := v.At(b.Height); n == nil || n.Hash != b.Hash() {
			h.Fail("the view has %v at height %d, want %s", n, b.Height, b.Name)
		}
	}
	if v.At(tip.Height+1) != nil || v.At(-1) != nil {
		h.Fail("the view goes beyond the chain")
	}
	best := h.Model.blocks[0]
	for _, b := range h.Model.blocks {
		hash := b.Hash()
		r, ok := v.Lookup(&hash)
		if !ok || r.Height != b.Height || r.Work != b.work || r.MedianTime != b.MedianTime() {
			h.Fail("the view has %s as %+v", b.Name, r)
		}
		if (r.Status&chain.HaveBody != 0) != b.body || r.Linked != (b.seen > 0) {
			h.Fail("%s: status %b, linked %v; want body %v, linked %v", b.Name, r.Status, r.Linked, b.body, b.seen > 0)
		}
		if b.doomed() && !r.Failed || b.faultless() && r.Failed {
			h.Fail("%s: failed is %v", b.Name, r.Failed)
		}
		if !r.Failed && b.work.Gt(&best.work) {
			best = b
		}
	}
	if v.Header.Hash != best.Hash() {
		h.Fail("the best header is %v, want %s", v.Header.Hash, best.Name)
	}
	r := h.Chain.Record(h.Chain.Tip())
	if _, issued, _ := h.Model.Replay(tip); r.Issued != issued {
		h.Fail("issued %d, want %d", r.Issued, issued)
	}
}

// Unchanged runs something that must leave tip and coins as they were, also
// for one who opens the store anew.
func (h *Harness) Unchanged(run func()) {
	h.Helper()
	tip, before := h.Chain.Tip().Hash, h.utxoHash()
	run()
	for _, when := range []string{"at once", "after reopening"} {
		if got := h.Chain.Tip().Hash; got != tip {
			h.Fail("%s: the tip is %v, was %v", when, got, tip)
		}
		if got := h.utxoHash(); got != before {
			h.Fail("%s: the coins are others", when)
		}
		h.Reopen()
		h.Rest()
	}
}

func (h *Harness) utxoHash() chainhash.Hash {
	h.Helper()
	hash, err := UTXOHash(h.Store)
	if err != nil {
		h.Fail("coins: %v", err)
	}
	return hash
}
