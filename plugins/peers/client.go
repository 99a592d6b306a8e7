package peers

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	jsonrpc "github.com/filecoin-project/go-jsonrpc"

	"orrery/core/protocol"
)

// functions are made by go-jsonrpc: each puts one method into words, gives it
// an id, and checks that the answer is to that id. Parameters come as JSON.
// Results travel beside it, in the call: it would read megabytes twice more.
type functions struct {
	Hello    func(jsonrpc.RawParams) error `rpc_method:"peer.hello"`
	Assign   func(jsonrpc.RawParams) error `rpc_method:"peer.assign"`
	Register func(jsonrpc.RawParams) error `rpc_method:"peer.register"`
	Peers    func(jsonrpc.RawParams) error `rpc_method:"peer.peers"`
	Headers  func(jsonrpc.RawParams) error `rpc_method:"peer.headers"`
	Blocks   func(jsonrpc.RawParams) error `rpc_method:"peer.blocks"`
	Txs      func(jsonrpc.RawParams) error `rpc_method:"peer.txs"`
	BlockTxs func(jsonrpc.RawParams) error `rpc_method:"peer.blocktxs"`
	Params   func(jsonrpc.RawParams) error `rpc_method:"peer.params"`
	Policy   func(jsonrpc.RawParams) error `rpc_method:"peer.policy"`
	Ping     func(jsonrpc.RawParams) error `rpc_method:"peer.ping"`
	Announce func(jsonrpc.RawParams) error `rpc_method:"peer.announce" notify:"true"`
	Compact  func(jsonrpc.RawParams) error `rpc_method:"peer.compact" notify:"true"`
}

func (f *functions) of(m protocol.Message) func(jsonrpc.RawParams) error {
	switch m.(type) {
	case *protocol.Hello:
		return f.Hello
	case *protocol.Assign:
		return f.Assign
	case *protocol.Register:
		return f.Register
	case *protocol.GetPeers:
		return f.Peers
	case *protocol.GetHeaders:
		return f.Headers
	case *protocol.GetBlocks:
		return f.Blocks
	case *protocol.GetTxs:
		return f.Txs
	case *protocol.GetBlockTxs:
		return f.BlockTxs
	case *protocol.GetParams:
		return f.Params
	case *protocol.GetPolicy:
		return f.Policy
	case *protocol.Ping:
		return f.Ping
	case *protocol.Announce:
		return f.Announce
	case *protocol.Compact:
		return f.Compact
	}
	panic("peers: no message: " + m.Method())
}

// client puts into words what a peer is sent. It belongs to the writer.
type client struct {
	functions functions
	params    []byte // scratch
	notice    []byte // the last notice
	beginning *call  // the request that is being put into words
}

func (p *peer) newClient() error {
	_, err := jsonrpc.NewCustomClient("", []any{&p.client.functions}, p.doRequest)
	return err
}

// tell sends a notice.
func (p *peer) tell(n protocol.Notice) error {
	c := &p.client
	c.beginning = nil
	c.params = protocol.AppendParams(c.params[:0], n)
	if err := c.functions.of(n)(c.params); err != nil {
		return err
	}
	frame := c.notice
	c.notice = nil
	c.forget()
	return p.send(n.Method(), frame)
}

// forget does not keep what a large message needed.
func (c *client) forget() {
	if cap(c.params) > keptBuffer {
		c.params = nil
	}
}

// ask sends a request. A goroutine waits for the answer.
func (p *peer) ask(e protocol.Ask) error {
	k := &call{
		number: e.Call, method: e.Request.Method(),
		frame: make(chan []byte, 1), over: make(chan struct{}), arrived: make(chan struct{}),
	}
	c := &p.client
	c.beginning = k
	c.params = protocol.AppendParams(c.params[:0], e.Request)
	p.work.Add(1) // run waits for the writer before it waits for these
	go func() {
		defer p.work.Done()
		p.await(k, c.functions.of(e.Request), c.params)
	}()
	select {
	case frame := <-k.frame:
		c.forget()
		return p.send(k.method, frame)
	case <-k.over: // it did not come to a frame
		return nil
	}
}

// doRequest is what go-jsonrpc sends through: it hands the request to the
// writer, and returns when there is an answer.
func (p *peer) doRequest(_ context.Context, frame []byte) (io.ReadCloser, error) {
	k := p.client.beginning
	if k == nil {
		p.client.notice = frame
		return io.NopCloser(bytes.NewReader(nil)), nil
	}
	parts, err := protocol.ParseFrame(frame)
	if err != nil {
		return nil, err
	}
	if k.id, err = strconv.ParseUint(string(parts.ID), 10, 64); err != nil {
		return nil, err
	}
	if !p.calls.add(k) {
		return nil, errTooMany
	}
	k.frame <- frame
	p.wait(k)
	return io.NopCloser(bytes.NewReader(k.envelope(parts.ID))), nil
}

// envelope is the answer as go-jsonrpc gets it.
func (k *call) envelope(id []byte) []byte {
	var refusal *protocol.Error
	if k.err != nil && !errors.As(k.err, &refusal) {
		refusal = &protocol.Error{Message: k.err.Error()}
	}
	if refusal != nil {
		refusal = &protocol.Error{Code: refusal.Code, Message: refusal.Message}
	}
	return protocol.AppendAnswer(nil, id, &protocol.Registered{}, refusal)
}
