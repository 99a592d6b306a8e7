package chain_test

import (
	"errors"
	"testing"

	"orrery/core/chain/chaintest"
)

// maxMoves bounds one fuzzed game.
const maxMoves = 120

// pool is a small tree with branches of equal work, and a bad block of each
// sort.
//
//	genesis ── a1 ── a2 ── a3 ── a4
//	            │     └─── b3 ── b4 ── b5     b5 is refused on connecting
//	            ├─── c2 ── c3 ── c4           c3 is refused on arrival
//	            └─── d2 ── d3 ── d4 ── d5     d3 is refused on connecting
func pool(m chaintest.Maker) []*chaintest.Block {
	a := m.Chain("a", m.Genesis(), 4)
	spend := chaintest.With(chaintest.Pass(a[0].Out(0, 0), 1))
	b := m.Chain("b", a[1], 2, func(d *chaintest.Draft) {
		if d.Height == 3 {
			spend(d)
		}
	})
	b = append(b, m.Block("b5", b[1], chaintest.Greedy))
	c := []*chaintest.Block{m.Block("c2", a[0], spend)}
	c = append(c, m.Block("c3", c[0], chaintest.WrongHeight))
	c = append(c, m.Block("c4", c[1]))
	d := []*chaintest.Block{m.Block("d2", a[0])}
	d = append(d, m.Block("d3", d[0], chaintest.WrongScript))
	d = append(d, m.Chain("d", d[1], 2)...)
	return append(append(append(append([]*chaintest.Block{m.Genesis()}, a...), b...), c...), d...)
}

// FuzzChain plays moves on the blocks of a pool: the high bits of a byte are
// the move, the low ones the block.
func FuzzChain(f *testing.F) {
	m := chaintest.NewMaker(1)
	blocks := pool(m)
	f.Add([]byte{1, 2, 3, 4, 8, 9})
	f.Add([]byte{0x61, 0x62, 0x63, 4, 3, 2, 1, 0x82, 0xe0, 0xa3})
	f.Add([]byte{1, 2, 3, 0x05, 0x26, 0x27, 0xc0, 0x81, 0xc1, 0xa7, 0xe0})
	f.Fuzz(func(t *testing.T, moves []byte) {
		h := chaintest.New(t, m)
		for _, move := range moves[:min(len(moves), maxMoves)] {
			playMove(h, move>>5, blocks[int(move&31)%len(blocks)])
		}
		h.Rest()
		h.Reopen()
		h.Rest()
	})
}

func playMove(h *chaintest.Harness, move byte, b *chaintest.Block) {
	same := func(got, want error) {
		if want == nil && got != nil || !errors.Is(got, want) {
			h.Fail("%s: %v, want %v", b.Name, got, want)
		}
	}
	known := h.Chain.Lookup(b.Hash()) != nil
	switch {
	case move == 0:
		want := wantBlock(h.Chain, b)
		same(h.File(b), want)
		h.Rest()
	case move <= 2:
		want := wantBlock(h.Chain, b)
		same(h.File(b), want)
	case move == 3:
		want := wantHeader(h.Chain, b)
		same(h.AddHeader(b), want)
	case move == 4 && known && b.Height > 0:
		h.Invalidate(b)
	case move == 5 && known:
		h.Reconsider(b)
	case move == 6:
		for range 1 + b.Height%3 {
			h.Step()
		}
	case move == 7:
		h.Reopen()
	}
}
