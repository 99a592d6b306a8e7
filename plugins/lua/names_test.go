package lua

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"
	"testing"

	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// reach lists every name that leads from a value, with what is there.
func reach(out *[]string, name string, v glua.LValue, seen map[*glua.LTable]bool) {
	*out = append(*out, fmt.Sprintf("%s %s", name, typeName(v)))
	var t *glua.LTable
	switch v := v.(type) {
	case *glua.LTable:
		t = v
	case *glua.LUserData:
		t, _ = v.Metatable.(*glua.LTable)
		name += " (metatable)"
	}
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	var keys []string
	t.ForEach(func(k, _ glua.LValue) { keys = append(keys, k.String()) })
	sort.Strings(keys) // so that the same name comes first to a shared table
	for _, k := range keys {
		reach(out, name+"."+k, t.RawGetString(k), seen)
	}
	if mt, ok := t.Metatable.(*glua.LTable); ok {
		reach(out, name+" (metatable)", mt, seen)
	}
}

// Every name that a script can reach (failure 98). A new line here is a change
// of the script interface.
func TestReachableNames(t *testing.T) {
	sources := map[policy.Hook]string{
		policy.Difficulty: plainTarget, policy.Subsidy: plainSubsidy,
		policy.Admission: "function admit(peer) return true end", policy.Assign: "function assign(request) return nil end",
	}
	for hook, source := range sources {
		s, err := Compile(hook, "x.lua", []byte(source), testEnv(policy.Param{Key: "window", Value: int64(5)}))
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.take()
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		seen := map[*glua.LTable]bool{}
		reach(&names, "globals", m.state.Env, seen)
		reach(&names, "a string", glua.LString(""), seen)
		reach(&names, "(metatable of strings)", m.state.GetMetatable(glua.LString("")), seen)
		reach(&names, "an i256 (metatable)", m.signedType, seen)
		switch hook {
		case policy.Difficulty:
			reach(&names, "argument chain", m.chain.table, seen)
		case policy.Subsidy:
			m.beginBlock(policy.Reward{Height: 1})
			reach(&names, "argument block", m.block, seen)
		case policy.Admission:
			reach(&names, "argument peer", m.local.peer, seen)
			reach(&names, "argument fault", m.local.fault, seen)
		case policy.Assign:
			m.setRequest(&hostileRequest)
			reach(&names, "argument request", m.local.asked, seen)
			reach(&names, "argument request.children[1]", m.local.asked.RawGetString("children").(*glua.LTable).RawGetInt(1), seen)
		}
		for _, v := range []glua.LValue{glua.LNumber(1), glua.LTrue, glua.LNil, m.fn} {
			if mt := m.state.GetMetatable(v); mt != glua.LNil {
				t.Errorf("a %s has a metatable", v.Type())
			}
		}
		sort.Strings(names)
		got := []byte(strings.Join(names, "\n") + "\n")
		file := "testdata/names-" + string(hook) + ".golden"
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: reachable names changed:\n%s\nwant\n%s", hook, got, want)
		}
	}
}

// Nothing that outlives a call may be changed by a script: the same walk finds
// no table without the mark, but the globals themselves, which no bytecode of
// a function can set.
func TestEverythingReachableIsFrozen(t *testing.T) {
	for hook, name := range map[policy.Hook]string{policy.Difficulty: "target", policy.Admission: "admit", policy.Assign: "assign"} {
		checkFrozen(t, hook, name)
	}
}

func checkFrozen(t *testing.T, hook policy.Hook, name string) {
	t.Helper()
	s, err := Compile(hook, "x.lua", []byte(`
local hidden = {deep = {{}}}
shared = {hidden = hidden, [hidden] = {}}
local function get() return hidden end
function `+name+`(chain) return u256(#get()) end`), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.take()
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	seen := map[glua.LValue]bool{}
	var walk func(v glua.LValue)
	walk = func(v glua.LValue) {
		if seen[v] {
			return
		}
		seen[v] = true
		switch v := v.(type) {
		case *glua.LTable:
			tables++
			if v.Metatable == glua.LNil && v != m.state.Env {
				t.Errorf("a table can be changed: %v", v)
			}
			v.ForEach(func(k, e glua.LValue) { walk(k); walk(e) })
		case *glua.LFunction:
			for _, u := range v.Upvalues {
				walk(u.Value())
			}
		}
	}
	walk(m.state.Env)
	if local := m.local; local == nil {
		walk(m.chain.table)
	} else if hook == policy.Assign {
		m.setRequest(&hostileRequest)
		walk(local.asked)
	} else {
		walk(local.peer)
		walk(local.fault)
	}
	if tables < 10 {
		t.Errorf("only %d tables found", tables)
	}
}

// The fields of gopher-lua's table that this package reads the lengths of.
func TestTableFields(t *testing.T) {
	for index, kind := range map[int]reflect.Kind{arrayField: reflect.Slice, dictField: reflect.Map, textField: reflect.Map, keysField: reflect.Slice} {
		if got := tableType.Field(index).Type.Kind(); got != kind {
			t.Errorf("field %s is a %s, want %s", tableType.Field(index).Name, got, kind)
		}
	}
	l := glua.NewState()
	defer l.Close()
	tb := l.NewTable()
	tb.RawSetInt(5, glua.LTrue)
	tb.RawSetString("a", glua.LTrue)
	tb.RawSetString("b", glua.LTrue)
	tb.RawSet(glua.LNumber(0.5), glua.LTrue)
	tb.RawSetString("a", glua.LNil)
	tb.RawSetInt(5, glua.LNil)
	keys, deleted := hashLen(tb)
	if arrayLen(tb) != 5 || keys != 3 || deleted != 1 {
		t.Errorf("array %d, keys %d, deleted %d; want 5, 3, 1", arrayLen(tb), keys, deleted)
	}
}
