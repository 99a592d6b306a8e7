package rpc

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/rpc.md")

func realTable(tb testing.TB) *Table {
	tb.Helper()
	table, err := NewTable(Methods(Deps{}.withDefaults()))
	if err != nil {
		tb.Fatal(err)
	}
	return table
}

// TestTableComplete: every method tells all that people and tools need.
func TestTableComplete(t *testing.T) {
	for _, m := range realTable(t).Methods() {
		t.Run(m.Name, func(t *testing.T) {
			if m.Category == "" || m.Category != strings.ToLower(m.Category) {
				t.Errorf("category %q", m.Category)
			}
			if m.Summary() == "" || !strings.HasSuffix(m.Summary(), ".") {
				t.Errorf("the first line of the documentation is no sentence: %q", m.Summary())
			}
			if m.Permission == 0 || m.Permission&(m.Permission-1) != 0 {
				t.Errorf("permission %q, want exactly one", m.Permission)
			}
			for i := range m.Params {
				checkParam(t, &m.Params[i])
			}
			checkSchema(t, &m.Result, "result")
			checkExample(t, m)
		})
	}
}

func checkParam(t *testing.T, p *Param) {
	t.Helper()
	if p.Doc == "" {
		t.Errorf("parameter %s has no documentation", p.Name)
	}
	if (p.Type == ArrayParam || p.Type == ObjectParam || p.Type == OptionsParam) && len(p.Inner) == 0 {
		t.Errorf("parameter %s does not say what it holds", p.Name)
	}
	for i := range p.Inner {
		checkParam(t, &p.Inner[i])
	}
}

// checkSchema allows no doc for what is named by its surroundings only.
func checkSchema(t *testing.T, s *Schema, at string) {
	t.Helper()
	if s.Doc == "" && s.Name != "" {
		t.Errorf("%s.%s has no documentation", at, s.Name)
	}
	if s.Kind == KindAnything && s.Doc == "" {
		t.Errorf("%s has no schema", at)
	}
	if (s.Kind == KindList || s.Kind == KindDictionary) && len(s.Inner) != 1 {
		t.Errorf("%s.%s has %d inner schemas, want 1", at, s.Name, len(s.Inner))
	}
	seen := map[string]bool{}
	for i := range s.Inner {
		in := &s.Inner[i]
		if s.Kind == KindRecord && (in.Name == "" || seen[in.Name]) {
			t.Errorf("%s has a member without name or twice: %q", at, in.Name)
		}
		seen[in.Name] = true
		checkSchema(t, in, at+"."+s.Name)
	}
}

// checkExample binds the example, by position and by name.
func checkExample(t *testing.T, m *Method) {
	t.Helper()
	example := m.Example
	if example == "" {
		example = "[]"
	}
	e, err := newEntry(*m)
	if err != nil {
		t.Fatal(err)
	}
	c := Call{entry: e}
	if !c.parseRequest(Value(`{"method":"x","params":`+example+`}`)) || c.fault != nil || c.params.Kind() != KindArray {
		t.Fatalf("the example %s is no array of parameters", example)
	}
	named := ordered{}
	for i, item := range c.items {
		if i < len(m.Params) {
			named = append(named, pair{m.Params[i].First(), json.RawMessage(item)})
		}
	}
	if err := c.bind(); err != nil {
		t.Errorf("the example %s: %v", example, err)
	}
	byName, err := named.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	c = Call{entry: e}
	c.parseRequest(Value(`{"method":"x","params":` + string(byName) + `}`))
	if err := c.bind(); err != nil {
		t.Errorf("the example by name, %s: %v", byName, err)
	}
}

