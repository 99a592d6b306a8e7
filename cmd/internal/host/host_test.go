package host

import (
	"context"
	"errors"
	"testing"

	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
)

// A reorg that is longer than a group, begun in the group of a block that was
// good news on the old branch: readers see that block, then the new branch,
// and nothing between.
func TestReorgIsNeverSeenHalf(t *testing.T) {
	r := newRig(t, nil)
	a := r.Chain("a", r.Genesis(), groupLen+10)
	b := r.Chain("b", r.Genesis(), groupLen+11)
	last, lastA := b[len(b)-1], a[len(a)-1]
	r.submit(false, a[:len(a)-1]...)
	r.submit(false, b[:len(b)-2]...) // as heavy: first seen wins
	if r.tip() != a[len(a)-2].Hash() {
		t.Fatal("the test's branches are not as it wants them")
	}

	var most uint256.Int
	seen := map[string]bool{}
	r.store.set(func(s *spy) {
		s.onCommit = func() {
			v := r.view.Load()
			if v.Tip.Work.Lt(&most) {
				t.Errorf("readers see height %d in the middle of a reorg", v.Tip.Height)
			}
			most = v.Tip.Work
			if v.Tip.Hash == lastA.Hash() {
				seen["a"] = true
			}
		}
	})
	release := r.busy()
	first := async(func() error { return r.SubmitBlock(t.Context(), lastA.Block, true) })
	r.queued(1)
	var rest []<-chan error
	for i, x := range b[len(b)-2:] {
		rest = append(rest, async(func() error { return r.SubmitBlock(t.Context(), x.Block, true) }))
		r.queued(2 + i)
	}
	release()
	if err := <-first; err != nil && !errors.Is(err, node.ErrInconclusive) {
		t.Fatal(err)
	}
	for _, c := range rest {
		if err := <-c; err != nil && !errors.Is(err, node.ErrInconclusive) {
			t.Fatal(err)
		}
	}
	if r.tip() != last.Hash() {
		t.Fatal("the heavier branch is not the best")
	}
	r.store.wantDurable(t, last.Hash())
	if !seen["a"] {
		t.Error("the end of the old branch was never shown: the test tests nothing")
	}
}

// A durable request that is answered groups later is durable then, though
// another answer was given meanwhile.
func TestLateAnswerIsDurable(t *testing.T) {
	r := newRig(t, nil)
	a := r.Chain("a", r.Genesis(), groupLen)
	b := r.Chain("b", r.Genesis(), groupLen+1)
	r.submit(false, a...)
	r.submit(false, b[:len(b)-1]...)
	last := b[len(b)-1]

	release := r.busy()
	long := async(func() error { return r.SubmitBlock(t.Context(), last.Block, true) })
	r.queued(1)
	short := async(func() error { return r.PutMeta(t.Context(), []chain.KV{{Key: "x", Value: []byte("y")}}) })
	r.queued(2)
	release()
	if err := <-short; err != nil {
		t.Fatal(err)
	}
	if err := <-long; err != nil {
		t.Fatal(err)
	}
	r.store.wantDurable(t, last.Hash())
}

func TestGroupsShareSyncs(t *testing.T) {
	r := newRig(t, nil)
	r.submit(true, r.Chain("a", r.Genesis(), 2)...)
	blocks := r.Chain("b", r.Genesis(), 30) // 60 steps: one group
	release := r.busy()
	before := r.store.syncs
	var answers []<-chan error
	for i, b := range blocks {
		answers = append(answers, async(func() error {
			err := r.SubmitBlock(t.Context(), b.Block, true)
			if err == nil {
				r.store.wantDurable(t, b.Hash())
			}
			return err
		}))
		r.queued(i + 1)
	}
	release()
	for i, c := range answers {
		if err := <-c; err != nil && !errors.Is(err, node.ErrInconclusive) {
			t.Fatalf("block %d: %v", i, err)
		}
	}
	if r.tip() != blocks[len(blocks)-1].Hash() {
		t.Fatal("not all blocks were taken")
	}
	// One is that which the loop was busy with.
	if n := r.store.syncs - before; n > 4 {
		t.Errorf("%d durable blocks cost %d syncs", len(blocks), n)
	}
}

func TestFlush(t *testing.T) {
	r := newRig(t, nil)
	blocks := r.Chain("a", r.Genesis(), 20)
	r.submit(false, blocks...)
	r.store.mu.Lock()
	if r.store.syncs != 0 {
		t.Errorf("%d syncs for volatile blocks", r.store.syncs)
	}
	r.store.mu.Unlock()
	if err := r.PutMeta(t.Context(), []chain.KV{{Key: "x", Value: []byte("y")}}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // with and without something to do
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r.store.synced != r.store.commits {
			t.Errorf("%d of %d commits are on the disk", r.store.synced, r.store.commits)
		}
	}
	for _, b := range blocks {
		r.store.wantDurable(t, b.Hash())
	}
}

