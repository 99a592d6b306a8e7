package policy

import (
	"bytes"
	"strings"
	"testing"
)

const (
	difficultySource = "function target(chain) return chain:target(chain.height) end\n"
	rewardSource     = "function subsidy(block) return 50 * coin end\n"
)

func testManifest(t *testing.T, difficulty, reward []Param) *Manifest {
	t.Helper()
	dp, err := NewParams(difficulty...)
	if err != nil {
		t.Fatal(err)
	}
	rp, err := NewParams(reward...)
	if err != nil {
		t.Fatal(err)
	}
	return &Manifest{
		ABI: ABI1, Budget: DefaultBudget,
		Difficulty: HookSpec{HashScript([]byte(difficultySource)), dp},
		Reward:     HookSpec{HashScript([]byte(rewardSource)), rp},
	}
}

// The ids were computed with Python's hashlib from the JSON as written.
func TestManifestGolden(t *testing.T) {
	const head = `{"abi":1,"budget":200000,"difficulty":{"params":`
	const dscript = `,"script":"b07d9d58702dd4a4aafd712c34530a76960aad91f426b92b3296647a7c3fda1a"},"reward":{"params":`
	const rscript = `,"script":"b667e8237a90bd753a39a3218eb7eb786add95e5df74a2fa65a204deaae4bf6a"}}`
	tests := []struct {
		name     string
		manifest *Manifest
		json, id string
	}{
		{"no parameters", testManifest(t, nil, nil), head + "{}" + dscript + "{}" + rscript,
			"3f1a4e7769c6b23965d08ac7a21c96970a0b76c3a6ed9ec56f6f8d2a3f35c93b"},
		{"all kinds of parameter",
			testManifest(t,
				[]Param{{"window", int64(60)}, {"on", true}, {"label", "é<&>\"\\\n\u2028"}},
				[]Param{{"interval", int64(210000)}, {"b", MaxParamInt}, {"a", -MaxParamInt}}),
			head + `{"label":"é<&>\"\\\n` + "\u2028" + `","on":true,"window":60}` + dscript +
				`{"a":-9007199254740991,"b":9007199254740991,"interval":210000}` + rscript,
			"577a91c7efd627fa03a489041469eea68300b9edb3c1f1a7f9a12a495020b20e"},
	}
	for _, tt := range tests {
		got, err := tt.manifest.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != tt.json {
			t.Errorf("%s: canonical JSON\n%s\nwant\n%s", tt.name, got, tt.json)
		}
		id, err := tt.manifest.ID()
		if err != nil || FormatID(id) != tt.id {
			t.Errorf("%s: id %s (%v), want %s", tt.name, FormatID(id), err, tt.id)
		}
		if back, err := ParseID(tt.id); err != nil || back != id {
			t.Errorf("%s: ParseID: %v", tt.name, err)
		}
		m, err := ParseManifest(got)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		again, err := m.Canonical()
		if err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: parsed and written again: %s (%v)", tt.name, again, err)
		}
		if v := m.Difficulty.Params.Get("window"); tt.name != "no parameters" && v != int64(60) {
			t.Errorf("%s: window is %v", tt.name, v)
		}
	}
}

// The order in which parameters are given does not matter.
func TestManifestOrder(t *testing.T) {
	a := testManifest(t, []Param{{"a", int64(1)}, {"b", "x"}}, nil)
	b := testManifest(t, []Param{{"b", "x"}, {"a", int64(1)}}, nil)
	ida, erra := a.ID()
	idb, errb := b.ID()
	if erra != nil || errb != nil || ida != idb {
		t.Fatalf("%x (%v) and %x (%v)", ida, erra, idb, errb)
	}
	c := testManifest(t, []Param{{"a", int64(2)}, {"b", "x"}}, nil)
	if idc, err := c.ID(); err != nil || idc == ida {
		t.Fatalf("another parameter gives the same id (%v)", err)
	}
}

