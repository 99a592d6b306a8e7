package mining

import (
	"bytes"
	"errors"
	"math/rand"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/core/mempool"
)

// TestRandomTemplates connects the blocks of random mempools, in chains with
// large and with small blocks.
func TestRandomTemplates(t *testing.T) {
	for seed := range int64(20) {
		p := newPool(t)
		p.fillRandomly(rand.New(rand.NewSource(seed)), 150)
		for _, maxWeight := range []int64{4_000_000, 60_000, 20_000, 9_000, 3_000} {
			in := p.input()
			params := *in.Params
			params.MaxWeight = maxWeight
			in.Params = &params
			tpl := p.template(in)
			p.connect(tpl, in)
			if all := len(tpl.Txs) == in.Pool.Len(); all != (maxWeight == 4_000_000) {
				t.Fatalf("weight limit %d: %d of %d transactions", maxWeight, len(tpl.Txs), in.Pool.Len())
			}
			if want := naiveSelection(in); !sameTxs(tpl.Txs, want) {
				t.Fatalf("seed %d, weight limit %d: other transactions than by the naive way", seed, maxWeight)
			}
		}
	}
}

// naiveSelection computes all scores anew for each choice.
func naiveSelection(in Input) []*consensus.Tx {
	draft, _ := newCoinbase(&in, 0, make([]byte, commitmentSize))
	left, _ := newRoom(&in, draft)
	rest := map[*mempool.Entry]bool{}
	for e := range in.Pool.All() {
		rest[e] = true
	}
	var chosen []*consensus.Tx
	for {
		best, bestPack := candidate{}, []*mempool.Entry(nil)
		for e := range in.Pool.All() {
			if !rest[e] {
				continue
			}
			c := candidate{entry: e}
			pack := []*mempool.Entry{}
			for _, a := range append(in.Pool.Ancestors(e), e) {
				if rest[a] {
					pack = append(pack, a)
					new(selection).add(&c, &candidate{entry: a}, 1)
				}
			}
			if c.weight > left.weight || c.sigops > left.sigops || c.with.Compare(mempool.Frac{Fee: int64(in.MinFeeRate), Size: 1000}) < 0 {
				continue
			}
			if best.entry == nil || c.score().Compare(best.score()) > 0 {
				best, bestPack = c, pack
			}
		}
		if best.entry == nil {
			return chosen
		}
		left.weight, left.sigops = left.weight-best.weight, left.sigops-best.sigops
		for _, e := range bestPack {
			delete(rest, e)
			chosen = append(chosen, e.Tx)
		}
	}
}

// sameTxs compares as sets: within a package any topological order will do.
func sameTxs(got []Tx, want []*consensus.Tx) bool {
	set := map[chainhash.Hash]bool{}
	for _, tx := range want {
		set[tx.ID()] = true
	}
	for _, tx := range got {
		if !set[tx.Tx.ID()] {
			return false
		}
	}
	return len(got) == len(want)
}

// TestChildPays: a child that pays much brings its parent in before others.
func TestChildPays(t *testing.T) {
	p := newPool(t)
	middle := p.pay(2000, 1, p.coin())
	parent := p.pay(100, 2, p.coin())
	child := p.pay(20_000, 1, out(parent, 0))
	poor := p.pay(50, 1, out(parent, 1))
	tpl := p.template(p.input())
	want := []*consensus.Tx{parent, child, middle, poor}
	for i, tx := range tpl.Txs {
		if tx.Tx != want[i] {
			t.Fatalf("transaction %d is %v, want %v", i, tx.Tx.ID(), want[i].ID())
		}
	}
	if d := tpl.Txs[3].Depends; len(d) != 1 || d[0] != 0 {
		t.Fatalf("depends %v", d)
	}
	in := p.input()
	in.MinFeeRate = 1000
	if tpl = p.template(in); len(tpl.Txs) != 3 {
		t.Fatalf("%d transactions above the minimum, want 3", len(tpl.Txs))
	}
}

