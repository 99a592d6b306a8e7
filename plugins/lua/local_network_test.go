package lua_test

import (
	"fmt"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
	"orrery/core/peering"
	"orrery/core/policy"
	"orrery/core/sim"
	"orrery/plugins/lua"
	"orrery/scripts"
)

// localScript takes a library script, or the text itself.
func localScript(t testing.TB, hook policy.Hook, nameOrText string) lua.LocalScript {
	t.Helper()
	s := lua.LocalScript{Source: lua.Source{File: string(hook) + ".lua", Text: []byte(nameOrText)}}
	if text, err := scripts.Library(hook, nameOrText); err == nil {
		s.Text = text
	}
	return s
}

// network makes nodes with the given policies, which take turns. Each joins any
// of those before it. All search for blocks until there are some, and then rest.
func network(t testing.TB, seed uint64, nodes int, admissions, assigns []string) *sim.Net {
	t.Helper()
	m := chaintest.NewMaker(5)
	cfg := sim.Config{Seed: seed, Params: m.Params, Rules: m.Rules, Link: sim.Link{Latency: sim.Delay{Base: 20 * time.Millisecond, Spread: 80 * time.Millisecond}}}
	made := 0
	cfg.Peering = func(_ *sim.Node, c *peering.Config) {
		l, err := lua.NewLocal(lua.LocalConfig{
			Admission: localScript(t, policy.Admission, admissions[made%len(admissions)]),
			Assign:    localScript(t, policy.Assign, assigns[made%len(assigns)]), Seed: seed + uint64(made),
		})
		if err != nil {
			t.Fatal(err)
		}
		made++
		c.Local = l
	}
	net := sim.New(cfg)
	wait := func(d time.Duration) {
		if err := net.Run(d); err != nil {
			t.Fatal(err)
		}
	}
	pick := sim.Stream(seed, -1, "whom to join")
	for i := range nodes {
		spec := sim.Spec{Hashrate: 2.0 / 10 / float64(nodes)} // a block takes two hashes
		if i > 0 {
			spec.Join = []string{net.Nodes()[pick.IntN(i)].Address()}
		}
		net.Add(spec)
		wait(time.Second)
	}
	wait(20 * time.Minute)
	for _, x := range net.Nodes() {
		net.SetHashrate(x, 0)
	}
	wait(10 * time.Minute)
	return net
}

// Nodes with different local policies, some of which fail or throw dice, have
// one chain all the same (failure 100); and it happens again in the same way.
func TestLocalPoliciesDiffer(t *testing.T) {
	admissions := []string{
		"open", "netgroup", "reputation",
		"function admit(peer) return random(4) > 1, 'no luck' end",
		"function admit(peer) if peer.height == 0 then return true end return peer.height.x end\nfunction punish(peer, fault) if fault.count == 1 then return 0 end error('x') end",
		"function admit(peer) local t = {} for k in pairs(peer) do t[#t + 1] = k end print(table.concat(t, ' ')) return seconds() > 0 end",
	}
	assigns := []string{"parent_range", "random", "sequential", "cskip", "function assign(r) if r.seconds_now < 1700000001 then return {id = 5} end while true do end end"}
	run := func() *sim.Net { return network(t, 7, 12, admissions, assigns) }
	net := run()
	tip := net.Nodes()[0].View().Tip
	for i, x := range net.Nodes() {
		if got := x.View().Tip; got.Hash != tip.Hash {
			t.Errorf("node %d is at %v, height %d; node 0 at %v, height %d", i, got.Hash, got.Height, tip.Hash, tip.Height)
		}
	}
	if tip.Height < 50 {
		t.Errorf("height %d: nothing to agree on", tip.Height)
	}
	if again := run(); again.Trace() != net.Trace() {
		t.Errorf("trace %v, then %v", net.Trace(), again.Trace())
	}
}

// Each scheme on all nodes of a network gives all of them an ID, and none twice.
func TestAssignInNetwork(t *testing.T) {
	for _, name := range scripts.Names(policy.Assign) {
		t.Run(name, func(t *testing.T) {
			net := network(t, 11, 15, []string{"open"}, []string{name})
			who := map[uint32]string{}
			for i, x := range net.Nodes() {
				v := x.View().Net.Peers
				if !v.Joined || v.ID == 0 || who[v.ID] != "" {
					t.Errorf("node %d: joined %v with the ID %d, as %s", i, v.Joined, v.ID, who[v.ID])
				}
				who[v.ID] = fmt.Sprint("node ", i)
			}
			t.Log(who)
		})
	}
}
