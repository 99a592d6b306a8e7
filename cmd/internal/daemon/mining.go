package daemon

import (
	"context"
	"errors"
	"time"

	"orrery/core/consensus"
	"orrery/core/mining"
)

// The daemon is the miner's source of work.

// Template makes a template on the present tip that pays the miner's address
// and carries the claims that wait for it.
func (d *daemon) Template(ctx context.Context) (*mining.Template, <-chan struct{}, error) {
	payTo, err := d.payoutScript()
	if err != nil {
		return nil, nil, err
	}
	changed := d.host.TipChanged()
	v, release, claims := d.names.view(ctx)
	defer release()
	if v.Net != nil && v.Net.Sync.Initial && !d.first() {
		return nil, nil, errSyncing
	}
	in := v.TemplateInput(payTo, d.Now().Unix())
	in.Extra = claims
	t, err := mining.NewTemplate(in)
	return t, changed, err
}

// SubmitBlock hands a found block to the node.
func (d *daemon) SubmitBlock(ctx context.Context, b *consensus.Block, durable bool) error {
	return d.host.SubmitBlock(ctx, b, durable)
}

// Now is the node's clock.
func (d *daemon) Now() time.Time { return d.host.Now() }

// errSyncing keeps a node that joins from mining on a chain of its own.
var errSyncing = errors.New("the chain of the network is still being fetched")

// errNoPayout says that there is nobody to pay.
var errNoPayout = errors.New("mining needs an address to pay: set mining.address, or wallet.enabled")
