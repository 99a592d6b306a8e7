package directory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
)

// Random chains with reorgs, seen block by block or many at once, with
// restarts between, give what a look at all blocks gives.
func TestFollowsTheChain(t *testing.T) {
	for seed := range uint64(5) {
		w := newWorld(t, seed)
		path := filePath(t)
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
		if r.notes.count(anew)+r.notes.count(mended) > 0 || restarts == 0 || w.rebuilt() == "" {
			t.Errorf("seed %d: %v after %d orderly restarts", seed, r.notes.seen, restarts)
		}
	}
}

// holder is who has a name after the present tip.
func holder(t *testing.T, r *running, name string) []byte {
	t.Helper()
	table, _, release, err := r.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release()
	if h := table.Get(name); h != nil {
		return h.Script
	}
	return nil
}

// A reorg takes a claim away and brings another; a second one turns it back.
func TestReorgTakesAClaimAway(t *testing.T) {
	w := newWorld(t, 1)
	r := w.run(filePath(t))
	first := w.Block("first", w.tip)
	w.submit(first)
	left := w.Block("left", first, carry(w.claim(alice, "shop", 0, alice)))
	w.submit(left)
	if !bytes.Equal(holder(t, r, "shop"), alice.script) {
		t.Error("a claim in the coinbase does not count")
	}
	right := w.Block("right", first, carry(w.claim(bob, "shop", 0, bob)))
	w.submit(right, w.Block("right2", right))
	if !bytes.Equal(holder(t, r, "shop"), bob.script) {
		t.Error("the claim of the branch that was left still stands")
	}
	moved := w.Block("left2", left, carry(w.claim(bob, "shop", 9, bob), w.claim(alice, "shop", 1, bob)))
	w.submit(moved, w.Block("left3", moved, carry(w.claim(alice, "shop", 2, alice))))
	if !bytes.Equal(holder(t, r, "shop"), bob.script) {
		t.Error("the move does not stand")
	}
	w.check(r, "at the end")
}

// Ended after each single block on the way, it goes on from there.
func TestEndedAnywhere(t *testing.T) {
	w := newWorld(t, 2)
	path := filePath(t)
	w.grow(8)
	r := w.run(path)
	w.check(r, "first branch")
	r.end(t)
	w.reorg(6)
	ends := 0
	for there := false; !there; ends++ {
		n := newNotes()
		d := w.make(path, n)
		d.maxMoves = 1
		err := d.start()
		if err == nil {
			there, err = d.catchUp(t.Context())
		}
		d.close()
		if err != nil || n.count(anew) > 0 {
			t.Fatal(err, n.last)
		}
	}
	if ends < 10 {
		t.Errorf("it was there after %d ends: the test tests too little", ends)
	}
	w.check(w.run(path), "at the end")
}

func TestWaits(t *testing.T) {
	w := newWorld(t, 3)
	w.grow(5)
	d := w.make(filePath(t), newNotes())
	d.wait = 0
	if _, _, _, err := d.Names(t.Context()); !errors.Is(err, ErrBehind) {
		t.Errorf("not begun: %v", err)
	}
	d.wait = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, _, err := d.Names(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	if _, _, ok := d.Latest(); ok {
		t.Error("there is a table before it was begun")
	}
	// Questions that come first are answered when the table is there.
	r := &running{Directory: d, notes: newNotes(), ended: make(chan error, 1)}
	var askers sync.WaitGroup
	askers.Go(func() { w.check(r, "asked before") })
	ctx, cancel = context.WithCancel(t.Context())
	go func() { r.ended <- r.Run(ctx, func() {}) }()
	askers.Wait()
	if table, tip, ok := d.Latest(); !ok || tip != w.tip.Hash() || text(table) != w.rebuilt() {
		t.Errorf("%v, %t", tip, ok)
	}
	cancel()
	if err := <-r.ended; err != nil {
		t.Fatal(err)
	}
}

// While blocks are applied or reverted there is no answer, right or wrong.
func TestHalfwayIsNoAnswer(t *testing.T) {
	w := newWorld(t, 4)
	path := filePath(t)
	w.grow(6)
	r := w.run(path)
	w.check(r, "before")
	r.end(t)
	w.reorg(4)
	d := w.make(path, newNotes())
	d.maxMoves, d.wait = 1, 0
	if err := d.start(); err != nil {
		t.Fatal(err)
	}
	defer d.close()
	asked := 0
	for there := false; !there; asked++ {
		var err error
		if there, err = d.catchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, _, _, err = d.Names(t.Context())
		if _, _, ok := d.Latest(); there != (err == nil) || there != ok {
			t.Errorf("there %t, answered %v, latest %t", there, err, ok)
		}
	}
	if asked < 8 {
		t.Errorf("asked %d times", asked)
	}
}

// Claims of more blocks than are followed at once, and a file that is written
// anew.
func TestTidy(t *testing.T) {
	w := newWorld(t, 5)
	path := filePath(t)
	w.grow(1)
	r := w.run(path, func(d *Directory) { d.shrinkFrom = 1 })
	for range 30 {
		w.submit(w.Block("empty"+fmt.Sprint(w.tip.Height), w.tip, chaintest.PayTo(chaintest.Anyone)))
		w.check(r, "empty")
	}
	r.end(t)
	if n := bytes.Count(read(t, path), []byte("m:state")); n > 20 {
		t.Errorf("%d states in the file", n)
	}
	w.check(w.run(path), "tidied")
}