func TestHelp(t *testing.T) {
	table, err := NewTable([]Method{
		{Name: "zeta", Category: "blockchain", Doc: "Last.", Result: Null("", ""), Handler: help},
		{
			Name: "getthing", Category: "blockchain", Doc: "Get a thing.\nMore about it.\n", Handler: help,
			Params: []Param{
				{Name: "blockhash", Type: HashParam, Required: true, Doc: "The block hash"},
				{Name: "verbosity|verbose", Type: VerbosityParam, Default: 1, Doc: "0 for hex,\n1 for an object"},
				{Name: "label", Type: StringParam, Default: "", Doc: "A label"},
				{Name: "inputs", Type: ArrayParam, Doc: "The inputs", Inner: []Param{{Name: "", Type: ObjectParam, Doc: "An input", Inner: []Param{{Name: "txid", Type: HashParam, Required: true, Doc: "id"}, {Name: "vout", Type: IntParam, Doc: "n"}}}}},
				{Name: "outputs", Type: ObjectParam, UserKeys: true, Doc: "The outputs", Inner: []Param{{Name: "address", Type: AmountParam, Doc: "how much"}}},
				{Name: "secret", Type: IntParam, Hidden: true, Doc: "hidden"},
			},
			Result: OneOf("", "", Hex("", "The bytes").When("for verbosity = 0"),
				Record("", "", Hash("hash", "its hash"), Integer("height", "its height").Opt(), List("tx", "ids", Hash("", "an id")),
					Dictionary("fees", "by txid", Coins("txid", "fee")), Text("note", "a word").OrNull()).When("for verbosity = 1")),
			Example: `["00ff", 1, "it's"]`,
		},
		{Name: "hid", Category: "hidden", Hidden: true, Doc: "x", Handler: help},
		{Name: "abc", Category: "wallet", Doc: "x", Params: []Param{{Name: "a", Type: IntParam, Doc: "x"}, {Name: "b", Type: IntParam, Required: true, Doc: "x"}}, Handler: help},
	})
	if err != nil {
		t.Fatal(err)
	}
	const list = `== Blockchain ==
getthing "blockhash" ( verbosity "label" [{"txid":"hex","vout":n},...] {"address":amount,...} )
zeta

== Wallet ==
abc ( a ) b`
	if got := table.Help(""); got != list {
		t.Errorf("list:\n%s", got)
	}
	if got := table.Help("nix"); got != "help: unknown command: nix" {
		t.Errorf("unknown: %q", got)
	}
	const text = `getthing "blockhash" ( verbosity "label" [{"txid":"hex","vout":n},...] {"address":amount,...} )

Get a thing.
More about it.

Arguments:
1. blockhash                 (string, required) The block hash
2. verbosity                 (numeric or boolean, optional, default=1) 0 for hex,
                             1 for an object
3. label                     (string, optional, default="") A label
4. inputs                    (json array, optional) The inputs
     [
       {                     (json object, optional) An input
         "txid": "hex",      (string, required) id
         "vout": n,          (numeric, optional) n
       },
       ...
     ]
5. outputs                   (json object, optional) The outputs
     {
       "address": amount,    (numeric or string, optional) how much
       ...
     }

Result (for verbosity = 0):
"hex"    (string) The bytes

Result (for verbosity = 1):
{                    (json object)
  "hash" : "hex",    (string) its hash
  "height" : n,      (numeric, optional) its height
  "tx" : [           (json array) ids
    "hex",           (string) an id
    ...
  ],
  "fees" : {         (json object) by txid
    "txid" : n,      (numeric) fee
    ...
  },
  "note" : "str"     (string or null) a word
}

Examples:
> orrery cli getthing 00ff 1 "it's"
> curl --user "$(cat data/.cookie)" --data-binary '{"jsonrpc": "2.0", "id": "curltest", "method": "getthing", "params": ["00ff", 1, "it'\''s"]}' http://127.0.0.1:18443/
`
	if got := table.Help("getthing"); got != text {
		t.Errorf("text:\n%s", got)
	}
}

