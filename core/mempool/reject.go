package mempool

import (
	"fmt"

	"orrery/core/consensus"
)

// Why a transaction is not taken, beside the rules in package consensus: the
// words of Core's validation.cpp and policy.cpp. A refusal is a
// *consensus.RuleError of one of these kinds; errors.Is matches the kind.
const (
	Coinbase              consensus.Kind = "coinbase"
	Version               consensus.Kind = "version"
	TxSize                consensus.Kind = "tx-size"
	ScriptSigSize         consensus.Kind = "scriptsig-size"
	ScriptSigNotPushOnly  consensus.Kind = "scriptsig-not-pushonly"
	ScriptPubKey          consensus.Kind = "scriptpubkey"
	Datacarrier           consensus.Kind = "datacarrier"
	BareMultisig          consensus.Kind = "bare-multisig"
	Dust                  consensus.Kind = "dust"
	TxSizeSmall           consensus.Kind = "tx-size-small"
	NonFinal              consensus.Kind = "non-final"
	AlreadyInMempool      consensus.Kind = "txn-already-in-mempool"
	SameNonWitnessData    consensus.Kind = "txn-same-nonwitness-data-in-mempool"
	AlreadyKnown          consensus.Kind = "txn-already-known"
	NonBIP68Final         consensus.Kind = "non-BIP68-final"
	NonstandardInputs     consensus.Kind = "bad-txns-nonstandard-inputs"
	NonstandardWitness    consensus.Kind = "bad-witness-nonstandard"
	TooManySigops         consensus.Kind = "bad-txns-too-many-sigops"
	MempoolMinFee         consensus.Kind = "mempool min fee not met"
	MinRelayFee           consensus.Kind = "min relay fee not met"
	TooManyReplacements   consensus.Kind = "too many potential replacements"
	InsufficientFee       consensus.Kind = "insufficient fee"
	ReplacementFailed     consensus.Kind = "replacement-failed"
	SpendsConflicting     consensus.Kind = "bad-txns-spends-conflicting-tx"
	TooLargeCluster       consensus.Kind = "too-large-cluster"
	MissingEphemeralSpend consensus.Kind = "missing-ephemeral-spends"
	ScriptVerifyFailed    consensus.Kind = "mempool-script-verify-flag-failed"
	MempoolFull           consensus.Kind = "mempool full"
)

func reject(k consensus.Kind, format string, args ...any) *consensus.RuleError {
	return &consensus.RuleError{Kind: k, Detail: fmt.Sprintf(format, args...), TxIndex: -1}
}
