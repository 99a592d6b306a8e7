package rpc

import (
	"fmt"
	"strings"
)

// absence says why members that Bitcoin Core 31's help has are not in the
// answers of a method. Every other member is there, with Core's type and
// meaning; a test compares both with the list in testdata.
type absence struct {
	methods string
	members string
	reason  string
}

var absences = []absence{
	{"getblockchaininfo", "backgroundvalidation, snapshotheight", "A node never starts from a snapshot of the coins."},
	{"getblockchaininfo", "pruneheight, automatic_pruning, prune_target_size", "Blocks are never deleted; Core leaves these out then, too."},
	{"getblockchaininfo, getmininginfo, getblocktemplate", "signet_challenge", "The chain is no signet; Core leaves it out then, too."},
	{"gettxoutsetinfo", "total_unspendable_amount, block_info, prevout_spent, new_outputs_ex_coinbase, unspendable, unspendables, genesis_block, bip30, scripts, unclaimed_rewards, coinbase",
		"There is no coinstatsindex; Core leaves these out then, too."},
	{"getmempoolinfo", "fullrbf", "Deprecated: Core has it only with -deprecatedrpc."},
	{"getrawmempool, getmempoolentry, getmempoolancestors, getmempooldescendants", "bip125-replaceable", "Deprecated: Core has it only with -deprecatedrpc."},
	{"getpeerinfo", "addrbind, addrlocal", "Nobody tells them; Core leaves them out then, too."},
	{"getpeerinfo", "mapped_as", "There are no maps of autonomous systems; Core leaves it out then, too."},
	{"estimatesmartfee", "feerate", "There is no record of fees yet, so that errors takes its place."},
}

// docsAbsences is the end of the page about all methods.
func docsAbsences() string {
	var b strings.Builder
	b.WriteString("\n## What Bitcoin Core has and Orrery has not\n\n" +
		"Every member that the help of Bitcoin Core 31 lists for the methods of chain, mempool, mining and network\n" +
		"is in the answer, with the same type and meaning, but for these.\n" +
		"The descriptor of a witness script in `decodescript` is `addr(…)` where Core would find a miniscript.\n\n" +
		"| methods | members | why |\n|---|---|---|\n")
	for _, a := range absences {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", a.methods, a.members, a.reason)
	}
	return b.String()
}
