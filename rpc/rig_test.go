package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/policy"
	"orrery/rpc/rpctest"
)

// rig is a node whose methods are called without HTTP between. Every answer
// is checked against its method's schema.
type rig struct {
	testing.TB
	node   *rpctest.Node
	server *Server
	deps   Deps
	table  *Table
	nodes  *nodeMethods
	stop   chan struct{}
}

// methods are what the table's node methods remember.
func (r *rig) methods() *nodeMethods { return r.nodes }

func newRig(tb testing.TB, maturity int32, change ...func(*Deps)) *rig {
	tb.Helper()
	r := &rig{TB: tb, node: rpctest.New(tb, maturity), stop: make(chan struct{})}
	cfg := DefaultConfig()
	cfg.Listen = []string{"127.0.0.1:0"}
	deps := Deps{Node: r.node, Version: "1.2.3"}
	for _, f := range change {
		f(&deps)
	}
	s, err := New(cfg, deps)
	if err != nil {
		tb.Fatal(err)
	}
	r.server, r.deps, r.nodes = s, s.deps, newNodeMethods(s.deps)
	if r.table, err = NewTable(methodsOn(r.deps, r.nodes)); err != nil {
		tb.Fatal(err)
	}
	s.table = r.table
	return r
}

// try makes one call and returns the answer's result, or its error.
func (r *rig) try(method, params string) (json.RawMessage, *Error) {
	r.Helper()
	return r.tryContext(context.Background(), method, params)
}

func (r *rig) tryContext(ctx context.Context, method, params string) (json.RawMessage, *Error) {
	r.Helper()
	e := r.table.byName[method]
	if e == nil {
		r.Fatalf("no method %s", method)
	}
	c := Call{table: r.table, server: r.server, stopping: r.stop, entry: e, user: newCredential("rig", "", PermAll)}
	if !c.parseRequest(Value(fmt.Sprintf(`{"method":%q,"params":%s}`, method, params))) || c.fault != nil {
		r.Fatalf("%s %s: not a request: %v", method, params, c.fault)
	}
	c.entry = e
	if err := c.bind(); err != nil {
		return nil, err
	}
	result, err := e.Handler(ctx, &c)
	if err != nil {
		return nil, asError(err)
	}
	reply := newReply()
	if err := reply.value(result); err != nil {
		r.Fatalf("%s %s: %v", method, params, err)
	}
	b := bytes.Clone(reply.Bytes())
	if err := e.Result.Check(b); err != nil {
		r.Errorf("%s %s: %v\n%s", method, params, err, shorten(string(b)))
	}
	return b, nil
}

// call makes a call that must work. params are joined to an array; strings
// that are not JSON yet get quotes by %q.
func (r *rig) call(method string, params ...any) json.RawMessage {
	r.Helper()
	b, err := r.try(method, jsonParams(r, params))
	if err != nil {
		r.Fatalf("%s %s: %d %s", method, shorten(jsonParams(r, params)), err.Code, err.Message)
	}
	return b
}

// into makes a call that must work and reads its answer.
func (r *rig) into(dst any, method string, params ...any) {
	r.Helper()
	b := r.call(method, params...)
	if err := json.Unmarshal(b, dst); err != nil {
		r.Fatalf("%s: %v in %s", method, err, shorten(string(b)))
	}
}

// text makes a call whose answer is a string.
func (r *rig) text(method string, params ...any) (s string) {
	r.Helper()
	r.into(&s, method, params...)
	return s
}

// number makes a call whose answer is a number.
func (r *rig) number(method string, params ...any) (n float64) {
	r.Helper()
	r.into(&n, method, params...)
	return n
}

// object makes a call whose answer is an object.
func (r *rig) object(method string, params ...any) (o map[string]any) {
	r.Helper()
	r.into(&o, method, params...)
	return o
}

// fails makes a call that must fail; text "" stands for any.
func (r *rig) fails(code Code, text, method string, params ...any) {
	r.Helper()
	b, err := r.try(method, jsonParams(r, params))
	switch {
	case err == nil:
		r.Errorf("%s %s: %s, want error %d", method, shorten(jsonParams(r, params)), shorten(string(b)), code)
	case err.Code != code || text != "" && err.Message != text:
		r.Errorf("%s %s: %d %q, want %d %q", method, shorten(jsonParams(r, params)), err.Code, err.Message, code, text)
	}
}

func jsonParams(tb testing.TB, params []any) string {
	tb.Helper()
	if params == nil {
		params = []any{}
	}
	b, err := json.Marshal(params)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// mine adds blocks to the node's chain.
func (r *rig) mine(blocks ...*chaintest.Block) {
	r.Helper()
	for _, b := range blocks {
		if got := string(r.call("submitblock", fmt.Sprintf("%x", b.Bytes()))); got != "null" {
			r.Fatalf("submitblock %s: %s", b.Name, got)
		}
	}
}

// same fails unless an answer is this JSON.
func (r *rig) same(got json.RawMessage, want string) {
	r.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(want)); err != nil {
		r.Fatal(err)
	}
	if string(got) != b.String() {
		r.Errorf("got  %s\nwant %s", got, b.String())
	}
}

func scriptError() error {
	return &policy.ScriptError{Hook: policy.Difficulty, File: "scripts/difficulty.lua", Line: 7, Reason: policy.ReasonError, Msg: "boom"}
}

// run calls a method as the server does and writes its result, unchecked.
func (r *rig) run(reply *reply, method, params string) {
	e := r.table.byName[method]
	c := Call{table: r.table, server: r.server, stopping: r.stop, entry: e}
	if !c.parseRequest(Value(`{"method":"` + method + `","params":` + params + `}`)) {
		r.Fatal("not a request")
	}
	c.entry = e
	if err := c.bind(); err != nil {
		r.Fatal(err)
	}
	result, err := e.Handler(context.Background(), &c)
	if err != nil {
		r.Fatal(err)
	}
	reply.Reset()
	if err := reply.value(result); err != nil {
		r.Fatal(err)
	}
}