// TestTableMistakes: a mistake in a table is found when it is made ready.
func TestTableMistakes(t *testing.T) {
	one := func(p ...Param) []Method { return []Method{{Name: "m", Handler: help, Params: p}} }
	for name, methods := range map[string][]Method{
		"no name":             {{Handler: help}},
		"no handler":          {{Name: "m"}},
		"twice":               append(one(), one()...),
		"parameter no name":   one(Param{}),
		"parameter twice":     one(Param{Name: "a"}, Param{Name: "b|a"}),
		"default of int":      one(Param{Name: "a", Type: IntParam, Default: "1"}),
		"default of string":   one(Param{Name: "a", Default: 1}),
		"default of bool":     one(Param{Name: "a", Type: BoolParam, Default: 1}),
		"default of amount":   one(Param{Name: "a", Type: AmountParam, Default: 0.5}),
		"required by default": one(Param{Name: "a", Required: true, Default: "x"}),
	} {
		if _, err := NewTable(methods); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestDocs: docs/rpc.md is what the table says. Run it with -update after a
// change of the table.
func TestDocs(t *testing.T) {
	var want bytes.Buffer
	if err := realTable(t).WriteDocs(&want); err != nil {
		t.Fatal(err)
	}
	const path = "../docs/rpc.md"
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want.Bytes()) {
		t.Errorf("%s is not what the method table says: run go test ./rpc -run TestDocs -update", path)
	}
}

// TestControl calls the methods of control.go and checks the answers against
// their schemas.
func TestControl(t *testing.T) {
	s := startServer(t, nil)
	for _, body := range []string{"uptime", "getrpcinfo", "help", "rpc.discover"} {
		a := s.post(t, `{"method":"`+body+`"}`)
		s.checkAnswer(t, body, a.body)
	}
	a := s.post(t, `{"method":"help","params":["uptime"]}`)
	s.checkAnswer(t, "help", a.body)
	if !strings.Contains(a.body, `uptime\n\nReturns the total uptime of the server.\n\nResult:\nn    (numeric)`) {
		t.Errorf("help uptime: %s", a.body)
	}
	if a := s.post(t, `{"method":"help","params":["nix"],"id":1}`); a.body != `{"result":"help: unknown command: nix","error":null,"id":1}` {
		t.Errorf("help nix: %s", a.body)
	}
}

// checkAnswer checks the result in an answer against the method's schema.
func (t *testServer) checkAnswer(tb testing.TB, method, body string) {
	tb.Helper()
	var a struct {
		Result json.RawMessage
		Error  json.RawMessage
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil || string(a.Error) != "null" && a.Error != nil {
		tb.Fatalf("%s: %v in %s", method, err, body)
	}
	if err := t.table.byName[method].Result.Check(a.Result); err != nil {
		tb.Errorf("%s: %v", method, err)
	}
}

func TestOpenRPC(t *testing.T) {
	table, err := NewTable(methodsOf(Deps{}.withDefaults(), testMethods()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := marshalPlain(table.OpenRPC("1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenRPC string
		Info    struct{ Title, Version string }
		Methods []struct {
			Name, Summary, ParamStructure string
			Params                        []struct {
				Name     string
				Required bool
				Schema   map[string]any
			}
			Result struct {
				Name   string
				Schema map[string]any
			}
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenRPC, "1.") || doc.Info.Title == "" || doc.Info.Version != "1.2.3" || len(doc.Methods) != len(table.sorted) {
		t.Errorf("document: %s", b)
	}
	for _, m := range doc.Methods {
		if m.Name == "" || m.Summary == "" || m.Params == nil || m.Result.Name == "" || m.Result.Schema == nil {
			t.Errorf("method: %+v", m)
		}
	}
	for want, schema := range map[string]Schema{
		`{"type":"string","pattern":"^[0-9a-f]{64}$","description":"d"}`: Hash("", "d"),
		`{"type":"object","properties":{"a":{"type":"integer","description":"x"},"b":{"anyOf":[{"type":"boolean","description":"y"},{"type":"null"}]}},"required":["a"],"additionalProperties":false}`: Record("", "", Integer("a", "x"), Boolean("b", "y").Opt().OrNull()),
		`{"type":"object","additionalProperties":{"type":"array","items":{"type":"number"}}}`:                                                                                                          Dictionary("", "", List("", "", Float("", ""))),
		`{"anyOf":[{"type":"null"},{"type":"string","description":"if b t"}]}`:                                                                                                                         OneOf("", "", Null("", ""), Text("", "t").When("if b")),
	} {
		got, err := marshalPlain(schema.jsonSchema())
		if err != nil || string(got) != want {
			t.Errorf("got  %s %v\nwant %s", got, err, want)
		}
	}
}

func TestSchemaCheck(t *testing.T) {
	record := Record("", "", Integer("a", ""), Coins("b", "").Opt(), Text("c", "").OrNull())
	hash := strings.Repeat("0a", 32)
	for _, tc := range []struct {
		schema Schema
		answer string
		want   string // part of the error, "" for none
	}{
		{record, `{"a":1,"b":0.50000000,"c":"x"}`, ""},
		{record, `{"a":1,"c":null}`, ""},
		{record, `{"a":1}`, `lacks the member "c"`},
		{record, `{"a":1,"c":"x","d":1}`, `unknown member "d"`},
		{record, `{"a":1,"c":"x","a":1}`, `"a" twice`},
		{record, `{"a":1.5,"c":"x"}`, "result.a is 1.5"},
		{record, `{"a":1e3,"c":"x"}`, "result.a is 1e3"},
		{record, `{"a":null,"c":"x"}`, "result.a is null"},
		{record, `{"a":1,"b":0.5,"c":"x"}`, "result.b is 0.5"},
		{record, `{"a":1,"b":1,"c":"x"}`, "result.b is 1"},
		{record, `{"a":1,"b":5.00000000e1,"c":"x"}`, "result.b"},
		{record, `[]`, "is not of expected type object"},
		{record, `{`, "not JSON"},
		{record, `{"a":1,"c":"x"} `, "not JSON"},
		{Hash("", ""), `"` + hash + `"`, ""},
		{Hash("", ""), `"` + strings.ToUpper(hash) + `"`, "is not string"},
		{Hash("", ""), `"0a"`, "is not string"},
		{Hex("", ""), `""`, ""},
		{Hex("", ""), `"0"`, "is not string"},
		{List("", "", Integer("", "")), `[]`, ""},
		{List("", "", Integer("", "")), `null`, "expected type array"},
		{List("", "", Integer("", "")), `[1,"2"]`, "result[1]"},
		{Dictionary("", "", Boolean("", "")), `{"x":true,"y":false}`, ""},
		{Dictionary("", "", Boolean("", "")), `{"x":true,"y":0}`, "result.y"},
		{OneOf("", "", Null("", ""), Text("", "")), `null`, ""},
		{OneOf("", "", Null("", ""), Text("", "")), `1`, "fits none"},
		{Timestamp("", ""), `1700000000`, ""},
		{Float("", ""), `4.6e-10`, ""},
		{Float("", ""), `"4"`, "is not numeric"},
		{Anything("", ""), `[{}]`, ""},
	} {
		err := tc.schema.Check([]byte(tc.answer))
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", tc.answer, err, tc.want)
		}
	}
}

func TestConversions(t *testing.T) {
	table, err := NewTable(testMethods())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Conversion{"text": ConvertString, "number": ConvertJSON, "verbose": ConvertJSON, "fee_rate": ConvertJSON, "object": ConvertJSON, "hash": ConvertDigits} {
		if got, ok := table.Named("mix", name); !ok || got != want {
			t.Errorf("%s: %v %v", name, got, ok)
		}
	}
	if _, ok := table.Named("mix", "nix"); ok {
		t.Error("nix is known")
	}
	if got, ok := table.Positional("mix", 1); !ok || got != ConvertJSON {
		t.Errorf("position 1: %v %v", got, ok)
	}
	for _, position := range []int{-1, 7} {
		if _, ok := table.Positional("mix", position); ok {
			t.Errorf("position %d is known", position)
		}
	}
	if _, ok := table.Positional("nix", 0); ok {
		t.Error("nix is known")
	}
}

// TestHashNames: a hash that is none is called what Core calls it, which is not
// always the parameter's name (ParseHashV in Core's src/rpc and src/wallet/rpc).
func TestHashNames(t *testing.T) {
	other := map[string]string{"getblockheader 1": "hash", "getrawtransaction 1": "parameter 1", "getrawtransaction 3": "parameter 3", "waitfornewblock 2": "current_tip"}
	seen := 0
	for _, m := range realTable(t).Methods() {
		for i := range m.Params {
			p := &m.Params[i]
			at := fmt.Sprintf("%s %d", m.Name, i+1)
			want, ok := other[at]
			if ok {
				seen++
			} else if want = "blockhash"; p.First() == "txid" {
				want = "txid"
			}
			if p.Type == HashParam && p.called() != want {
				t.Errorf("%s is called %q, not %q", at, p.called(), want)
			}
		}
	}
	if seen != len(other) {
		t.Errorf("%d of %d parameters are there", seen, len(other))
	}
}
