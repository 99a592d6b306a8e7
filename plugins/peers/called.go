package peers

import (
	"bytes"
	"slices"
	"sync"

	"orrery/core/protocol"
)

// asked are the requests of a peer that have no answer yet.
type asked struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]question
}

type question struct {
	id     []byte // as the peer wrote it
	method string
}

// add reports false when too many wait.
func (a *asked) add(q question) (call uint64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) >= protocol.MaxAsked {
		return 0, false
	}
	if a.open == nil {
		a.open = map[uint64]question{}
	}
	a.last++
	a.open[a.last] = q
	return a.last, true
}

func (a *asked) take(call uint64) (question, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	q, ok := a.open[call]
	delete(a.open, call)
	return q, ok
}

var errBusy = &protocol.Error{Code: protocol.CodeBusy, Message: "busy: ask again later"}

// called takes a request or a notice apart.
func (p *peer) called(frame protocol.Frame, text []byte) (act func(), err error) {
	if notice := protocol.IsNotice(frame.Method); notice && frame.ID != nil {
		return nil, &protocol.DecodeError{Kind: protocol.FaultProtocol, What: frame.Method + " is a notice, it has no id"}
	}
	if len(text) > protocol.MaxUnasked {
		return nil, tooBig(protocol.MaxUnasked)
	}
	in, answer := p.t.dispatch.run(text)
	switch {
	case in.err != nil:
		return nil, in.err
	case in.method == "" && frame.ID == nil && !slices.Contains(methods, frame.Method):
		return nil, nil // a notice of a later version
	case in.method == "" && answersTo(answer, frame.ID):
		p.push(item{frame: answer, size: len(answer) + smallSize}) // no such method
		return nil, nil
	case in.method != frame.Method:
		return nil, &protocol.DecodeError{Kind: protocol.FaultProtocol, What: "a message that is no JSON"}
	case in.notice != nil:
		return func() { p.t.deliver(protocol.Told{Peer: p.id, Notice: in.notice}) }, nil
	case frame.ID == nil:
		return nil, &protocol.DecodeError{Kind: protocol.FaultProtocol, What: frame.Method + " is a request, it needs an id"}
	}
	q := question{bytes.Clone(frame.ID), frame.Method}
	call, ok := p.asked.add(q)
	if !ok {
		p.push(item{frame: protocol.AppendAnswer(nil, q.id, nil, errBusy), method: q.method, size: smallSize})
		return nil, nil
	}
	return func() { p.t.deliver(protocol.Asked{Peer: p.id, Call: call, Request: in.request}) }, nil
}

// answersTo reports whether what go-jsonrpc says is an answer to that request:
// it answers to nobody when it cannot read it.
func answersTo(answer, id []byte) bool {
	f, err := protocol.ParseFrame(answer)
	return err == nil && id != nil && f.Refusal != nil
}

// serve answers a request from the node's view, in a goroutine of its own.
func (p *peer) serve(e protocol.Serve) {
	if !p.begin() {
		return
	}
	if p.handlers.Add(1) > maxHandlers {
		p.handlers.Add(-1)
		p.work.Done()
		p.push(item{effect: protocol.Answer{Peer: p.id, Call: e.Call, Err: errBusy}, size: smallSize})
		return
	}
	go func() {
		defer p.work.Done()
		defer p.handlers.Add(-1)
		p.handler(e)
	}()
}

func (p *peer) handler(e protocol.Serve) {
	release, ok := p.place()
	if !ok {
		return
	}
	q, ok := p.asked.take(e.Call)
	if !ok {
		release()
		return
	}
	response, refusal := p.t.deps.Serve(p.ctx, e.Request)
	buffer := largeBuffers.Get().(*[]byte)
	*buffer = protocol.AppendAnswer((*buffer)[:0], q.id, response, refusal)
	if len(*buffer) > protocol.MaxFrame {
		p.t.deps.Log.Error("an answer is larger than a message may be", "method", q.method, "bytes", len(*buffer))
		*buffer = protocol.AppendAnswer((*buffer)[:0], q.id, nil, errBusy)
	}
	p.push(item{frame: *buffer, method: q.method, release: func() {
		release()
		giveBack(buffer)
	}})
}

// place waits until one more answer may exist.
func (p *peer) place() (release func(), ok bool) {
	select {
	case p.unwritten <- struct{}{}:
	case <-p.ctx.Done():
		return nil, false
	}
	free, ok := p.t.bulk.take(p, p.ctx.Done())
	if !ok {
		<-p.unwritten
		return nil, false
	}
	return func() { free(); <-p.unwritten }, true
}
