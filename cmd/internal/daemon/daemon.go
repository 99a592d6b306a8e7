// Package daemon is the running node: it opens the data folder, starts the
// host and everything around it in order, tells people what happens, and ends
// cleanly.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/datadir"
	"orrery/cmd/internal/host"
	"orrery/cmd/internal/wallets"
	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/plugins/addrindex"
	"orrery/plugins/directory"
	"orrery/plugins/lua"
	"orrery/plugins/miner"
	"orrery/plugins/peers"
	"orrery/plugins/peerstore"
	"orrery/plugins/tracker"
	"orrery/plugins/verifier"
	"orrery/wallet/address"
)

// Output is where a node tells what it does.
type Output struct {
	Person  io.Writer    // a terminal with somebody before it, or nil
	Columns func() int   // how wide that is now, 0 when nobody knows; never nil beside Person
	Log     *slog.Logger // never nil

	// Brief is one of several nodes with the same settings: a person is told in
	// one line where it is.
	Brief bool

	// Started is told once where the node takes peers, when everything runs; Named
	// each time that the node gets an ID. Both may be nil.
	Started func(peers string)
	Named   func(id uint32)
}

// daemon is the state of one Run.
type daemon struct {
	s       *config.Settings
	out     Output
	version string
	program string // how the user calls this program
	clock   host.Clock

	dir      *datadir.Dir
	chain    *identity
	codec    address.Codec
	host     *host.Host
	index    *addrindex.Index
	names    *directoryService
	wallets  *wallets.Wallets // nil when wallet.enabled is off
	miner    *miner.Miner
	listener net.Listener
	peerPort net.Listener // taken at the start, until the transport has it; or nil
	known    *peerstore.Store
	network  *peers.Transport

	tracker      *tracker.Tracker // of p2p.serve_tracker; nil: none
	trackerPort  net.Listener
	trackerKnown *peerstore.Store

	local   *lua.Local
	limits  mempool.Config
	settled atomic.Bool // RPC answers
	paying  sync.Mutex
	payout  []byte   // script that the miner pays to, once it is known; guarded by paying
	notes   []string // what people should know at the start
	stop    context.CancelFunc
}

// Run runs a node until ctx ends or something fails. Its error is for people.
func Run(ctx context.Context, s *config.Settings, version, program string, out Output) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	d := &daemon{s: s, out: out, version: version, program: program, clock: host.NewClock(), stop: stop}
	if err := d.open(ctx); err != nil {
		if ctx.Err() != nil && errors.Is(err, consensus.ErrStopped) {
			err = nil // asked to end while it made or opened a chain: the next start goes on
		}
		return told(append([]error{err}, d.close()...)...)
	}
	list, err := d.services()
	if err == nil {
		context.AfterFunc(ctx, func() { d.say("stopping") })
		err = runServices(ctx, list)
	}
	if err = told(append([]error{err}, d.close()...)...); err == nil {
		d.say("stopped, everything is on the disk")
	}
	return err
}

// open takes the folder, the port and the chain, in this order: the folder is
// the lock, and without a port no chain is made.
func (d *daemon) open(ctx context.Context) (err error) {
	if d.dir, err = datadir.Open(d.s.Node.DataDir); err != nil {
		return err
	}
	exact := d.s.Source("rpc.listen").Kind >= config.Environment // the command line looks for it there, too
	var note string
	if d.listener, note, err = listen("RPC", "rpc.listen", d.s.RPC.Listen, exact); err != nil {
		return err
	}
	if note != "" {
		d.notes = append(d.notes, note)
	}
	now := d.clock.Now()
	if d.chain, err = d.openIdentity(ctx, now); err != nil {
		return err
	}
	d.notes = append(d.notes, d.chain.notes...)
	d.codec = address.Codec{Versions: d.chain.params.Addresses}
	if d.chain.store.Recovered() {
		d.notes = append(d.notes, "this node did not end cleanly the last time; what it had acknowledged was recovered from its log")
	}
	d.limits = mempoolLimits(d.s)
	d.known = peerstore.Open(peerstore.Config{Path: d.dir.Path(datadir.PeersFile)}, d.out.Log)
	peering, err := d.openNetwork()
	if err != nil {
		return err
	}
	n, err := node.Open(node.Config{
		Chain: chain.Config{
			Params: d.chain.params, Store: d.chain.store, Rules: d.chain.rules, Verifier: verifier.New(verifier.Config{}, d.out.Log),
			Stop: func() bool { return ctx.Err() != nil },
		},
		Mempool:    d.limits,
		MinFeeRate: mempool.FeeRate(d.s.Mining.MinFee),
		Peering:    peering, PeeringSaved: d.known.Load(), Names: holders{d},
	}, now.UnixNano())
	if err != nil {
		return err
	}
	if d.host, err = host.New(n, d.chain.store, d.clock); err != nil {
		return err
	}
	if d.network, err = d.newTransport(); err != nil {
		return err
	}
	d.host.SetNetwork(d.network.Do)
	d.host.SetFatal(d.chain.store.Fatal())
	return d.openWallets()
}