// What ends the loop ends everybody's waiting; the end itself is durable.
func TestStop(t *testing.T) {
	r := newRig(t, nil)
	blocks := r.Chain("a", r.Genesis(), 30)
	r.submit(false, blocks[:10]...)
	release := r.busy()
	var answers []<-chan error
	for i, b := range blocks[10:] {
		answers = append(answers, async(func() error { return r.SubmitBlock(context.Background(), b.Block, i%2 == 0) }))
		r.queued(i + 1)
	}
	r.stop()
	release()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
	for i, c := range answers {
		switch err := <-c; {
		case err == nil:
			r.store.wantDurable(t, blocks[10+i].Hash())
		case !errors.Is(err, ErrStopped):
			t.Errorf("block %d: %v", i, err)
		}
	}
	if r.store.synced != r.store.commits {
		t.Errorf("%d of %d commits are on the disk", r.store.synced, r.store.commits)
	}
	for name, f := range map[string]func() error{
		"SubmitBlock":  func() error { return r.SubmitBlock(context.Background(), blocks[29].Block, true) },
		"ProposeBlock": func() error { return r.ProposeBlock(context.Background(), blocks[29].Block) },
		"Flush":        func() error { return r.Flush(context.Background()) },
		"Invalidate":   func() error { return r.Invalidate(context.Background(), blocks[0].Hash()) },
		"Reconsider":   func() error { return r.Reconsider(context.Background(), blocks[0].Hash()) },
		"PutMeta":      func() error { return r.PutMeta(context.Background(), nil) },
		"SubmitTx": func() error {
			_, err := r.SubmitTx(context.Background(), blocks[0].Txs[0], false)
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrStopped) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
}

// A request that found no place in the queue is given up with its context.
func TestFullQueue(t *testing.T) {
	r := newRig(t, nil)
	release := r.busy()
	var answers []<-chan error
	for i := range queueLen {
		answers = append(answers, async(func() error { return r.PutMeta(context.Background(), nil) }))
		r.queued(i + 1)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := async(func() error { return r.PutMeta(ctx, nil) })
	cancel()
	if err := <-over; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	release()
	for _, c := range answers {
		if err := <-c; err != nil {
			t.Fatal(err)
		}
	}
}

func TestStoreFaultEnds(t *testing.T) {
	fault := errors.New("disk on fire")
	for name, set := range map[string]func(*spy){
		"commit": func(s *spy) { s.commitErr = fault },
		"sync":   func(s *spy) { s.syncErr = fault },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			a := r.Chain("a", r.Genesis(), 2)
			r.submit(true, a[0])
			r.store.set(set)
			if err := r.SubmitBlock(t.Context(), a[1].Block, true); !errors.Is(err, ErrStopped) {
				t.Errorf("answered with %v", err)
			}
			if err := <-r.ended; !errors.Is(err, fault) {
				t.Errorf("Run ended with %v", err)
			}
			if r.tip() != a[0].Hash() {
				t.Error("readers see what was not stored")
			}
		})
	}
}

// A fault is told even when the node was asked to stop at the same time.
func TestStoreFaultAtTheEnd(t *testing.T) {
	r := newRig(t, nil)
	fault := errors.New("disk on fire")
	release := r.busy()
	r.store.set(func(s *spy) { s.commitErr = fault })
	sent := async(func() error { return r.SubmitBlock(t.Context(), r.Block("a", r.Genesis()).Block, true) })
	r.queued(1)
	r.store.set(func(s *spy) { s.syncErr = fault })
	r.stop()
	release()
	if err := <-r.ended; !errors.Is(err, fault) {
		t.Errorf("Run ended with %v", err)
	}
	if err := <-sent; !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
}

func TestVerdicts(t *testing.T) {
	r := newRig(t, nil)
	a := r.Block("a", r.Genesis())
	r.submit(true, a)
	if err := r.SubmitBlock(t.Context(), a.Block, true); !errors.Is(err, chain.ErrKnown) {
		t.Errorf("known block: %v", err)
	}
	if err := r.SubmitBlock(t.Context(), r.Block("b", r.Genesis()).Block, true); !errors.Is(err, node.ErrInconclusive) {
		t.Errorf("second block at a height: %v", err)
	}
	greedy := r.Block("greedy", a, chaintest.Greedy)
	if err := r.ProposeBlock(t.Context(), greedy.Block); !errors.Is(err, consensus.BadCoinbaseAmount) {
		t.Errorf("proposed: %v", err)
	}
	if err := r.SubmitBlock(t.Context(), greedy.Block, true); !errors.Is(err, consensus.BadCoinbaseAmount) {
		t.Errorf("submitted: %v", err)
	}
	if err := r.Invalidate(t.Context(), a.Hash()); err != nil || r.tip() == a.Hash() {
		t.Errorf("invalidate: %v", err)
	}
	if err := r.Reconsider(t.Context(), a.Hash()); err != nil || r.tip() != a.Hash() {
		t.Errorf("reconsider: %v", err)
	}
	tx := consensus.NewTx(chaintest.Pass(a.Out(0, 0), 1000))
	for _, testOnly := range []bool{true, false} {
		if _, err := r.SubmitTx(t.Context(), tx, testOnly); !errors.Is(err, consensus.Kind("scriptpubkey")) {
			t.Errorf("a transaction that pays to a bare OP_TRUE: %v", err)
		}
	}
}

func TestMockedClock(t *testing.T) {
	r := newRig(t, nil)
	genesis := int64(r.Genesis().Header.Time)
	r.Mock(genesis)
	if now := r.Now().Unix(); now != genesis {
		t.Errorf("now is %d, want %d", now, genesis)
	}
	early := r.Block("early", r.Genesis(), chaintest.At(genesis+r.Params.MaxFutureTime+1))
	if err := r.SubmitBlock(t.Context(), early.Block, true); !errors.Is(err, consensus.TimeTooNew) {
		t.Errorf("a block from the future: %v", err)
	}
	r.Mock(genesis + 1)
	r.submit(true, early)
	r.Mock(0)
	if now := r.Now().Unix(); now < genesis+r.Params.MaxFutureTime {
		t.Errorf("the clock does not go again: %d", now)
	}
}
