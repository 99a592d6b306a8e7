package rpc

import (
	"slices"
	"sync/atomic"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/wallet/address"
)

// Methods is the method table: one list for each area, in the file of that
// area.
func Methods(d Deps) []Method { return methodsOn(d, newNodeMethods(d)) }

func methodsOn(d Deps, n *nodeMethods) []Method {
	return slices.Concat(
		controlMethods(d),
		n.blockchainMethods(),
		n.blockMethods(),
		n.statsMethods(),
		n.coinMethods(),
		n.steeringMethods(),
		n.mempoolMethods(),
		n.familyMethods(),
		n.sendingMethods(),
		n.rawTxMethods(),
		n.makingMethods(),
		n.signingMethods(),
		n.generatingMethods(),
		n.miningMethods(),
		n.templateMethods(),
		n.submittingMethods(),
		n.networkMethods(),
		n.connectionMethods(),
		n.banMethods(),
		n.addressBookMethods(),
		n.utilMethods(),
		n.addressMethods(),
		n.nameMethods(),
		n.walletMethods(),
	)
}

// nodeMethods are the methods that work with the node, and what they remember
// from one call to the next.
type nodeMethods struct {
	Deps
	blocks    *blockCache
	templates templates
	totals    chainTotals
	synced    atomic.Bool // was up to date once: never in initial sync again
	polls     pollTimes

	generating chan struct{} // holds one: who generates now
	generated  atomic.Uint64 // blocks begun since the start
}

func newNodeMethods(d Deps) *nodeMethods {
	return &nodeMethods{Deps: d, blocks: newBlockCache(), polls: defaultPollTimes, generating: make(chan struct{}, 1)}
}

// chainName is what tools insist on: one of Core's networks (the chain's own
// name is in a field beside it).
const chainName = "regtest"

func codecOf(v *node.View) address.Codec { return address.Codec{Versions: v.Params.Addresses} }

// confirmations of a block as Core counts them: 1 at the tip, -1 off the best
// chain.
func confirmations(v *node.View, n *chain.Node) int32 {
	if !v.Contains(n) {
		return -1
	}
	return v.Tip.Height - n.Height + 1
}

var (
	errBlockNotFound = &Error{Code: CodeAddress, Message: "Block not found"}
	errNoBody        = &Error{Code: CodeMisc, Message: "Block not available (not fully downloaded)"}
	errNotInMempool  = &Error{Code: CodeAddress, Message: "Transaction not in mempool"}
)

// minFeeRate is what a transaction has to pay now to be accepted.
func (n *nodeMethods) minFeeRate(v *node.View) mempool.FeeRate {
	return max(v.Mempool.Totals().MinFee, n.Limits.MinRelay)
}

// perKvB shows a fee rate in coins for 1,000 virtual bytes.
func perKvB(r mempool.FeeRate) Amount { return Amount(min(int64(r), consensus.MaxMoney)) }