// TestOrderOfArrival: a mempool with the same transactions gives the same
// template, however they came.
func TestOrderOfArrival(t *testing.T) {
	p := newPool(t)
	p.fillRandomly(rand.New(rand.NewSource(3)), 100)
	want := p.template(p.input())

	q := newPool(t)
	q.coins, q.env.Coins = p.coins, p.coins
	txs := p.pool.View().Topological()
	rand.New(rand.NewSource(4)).Shuffle(len(txs), func(i, j int) { txs[i], txs[j] = txs[j], txs[i] })
	for len(txs) > 0 {
		var orphans []*mempool.Entry
		for _, e := range txs {
			if _, err := q.pool.Accept(e.Tx, &q.env, mempool.Options{}); errors.Is(err, consensus.MissingInputs) {
				orphans = append(orphans, e)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		txs = orphans
	}
	if got := q.template(q.input()); got.Header(0, got.Time) != want.Header(0, want.Time) {
		t.Fatal("the templates differ")
	}
}

// TestNotFinal leaves out what the block's height does not permit, with its
// children.
func TestNotFinal(t *testing.T) {
	p := newPool(t)
	msg := p.tx(1000, 1, p2wsh(anyone), p.coin()).Msg
	msg.LockTime, msg.TxIn[0].Sequence = testHeight-1, 0
	locked := consensus.NewTx(msg)
	p.accept(locked)
	p.pay(9000, 1, out(locked, 0))
	free := p.pay(500, 1, p.coin())
	in := p.input()
	if n := len(p.template(in).Txs); n != 3 {
		t.Fatalf("%d transactions at the height itself", n)
	}
	in.Height--
	if tpl := p.template(in); len(tpl.Txs) != 1 || tpl.Txs[0].Tx != free {
		t.Fatalf("%d transactions below the height", len(tpl.Txs))
	}
}

// TestSigopsFill leaves out what the block has no signature operations left
// for, and goes on to what it has.
func TestSigopsFill(t *testing.T) {
	p := newPool(t)
	multisig := append(append([]byte{txscript.OP_1, 33, 2}, make([]byte, 32)...), txscript.OP_1, txscript.OP_CHECKMULTISIG)
	const each = 190 // outputs of 80 each, near what is standard
	for range 6 {
		p.accept(p.tx(100_000, each, multisig, p.coin()))
	}
	small := p.pay(100, 1, p.coin()) // the lowest rate
	in := p.input()
	tpl := p.template(in)
	p.connect(tpl, in)
	if len(tpl.Txs) != 6 || tpl.Txs[5].Tx != small {
		t.Fatalf("%d transactions with a sigop cost of %d, want 5 of the many and the small one", len(tpl.Txs), tpl.SigOpCost)
	}
}

// TestExtranonce: the root from the branch is the root over all transactions.
func TestExtranonce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 4, 7, 30} {
		p := newPool(t)
		for range n {
			p.pay(1000, 1, p.coin())
		}
		tpl := p.template(p.input())
		seen := map[chainhash.Hash]bool{}
		for _, extranonce := range []uint64{0, 1, 255, 1 << 40, 1<<64 - 1} {
			b := tpl.Block(extranonce, tpl.Time+5, 9)
			root, _ := b.TxidRoot()
			h := tpl.Header(extranonce, tpl.Time+5)
			if h.MerkleRoot != root || b.Header.MerkleRoot != root || seen[root] {
				t.Fatalf("%d transactions, extranonce %d: wrong root", n, extranonce)
			}
			if h.Nonce = 9; h != b.Header || int64(h.Time) != tpl.Time+5 || h.Version != Version {
				t.Fatalf("header %+v, want %+v", h, b.Header)
			}
			if b.Txs[0].ID() != tpl.Coinbase(extranonce).ID() {
				t.Fatal("another coinbase")
			}
			seen[root] = true
		}
	}
}

