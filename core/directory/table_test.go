package directory

import (
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	"orrery/core/consensus"
)

var alice, bob, carol = people[0], people[1], people[2]

func genesis() *block { return (*block)(nil).child() }

// A claim that is dated before another, by whatever its maker writes into it,
// loses against what is earlier in the chain.
func TestBackdatedClaimLoses(t *testing.T) {
	first := genesis().child(claims(alice, "shop", 5, alice))
	tip := first.child(claims(bob, "shop", 0, bob), claims(bob, "shop", 9, bob))
	holds(t, tip.table(), "shop", alice, 1)
	// Within a block it is the transaction's place, then the output's.
	both := genesis().child(claims(bob, "shop", 7, bob), claims(alice, "shop", 0, alice))
	holds(t, both.table(), "shop", bob, 1)
	if err := tip.table().Check(ref(claims(bob, "shop", 6, bob))); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
}

func ref(c Claim) *Claim { return &c }

// Two parts of a network take the same name; when they meet, the part with
// less work gives it up, with all that followed from it.
func TestPartition(t *testing.T) {
	fork := genesis().child(claims(carol, "carol", 0, carol))
	left := fork.child(claims(alice, "shop", 0, alice)).child(claims(alice, "shop", 1, carol))
	right := fork.child().child(claims(bob, "shop", 0, bob)).child(claims(bob, "left", 0, bob))
	table := left.table()
	holds(t, table, "shop", carol, 3)
	before := table.text()
	var taken []*Holding
	for b := left; b != fork; b = b.parent {
		var gone []*Holding
		table, gone = table.Revert(b.Block, b.height)
		taken = append(taken, gone...)
	}
	if len(taken) != 2 || taken[0].Seq != 1 || taken[1].Seq != 0 {
		t.Errorf("taken away: %+v", taken)
	}
	free(t, table, "shop")
	holds(t, table, "carol", carol, 1)
	for _, b := range []*block{right.parent.parent, right.parent, right} {
		table, _ = table.Apply(b.Block, b.height)
	}
	holds(t, table, "shop", bob, 3)
	holds(t, table, "left", bob, 4)
	if table.text() != right.table().text() || left.table().text() != before {
		t.Error("a way over the other branch leaves something behind")
	}
}

func TestMove(t *testing.T) {
	one := genesis().child(claims(alice, "shop", 0, alice))
	two := one.child(claims(alice, "shop", 1, bob))
	holds(t, two.table(), "shop", bob, 2)
	// Who has moved it away cannot move it again, nor can a stranger, nor the
	// new address by a claim of its own with an old number.
	three := two.child(claims(alice, "shop", 2, alice), claims(carol, "shop", 3, carol), claims(bob, "shop", 1, bob))
	holds(t, three.table(), "shop", bob, 2)
	four := three.child(claims(bob, "shop", 2, carol), claims(carol, "shop", 3, alice))
	holds(t, four.table(), "shop", alice, 4)
	// A renewal keeps the age.
	five := four.child(claims(alice, "shop", 100, alice))
	holds(t, five.table(), "shop", alice, 4)
	if h := five.table().Get("shop"); h.Seq != 100 || h.At.Height != 5 {
		t.Errorf("%+v", h)
	}
	// The new address need not agree, but a first claim is its own.
	free(t, genesis().child(claims(alice, "shop", 0, bob)).table(), "shop")
	// A move, and what it takes away when it is left.
	back, gone := four.table().Revert(four.Block, 4)
	if holds(t, back, "shop", bob, 2); len(gone) != 2 {
		t.Errorf("%+v", gone)
	}
}

