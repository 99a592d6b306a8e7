package chain_test

import (
	"testing"

	"orrery/core/chain/chaintest"
)

type with = map[string][]chaintest.Option

func opts(o ...chaintest.Option) []chaintest.Option { return o }

var (
	greedy      = opts(chaintest.Greedy)      // refused on connecting
	wrongScript = opts(chaintest.WrongScript) // refused on connecting, by its scripts
	wrongHeight = opts(chaintest.WrongHeight) // refused on arrival
)

// TestForks names what happens when branches compete.
func TestForks(t *testing.T) {
	chaintest.Run(t, []chaintest.Scenario{{
		Name: "extend",
		Tree: `genesis ── a1 ── a2 ── a3`,
		Steps: `
			tip genesis
			accept a1 a2 a3
			tip a3
			known a1 a2 a3 genesis
			reopen
			tip a3
			known a3
		`,
	}, {
		Name: "a stale branch stays behind",
		Tree: `
genesis ── a1 ── a2 ── a3
            └─── b2`,
		Steps: `
			accept a1 a2 a3
			mark a3
			accept b2
			tip a3
			same a3
			known b2
		`,
	}, {
		Name: "of equal work the first seen",
		Tree: `
genesis ── a1 ── a2
     └──── b1 ── b2`,
		Steps: `
			accept b1 a1
			tip b1
			accept a2 b2
			tip a2
			reopen
			rest
			tip a2
		`,
	}, {
		Name: "the persisted tip wins after a restart",
		Tree: `
genesis ── a1 ── a2
     └──── b1 ── b2`,
		Steps: `
			header a1 a2 b1 b2    # the order of headers does not count
			accept b1 b2
			tip b2
			accept a1 a2
			tip b2
			reopen
			rest
			tip b2
			reopen
			rest
			tip b2
		`,
	}, {
		Name: "reorg of depth 1",
		Tree: `
genesis ── a1 ── a2
            └─── b2 ── b3`,
		Steps: `
			accept a1 a2
			mark a2
			accept b2
			tip a2
			accept b3
			tip b3
			invalidate b3
			rest
			tip a2                # first seen
			same a2
		`,
	}, {
		Name: "there and back",
		Tree: `
genesis ── a1 ── a2 ── a3 ── a4 ── a5 ── a6
            └─── b2 ── b3 ── b4 ── b5`,
		Steps: `
			accept a1 a2 a3
			accept b2 b3 b4
			tip b4
			accept a4 a5
			tip a5
			accept b5
			tip a5
			accept a6
			tip a6
			reopen
			rest
			tip a6
		`,
	}, {
		Name: "three branches",
		Tree: `
genesis ── a1 ── a2 ── a3 ── a4
            ├─── b2 ── b3
            │           └─── c4 ── c5
            └─── d2`,
		Steps: `
			accept a1 a2 d2 b2 b3
			tip b3
			accept a3
			tip b3
			accept a4
			tip a4
			accept c4
			tip a4
			accept c5
			tip c5
		`,
	}, {
		Name: "headers first, then bodies",
		Tree: `
genesis ── a1 ── a2 ── a3 ── a4
            └─── b2 ── b3`,
		Steps: `
			header a1 a2 a3 a4 b2 b3
			tip genesis
			accept a1 b2 b3
			tip b3
			accept a2 a4
			tip b3
			accept a3              # completes both a3 and a4
			tip a4
		`,
	}, {
		Name: "bodies in reverse",
		Tree: `genesis ── a1 ── a2 ── a3 ── a4 ── a5`,
		Steps: `
			refuse a2 prev-blk-not-found
			refuse-header a3 prev-blk-not-found
			header a1 a2 a3 a4 a5
			accept a5 a4 a3 a2
			tip genesis
			reopen
			rest
			tip genesis
			accept a1
			tip a5
		`,
	}, {
		Name: "a branch that was whole later is not the first seen",
		Tree: `
genesis ── a1 ── a2
     └──── b1 ── b2`,
		Steps: `
			header a1
			accept a2              # its parent has no body yet
			accept b1 b2
			tip b2
			accept a1              # now a2 is whole, and late
			tip b2
			invalidate b2
			rest
			tip a2
			reconsider b2
			rest
			tip b2                 # first seen again
		`,
	}})
}

