package scripts_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"orrery/core/policy"
	"orrery/plugins/lua"
)

func nodes(ids ...uint32) []policy.Child {
	var c []policy.Child
	for _, id := range ids {
		c = append(c, policy.Child{ID: id, Kind: "node"})
	}
	return c
}

func wallets(ids ...uint32) []policy.Child {
	var c []policy.Child
	for _, id := range ids {
		c = append(c, policy.Child{ID: id, Kind: "wallet"})
	}
	return c
}

// The first examples of each scheme.
func TestAssignExamples(t *testing.T) {
	const w = policy.WalletBase
	type request struct {
		kind     string
		self     uint32
		capacity int
		children []policy.Child
		taken    []uint32
		base     uint32
		wanted   uint16
		want     string
	}
	for _, tt := range []struct {
		script string
		params []policy.Param
		asks   []request
	}{
		{"parent_range", nil, []request{
			{"node", 8000, 3, nil, nil, 0, 0, "8001 8001"},
			{"node", 8000, 3, nodes(8001), nil, 0, 0, "8002 8002"},
			{"node", 8000, 3, nodes(8001, 8002), nil, 0, 0, "8003 8003"},
			{"node", 8000, 3, nodes(8001, 8002, 8003), nil, 0, 0, "capacity 3 reached"},
			{"node", 8000, 3, nodes(9001, 9002, 9003), nil, 0, 0, "capacity 3 reached"},
			{"node", 8001, 3, nil, nil, 0, 0, "8004 8004"},
			{"node", 8001, 3, nodes(8004, 8005), nil, 0, 0, "8006 8006"},
			{"node", 8001, 3, nodes(8005), []uint32{7, 8004, 9999}, 0, 0, "8006 8006"},
			{"node", 8001, 3, nil, []uint32{8004, 8005, 8006}, 0, 0, "the 3 IDs of this node are in use or rest"},
			{"node", 9000, 2, nil, nil, 9000, 1234, "9001 1234"},
			{"node", 7, 3, nil, nil, 0, 0, "own ID 7 is not one of the network's: its first is 8000"},
			{"node", 60000, 3, nil, nil, 0, 0, "164001 0"},
			{"node", 400_000_000, 3, nil, nil, 0, 0, "ID 1199984001 would be above 999999999, the highest: join nearer to the root"},
			{"wallet", 8000, 8, nodes(8001, 8002, 8003), nil, 0, 0, fmt.Sprint(w+1, " 0")},
			{"wallet", 8001, 8, wallets(w + 9), nil, 0, 500, fmt.Sprint(w+10, " 0")},
			{"node", 8000, 0, nil, nil, 0, 0, "capacity 0 reached"},
		}},
		{"parent_range", []policy.Param{number("base", 2000), number("capacity", 2)}, []request{{"node", 2001, 3, nil, nil, 0, 0, "2003 2003"}}},
		{"sequential", nil, []request{
			{"node", 8000, 3, nil, nil, 0, 0, "8001 8001"},
			{"node", 8000, 3, nodes(8001), []uint32{8002, 8003}, 0, 0, "8004 8004"},
			{"node", 8005, 3, nil, []uint32{8000}, 0, 0, "8001 8001"},
			{"node", 8001, 3, nodes(8002, 8003, 8004), nil, 0, 0, "capacity 3 reached"},
			{"wallet", 8000, 3, nodes(8002, 8003, 8004), nil, 0, 0, fmt.Sprint(w+1, " 0")},
			{"node", 65535, 3, nil, nil, 65535, 0, "65536 0"},
		}},
		{"sequential", []policy.Param{number("most", 2)}, []request{{"node", 8000, 3, nil, []uint32{8001, 8002}, 0, 0, "all 2 IDs are in use or rest"}}},
		{"cskip", nil, []request{
			{"node", 8000, 9, nil, nil, 0, 0, "8001 8001"},
			{"node", 8000, 9, nodes(8001), nil, 0, 0, "8032 8032"}, // Cskip(0) = 31
			{"node", 8001, 9, nil, nil, 0, 0, "8002 8002"},
			{"node", 8001, 9, nodes(8002), nil, 0, 0, "8009 8009"}, // Cskip(1) = 7
			{"node", 8002, 9, nodes(8003), nil, 0, 0, "8004 8004"}, // Cskip(2) = 1
			{"node", 8000, 9, nodes(8001, 8032, 8063, 8094), nil, 0, 0, "the 4 IDs of this node for a node are in use or rest"},
			{"node", 8000, 3, nodes(8001, 8032, 8063), nil, 0, 0, "capacity 3 reached"},
			{"wallet", 8000, 9, nil, nil, 0, 0, "8125 0"},
			{"wallet", 8002, 9, wallets(8007), nil, 0, 0, "8008 0"},
			{"node", 8003, 9, nil, nil, 0, 0, "depth 3 reached: join nearer to the root"},
			{"node", 8125, 9, nil, nil, 0, 0, "own ID 8125 is no node's in this tree"},
			{"node", 9000, 9, nil, nil, 0, 0, "own ID 9000 is no node's in this tree"},
			{"node", 7999, 9, nil, nil, 0, 0, "own ID 7999 is no node's in this tree"},
		}},
		{"random", []policy.Param{number("first", 500), number("last", 502)}, []request{
			{"node", 500, 3, nil, []uint32{502}, 0, 0, "501 0"},
			{"node", 500, 3, nodes(501), []uint32{502}, 0, 0, "the IDs from 500 to 502 are in use or rest"},
			{"node", 8000, 1, nodes(501), nil, 0, 0, "capacity 1 reached"},
		}},
	} {
		l := local(t, policy.Assign, tt.script, tt.params...)
		for _, a := range tt.asks {
			id, port, err := l.Assign(policy.Request{Kind: a.kind, Host: "127.0.0.1", Self: policy.Child{ID: a.self, Kind: "node"},
				Capacity: a.capacity, Children: a.children, Taken: a.taken, Base: a.base, WantedPort: a.wanted})
			got := fmt.Sprint(id, " ", port)
			if err != nil {
				got = err.Error()
			}
			if got != a.want {
				t.Errorf("%s %+v: %s, want %s", tt.script, a, got, a.want)
			}
		}
	}
}

