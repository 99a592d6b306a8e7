package mempool

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// anyone is the witness script that everybody can satisfy, and its P2WSH
// output script: standard, and cheap to run.
var (
	anyone    = []byte{txscript.OP_TRUE}
	anyoneOut = p2wsh(anyone)
)

func p2wsh(script []byte) []byte {
	h := sha256.Sum256(script)
	return append([]byte{txscript.OP_0, 32}, h[:]...)
}

const (
	startTime  = 1_700_000_000
	blockTime  = 600
	testSpread = 20 // outputs of a coinbase
)

// testChain is a chain of blocks without headers, with a pool on its tip.
type testChain struct {
	t      testing.TB
	params *consensus.Params
	coins  coinMap
	blocks []*consensus.Block // by height
	undo   [][]consensus.Coin
	pool   *Pool
	now    int64
	forks  byte // makes coinbases of competing blocks differ
}

type coinMap map[wire.OutPoint]*consensus.Coin

func (m coinMap) Coin(o wire.OutPoint) (*consensus.Coin, error) { return m[o], nil }

// newChain has a mature coinbase of testSpread outputs.
func newChain(t testing.TB) *testChain {
	c := &testChain{
		t: t, coins: coinMap{}, now: startTime, pool: New(DefaultConfig()),
		params: &consensus.Params{Maturity: 2, MaxWeight: 4_000_000},
		blocks: []*consensus.Block{consensus.NewBlock(consensus.Header{Time: startTime}, nil)}, undo: [][]consensus.Coin{nil},
	}
	for range 12 {
		c.mine()
	}
	return c
}

func (c *testChain) height() int32 { return int32(len(c.blocks) - 1) }

func (c *testChain) medianTime(height int32) int64 {
	var times []int64
	for h := height; h >= 0 && h > height-11; h-- {
		times = append(times, int64(c.blocks[h].Header.Time))
	}
	slices.Sort(times)
	return times[len(times)/2]
}

func (c *testChain) env() *Env {
	return &Env{
		Params: c.params, Coins: c.coins, Height: c.height(), MedianTime: c.medianTime(c.height()),
		MedianTimeAt: c.medianTime, Now: c.now, Verifier: consensus.SerialVerifier{},
	}
}

// mine connects a block with these transactions.
func (c *testChain) mine(txs ...*consensus.Tx) *consensus.Block {
	c.t.Helper()
	height := c.height() + 1
	c.now += blockTime
	coinbase := wire.NewMsgTx(2)
	coinbase.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: 0xffffffff}, append(consensus.HeightScript(height), 1, c.forks), nil))
	for range testSpread {
		coinbase.AddTxOut(wire.NewTxOut(50*consensus.CoinUnit/testSpread, anyoneOut))
	}
	b := consensus.NewBlock(consensus.Header{Time: uint32(c.now)}, append([]*consensus.Tx{consensus.NewTx(coinbase)}, txs...))
	c.connect(b)
	return b
}

func (c *testChain) connect(b *consensus.Block) Change {
	c.t.Helper()
	tip := c.height()
	res, err := consensus.Connect(consensus.ConnectInput{
		Block: b, Height: tip + 1, ParentMedianTime: c.medianTime(tip), Subsidy: 50 * consensus.CoinUnit,
		Coins: c.coins, MedianTimeAt: c.medianTime,
	}, c.params)
	if err != nil {
		c.t.Fatalf("block at height %d: %v", tip+1, err)
	}
	c.apply(res.Changes)
	c.blocks = append(c.blocks, b)
	c.undo = append(c.undo, res.Spent)
	return c.pool.BlockConnected(b, c.now)
}

func (c *testChain) apply(changes []consensus.CoinChange) {
	for _, ch := range changes {
		if ch.Coin == nil {
			delete(c.coins, ch.Outpoint)
		} else {
			c.coins[ch.Outpoint] = ch.Coin
		}
	}
}

