package rpctest

import (
	"context"
	"fmt"
	"testing"

	"orrery/core/chain/chaintest"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// NewNetwork opens a node that belongs to a network: the first one of it, with
// the ID 8000. There are no sockets: the test brings what happens, and reads
// what the node asks for.
func NewNetwork(tb testing.TB, maturity int32) *Node {
	tb.Helper()
	cfg := peering.Defaults()
	cfg.NetworkID, cfg.Nonce, cfg.First = chaintest.Params(maturity).NetworkID, 1, true
	return open(tb, maturity, &cfg)
}

// Happen carries out what happened on the network, and returns what the node
// asks for since the last time.
func (n *Node) Happen(tb testing.TB, events ...protocol.Event) []protocol.Effect {
	tb.Helper()
	for _, e := range events {
		if _, err := n.do(func(uint64) node.Event { return node.PeerEvent{Event: e} }); err != nil {
			tb.Fatal(err)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	effects := n.effects
	n.effects = nil
	return effects
}

// Tick lets time pass: the clock was set before.
func (n *Node) Tick(tb testing.TB) []protocol.Effect {
	tb.Helper()
	if _, err := n.do(func(uint64) node.Event { return node.Tick{} }); err != nil {
		tb.Fatal(err)
	}
	return n.Happen(tb)
}

// Command does what a person asks of the network.
func (n *Node) Command(_ context.Context, c peering.Command) (any, error) {
	return n.do(func(id uint64) node.Event { return node.PeerCommand{ID: id, Command: c} })
}

// Join lets a peer open a connection and say hello: one of the kind with an ID
// that listens on the port of that number. Peers are numbered by the test.
func (n *Node) Join(tb testing.TB, peer protocol.PeerID, kind string, id uint32) {
	tb.Helper()
	v, _ := n.Acquire()
	hello := &protocol.Hello{
		Protocol: protocol.Version, NetworkID: v.Params.NetworkID, Agent: "/orrery:1.2.3/", Nonce: 1000 + uint64(peer), Kind: kind, ID: id,
		Height: v.Tip.Height, Work: v.Tip.Work, Tip: v.Tip.Hash, Time: n.Now().Unix(),
	}
	if kind == protocol.KindNode {
		hello.Listen = fmt.Sprintf("127.0.0.1:%d", id)
	}
	n.Happen(tb,
		protocol.PeerUp{Peer: peer, Address: fmt.Sprintf("127.0.0.1:%d", 40_000+peer), Inbound: true},
		protocol.Asked{Peer: peer, Call: 1, Request: hello})
}
