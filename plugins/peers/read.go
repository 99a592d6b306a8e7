package peers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"orrery/core/protocol"
)

// largeBuffers and middleBuffers hold the buffers of messages above MaxUnasked
// and below, so that each does not cost the collector megabytes.
var largeBuffers, middleBuffers = sync.Pool{New: noBuffer}, sync.Pool{New: noBuffer}

func noBuffer() any { return new([]byte) }

// giveBack keeps a buffer for the next message of its size.
func giveBack(b *[]byte) {
	const slack = 2 // what growing may add
	if cap(*b) > slack*protocol.MaxUnasked {
		largeBuffers.Put(b)
	} else {
		middleBuffers.Put(b)
	}
}

// read takes messages until the connection ends.
func (p *peer) read() {
	for {
		err := p.message()
		if err == nil {
			continue
		}
		if fault := asFault(err); fault != nil {
			p.broke(fault)
		} else {
			p.ends(p.lost(err))
		}
		return
	}
}

// asFault tells a rule that the peer broke from a connection that failed.
func asFault(err error) *protocol.DecodeError {
	var fault *protocol.DecodeError
	var said websocket.CloseError
	var failed *net.OpError
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &said), errors.As(err, &failed), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	}
	return &protocol.DecodeError{Kind: protocol.FaultProtocol, What: "no WebSocket frame: " + clean(err.Error())}
}

// broke ends the connection of a peer that broke a rule of the transport.
func (p *peer) broke(fault *protocol.DecodeError) {
	code := codeMalformed
	if fault.Kind == protocol.FaultSize {
		code = codeTooBig
	}
	told := p.closing.Load()
	p.finish(ending{code: code, reason: fault.What, mine: true}, true)
	if !told {
		p.t.deliver(protocol.Broke{Peer: p.id, Kind: fault.Kind, What: fault.What})
	}
}

// lost puts the end of a connection into words.
func (p *peer) lost(err error) ending {
	var said websocket.CloseError
	switch {
	case errors.As(err, &said):
		return ending{code: said.Code, reason: said.Reason}
	case errors.Is(err, os.ErrDeadlineExceeded) && !p.spoke:
		return ending{reason: fmt.Sprintf("the peer said nothing for %v", p.t.cfg.HelloTime)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ending{reason: fmt.Sprintf("nothing came from the peer for %v", p.t.cfg.IdleTime)}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return ending{reason: "the connection was lost"}
	}
	return ending{reason: "the connection was lost: " + clean(bare(err).Error())}
}

// bare leaves out what the sentence around an error says already.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// message reads one message and acts upon it.
func (p *peer) message() error {
	quiet := p.t.cfg.IdleTime
	if !p.spoke {
		quiet = p.t.cfg.HelloTime
	}
	_ = p.nc.SetReadDeadline(time.Now().Add(quiet))
	kind, r, err := p.ws.Reader(context.Background())
	if err != nil {
		return err
	}
	if kind != websocket.MessageText {
		return &protocol.DecodeError{Kind: protocol.FaultProtocol, What: "messages are text, not binary"}
	}
	f := frameReader{p: p, r: r, began: time.Now(), buf: p.buffer[:0]}
	defer f.release()
	if err := f.all(); err != nil {
		return err
	}
	return p.handle(&f)
}

// frameReader reads one message, in pieces.
type frameReader struct {
	p      *peer
	r      io.Reader
	began  time.Time
	buf    []byte
	pooled *[]byte
	large  func() // gives back a place for large messages; nil: has none

	released bool
}

func (f *frameReader) all() error {
	for {
		if err := f.room(); err != nil {
			return err
		}
		end := min(cap(f.buf), len(f.buf)+pieceSize)
		if f.large == nil {
			end = min(end, protocol.MaxUnasked+1)
		}
		n, err := f.r.Read(f.buf[len(f.buf):end])
		f.buf = f.buf[:len(f.buf)+n]
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, websocket.ErrMessageTooBig):
			return tooBig(protocol.MaxFrame)
		case err != nil:
			return err
		}
	}
}

func tooBig(limit int) error {
	return &protocol.DecodeError{Kind: protocol.FaultSize, What: fmt.Sprintf("a message of more than %d bytes", limit)}
}

// room makes room for more bytes, if so many are allowed.
func (f *frameReader) room() error {
	p := f.p
	if len(f.buf) > protocol.MaxUnasked && f.large == nil {
		if !p.calls.expectsLarge() {
			return tooBig(protocol.MaxUnasked)
		}
		var ok bool
		if f.large, ok = p.t.large.take(p, p.t.ctx.Done()); !ok {
			return p.t.ctx.Err()
		}
		f.began = time.Now() // the wait was not the peer's fault
	}
	if len(f.buf) >= keptBuffer && f.pooled == nil {
		f.pooled = middleBuffers.Get().(*[]byte)
		f.buf = append((*f.pooled)[:0], f.buf...)
	}
	if len(f.buf) == cap(f.buf) {
		grown := 2 * max(len(f.buf), 512)
		if f.large == nil {
			grown = min(grown, protocol.MaxUnasked+1) // the last byte tells that it is more
		}
		f.buf = slices.Grow(f.buf, grown-len(f.buf))
	}
	// A long message may not take for ever.
	if pieces := time.Duration(len(f.buf) / pieceSize); pieces > 0 {
		_ = p.nc.SetReadDeadline(f.began.Add(p.t.cfg.WriteTime + pieces*pieceTime))
	}
	return nil
}

// release gives back what the message took; it may be called more than once.
func (f *frameReader) release() {
	if f.released {
		return
	}
	f.released = true
	if f.large != nil {
		f.large()
	}
	if f.pooled == nil {
		f.p.buffer = f.buf[:0]
		return
	}
	*f.pooled = f.buf[:0]
	giveBack(f.pooled)
}

// handle acts upon one message. Only so many large ones are taken apart at
// once as there are processors: more would not be faster, take memory, and keep
// small ones of other peers waiting.
func (p *peer) handle(f *frameReader) error {
	text := f.buf
	heavy := len(text) > heavyMessage
	if heavy {
		p.t.heavy <- struct{}{}
	}
	act, err := p.understand(text)
	if heavy {
		<-p.t.heavy
	}
	f.release() // nothing refers to it any more
	if act != nil {
		act() // it may wait for the node
	}
	return err
}

// understand takes a message apart and returns what follows from it.
func (p *peer) understand(text []byte) (act func(), err error) {
	frame, err := protocol.ParseFrame(text)
	if err != nil {
		return nil, err
	}
	if frame.Method != "" {
		p.stats.got(frame.Method, len(text))
	}
	p.spoke = true
	switch {
	case p.closing.Load():
		return nil, nil
	case frame.Method == "":
		return p.answered(frame)
	}
	return p.called(frame, text)
}
