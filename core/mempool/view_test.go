package mempool

import (
	"slices"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// TestViewOfFamily:
//
//	a ─┬─ b ─┬─ d
//	   └─ c ─┘       e alone
func TestViewOfFamily(t *testing.T) {
	c := newChain(t)
	a := c.pay(1000, 3, c.coinbase(1, 0))
	b := c.pay(2000, 1, out(a, 0))
	signals := c.msg(3000, 2, out(a, 2))
	signals.TxIn[0].Sequence = maxReplaceableSequence
	cc := consensus.NewTx(signals)
	c.accept(cc)
	d := c.pay(4000, 1, out(cc, 1), out(b, 0))
	e := c.pay(5000, 1, c.coinbase(1, 1))
	v := c.pool.View()
	get := func(tx *consensus.Tx) *Entry { return v.Get(tx.ID()) }
	ids := func(list []*Entry) (txs []*consensus.Tx) {
		for _, x := range list {
			txs = append(txs, x.Tx)
		}
		return txs
	}
	for _, tt := range []struct {
		name string
		got  []*Entry
		want []*consensus.Tx
	}{
		{"parents", v.Parents(get(d)), []*consensus.Tx{cc, b}},
		{"children", v.Children(get(a)), []*consensus.Tx{b, cc}},
		{"ancestors", v.Ancestors(get(d)), []*consensus.Tx{cc, b, a}},
		{"descendants", v.Descendants(get(a)), []*consensus.Tx{b, cc, d}},
		{"none", v.Descendants(get(e)), nil},
	} {
		if !slices.Equal(ids(tt.got), tt.want) {
			t.Errorf("%s are wrong: %d", tt.name, len(tt.got))
		}
	}
	if f := v.AncestorTotals(get(d)); f.Count != 4 || f.Fees != 10_000 || f.VSize != get(a).VSize()+get(b).VSize()+get(cc).VSize()+get(d).VSize() {
		t.Errorf("ancestor totals %+v", f)
	}
	if v.Replaceable(get(b)) || !v.Replaceable(get(cc)) || !v.Replaceable(get(d)) {
		t.Error("replaceability is not what the inputs and ancestors signal")
	}
	if v.Coin(out(a, 2), 77).Height != 77 || v.Coin(out(a, 3), 77) != nil || v.Coin(c.coinbase(1, 2), 77) != nil {
		t.Error("coins of the mempool are wrong")
	}
	if ch := v.ChunkOf(get(a)); len(ch.Txs) != 4 || ch.Fee != 10_000 || len(v.Chunks(get(e))) != 1 {
		t.Errorf("chunk %+v", ch)
	}
	at := map[*Entry]int{}
	for i, x := range v.Topological() {
		at[x] = i + 1
		for _, p := range v.Parents(x) {
			if at[p] == 0 {
				t.Fatal("a parent comes after its child")
			}
		}
	}
	if len(at) != 5 {
		t.Fatalf("%d listed", len(at))
	}
	for n := range 8 {
		if got := v.FirstTopological(n); !slices.Equal(got, v.Topological()[:min(n, 5)]) {
			t.Errorf("the first %d are others than those of all", n)
		}
	}
}

// TestSpentKeys: outputs of one transaction, and an outpoint next to it, have
// different keys.
func TestSpentKeys(t *testing.T) {
	seen := map[[32]byte]bool{}
	for n := range uint32(70_000) {
		seen[spentKey(&wire.OutPoint{Index: n})] = true
	}
	if len(seen) != 70_000 {
		t.Fatalf("%d keys", len(seen))
	}
}