// What answers for a script that fails is the same as parent_range.
func TestBuiltInIsParentRange(t *testing.T) {
	l := local(t, policy.Assign, "parent_range")
	rng := rand.New(rand.NewPCG(5, 6))
	given := 0
	for range 2000 {
		r := policy.Request{Kind: []string{"node", "wallet"}[rng.IntN(2)], Capacity: rng.IntN(5), Base: uint32(rng.IntN(2)) * 9000,
			WantedPort: uint16(rng.IntN(2)) * 700, Self: policy.Child{ID: 7990 + uint32(rng.IntN(1<<rng.IntN(33)))}}
		for range rng.IntN(4) {
			r.Taken = append(r.Taken, (r.Self.ID-r.FirstID())*uint32(r.Capacity)+r.FirstID()+uint32(rng.IntN(5)))
			r.Children = append(r.Children, policy.Child{ID: (r.Self.ID-r.FirstID())*uint32(r.Capacity) + policy.WalletBase + uint32(rng.IntN(5)),
				Kind: []string{"node", "wallet"}[rng.IntN(2)]})
		}
		slices.Sort(r.Taken)
		slices.SortFunc(r.Children, func(x, y policy.Child) int { return cmp.Compare(x.ID, y.ID) })
		id, port, err := l.Assign(r)
		id2, port2, err2 := policy.Defaults{}.Assign(r)
		if id != id2 || port != port2 || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%+v: the script says %d %d %v, the built-in policy %d %d %v", r, id, port, err, id2, port2, err2)
		}
		if err == nil {
			given++
		}
	}
	if given < 200 {
		t.Errorf("only %d IDs given", given)
	}
}

// assigner is a member that gives IDs, and knows no more than its children and
// what it was told.
type assigner struct {
	self     uint32
	children []policy.Child
	heard    []uint32
}

func (a *assigner) ask(l *lua.Local, kind string, capacity int) (uint32, error) {
	slices.SortFunc(a.children, func(x, y policy.Child) int { return cmp.Compare(x.ID, y.ID) })
	slices.Sort(a.heard)
	id, _, err := l.Assign(policy.Request{Kind: kind, Host: "127.0.0.1", Self: policy.Child{ID: a.self, Kind: "node"},
		Capacity: capacity, Children: a.children, Taken: a.heard})
	return id, err
}

