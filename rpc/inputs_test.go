package rpc

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"orrery/rpc/rpctest"
)

// TestExamples calls every method with its example, by position and by name.
// It may fail for what the chain does not have, never for its form.
func TestExamples(t *testing.T) {
	r := newMoney(t, 1)
	for _, m := range methodsOn(r.deps, r.nodes) {
		if m.Category == "control" && m.Name != "setmocktime" {
			continue
		}
		example := m.Example
		if example == "" {
			example = "[]"
		}
		named := ordered{}
		items, err := Value(example).Items()
		if err != nil {
			t.Fatal(err)
		}
		for i, item := range items {
			named = append(named, pair{m.Params[i].First(), json.RawMessage(item)})
		}
		byName, _ := named.MarshalJSON()
		for _, params := range []string{example, string(byName)} {
			want := exampleFaults[m.Name]
			if m.Wallet || m.Category == "wallet" {
				want = CodeMethodNotFound // this node has no wallets
			}
			if _, err := r.try(m.Name, params); err != nil && want != err.Code {
				t.Errorf("%s %s: %d %s", m.Name, params, err.Code, err.Message)
			}
		}
	}
}

// exampleFaults are the examples that ask for what is not in the test's chain.
var exampleFaults = map[string]Code{
	"invalidateblock": CodeParameter, // genesis
	"getchaintxstats": CodeParameter, // a chain of more blocks
	"getmempoolentry": CodeAddress, "getmempoolancestors": CodeAddress, "getmempooldescendants": CodeAddress, "getrawtransaction": CodeAddress, "sendrawtransaction": CodeVerify,
	"submitblock": CodeDeserialization, "setgenerate": CodeMisc,
	"addnode": CodeNoNetwork, "disconnectnode": CodeNoNetwork, "getaddednodeinfo": CodeNoNetwork, "setban": CodeNoNetwork, "clearbanned": CodeNoNetwork, "setnetworkactive": CodeNoNetwork, "ping": CodeNoNetwork,
	"getaddressbalance": CodeMisc, "getaddressutxos": CodeMisc, "getaddresshistory": CodeMisc,
	"getdirectory": CodeMisc, "resolvename": CodeMisc,
}

// TestWrongInputs: every parameter of every method with a wrong JSON type is
// -3, too few and too many are -1 with the help, unknown names are -8.
func TestWrongInputs(t *testing.T) {
	r := newRig(t, 100)
	for _, m := range methodsOn(r.deps, r.nodes) {
		if m.Category == "control" && m.Name != "setmocktime" {
			continue
		}
		good := []string{}
		items, _ := Value(m.Example).Items()
		for _, item := range items {
			good = append(good, string(item))
		}
		many := "[" + strings.Repeat("null,", len(m.Params)) + "null]"
		if _, err := r.try(m.Name, many); err == nil || err.Code != CodeMisc || err.Message != m.Help() {
			t.Errorf("%s %s: %v", m.Name, many, err)
		}
		if _, err := r.try(m.Name, `{"nosuchname":1}`); err == nil || err.Code != CodeParameter || err.Message != "Unknown named parameter nosuchname" {
			t.Errorf("%s by an unknown name: %v", m.Name, err)
		}
		for i := range m.Params {
			p := &m.Params[i]
			if p.Required {
				few := "[" + strings.Join(good[:i], ",") + "]"
				if _, err := r.try(m.Name, few); err == nil || err.Code != CodeMisc || err.Message != m.Help() {
					t.Errorf("%s %s: %v", m.Name, few, err)
				}
			}
			want := paramTypes[p.Type].kind
			for kind, wrong := range map[Kind]string{KindNumber: "1", KindString: `"x"`, KindBool: "true", KindArray: "[]", KindObject: "{}"} {
				if want == "" || kind == want {
					continue
				}
				params := append([]string{}, good...)
				for len(params) <= i {
					params = append(params, "null")
				}
				params[i] = wrong
				text := "[" + strings.Join(params, ",") + "]"
				if _, err := r.try(m.Name, text); err == nil || err.Code != CodeType {
					t.Errorf("%s %s: %v, want -3", m.Name, text, err)
				}
			}
		}
	}
}

// soup is what random parameters are made from.
func soup(r *money) []string {
	block := r.tip.Hash().String()
	return []string{
		"null", "true", "false", "0", "1", "-1", "2", "3", "100", "4294967295", "4294967296", "1e3", "1.5", "-9223372036854775808", "9223372036854775807", "1e400",
		`""`, `"x"`, `"00"`, `"é"`, `"` + exampleTxid + `"`, `"` + block + `"`, `"` + exampleTx + `"`, `"` + exampleAddress + `"`, `"51"`, `"6a"`, `"4e"`,
		`"` + strings.Repeat("ff", 100) + `"`, `"` + rpctest.Hex(r.pay(r.outs[0], 1000)) + `"`, `"` + fmt.Sprintf("%x", r.tip.Bytes()) + `"`, `"muhash"`, `"addr(x)"`, `"ALL"`,
		"[]", "[1]", `["x"]`, `["00"]`, `[[]]`, `[{}]`, `["` + exampleTx + `"]`, `["` + exampleTx + `","` + exampleTx + `"]`,
		`[{"txid":"` + exampleTxid + `","vout":0}]`, `[{"txid":"` + exampleTxid + `","vout":0,"scriptPubKey":"51"}]`, `[{"data":"00"}]`,
		"{}", `{"a":1}`, `{"data":"00"}`, `{"` + exampleAddress + `":0.1}`, `{"rules":["segwit"]}`, `{"rules":[1]}`, `{"rules":["segwit"],"longpollid":"` + block + `"}`,
		`{"mode":"proposal","data":"` + fmt.Sprintf("%x", r.tip.Bytes()) + `"}`, `{"mode":"proposal","data":"00"}`, `{"mode":[]}`,
	}
}

