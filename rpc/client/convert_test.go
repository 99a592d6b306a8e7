package client

import (
	"context"
	"encoding/json"
	"testing"

	"orrery/rpc"
)

func table(t *testing.T) *rpc.Table {
	t.Helper()
	handler := func(context.Context, *rpc.Call) (any, error) { return nil, nil }
	table, err := rpc.NewTable([]rpc.Method{
		{Name: "getblock", Handler: handler, Params: []rpc.Param{
			{Name: "blockhash", Type: rpc.HashParam}, {Name: "verbosity|verbose", Type: rpc.VerbosityParam}}},
		{Name: "createwallet", Handler: handler, Params: []rpc.Param{
			{Name: "wallet_name"}, {Name: "blank", Type: rpc.BoolParam}, {Name: "passphrase"}}},
		{Name: "createrawtransaction", Handler: handler, Params: []rpc.Param{
			{Name: "inputs", Type: rpc.ArrayParam}, {Name: "outputs", Type: rpc.ArrayParam}, {Name: "locktime", Type: rpc.IntParam}}},
		{Name: "getblockstats", Handler: handler, Params: []rpc.Param{{Name: "hash_or_height", Type: rpc.HeightOrHash}}},
		{Name: "sendtoaddress", Handler: handler, Params: []rpc.Param{{Name: "address"}, {Name: "amount", Type: rpc.AmountParam}, {Name: "comment"}}},
		{Name: "bumpfee", Handler: handler, Params: []rpc.Param{{Name: "txid", Type: rpc.HashParam},
			{Name: "options", Type: rpc.OptionsParam, Inner: []rpc.Param{{Name: "fee_rate", Type: rpc.AmountParam}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestPositional(t *testing.T) {
	for _, tc := range []struct {
		method string
		words  []string
		want   string // "" for an error
	}{
		{"getblock", nil, `[]`},
		{"getblock", []string{"00ff", "2"}, `["00ff",2]`},
		{"getblock", []string{"00ff", "true"}, `["00ff",true]`},
		{"getblock", []string{"5", "null"}, `["5",null]`},
		{"getblock", []string{"00ff", "two"}, ``},
		{"getblock", []string{"a", "1", "extra", "7"}, `["a",1,"extra","7"]`},
		{"createrawtransaction", []string{`[{"txid":"a","vout":0}]`, `[{"m":0.5}]`}, `[[{"txid":"a","vout":0}],[{"m":0.5}]]`},
		{"createrawtransaction", []string{`[`}, ``},
		{"createrawtransaction", []string{``}, ``},
		{"sendtoaddress", []string{"mfoo", "1.50", `say "hi"`}, `["mfoo",1.50,"say \"hi\""]`},
		{"getblockstats", []string{"1000"}, `[1000]`},
		{"getblockstats", []string{"00ff"}, `["00ff"]`},
		{"unknown", []string{"1", "true"}, `["1","true"]`},
		{"createwallet", []string{""}, `[""]`},
	} {
		got, err := Positional(table(t), tc.method, tc.words)
		checkJSON(t, tc.words, got, err, tc.want)
	}
}

func TestNamed(t *testing.T) {
	for _, tc := range []struct {
		method string
		words  []string
		want   string // "" for an error
	}{
		{"getblock", []string{"blockhash=00ff", "verbosity=2"}, `{"blockhash":"00ff","verbosity":2}`},
		{"getblock", []string{"00ff", "verbose=true"}, `{"args":["00ff"],"verbose":true}`},
		{"getblock", []string{"nix=1"}, `{"nix":"1"}`},
		{"getblock", []string{"verbosity=x"}, ``},
		{"getblock", []string{"verbosity=1", "verbosity=2"}, `{"verbosity":2}`},
		{"createwallet", []string{"my=wallet"}, `{"args":["my=wallet"]}`},
		{"createwallet", []string{"w", "blank=true", "passphrase=a=b"}, `{"args":["w"],"blank":true,"passphrase":"a=b"}`},
		{"createrawtransaction", []string{`["with","="]`, `outputs=[]`}, `{"args":[["with","="]],"outputs":[]}`},
		{"createrawtransaction", []string{`x=[]`}, `{"x":"[]"}`},
		{"bumpfee", []string{"txid=ab", "fee_rate=2.5"}, `{"fee_rate":2.5,"txid":"ab"}`},
		{"bumpfee", []string{"txid=", "args=5"}, `{"args":"5","txid":""}`},
		{"createwallet", []string{"a", "args=[]"}, ``},
		{"unknown", []string{"a", "b=1"}, `{"args":["a"],"b":"1"}`},
	} {
		got, err := Named(table(t), tc.method, tc.words)
		checkJSON(t, tc.words, got, err, tc.want)
	}
}

func checkJSON(t *testing.T, words []string, got any, err error, want string) {
	t.Helper()
	if err != nil {
		if want != "" {
			t.Errorf("%q: %v", words, err)
		}
		return
	}
	b, err := json.Marshal(got)
	if err != nil || string(b) != want {
		t.Errorf("%q: %s %v, want %s", words, b, err, want)
	}
}

func TestFormat(t *testing.T) {
	for result, want := range map[string]string{
		`null`: "", `"a\nb"`: "a\nb", `7`: "7", `0.50000000`: "0.50000000", `{"a":[1,{}],"b":null}`: "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": null\n}", `[]`: "[]",
	} {
		if got := Format(json.RawMessage(result)); got != want {
			t.Errorf("%s: %q", result, got)
		}
	}
}
