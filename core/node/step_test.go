package node_test

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/core/policy"
)

// TestSubmitBlock names each answer to a submitted block.
func TestSubmitBlock(t *testing.T) {
	m := chaintest.NewMaker(1)
	d := newDriver(t, m)
	a := m.Chain("a", m.Genesis(), 2)
	side := m.Block("side", a[0])
	bad := m.Block("bad", a[1], chaintest.Greedy)
	arrival := m.Block("arrival", a[1], chaintest.WrongHeight)
	orphan := m.Block("orphan", m.Block("never offered", a[1]))
	onBad := m.Block("onBad", bad)
	for _, tt := range []struct {
		block *chaintest.Block
		want  error
		tip   *chaintest.Block
	}{
		{m.Genesis(), chain.ErrKnown, m.Genesis()},
		{a[1], consensus.PrevNotFound, m.Genesis()},
		{a[0], nil, a[0]},
		{a[0], chain.ErrKnown, a[0]},
		{a[1], nil, a[1]},
		{side, node.ErrInconclusive, a[1]},
		{side, chain.ErrKnown, a[1]},
		{bad, consensus.BadCoinbaseAmount, a[1]},
		{bad, consensus.AlreadyInvalid, a[1]},
		{onBad, consensus.BadPrev, a[1]},
		{arrival, consensus.BadCoinbaseHeight, a[1]},
		{arrival, consensus.AlreadyInvalid, a[1]},
		{orphan, consensus.PrevNotFound, a[1]},
	} {
		if err := d.submit(tt.block); tt.want == nil && err != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.block.Name, err, tt.want)
		}
		d.wantTip(tt.tip)
	}
}

// TestChanged counts the views that a submitted block makes.
func TestChanged(t *testing.T) {
	m := chaintest.NewMaker(1)
	d := newDriver(t, m)
	a := m.Chain("a", m.Genesis(), 5)
	b := m.Chain("b", a[0], 5)
	d.mustSubmit(a[0])
	if d.changes != 1 {
		t.Errorf("a block at the tip: %d views", d.changes)
	}
	_ = d.submit(a[0])
	if d.changes != 0 {
		t.Errorf("a block that is known: %d views", d.changes)
	}
	_ = d.submit(m.Block("orphan", a[4]))
	if d.changes != 0 {
		t.Errorf("a block without parent: %d views", d.changes)
	}
	d.mustSubmit(a[1:]...)
	for _, x := range b[:4] {
		if err := d.submit(x); !errors.Is(err, node.ErrInconclusive) {
			t.Fatal(err)
		}
	}
	d.mustSubmit(b[4])
	if d.changes != 1 {
		t.Errorf("a reorg of depth 4: %d views", d.changes)
	}
	d.changes = 0
	d.step(node.Tick{})
	if d.more || d.changes != 0 {
		t.Error("a tick with nothing to do shows a view or asks for more")
	}
	// Back by a person's word: one view, of less work.
	if err := d.invalidate(b[1]); err != nil {
		t.Fatal(err)
	}
	d.wantTip(a[4])
	if d.changes != 1 {
		t.Errorf("an invalidation: %d views", d.changes)
	}
	// A branch that fails where it has less work than the tip.
	bad := m.Block("bad", a[2], chaintest.Greedy)
	over := m.Chain("over", bad, 2)
	_ = d.submit(bad)
	_ = d.submit(over[0])
	before := d.view().Tip
	if err := d.submit(over[1]); !errors.Is(err, node.ErrInconclusive) && !errors.Is(err, consensus.BadPrev) {
		t.Errorf("on a bad block: %v", err)
	}
	if d.view().Tip != before {
		t.Error("the tip moved")
	}
}

