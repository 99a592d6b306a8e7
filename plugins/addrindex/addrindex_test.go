package addrindex

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
)

// Random chains with reorgs, seen block by block or many at once, with
// restarts between, give what a look at all blocks gives.
func TestFollowsTheChain(t *testing.T) {
	for seed := range uint64(6) {
		w := newWorld(t, seed)
		path := indexPath(t)
		r := w.run(path)
		restarts := 0
		for i := range 40 {
			w.play()
			note := fmt.Sprintf("seed %d, step %d", seed, i)
			switch w.rng.IntN(5) {
			case 0: // several changes at once
			case 1:
				r.end(t)
				restarts++
				if w.rng.IntN(2) == 0 {
					w.play() // while it is down
				}
				r = w.run(path)
				fallthrough
			default:
				w.check(r, note)
			}
		}
		w.check(r, fmt.Sprintf("seed %d, end", seed))
		if r.notes.count(rebuilt)+r.notes.count(redone) > 0 || restarts == 0 {
			t.Errorf("seed %d: %v after %d orderly restarts", seed, r.notes.seen, restarts)
		}
	}
}

// Ended after each single block on the way, it goes on from there.
func TestEndedAnywhere(t *testing.T) {
	w := newWorld(t, 1)
	path := indexPath(t)
	w.grow(8)
	r := w.run(path)
	w.check(r, "first branch")
	r.end(t)
	w.reorg(6)
	ends := 0
	for there := false; !there; ends++ {
		n := newNotes()
		x := New(Config{Path: path}, w, w.codec, slogOf(n))
		x.maxMoves = 1
		err := x.start()
		if err == nil {
			there, err = x.catchUp(t.Context())
		}
		x.close()
		if err != nil || n.count(rebuilt) > 0 {
			t.Fatal(err, n.last)
		}
	}
	if ends < 10 {
		t.Errorf("it was there after %d ends: the test tests too little", ends)
	}
	w.check(w.run(path), "at the end")
}

func TestWaits(t *testing.T) {
	w := newWorld(t, 2)
	w.grow(5)
	for a := range w.model(w.tip) {
		x := New(Config{Path: indexPath(t)}, w, w.codec, slogOf(newNotes()))
		x.wait = 0
		if _, _, err := x.Outputs(t.Context(), a); !errors.Is(err, ErrBehind) {
			t.Errorf("not begun: %v", err)
		}
		x.wait = time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := x.Outputs(ctx, a); !errors.Is(err, context.Canceled) {
			t.Errorf("given up: %v", err)
		}
	}

	// Questions that come first are answered when the index is there.
	r := &running{notes: newNotes(), ended: make(chan error, 1)}
	r.Index = New(Config{Path: indexPath(t)}, w, w.codec, slogOf(r.notes))
	r.wait = time.Minute
	var askers sync.WaitGroup
	askers.Go(func() { w.check(r, "asked before") })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { r.ended <- r.Run(ctx, func() {}) }()
	askers.Wait()
	cancel()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
}

// While blocks are applied or reverted there is no answer, right or wrong.
func TestHalfwayIsNoAnswer(t *testing.T) {
	w := newWorld(t, 3)
	path := indexPath(t)
	w.grow(6)
	r := w.run(path)
	w.check(r, "before")
	r.end(t)
	w.reorg(4)

	x := New(Config{Path: path}, w, w.codec, slogOf(newNotes()))
	x.maxMoves, x.wait = 1, 0
	if err := x.start(); err != nil {
		t.Fatal(err)
	}
	defer x.close()
	asked := 0
	for {
		there, err := x.catchUp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if there {
			break
		}
		if _, _, err := x.Outputs(t.Context(), somebody(w)); !errors.Is(err, ErrBehind) {
			t.Errorf("answered on the way: %v", err)
		}
		asked++
	}
	if asked < 8 {
		t.Errorf("asked %d times", asked)
	}
}

// Readers never see a mixture of two tips.
func TestConcurrentQuestions(t *testing.T) {
	w := newWorld(t, 4)
	r := w.run(indexPath(t))
	var mu sync.Mutex
	known := map[int32][]answers{}
	learn := func(b *chaintest.Block) {
		mu.Lock()
		defer mu.Unlock()
		known[b.Height] = append(known[b.Height], w.model(b))
	}
	learn(w.Genesis())
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	asked := make([]int, 3)
	for i := range asked {
		readers.Go(func() {
			for ctx.Err() == nil {
				for a := range w.model(w.Genesis()) {
					got, height, err := r.Outputs(ctx, a)
					if ctx.Err() != nil {
						return
					}
					mu.Lock()
					ok := slices.ContainsFunc(known[height], func(m answers) bool { return reflect.DeepEqual(got, m[a]) })
					mu.Unlock()
					if err != nil || !ok {
						t.Errorf("%v at height %d: %v", a, height, err)
						return
					}
					asked[i]++
				}
			}
		})
	}
	for range 40 {
		tip := w.tip
		next := w.block(tip)
		if w.rng.IntN(3) == 0 && tip.Height > 2 {
			a := w.block(tip.Ancestor(tip.Height - 1))
			next = w.block(a)
			learn(next)
			w.submit(a, next)
			continue
		}
		learn(next)
		w.submit(next)
	}
	stop()
	readers.Wait()
	w.check(r, "at the end")
}