// TestCoinbase looks at the coinbase's script, outputs and witness.
func TestCoinbase(t *testing.T) {
	p := newPool(t)
	for _, height := range []int32{1, 2, 15, 16, 17, 127, 128, 255, 256, 40_000, 2_000_000_000} {
		in := p.input()
		in.Height, in.Tag = height, []byte("orrery")
		tpl := p.template(in)
		p.connect(tpl, in)
		script := tpl.Coinbase(5).Msg.TxIn[0].SignatureScript
		if !bytes.HasPrefix(script, consensus.HeightScript(height)) || !bytes.HasSuffix(script, append([]byte{6}, "orrery"...)) {
			t.Fatalf("height %d: script %x", height, script)
		}
	}
	in := p.input()
	in.Tag = make([]byte, MaxTag)
	in.Height = 2_000_000_000
	p.connect(p.template(in), in)
	in.Tag = make([]byte, MaxTag+1)
	if _, err := NewTemplate(in); err == nil {
		t.Fatal("a tag that is too long")
	}

	in = p.input()
	in.Extra = []*wire.TxOut{wire.NewTxOut(3, []byte{txscript.OP_RETURN, 1, 1}), wire.NewTxOut(4, anyone)}
	tpl := p.template(in)
	p.connect(tpl, in)
	outs := tpl.Coinbase(0).Msg.TxOut
	if len(outs) != 4 || outs[0].Value != testSubsidy-7 || outs[1].Value != 3 || outs[2].Value != 4 ||
		outs[3].Value != 0 || !bytes.Equal(outs[3].PkScript, tpl.Commitment) {
		t.Fatalf("outputs %v", outs)
	}
	in.Extra[0].Value = testSubsidy
	if _, err := NewTemplate(in); err == nil || !strings.Contains(err.Error(), "4 satoshi more") {
		t.Fatalf("extra outputs that cost too much: %v", err)
	}
}

func TestTime(t *testing.T) {
	p := newPool(t)
	for _, tt := range []struct {
		name                   string
		now, median, want, max int64
		fails                  bool
	}{
		{"now", 1000, 900, 1000, 1030, false},
		{"clock behind the median", 1000, 1010, 1011, 1030, false},
		{"at the edge", 1000, 1029, 1030, 1030, false},
		{"beyond it", 1000, 1030, 0, 0, true},
	} {
		in := p.input()
		params := *in.Params
		params.MaxFutureTime = 30
		in.Params, in.Now, in.ParentMedianTime = &params, tt.now, tt.median
		tpl, err := NewTemplate(in)
		if tt.fails {
			if !errors.Is(err, ErrTime) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil || tpl.Time != tt.want || tpl.MaxTime != tt.max || tpl.MinTime != tt.median+1 {
			t.Errorf("%s: %+v, %v", tt.name, tpl, err)
		}
	}
}

// TestFixed takes transactions as given, and refuses a block that they make
// too heavy.
func TestFixed(t *testing.T) {
	p := newPool(t)
	p.pay(1000, 1, p.coin())
	a := p.tx(1000, 1, p2wsh(anyone), p.coin())
	in := p.input()
	in.Fixed = []Tx{{Tx: a, Fee: 1000, SigOpCost: 0}}
	tpl := p.template(in)
	if len(tpl.Txs) != 1 || tpl.Fees != 1000 {
		t.Fatalf("%+v", tpl)
	}
	p.connect(tpl, in)
	params := *in.Params
	params.MaxWeight = tpl.Weight - 1
	in.Params = &params
	if _, err := NewTemplate(in); err == nil {
		t.Fatal("too heavy")
	}
	params.MaxWeight = 500
	in.Fixed = nil
	if _, err := NewTemplate(in); err == nil {
		t.Fatal("no room for the coinbase")
	}
}

// BenchmarkTemplate chooses from 5,000 transactions: single ones, chains of 25
// and parents with many children.
func BenchmarkTemplate(b *testing.B) {
	p := newPool(b)
	r := rand.New(rand.NewSource(1))
	for p.pool.View().Len() < 5000 {
		switch r.Intn(3) {
		case 0:
			p.pay(int64(200+r.Intn(9000)), 2, p.coin())
		case 1:
			o := p.coin()
			for range 25 {
				o = out(p.pay(int64(200+r.Intn(9000)), 1, o), 0)
			}
		default:
			parent := p.pay(3000, 20, p.coin())
			for n := range uint32(20) {
				p.pay(int64(200+r.Intn(9000)), 2, out(parent, n))
			}
		}
	}
	in := p.input()
	b.ResetTimer()
	for range b.N {
		if _, err := NewTemplate(in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHeader is what a new extranonce costs.
func BenchmarkHeader(b *testing.B) {
	p := newPool(b)
	p.fillRandomly(rand.New(rand.NewSource(1)), 1000)
	tpl := p.template(p.input())
	b.ResetTimer()
	for i := range b.N {
		tpl.Header(uint64(i), tpl.Time)
	}
}
