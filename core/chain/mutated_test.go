package chain_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

// forgery is a copy of a good block that has the same hash.
type forgery struct {
	name string
	good *chaintest.Block
	copy *consensus.Block
	want consensus.Kind
}

func forgeries(m chaintest.Maker, a1 *chaintest.Block) []forgery {
	key := chaintest.NewKey(1)
	in := chaintest.OutOf(chaintest.Spend([]chaintest.Out{a1.Out(0, 0)}, chaintest.Pay(5000, key.P2WPKH()), chaintest.Pay(5000, chaintest.Anyone)), 0)
	split := chaintest.Spend([]chaintest.Out{a1.Out(0, 0)}, chaintest.Pay(5000, key.P2WPKH()), chaintest.Pay(5000, chaintest.Anyone))
	signed := chaintest.Spend([]chaintest.Out{in}, chaintest.Pay(4000, chaintest.Anyone))
	key.SignP2WPKH(signed, in)
	last := chaintest.Pass(chaintest.OutOf(split, 1), 1000)

	two := m.Block("two", a1, chaintest.With(split, last)) // with its coinbase, three transactions
	six := m.Block("six", a1, chaintest.With(split, last, chaintest.Pass(chaintest.OutOf(last, 0), 0), pass(last, 1), pass(last, 2)))
	witness := m.Block("witness", a1, chaintest.With(split, signed))
	return []forgery{
		{"last transaction twice", two, rebuild(two, 0, 1, 2, 2), consensus.DuplicateTxs},
		{"last two transactions twice", six, rebuild(six, 0, 1, 2, 3, 4, 5, 4, 5), consensus.DuplicateTxs},
		{"a transaction left out", two, rebuild(two, 0, 1), consensus.BadMerkleRoot},
		{"transactions swapped", two, rebuild(two, 0, 2, 1), consensus.BadMerkleRoot},
		{"no transactions", two, rebuild(two), consensus.BadMerkleRoot},
		{"coinbase twice", two, rebuild(two, 0, 0, 1, 2), consensus.BadMerkleRoot},
		{"a signature changed", witness, edit(witness, 2, func(tx *wire.MsgTx) { tx.TxIn[0].Witness[0][10] ^= 1 }), consensus.BadWitnessMerkle},
		{"a witness removed", witness, edit(witness, 2, func(tx *wire.MsgTx) { tx.TxIn[0].Witness = nil }), consensus.BadWitnessMerkle},
		{"a huge witness added", witness, edit(witness, 1, func(tx *wire.MsgTx) {
			tx.TxIn[0].Witness = wire.TxWitness{make([]byte, 3_999_000)}
		}), consensus.BadWitnessMerkle},
		{"no witness nonce", witness, edit(witness, 0, func(tx *wire.MsgTx) { tx.TxIn[0].Witness = nil }), consensus.BadWitnessNonceSize},
		{"a short witness nonce", witness, edit(witness, 0, func(tx *wire.MsgTx) { tx.TxIn[0].Witness = wire.TxWitness{make([]byte, 31)} }), consensus.BadWitnessNonceSize},
		{"two witness nonces", witness, edit(witness, 0, func(tx *wire.MsgTx) {
			tx.TxIn[0].Witness = append(tx.TxIn[0].Witness, make([]byte, 32))
		}), consensus.BadWitnessNonceSize},
		{"another witness nonce", witness, edit(witness, 0, func(tx *wire.MsgTx) { tx.TxIn[0].Witness[0][0] ^= 1 }), consensus.BadWitnessMerkle},
		{"a witness where none is committed", two, edit(two, 1, func(tx *wire.MsgTx) { tx.TxIn[0].Witness = wire.TxWitness{{1}} }), consensus.UnexpectedWitness},
		{"a coinbase witness where none is committed", two, edit(two, 0, func(tx *wire.MsgTx) { tx.TxIn[0].Witness = wire.TxWitness{make([]byte, 32)} }), consensus.UnexpectedWitness},
	}
}

func pass(tx *wire.MsgTx, n int) *wire.MsgTx {
	for range n {
		tx = chaintest.Pass(chaintest.OutOf(tx, 0), 0)
	}
	return chaintest.Pass(chaintest.OutOf(tx, 0), 0)
}

// rebuild keeps the header and takes the transactions by their index.
func rebuild(b *chaintest.Block, txs ...int) *consensus.Block {
	list := make([]*consensus.Tx, len(txs))
	for i, n := range txs {
		list[i] = b.Txs[n]
	}
	return consensus.NewBlock(b.Header, list)
}

// edit keeps the header and changes a copy of one transaction.
func edit(b *chaintest.Block, tx int, change func(*wire.MsgTx)) *consensus.Block {
	list := append([]*consensus.Tx{}, b.Txs...)
	msg := list[tx].Msg.Copy()
	change(msg)
	list[tx] = consensus.NewTx(msg)
	return consensus.NewBlock(b.Header, list)
}