// TestBadBranches names what happens when a branch with more work is bad.
func TestBadBranches(t *testing.T) {
	const tree = `
genesis ── a1 ── a2 ── a3
            └─── b2 ── b3 ── b4 ── b5`
	chaintest.Run(t, []chaintest.Scenario{{
		Name: "bad at the end, its good part has as much work",
		Tree: tree,
		With: with{"b4": greedy},
		Steps: `
			accept a1 a2 a3 b2 b3
			mark a3
			refuse b4 bad-cb-amount
			tip a3
			same a3
			failed b4
			good b3
			refuse b4 duplicate-invalid
			refuse-header b4 duplicate-invalid
			refuse b5 bad-prevblk
			refuse-header b5 bad-prevblk
			reopen
			rest
			tip a3
			same a3
			failed b4
			refuse b4 duplicate-invalid
			refuse b5 bad-prevblk
		`,
	}, {
		Name: "bad in the middle, its good part has less work",
		Tree: tree,
		With: with{"b3": wrongScript},
		Steps: `
			accept a1 a2 a3 b2
			mark a3
			file b3 b4
			rest
			tip a3
			same a3
			failed b3 b4
			refuse b5 bad-prevblk
		`,
	}, {
		Name: "bad in the middle, its good part has more work",
		Tree: `
genesis ── a1 ── a2
            └─── b2 ── b3 ── b4 ── b5`,
		With: with{"b4": wrongScript},
		Steps: `
			accept a1 a2
			file b2 b3 b4 b5
			rest
			tip b3
			failed b4 b5
			good b3 b2 a2
		`,
	}, {
		Name: "bad right after the fork",
		Tree: tree,
		With: with{"b2": greedy},
		Steps: `
			accept a1 a2 a3
			mark a3
			accept b2              # nobody looks: it has less work
			accept b3
			file b4
			rest
			tip a3
			same a3
			failed b2 b3 b4
			reopen
			rest
			failed b2 b3 b4
			refuse b5 bad-prevblk
		`,
	}, {
		Name: "a fault that shows on arrival stays with the hash",
		Tree: tree,
		With: with{"b2": wrongHeight},
		Steps: `
			accept a1 a2 a3
			mark a3
			refuse b2 bad-cb-height
			failed b2
			refuse b2 duplicate-invalid
			refuse b3 bad-prevblk
			reopen
			refuse b2 duplicate-invalid
			refuse b3 bad-prevblk
			tip a3
			same a3
		`,
	}, {
		Name: "a fault on arrival of a block in the middle of known headers",
		Tree: tree,
		With: with{"b3": wrongHeight},
		Steps: `
			accept a1 a2
			header b2 b3 b4 b5
			accept b2 b4 b5
			mark a2
			refuse b3 bad-cb-height
			failed b3 b4 b5
			reopen
			rest
			failed b3 b4 b5
			tip a2
			same a2
			accept a3
			tip a3
		`,
	}, {
		Name: "valid child of an invalid block",
		Tree: `
genesis ── a1 ── a2
     └──── b1 ── b2 ── b3 ── b4`,
		With: with{"b1": greedy},
		Steps: `
			accept a1 a2
			mark a2
			accept b1 b2
			file b3
			rest
			tip a2
			same a2
			refuse b4 bad-prevblk
			reopen
			refuse b4 bad-prevblk
			refuse-header b4 bad-prevblk
			rest
			tip a2
			same a2
		`,
	}, {
		Name: "two bad branches, one after the other",
		Tree: `
genesis ── a1 ── a2
            ├─── b2 ── b3 ── b4 ── b5
            └─── c2 ── c3 ── c4`,
		With: with{"b3": greedy, "c4": greedy},
		Steps: `
			accept a1 a2
			mark a2
			header b2 b3 b4 b5 c2 c3 c4
			file b3 b4 b5 c3 c4 c2 b2
			rest
			tip c3
			failed b3 b4 b5 c4
		`,
	}})
}