func TestSignatures(t *testing.T) {
	for i, p := range people {
		good := claims(p, "shop", 1, p)
		if err := NewTable(network).Check(&good); err != nil {
			t.Fatalf("person %d: %v", i, err)
		}
		if err := NewTable([32]byte{}).Check(&good); !errors.Is(err, ErrSignature) {
			t.Errorf("person %d, on another network: %v", i, err)
		}
		for at := range good.Signature {
			bad := good
			bad.Signature = slices.Clone(good.Signature)
			bad.Signature[at] ^= 1
			if NewTable(network).Check(&bad) == nil {
				t.Errorf("person %d: byte %d of the signature changes nothing", i, at)
			}
		}
		for name, change := range map[string]func(*Claim){
			"name": func(c *Claim) { c.Name = "chop" }, "seq": func(c *Claim) { c.Seq++ }, "script": func(c *Claim) { c.Script = people[(i+1)%6].script },
			"long":  func(c *Claim) { c.Signature = append(slices.Clone(c.Signature), 0) },
			"short": func(c *Claim) { c.Signature = c.Signature[:63] },
			"none":  func(c *Claim) { c.Signature = nil },
		} {
			bad := good
			if change(&bad); NewTable(network).Check(&bad) == nil {
				t.Errorf("person %d: another %s changes nothing", i, name)
			}
		}
		if _, err := Sign(people[(i+1)%6].key, p.script, good.Digest(network)); err == nil {
			t.Errorf("person %d: signed with another's key", i)
		}
	}
	if _, err := Sign(alice.key, []byte{0x51}, ref(claims(alice, "a", 0, alice)).Digest(network)); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

func hashOf(c Claim) []byte {
	d := c.Digest(network)
	return d[:]
}

// Each ECDSA signature has a twin with the other S, which anybody can make.
func TestHighS(t *testing.T) {
	c := claims(alice, "shop", 0, alice)
	twin := c
	twin.Signature = highS(c.Signature)
	key, _, err := ecdsa.RecoverCompact(twin.Signature, hashOf(c))
	if err != nil || !paysTo(alice.script, key) {
		t.Fatalf("it is no twin: %v", err)
	}
	if wellFormed(alice.script, twin.Signature) || NewTable(network).Check(&twin) == nil {
		t.Error("the twin of a signature is taken")
	}
}

// Random trees: whatever way leads to a block, the table is that of the block,
// which the model finds in another way.
func TestEveryWayGivesTheSameTable(t *testing.T) {
	for seed := range uint64(20) {
		s := newScene(seed)
		blocks := []*block{genesis()}
		at, table := blocks[0], NewTable(network)
		counted := 0
		for step := range 60 {
			if s.IntN(3) > 0 {
				blocks = append(blocks, s.block(at))
			}
			to := blocks[s.IntN(len(blocks))]
			table = walk(table, at, to)
			at = to
			want := s.model(at)
			if got := table.text(); got != want {
				t.Fatalf("seed %d, step %d, height %d:\n got %s\nwant %s", seed, step, at.height, got, want)
			}
			counted += table.Len()
		}
		if counted < 30 {
			t.Errorf("seed %d: %d names seen only", seed, counted)
		}
	}
}

// walk reverts and applies what lies between two blocks.
func walk(table Table, from, to *block) Table {
	var applies []*block
	for from != to {
		if from.height > to.height {
			table, _ = table.Revert(from.Block, from.height)
			from = from.parent
			continue
		}
		applies = append(applies, to)
		to = to.parent
	}
	for i := len(applies) - 1; i >= 0; i-- {
		table, _ = table.Apply(applies[i].Block, applies[i].height)
	}
	return table
}

// A table can be stored and restored.
func TestRestore(t *testing.T) {
	s := newScene(1)
	tip := genesis()
	for range 20 {
		tip = s.block(tip)
	}
	want := tip.table()
	got := NewTable(network)
	for h := range want.From("") {
		var past []*Holding
		for ; h != nil; h = h.Before {
			past = append(past, h)
		}
		for _, h := range slices.Backward(past) {
			var err error
			if got, err = got.Restore(Claim{Name: h.Name, Seq: h.Seq, Script: h.Script}, h.At); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got.text() != want.text() || want.Len() == 0 {
		t.Errorf("got %s\nwant %s", got.text(), want.text())
	}
	last := want.Get("alice")
	for _, bad := range []struct {
		c  Claim
		at Place
	}{
		{Claim{Name: "alice", Seq: last.Seq, Script: alice.script}, Place{Height: 100}},
		{Claim{Name: "alice", Seq: last.Seq + 1, Script: alice.script}, last.At},
		{Claim{Name: "Alice", Script: alice.script}, Place{Height: 1}},
		{Claim{Name: "dave", Script: []byte{0x51}}, Place{Height: 1}},
	} {
		if _, err := got.Restore(bad.c, bad.at); err == nil {
			t.Errorf("%+v at %+v was restored", bad.c, bad.at)
		}
	}
}

// So many signatures of a block are looked at, right or wrong, and no more.
func TestMaxChecks(t *testing.T) {
	wrong := claims(alice, "shop", 0, alice)
	wrong.Seq = 1
	junk := slices.Repeat([]Claim{wrong}, MaxChecks)
	last := claims(bob, "bob", 0, bob)
	holds(t, genesis().child(append(slices.Clone(junk[1:]), last)...).table(), "bob", bob, 1)
	free(t, genesis().child(append(slices.Clone(junk), last)...).table(), "bob")
	// What is refused without looking at a signature costs nothing.
	cheap := wrong
	cheap.Signature = slices.Clone(wrong.Signature)
	cheap.Signature[0] = 0
	holds(t, genesis().child(append(slices.Repeat([]Claim{cheap}, MaxChecks), last)...).table(), "bob", bob, 1)
}

func TestPending(t *testing.T) {
	table := genesis().child(claims(alice, "alice", 3, alice)).table()
	good, move := claims(bob, "bob", 0, bob), claims(alice, "alice", 4, carol)
	pool := genesis().child(good, move, claims(carol, "bob", 0, carol), claims(bob, "alice", 9, bob), claims(alice, "alice", 3, alice)).Txs
	list := table.Pending(slices.Values(pool), "")
	if len(list) != 3 || list[0].Claim.Name != "bob" || list[1].Claim.Seq != 4 || list[2].Claim.Name != "bob" || list[0].Txid != pool[0].ID() || list[0].Output != 1 {
		t.Errorf("%+v", list)
	}
	if list := table.Pending(slices.Values(pool), "alice"); len(list) != 1 || list[0].Claim.Seq != 4 {
		t.Errorf("%+v", list)
	}
	wrong := good
	wrong.Seq = 1
	pool = genesis().child(append(slices.Repeat([]Claim{wrong}, MaxPreviews), good)...).Txs
	if list := table.Pending(slices.Values(pool), ""); len(list) != 0 {
		t.Errorf("%d previews after %d wrong signatures", len(list), MaxPreviews)
	}
	if list := table.Pending(slices.Values([]*consensus.Tx(nil)), ""); list != nil {
		t.Errorf("%+v", list)
	}
}
