package sim_test

import (
	"flag"
	"fmt"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/sim"
)

var (
	oneSeed   = flag.Int64("seed", -1, "run this seed only, and tell what happens")
	seedCount = flag.Uint64("seeds", 300, "how many storms there are")
)

// TestSeeds lets storms of faults rain on small networks, one a seed. A failure
// names its seed; to see all that happened there:
//
//	go test ./core/sim -run Seeds -seed N
func TestSeeds(t *testing.T) {
	if *oneSeed >= 0 {
		net, err := sim.Storm(storm(uint64(*oneSeed), func(s string) { fmt.Println(s) }))
		fmt.Printf("seed %d, trace %v, %+v\n", net.Seed(), net.Trace(), net.Counts())
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	seeds := *seedCount
	if testing.Short() {
		seeds = min(seeds, 20)
	}
	failed := 0
	var sum sim.Counts
	for seed := range seeds {
		net, err := sim.Storm(storm(seed, nil))
		if err != nil {
			t.Errorf("%v\ntrace %v; to see it again: go test ./core/sim -run Seeds -seed %d", err, net.Trace(), seed)
			if failed++; failed >= 5 {
				t.Fatal("more are not tried")
			}
		}
		sum.Add(net.Counts())
	}
	t.Logf("%+v", sum)
	// Storms in which little goes wrong would prove little.
	if sum.Reorgs < seeds || sum.Deepest < 10 || sum.Crashes < seeds || sum.Lost < seeds || sum.Held < seeds || sum.Dropped < seeds {
		t.Errorf("these storms were too mild: %+v", sum)
	}
}

// TestSeedRepeats runs some seeds three times each.
func TestSeedRepeats(t *testing.T) {
	for seed := range uint64(5) {
		var first sim.TraceHash
		for n := range 3 {
			net, err := sim.Storm(storm(seed, nil))
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				first = net.Trace()
			} else if net.Trace() != first {
				t.Errorf("seed %d: trace %v, then %v", seed, first, net.Trace())
			}
		}
		if other, _ := sim.Storm(storm(seed+1000, nil)); other.Trace() == first {
			t.Errorf("seeds %d and %d have one trace", seed, seed+1000)
		}
	}
}

func storm(seed uint64, watch func(string)) sim.Config {
	m := chaintest.NewMaker(5)
	cfg := sim.Config{Seed: seed, Params: m.Params, Rules: m.Rules}
	if watch != nil {
		cfg.Watch = sim.Narrate(watch)
	}
	return cfg
}
