package rpc

import (
	"context"
	"errors"
	"time"

	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// Network is what people do with a node's peers, and how much was said. Who
// they are is in the node's view.
type Network interface {
	// Command does what a person asks for; values and errors are those of
	// package peering.
	Command(ctx context.Context, c peering.Command) (any, error)
	// Totals are the bytes of all connections since the start.
	Totals() (received, sent int64)
	// Traffic is what went over one connection; ok is false when it is gone.
	Traffic(protocol.PeerID) (t Traffic, ok bool)
}

// Traffic is what went over one connection, in bytes.
type Traffic struct {
	Received, Sent         int64
	LastReceived, LastSent time.Time        // zero: never
	ReceivedBy, SentBy     map[string]int64 // by the method that it was about
}

// noPeers is what there is to tell without a network.
var noPeers = new(peering.View)

// peersOf returns who is connected as of a view; ok is false when there is no
// network.
func (n *nodeMethods) peersOf(v *node.View) (p *peering.View, ok bool) {
	if n.Network == nil || v.Net == nil {
		return noPeers, false
	}
	return v.Net.Peers, true
}

// errNoNetwork is Core's EnsureConnman.
var errNoNetwork = &Error{Code: CodeNoNetwork, Message: "Error: Peer-to-peer functionality missing or disabled"}

// command does what a person asks for.
func (n *nodeMethods) command(ctx context.Context, c peering.Command) (any, error) {
	if n.Network == nil {
		return nil, errNoNetwork
	}
	value, err := n.Network.Command(ctx, c)
	if err != nil {
		return nil, commandError(err)
	}
	return value, nil
}

// commandErrors are what commands fail with, with Core's codes, and its words
// where it has some.
var commandErrors = []struct {
	err  error
	code Code
	text string
}{
	{peering.ErrAdded, CodeNodeAdded, "Error: Node already added"},
	{peering.ErrNotAdded, CodeNodeNotAdded, "Error: Node has not been added."},
	{peering.ErrNotConnected, CodeNodeNotConnect, "Node not found in connected nodes"},
	{peering.ErrBanned, CodeNodeAdded, "Error: IP/Subnet already banned"},
	{peering.ErrNotBanned, CodeSubnet, "Error: Unban failed. Requested address/subnet was not previously manually banned."},
	{peering.ErrTooMany, CodeNodeCapacity, ""},
	{peering.ErrInactive, CodeNotConnected, ""},
	{peering.ErrAction, CodeParameter, ""},
	{peering.ErrAddress, CodeSubnet, ""},
	{peering.ErrNoID, CodeWallet, ""},
	{peering.ErrNoWallet, CodeWallet, "The wallet has no ID in the network"},
}

func commandError(err error) error {
	for _, c := range commandErrors {
		switch {
		case !errors.Is(err, c.err):
		case c.text == "":
			return Errorf(c.code, "Error: %w", err)
		default:
			return &Error{Code: c.code, Message: c.text, cause: err}
		}
	}
	return err
}