// TestManyWait submits blocks in the middle of a reorg. Each answer comes when
// the chain is at rest.
func TestManyWait(t *testing.T) {
	m := chaintest.NewMaker(1)
	d := newDriver(t, m)
	a := m.Chain("a", m.Genesis(), 4)
	b := m.Chain("b", a[0], 4)
	bad := m.Block("bad", b[3], chaintest.Greedy)
	onBad := m.Block("onBad", bad)
	d.mustSubmit(a...)
	for _, x := range b[:3] {
		_ = d.submit(x)
	}
	var got []node.Done
	got = append(got, d.step(node.SubmitBlock{ID: 101, Block: b[3].Block})...)
	got = append(got, d.step(node.SubmitBlock{ID: 102, Block: bad.Block})...)
	got = append(got, d.step(node.SubmitBlock{ID: 103, Block: onBad.Block})...)
	got = append(got, d.step(node.SubmitBlock{ID: 104, Block: b[3].Block})...)
	if len(got) != 1 || got[0].ID != 104 || !errors.Is(got[0].Err, chain.ErrKnown) {
		t.Fatalf("before rest: %v", got)
	}
	got = d.rest()
	want := map[uint64]error{101: nil, 102: consensus.BadCoinbaseAmount, 103: node.ErrInconclusive}
	if len(got) != len(want) {
		t.Fatalf("at rest: %v", got)
	}
	for _, done := range got {
		if w, ok := want[done.ID]; !ok || w == nil && done.Err != nil || !errors.Is(done.Err, w) {
			t.Errorf("%d: %v, want %v", done.ID, done.Err, w)
		}
	}
	d.wantTip(b[3])
}

func TestInvalidateAndReconsider(t *testing.T) {
	m := chaintest.NewMaker(1)
	d := newDriver(t, m)
	a := m.Chain("a", m.Genesis(), 3)
	d.mustSubmit(a...)
	if err := d.invalidate(m.Block("unknown", a[2])); !errors.Is(err, chain.ErrUnknownBlock) {
		t.Errorf("invalidate an unknown block: %v", err)
	}
	if err := d.reconsider(m.Block("unknown", a[2])); !errors.Is(err, chain.ErrUnknownBlock) {
		t.Errorf("reconsider an unknown block: %v", err)
	}
	if err := d.invalidate(m.Genesis()); !errors.Is(err, chain.ErrGenesis) {
		t.Errorf("invalidate genesis: %v", err)
	}
	if err := d.reconsider(m.Genesis()); err != nil {
		t.Errorf("reconsider genesis: %v", err)
	}
	if err := d.invalidate(a[0]); err != nil {
		t.Error(err)
	}
	d.wantTip(m.Genesis()) // the answer came when it was there
	d.open()
	d.wantTip(m.Genesis())
	if err := d.submit(a[0]); !errors.Is(err, consensus.AlreadyInvalid) {
		t.Errorf("a revoked block: %v", err)
	}
	if err := d.reconsider(a[2]); err != nil {
		t.Error(err)
	}
	d.wantTip(a[2])
}

// TestProposeBlock asks about blocks without a proof of work.
func TestProposeBlock(t *testing.T) {
	m := chaintest.NewMaker(1)
	d := newDriver(t, m)
	a := m.Chain("a", m.Genesis(), 2)
	d.mustSubmit(a...)
	unsolved := func(d *chaintest.Draft) { d.Unsolved = true }
	commits := len(d.store.Batches)
	for _, tt := range []struct {
		block *chaintest.Block
		want  error
	}{
		{m.Block("good", a[1], unsolved), nil},
		{m.Block("solved", a[1]), nil},
		{m.Block("spends", a[1], unsolved, chaintest.With(chaintest.Pass(a[0].Out(0, 0), 0))), nil},
		{m.Block("greedy", a[1], unsolved, chaintest.Greedy), consensus.BadCoinbaseAmount},
		{m.Block("height", a[1], unsolved, chaintest.WrongHeight), consensus.BadCoinbaseHeight},
		{m.Block("script", a[1], unsolved, chaintest.WrongScript), consensus.ScriptFailed},
		{m.Block("bits", a[1], unsolved, func(d *chaintest.Draft) { d.Header.Bits-- }), consensus.BadBits},
		{m.Block("root", a[1], unsolved, func(d *chaintest.Draft) { d.Root = &chainhash.Hash{} }), consensus.BadMerkleRoot},
		{m.Block("time", a[1], unsolved, chaintest.At(1)), consensus.TimeTooOld},
		{m.Block("elsewhere", a[0], unsolved, func(d *chaintest.Draft) {
			// All but the parent would fit on the tip.
			d.Coinbase().TxIn[0].SignatureScript = chaintest.Script(int64(3), []byte("x"))
			d.Header.Time += 10_000
		}), consensus.NotBestPrev},
		{m.Block("next", m.Block("unknown", a[1]), unsolved), consensus.NotBestPrev},
	} {
		if err := d.propose(tt.block); tt.want == nil && err != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.block.Name, err, tt.want)
		}
	}
	if len(d.store.Batches) != commits || d.changes != 0 {
		t.Error("a proposal changed something")
	}
	d.wantTip(a[1])
}

