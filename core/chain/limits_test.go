package chain_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
)

// TestWeightLimits fills blocks to the last weight unit and one beyond.
func TestWeightLimits(t *testing.T) {
	b := newBase()
	limit := b.Params.MaxWeight
	// padded blocks have a coinbase output that brings them to a stripped size.
	padded := func(stripped int) chaintest.Option {
		return func(d *chaintest.Draft) {
			size := func() int { return sizeOf(d.Txs) }
			d.Coinbase().AddTxOut(chaintest.Pay(0, append([]byte{txscript.OP_RETURN}, make([]byte, 70_000)...)))
			script := &d.Coinbase().TxOut[len(d.Coinbase().TxOut)-1].PkScript
			*script = append(*script, make([]byte, stripped-size())...)
			for size() > stripped { // the length of the script's length
				*script = (*script)[:len(*script)-1]
			}
		}
	}
	// witnessed blocks have a witness that brings them to a weight.
	witnessed := func(weight int) chaintest.Option {
		return func(d *chaintest.Draft) {
			tx := chaintest.Pass(b.outs["v16"], 0)
			tx.TxIn[0].Witness = wire.TxWitness{make([]byte, 70_000)}
			chaintest.With(tx)(d)
			probe := b.Block("probe", d.Parent, func(p *chaintest.Draft) { p.Txs = copied(d.Txs) })
			pad := weight - probe.Weight()
			tx.TxIn[0].Witness[0] = make([]byte, 70_000+pad)
		}
	}
	b.check(t, []template{
		{"all of it without witnesses", opts(padded(int(limit / 4))), ""},
		{"a byte more", opts(padded(int(limit/4) + 1)), "bad-blk-length"},
		{"all of it with a witness", opts(witnessed(int(limit))), ""},
		{"a unit more", opts(witnessed(int(limit) + 1)), "bad-blk-weight"},
		{"both", opts(padded(int(limit/4)), chaintest.With(signedV16(b))), "bad-blk-length"},
	})
}

func signedV16(b *base) *wire.MsgTx {
	tx := chaintest.Pass(b.outs["v16"], 0)
	tx.TxIn[0].Witness = wire.TxWitness{{1}}
	return tx
}

func copied(txs []*wire.MsgTx) []*wire.MsgTx {
	var out []*wire.MsgTx
	for _, t := range txs {
		out = append(out, t.Copy())
	}
	return out
}

// sizeOf is the stripped size of a block of these transactions.
func sizeOf(txs []*wire.MsgTx) int {
	n := consensus.HeaderSize + wire.VarIntSerializeSize(uint64(len(txs)))
	for _, t := range txs {
		n += t.SerializeSizeStripped()
	}
	return n
}

// sigops is a script with so many signature operations, in a branch that is
// never taken; then it is true. A CHECKMULTISIG without a number before it
// counts 20.
func sigops(n int) []byte {
	s := []byte{txscript.OP_0, txscript.OP_IF}
	s = append(s, bytes.Repeat([]byte{txscript.OP_CHECKMULTISIG}, n/20)...)
	s = append(s, bytes.Repeat([]byte{txscript.OP_CHECKSIG}, n%20)...)
	return append(s, txscript.OP_ENDIF, txscript.OP_1)
}

// maxScriptSigops is what fits into one script of 201 operations, in whole
// CHECKMULTISIGs.
const maxScriptSigops = 199 * 20

