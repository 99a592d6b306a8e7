package mempool

import (
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// What makes a transaction standard (Core: policy/policy.h).
const (
	minVersion          = 1
	maxVersion          = 3
	maxStandardWeight   = 400_000 // weight units: a tenth of Core's block
	minNonWitnessSize   = 65      // bytes; 64 could be taken for two Merkle nodes (CVE-2017-12842)
	maxScriptSigSize    = 1650    // bytes: a 15-of-15 P2SH multisig, rounded up
	maxBareMultisigKeys = 3
	maxDustOutputs      = 1 // an ephemeral one

	// dustRate prices the spending of an output that is just not dust.
	dustRate FeeRate = 3000
)

// standardWeight is a tenth of a block's weight, at most Core's limit, so that
// a chain with small blocks takes nothing that it could not mine.
func standardWeight(maxWeight int64) int64 { return min(maxStandardWeight, maxWeight/10) }

// standardSigOpCost is a fifth of a block's budget (Core:
// MAX_STANDARD_TX_SIGOPS_COST).
func standardSigOpCost(p *consensus.Params) int64 { return p.MaxSigopCost() / 5 }

// checkStandard applies Core's IsStandardTx, in its order.
func (c *Config) checkStandard(tx *consensus.Tx, maxWeight int64) error {
	if v := uint32(tx.Msg.Version); v < minVersion || v > maxVersion {
		return reject(Version, "transaction version %d, standard are %d to %d", v, minVersion, maxVersion)
	}
	if w, limit := int64(tx.Weight()), standardWeight(maxWeight); w > limit {
		return reject(TxSize, "weight %d, at most %d is standard", w, limit)
	}
	for i, in := range tx.Msg.TxIn {
		if n := len(in.SignatureScript); n > maxScriptSigSize {
			return reject(ScriptSigSize, "input %d has a script of %d bytes, at most %d are standard", i, n, maxScriptSigSize)
		}
		if !isPushOnly(in.SignatureScript) {
			return reject(ScriptSigNotPushOnly, "the script of input %d does more than push data", i)
		}
	}
	return c.checkStandardOutputs(tx.Msg.TxOut)
}

func (c *Config) checkStandardOutputs(outs []*wire.TxOut) error {
	left, dust := c.MaxDatacarrier, 0
	for i, out := range outs {
		switch classify(out.PkScript) {
		case nonstandard:
			return reject(ScriptPubKey, "output %d has a script of no standard form", i)
		case multisig:
			if _, n, _ := multisigOf(out.PkScript); n > maxBareMultisigKeys {
				return reject(ScriptPubKey, "output %d is a bare multisig of %d keys, at most %d are standard", i, n, maxBareMultisigKeys)
			}
			if !c.BareMultisig {
				return reject(BareMultisig, "output %d is a bare multisig", i)
			}
		case nullData:
			if left -= len(out.PkScript); left < 0 {
				return reject(Datacarrier, "the OP_RETURN outputs hold more than %d bytes", c.MaxDatacarrier)
			}
		}
		if isDust(out) {
			dust++
		}
	}
	if dust > maxDustOutputs {
		return reject(Dust, "%d outputs are worth less than spending them costs", dust)
	}
	return nil
}

// The bytes that an input which spends an output takes, for dust: outpoint,
// sequence, script length, and a signature with its key, which a witness
// counts for a quarter.
const (
	spendSize        = 32 + 4 + 1 + 107 + 4
	spendSizeWitness = 32 + 4 + 1 + 107/consensus.WitnessScale + 4
)

// DustThreshold is the value in satoshi below which an output is dust: what
// spending it would cost at 3,000 satoshi per 1,000 bytes (Core:
// GetDustThreshold).
func DustThreshold(out *wire.TxOut) int64 {
	if consensus.Unspendable(out.PkScript) {
		return 0
	}
	n := out.SerializeSize() + spendSize
	if _, _, ok := consensus.WitnessProgram(out.PkScript); ok {
		n = out.SerializeSize() + spendSizeWitness
	}
	return dustRate.Fee(int64(n))
}

func isDust(out *wire.TxOut) bool { return out.Value < DustThreshold(out) }

func hasDust(tx *consensus.Tx) bool {
	for _, out := range tx.Msg.TxOut {
		if isDust(out) {
			return true
		}
	}
	return false
}