// TestFaultStops has a policy that this node cannot evaluate: that is no
// answer to a block, the driver must stop, and the block is not at fault.
func TestFaultStops(t *testing.T) {
	m := chaintest.NewMaker(1)
	a := m.Chain("a", m.Genesis(), 1)
	for name, broken := range map[string]chaintest.Rules{
		"difficulty": {Bits: m.Rules.Bits, Halving: 150, TargetErr: policy.ErrMissing},
		"reward":     {Bits: m.Rules.Bits, Halving: 150, SubsidyErr: policy.ErrMissing},
	} {
		d := newDriver(t, m)
		good := d.Rules
		d.Rules = &broken
		n, err := node.Open(d.config(), d.now*second)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []node.Event{node.ProposeBlock{ID: 1, Block: a[0].Block}, node.SubmitBlock{ID: 2, Block: a[0].Block}} {
			if out, err := n.Step(d.now*second, e); !errors.Is(err, policy.ErrMissing) {
				t.Errorf("%s, %T: %v, %v", name, e, out, err)
			}
		}
		d.Rules = good
		d.open()
		if err := d.submit(a[0]); err != nil && !errors.Is(err, chain.ErrKnown) {
			t.Errorf("%s, afterwards: %v", name, err)
		}
		d.rest()
		d.step(node.Tick{})
		d.rest()
		d.wantTip(a[0])
	}
}

// TestScriptFailure has scripts that fail by themselves: the fallback is used,
// and readers learn of it.
func TestScriptFailure(t *testing.T) {
	m := chaintest.NewMaker(1)
	a := m.Chain("a", m.Genesis(), 2)
	failed := &policy.ScriptError{Hook: policy.Subsidy, File: "reward.lua", Reason: policy.ReasonError, Msg: "no"}
	m.Rules = &chaintest.Rules{Bits: m.Rules.Bits, Halving: 150, SubsidyErr: failed}
	d := newDriver(t, m)
	if err := d.submit(a[0]); !errors.Is(err, consensus.BadCoinbaseAmount) {
		t.Errorf("50 coins where the fallback is none: %v", err)
	}
	free := m.Block("free", m.Genesis(), chaintest.Extra(-50*consensus.CoinUnit))
	d.mustSubmit(free)
	if v := d.view(); len(v.Failures) != 1 || v.Failures[0].Err != failed || v.Failures[0].Height != 2 || v.NextSubsidy != 0 {
		t.Errorf("readers see %+v and a subsidy of %d", v.Failures, v.NextSubsidy)
	}
	// Both hooks fail: readers learn of both.
	m.Rules.TargetErr = &policy.ScriptError{Hook: policy.Difficulty, File: "difficulty.lua", Reason: policy.ReasonError, Msg: "no"}
	next := m.Block("next", free, chaintest.Extra(-50*consensus.CoinUnit))
	d.mustSubmit(next)
	if v := d.view(); len(v.Failures) != 2 {
		t.Errorf("readers see %+v", v.Failures)
	}
}
