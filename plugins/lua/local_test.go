package lua

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"orrery/core/policy"
)

// testLocal makes the two hooks of sources; an empty one is built-in. What is
// logged goes to lines.
func testLocal(t testing.TB, admission, assign string, lines *[]string) *Local {
	t.Helper()
	l, err := NewLocal(LocalConfig{Admission: localSource("admission.lua", admission), Assign: localSource("assign.lua", assign), Seed: 5,
		Log: func(warn bool, text string) {
			if lines != nil {
				*lines = append(*lines, fmt.Sprint(warn, " ", text))
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func localSource(file, text string) LocalScript {
	if text == "" {
		return LocalScript{}
	}
	return LocalScript{Source: Source{File: file, Text: []byte(text)}}
}

// What scripts are given, and that their answers arrive.
func TestLocalArguments(t *testing.T) {
	l := testLocal(t, `
function admit(p)
  if p.port == 50000 then return true end
  return false, table.concat({p.address, p.host, p.port, p.netgroup, tostring(p.inbound), p.agent, p.height, p.kind,
    p.inbound_count, p.outbound_count, p.netgroup_count, p.banned_until, p.seconds_now, seconds()}, " ")
end
function punish(p, f)
  if f.kind == "size" then return #f.detail * 100 + f.count * 10 + p.height end
  if f.kind == "slow" then return 0 end
end`, `
function assign(r)
  if r.kind == "wallet" then
    local t = {r.host, r.wanted_port, r.base, r.seconds_now, r.self.id, r.self.port, r.self.kind, r.self.capacity, #r.children,
      r.children[2].id, r.children[2].port, r.children[2].kind, tostring(r:taken(5)), tostring(r:taken(6)), tostring(r:taken(7)), tostring(r:taken(8000))}
    return nil, table.concat(t, " ")
  end
  return {id = r.wanted_port + 1, port = r.wanted_port}
end`, nil)
	ok, reason := l.Admit(hostilePeer)
	if want := "203.0.113.9:8000 203.0.113.9 8000 203.0 true /x/ 5 node 1 2 3 4 1700000000 1700000000"; ok || reason != want {
		t.Errorf("%v %q, want %q", ok, reason, want)
	}
	if ok, reason := l.Admit(policy.Peer{Port: 50000}); !ok || reason != "" {
		t.Errorf("%v %q", ok, reason)
	}
	for kind, want := range map[string]int64{"size": 525, "slow": 0, "other": -1} {
		if got := l.Punish(hostilePeer, policy.Fault{Kind: kind, Detail: "9 MiB", Count: 2}); got != want {
			t.Errorf("%s: %d s, want %d", kind, got, want)
		}
	}
	r := policy.Request{Kind: "wallet", Host: "h", WantedPort: 9, Self: policy.Child{ID: 8000, Port: 8001, Kind: "node"}, Capacity: 8, Taken: []uint32{7}, Now: 12,
		Children: []policy.Child{{ID: 4}, {ID: 6, Port: 60, Kind: "wallet"}}}
	if _, _, err := l.Assign(r); err == nil || err.Error() != "h 9 8000 12 8000 8001 node 8 2 6 60 wallet false true true true" {
		t.Error(err)
	}
	r.Kind, r.Base = "node", 9000
	if id, port, err := l.Assign(r); id != 10 || port != 9 || err != nil {
		t.Errorf("%d %d %v", id, port, err)
	}
	for _, i := range l.Info() {
		if i.Errors != 0 || i.Calls == 0 {
			t.Errorf("%+v", i)
		}
	}
}

// Long texts of others are cut, since scripts have no longer ones.
func TestLocalLongTexts(t *testing.T) {
	l := testLocal(t, `function admit(p) return #p.agent == 0 or #p.agent == 512 end
function punish(p, f) return #f.detail end`, "", nil)
	long := strings.Repeat("x", 100_000)
	if ok, _ := l.Admit(policy.Peer{Agent: long}); !ok {
		t.Error("refused")
	}
	if got := l.Punish(policy.Peer{}, policy.Fault{Detail: long}); got != 512 {
		t.Error(got)
	}
}

const failing = `
function admit(peer)
  if peer.height == 0 then return true end
  return peer.nothing.here
end
function punish(peer, fault)
  if peer.height == 0 then return 5 end
  return "long"
end`

// A script that fails is answered for, counted, and told of once a minute.
func TestLocalFailure(t *testing.T) {
	var lines []string
	l := testLocal(t, failing, `function assign(r) if r.wanted_port == 0 then return {id = 9} end while true do end end`, &lines)
	bad := policy.Peer{Height: 1, Now: 600}
	for range 3 {
		if ok, reason := l.Admit(bad); !ok || reason != "" {
			t.Errorf("the built-in policy lets all in: %v %q", ok, reason)
		}
	}
	if got := l.Punish(bad, policy.Fault{Kind: "work"}); got != policy.BanSeconds {
		t.Errorf("%d s", got)
	}
	bad.Now = 700
	l.Admit(bad)
	if ok, _ := l.Admit(policy.Peer{Now: 700}); !ok || l.Punish(policy.Peer{Now: 700}, policy.Fault{}) != 5 {
		t.Error("the script does not work any more")
	}
	id, port, err := l.Assign(policy.Request{Kind: "node", WantedPort: 7, Self: policy.Child{ID: 8000}, Capacity: 3, Now: 700})
	if id != 8001 || port != 7 || err != nil {
		t.Errorf("%d %d %v", id, port, err)
	}
	want := []string{
		"true admission.lua:4: attempt to index nil with key 'here'; the built-in admission policy answers instead",
		"true admission.lua:6: punish must return nil or seconds, a whole number from 0 to 315360000, got string; the built-in admission policy answers instead",
		"true admission.lua:4: attempt to index nil with key 'here'; the built-in admission policy answers instead",
		"true assign.lua:1: the script used up its budget of instructions; the built-in assign policy answers instead",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	info := l.Info()
	for i := range info {
		info[i].Script = [32]byte{}
	}
	if a := info[0]; a.Hook != policy.Admission || a.File != "admission.lua" || a.Calls != 7 || a.Errors != 5 || a.LastTime != 700 ||
		a.LastError != "admission.lua:4: attempt to index nil with key 'here'" {
		t.Errorf("%+v", a)
	}
	if a := info[1]; a.Hook != policy.Assign || a.Calls != 1 || a.Errors != 1 || !strings.HasPrefix(a.LastError, "assign.lua:1: ") {
		t.Errorf("%+v", a)
	}
}

// What scripts print names its place, ten lines a call and twenty a minute.
func TestLocalPrint(t *testing.T) {
	var lines []string
	l := testLocal(t, `
function admit(peer)
  for i = 1, peer.height do print("line", i, peer, u256(7), nil, true, "a\nb") end
  return true
end`, "", &lines)
	l.Admit(policy.Peer{Height: 1, Now: 60})
	if want := []string{"false admission.lua:3: line 1 table 7 nil true a b"}; !slices.Equal(lines, want) {
		t.Fatalf("%q", lines)
	}
	lines = nil
	l.Admit(policy.Peer{Height: 15, Now: 60})
	if len(lines) != maxPrinted {
		t.Errorf("%d lines of one call", len(lines))
	}
	for range 10 {
		l.Admit(policy.Peer{Height: 10, Now: 119})
	}
	if len(lines) != maxLogged-1 {
		t.Errorf("%d lines of one minute", len(lines)+1)
	}
	lines = nil
	l.Admit(policy.Peer{Height: 1, Now: 120})
	if len(lines) != 2 || lines[0] != "false admission: 91 more lines were left out" {
		t.Errorf("%q", lines)
	}
}

// Equal seeds and calls give equal numbers, other ones others.
func TestLocalRandom(t *testing.T) {
	const script = `function assign(r) return {id = random(1000000000), port = random(1024, 65535)} end`
	run := func(seed uint64) (out []uint32) {
		l, err := NewLocal(LocalConfig{Assign: localSource("assign.lua", script), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			id, port, err := l.Assign(policy.Request{})
			if err != nil || port < 1024 {
				t.Fatal(id, port, err)
			}
			out = append(out, id)
		}
		return out
	}
	a, b, c := run(1), run(1), run(2)
	if !slices.Equal(a, b) {
		t.Errorf("%v and %v", a, b)
	}
	if slices.Equal(a, c) || a[0] == a[1] {
		t.Errorf("%v and %v", a, c)
	}
}

// A script is refused before it is used, with file and line, and the present
// one stays.
func TestLocalReplace(t *testing.T) {
	l := testLocal(t, `function admit(peer) return false, "one" end`, "", nil)
	for text, want := range map[string]string{
		"function admit(peer) return": "new.lua:1: syntax error at the end of the file",
		"x = 1":                       "new.lua: the file defines no function admit",
		"function admit(peer)\n return peer.host.x.y end":                     "new.lua:2: attempt to index nil with key 'y'",
		"function admit(peer) end":                                            "new.lua:1: admit must return true or false, got nil",
		"function admit(p) return true end punish = 5":                        "new.lua: punish must be a function, it is a number",
		"function admit(p) return u256(1) == 1 end":                           "new.lua:1: u256 == number is never equal: convert one side, as in u256(n)",
		"error('no')\nfunction admit(p) return true end":                      "new.lua:1: no",
		"function admit(p) return true end " + strings.Repeat(" ", MaxSource): "new.lua: the script has 65570 bytes, at most 65536 are allowed",
	} {
		err := l.Replace(policy.Admission, localSource("new.lua", text))
		var broken *policy.ScriptError
		if !errors.As(err, &broken) || err.Error() != want {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
		if _, reason := l.Admit(policy.Peer{}); reason != "one" {
			t.Fatalf("the present script is gone: %q", reason)
		}
	}
	if err := l.Replace(policy.Admission, localSource("new.lua", `function admit(peer) return false, "two" end`)); err != nil {
		t.Fatal(err)
	}
	if _, reason := l.Admit(policy.Peer{}); reason != "two" || l.Info()[0].Calls != 1 || l.Info()[0].File != "new.lua" {
		t.Errorf("%q %+v", reason, l.Info()[0])
	}
	if err := l.Replace(policy.Admission, LocalScript{}); err != nil {
		t.Fatal(err)
	}
	if ok, _ := l.Admit(policy.Peer{}); !ok || l.Info()[0].File != "" {
		t.Error("not built-in")
	}
	if err := l.Replace(policy.Subsidy, LocalScript{}); err == nil {
		t.Error("reward is a local hook")
	}
}

func TestLocalWarnings(t *testing.T) {
	params, err := policy.NewParams(policy.Param{Key: "most", Value: int64(1)}, policy.Param{Key: "moist", Value: int64(1)})
	if err != nil {
		t.Fatal(err)
	}
	src := localSource("a.lua", "local most = params.most or 5\nfunction admit(peer) return spacing == most or true end")
	src.Params = params
	l, err := NewLocal(LocalConfig{Admission: src})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(l.Warnings())
	if want := `[a.lua: the parameter "moist" is set, but the script does not use it a.lua:2: 'spacing' is not defined]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if i := l.Info()[0]; len(i.Params) != 2 || i.Script != policy.HashScript(src.Text) {
		t.Errorf("%+v", i)
	}
}

// Calls, replacements and questions at the same time.
func TestLocalConcurrent(t *testing.T) {
	l := testLocal(t, failing, "", nil)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			for i := range 200 {
				if ok, _ := l.Admit(policy.Peer{Height: int32(i % 2), Now: int64(i)}); !ok {
					t.Error("refused")
				}
				if n == 0 && i%20 == 0 {
					if err := l.Replace(policy.Admission, localSource("admission.lua", failing)); err != nil {
						t.Error(err)
					}
				}
				l.Info()
				l.Warnings()
			}
		})
	}
	wg.Wait()
}

// A registry that is full in a pcall is the script's own error as well.
func TestLocalRegistryFullInPCall(t *testing.T) {
	results := map[string]int{}
	for spare := 0; spare < 160; spare += 20 {
		text := strings.Replace(fullRegistry(spare), "function target(chain) fill(1) return chain:target(chain.height) end",
			"function admit(peer) local ok, why = pcall(fill, 1) error(ok and 'there was room' or why, 0) end", 1)
		s, err := Compile(policy.Admission, "x.lua", []byte(text), Env{Budget: policy.DefaultBudget})
		if err != nil {
			t.Fatal(err)
		}
		units, err := askLocal(t, s)
		if again, errAgain := askLocal(t, s); again != units || errText(errAgain) != errText(err) {
			t.Errorf("%d: %d %v, then %d %v", spare, units, err, again, errAgain)
		}
		results[errText(err)]++
	}
	if results["x.lua: there was room"] == 0 || results["x.lua:3: registry overflow"] == 0 {
		t.Errorf("%v", results)
	}
}

// A fault of this program in a host function is never the script's to catch.
func TestLocalFaultPassesPCall(t *testing.T) {
	s, err := Compile(policy.Assign, "x.lua", []byte(`function assign(r) pcall(function() return r:taken(5) end) return {id = 5} end`), Env{Budget: policy.DefaultBudget})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.callLocal(1, 1, 1, func(m *machine) error {
		m.setRequest(&hostileRequest)
		m.local.request = nil // our own bug: taken panics
		_, _, err := m.callTwo(m.fn, m.local.asked)
		return err
	})
	var broken *policy.ScriptError
	if err == nil || errors.As(err, &broken) {
		t.Errorf("%v is not a fault", err)
	}
}

// The library's scripts make no difference to what a person meets.
func TestLocalLibraryCompiles(t *testing.T) {
	for hook, names := range map[policy.Hook][]string{
		policy.Admission: {"open", "netgroup", "allowlist", "reputation"},
		policy.Assign:    {"parent_range", "sequential", "cskip", "random"},
	} {
		for _, name := range names {
			l := testLocal(t, "", "", nil)
			if err := l.Replace(hook, localSource(name+".lua", librarySource(t, string(hook), name))); err != nil || len(l.Warnings()) > 0 {
				t.Errorf("%s: %v %v", name, err, l.Warnings())
			}
		}
	}
	if _, err := os.Stat("../../scripts/admission.lua"); err != nil {
		t.Error(err)
	}
}
