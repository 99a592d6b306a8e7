package chaintest

import (
	"fmt"
	"slices"
	"testing"
)

func TestParseTree(t *testing.T) {
	tests := []struct {
		drawing string
		want    []edge
	}{
		{`genesis ── a1`, []edge{{"genesis", ""}, {"a1", "genesis"}}},
		{`
genesis ── a1 ── a2 ── a3
           │├─── b2 ── b3
           │     └──── c3
           └──── d2`, []edge{{"genesis", ""}, {"a1", "genesis"}, {"a2", "a1"}, {"a3", "a2"},
			{"b2", "a1"}, {"b3", "b2"}, {"c3", "b2"}, {"d2", "a1"}}},
	}
	for _, tt := range tests {
		got, err := parseTree(tt.drawing)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s\n%v, %v\nwant %v", tt.drawing, got, err, tt.want)
		}
	}
	for _, bad := range []string{"genesis\n  a1", "genesis\n          └── a1", "genesis ── a1\n\n  └── b1", "genesis -- a1"} {
		if got, err := parseTree(bad); err == nil {
			t.Errorf("%s\n%v, want an error", bad, got)
		}
	}
}

// TestModelSeesLoss shows that the comparison of coins can fail.
func TestModelSeesLoss(t *testing.T) {
	m := NewMaker(1)
	h := New(t, m)
	a1 := m.Block("a1", m.Genesis())
	a2 := m.Block("a2", a1, With(Pass(a1.Out(0, 0), 1)))
	h.MustAccept(a1, a2)
	if err := h.Model.CheckCoins(h.Store, a2); err != nil {
		t.Error(err)
	}
	other := m.Block("other", a1)
	for _, wrong := range []*Block{a1, other, m.Block("a3", a2)} {
		if h.Model.CheckCoins(h.Store, wrong) == nil {
			t.Errorf("the coins after a2 pass for those after %s", wrong.Name)
		}
	}
}

func TestMakerIsDeterministic(t *testing.T) {
	var hashes []string
	for range 2 {
		m := NewMaker(1)
		blocks := m.Chain("a", m.Genesis(), 3)
		blocks = append(blocks, m.Block("b", blocks[2], With(Pass(blocks[2].Out(0, 0), 5)), Extra(5)))
		hashes = append(hashes, fmt.Sprint(blocks[0].Hash(), blocks[3].Hash()))
	}
	if hashes[0] != hashes[1] {
		t.Errorf("%s, then %s", hashes[0], hashes[1])
	}
}
