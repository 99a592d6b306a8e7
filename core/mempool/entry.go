package mempool

import (
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// Entry is an unconfirmed transaction with what was found out when it was
// accepted. It is immutable: a change makes a new one.
type Entry struct {
	Tx       *consensus.Tx
	Fee      int64  // satoshi
	FeeDelta int64  // satoshi, added for mining order only (prioritisetransaction)
	Time     int64  // when it was accepted, seconds since 1970
	Height   int32  // of the tip when it was accepted
	Sequence uint64 // counts acceptances; a child that outlived a reorg may have a lower one than its parent
	// SigOpCost is BIP141's cost of the signature operations.
	SigOpCost int64
	// AdjustedWeight is the weight, or more when the transaction has very many
	// signature operations for its size (Core: GetSigOpsAdjustedWeight).
	AdjustedWeight int64
	// Usage estimates the memory that the entry holds, in bytes.
	Usage int64
	// SpendsCoinbase says that a reorg can make an input immature.
	SpendsCoinbase bool
}

// bytesPerSigOp is how many weight units a unit of sigop cost counts for at
// least (Core: DEFAULT_BYTES_PER_SIGOP).
const bytesPerSigOp = 20

// VSize is the adjusted weight divided by four, rounded up, in virtual bytes.
func (e *Entry) VSize() int64 {
	return (e.AdjustedWeight + consensus.WitnessScale - 1) / consensus.WitnessScale
}

// ModifiedFee is the fee with its delta, in satoshi.
func (e *Entry) ModifiedFee() int64 { return e.Fee + e.FeeDelta }

// frac is what clusters are ordered by.
func (e *Entry) frac() Frac { return Frac{e.ModifiedFee(), e.AdjustedWeight} }

// SignalsReplacement reports whether the transaction itself opts in to
// replacement (BIP125). Every transaction here can be replaced; wallets show
// the flag.
func (e *Entry) SignalsReplacement() bool {
	for _, in := range e.Tx.Msg.TxIn {
		if in.Sequence <= maxReplaceableSequence {
			return true
		}
	}
	return false
}

const maxReplaceableSequence = wire.MaxTxInSequenceNum - 2

// What an entry holds in memory, in bytes, as measured with Go 1.26 on 64 bits
// by TestUsageEstimate: the entry, its transaction and its places in the maps;
// an input with its place among the spent outpoints; an output; a witness item.
const (
	usageEntry  = 450
	usageInput  = 220
	usageOutput = 64
	usageItem   = 24
)

// usage estimates the memory that a transaction will hold here. It depends on
// nothing but the transaction, so that every node evicts the same.
func usage(tx *consensus.Tx) int64 {
	n := usageEntry + usageInput*len(tx.Msg.TxIn) + usageOutput*len(tx.Msg.TxOut) + tx.Size()
	for _, in := range tx.Msg.TxIn {
		n += usageItem * len(in.Witness)
	}
	return int64(n)
}