// Children come and go under many parents, of which none hears of another's:
// no ID is given while somebody has it. A parent that is gone keeps its children's
// IDs in use, as they find another parent.
func TestAssignUniqueInTrees(t *testing.T) {
	for name, params := range map[string][]policy.Param{"parent_range": nil, "cskip": {number("depth", 8), number("children", 5), number("routers", 3)}} {
		t.Run(name, func(t *testing.T) {
			l := local(t, policy.Assign, name, params...)
			rng := rand.New(rand.NewPCG(1, 2))
			members := []*assigner{{self: 8000}}
			living := map[uint32]bool{8000: true}
			given, reused := map[uint32]bool{}, 0
			for range 4000 {
				p := rng.IntN(len(members))
				parent := members[p]
				if rng.IntN(3) == 0 && len(parent.children) > 0 {
					c := rng.IntN(len(parent.children))
					id := parent.children[c].ID
					leaf := !slices.ContainsFunc(members, func(m *assigner) bool { return m.self == id && len(m.children) > 0 })
					if leaf { // it leaves; its ID has rested
						parent.children = slices.Delete(parent.children, c, c+1)
						members = slices.DeleteFunc(members, func(m *assigner) bool { return m.self == id })
						delete(living, id)
					}
					continue
				}
				kind, capacity := "node", 3
				if rng.IntN(4) == 0 {
					kind, capacity = "wallet", 2
				}
				id, err := parent.ask(l, kind, capacity)
				if err != nil {
					continue
				}
				if living[id] {
					t.Fatalf("%d was given to two", id)
				}
				if given[id] {
					reused++
				}
				living[id], given[id] = true, true
				parent.children = append(parent.children, policy.Child{ID: id, Kind: kind})
				if kind == "node" {
					members = append(members, &assigner{self: id})
				}
			}
			if len(members) < 50 || reused < 50 {
				t.Errorf("%d members, %d IDs used again: the test shows little", len(members), reused)
			}
		})
	}
}

// One assigner, which hears of all: IDs are unique under churn. Random ones
// also when several assign and have heard of each other.
func TestAssignUniqueOfOne(t *testing.T) {
	for name, params := range map[string][]policy.Param{
		"sequential": nil, "random": {number("first", 20000), number("last", 20400)},
	} {
		t.Run(name, func(t *testing.T) {
			l := local(t, policy.Assign, name, append(params, number("capacity", 1000))...)
			rng := rand.New(rand.NewPCG(3, 4))
			root := &assigner{self: 8000}
			given, reused, highest := map[uint32]bool{}, 0, uint32(0)
			for range 3000 {
				if n := len(root.heard); n > 0 && (n > 300 || rng.IntN(3) == 0) {
					i := rng.IntN(n)
					root.heard = slices.Delete(root.heard, i, i+1)
					continue
				}
				id, err := root.ask(l, "node", 3)
				if err != nil {
					t.Fatal(err)
				}
				if id == 8000 || slices.Contains(root.heard, id) {
					t.Fatalf("%d was given to two", id)
				}
				if given[id] {
					reused++
				}
				given[id], highest = true, max(highest, id)
				root.heard = append(root.heard, id)
			}
			if reused < 50 {
				t.Errorf("%d IDs used again: the test shows little", reused)
			}
			if name == "sequential" && highest > 8302 {
				t.Errorf("IDs up to %d: a low one was free", highest)
			}
		})
	}
}

// The longest search that the parameters allow stays within a call's limits.
func TestAssignFull(t *testing.T) {
	taken := make([]uint32, 0, 20000)
	for id := uint32(8001); len(taken) < 20000; id++ {
		taken = append(taken, id)
	}
	r := policy.Request{Kind: "node", Self: policy.Child{ID: 8000}, Capacity: 3, Taken: taken}
	if _, _, err := local(t, policy.Assign, "sequential", number("most", 15000)).Assign(r); err == nil || err.Error() != "all 15000 IDs are in use or rest" {
		t.Error(err)
	}
	l := local(t, policy.Assign, "random", number("first", 10000), number("last", 28000))
	if id, _, err := l.Assign(r); err == nil {
		t.Errorf("%d is taken", id)
	}
	r.Taken = slices.Delete(taken, 5000, 5001)
	l = local(t, policy.Assign, "random", number("first", 10000), number("last", 20000))
	if id, _, err := l.Assign(r); id != 13001 || err != nil {
		t.Errorf("the only free ID: %d %v", id, err)
	}
}
