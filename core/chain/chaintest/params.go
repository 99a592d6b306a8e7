// Package chaintest is what the tests of the chain are built from: parameters
// like those of regtest, a deterministic maker of blocks and transactions, a
// model of what the chain should do that is as plain as can be, and scenarios
// written as drawn trees.
package chaintest

import (
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"

	"orrery/core/consensus"
	"orrery/core/policy"
)

// Regtest returns what makes Bitcoin Core's regtest chain, to be changed and
// turned into parameters.
func Regtest() consensus.ChainFile {
	const (
		message = "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"
		script  = "4104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac"
	)
	return consensus.ChainFile{
		Format: consensus.ChainFormat,
		Name:   "regtest",
		Genesis: consensus.ChainGenesis{
			Message: message, Time: 1296688602, Bits: 0x207fffff, Nonce: 2, Reward: 50 * consensus.CoinUnit, Script: script,
		},
		Addresses:     consensus.ChainAddresses{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"},
		Maturity:      100,
		MaxWeight:     4_000_000,
		PowLimit:      "7f" + strings.Repeat("ff", 31),
		Spacing:       600,
		MaxFutureTime: 7200,
		MinLead:       1,
		Policy0:       strings.Repeat("00", 32),
	}
}

// Params are regtest's with another maturity, in blocks.
func Params(maturity int32) *consensus.Params {
	f := Regtest()
	f.Maturity = int64(maturity)
	p, err := f.Params()
	if err != nil {
		panic(err) // our own constants
	}
	return p
}

// Rules are regtest's difficulty and reward: a target that never changes, and
// 50 coins that halve every 150 blocks.
type Rules struct {
	Bits    uint32
	Halving int32 // blocks
	// TargetErr and SubsidyErr are returned instead, when they are set.
	TargetErr, SubsidyErr error
}

var _ policy.Rules = (*Rules)(nil)

// NewRules returns the rules of regtest.
func NewRules() *Rules { return &Rules{Bits: 0x207fffff, Halving: 150} }

// ID implements policy.Rules.
func (r *Rules) ID() chainhash.Hash { return chainhash.Hash{} }

// Target implements policy.Rules.
func (r *Rules) Target(policy.Ancestors) (uint256.Int, error) {
	t, _, _ := consensus.CompactToTarget(r.Bits)
	return t, r.TargetErr
}

// Subsidy implements policy.Rules.
func (r *Rules) Subsidy(in policy.Reward) (int64, error) {
	return r.subsidyAt(in.Height), r.SubsidyErr
}

func (r *Rules) subsidyAt(height int32) int64 {
	halvings := height / r.Halving
	if halvings >= 64 {
		return 0
	}
	return 50 * consensus.CoinUnit >> halvings
}