// TestSigopLimits fills blocks with signature operations: 80,000 by cost.
func TestSigopLimits(t *testing.T) {
	b := newBase()
	// legacy puts plain operations into outputs, four each.
	legacy := func(n int) chaintest.Option {
		return func(d *chaintest.Draft) {
			for n > 0 {
				k := min(n, 9000)
				d.Coinbase().AddTxOut(chaintest.Pay(0, bytes.Repeat([]byte{txscript.OP_CHECKSIG}, k)))
				n -= k
			}
		}
	}
	// spends makes one output for each script and spends all in the block.
	spends := func(n int, output func([]byte) []byte, unlock func(in *wire.TxIn, script []byte)) chaintest.Option {
		return func(d *chaintest.Draft) {
			var scripts [][]byte
			for n > 0 {
				k := min(n, maxScriptSigops)
				scripts = append(scripts, sigops(k))
				n -= k
			}
			var pays []*wire.TxOut
			for _, s := range scripts {
				pays = append(pays, chaintest.Pay(10, output(s)))
			}
			fund := chaintest.Spend([]chaintest.Out{b.outs["anyone"]}, pays...)
			var outs []chaintest.Out
			for i := range pays {
				outs = append(outs, chaintest.OutOf(fund, i))
			}
			all := chaintest.Spend(outs, chaintest.Pay(1, nil))
			for i, s := range scripts {
				unlock(all.TxIn[i], s)
			}
			chaintest.With(fund, all)(d)
		}
	}
	p2sh := func(n int) chaintest.Option {
		return spends(n, chaintest.P2SH, func(in *wire.TxIn, s []byte) { in.SignatureScript = chaintest.Script(s) })
	}
	p2wsh := func(n int) chaintest.Option {
		return spends(n, chaintest.P2WSH, func(in *wire.TxIn, s []byte) { in.Witness = wire.TxWitness{s} })
	}
	nested := func(n int) chaintest.Option {
		return spends(n, func(s []byte) []byte { return chaintest.P2SH(chaintest.P2WSH(s)) }, func(in *wire.TxIn, s []byte) {
			in.SignatureScript = chaintest.Script(chaintest.P2WSH(s))
			in.Witness = wire.TxWitness{s}
		})
	}
	bare := func(n int) chaintest.Option {
		return spends(n, func(s []byte) []byte { return s }, func(*wire.TxIn, []byte) {})
	}
	b.check(t, []template{
		{"legacy", opts(legacy(20_000)), ""},
		{"legacy and one", opts(legacy(20_001)), "bad-blk-sigops"},
		{"coinbase script", opts(legacy(20_000), func(d *chaintest.Draft) {
			in := d.Coinbase().TxIn[0]
			in.SignatureScript = append(in.SignatureScript, txscript.OP_CHECKSIG)
		}), "bad-blk-sigops"},
		{"bare scripts count where they are made", opts(bare(20_000)), ""},
		{"bare scripts and one", opts(bare(20_001)), "bad-blk-sigops"},
		{"P2SH", opts(p2sh(20_000)), ""},
		{"P2SH and one", opts(p2sh(20_001)), "bad-blk-sigops"},
		{"P2WSH", opts(p2wsh(80_000)), ""},
		{"P2WSH and one", opts(p2wsh(80_001)), "bad-blk-sigops"},
		{"P2WSH in P2SH", opts(nested(80_000)), ""},
		{"P2WSH in P2SH and one", opts(nested(80_001)), "bad-blk-sigops"},
		{"legacy and P2SH", opts(legacy(10_000), p2sh(10_000)), ""},
		{"legacy, P2SH and one", opts(legacy(10_000), p2sh(10_001)), "bad-blk-sigops"},
		{"legacy and P2WSH", opts(legacy(10_000), p2wsh(40_000)), ""},
		{"legacy, P2WSH and one", opts(legacy(10_000), p2wsh(40_001)), "bad-blk-sigops"},
	})
}

// TestBiggestBlocks connects and disconnects the blocks with the most outputs
// and the most inputs.
func TestBiggestBlocks(t *testing.T) {
	m := chaintest.NewMaker(1)
	h := chaintest.New(t, m)
	chain := m.Chain("a", m.Genesis(), 2)
	h.MustAccept(chain...)
	fund := chaintest.Spend([]chaintest.Out{chain[0].Out(0, 0)})
	for sizeOf([]*wire.MsgTx{chain[1].Txs[0].Msg, fund}) < 1_000_000-20 {
		fund.AddTxOut(chaintest.Pay(int64(len(fund.TxOut)), chaintest.Anyone)) // 10 bytes
		if len(fund.TxOut)%1000 != 0 && len(fund.TxOut) < 98_000 {
			for range 999 {
				fund.AddTxOut(chaintest.Pay(1, chaintest.Anyone))
			}
		}
	}
	most := m.Block("outputs", chain[1], chaintest.With(fund))
	var outs []chaintest.Out
	for i := range (1_000_000 - 400) / 41 {
		outs = append(outs, chaintest.Out{OutPoint: wire.OutPoint{Hash: most.Txs[1].ID(), Index: uint32(i)}})
	}
	ins := m.Block("inputs", most, chaintest.With(chaintest.Spend(outs, chaintest.Pay(1, nil))))
	t.Logf("%d outputs, %d inputs", len(fund.TxOut), len(outs))
	h.MustAccept(most, ins)
	h.Invalidate(most)
	h.Rest()
	h.Reconsider(ins)
	h.Rest()
	if h.TipBlock() != ins {
		t.Errorf("tip %s", h.TipBlock().Name)
	}
}

