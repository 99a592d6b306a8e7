package mining

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
	"orrery/core/mempool"
)

const (
	testHeight  = 200
	testMedian  = 1_700_000_000
	testNow     = testMedian + 3600
	testSubsidy = 50 * consensus.CoinUnit
)

var anyone = []byte{txscript.OP_TRUE}

func p2wsh(script []byte) []byte {
	h := sha256.Sum256(script)
	return append([]byte{txscript.OP_0, 32}, h[:]...)
}

// testPool is a mempool over made-up coins, on a tip at testHeight-1.
type testPool struct {
	t     testing.TB
	coins coinMap
	pool  *mempool.Pool
	env   mempool.Env
}

type coinMap map[wire.OutPoint]*consensus.Coin

func (m coinMap) Coin(o wire.OutPoint) (*consensus.Coin, error) { return m[o], nil }

type noScripts struct{}

func (noScripts) Verify([]consensus.TxCheck) error { return nil }

func testParams() *consensus.Params {
	return &consensus.Params{MaxWeight: 4_000_000, Maturity: 100, MaxFutureTime: 7200, PowLimit: *new(uint256.Int).Not(new(uint256.Int))}
}

func newPool(t testing.TB) *testPool {
	p := &testPool{t: t, coins: coinMap{}, pool: mempool.New(mempool.DefaultConfig())}
	p.env = mempool.Env{
		Params: testParams(), Coins: p.coins, Height: testHeight - 1, MedianTime: testMedian,
		MedianTimeAt: func(int32) int64 { return testMedian }, Now: testNow, Verifier: noScripts{},
	}
	return p
}

// coin adds a confirmed coin.
func (p *testPool) coin() wire.OutPoint {
	var o wire.OutPoint
	binary.LittleEndian.PutUint64(o.Hash[:], uint64(len(p.coins)+1))
	p.coins[o] = &consensus.Coin{Value: consensus.CoinUnit, Script: p2wsh(anyone), Height: 1}
	return o
}

func out(tx *consensus.Tx, n uint32) wire.OutPoint { return wire.OutPoint{Hash: tx.ID(), Index: n} }

// tx pays fee and has outs equal outputs to script.
func (p *testPool) tx(fee int64, outs int, script []byte, ins ...wire.OutPoint) *consensus.Tx {
	msg := wire.NewMsgTx(2)
	sum := -fee
	for _, o := range ins {
		msg.AddTxIn(wire.NewTxIn(&o, nil, [][]byte{anyone}))
		coin := p.coins[o]
		if c := p.pool.View().Coin(o, testHeight); c != nil {
			coin = c
		}
		sum += coin.Value
	}
	for range outs {
		msg.AddTxOut(wire.NewTxOut(sum/int64(outs), script))
	}
	msg.TxOut[0].Value += sum % int64(outs)
	return consensus.NewTx(msg)
}

func (p *testPool) pay(fee int64, outs int, ins ...wire.OutPoint) *consensus.Tx {
	p.t.Helper()
	tx := p.tx(fee, outs, p2wsh(anyone), ins...)
	p.accept(tx)
	return tx
}

func (p *testPool) accept(tx *consensus.Tx) {
	p.t.Helper()
	if _, err := p.pool.Accept(tx, &p.env, mempool.Options{}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *testPool) input() Input {
	return Input{
		Params: p.env.Params, Prev: chainhash.Hash{1}, Height: testHeight, Bits: 0x207fffff, ParentMedianTime: testMedian,
		Now: testNow, Subsidy: testSubsidy, Payout: p2wsh(anyone), Pool: p.pool.View(), MinFeeRate: DefaultMinFeeRate,
	}
}

func (p *testPool) template(in Input) *Template {
	p.t.Helper()
	t, err := NewTemplate(in)
	if err != nil {
		p.t.Fatal(err)
	}
	return t
}

// connect fails the test unless the template's block obeys every rule but the
// proof of work, and says of itself what is true.
func (p *testPool) connect(tpl *Template, in Input) {
	p.t.Helper()
	b := tpl.Block(7, tpl.Time, 0)
	noWork := func(chainhash.Hash, uint32, *uint256.Int) error { return nil }
	if err := consensus.CheckBlock(b, in.Params, noWork); err != nil {
		p.t.Fatal(err)
	}
	if err := consensus.CheckHeaderInContext(&b.Header, consensus.HeaderContext{Bits: in.Bits, MedianTime: in.ParentMedianTime, Now: in.Now}, in.Params); err != nil {
		p.t.Fatal(err)
	}
	if err := consensus.CheckBlockInContext(b, in.Height, in.ParentMedianTime, in.Params); err != nil {
		p.t.Fatal(err)
	}
	res, err := consensus.Connect(consensus.ConnectInput{
		Block: b, Height: in.Height, ParentMedianTime: in.ParentMedianTime, Subsidy: in.Subsidy,
		Coins: p.coins, MedianTimeAt: p.env.MedianTimeAt,
	}, in.Params)
	if err != nil {
		p.t.Fatal(err)
	}
	if res.Fees != tpl.Fees || tpl.CoinbaseValue != in.Subsidy+res.Fees || int64(b.Weight()) != tpl.Weight {
		p.t.Fatalf("fees %d, weight %d; the template says %d, %d", res.Fees, b.Weight(), tpl.Fees, tpl.Weight)
	}
	sigops := consensus.SigOpCost(b.Txs[0], nil)
	at := map[chainhash.Hash]int{}
	for i, tx := range tpl.Txs {
		sigops += tx.SigOpCost
		var depends []int
		for _, in := range tx.Tx.Msg.TxIn {
			if j, ok := at[in.PreviousOutPoint.Hash]; ok {
				depends = append(depends, j)
			}
		}
		checkDepends(p.t, tx.Depends, depends)
		at[tx.Tx.ID()] = i
	}
	if sigops != tpl.SigOpCost {
		p.t.Fatalf("sigop cost %d, the template says %d", sigops, tpl.SigOpCost)
	}
}

// checkDepends: want may repeat itself and be in any order.
func checkDepends(t testing.TB, got, want []int) {
	t.Helper()
	set := map[int]bool{}
	for _, n := range want {
		set[n] = true
	}
	for i, n := range got {
		if !set[n] || i > 0 && got[i-1] >= n {
			t.Fatalf("depends %v, want %v", got, want)
		}
	}
	if len(got) != len(set) {
		t.Fatalf("depends %v, want %v", got, want)
	}
}

// fillRandomly accepts n transactions, some of which hang together.
func (p *testPool) fillRandomly(r *rand.Rand, n int) {
	var free []wire.OutPoint
	multisig := append(append([]byte{txscript.OP_1, 33, 2}, make([]byte, 32)...), txscript.OP_1, txscript.OP_CHECKMULTISIG)
	for range n {
		var ins []wire.OutPoint
		for range 1 + r.Intn(3) {
			if len(free) > 0 && r.Intn(2) == 0 {
				i := r.Intn(len(free))
				ins = append(ins, free[i])
				free[i] = free[len(free)-1]
				free = free[:len(free)-1]
			} else {
				ins = append(ins, p.coin())
			}
		}
		script, outs := p2wsh(anyone), 1+r.Intn(4)
		if r.Intn(5) == 0 {
			script = multisig
		}
		tx := p.tx(int64(200+r.Intn(20_000)), outs, script, ins...)
		if _, err := p.pool.Accept(tx, &p.env, mempool.Options{}); err != nil {
			continue // a cluster that would be too large
		}
		if &script[0] != &multisig[0] {
			for i := range outs {
				free = append(free, out(tx, uint32(i)))
			}
		}
	}
}
