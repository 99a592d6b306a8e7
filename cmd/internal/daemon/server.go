package daemon

import (
	"context"
	"time"

	"orrery/cmd/internal/datadir"
	"orrery/core/peering"
	"orrery/core/protocol"
	"orrery/plugins/peers"
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
		Node: d.host, Miner: d.miner, Addresses: d.index, Names: d.names, Limits: d.limits,
		Payout: func(context.Context) ([]byte, error) { return d.payoutScript() },
		DiskSize: func() int64 {
			n, err := d.chain.store.DiskUsage()
			if err != nil {
				return 0
			}
			return int64(n)
		},
		Log: d.out.Log, Stop: d.stop, Version: d.version, Warmup: d.warmup, Network: traffic{d},
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

// traffic is the network as RPC sees it.
type traffic struct{ d *daemon }

func (t traffic) Command(ctx context.Context, c peering.Command) (any, error) {
	return t.d.host.Command(ctx, c)
}

func (t traffic) Totals() (received, sent int64) {
	all := t.d.network.Totals()
	return all.Received, all.Sent
}

func (t traffic) Traffic(id protocol.PeerID) (rpc.Traffic, bool) {
	s, ok := t.d.network.Stats(id)
	by := func(list []peers.Count) map[string]int64 {
		m := map[string]int64{}
		for _, c := range list {
			if c.Method == "" {
				c.Method = "other"
			}
			m[c.Method] = c.Bytes
		}
		return m
	}
	return rpc.Traffic{
		Received: s.Received, Sent: s.Sent, LastReceived: s.LastGot, LastSent: s.LastSent,
		ReceivedBy: by(s.ReceivedBy), SentBy: by(s.SentBy),
	}, ok
}