// TestMaturity spends coinbases one block too early and just in time.
func TestMaturity(t *testing.T) {
	m := chaintest.NewMaker(100)
	h := chaintest.New(t, m)
	chain := m.Chain("a", m.Genesis(), 99)
	fileAll(t, h, chain)
	h.Rest()
	spend := chaintest.With(chaintest.Pass(chain[0].Out(0, 0), 0))

	h.Unchanged(func() { // a1 at height 1 is 99 deep at height 100
		err := h.Accept(m.Block("early", chain[98], spend, chaintest.Breaks(consensus.PrematureSpend)))
		if !errors.Is(err, consensus.PrematureSpend) {
			t.Errorf("at depth 99: %v", err)
		}
		h.Rest()
	})
	a100 := m.Block("a100", chain[98])
	a101 := m.Block("a101", a100, spend)
	h.MustAccept(a100, a101)

	// The same spend on another branch: the coinbase is on both, and as deep.
	b100 := m.Block("b100", chain[98])
	b101 := m.Block("b101", b100, spend)
	b102 := m.Block("b102", b101)
	h.MustAccept(b100, b101, b102)
	if h.TipBlock() != b102 {
		t.Errorf("tip %s", h.TipBlock().Name)
	}
	// A coinbase of the branch that was left is no coin here.
	c103 := m.Block("c103", b102, chaintest.With(chaintest.Pass(a100.Out(0, 0), 0)), chaintest.Breaks(consensus.MissingInputs))
	if err := h.Accept(c103); !errors.Is(err, consensus.MissingInputs) {
		t.Errorf("the coinbase of a stale block: %v", err)
	}
	// Back on the first branch it may be spent 100 blocks later only.
	a := append([]*chaintest.Block{a100, a101}, m.Chain("a", a101, 98)...)
	fileAll(t, h, a[2:99])
	h.Rest()
	late := chaintest.With(chaintest.Pass(a100.Out(0, 0), 0))
	if err := h.Accept(m.Block("early", a[98], late, chaintest.Breaks(consensus.PrematureSpend))); !errors.Is(err, consensus.PrematureSpend) {
		t.Errorf("at depth 99 after a reorg: %v", err)
	}
	h.MustAccept(a[99], m.Block("late", a[99], late))
}

// TestSubsidyEdges takes the subsidy and one satoshi more at each edge.
func TestSubsidyEdges(t *testing.T) {
	m := chaintest.NewMaker(1)
	h := chaintest.New(t, m)
	tip := m.Genesis()
	want := map[int32]int64{1: 50e8, 149: 50e8, 150: 25e8, 299: 25e8, 300: 1250000000, 449: 1250000000, 450: 625000000}
	for height := int32(1); height <= 450; height++ {
		next := m.Block("a", tip)
		if sat := want[height]; sat != 0 {
			if next.Txs[0].Msg.TxOut[0].Value != sat {
				t.Fatalf("height %d pays %d", height, next.Txs[0].Msg.TxOut[0].Value)
			}
			h.Unchanged(func() {
				if err := h.Accept(m.Block("greedy", tip, chaintest.Greedy)); !errors.Is(err, consensus.BadCoinbaseAmount) {
					t.Errorf("height %d: %v", height, err)
				}
				h.Rest()
			})
		}
		if err := h.File(next); err != nil {
			t.Fatal(err)
		}
		for h.Step() {
		}
		tip = next
	}
	h.Check()
	last := m.Rules.Halving*64 + 1
	if s, err := m.Rules.Subsidy(rewardAt(last)); s != 0 || err != nil {
		t.Errorf("height %d pays %d, %v", last, s, err)
	}
}
