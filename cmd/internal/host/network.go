package host

import (
	"context"

	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// SetNetwork names who carries out what the node asks of the network. do is
// called by the loop, in order, and must not block. Call it before Run.
func (h *Host) SetNetwork(do func(protocol.Effect)) { h.network = do }

// SetFatal names where the store tells that it fails in the background; Run then
// ends with that. Call it before Run.
func (h *Host) SetFatal(fatal <-chan error) { h.fatal = fatal }

// Deliver hands over what happened on the network. It waits while the node is
// busy, so that a fast peer cannot fill the memory.
func (h *Host) Deliver(ctx context.Context, e protocol.Event) error {
	select {
	case h.events <- e:
		return nil
	case <-h.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Serve answers a peer that only wants to read, from the newest view.
func (h *Host) Serve(request protocol.Request) (protocol.Response, *protocol.Error) {
	v, release := h.Acquire()
	defer release()
	return v.Serve(request)
}

// Command does what a person asks of the network.
func (h *Host) Command(ctx context.Context, c peering.Command) (any, error) {
	return h.submit(ctx, false, func(id uint64) node.Event { return node.PeerCommand{ID: id, Command: c} })
}

// Attach tells the network that a wallet with a name is attached to this node:
// node.AttachWallet.
func (h *Host) Attach(ctx context.Context, w protocol.Wallet) error {
	_, err := h.submit(ctx, false, func(id uint64) node.Event { return node.AttachWallet{ID: id, Wallet: w} })
	return err
}
