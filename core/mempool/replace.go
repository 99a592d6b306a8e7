package mempool

import (
	"slices"

	"orrery/core/consensus"
)

// maxReplacementClusters is how many clusters the direct conflicts of one
// replacement may lie in: each has to be put in order again (Core:
// MAX_REPLACEMENT_CANDIDATES).
const maxReplacementClusters = 100

// checkPlace looks at what the transaction would push out and whom it would
// join (Core: ReplacementChecks and the rest of AcceptSingleTransaction).
func (c *candidate) checkPlace() error {
	if len(c.conflicts) > 0 {
		if err := c.checkReplacement(); err != nil {
			return err
		}
	} else if members := c.pool.membersOf(c.parents); !within(append(members, c.entry)) {
		return c.tooLargeCluster()
	}
	if c.opts.BypassLimits {
		return nil
	}
	return checkEphemeralSpends(c.tx, c.parents)
}

func (c *candidate) tooLargeCluster() error {
	return reject(TooLargeCluster, "with the unconfirmed transactions around it, it would be more than %d transactions or %d vbytes",
		MaxClusterCount, MaxClusterWeight/consensus.WitnessScale)
}

// membersOf lists what hangs together with entries.
func (p *Pool) membersOf(entries []*Entry) []*Entry {
	var list []*Entry
	for _, cl := range p.clustersOf(entries) {
		list = append(list, cl.entries()...)
	}
	return list
}

// checkReplacement applies the rules of replacement: not too many clusters
// touched, at least the fees of all that leaves plus its own relay, and more
// fees for a miner whatever room there is (BIP125 as Core 31 has it).
func (c *candidate) checkReplacement() error {
	p, id := c.pool, c.tx.ID()
	if n := len(p.clustersOf(c.conflicts)); n > maxReplacementClusters {
		return reject(TooManyReplacements, "rejecting replacement %v; too many conflicting clusters (%d > %d)", id, n, maxReplacementClusters)
	}
	c.replaced = walk(slices.Clone(c.conflicts), p.view.Children)
	var fees int64
	for _, e := range c.replaced {
		fees += e.ModifiedFee()
	}
	fee := c.entry.ModifiedFee()
	if fee < fees {
		return reject(InsufficientFee, "rejecting replacement %v, less fees than conflicting txs; %s < %s",
			id, consensus.FormatMoney(fee), consensus.FormatMoney(fees))
	}
	if relay := p.config.Incremental.Fee(c.entry.VSize()); fee-fees < relay {
		return reject(InsufficientFee, "rejecting replacement %v, not enough additional fees to relay; %s < %s",
			id, consensus.FormatMoney(fee-fees), consensus.FormatMoney(relay))
	}
	if err := c.compareDiagrams(); err != nil {
		return err
	}
	ancestors := walk(slices.Clone(c.parents), p.view.Parents)
	for _, e := range ancestors {
		if slices.Contains(c.conflicts, e) {
			return reject(SpendsConflicting, "%v spends conflicting transaction %v", id, e.Tx.ID())
		}
	}
	return nil
}

// compareDiagrams builds the clusters as they would be after the replacement.
func (c *candidate) compareDiagrams() error {
	p := c.pool
	leaves := make(map[*Entry]bool, len(c.replaced))
	for _, e := range c.replaced {
		leaves[e] = true
	}
	var before, after []Chunk
	members := []*Entry{c.entry}
	for _, cl := range p.clustersOf(append(slices.Clone(c.conflicts), c.parents...)) {
		before = append(before, cl.chunks...)
		for _, e := range cl.entries() {
			if !leaves[e] {
				members = append(members, e)
			}
		}
	}
	for i, part := range split(members) {
		if i == 0 && !within(part) { // the one with the new transaction
			return c.tooLargeCluster()
		}
		after = append(after, linearize(part)...)
	}
	if !newDiagram(after).improves(newDiagram(before)) {
		return reject(ReplacementFailed, "insufficient feerate: does not improve feerate diagram")
	}
	return nil
}
