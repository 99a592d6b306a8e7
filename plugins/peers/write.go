package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/coder/websocket"

	"orrery/core/protocol"
)

// write puts into words what the node wants to say, and sends it, in order,
// until there is nothing more. After the end of a connection none begins again.
func (p *peer) write() {
	defer p.writer.Done()
	for {
		it, ok := p.out.next()
		if !ok {
			return
		}
		if it.end != nil {
			p.ends(*it.end)
			_ = p.ws.Close(it.end.code, reasonText(it.end.reason))
			return
		}
		if err := p.carryOut(it); err != nil {
			p.ends(p.unsent(err))
			_ = p.nc.Close() // wakes the reader
			return
		}
	}
}

// unsent puts into words why nothing more can be sent.
func (p *peer) unsent(err error) ending {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ending{reason: fmt.Sprintf("the peer read nothing for %v", p.t.cfg.WriteTime), mine: true}
	}
	return p.lost(err)
}

func (p *peer) carryOut(it item) error {
	defer it.free()
	switch e := it.effect.(type) {
	case protocol.Ask:
		return p.ask(e)
	case protocol.Tell:
		return p.tell(e.Notice)
	case protocol.Answer:
		q, ok := p.asked.take(e.Call)
		if !ok {
			p.t.deps.Log.Error("an answer to no request", "peer", p.id, "call", e.Call)
			return nil
		}
		if _, welcome := e.Response.(*protocol.Hello); welcome {
			p.t.notHalf(p.nc) // it is somebody now
		}
		return p.send(q.method, protocol.AppendAnswer(nil, q.id, e.Response, e.Err))
	}
	return p.send(it.method, it.frame)
}

func (p *peer) send(method string, frame []byte) error {
	if len(frame) > protocol.MaxFrame {
		p.t.deps.Log.Error("a message is larger than it may be, and is left out", "method", method, "bytes", len(frame))
		return nil
	}
	p.stats.sent(method, len(frame))
	// A long message may not take for ever, even if every piece is taken in time.
	pieces := time.Duration(len(frame) / pieceSize)
	p.nc.writeBy.Store(time.Now().Add(p.t.cfg.WriteTime + pieces*pieceTime).UnixNano())
	defer p.nc.writeBy.Store(0)
	return p.ws.Write(context.Background(), websocket.MessageText, frame)
}
