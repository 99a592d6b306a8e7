package daemon

import (
	"context"

	"orrery/cmd/internal/console"
	"orrery/cmd/internal/datadir"
	"orrery/core/node"
)

// present tells tools where the node answers, while it does, and people what it
// does. It is ready when the node has its place in the network and takes peers, or
// cannot: until then RPC only says whom it joins.
func (d *daemon) present(ctx context.Context, ready func()) error {
	if err := d.dir.Write(datadir.RPCFile, []byte(d.listener.Addr().String()+"\n")); err != nil {
		return err
	}
	v, release := d.host.Acquire()
	c := console.New(d.out.Person, d.out.Columns, d.out.Log, v.Tip.Hash)
	release()
	there, id := false, uint32(0)
	look := func(v *node.View) error {
		if now := v.Net.Peers.ID; now != id {
			id = now
			if d.out.Named != nil {
				d.out.Named(id)
			}
		}
		if !there && d.joining(v) == "" && (v.Net.Peers.Listen != "" || v.Net.Peers.Deaf) {
			there = true
			d.banner(v)
			if d.out.Started != nil {
				d.out.Started(v.Net.Peers.Listen)
			}
			ready()
		}
		return c.Show(v)
	}
	if err := d.host.Follow(ctx, look); err != nil {
		return err
	}
	v, release = d.host.Acquire() // what came last, between a look and the end
	defer release()
	if err := c.Show(v); err != nil {
		return err
	}
	return d.dir.Remove(datadir.RPCFile)
}