// TestRandomInputs is failures.md 89: every method with random parameters
// answers as its schema says or with a code of its own, never with -32603 and
// never with a panic.
func TestRandomInputs(t *testing.T) {
	rounds := 150
	if testing.Short() {
		rounds = 20
	}
	rng := rand.New(rand.NewPCG(7, 9))
	r := newMoney(t, 3)
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // so that nothing waits
	words := soup(r)
	list := methodsOn(r.deps, r.nodes)
	for range rounds {
		for _, m := range list {
			if m.Name == "stop" {
				continue
			}
			r.random(ctx, rng, &m, words)
		}
	}
}

// random makes one call, half of them near the example.
func (r *money) random(ctx context.Context, rng *rand.Rand, m *Method, words []string) {
	var params []string
	items, _ := Value(m.Example).Items()
	for i := range m.Params {
		if rng.IntN(2) == 0 && i < len(items) {
			params = append(params, string(items[i]))
			continue
		}
		if rng.IntN(4) == 0 && i >= len(items) {
			break
		}
		params = append(params, words[rng.IntN(len(words))])
	}
	if m.Name == "generatetoaddress" && len(params) > 0 {
		params[0] = "1"
	}
	text := "[" + strings.Join(params, ",") + "]"
	defer func() {
		if p := recover(); p != nil {
			r.Fatalf("%s %s: panic %v", m.Name, text, p)
		}
	}()
	if _, err := r.tryContext(ctx, m.Name, text); err != nil && (err.Code == CodeInternal || err.Message == "") {
		r.Fatalf("%s %s: %d %q", m.Name, text, err.Code, err.Message)
	}
}

// FuzzMethodParams is TestRandomInputs for one method and any bytes.
func FuzzMethodParams(f *testing.F) {
	r := newMoney(f, 3)
	list := methodsOn(r.deps, r.nodes)
	for i, m := range list {
		f.Add(uint8(i), m.Example)
	}
	for i, w := range soup(r) {
		f.Add(uint8(i), "["+w+"]")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	f.Fuzz(func(t *testing.T, method uint8, params string) {
		m := list[int(method)%len(list)]
		b := []byte(params)
		if end, ok := scanValue(b, 0, 0); m.Name == "stop" || !ok || end != len(b) || (Value(b).Kind() != KindArray && Value(b).Kind() != KindObject) {
			return
		}
		if strings.HasPrefix(m.Name, "generate") && strings.ContainsAny(params, "23456789") {
			return // it would only take long
		}
		r := *r.rig
		r.TB = t
		if _, err := r.tryContext(ctx, m.Name, params); err != nil && (err.Code == CodeInternal || err.Message == "") {
			t.Fatalf("%s %s: %d %q", m.Name, params, err.Code, err.Message)
		}
	})
}

// TestIntegerRanges: a number that does not fit into Core's type is -1, one
// that fits and is no good gets the method's own answer.
func TestIntegerRanges(t *testing.T) {
	r := newMoney(t, 1)
	const is31, is32 = int64(1) << 31, int64(1) << 32
	for _, c := range []struct {
		method string
		params []any
	}{
		{"getblockhash", []any{is31}}, {"getblockhash", []any{-is31 - 1}},
		{"getblock", []any{regtestGenesis, is31}}, {"getrawtransaction", []any{exampleTxid, is31}},
		{"gettxout", []any{exampleTxid, is32}}, {"gettxout", []any{exampleTxid, -1}},
		{"getnetworkhashps", []any{is31}}, {"getnetworkhashps", []any{1, is31}}, {"getchaintxstats", []any{is31}},
		{"estimatesmartfee", []any{is31}}, {"waitforblockheight", []any{is31, 1}}, {"waitforblockheight", []any{1, is31}},
		{"createrawtransaction", []any{[]any{}, []any{}, 0, true, -1}}, {"createrawtransaction", []any{[]any{}, []any{}, 0, true, is32}},
		{"generatetoaddress", []any{is31, exampleAddress}}, {"generatetoaddress", []any{1, exampleAddress, -1}},
	} {
		r.fails(CodeMisc, "JSON integer out of range", c.method, c.params...)
	}
	r.fails(CodeParameter, "Block height out of range", "getblockhash", is31-1)
	r.fails(CodeParameter, "Block height out of range", "getblockhash", -is31)
	r.fails(CodeParameter, "Invalid parameter, version out of range(1~3)", "createrawtransaction", []any{}, []any{}, 0, true, is32-1)
	r.same(r.call("gettxout", exampleTxid, is32-1), "null")
}
