package daemon

import (
	"context"
	"time"

	"orrery/cmd/internal/datadir"
	"orrery/rpc"
)

// rpcConfig is what the settings say about the RPC server.
func (d *daemon) rpcConfig() rpc.Config {
	cfg := rpc.DefaultConfig()
	cfg.Listener = d.listener
	cfg.CookieFile = d.dir.Path(datadir.CookieFile)
	cfg.User, cfg.Password = d.s.RPC.User, d.s.RPC.Password.Reveal()
	cfg.Hosts = d.s.RPC.Hosts
	cfg.MaxConns = int(d.s.RPC.MaxConnections)
	cfg.ReadTime = time.Duration(d.s.RPC.ReadTimeout)
	cfg.IdleTime = time.Duration(d.s.RPC.IdleTimeout)
	return cfg
}

// newServer makes the RPC server as the settings say.
func (d *daemon) newServer() (*rpc.Server, error) {
	deps := rpc.Deps{
		Node: d.host, Miner: d.miner, Addresses: d.index, Limits: d.limits,
		Payout: func(context.Context) ([]byte, error) { return d.payoutScript() },
		DiskSize: func() int64 {
			n, err := d.chain.store.DiskUsage()
			if err != nil {
				return 0
			}
			return int64(n)
		},
		Log: d.out.Log, Stop: d.stop, Version: d.version, Warmup: d.warmup,
	}
	if d.wallets != nil {
		deps.Wallets = d.wallets
	}
	return rpc.New(d.rpcConfig(), deps)
}

// warmup says what keeps RPC from answering: the node has no place in the
// network yet. Then no view of it is worth looking at.
func (d *daemon) warmup() string {
	if d.settled.Load() {
		return ""
	}
	v, release := d.host.Acquire()
	defer release()
	text := d.joining(v)
	if text == "" {
		d.settled.Store(true)
	}
	return text
}
