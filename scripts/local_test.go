package scripts_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"orrery/core/policy"
	"orrery/plugins/lua"
	"orrery/scripts"
)

// local runs a library script of a local hook; any failure of it ends the test.
func local(t testing.TB, hook policy.Hook, name string, params ...policy.Param) *lua.Local {
	t.Helper()
	text, err := scripts.Library(hook, name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.NewParams(params...)
	if err != nil {
		t.Fatal(err)
	}
	script := lua.LocalScript{Source: lua.Source{File: name + ".lua", Text: text}, Params: p}
	cfg := lua.LocalConfig{Seed: 7, Log: func(warn bool, text string) {
		if warn {
			t.Errorf("%s failed: %s", name, text)
		}
	}}
	if hook == policy.Admission {
		cfg.Admission = script
	} else {
		cfg.Assign = script
	}
	l, err := lua.NewLocal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if w := l.Warnings(); len(w) > 0 {
		t.Error(w)
	}
	return l
}

func number(key string, n int64) policy.Param { return policy.Param{Key: key, Value: n} }

// runLocalExample runs one line of README.md, as "admit inbound=true count=7
// wants=yes".
func runLocalExample(t *testing.T, fields string, source []byte) {
	t.Helper()
	what, wants, _ := strings.Cut(fields, " wants=")
	words := strings.Fields(what)
	given := map[string]string{}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		given[key] = value
	}
	script := lua.LocalScript{Source: lua.Source{File: "README.md", Text: source}}
	cfg := lua.LocalConfig{Admission: script, Log: func(warn bool, text string) {
		if warn {
			t.Errorf("%s: %s", fields, text)
		}
	}}
	if words[0] == "assign" {
		cfg.Admission, cfg.Assign = cfg.Assign, script
	}
	l, err := lua.NewLocal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if w := l.Warnings(); len(w) > 0 {
		t.Error(w)
	}
	count, _ := strconv.Atoi(given["count"])
	var got string
	switch words[0] {
	case "admit":
		got = "yes"
		if ok, reason := l.Admit(policy.Peer{Inbound: given["inbound"] == "true", InboundCount: count}); !ok {
			got = "no: " + reason
		}
	case "punish":
		got = fmt.Sprint(l.Punish(policy.Peer{}, policy.Fault{Kind: given["kind"], Count: count}))
	case "assign":
		r := policy.Request{Kind: given["kind"], Self: policy.Child{ID: 8000, Kind: "node"}, Capacity: 3}
		for _, text := range strings.FieldsFunc(given["children"], func(c rune) bool { return c == ',' }) {
			id, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			r.Children = append(r.Children, policy.Child{ID: uint32(id), Kind: "node"})
		}
		id, port, err := l.Assign(r)
		got = fmt.Sprint(id, " ", port)
		if err != nil {
			got = "no: " + err.Error()
		}
	}
	if got != wants {
		t.Errorf("%s: %s", fields, got)
	}
}
