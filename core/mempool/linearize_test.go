package mempool

import (
	"encoding/binary"
	"math/rand"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// fakeCluster makes entries that only linearize looks at: parents[i] are the
// indexes of i's parents, all lower.
func fakeCluster(fracs []Frac, parents [][]int) []*Entry {
	list := make([]*Entry, len(fracs))
	for i, f := range fracs {
		m := wire.NewMsgTx(2)
		unique := wire.OutPoint{Index: uint32(i)}
		binary.LittleEndian.PutUint64(unique.Hash[:], uint64(f.Fee))
		m.AddTxIn(wire.NewTxIn(&unique, nil, nil))
		for _, p := range parents[i] {
			m.AddTxIn(wire.NewTxIn(&wire.OutPoint{Hash: list[p].Tx.ID(), Index: uint32(i)}, nil, nil))
		}
		list[i] = &Entry{Tx: consensus.NewTx(m), Fee: f.Fee, AdjustedWeight: f.Size}
	}
	return list
}

// bestDiagram tries every order and keeps, for each, the diagram of its
// chunks; the best one is nowhere below another.
func bestDiagram(list []*Entry) diagram {
	d := newDag(list)
	var best diagram
	var order []int
	var visit func(done set)
	visit = func(done set) {
		if len(order) == len(list) {
			if g := newDiagram(d.chunks(order)); best == nil || g.improves(best) {
				best = g
			}
			return
		}
		for i := range list {
			if !done.has(i) && d.anc[i]&^(done|1<<uint(i)) == 0 {
				order = append(order, i)
				visit(done | 1<<uint(i))
				order = order[:len(order)-1]
			}
		}
	}
	visit(0)
	return best
}

func checkOrder(t *testing.T, list []*Entry, chunks []Chunk) {
	t.Helper()
	seen := map[*Entry]bool{}
	d := newDag(list)
	for i, c := range chunks {
		if i > 0 && c.Compare(chunks[i-1].Frac) > 0 {
			t.Fatal("chunks rise")
		}
		for _, e := range c.Txs {
			seen[e] = true
			d.anc[slices.Index(d.txs, e)].each(func(a int) {
				if !seen[d.txs[a]] {
					t.Fatal("a parent comes later")
				}
			})
		}
	}
	if len(seen) != len(list) {
		t.Fatalf("%d of %d ordered", len(seen), len(list))
	}
}

// TestLinearizeTrees compares with the best of all orders where the result is
// known to be the best: each transaction has at most one parent, or at most
// one child.
func TestLinearizeTrees(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range 400 {
		n := 2 + r.Intn(6)
		fracs, parents := make([]Frac, n), make([][]int, n)
		childless := r.Intn(2) == 0
		for i := range fracs {
			fracs[i] = Frac{int64(r.Intn(60) - 5), int64(1 + r.Intn(9))}
			if i > 0 && childless { // at most one parent
				parents[i] = []int{r.Intn(i)}
			}
			if i < n-1 && !childless { // at most one child
				child := i + 1 + r.Intn(n-1-i)
				parents[child] = append(parents[child], i)
			}
		}
		list := fakeCluster(fracs, parents)
		chunks := linearize(list)
		checkOrder(t, list, chunks)
		best := bestDiagram(list)
		if best.improves(newDiagram(chunks)) {
			t.Fatalf("%v with parents %v: %v, best is %v", fracs, parents, newDiagram(chunks), best)
		}
		// The two passes alone do it too, from any order.
		d := newDag(list)
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		if got := newDiagram(d.chunks(d.improve(d.improve(order, true), false))); best.improves(got) {
			t.Fatalf("%v with parents %v: improved to %v, best is %v", fracs, parents, got, best)
		}
	}
}

// TestLinearizeAny checks the order of any cluster, and that the order in
// which its transactions are given does not matter.
func TestLinearizeAny(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range 100 {
		n := 2 + r.Intn(MaxClusterCount-1)
		fracs, parents := make([]Frac, n), make([][]int, n)
		for i := range fracs {
			fracs[i] = Frac{int64(r.Intn(1000)), int64(1 + r.Intn(100))}
			for p := range i {
				if r.Intn(i) < 2 {
					parents[i] = append(parents[i], p)
				}
			}
		}
		list := fakeCluster(fracs, parents)
		chunks := linearize(list)
		checkOrder(t, list, chunks)
		r.Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
		again := linearize(list)
		for i := range chunks {
			if !slices.Equal(chunks[i].Txs, again[i].Txs) {
				t.Fatal("the order depends on how the cluster was given")
			}
		}
	}
}

func TestDiagram(t *testing.T) {
	make := func(fracs ...Frac) diagram {
		var chunks []Chunk
		for _, f := range fracs {
			chunks = append(chunks, Chunk{Frac: f})
		}
		return newDiagram(chunks)
	}
	for _, tt := range []struct {
		name     string
		new, old diagram
		want     bool
	}{
		{"equal", make(Frac{10, 10}), make(Frac{10, 10}), false},
		{"more", make(Frac{11, 10}), make(Frac{10, 10}), true},
		{"bigger at a lower rate", make(Frac{11, 12}), make(Frac{10, 10}), false},
		{"two against one", make(Frac{9, 5}, Frac{2, 5}), make(Frac{10, 10}), true},
		{"order of chunks is no matter", make(Frac{2, 5}, Frac{9, 5}), make(Frac{10, 10}), true},
		{"crosses", make(Frac{9, 5}, Frac{2, 15}), make(Frac{12, 10}), false},
		{"against nothing", make(Frac{1, 5}), nil, true},
		{"fees beyond 64 bits", make(Frac{consensus.MaxMoney, 400_000}), make(Frac{consensus.MaxMoney - 1, 400_000}), true},
	} {
		if got := tt.new.improves(tt.old); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestFeeRate(t *testing.T) {
	for _, tt := range []struct {
		rate  FeeRate
		vsize int64
		want  int64
	}{{100, 110, 11}, {100, 111, 12}, {1, 1, 1}, {0, 500, 0}, {3000, 182, 546}, {1 << 62, 1 << 40, 1<<63 - 1}} {
		if got := tt.rate.Fee(tt.vsize); got != tt.want {
			t.Errorf("%d at %d: %d, want %d", tt.vsize, tt.rate, got, tt.want)
		}
	}
	for _, tt := range []struct {
		f    Frac
		want FeeRate
	}{{Frac{11, 110}, 100}, {Frac{1, 3}, 333}, {Frac{-1, 3}, -334}, {Frac{5, 0}, 0}, {Frac{consensus.MaxMoney, 100}, 21_000_000_000_000_000}} {
		if got := tt.f.Rate(); got != tt.want {
			t.Errorf("%v: %d, want %d", tt.f, got, tt.want)
		}
	}
}
