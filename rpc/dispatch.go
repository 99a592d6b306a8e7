package rpc

import (
	"context"
	"io"
	"log/slog"
	"runtime/debug"

	jsonrpc "github.com/filecoin-project/go-jsonrpc"
	logging "github.com/ipfs/go-log/v2"
)

// dispatcher runs calls through go-jsonrpc, which knows each method of the
// table by its name.
//
// Parameters, results and errors travel beside it, in the Call: go-jsonrpc
// reads a request twice more and writes a result twice, which for a block of
// some megabytes is most of the time spent, and it writes version 2.0 only. So
// it gets a request without parameters and without id, which it runs without
// writing an answer.
type dispatcher struct {
	server *jsonrpc.RPCServer
}

// receiver is what go-jsonrpc holds for a method.
type receiver struct {
	handler Handler
	log     *slog.Logger
}

func newDispatcher(t *Table, log *slog.Logger) *dispatcher {
	// go-jsonrpc reports every mistake of a client as an error of its own; the
	// client hears of it anyway.
	_ = logging.SetLogLevel("rpc", "fatal") // the logger exists: go-jsonrpc made it
	d := &dispatcher{server: jsonrpc.NewServer(
		jsonrpc.WithServerMethodNameFormatter(func(namespace, _ string) string { return namespace }))}
	for _, e := range t.sorted {
		d.server.Register(e.Name, &receiver{e.Handler, log})
	}
	return d
}

// Call is the one method of a receiver. A panic is a fault of ours: the log
// gets its stack, the client gets neither stack nor text.
func (r *receiver) Call(ctx context.Context) {
	c := ctx.Value(callKey{}).(*Call)
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("a method panicked", "method", c.entry.Name, "panic", p, "stack", string(debug.Stack()))
			c.failure = errInternal
		}
	}()
	result, err := r.handler(ctx, c)
	if err != nil {
		c.failure = asError(err)
		return
	}
	c.result, c.failure = result, nil
}

var errInternal = &Error{Code: CodeInternal, Message: "Internal error: the node's log tells more"}

// run calls the method and leaves its result in c.result or its error in
// c.failure.
func (d *dispatcher) run(ctx context.Context, c *Call) {
	c.failure = errInternal // for the case that go-jsonrpc does not get to the method
	c.ctx = carrier{ctx, c}
	c.in.Reset(c.entry.request)
	d.server.HandleRequest(&c.ctx, &c.in, io.Discard)
	c.ctx = carrier{} // the Call is kept, the request need not be
}