func (c *testChain) disconnect() Change {
	tip := c.height()
	c.apply(consensus.Disconnect(c.blocks[tip], c.undo[tip]))
	b := c.blocks[tip]
	c.blocks, c.undo = c.blocks[:tip], c.undo[:tip]
	c.forks++
	return c.pool.BlockDisconnected(b)
}

func (c *testChain) settle() Change {
	c.t.Helper()
	ch, err := c.pool.Settle(c.env())
	if err != nil {
		c.t.Fatal(err)
	}
	c.check()
	return ch
}

func (c *testChain) check() {
	c.t.Helper()
	if err := c.pool.Check(c.env()); err != nil {
		c.t.Fatal(err)
	}
}

// coinbase returns an output of the coinbase at a height.
func (c *testChain) coinbase(height int32, n uint32) wire.OutPoint {
	return wire.OutPoint{Hash: c.blocks[height].Txs[0].ID(), Index: n}
}

func out(tx *consensus.Tx, n uint32) wire.OutPoint { return wire.OutPoint{Hash: tx.ID(), Index: n} }

func (c *testChain) value(o wire.OutPoint) int64 {
	if coin := c.pool.view.Coin(o, 0); coin != nil {
		return coin.Value
	}
	if coin := c.coins[o]; coin != nil {
		return coin.Value
	}
	return consensus.CoinUnit // of something that is not there
}

// msg spends outputs that anyone can, to n equal ones, and pays fee.
func (c *testChain) msg(fee int64, n int, ins ...wire.OutPoint) *wire.MsgTx {
	msg := wire.NewMsgTx(2)
	sum := -fee
	for _, o := range ins {
		in := wire.NewTxIn(&o, nil, [][]byte{anyone})
		in.Sequence = wire.MaxTxInSequenceNum - 1
		msg.AddTxIn(in)
		sum += c.value(o)
	}
	for range n {
		msg.AddTxOut(wire.NewTxOut(sum/int64(n), anyoneOut))
	}
	msg.TxOut[0].Value += sum % int64(n)
	return msg
}

func (c *testChain) tx(fee int64, n int, ins ...wire.OutPoint) *consensus.Tx {
	return consensus.NewTx(c.msg(fee, n, ins...))
}

// accept fails the test unless the pool takes the transaction.
func (c *testChain) accept(tx *consensus.Tx) *Result {
	c.t.Helper()
	res, err := c.pool.Accept(tx, c.env(), Options{})
	if err != nil {
		c.t.Fatalf("accept: %v", err)
	}
	return res
}

// pay accepts a payment of fee satoshi with n outputs.
func (c *testChain) pay(fee int64, n int, ins ...wire.OutPoint) *consensus.Tx {
	c.t.Helper()
	tx := c.tx(fee, n, ins...)
	c.accept(tx)
	return tx
}

// refuse fails the test unless the pool refuses for this reason, both when
// testing and in earnest, and changes nothing.
func (c *testChain) refuse(tx *consensus.Tx, kind consensus.Kind) *consensus.RuleError {
	c.t.Helper()
	before := c.pool.View().Totals()
	_, err := c.pool.Accept(tx, c.env(), Options{TestOnly: true})
	if !errors.Is(err, kind) {
		c.t.Fatalf("tested: got %v, want %v", err, kind)
	}
	res, err := c.pool.Accept(tx, c.env(), Options{})
	var e *consensus.RuleError
	if !errors.As(err, &e) || e.Kind != kind {
		c.t.Fatalf("got %v, want %v", err, kind)
	}
	if after := c.pool.View().Totals(); after != before || !res.Change.Empty() {
		c.t.Fatalf("a refused transaction changed the pool: %+v to %+v", before, after)
	}
	c.check()
	return e
}

func has(c *testChain, tx *consensus.Tx) bool { return c.pool.View().Get(tx.ID()) != nil }

func removedAs(ch Change, tx *consensus.Tx) Reason {
	for _, r := range ch.Removed {
		if r.Entry.Tx.ID() == tx.ID() {
			return r.Reason
		}
	}
	return ""
}