func TestManifestInvalid(t *testing.T) {
	tests := []struct {
		name, want string
		change     func(*Manifest)
	}{
		{"abi 0", "abi 0", func(m *Manifest) { m.ABI = 0 }},
		{"budget 0", "budget 0", func(m *Manifest) { m.Budget = 0 }},
		{"budget too high", "budget 10000001", func(m *Manifest) { m.Budget = MaxBudget + 1 }},
		{"upper case", "name \"Window\"", func(m *Manifest) { m.Reward.Params = Params{{"Window", true}} }},
		{"digit first", "name \"1a\"", func(m *Manifest) { m.Reward.Params = Params{{"1a", true}} }},
		{"empty name", "name \"\"", func(m *Manifest) { m.Reward.Params = Params{{"", true}} }},
		{"long name", "name", func(m *Manifest) { m.Reward.Params = Params{{strings.Repeat("a", 65), true}} }},
		{"unsorted", "sorted", func(m *Manifest) { m.Reward.Params = Params{{"b", true}, {"a", true}} }},
		{"twice", "once", func(m *Manifest) { m.Reward.Params = Params{{"a", true}, {"a", true}} }},
		{"float", "float64 is not allowed", func(m *Manifest) { m.Difficulty.Params = Params{{"a", 1.5}} }},
		{"array", "is not allowed", func(m *Manifest) { m.Difficulty.Params = Params{{"a", []any{}}} }},
		{"int too big", "2^53", func(m *Manifest) { m.Difficulty.Params = Params{{"a", MaxParamInt + 1}} }},
		{"int too small", "2^53", func(m *Manifest) { m.Difficulty.Params = Params{{"a", -MaxParamInt - 1}} }},
		{"not UTF-8", "UTF-8", func(m *Manifest) { m.Difficulty.Params = Params{{"a", "\xff"}} }},
		{"long text", "513 bytes", func(m *Manifest) { m.Difficulty.Params = Params{{"a", strings.Repeat("a", 513)}} }},
		{"too many", "65 parameters", func(m *Manifest) { m.Difficulty.Params = make(Params, 65) }},
	}
	for _, tt := range tests {
		m := testManifest(t, nil, nil)
		tt.change(m)
		_, err := m.ID()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestParseManifestStrict(t *testing.T) {
	good, err := testManifest(t, []Param{{"a", int64(1)}, {"b", "x"}}, nil).Canonical()
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string {
		s := strings.Replace(string(good), old, new, 1)
		if s == string(good) {
			t.Fatalf("%q is not in %s", old, good)
		}
		return s
	}
	tests := map[string]string{
		"empty":             "",
		"not an object":     "[]",
		"space":             replace(`:1,`, `: 1,`),
		"trailing bytes":    string(good) + "\n",
		"second value":      string(good) + "{}",
		"unknown key":       replace(`"abi"`, `"abj"`),
		"case of a key":     replace(`"abi"`, `"ABI"`),
		"missing key":       replace(`"budget":200000,`, ``),
		"key twice":         replace(`"abi":1,`, `"abi":1,"abi":1,`),
		"other order":       replace(`"abi":1,"budget":200000`, `"budget":200000,"abi":1`),
		"number as text":    replace(`"abi":1`, `"abi":"1"`),
		"exponent":          replace(`200000`, `2e5`),
		"float abi":         replace(`"abi":1`, `"abi":1.0`),
		"float parameter":   replace(`"a":1`, `"a":1.5`),
		"1.0":               replace(`"a":1`, `"a":1.0`),
		"huge parameter":    replace(`"a":1`, `"a":9007199254740993`),
		"null parameter":    replace(`"a":1`, `"a":null`),
		"array parameter":   replace(`"a":1`, `"a":[1]`),
		"object parameter":  replace(`"a":1`, `"a":{}`),
		"unsorted":          replace(`"a":1,"b":"x"`, `"b":"x","a":1`),
		"parameter twice":   replace(`"a":1,"b"`, `"a":1,"a":1,"b"`),
		"params an array":   replace(`{"a":1,"b":"x"}`, `[]`),
		"params null":       replace(`{"a":1,"b":"x"}`, `null`),
		"escaped":           replace(`"x"`, `"\u0078"`),
		"upper case script": replace(`b07d`, `B07D`),
		"short script":      replace(`b07d`, ``),
		"no hex":            replace(`b07d`, `zzzz`),
		"too long":          string(good) + strings.Repeat(" ", MaxManifest),
	}
	for name, in := range tests {
		if m, err := ParseManifest([]byte(in)); err == nil {
			t.Errorf("%s: accepted as %+v", name, m)
		}
	}
	if _, err := ParseManifest(good); err != nil {
		t.Errorf("the canonical form: %v", err)
	}
	// A later interface is read: whether this node has it is asked elsewhere.
	if m, err := ParseManifest([]byte(replace(`"abi":1`, `"abi":2`))); err != nil || m.ABI != 2 {
		t.Errorf("abi 2: %v", err)
	}
}

func TestParseID(t *testing.T) {
	for _, s := range []string{"", "00", strings.Repeat("0", 63), strings.Repeat("0", 66), strings.Repeat("g", 64)} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("%q accepted", s)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"abi":1,"budget":200000,"difficulty":{"params":{"a":1},"script":"b07d9d58702dd4a4aafd712c34530a76960aad91f426b92b3296647a7c3fda1a"},"reward":{"params":{},"script":"b667e8237a90bd753a39a3218eb7eb786add95e5df74a2fa65a204deaae4bf6a"}}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := ParseManifest(raw)
		if err != nil {
			return
		}
		if again, err := m.Canonical(); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%q parsed, but is written as %q (%v)", raw, again, err)
		}
	})
}
