package consensus

import (
	"errors"
	"fmt"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"
)

// The genesis coinbase's input starts as Bitcoin's: a push of 0x1d00ffff and
// one of the number 4, before the message (Core: CreateGenesisBlock).
var genesisPrefix = []byte{0x04, 0xff, 0xff, 0x00, 0x1d, 0x01, 0x04}

const (
	genesisVersion = 1 // of the header and of the coinbase

	// A coinbase input holds at most 100 bytes; the prefix and the push of the
	// message take 9 of them.
	maxGenesisMessage = 91

	// maxGenesisWork keeps making a chain below about a minute on one core.
	maxGenesisWork = 1 << 28

	// stopEvery is how many hashes a search makes between two looks whether it
	// should stop: some milliseconds.
	stopEvery = 1 << 14
)

// ErrStopped says that long work was stopped before its end, by its caller's
// wish.
var ErrStopped = errors.New("it was stopped")

// pushData is script's plain push of 1 … 255 bytes. It never uses OP_1 … OP_16, as
// Core's operator<< for byte vectors does not either.
func pushData(data []byte) []byte {
	if len(data) < 0x4c {
		return append([]byte{byte(len(data))}, data...)
	}
	const opPushData1 = 0x4c
	return append([]byte{opPushData1, byte(len(data))}, data...)
}

// genesisBlock builds block 0 from values that faults has passed.
func (f *ChainFile) genesisBlock() *Block {
	script, _ := hexBytes(f.Genesis.Script)
	msg := wire.NewMsgTx(genesisVersion)
	msg.AddTxIn(&wire.TxIn{
		PreviousOutPoint: wire.OutPoint{Index: math.MaxUint32},
		SignatureScript:  append(append([]byte{}, genesisPrefix...), pushData([]byte(f.Genesis.Message))...),
		Sequence:         math.MaxUint32,
	})
	msg.AddTxOut(&wire.TxOut{Value: f.Genesis.Reward, PkScript: script})
	tx := NewTx(msg)
	return NewBlock(Header{
		Version:    genesisVersion,
		MerkleRoot: tx.ID(),
		Time:       uint32(f.Genesis.Time),
		Bits:       uint32(f.Genesis.Bits),
		Nonce:      uint32(f.Genesis.Nonce),
	}, []*Tx{tx})
}

// MineGenesis finds the first nonce from genesis.nonce on whose genesis block
// meets genesis.bits, and moves genesis.time forward where no nonce is left.
// It fails when a member is out of range, the target would take longer than a
// minute, or stop, asked now and then, says so (ErrStopped); nil never does.
func MineGenesis(f ChainFile, stop func() bool) (ChainFile, error) {
	if faults := f.Faults(); len(faults) > 0 {
		return ChainFile{}, faults[0]
	}
	if fault := f.GenesisWorkFault(); fault != nil {
		return ChainFile{}, fault
	}
	return mineGenesis(f, math.MaxUint32, stop)
}

// GenesisWorkFault says why a new chain cannot be made with these
// genesis.bits, or nil. A chain that exists already may have harder ones.
func (f *ChainFile) GenesisWorkFault() error {
	if work := Work(uint32(f.Genesis.Bits)); work.GtUint64(maxGenesisWork) {
		return Fault{"genesis.bits", fmt.Sprintf("%08x asks for %v hashes, at most %d are searched when a chain is made; take an easier target",
			f.Genesis.Bits, work.Dec(), maxGenesisWork)}
	}
	return nil
}

// mineGenesis tries nonces up to maxNonce at each time; tests make that small.
func mineGenesis(f ChainFile, maxNonce uint32, stop func() bool) (ChainFile, error) {
	target, _, _ := CompactToTarget(uint32(f.Genesis.Bits))
	h := f.genesisBlock().Header
	// The chance that this many hashes find nothing is e^-64.
	for left := uint64(64 * maxGenesisWork); left > 0; left-- {
		if left%stopEvery == 0 && stop != nil && stop() {
			return ChainFile{}, ErrStopped
		}
		if hash := h.Hash(); meets(hash, &target) {
			f.Genesis.Nonce, f.Genesis.Time = int64(h.Nonce), int64(h.Time)
			return f, nil
		}
		if h.Nonce < maxNonce {
			h.Nonce++
			continue
		}
		if h.Time == math.MaxUint32 {
			break
		}
		h.Nonce = 0
		h.Time++
	}
	return ChainFile{}, Fault{"genesis.bits", "no nonce was found; take an easier target"}
}

func meets(hash chainhash.Hash, target *uint256.Int) bool {
	n := HashToInt(hash)
	return !n.Gt(target)
}
