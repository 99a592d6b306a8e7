package daemon

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/datadir"
	"orrery/cmd/internal/host"
	"orrery/core/policy"
	"orrery/core/protocol"
	"orrery/plugins/peers"
	"orrery/plugins/peerstore"
	"orrery/plugins/tracker"
)

// trackerPort is where a tracker listens unless told: the port below the first
// node's.
const trackerPort = policy.AssignBase - 1

// RunTracker runs a tracker without a node until ctx ends or something fails.
// Its error is for people.
func RunTracker(ctx context.Context, s *config.Settings, version, program string, out Output) (err error) {
	d := &daemon{s: s, out: out, version: version, program: program, clock: host.NewClock()}
	defer func() { err = told(append([]error{err}, d.close()...)...) }()
	if d.dir, err = datadir.Open(s.Node.DataDir); err != nil {
		return err
	}
	address := s.P2P.Listen
	if address == "" {
		address = net.JoinHostPort(s.P2P.Host, strconv.Itoa(trackerPort))
	}
	// Nodes are told one address, so another one is of no use.
	if d.trackerPort, _, err = listen("tracker", "p2p.listen", address, true); err != nil {
		return err
	}
	if d.local, err = d.localPolicies(); err != nil {
		return err
	}
	if err = d.newTracker(nil, d.showMember); err != nil {
		return err
	}
	err = runServices(ctx, []service{{"tracker", d.tracker.Run}, {"announcement", d.announceTracker}})
	if err == nil {
		d.say("stopped, everything is on the disk")
	}
	return err
}

// openTracker makes the tracker that runs inside a node.
func (d *daemon) openTracker() (err error) {
	if d.s.P2P.ServeTracker == "" {
		return nil
	}
	exact := true // nodes are told this address
	if d.trackerPort, _, err = listen("tracker", "p2p.serve_tracker", d.s.P2P.ServeTracker, exact); err != nil {
		return err
	}
	c := &tracker.Chain{File: d.chain.raw}
	answer, refusal := d.servePolicy(d.chain.params.Policy0)
	if refusal != nil {
		return refusal
	}
	c.Policy = answer
	d.notes = append(d.notes, "tracker at "+toHere(d.trackerPort.Addr().String()))
	return d.newTracker(c, nil)
}

// newTracker makes a tracker. It has a file of its own: a node's leases are
// another thing.
func (d *daemon) newTracker(chain *tracker.Chain, member func(protocol.Member, bool)) (err error) {
	d.trackerKnown = peerstore.Open(peerstore.Config{Path: d.dir.Path(datadir.TrackerFile)}, d.out.Log)
	c := d.newPeering()
	c.Listen = d.trackerPort.Addr().String()
	c.Capacity, c.MaxInbound, c.WalletCapacity = tracker.MaxMembers, tracker.MaxMembers, int(d.s.P2P.WalletCapacity)
	if chain != nil {
		c.NetworkID = d.chain.params.NetworkID
	}
	d.tracker, err = tracker.New(tracker.Config{Peering: c, Chain: chain}, tracker.Deps{
		Open: func(deliver func(context.Context, protocol.Event) error,
			serve func(context.Context, protocol.Request) (protocol.Response, *protocol.Error)) (tracker.Transport, error) {
			cfg := d.peersConfig()
			cfg.MaxConns = tracker.MaxMembers + cfg.MaxConns
			return peers.New(cfg, peers.Deps{
				Deliver: deliver, Serve: serve, Save: d.trackerKnown.Save, Log: d.out.Log, Listen: handOver(&d.trackerPort),
			})
		},
		Saved: d.trackerKnown.Load(), Now: d.clock.Now, Member: member, Log: d.out.Log,
	})
	return err
}

// announceTracker tells people that the tracker is there, and what to do next.
func (d *daemon) announceTracker(ctx context.Context, ready func()) error {
	address := d.tracker.Address()
	for _, note := range d.notes {
		d.out.Log.Warn(note)
	}
	if d.out.Person == nil {
		d.out.Log.Info("tracker started", "version", d.version, "address", address, "data_dir", absolute(d.s.Node.DataDir))
	} else {
		fmt.Fprintf(d.out.Person, "Tracker at %s. Start nodes, each in a folder of its own: %s node --p2p.tracker %s --node.data_dir DIR\n"+
			"Ctrl-C ends the tracker.\n", address, d.program, toHere(address))
	}
	if d.out.Started != nil {
		d.out.Started(address)
	}
	ready()
	<-ctx.Done()
	d.say("stopping")
	return nil
}

// showMember tells who came and who went.
func (d *daemon) showMember(m protocol.Member, came bool) {
	what := "left"
	if came {
		what = "joined"
	}
	if d.out.Person == nil {
		d.out.Log.Info("member "+what, "node_id", m.ID, "kind", m.Kind, "address", m.Address)
		return
	}
	fmt.Fprintf(d.out.Person, "  %s %d %s (%s)\n", m.Kind, m.ID, what, m.Address)
}

// toHere is how a program on this machine reaches what listens at an address.
func toHere(address string) string {
	name, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(name); err == nil && ip != nil && ip.IsUnspecified() {
		name = "127.0.0.1" // [::] takes it as well
	}
	return net.JoinHostPort(name, port)
}