// TestRevoked names what a person's word does.
func TestRevoked(t *testing.T) {
	chaintest.Run(t, []chaintest.Scenario{{
		Name: "the tip",
		Tree: `genesis ── a1 ── a2 ── a3`,
		Steps: `
			accept a1 a2
			mark a2
			accept a3
			mark a3
			invalidate a3
			failed a3
			rest
			tip a2
			same a2
			refuse a3 duplicate-invalid
			reopen
			rest
			tip a2
			reconsider a3
			rest
			tip a3
			same a3
		`,
	}, {
		Name: "a deep ancestor",
		Tree: `
genesis ── a1 ── a2 ── a3 ── a4 ── a5
            └─── b2 ── b3`,
		Steps: `
			accept a1 a2 a3 a4 a5 b2 b3
			mark a5
			invalidate a2
			failed a2 a3 a4 a5
			rest
			tip b3
			reconsider a5          # its ancestors, too
			good a2 a3 a4 a5
			rest
			tip a5
			same a5
		`,
	}, {
		Name: "down to genesis",
		Tree: `genesis ── a1 ── a2`,
		Steps: `
			accept a1 a2
			invalidate a1
			rest
			tip genesis
			reopen
			rest
			tip genesis
			refuse a1 duplicate-invalid
			reconsider a1
			rest
			tip a2
		`,
	}, {
		Name: "a side branch",
		Tree: `
genesis ── a1 ── a2
            └─── b2 ── b3 ── b4`,
		Steps: `
			accept a1 a2 b2
			invalidate b2
			rest
			tip a2
			refuse b3 bad-prevblk
			reconsider b2
			rest
			tip a2
			accept b3
			tip b3
			invalidate b2
			rest
			tip a2
			reopen
			rest
			tip a2
			reconsider b3
			rest
			tip b3
			accept b4
		`,
	}, {
		Name: "a header without body",
		Tree: `genesis ── a1 ── a2`,
		Steps: `
			header a1 a2
			accept a2
			invalidate a1
			refuse a1 duplicate-invalid
			refuse-header a2 duplicate-invalid
			reconsider a1
			accept a1
			tip a2
		`,
	}, {
		Name: "the goal of a running reorg",
		Tree: `
genesis ── a1 ── a2 ── a3
            └─── b2 ── b3 ── b4`,
		Steps: `
			accept a1 a2 a3 b2 b3
			mark a3
			file b4
			step 3                 # a3, a2 left, b2 connected
			tip b2
			invalidate b4
			rest
			tip a3
			same a3
			reconsider b4
			rest
			tip b4
		`,
	}, {
		Name: "what a running reorg comes from",
		Tree: `
genesis ── a1 ── a2 ── a3
            └─── b2 ── b3 ── b4`,
		With: with{"b4": greedy},
		Steps: `
			accept a1 a2 a3 b2 b3
			file b4
			step 2
			tip a1
			invalidate a3
			rest                   # b4 is bad, a3 revoked
			tip b3
		`,
	}, {
		Name: "the fork point of a running reorg",
		Tree: `
genesis ── a1 ── a2 ── a3
     │      └─── b2 ── b3 ── b4
     └──── c1`,
		Steps: `
			accept a1 a2 a3 b2 b3 c1
			file b4
			step 3
			invalidate a1
			rest
			tip c1
			reopen
			rest
			tip c1
			reconsider a1
			rest
			tip b4
		`,
	}, {
		Name: "reconsidering what breaks a rule finds it again",
		Tree: `
genesis ── a1
     └──── b1 ── b2`,
		With: with{"b2": greedy},
		Steps: `
			accept a1 b1
			mark a1
			refuse b2 bad-cb-amount
			reconsider b2
			good b2
			rest
			failed b2
			tip a1
			same a1
		`,
	}, {
		Name: "reconsidering a fault that showed on arrival",
		Tree: `genesis ── a1 ── a2`,
		With: with{"a2": wrongHeight},
		Steps: `
			accept a1
			refuse a2 bad-cb-height
			reconsider a2
			good a2
			rest
			tip a1
			refuse a2 bad-cb-height
			failed a2
		`,
	}, {
		Name: "a good sibling of a revoked block's descendant",
		Tree: `
genesis ── a1 ── a2 ── a3
                  └─── b3 ── b4`,
		Steps: `
			accept a1 a2 a3 b3 b4
			tip b4
			invalidate b3
			invalidate a2
			rest
			tip a1
			reconsider a3          # clears a2, but not b3
			failed b3 b4
			good a2 a3
			rest
			tip a3
			reconsider b4
			rest
			tip b4
		`,
	}, {
		Name: "reconsidering goes back to the first seen",
		Tree: `
genesis ── a1
     └──── b1`,
		Steps: `
			accept a1 b1
			invalidate a1
			rest
			tip b1
			reconsider a1
			rest
			tip a1
		`,
	}})
}
