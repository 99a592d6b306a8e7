package netsync_test

import (
	"fmt"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/node"
)

func TestJoinerCatchesUp(t *testing.T) {
	for _, n := range []int{0, 1, 9, 1999, 2000, 2001, 4500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newWorld(t, chaintest.NewMaker(100))
			a, b := w.node("a"), w.node("b")
			blocks := append([]*chaintest.Block{w.Genesis()}, w.Chain("a", w.Genesis(), n)...)
			a.give(blocks[1:]...)
			w.connect(b, a)
			w.agree(60*second, blocks[n], b)
			w.run(10*second, func() bool { b.step(nodeTick); return !b.view.Net.Sync.Initial })
			if got := a.told["peer.announce"] + b.told["peer.announce"]; got > 5 {
				t.Errorf("%d announcements while nothing was found", got)
			}
			// And now what is new.
			next := w.Block("new", blocks[n])
			a.give(next)
			w.agree(second, next, b)
			if b.bytes > 0 {
				t.Errorf("a was sent bodies that it has")
			}
		})
	}
}

func TestParallelFetch(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	blocks := w.Chain("a", w.Genesis(), 2500)
	b := w.node("b")
	var from []*rig
	for i := range 4 {
		r := w.node(fmt.Sprint("a", i))
		r.give(blocks...)
		w.connect(b, r)
		from = append(from, r)
	}
	w.agree(30*second, blocks[len(blocks)-1], b)
	var all int64
	for _, r := range from {
		if r.bytes == 0 {
			t.Errorf("%s was asked for nothing", r.name)
		}
		all += r.bytes
	}
	var once int64
	for _, x := range blocks {
		once += int64(x.Size())
	}
	if all != once {
		t.Errorf("%d bytes of bodies were sent, want %d", all, once)
	}
}

// TestReorgOfAnyDepth heals splits: the longer side wins, headers of branches
// that begin far below come in two passes.
func TestReorgOfAnyDepth(t *testing.T) {
	for _, depth := range []int{1, 6, 143, 145, 400, 1999, 2100, 2300, 4200} {
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			w := newWorld(t, chaintest.NewMaker(100))
			common := w.Chain("c", w.Genesis(), 20)
			fork := common[len(common)-1]
			left, right := w.Chain("l", fork, depth), w.Chain("r", fork, depth+1)
			a, b := w.node("a"), w.node("b")
			a.give(append(common, left...)...)
			b.give(append(common, right...)...)
			w.connect(a, b)
			w.agree(120*second, right[depth], a, b)
			if a.told["peer.blocks"] == 0 || b.told["peer.blocks"] > 0 {
				t.Errorf("a asked for bodies %d times, b %d times", a.told["peer.blocks"], b.told["peer.blocks"])
			}
		})
	}
}

func TestNewTipsReachAll(t *testing.T) {
	w := newWorld(t, chaintest.NewMaker(100))
	var line []*rig
	for i := range 6 {
		line = append(line, w.node(fmt.Sprint(i)))
		if i > 0 {
			w.connect(line[i], line[i-1])
		}
	}
	w.pass(second)
	tip := w.Genesis()
	for i := range 30 {
		tip = w.Block(fmt.Sprint("b", i), tip)
		line[i%6].give(tip)
		w.agree(second, tip, line...)
	}
	for _, r := range line {
		if len(r.closed) > 0 {
			t.Errorf("%s closed connections: %v", r.name, r.closed)
		}
		if r.told["peer.headers"] > 6 {
			t.Errorf("%s asked for headers %d times", r.name, r.told["peer.headers"])
		}
	}
}

var nodeTick = node.Tick{}
