package daemon

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/cmd/internal/config"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/policy"
	"orrery/core/protocol"
	"orrery/plugins/lua"
	"orrery/plugins/peers"
	"orrery/scripts"
)

// firstListen is where the first node of a network takes peers.
func (d *daemon) firstListen() string {
	return net.JoinHostPort(d.s.P2P.Host, strconv.Itoa(int(policy.AssignBase)))
}

// first says whether this node is the one with which its network began. With a
// tracker that is whoever made the chain; it asks it for an ID all the same.
func (d *daemon) first() bool { return !d.chain.joined && len(d.s.P2P.Join) == 0 }

// listenPeers takes the port for peers that is known before anybody is joined:
// the one of the settings, or the first node's.
func (d *daemon) listenPeers() (err error) {
	address, exact := d.s.P2P.Listen, d.s.Source("p2p.listen").Kind >= config.Environment
	if address == "" {
		if !d.first() {
			return nil
		}
		address, exact = d.firstListen(), false
	}
	var note string
	d.peerPort, note, err = listen("P2P", "p2p.listen", address, exact)
	if note != "" {
		d.notes = append(d.notes, note)
	}
	return err
}

// openNetwork prepares the network side of the node.
func (d *daemon) openNetwork() (*peering.Config, error) {
	if err := d.listenPeers(); err != nil {
		return nil, err
	}
	var err error
	if d.local, err = d.localPolicies(); err != nil {
		return nil, err
	}
	if err := d.openTracker(); err != nil {
		return nil, err
	}
	c := d.newPeering()
	c.NetworkID = d.chain.params.NetworkID
	for _, from := range seeds(d.s) {
		if from.address != d.s.P2P.Tracker {
			c.Join = append(c.Join, from.address)
		}
	}
	c.Tracker = d.s.P2P.Tracker
	if d.tracker != nil {
		c.Tracker = toHere(d.trackerPort.Addr().String())
	}
	if d.peerPort != nil {
		c.Listen = d.peerPort.Addr().String()
	}
	c.First = d.first()
	c.MaxInbound = min(c.MaxInbound, d.peersConfig().Inbound())
	c.Capacity, c.WalletCapacity = int(d.s.P2P.Capacity), int(d.s.P2P.WalletCapacity)
	c.MaxFutureTime = d.chain.params.MaxFutureTime
	return &c, nil
}

// newPeering is what every member of a network needs, a tracker too.
func (d *daemon) newPeering() peering.Config {
	c := peering.Defaults()
	c.Agent, c.Host, c.Local = "/orrery:"+d.version+"/", d.s.P2P.Host, d.local
	var nonce [8]byte
	_, _ = crand.Read(nonce[:]) // never fails
	_, _ = crand.Read(c.Seed[:])
	c.Nonce = binary.LittleEndian.Uint64(nonce[:]) | 1
	return c
}

// localPolicies compiles the scripts that decide about peers. A folder without
// such a file has the library's.
func (d *daemon) localPolicies() (*lua.Local, error) {
	c := lua.LocalConfig{Log: func(warn bool, text string) {
		if warn {
			d.out.Log.Warn(text)
		} else {
			d.out.Log.Info(text)
		}
	}}
	var seed [8]byte
	_, _ = crand.Read(seed[:])
	c.Seed = binary.LittleEndian.Uint64(seed[:])
	for hook, to := range map[policy.Hook]*lua.LocalScript{policy.Admission: &c.Admission, policy.Assign: &c.Assign} {
		where := d.s.Script(hook)
		src, err := readScript(where, hook)
		if where.File != "" && errors.Is(err, fs.ErrNotExist) {
			var text []byte
			text, err = scripts.Active(hook)
			src = lua.Source{File: fmt.Sprintf("built-in %s.lua", hook), Text: text}
		}
		if err != nil {
			return nil, err
		}
		var list []policy.Param
		for key, value := range d.s.ScriptParams(hook) {
			list = append(list, policy.Param{Key: key, Value: value})
		}
		params, err := policy.NewParams(list...)
		if err != nil {
			return nil, fmt.Errorf("policy.params.%s: %w", hook, err)
		}
		*to = lua.LocalScript{Source: src, Params: params}
	}
	l, err := lua.NewLocal(c)
	if err != nil {
		return nil, fmt.Errorf("%w; mend the script, or choose a library script with --policy.admission or --policy.assign NAME", err)
	}
	for _, w := range l.Warnings() {
		d.notes = append(d.notes, w.String())
	}
	return l, nil
}

// peersConfig is what the settings say about the transport.
func (d *daemon) peersConfig() peers.Config {
	c := peers.DefaultConfig()
	c.CertFile, c.KeyFile = d.s.P2P.TLSCert, d.s.P2P.TLSKey
	return c
}

// newTransport makes what carries out the node's wishes on the network.
func (d *daemon) newTransport() (*peers.Transport, error) {
	return peers.New(d.peersConfig(), peers.Deps{
		Deliver: d.host.Deliver, Serve: d.serve, Save: d.known.Save, Log: d.out.Log, Listen: handOver(&d.peerPort),
	})
}

// handOver gives away the port that was taken at the start, once, and opens
// others. It is for one goroutine.
func handOver(port *net.Listener) func(ctx context.Context, network, address string) (net.Listener, error) {
	return func(ctx context.Context, network, address string) (net.Listener, error) {
		if l := *port; l != nil && l.Addr().String() == address {
			*port = nil
			return l, nil
		}
		return new(net.ListenConfig).Listen(ctx, network, address)
	}
}

// serve answers what peers only read: the chain's parameters and scripts are
// known here, the rest to the newest view.
func (d *daemon) serve(_ context.Context, r protocol.Request) (protocol.Response, *protocol.Error) {
	switch r := r.(type) {
	case *protocol.GetParams:
		return &protocol.Params{ChainFile: d.chain.raw}, nil
	case *protocol.GetPolicy:
		answer, refusal := d.servePolicy(r.ID)
		if refusal != nil {
			return nil, refusal
		}
		return answer, nil
	}
	return d.host.Serve(r)
}

// servePolicy reads a policy from the archive, as peers get it.
func (d *daemon) servePolicy(id chainhash.Hash) (*protocol.Policy, *protocol.Error) {
	none := &protocol.Error{Code: protocol.CodeNotFound, Message: "this node has no such policy"}
	set, err := loadPolicies(d.chain.store, id)
	if err != nil || set == nil {
		return nil, none
	}
	answer := new(protocol.Policy)
	if answer.Manifest, err = set.manifest.Canonical(); err != nil {
		return nil, none
	}
	for _, hook := range hooks {
		src := set.sources[hook]
		answer.Scripts = append(answer.Scripts, protocol.Script{Hook: string(hook), File: src.File, Text: src.Text})
	}
	return answer, nil
}

// joining says whom a node that has no place in the network yet tries to join;
// "" when it has one, or knows nobody to ask.
func (d *daemon) joining(v *node.View) string {
	to := seeds(d.s)
	switch {
	case v.Net.Peers.Joined || len(to) == 0:
		return ""
	case v.Net.Peers.Joining != "":
		return "Joining " + v.Net.Peers.Joining
	}
	return "Joining " + to[0].address
}
