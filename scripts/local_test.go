package scripts_test

import (
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
