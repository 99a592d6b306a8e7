package rpc

import (
	"fmt"
	"strings"
)

// defaultFeeRate is what a payment pays in satoshi for 1,000 virtual bytes
// when nobody says otherwise: 1 sat/vB (Core: DEFAULT_TRANSACTION_MINFEE).
const defaultFeeRate = 1000

const feeDoc = "Without fee_rate it pays 1 satoshi for each virtual byte, or what the mempool asks for if that is more:\n" +
	"fees are not estimated, so that conf_target and estimate_mode are checked and change nothing."

func feeParams() []Param {
	return []Param{
		{Name: "replaceable", Type: BoolParam, Default: true, Doc: "Whether it says that it may be replaced (BIP125)"},
		{Name: "conf_target", Type: IntParam, DefaultHint: "none", Doc: "Within how many blocks, 1 to 1008"},
		{Name: "estimate_mode", Type: StringParam, Default: "unset", Doc: "unset, economical or conservative"},
	}
}

func feeRateParam() Param {
	return Param{Name: "fee_rate", Type: AmountParam, DefaultHint: "1, or more if the mempool asks for more", Doc: "Satoshi for each virtual byte, with at most 3 decimals"}
}

// feeChoice is the rate of a payment.
type feeChoice struct {
	rate   int64  // sat/kvB
	reason string // Core: StringForFeeReason
}

// feeRate reads how a payment's fee is chosen (Core: SetFeeEstimateMode).
func (n *nodeMethods) feeRate(target, mode, rate Value) (feeChoice, error) {
	v, release := n.Node.Acquire()
	least := int64(n.minFeeRate(v))
	release()
	if rate.Kind() != KindNull {
		return givenRate(target, mode, rate, least)
	}
	if _, err := feeMode(mode); err != nil {
		return feeChoice{}, err
	}
	if target.Kind() != KindNull {
		blocks, err := target.within(int32Range)
		if err != nil {
			return feeChoice{}, err
		}
		if blocks < 1 || blocks > maxConfTarget {
			return feeChoice{}, Errorf(CodeParameter, "Invalid conf_target, must be between 1 and %d", maxConfTarget)
		}
	}
	if least > defaultFeeRate {
		return feeChoice{least, "Mempool Min Fee"}, nil
	}
	return feeChoice{defaultFeeRate, "Fallback fee"}, nil
}

func givenRate(target, mode, rate Value, least int64) (f feeChoice, err error) {
	if target.Kind() != KindNull {
		return f, Errorf(CodeParameter, "Cannot specify both conf_target and fee_rate. Please provide either a confirmation target in blocks for automatic fee estimation, or an explicit fee rate.")
	}
	if mode.Kind() != KindNull {
		text, err := mode.Text()
		if err != nil {
			return f, err
		}
		if text != "unset" {
			return f, Errorf(CodeParameter, "Cannot specify both estimate_mode and fee_rate")
		}
	}
	if f.rate, err = rate.Fixed(3); err != nil { // sat/vB has three decimals
		return f, err
	}
	f.reason = "None"
	switch {
	case f.rate < 0:
		return f, Errorf(CodeType, "Amount out of range")
	case f.rate < least:
		return f, Errorf(CodeFunds, "Fee rate (%s) is lower than the minimum fee rate setting (%s)", perVB(f.rate), perVB(least))
	}
	return f, nil
}

func perVB(rate int64) string { return fmt.Sprintf("%d.%03d sat/vB", rate/1000, rate%1000) }

func feeMode(mode Value) (string, error) {
	if mode.Kind() == KindNull {
		return "unset", nil
	}
	text, err := mode.Text()
	if err != nil {
		return "", err
	}
	switch text = strings.ToLower(text); text {
	case "unset", "economical", "conservative":
		return text, nil
	}
	return "", Errorf(CodeParameter, `Invalid estimate_mode parameter, must be one of: "unset", "economical", "conservative"`)
}
