package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"unicode/utf8"
)

// fuzzServer is a server that is not listening; calls that wait end at once.
func fuzzServer(f *testing.F) (*Server, *scratch) {
	cfg := DefaultConfig()
	cfg.Listen = []string{"127.0.0.1:0"}
	s, err := New(cfg, Deps{})
	if err != nil {
		f.Fatal(err)
	}
	var methods []Method
	for _, m := range methodsOf(s.deps, testMethods()) {
		if m.Name != "panics" && m.Name != "unwritable" && m.Name != "big" {
			methods = append(methods, m)
		}
	}
	if s.table, err = NewTable(methods); err != nil {
		f.Fatal(err)
	}
	s.calls = newDispatcher(s.table, s.deps.Log)
	close(s.stopping)
	sc := &scratch{reply: newReply()}
	sc.call.table, sc.call.server, sc.call.stopping = s.table, s, s.stopping
	sc.call.user = newCredential("fuzz", "", PermAll)
	return s, sc
}

// checkReply fails unless the reply is well-formed JSON-RPC without a fault of
// ours.
func checkReply(t *testing.T, status int, reply []byte) {
	t.Helper()
	if status == 204 {
		if len(reply) != 0 {
			t.Fatalf("204 with %q", reply)
		}
		return
	}
	if status != 200 && status != 400 && status != 404 && status != 500 {
		t.Fatalf("status %d", status)
	}
	if !json.Valid(reply) || !utf8.Valid(reply) {
		t.Fatalf("no JSON: %q", reply)
	}
	answers := []json.RawMessage{reply}
	if reply[0] == '[' {
		if err := json.Unmarshal(reply, &answers); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range answers {
		if err := checkOneReply(a); err != nil {
			t.Fatalf("%v in %q", err, a)
		}
	}
}

func checkOneReply(a []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(a, &members); err != nil {
		return err
	}
	result, hasResult := members["result"]
	fault, hasError := members["error"]
	_, hasID := members["id"]
	if version, v2 := members["jsonrpc"]; v2 {
		if string(version) != `"2.0"` || hasResult == hasError || !hasID || len(members) != 3 {
			return fmt.Errorf("not version 2")
		}
	} else if !hasResult || !hasError || !hasID || len(members) != 3 {
		return fmt.Errorf("not version 1")
	}
	if !hasError || string(fault) == "null" {
		return nil
	}
	var e struct {
		Code    int
		Message string
	}
	if err := json.Unmarshal(fault, &e); err != nil {
		return err
	}
	if e.Code == 0 || e.Code == int(CodeInternal) || e.Message == "" || hasResult && string(result) != "null" {
		return fmt.Errorf("error %d %q", e.Code, e.Message)
	}
	return nil
}

// FuzzBody: any body gets a well-formed answer, and nothing runs that is not
// JSON.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"getblockcount","params":[]}`, `{"method":"mix","params":{"text":"a","args":[1]},"id":"x"}`,
		`[{"method":"uptime"},1,{"jsonrpc":"2.0","method":"help"}]`, `[]`, `{}`, ``, `"x"`, `{"id":{"a":[1e5,null,true]},"method":"\u0068elp"}`,
		`{"method":"help","method":"stop"}`, `{"params":[[[[]]]],"jsonrpc":"3.0"}`, "\xef\xbb\xbf{}", `{"id":"\ud83d\ude00","method":"nothing"}`,
	} {
		f.Add([]byte(seed))
	}
	s, sc := fuzzServer(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		sc.body = append(sc.body[:0], body...)
		status := s.answer(context.Background(), sc)
		checkReply(t, status, sc.reply.Bytes())
		parseError := bytes.Contains(sc.reply.Bytes(), []byte(`"code":-32700,"message":"Parse error"`)) && status == 500
		if !json.Valid(body) && !parseError {
			t.Fatalf("%q is not JSON, the answer is %d %q", body, status, sc.reply.Bytes())
		}
		for _, c := range sc.call.after {
			c()
		}
		sc.call.after = nil
	})
}

// FuzzParams: any parameters of any method get a well-formed answer that is
// not a fault of ours (failures.md 89).
func FuzzParams(f *testing.F) {
	s, sc := fuzzServer(f)
	for i := range s.table.sorted {
		for _, params := range []string{`[]`, `{}`, `["a",1,true,0.5,1,"00",{}]`, `[null,-1]`, `{"args":[1],"text":"x"}`, `[1e400]`, `[[{}]]`, `{"text":"a","fee_rate":{"x":1}}`} {
			f.Add(uint8(i), params)
		}
	}
	f.Fuzz(func(t *testing.T, method uint8, params string) {
		if !json.Valid([]byte(params)) {
			return
		}
		e := s.table.sorted[int(method)%len(s.table.sorted)]
		sc.body = append(sc.body[:0], fmt.Sprintf(`{"id":1,"method":%q,"params":%s}`, e.Name, params)...)
		status := s.answer(context.Background(), sc)
		checkReply(t, status, sc.reply.Bytes())
		if sc.call.failure == nil && status == 200 {
			var a struct{ Result json.RawMessage }
			if err := json.Unmarshal(sc.reply.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
			if err := e.Result.Check(a.Result); err != nil {
				t.Fatalf("%s %s: %v", e.Name, params, err)
			}
		}
		sc.call.after = nil
	})
}

// FuzzAmount: what is read is written back as the same amount.
func FuzzAmount(f *testing.F) {
	for _, seed := range []string{"0", "1", "0.5", "2e-08", "21000000", "1e-9", "00", "-0.1", "9e18", "0.000000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAmount(text)
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("%q is an amount but no JSON number", text)
		}
		if back, err := ParseAmount(a.String()); err != nil || back != a {
			t.Fatalf("%q is %d, written %s, read %d %v", text, a, a, back, err)
		}
	})
}
