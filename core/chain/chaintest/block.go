package chaintest

import (
	"fmt"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Block is a block that knows its place in the tree.
type Block struct {
	*consensus.Block
	Name   string
	Height int32
	Parent *Block // nil for genesis
	// Fault is the rule that the block breaks on purpose, "" if none.
	Fault consensus.Kind
}

// Out returns an output of one of the block's transactions.
func (b *Block) Out(tx, n int) Out { return OutOf(b.Txs[tx].Msg, n) }

// Ancestor returns the block's ancestor at a height.
func (b *Block) Ancestor(height int32) *Block {
	for b.Height > height {
		b = b.Parent
	}
	return b
}

// Path is the branch from genesis to here, by height.
func (b *Block) Path() []*Block {
	path := make([]*Block, b.Height+1)
	for n := b; n != nil; n = n.Parent {
		path[n.Height] = n
	}
	return path
}

// MedianTime is the median of the 11 blocks that end here, in seconds.
func (b *Block) MedianTime() int64 {
	var times []int64
	for n := b; n != nil && len(times) < 11; n = n.Parent {
		times = append(times, int64(n.Header.Time))
	}
	for i := range times { // few: the plainest sort will do
		for j := range i {
			if times[i] < times[j] {
				times[i], times[j] = times[j], times[i]
			}
		}
	}
	return times[len(times)/2]
}

// Maker makes blocks. Equal arguments give equal blocks.
type Maker struct {
	Params *consensus.Params
	Rules  *Rules
}

// NewMaker makes blocks like regtest's with another maturity.
func NewMaker(maturity int32) Maker { return Maker{Params(maturity), NewRules()} }

// Genesis is the first block.
func (m Maker) Genesis() *Block { return &Block{Block: m.Params.Genesis, Name: "genesis"} }

// Draft is a block in the making. Options change it before the witness
// commitment, the Merkle root and the nonce are found, in this order.
type Draft struct {
	Parent *Block
	Height int32
	Header consensus.Header
	Txs    []*wire.MsgTx // the coinbase first
	Fault  consensus.Kind

	// Commit says whether a witness commitment is added: always, never, or
	// when there are witnesses.
	Commit Commit
	// Late changes come after the commitment.
	Late []Option
	// Root is used instead of the true Merkle root.
	Root *chainhash.Hash
	// Unsolved asks for a nonce that does not meet the target.
	Unsolved bool
}

// Commit is when to add a witness commitment.
type Commit int

// The values of Commit.
const (
	CommitIfNeeded Commit = iota
	CommitAlways
	CommitNever
)

// Option changes a draft.
type Option func(*Draft)

// Coinbase is the draft's first transaction.
func (d *Draft) Coinbase() *wire.MsgTx { return d.Txs[0] }

// Block makes a child of parent. Its name goes into the coinbase, so that
// blocks of different names are different blocks.
func (m Maker) Block(name string, parent *Block, opts ...Option) *Block {
	height := parent.Height + 1
	cb := wire.NewMsgTx(2)
	cb.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: math.MaxUint32},
		SignatureScript:  append(consensus.HeightScript(height), Script([]byte("/"+name+"/"))...),
		Sequence:         math.MaxUint32,
	})
	cb.AddTxOut(Pay(m.Rules.subsidyAt(height), Anyone))
	d := &Draft{
		Parent: parent, Height: height, Txs: []*wire.MsgTx{cb},
		Header: consensus.Header{Version: 0x20000000, Prev: parent.Hash(), Time: parent.Header.Time + uint32(m.Params.Spacing), Bits: m.Rules.Bits},
	}
	for _, o := range opts {
		o(d)
	}
	return &Block{Block: m.seal(name, d), Name: name, Height: height, Parent: parent, Fault: d.Fault}
}

// Chain makes n blocks on top of parent, named by prefix and height.
func (m Maker) Chain(prefix string, parent *Block, n int, opts ...Option) []*Block {
	blocks := make([]*Block, 0, n)
	for range n {
		parent = m.Block(fmt.Sprint(prefix, parent.Height+1), parent, opts...)
		blocks = append(blocks, parent)
	}
	return blocks
}

func (m Maker) seal(name string, d *Draft) *consensus.Block {
	if d.Commit == CommitAlways || d.Commit == CommitIfNeeded && hasWitness(d.Txs) {
		d.commit()
	}
	for _, o := range d.Late {
		o(d)
	}
	txs := make([]*consensus.Tx, len(d.Txs))
	for i, t := range d.Txs {
		txs[i] = consensus.NewTx(t.Copy()) // drafts may share transactions
	}
	d.Header.MerkleRoot, _ = consensus.NewBlock(d.Header, txs).TxidRoot()
	if d.Root != nil {
		d.Header.MerkleRoot = *d.Root
	}
	m.solve(name, d)
	return consensus.NewBlock(d.Header, txs)
}

func hasWitness(txs []*wire.MsgTx) bool {
	for _, t := range txs {
		if t.HasWitness() {
			return true
		}
	}
	return false
}

func (d *Draft) commit() {
	var nonce [32]byte
	d.Coinbase().TxIn[0].Witness = wire.TxWitness{nonce[:]}
	txs := make([]*consensus.Tx, len(d.Txs))
	for i, t := range d.Txs {
		txs[i] = consensus.NewTx(t)
	}
	d.Coinbase().AddTxOut(Pay(0, consensus.WitnessCommitment(txs, nonce)))
}

// maxNonce bounds the search for a nonce: one in two is good on regtest.
const maxNonce = 1 << 20

func (m Maker) solve(name string, d *Draft) {
	target, _, _ := consensus.CompactToTarget(d.Header.Bits)
	for d.Header.Nonce = 0; d.Header.Nonce < maxNonce; d.Header.Nonce++ {
		if n := consensus.HashToInt(d.Header.Hash()); n.Gt(&target) == d.Unsolved {
			return
		}
	}
	panic("chaintest: no nonce for block " + name)
}

// With adds transactions.
func With(txs ...*wire.MsgTx) Option {
	return func(d *Draft) { d.Txs = append(d.Txs, txs...) }
}

// Breaks says which rule the block breaks.
func Breaks(k consensus.Kind) Option { return func(d *Draft) { d.Fault = k } }

// Extra adds satoshi to what the coinbase takes: fees, or too much.
func Extra(satoshi int64) Option {
	return func(d *Draft) { d.Coinbase().TxOut[0].Value += satoshi }
}

// PayTo pays the coinbase to a script.
func PayTo(script []byte) Option {
	return func(d *Draft) { d.Coinbase().TxOut[0].PkScript = script }
}

// At sets the block's time, in seconds since 1970.
func At(time int64) Option { return func(d *Draft) { d.Header.Time = uint32(time) } }

// Greedy blocks take one satoshi too much, which shows only when they are
// connected.
func Greedy(d *Draft) {
	Extra(1)(d)
	d.Fault = consensus.BadCoinbaseAmount
}

// WrongHeight blocks break a rule that shows as soon as their body is there.
func WrongHeight(d *Draft) {
	d.Coinbase().TxIn[0].SignatureScript = Script(int64(d.Height+1), []byte("wrong"))
	d.Fault = consensus.BadCoinbaseHeight
}

// WrongScript blocks spend their parent's coinbase, which must be mature, with
// a script that fails.
func WrongScript(d *Draft) {
	locked := Spend([]Out{d.Parent.Out(0, 0)}, Pay(0, []byte{txscript.OP_FALSE}))
	With(locked, Spend([]Out{OutOf(locked, 0)}, Pay(0, Anyone)))(d)
	d.Fault = consensus.ScriptFailed
}