// openIdentity opens the chain of the folder, takes over that of a node to be
// joined, or makes one.
func (d *daemon) openIdentity(ctx context.Context, now time.Time) (*identity, error) {
	if list := seeds(d.s); len(list) > 0 {
		have, err := d.dir.Read(datadir.ChainFile)
		if err != nil {
			return nil, err
		}
		if have == nil {
			id, err := d.joinChain(ctx, list)
			if !errors.Is(err, errNoChain) {
				return id, err
			}
			d.say("no node has a chain yet at " + list[0].address + ": this one makes it")
		}
	}
	return openChain(ctx, d.dir, d.s, now, d.checkMoney)
}

// services lists what runs, in the order of starting.
func (d *daemon) services() ([]service, error) {
	d.index = addrindex.New(addrindex.Config{Path: d.dir.Path(datadir.AddressFile)}, d.host, d.codec, d.out.Log)
	d.names = &directoryService{Directory: directory.New(
		directory.Config{Path: d.dir.Path(datadir.NameFile), Network: d.chain.params.NetworkID}, d.host, d.out.Log), host: d.host}
	d.miner = miner.New(miner.Config{
		Enabled: d.s.Mining.Enabled, Threads: int(d.s.Mining.Threads), MaxHashrate: d.s.Mining.MaxHashrate,
	}, d, d.out.Log)
	server, err := d.newServer()
	if err != nil {
		return nil, err
	}
	var list []service
	if d.tracker != nil {
		list = append(list, service{"tracker", d.tracker.Run}) // the node asks it for its ID
	}
	list = append(list, []service{
		{"node", d.runHost},
		{"address index", d.index.Run},
		{"directory of names", d.names.Run},
	}...)
	if d.wallets != nil {
		list = append(list, service{"wallets", d.wallets.Run})
	}
	list = append(list, []service{
		{"peers", d.network.Run},
		{"rpc", server.Run},
	}...)
	if d.s.P2P.LAN {
		list = append(list, service{"local network", d.newLAN().Run}) // it may find whom to join
	}
	list = append(list, []service{
		{"presence", d.present},
		{"miner", d.miner.Run}, // last, so that its blocks come after the banner
	}...)
	if d.wallets != nil {
		list = append(list, service{"attached wallets", d.attachWallets})
	}
	return list, nil
}

func (d *daemon) runHost(ctx context.Context, ready func()) error {
	ready()
	return d.host.Run(ctx)
}

// close gives everything back in reverse order.
func (d *daemon) close() (errs []error) {
	for _, l := range []net.Listener{d.listener, d.peerPort, d.trackerPort} {
		if l != nil {
			_ = l.Close() // who took it over has closed it
		}
	}
	if d.wallets != nil {
		errs = append(errs, d.wallets.Close())
	}
	if d.host != nil {
		d.host.Close()
	}
	if d.chain != nil {
		errs = append(errs, d.chain.store.Close())
	}
	for _, s := range []*peerstore.Store{d.known, d.trackerKnown} {
		if s != nil {
			s.Close()
		}
	}
	if d.dir != nil {
		errs = append(errs, d.dir.Close())
	}
	return errs
}

// absolute is for showing people where something is.
func absolute(path string) string {
	if a, err := filepath.Abs(path); err == nil {
		return a
	}
	return path
}

// say tells one thing to a person, or logs it.
func (d *daemon) say(text string) {
	if d.out.Person == nil {
		d.out.Log.Info(text)
		return
	}
	fmt.Fprintf(d.out.Person, "%s%s\n", strings.ToUpper(text[:1]), text[1:])
}

// mempoolLimits are Core's, but for what the settings say.
func mempoolLimits(s *config.Settings) mempool.Config {
	c := mempool.DefaultConfig()
	c.MaxUsage = s.Mempool.MaxBytes
	c.Expiry = int64(time.Duration(s.Mempool.Expiry) / time.Second)
	c.MinRelay = mempool.FeeRate(s.Mempool.RelayFee)
	c.Incremental = mempool.FeeRate(s.Mempool.IncrementalFee)
	return c
}
