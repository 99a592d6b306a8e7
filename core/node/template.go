package node

import "orrery/core/mining"

// Template makes a block template on the view's tip that pays to an output
// script. now is the clock in seconds.
func (v *View) Template(payTo []byte, now int64) (*mining.Template, error) {
	return mining.NewTemplate(v.TemplateInput(payTo, now))
}

// TemplateInput is what Template is made from, for callers that want to change
// some of it.
func (v *View) TemplateInput(payTo []byte, now int64) mining.Input {
	return mining.Input{
		Params: v.Params, Prev: v.Tip.Hash, Height: v.Tip.Height + 1, Bits: v.NextBits, ParentMedianTime: v.Tip.MedianTime,
		Now: now, Subsidy: v.NextSubsidy, Payout: payTo, Pool: v.Mempool, MinFeeRate: v.MinFeeRate,
	}
}
