package peers

import (
	"bytes"
	"context"

	jsonrpc "github.com/filecoin-project/go-jsonrpc"
	logging "github.com/ipfs/go-log/v2"

	"orrery/core/protocol"
)

// dispatcher leads what peers call through go-jsonrpc, which finds the method
// and its parameters. It knows the methods of peers and no others: none of the
// wallet's or the operator's can be reached from here.
type dispatcher struct{ server *jsonrpc.RPCServer }

// method is what go-jsonrpc holds for each.
type method struct{ name string }

// incoming is one call. Its answer comes later and by another way: go-jsonrpc
// would read and write an answer of megabytes three times.
type incoming struct {
	request protocol.Request
	notice  protocol.Notice
	method  string // that go-jsonrpc found; "": none
	err     error
}

type incomingKey struct{}

func newDispatcher() *dispatcher {
	// go-jsonrpc reports every mistake of a peer as an error of its own.
	_ = logging.SetLogLevel("rpc", "fatal") // the logger exists: go-jsonrpc made it
	d := &dispatcher{jsonrpc.NewServer(
		jsonrpc.WithMaxRequestSize(protocol.MaxUnasked),
		jsonrpc.WithServerMethodNameFormatter(func(namespace, _ string) string { return namespace }))}
	for _, name := range methods {
		d.server.Register(name, &method{name})
	}
	return d
}

// Call is the one method of a method.
func (m *method) Call(ctx context.Context, params jsonrpc.RawParams) {
	in := ctx.Value(incomingKey{}).(*incoming)
	in.method = m.name
	if protocol.IsNotice(m.name) {
		in.notice, in.err = protocol.DecodeNotice(m.name, params)
	} else {
		in.request, in.err = protocol.DecodeRequest(m.name, params)
	}
}

// run reads the call in text. For a method that does not exist it returns the
// answer that go-jsonrpc gives.
func (d *dispatcher) run(text []byte) (in incoming, answer []byte) {
	var out bytes.Buffer
	d.server.HandleRequest(context.WithValue(context.Background(), incomingKey{}, &in), bytes.NewReader(text), &out)
	if in.method != "" {
		return in, nil
	}
	return in, bytes.TrimSpace(out.Bytes())
}
