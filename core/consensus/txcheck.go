package consensus

import (
	"fmt"

	"github.com/btcsuite/btcd/wire/v2"
)

// The length in bytes that a coinbase input script must have (Core:
// consensus/tx_check.cpp).
const (
	minCoinbaseScript = 2
	maxCoinbaseScript = 100
)

// fewInputs is up to where comparing every pair of outpoints is faster than
// filling a map.
const fewInputs = 16

// CheckTransaction checks what a transaction shows by itself: counts, size,
// amounts, duplicate inputs (CVE-2018-17144), the coinbase's form. maxWeight
// is the weight limit of a block. The error is a *RuleError; the rules and
// their order are Core's consensus/tx_check.cpp.
func CheckTransaction(tx *Tx, maxWeight int64) error {
	msg := tx.Msg
	if len(msg.TxIn) == 0 {
		return ruleError(VinEmpty, "the transaction has no inputs")
	}
	if len(msg.TxOut) == 0 {
		return ruleError(VoutEmpty, "the transaction has no outputs")
	}
	// The witness does not count: its malleability is not yet checked.
	if w := int64(tx.StrippedSize()) * WitnessScale; w > maxWeight {
		return ruleError(TxOversize, "weight %d without the witness, at most %d fits into a block", w, maxWeight)
	}
	if err := checkOutputs(msg.TxOut); err != nil {
		return err
	}
	if hasDuplicateInput(msg.TxIn) {
		return ruleError(InputsDuplicate, "the transaction spends an output twice")
	}
	if tx.IsCoinbase() {
		if n := len(msg.TxIn[0].SignatureScript); n < minCoinbaseScript || n > maxCoinbaseScript {
			return ruleError(CoinbaseLength, "coinbase script of %d bytes, want %d to %d", n, minCoinbaseScript, maxCoinbaseScript)
		}
		return nil
	}
	for i, in := range msg.TxIn {
		if isNullOutpoint(&in.PreviousOutPoint) {
			return ruleError(PrevoutNull, "input %d spends nothing", i)
		}
	}
	return nil
}

// checkOutputs keeps every amount and the sum within 0 … MaxMoney
// (CVE-2010-5139). The sum cannot overflow: both terms are at most MaxMoney.
func checkOutputs(outs []*wire.TxOut) error {
	var sum int64
	for i, out := range outs {
		if out.Value < 0 {
			return ruleError(VoutNegative, "output %d has the amount %d", i, out.Value)
		}
		if out.Value > MaxMoney {
			return ruleError(VoutTooLarge, "output %d has the amount %d, at most %d exist", i, out.Value, MaxMoney)
		}
		if sum += out.Value; sum > MaxMoney {
			return ruleError(VoutTotal, "the outputs add up to more than %d", MaxMoney)
		}
	}
	return nil
}

func hasDuplicateInput(ins []*wire.TxIn) bool {
	if len(ins) <= fewInputs {
		for i := range ins {
			for j := range i {
				if ins[i].PreviousOutPoint == ins[j].PreviousOutPoint {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[wire.OutPoint]struct{}, len(ins))
	for _, in := range ins {
		seen[in.PreviousOutPoint] = struct{}{}
	}
	return len(seen) != len(ins)
}

// CheckTxInputs checks a transaction that passed CheckTransaction, and is not
// a coinbase, against the coins that it spends: spent has one entry for each
// input, nil where there is no such coin. height is that of the block which
// would hold the transaction, maturity the number of blocks after which a
// coinbase output can be spent. It returns the fee in satoshi, or a
// *RuleError (Core: consensus/tx_verify.cpp, CheckTxInputs).
func CheckTxInputs(tx *Tx, spent []*Coin, height, maturity int32) (fee int64, err error) {
	for i, c := range spent {
		if c == nil {
			return 0, ruleError(MissingInputs, "input %d spends %v, which does not exist or is spent", i, tx.Msg.TxIn[i].PreviousOutPoint)
		}
	}
	var in int64
	for i, c := range spent {
		if c.Coinbase && height-c.Height < maturity {
			return 0, ruleError(PrematureSpend, "tried to spend coinbase at depth %d", height-c.Height)
		}
		if c.Value < 0 || c.Value > MaxMoney || in+c.Value > MaxMoney {
			return 0, ruleError(InputValues, "the value of input %d, or the sum up to it, is out of range", i)
		}
		in += c.Value
	}
	var out int64
	for _, o := range tx.Msg.TxOut {
		out += o.Value
	}
	if in < out {
		return 0, ruleError(InBelowOut, "value in (%s) < value out (%s)", formatMoney(in), formatMoney(out))
	}
	// 0 <= in-out <= in <= MaxMoney, so Core's FeeOutOfRange cannot happen.
	return in - out, nil
}

// formatMoney writes a non-negative amount in coins with 2 to 8 decimals, as
// Core's util/moneystr.cpp does in its reject details.
func formatMoney(satoshi int64) string {
	s := fmt.Sprintf("%d.%08d", satoshi/CoinUnit, satoshi%CoinUnit)
	for s[len(s)-1] == '0' && s[len(s)-3] != '.' {
		s = s[:len(s)-1]
	}
	return s
}
