package peering

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

// stranger is the far end of a connection that a test speaks for itself.
type stranger struct {
	*host
	l     *line
	calls uint64
}

// stranger connects to a node, as if from an IP address.
func (w *world) stranger(to *host, ip string) *stranger {
	w.port++
	h := &host{w: w, name: fmt.Sprint("stranger", w.port), ip: ip, up: true}
	return &stranger{host: h, l: w.connect(h, to, "")}
}

// hello is a correct one.
func (h *host) hello() *protocol.Hello {
	return &protocol.Hello{
		Protocol: 1, NetworkID: chainhash.Hash{1}, Agent: "/stranger/", Nonce: h.rand("nonce"), Kind: protocol.KindNode,
		Time: h.w.now / second,
	}
}

// liar is a host that listens, and answers as a test wants.
func (w *world) liar(name, address string, reply func(protocol.Request) (protocol.Response, *protocol.Error)) *host {
	h := &host{w: w, name: name, ip: "127.0.0.1", up: true, ports: []string{address}}
	h.reply = func(r protocol.Request) (protocol.Response, *protocol.Error) {
		if _, ok := r.(*protocol.Hello); ok {
			return h.hello(), nil
		}
		return reply(r)
	}
	w.nodes = append(w.nodes, h)
	return h
}

// ask asks the node and returns its answer; both are nil when there was none.
func (s *stranger) ask(r protocol.Request) (protocol.Response, *protocol.Error) {
	s.calls += 2
	s.l.asked[0][s.calls] = true
	s.l.send(1, protocol.Asked{Peer: s.l.id[1], Call: s.calls, Request: r})
	s.w.pass(3 * latency)
	for _, e := range s.got {
		if a, ok := e.(protocol.Answered); ok && a.Call == s.calls {
			err, _ := a.Err.(*protocol.Error)
			return a.Response, err
		}
	}
	return nil, nil
}

func (s *stranger) tell(n protocol.Notice) {
	s.l.send(1, protocol.Told{Peer: s.l.id[1], Notice: n})
	s.w.pass(3 * latency)
}
