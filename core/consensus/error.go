package consensus

import (
	"errors"
	"fmt"
)

// ErrDecode marks bytes that are not the serialization of what was asked for
// (RPC code -22).
var ErrDecode = errors.New("cannot decode")

func decodeError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDecode, fmt.Sprintf(format, args...))
}

// Kind is a broken rule. Its text is Bitcoin Core's reject word, as clients
// read it. A Kind is itself an error, so errors.Is(err, HighHash) works on
// any RuleError.
type Kind string

// Error returns the reject word.
func (k Kind) Error() string { return string(k) }

// The rules of headers and blocks, in the words of Core's validation.cpp.
const (
	HighHash            Kind = "high-hash"
	BadMerkleRoot       Kind = "bad-txnmrklroot"
	DuplicateTxs        Kind = "bad-txns-duplicate"
	BadBlockLength      Kind = "bad-blk-length"
	CoinbaseMissing     Kind = "bad-cb-missing"
	CoinbaseMultiple    Kind = "bad-cb-multiple"
	BadBlockSigops      Kind = "bad-blk-sigops"
	PrevNotFound        Kind = "prev-blk-not-found"
	BadPrev             Kind = "bad-prevblk"
	BadBits             Kind = "bad-diffbits"
	TimeTooOld          Kind = "time-too-old"
	TimeTooNew          Kind = "time-too-new"
	TimeWarp            Kind = "time-timewarp-attack"
	BadVersion          Kind = "bad-version"
	NonFinalTx          Kind = "bad-txns-nonfinal"
	BadCoinbaseHeight   Kind = "bad-cb-height"
	BadWitnessNonceSize Kind = "bad-witness-nonce-size"
	BadWitnessMerkle    Kind = "bad-witness-merkle-match"
	UnexpectedWitness   Kind = "unexpected-witness"
	BadBlockWeight      Kind = "bad-blk-weight"
	BIP30               Kind = "bad-txns-BIP30"
	BadCoinbaseAmount   Kind = "bad-cb-amount"
	ScriptFailed        Kind = "block-script-verify-flag-failed"
	AlreadyInvalid      Kind = "duplicate-invalid"
	NotBestPrev         Kind = "inconclusive-not-best-prevblk" // of a proposal only
)

// The rules of transactions, in the words of Core's consensus/tx_check.cpp and
// tx_verify.cpp.
const (
	VinEmpty        Kind = "bad-txns-vin-empty"
	VoutEmpty       Kind = "bad-txns-vout-empty"
	TxOversize      Kind = "bad-txns-oversize"
	VoutNegative    Kind = "bad-txns-vout-negative"
	VoutTooLarge    Kind = "bad-txns-vout-toolarge"
	VoutTotal       Kind = "bad-txns-txouttotal-toolarge"
	InputsDuplicate Kind = "bad-txns-inputs-duplicate"
	CoinbaseLength  Kind = "bad-cb-length"
	PrevoutNull     Kind = "bad-txns-prevout-null"
	MissingInputs   Kind = "bad-txns-inputs-missingorspent"
	PrematureSpend  Kind = "bad-txns-premature-spend-of-coinbase"
	InputValues     Kind = "bad-txns-inputvalues-outofrange"
	InBelowOut      Kind = "bad-txns-in-belowout"
	FeeOutOfRange   Kind = "bad-txns-fee-outofrange"
	AccumulatedFee  Kind = "bad-txns-accumulated-fee-outofrange"
)

// Mutated reports whether the fault may come from a changed copy of a good
// block: the hash must not be marked invalid for it, only the sender is at
// fault (CVE-2012-2459; Core: BLOCK_MUTATED).
func (k Kind) Mutated() bool {
	switch k {
	case BadMerkleRoot, DuplicateTxs, BadWitnessNonceSize, BadWitnessMerkle, UnexpectedWitness:
		return true
	}
	return false
}

// Permanent reports whether the same block will still be refused later, so
// that its hash can be remembered as invalid.
func (k Kind) Permanent() bool {
	return !k.Mutated() && k != TimeTooNew && k != PrevNotFound
}

// SenderFault reports whether whoever sent the block or transaction broke the
// rules by sending it.
func (k Kind) SenderFault() bool { return k != TimeTooNew && k != PrevNotFound }

// RuleError says which rule a header, block or transaction broke.
type RuleError struct {
	Kind    Kind
	Word    string // Core's full reject word when it carries a value, as in "bad-version(0x00000003)"; else ""
	Detail  string // one plain sentence for people; may be ""
	TxIndex int    // index in the block, -1 if none
	Input   int    // of that transaction, for ScriptFailed
}

func ruleError(k Kind, format string, args ...any) *RuleError {
	return &RuleError{Kind: k, Detail: fmt.Sprintf(format, args...), TxIndex: -1}
}

// RejectWord is what submitblock and testmempoolaccept answer.
func (e *RuleError) RejectWord() string {
	if e.Word != "" {
		return e.Word
	}
	return string(e.Kind)
}

func (e *RuleError) Error() string {
	if e.Detail == "" {
		return e.RejectWord()
	}
	return e.RejectWord() + ": " + e.Detail
}

// Unwrap lets errors.Is match the Kind.
func (e *RuleError) Unwrap() error { return e.Kind }