// TestMutatedCopies offers a changed copy of a block first. Only its sender is
// at fault: the good block is taken afterwards (CVE-2012-2459).
func TestMutatedCopies(t *testing.T) {
	m := chaintest.NewMaker(1)
	a1 := m.Block("a1", m.Genesis())
	for _, f := range forgeries(m, a1) {
		for _, headerFirst := range []bool{false, true} {
			t.Run(f.name, func(t *testing.T) { f.play(t, m, a1, headerFirst) })
		}
	}
}

func (f forgery) play(t *testing.T, m chaintest.Maker, a1 *chaintest.Block, headerFirst bool) {
	if f.copy.Hash() != f.good.Hash() {
		t.Fatal("the copy has another hash")
	}
	h := chaintest.New(t, m)
	h.MustAccept(a1)
	if headerFirst {
		if err := h.AddHeader(f.good); err != nil {
			t.Fatal(err)
		}
	}
	forged := &chaintest.Block{Block: f.copy, Name: "forged", Height: f.good.Height, Parent: f.good.Parent}
	h.Unchanged(func() {
		for range 2 {
			if err := h.Accept(forged); !errors.Is(err, f.want) || !f.want.Mutated() {
				t.Errorf("the copy: %v, want %s", err, f.want)
			}
		}
	})
	if n := h.Chain.Lookup(f.good.Hash()); n != nil && h.Chain.Record(n).Failed {
		t.Error("the hash is marked as failed")
	}
	h.MustAccept(f.good)
	if h.TipBlock().Hash() != f.good.Hash() {
		t.Errorf("tip %s", h.TipBlock().Name)
	}
	// What the block shows by itself is still named; a copy with another
	// witness is as good as the block that is there (Core: ProcessNewBlock).
	var want error = f.want
	if f.want == consensus.BadWitnessMerkle || f.want == consensus.BadWitnessNonceSize || f.want == consensus.UnexpectedWitness {
		want = chain.ErrKnown
	}
	if err := h.File(forged); !errors.Is(err, want) {
		t.Errorf("the copy after the good block: %v, want %v", err, want)
	}
}

// TestInnerNodeAsTransaction forges a block whose only transaction is the 64
// bytes of an inner node of the good block's Merkle tree ("Weaknesses in
// Bitcoin's Merkle Root Construction", 3.1; Core: IsBlockMutated).
func TestInnerNodeAsTransaction(t *testing.T) {
	m := chaintest.NewMaker(1)
	a1 := m.Block("a1", m.Genesis())
	good, inner := nodeThatParses(t, m, a1)
	forged := consensus.NewBlock(good.Header, []*consensus.Tx{inner})
	if root, _ := forged.TxidRoot(); root != good.Header.MerkleRoot {
		t.Fatal("the forged block has another Merkle root")
	}
	h := chaintest.New(t, m)
	h.MustAccept(a1)
	if err := h.AddHeader(good); err != nil {
		t.Fatal(err)
	}
	h.Unchanged(func() {
		if _, err := h.Chain.AcceptBlock(forged, h.Now); !errors.Is(err, consensus.CoinbaseMissing) {
			t.Errorf("the forged block: %v", err)
		}
		if err := h.Chain.Commit(nil, false); err != nil {
			t.Fatal(err)
		}
	})
	h.MustAccept(good)
}

// nodeThatParses searches a block of two transactions whose ids, side by side,
// are the serialization of a transaction.
func nodeThatParses(t *testing.T, m chaintest.Maker, a1 *chaintest.Block) (*chaintest.Block, *consensus.Tx) {
	// Where the searches ended when this was written: they go on from here
	// should the blocks change.
	const hintSpend, hintCoinbase = 3_727_000, 0
	spend := chaintest.Pass(a1.Out(0, 0), 0)
	looksRight := func(id []byte) bool { // the second half: script length, output count, script length
		s := int(id[9])
		return s <= 4 && id[14+s] == 1 && int(id[23+s]) == 4-s
	}
	for spend.LockTime = hintSpend; ; spend.LockTime++ {
		if id := spend.TxHash(); looksRight(id[:]) {
			break
		}
	}
	for n := int64(hintCoinbase); ; n++ {
		b := m.Block("inner", a1, chaintest.With(spend), chaintest.Extra(-n))
		l, r := b.Txs[0].ID(), b.Txs[1].ID()
		if l[4] != 1 {
			continue
		}
		tx, err := consensus.ParseTx(bytes.Join([][]byte{l[:], r[:]}, nil))
		if err != nil {
			t.Fatal(err)
		}
		return b, tx
	}
}
