package consensus

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// Flags choose the rules that scripts run under.
type Flags = txscript.ScriptFlags

// BlockFlags are the script rules of blocks, from genesis on: P2SH, WITNESS,
// TAPROOT, DERSIG, CHECKLOCKTIMEVERIFY, CHECKSEQUENCEVERIFY and NULLDUMMY
// (Core: MANDATORY_SCRIPT_VERIFY_FLAGS, GetBlockScriptFlags on regtest).
const BlockFlags = txscript.ScriptBip16 |
	txscript.ScriptVerifyWitness |
	txscript.ScriptVerifyTaproot |
	txscript.ScriptVerifyDERSignatures |
	txscript.ScriptVerifyCheckLockTimeVerify |
	txscript.ScriptVerifyCheckSequenceVerify |
	txscript.ScriptStrictMultiSig

// StandardFlags are the rules for transactions on their way into the mempool
// (Core 31: STANDARD_SCRIPT_VERIFY_FLAGS). Every flag here that BlockFlags
// lacks only forbids, so what holds under StandardFlags holds in a block.
const StandardFlags = BlockFlags |
	txscript.ScriptVerifyStrictEncoding |
	txscript.ScriptVerifyMinimalData |
	txscript.ScriptDiscourageUpgradableNops |
	txscript.ScriptVerifyCleanStack |
	txscript.ScriptVerifyMinimalIf |
	txscript.ScriptVerifyNullFail |
	txscript.ScriptVerifyLowS |
	txscript.ScriptVerifyDiscourageUpgradeableWitnessProgram |
	txscript.ScriptVerifyWitnessPubKeyType |
	txscript.ScriptVerifyConstScriptCode |
	txscript.ScriptVerifyDiscourageUpgradeableTaprootVersion |
	txscript.ScriptVerifyDiscourageOpSuccess |
	txscript.ScriptVerifyDiscourageUpgradeablePubkeyType

// TxCheck asks whether all input scripts of a transaction hold. Spent has one
// coin for each input, none nil. A coinbase has no scripts to check.
type TxCheck struct {
	Tx    *Tx
	Spent []*Coin
	Flags Flags
}

// ErrUnverified says that scripts could not be run for a fault of ours. It
// tells nothing of the transactions: nobody is to blame, nothing is invalid.
var ErrUnverified = errors.New("scripts could not be checked")

// SerialVerifier runs scripts one after the other and remembers nothing: for
// simulations, and as the measure of other verifiers.
type SerialVerifier struct{}

// Verify runs the scripts of all checks. The error is the *RuleError of the
// first input at fault; its TxIndex is the index into checks.
func (SerialVerifier) Verify(checks []TxCheck) error {
	for i := range checks {
		scripts := PrepareScripts(&checks[i], nil)
		for in := range checks[i].Tx.Msg.TxIn {
			if err := scripts.Verify(in); err != nil {
				err.TxIndex = i
				return err
			}
		}
	}
	return nil
}

// TxScripts are the input scripts of one transaction, ready to be run. What
// the inputs share is computed once. It is immutable, so that inputs may be
// verified at the same time.
type TxScripts struct {
	check  *TxCheck
	hashes *txscript.TxSigHashes // nil when no input has a witness
	cache  *txscript.SigCache
}

// PrepareScripts computes the hashes that the signatures of several inputs
// cover (BIP143, BIP341). cache may be nil.
func PrepareScripts(check *TxCheck, cache *txscript.SigCache) *TxScripts {
	t := &TxScripts{check: check, cache: cache}
	if check.Tx.Msg.HasWitness() {
		t.hashes = txscript.NewTxSigHashes(check.Tx.Msg, newPrevouts(check))
	}
	return t
}

// Tx is the transaction whose scripts these are.
func (t *TxScripts) Tx() *Tx { return t.check.Tx }

// Verify runs the scripts of one input. The error has the kind ScriptFailed
// and Core's word with the text of the script error; its TxIndex is -1.
func (t *TxScripts) Verify(input int) *RuleError {
	fault := t.run(input, t.check.Flags)
	if fault == "" {
		return nil
	}
	tx, prev := t.check.Tx, t.check.Tx.Msg.TxIn[input].PreviousOutPoint
	err := ruleError(ScriptFailed, "input %d of %s (wtxid %s), spending %s:%d",
		input, tx.ID(), tx.WitnessID(), prev.Hash, prev.Index)
	err.Word = scriptWord(t.check.Flags, fault)
	err.Input = input
	return err
}

// scriptWord tells policy from consensus as Core does: by the flags in use.
func scriptWord(flags Flags, fault scriptFault) string {
	word := "block"
	if flags&^BlockFlags != 0 {
		word = "mempool"
	}
	return fmt.Sprintf("%s-script-verify-flag-failed (%s)", word, fault)
}

// prevouts finds the spent outputs of one transaction for txscript, which
// asks for them in the order of the inputs: it looks on where it last was.
type prevouts struct {
	ins  []*wire.TxIn
	outs []wire.TxOut
	next int
}

func newPrevouts(check *TxCheck) *prevouts {
	p := &prevouts{ins: check.Tx.Msg.TxIn, outs: make([]wire.TxOut, len(check.Spent))}
	for i, c := range check.Spent {
		p.outs[i] = wire.TxOut{Value: c.Value, PkScript: c.Script}
	}
	return p
}

// FetchPrevOutput returns nil for an outpoint that no input spends.
func (p *prevouts) FetchPrevOutput(o wire.OutPoint) *wire.TxOut {
	for range p.ins {
		i := p.next
		p.next = (i + 1) % len(p.ins)
		if p.ins[i].PreviousOutPoint == o {
			return &p.outs[i]
		}
	}
	return nil
}
