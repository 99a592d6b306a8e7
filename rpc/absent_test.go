package rpc

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// members collects the names of all members of a schema.
func members(s *Schema, into map[string]bool) {
	for i := range s.Inner {
		in := &s.Inner[i]
		if s.Kind == KindRecord {
			into[in.Name] = true
		}
		members(in, into)
	}
}

// TestCoreMembers: every member of Core's is in the schema or in the table of
// absences, and no absence is listed for what is there or for nothing.
func TestCoreMembers(t *testing.T) {
	table := realTable(t)
	absent := map[string]bool{} // "method member"
	for _, a := range absences {
		for _, m := range strings.Split(a.methods, ", ") {
			for _, name := range strings.Split(a.members, ", ") {
				absent[m+" "+name] = true
			}
		}
	}
	b, err := os.ReadFile("testdata/core_members.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		words := strings.Fields(line)
		if words[0] == "#" {
			continue
		}
		e := table.byName[words[0]]
		if e == nil {
			t.Fatalf("no method %s", words[0])
		}
		have := map[string]bool{}
		members(&e.Result, have)
		for _, name := range words[1:] {
			key := words[0] + " " + name
			if !have[name] && !absent[key] {
				t.Errorf("%s is neither in the answer nor in the table of absences", key)
			}
			if have[name] && absent[key] && !mayLack[key] {
				t.Errorf("%s is in the answer and in the table of absences", key)
			}
			delete(absent, key)
		}
	}
	var left []string
	for key := range absent {
		left = append(left, key)
	}
	slices.Sort(left)
	if len(left) > 0 {
		t.Errorf("Core does not have %q", left)
	}
}

// mayLack are members that the schema has for what is to come.
var mayLack = map[string]bool{"estimatesmartfee feerate": true}
