package peers

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	jsonrpc "github.com/filecoin-project/go-jsonrpc"

	"orrery/core/protocol"
)

// call is a request of ours from its writing to its answer.
type call struct {
	number uint64 // the node's
	method string
	id     uint64        // on the wire
	frame  chan []byte   // the request, for the writer
	over   chan struct{} // go-jsonrpc is done with it

	// Set by whoever takes the call out of calls, before it closes arrived:
	response protocol.Response
	err      error
	arrived  chan struct{}
	read     bool // by the reader, which delivers it
}

var errTooMany = errors.New("too many requests wait for an answer of this peer")

// calls are those that wait, by their id on the wire.
type calls struct {
	mu      sync.Mutex
	waiting map[uint64]*call // nil: its time is over, the answer may still come
	large   int              // how many of them may have a large answer
}

func largeAnswer(method string) bool {
	switch method {
	case "peer.blocks", "peer.txs", "peer.blocktxs", "peer.policy":
		return true
	}
	return false
}

// add reports false when too many wait. Calls whose time is over count too: a
// peer that answers none is asked no more.
func (c *calls) add(k *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waiting) >= protocol.MaxAsked {
		return false
	}
	if c.waiting == nil {
		c.waiting = map[uint64]*call{}
	}
	c.waiting[k.id] = k
	if largeAnswer(k.method) {
		c.large++
	}
	return true
}

// arrived takes the call that an answer is for; known is false when there was
// none, and k is nil when the answer is late.
func (c *calls) arrived(id uint64) (k *call, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, known = c.waiting[id]
	delete(c.waiting, id)
	if k != nil && largeAnswer(k.method) {
		c.large--
	}
	return k, known
}

// expire takes a call without its answer; it reports false when that has come.
func (c *calls) expire(k *call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting[k.id] != k {
		return false
	}
	c.waiting[k.id] = nil // large goes on counting: the answer may be on its way
	return true
}

// expectsLarge reports whether a large message may be an answer.
func (c *calls) expectsLarge() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.large > 0
}

// await runs a call through go-jsonrpc and delivers what comes of it, unless
// the reader does, which keeps the order of what the peer said.
func (p *peer) await(k *call, function func(jsonrpc.RawParams) error, params []byte) {
	err := function(params)
	if k.err == nil && k.response == nil {
		k.err = err // it did not come to a request, or go-jsonrpc found a fault
	}
	read := k.read
	close(k.over)
	if !read {
		p.t.deliver(protocol.Answered{Peer: p.id, Call: k.number, Err: k.err})
	}
}

// wait returns when a call has its answer, or will have none.
func (p *peer) wait(k *call) {
	timer := time.NewTimer(p.t.cfg.CallTime)
	defer timer.Stop()
	var err error
	select {
	case <-k.arrived:
		return
	case <-timer.C:
		err = fmt.Errorf("the peer did not answer %s within %v", k.method, p.t.cfg.CallTime)
	case <-p.ctx.Done():
		err = errLost
	}
	if p.calls.expire(k) {
		k.err = err
		return
	}
	<-k.arrived
}

// answered takes an answer apart.
func (p *peer) answered(frame protocol.Frame) (act func(), err error) {
	id, err := strconv.ParseUint(string(frame.ID), 10, 64)
	if err != nil {
		return nil, &protocol.DecodeError{Kind: protocol.FaultProtocol, What: "an answer whose id is of no request"}
	}
	k, known := p.calls.arrived(id)
	switch {
	case !known:
		return nil, &protocol.DecodeError{Kind: protocol.FaultProtocol, What: "an answer to nothing that was asked"}
	case k == nil:
		return nil, nil
	}
	k.read = true
	p.stats.got(k.method, len(frame.Result)+len(frame.Refusal))
	var fault error
	if frame.Refusal != nil {
		var refusal *protocol.Error
		if refusal, fault = protocol.DecodeRefusal(frame.Refusal); fault == nil {
			k.err = refusal
		}
	} else {
		k.response, fault = protocol.DecodeResponse(k.method, frame.Result)
	}
	if fault != nil {
		k.response, k.err = nil, fault
	}
	close(k.arrived)
	<-k.over
	return func() {
		p.t.deliver(protocol.Answered{Peer: p.id, Call: k.number, Response: k.response, Err: k.err})
	}, fault
}
