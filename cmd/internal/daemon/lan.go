package daemon

import (
	"context"
	"fmt"

	"orrery/core/peering"
	"orrery/plugins/lan"
)

// newLAN makes what looks for nodes on the local network.
func (d *daemon) newLAN() *lan.LAN {
	c := lan.DefaultConfig()
	c.Network = fmt.Sprintf("%x", d.chain.params.NetworkID)
	return lan.New(c, lan.Deps{
		Self: func() (uint32, string) {
			v, release := d.host.Acquire()
			defer release()
			return v.Net.Peers.ID, v.Net.Peers.Listen
		},
		Found: func(ctx context.Context, address string) error {
			_, err := d.host.Command(ctx, peering.Discovered{Address: address})
			return err
		},
		Log: d.out.Log,
	})
}
