package peering

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"orrery/core/policy"
	"orrery/core/protocol"
	"orrery/plugins/lua"
	"orrery/scripts"
)

// assigner is the assign policy of a test: built-in, or a script of the library.
func assigner(t *testing.T, name string, seed uint64) policy.Local {
	if name == "defaults" {
		return policy.Defaults{}
	}
	text, err := scripts.Library(policy.Assign, name)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lua.NewLocal(lua.LocalConfig{
		Assign: lua.LocalScript{Source: lua.Source{File: name + ".lua", Text: text}}, Seed: seed,
		Log: func(_ bool, line string) { t.Errorf("%s: %s", name, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// churn lets nodes come, go, and come back, with or without their folder, for
// two hours.
func churn(t *testing.T, style string, tracker bool, seed uint64) *world {
	w := newWorld(t)
	rng := rand.New(rand.NewPCG(seed, 1))
	node := func(i int) *host {
		h := w.node(fmt.Sprintf("n%d.%d", i, seed))
		h.cfg.First = i == 0
		h.cfg.Local = assigner(t, style, uint64(i))
		switch {
		case tracker:
			h.cfg.Tracker = "127.0.0.1:7000"
		case i > 0:
			h.cfg.Join = []string{"127.0.0.1:8000"}
		}
		return h
	}
	if tracker {
		h := w.tracker()
		h.cfg.Local = assigner(t, style, 99)
		h.p.cfg.Local = h.cfg.Local
		w.pass(second)
	}
	first := node(0)
	first.start()
	w.pass(5 * second)
	var all []*host
	for i := 1; i <= 16; i++ {
		all = append(all, node(i))
		all[i-1].start()
		w.pass(rng.Int64N(3 * second))
	}
	for range 80 {
		w.pass(rng.Int64N(90 * second))
		h := all[rng.IntN(len(all))]
		switch {
		case h.up:
			h.stop()
		case rng.IntN(3) == 0:
			clear(h.disk) // a new node of the same name
			fallthrough
		default:
			h.start()
		}
	}
	for _, h := range all {
		if !h.up {
			h.start()
		}
	}
	w.pass(1800 * second)
	return w
}

// TestChurn: after all that has come and gone, no two have one ID.
func TestChurn(t *testing.T) {
	for _, tt := range []struct {
		style   string
		tracker bool
	}{{"defaults", false}, {"parent_range", false}, {"cskip", false}, {"random", false}, {"sequential", true}, {"random", true}, {"sequential", false}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			for seed := range uint64(2) {
				w := churn(t, tt.style, tt.tracker, seed)
				holder := map[uint32]*host{}
				for _, h := range w.nodes {
					if h.cfg.Kind == protocol.KindTracker {
						continue
					}
					v := h.p.View()
					if v.ID == 0 || holder[v.ID] != nil {
						t.Errorf("seed %d: %s has ID %d, as has %v; %s", seed, h.name, v.ID, holder[v.ID] != nil, v.State)
						if holder[v.ID] != nil {
							t.Logf("%q\n%q", holder[v.ID].said, h.said)
						}
						continue
					}
					holder[v.ID] = h
					if v.Inbound+v.Outbound < 3 {
						t.Errorf("seed %d: %s has %d connections", seed, h.name, v.Inbound+v.Outbound)
					}
				}
			}
		})
	}
}

// TestRepeats: the same seed gives the same run, to the byte.
func TestRepeats(t *testing.T) {
	var sums []string
	for range 3 {
		w := churn(t, "parent_range", false, 7)
		sums = append(sums, fmt.Sprintf("%d events, %x", w.events, w.trace.Sum(nil)))
	}
	if sums[0] != sums[1] || sums[0] != sums[2] {
		t.Errorf("three runs: %q", sums)
	}
	if other := churn(t, "parent_range", false, 8); fmt.Sprintf("%d events, %x", other.events, other.trace.Sum(nil)) == sums[0] {
		t.Error("another seed gives the same run: the trace shows nothing")
	}
}
