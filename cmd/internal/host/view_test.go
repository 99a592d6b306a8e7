package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
)

// checkView holds a view to itself: tip, best chain, coins, bodies and mempool
// must be of one moment.
func checkView(v *node.View) error {
	if v.At(v.Tip.Height) != v.Tip || v.At(v.Tip.Height+1) != nil {
		return fmt.Errorf("the best chain does not end at the tip, height %d", v.Tip.Height)
	}
	made := map[wire.OutPoint]bool{}
	for h := int32(1); h <= v.Tip.Height; h++ {
		b, err := v.Block(v.At(h))
		if err != nil {
			return fmt.Errorf("block at height %d: %w", h, err)
		}
		if _, err := v.Undo(v.At(h)); err != nil {
			return fmt.Errorf("undo at height %d: %w", h, err)
		}
		for i, tx := range b.Txs {
			for _, in := range tx.Msg.TxIn {
				if i > 0 {
					delete(made, in.PreviousOutPoint)
				}
			}
			for n := range tx.Msg.TxOut {
				made[wire.OutPoint{Hash: tx.ID(), Index: uint32(n)}] = true
			}
		}
	}
	coins := 0
	err := v.Store.EachCoin(func(o wire.OutPoint, _ *consensus.Coin) error {
		if coins++; !made[o] {
			return fmt.Errorf("coin %v is not of this chain", o)
		}
		return nil
	})
	if err == nil && coins != len(made) {
		err = fmt.Errorf("%d coins at height %d, want %d", coins, v.Tip.Height, len(made))
	}
	for e := range v.Mempool.All() {
		for _, in := range e.Tx.Msg.TxIn {
			if o := in.PreviousOutPoint; !made[o] && v.Mempool.Get(o.Hash) == nil {
				return fmt.Errorf("mempool transaction %v spends %v, which is not there", e.Tx.ID(), o)
			}
		}
	}
	return err
}

// key pays what the mempool takes.
var key = chaintest.NewKey(1)

// play makes blocks, reorgs and transactions, and returns the last tip.
func play(r *rig, rng *rand.Rand, rounds int) *chaintest.Block {
	tip := r.Genesis()
	for i := range rounds {
		name := fmt.Sprint("b", i)
		switch rng.IntN(4) {
		case 0: // a branch that wins
			from := tip.Ancestor(tip.Height - min(tip.Height, int32(1+rng.IntN(4))))
			branch := r.Chain(name, from, int(tip.Height-from.Height)+1, chaintest.PayTo(key.P2PKH()))
			r.submit(false, branch...)
			tip = branch[len(branch)-1]
		case 1:
			if tip.Height > 1 {
				out := tip.Ancestor(tip.Height-1).Out(0, 0)
				tx := chaintest.Spend([]chaintest.Out{out}, chaintest.Pay(out.Value-1000, key.P2PKH()))
				key.SignP2PKH(tx, 0, out)
				var refused *consensus.RuleError // spent before
				if _, err := r.SubmitTx(r.Context(), consensus.NewTx(tx), false); err != nil && !errors.As(err, &refused) {
					r.Fatal(err)
				}
				continue
			}
			fallthrough
		default:
			tip = r.Block(name, tip, chaintest.PayTo(key.P2PKH()))
			r.submit(i%5 == 0, tip)
		}
	}
	return tip
}

func TestViewsUnderABusyWriter(t *testing.T) {
	stores := map[string]func(testing.TB) chain.Store{
		"memory": func(testing.TB) chain.Store { return nil },
		"pebble": openPebble,
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, open(t))
			ctx, stop := context.WithCancel(t.Context())
			var readers sync.WaitGroup
			for range 4 {
				readers.Go(func() { read(ctx, r) })
			}
			tip := play(r, rand.New(rand.NewPCG(1, 2)), 60)
			stop()
			readers.Wait()
			if r.tip() != tip.Hash() {
				t.Errorf("the tip is %v, want %s", r.tip(), tip.Name)
			}
		})
	}
}

