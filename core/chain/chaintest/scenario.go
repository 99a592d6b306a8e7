package chaintest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// Scenario is a test of the chain told in words. After each step that brings
// the chain to rest, everything is compared with the model.
type Scenario struct {
	Name string
	// Tree draws the blocks; see parseTree. All blocks are valid, except
	// those that With changes.
	Tree string
	With map[string][]Option
	// Steps, one a line, # begins a comment:
	//
	//	accept A B …        offer bodies; nothing is against them; rest after each
	//	refuse A WORD       offer a body; the rule WORD is broken; rest
	//	known A B …         offer bodies that are there already
	//	header A B …        offer headers
	//	refuse-header A WORD
	//	file A B …          offer bodies, leave the tip
	//	step N              advance N times
	//	rest                advance until nothing is left to do
	//	invalidate A        reconsider A       (the tip stays until the next step)
	//	tip A               the tip is A
	//	failed A B …        good A B …         what readers see of them
	//	mark NAME           same NAME          remember and compare the coins
	//	reopen              open the store anew
	Steps    string
	Maturity int32 // blocks; 0 stands for 1
}

type run struct {
	*Harness
	blocks map[string]*Block
	marks  map[string]chainhash.Hash
}

// Run plays scenarios, each as a subtest.
func Run(t *testing.T, scenarios []Scenario) {
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) { s.play(t) })
	}
}

func (s *Scenario) play(t *testing.T) {
	t.Helper()
	h := New(t, NewMaker(max(s.Maturity, 1)))
	h.Deep = true
	r := &run{Harness: h, blocks: map[string]*Block{}, marks: map[string]chainhash.Hash{}}
	r.blocks["genesis"] = h.Genesis()
	edges, err := parseTree(s.Tree)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edges {
		if e.name != "genesis" {
			r.blocks[e.name] = h.Block(e.name, r.block(e.parent), s.With[e.name]...)
		}
	}
	n := 0
	for line := range strings.SplitSeq(s.Steps, "\n") {
		n++
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		h.Note = fmt.Sprintf("step %d, %q: ", n, strings.Join(words, " "))
		r.do(words[0], words[1:])
	}
}

func (r *run) block(name string) *Block {
	r.Helper()
	b := r.blocks[name]
	if b == nil {
		r.Fail("no block %q in the tree", name)
	}
	return b
}

// do plays one step.
func (r *run) do(verb string, args []string) {
	r.Helper()
	switch verb {
	case "accept":
		r.each(args, func(b *Block) { r.MustAccept(b) })
	case "file":
		r.each(args, func(b *Block) { r.want(r.File(b), nil) })
	case "known":
		r.each(args, func(b *Block) { r.want(r.File(b), chain.ErrKnown) })
	case "header":
		r.each(args, func(b *Block) { r.want(r.AddHeader(b), nil) })
	case "refuse":
		r.want(r.Accept(r.block(args[0])), consensus.Kind(args[1]))
		r.Rest()
	case "refuse-header":
		r.want(r.AddHeader(r.block(args[0])), consensus.Kind(args[1]))
	case "invalidate":
		r.Invalidate(r.block(args[0]))
	case "reconsider":
		r.Reconsider(r.block(args[0]))
	case "rest":
		r.Rest()
	case "step":
		r.steps(args[0])
	case "reopen":
		r.Reopen()
	default:
		r.look(verb, args)
	}
}

// look plays a step that only compares.
func (r *run) look(verb string, args []string) {
	r.Helper()
	switch verb {
	case "tip":
		if got := r.TipBlock(); got.Hash() != r.block(args[0]).Hash() {
			r.Fail("it is %s", got.Name)
		}
	case "failed", "good":
		r.each(args, func(b *Block) {
			if rec := r.Chain.Record(r.Chain.Lookup(b.Hash())); rec.Failed != (verb == "failed") {
				r.Fail("%s: failed is %v", b.Name, rec.Failed)
			}
		})
	case "mark":
		r.marks[args[0]] = r.utxoHash()
	case "same":
		if r.marks[args[0]] != r.utxoHash() {
			r.Fail("the coins are others")
		}
	default:
		r.Fail("no such step")
	}
}

func (r *run) each(names []string, do func(*Block)) {
	r.Helper()
	for _, n := range names {
		do(r.block(n))
	}
}

func (r *run) steps(count string) {
	r.Helper()
	n, err := strconv.Atoi(count)
	if err != nil {
		r.Fail("%v", err)
	}
	for range n {
		if !r.Step() {
			r.Fail("at rest too early")
		}
	}
}

// want compares an error; nil wants none.
func (r *run) want(got, want error) {
	r.Helper()
	if want == nil && got != nil || want != nil && !errors.Is(got, want) {
		r.Fail("got %v, want %v", got, want)
	}
}
