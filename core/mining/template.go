// Package mining makes block templates and searches nonces. It is pure: it
// reads no clock and starts nothing; whoever mines brings the time, rolls the
// extranonce and decides when to stop.
package mining

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/core/mempool"
)

// Version is that of the blocks made here: no softfork is being voted on
// (BIP9).
const Version = 0x20000000

// DefaultMinFeeRate is the least that a transaction pays to be mined, in
// satoshi per 1,000 virtual bytes (Core: DEFAULT_BLOCK_MIN_TX_FEE).
const DefaultMinFeeRate mempool.FeeRate = 1

// ErrTime says that no time is both after the median of the last eleven blocks
// and near enough to now: the clock is behind the chain.
var ErrTime = errors.New("no permissible block time")

// Input is what a template is made from.
type Input struct {
	Params           *consensus.Params
	Prev             chainhash.Hash // the parent's hash
	Height           int32          // of the new block
	Bits             uint32         // compact target, from the difficulty policy
	ParentMedianTime int64          // seconds
	Now              int64          // our clock, seconds
	Subsidy          int64          // satoshi, from the reward policy

	Payout []byte        // output script that gets subsidy and fees
	Extra  []*wire.TxOut // further outputs, paid from them
	Tag    []byte        // text for the coinbase script, at most MaxTag bytes

	// Pool is where transactions are chosen from; nil: none.
	Pool       *mempool.View
	MinFeeRate mempool.FeeRate // leaves out what pays less
	// Fixed are transactions to be taken as they are, in this order, before
	// and without those of Pool (Core: generateblock).
	Fixed []Tx
}

// Tx is a transaction of a template.
type Tx struct {
	Tx        *consensus.Tx
	Fee       int64 // satoshi, which the coinbase collects
	SigOpCost int64
	Depends   []int // which earlier ones it spends from: indexes in Template.Txs, ascending
}

// Template is a block but for its extranonce, time and nonce. It is immutable
// and safe for concurrent use.
type Template struct {
	Height  int32
	Prev    chainhash.Hash
	Bits    uint32
	MinTime int64 // the least that the block's time can be, seconds
	MaxTime int64 // the most, as of when the template was made
	Time    int64 // the one to begin with

	Txs           []Tx   // without the coinbase; parents come first
	Fees          int64  // satoshi
	CoinbaseValue int64  // subsidy and fees, satoshi
	Commitment    []byte // output script that commits to the witnesses (BIP141)
	Weight        int64  // of the whole block, weight units
	SigOpCost     int64  // of the whole block

	coinbase coinbase
	branch   []chainhash.Hash // leads from the coinbase's txid to the Merkle root
}

// NewTemplate chooses transactions by what they and their unconfirmed
// ancestors pay, and builds everything that does not change while the block is
// mined. It depends on what is in the pool, not on how it came there.
func NewTemplate(in Input) (*Template, error) {
	t := &Template{
		Height: in.Height, Prev: in.Prev, Bits: in.Bits,
		MinTime: in.ParentMedianTime + 1, MaxTime: in.Now + in.Params.MaxFutureTime,
	}
	if t.Time = max(t.MinTime, in.Now); t.Time > t.MaxTime {
		return nil, fmt.Errorf("%w: it must be after %d, and at most %d s after %d: set the clock right or wait %d s",
			ErrTime, in.ParentMedianTime, in.Params.MaxFutureTime, in.Now, t.Time-t.MaxTime)
	}
	// The coinbase is built twice: its weight is known before the fees are.
	draft, err := newCoinbase(&in, extraValue(&in), make([]byte, commitmentSize))
	if err != nil {
		return nil, err
	}
	room, err := newRoom(&in, draft)
	if err != nil {
		return nil, err
	}
	t.Txs = in.Fixed
	if in.Pool != nil && len(in.Fixed) == 0 {
		t.Txs = selectTxs(&in, room)
	}
	for _, tx := range t.Txs {
		t.Fees += tx.Fee
	}
	t.CoinbaseValue = in.Subsidy + t.Fees
	return t, t.build(&in)
}

// build adds the coinbase and what is computed over all transactions.
func (t *Template) build(in *Input) error {
	txs := make([]*consensus.Tx, len(t.Txs)+1)
	leaves := make([]chainhash.Hash, len(txs))
	var sigops int64
	size, stripped := 0, 0
	for i, tx := range t.Txs {
		txs[i+1], leaves[i+1] = tx.Tx, tx.Tx.ID()
		sigops += tx.SigOpCost
		size, stripped = size+tx.Tx.Size(), stripped+tx.Tx.StrippedSize()
	}
	t.Commitment = consensus.WitnessCommitment(txs, [32]byte{})
	var err error
	if t.coinbase, err = newCoinbase(in, t.CoinbaseValue, t.Commitment); err != nil {
		return err
	}
	t.branch = consensus.MerkleBranch(leaves)

	coinbase := t.coinbase.tx(0)
	overhead := consensus.HeaderSize + wire.VarIntSerializeSize(uint64(len(txs)))
	size, stripped = size+coinbase.Size()+overhead, stripped+coinbase.StrippedSize()+overhead
	t.Weight = int64(stripped*(consensus.WitnessScale-1) + size)
	t.SigOpCost = sigops + consensus.SigOpCost(coinbase, nil)
	if p := in.Params; t.Weight > p.MaxWeight || t.SigOpCost > p.MaxSigopCost() {
		return fmt.Errorf("the transactions make a block of weight %d and sigop cost %d, at most %d and %d are allowed",
			t.Weight, t.SigOpCost, p.MaxWeight, p.MaxSigopCost())
	}
	return nil
}

// Header returns the header for an extranonce and a time in seconds; its nonce
// is 0. Only the coinbase and the branch above it are hashed.
func (t *Template) Header(extranonce uint64, time int64) consensus.Header {
	return consensus.Header{
		Version: Version, Prev: t.Prev, Bits: t.Bits, Time: uint32(time),
		MerkleRoot: consensus.FoldBranch(t.coinbase.txid(extranonce), t.branch),
	}
}

// Block returns the whole block.
func (t *Template) Block(extranonce uint64, time int64, nonce uint32) *consensus.Block {
	h := t.Header(extranonce, time)
	h.Nonce = nonce
	txs := make([]*consensus.Tx, 0, len(t.Txs)+1)
	txs = append(txs, t.coinbase.tx(extranonce))
	for _, tx := range t.Txs {
		txs = append(txs, tx.Tx)
	}
	return consensus.NewBlock(h, txs)
}

// Coinbase returns the coinbase transaction for an extranonce.
func (t *Template) Coinbase(extranonce uint64) *consensus.Tx { return t.coinbase.tx(extranonce) }

// Branch returns the hashes from the coinbase's txid up to the Merkle root, in
// internal byte order.
func (t *Template) Branch() []chainhash.Hash { return t.branch }