// read looks at every view that it gets, and again at one that it kept.
func read(ctx context.Context, r *rig) {
	kept, release := r.Acquire()
	defer func() { release() }()
	before := kept.Version
	for n := 1; ctx.Err() == nil; n++ {
		v, done := r.Acquire()
		if err := checkView(v); err != nil {
			r.Errorf("view %d: %v", v.Version, err)
		}
		if v.Version < before {
			r.Errorf("view %d after view %d", v.Version, before)
		}
		before = v.Version
		done()
		if n%10 == 0 {
			if err := checkView(kept); err != nil {
				r.Errorf("view %d, kept until %d: %v", kept.Version, v.Version, err)
			}
			release()
			kept, release = r.Acquire()
		}
	}
}

// Whoever takes the channel before looking learns of every tip.
func TestChangedMissesNothing(t *testing.T) {
	r := newRig(t, nil)
	blocks := r.Chain("a", r.Genesis(), 300)
	last := blocks[len(blocks)-1].Hash()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	signals := map[string]func() <-chan struct{}{"Changed": r.Changed, "TipChanged": r.TipChanged}
	var followers sync.WaitGroup
	for name, signal := range signals {
		for range 2 {
			followers.Go(func() {
				for {
					again := signal()
					if r.tip() == last {
						return
					}
					select {
					case <-again:
					case <-ctx.Done():
						t.Errorf("%s missed the last tip", name)
						return
					}
				}
			})
		}
	}
	followers.Go(func() {
		enough := errors.New("seen")
		err := r.Follow(ctx, func(v *node.View) error {
			if v.Tip.Hash == last {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Errorf("Follow: %v", err)
		}
	})
	r.submit(false, blocks...)
	followers.Wait()
}

// A transaction is a change, not a change of the tip.
func TestTipChangedIsForTips(t *testing.T) {
	r := newRig(t, nil)
	a := r.Block("a", r.Genesis(), chaintest.PayTo(key.P2PKH()))
	r.submit(false, a, r.Block("b", a))
	changed, tipChanged := r.Changed(), r.TipChanged()
	out := a.Out(0, 0)
	tx := chaintest.Spend([]chaintest.Out{out}, chaintest.Pay(out.Value-1000, key.P2PKH()))
	key.SignP2PKH(tx, 0, out)
	if _, err := r.SubmitTx(t.Context(), consensus.NewTx(tx), false); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("no change")
	}
	select {
	case <-tipChanged:
		t.Error("the tip has not changed")
	default:
	}
	v, release := r.Acquire()
	defer release()
	if v.Mempool.Len() != 1 {
		t.Error("who got the answer does not see the transaction")
	}
}

func TestFollowEnds(t *testing.T) {
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	seen := make(chan struct{}, 1)
	ended := async(func() error {
		return r.Follow(ctx, func(*node.View) error {
			seen <- struct{}{}
			return nil
		})
	})
	<-seen
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A snapshot goes with the last who uses it, not before.
func TestViewsAreCounted(t *testing.T) {
	r := newRig(t, nil)
	old, release := r.Acquire()
	_, releaseToo := r.Acquire()
	r.submit(false, r.Chain("a", r.Genesis(), 5)...)
	open := func() int {
		r.store.mu.Lock()
		defer r.store.mu.Unlock()
		return r.store.open
	}
	if n := open(); n != 2 {
		t.Errorf("%d snapshots are open, want the newest and that which is held", n)
	}
	release()
	if _, err := old.Store.Meta("x"); err != nil || open() != 2 {
		t.Errorf("a view was closed under its second reader: %v", err)
	}
	releaseToo()
	if n := open(); n != 1 {
		t.Errorf("%d snapshots are open, want the newest", n)
	}
	r.stop()
	<-r.ended
	r.Close()
	defer func() {
		if recover() == nil {
			t.Error("a view after Close")
		}
	}()
	r.Acquire()
}
