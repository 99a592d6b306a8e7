package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/mempool"
)

// maxPackage is how many transactions testmempoolaccept takes (Core:
// MAX_PACKAGE_COUNT).
const maxPackage = 25

type acceptResult struct {
	Txid          string      `json:"txid"`
	Wtxid         string      `json:"wtxid"`
	PackageError  string      `json:"package-error,omitempty"`
	Allowed       *bool       `json:"allowed,omitempty"`
	VSize         int64       `json:"vsize,omitempty"`
	Fees          *acceptFees `json:"fees,omitempty"`
	RejectReason  string      `json:"reject-reason,omitempty"`
	RejectDetails string      `json:"reject-details,omitempty"`
}

type acceptFees struct {
	Base     Amount   `json:"base"`
	Rate     Amount   `json:"effective-feerate"`
	Includes []string `json:"effective-includes"`
}

// verdict is what the mempool says of one transaction; neither member is set
// if it was not asked.
type verdict struct {
	entry *mempool.Entry
	err   error
}

func (n *nodeMethods) testmempoolaccept(ctx context.Context, c *Call) (any, error) {
	items := c.Items("rawtxs")
	if len(items) < 1 || len(items) > maxPackage {
		return nil, Errorf(CodeParameter, "Array must contain between 1 and %d transactions.", maxPackage)
	}
	rate, err := feeLimit(c)
	if err != nil {
		return nil, err
	}
	txs := make([]*consensus.Tx, len(items))
	for i, item := range items {
		text, err := item.Text()
		if err != nil {
			return nil, err
		}
		if txs[i] = decodeTx(text, whole); txs[i] == nil {
			return nil, Errorf(CodeDeserialization, "TX decode failed: %s Make sure the tx has at least one input.", shorten(text))
		}
	}
	results := make([]acceptResult, len(txs))
	for i, tx := range txs {
		results[i] = acceptResult{Txid: tx.ID().String(), Wtxid: tx.WitnessID().String()}
	}
	var verdicts []verdict
	if len(txs) == 1 {
		res, err := n.Node.SubmitTx(ctx, txs[0], true)
		verdicts = []verdict{{err: err}}
		if err == nil {
			verdicts[0].entry = res.Entry
		}
	} else if fault := checkPackage(txs); fault != "" {
		for i := range results {
			results[i].PackageError = fault
		}
		return results, nil
	} else if verdicts, err = n.tryPackage(ctx, c, txs); err != nil {
		return nil, err
	}
	if tooLarge := func(v verdict) bool { return errors.Is(v.err, mempool.TooLargeCluster) }; len(txs) > 1 && slices.ContainsFunc(verdicts, tooLarge) {
		for i := range results {
			results[i].PackageError = string(mempool.TooLargeCluster)
		}
		return results, nil
	}
	for i, verdict := range verdicts {
		goOn, err := results[i].fill(verdict, rate)
		if err != nil {
			return nil, err
		}
		if !goOn {
			break // what comes after may spend from it
		}
	}
	return results, nil
}

// fill writes a verdict. It reports whether those after it mean anything.
func (r *acceptResult) fill(v verdict, most mempool.FeeRate) (goOn bool, err error) {
	allowed := v.entry != nil
	var rule *consensus.RuleError
	switch {
	case v.entry == nil && v.err == nil:
		return true, nil
	case v.err != nil && !errors.As(v.err, &rule):
		return false, v.err
	case errors.Is(v.err, consensus.MissingInputs):
		r.RejectReason = "missing-inputs"
	case v.err != nil:
		r.RejectReason, r.RejectDetails = rule.RejectWord(), ruleError(0, rule).Message
	default:
		size, fee := v.entry.VSize(), v.entry.Fee
		if limit := most.Fee(size); limit > 0 && fee > limit {
			allowed, r.RejectReason = false, "max-fee-exceeded"
			r.Allowed = &allowed
			return false, nil
		}
		effective := mempool.Frac{Fee: v.entry.ModifiedFee(), Size: size}.Rate()
		r.VSize, r.Fees = size, &acceptFees{Amount(fee), perKvB(effective), []string{r.Wtxid}}
	}
	r.Allowed = &allowed
	return true, nil
}

// maxPackageWeight is what transactions tested together may weigh (Core:
// MAX_PACKAGE_WEIGHT).
const maxPackageWeight = 404_000

// checkPackage finds what is wrong with transactions as a package, in Core's
// words (policy/packages.cpp).
func checkPackage(txs []*consensus.Tx) string {
	weight := 0
	later := map[chainhash.Hash]bool{}
	for _, tx := range txs {
		weight += tx.Weight()
		later[tx.ID()] = true
	}
	if weight > maxPackageWeight {
		return "package-too-large"
	}
	if len(later) != len(txs) {
		return "package-contains-duplicates"
	}
	for _, tx := range txs {
		for _, in := range tx.Msg.TxIn {
			if later[in.PreviousOutPoint.Hash] {
				return "package-not-sorted"
			}
		}
		delete(later, tx.ID())
	}
	spent := map[string]bool{}
	for _, tx := range txs {
		if len(tx.Msg.TxIn) == 0 {
			return "conflict-in-package"
		}
		own := map[string]bool{} // one that spends twice is invalid by itself
		for _, in := range tx.Msg.TxIn {
			key := fmt.Sprint(in.PreviousOutPoint)
			if spent[key] {
				return "conflict-in-package"
			}
			own[key] = true
		}
		for key := range own {
			spent[key] = true
		}
	}
	return ""
}
