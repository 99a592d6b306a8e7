package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/cmd/internal/config"
	"orrery/cmd/internal/datadir"
	"orrery/core/consensus"
	"orrery/core/policy"
	"orrery/core/protocol"
	"orrery/plugins/lua"
	"orrery/plugins/peers"
	"orrery/rpc"
)

const (
	// firstRetry and lastRetry bound the pause before the seeds are asked again:
	// it doubles each time.
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
	// fetchTime is how long one seed may take to tell about its chain.
	fetchTime = 20 * time.Second
)

// seed is a node to join.
type seed struct {
	address string
	network string // the network id that it must be of, "": any
}

// seeds are the nodes that the settings name, the tracker first.
func seeds(s *config.Settings) (list []seed) {
	if s.P2P.Tracker != "" {
		list = append(list, seed{address: s.P2P.Tracker})
	}
	for _, text := range s.P2P.Join {
		address, network, _ := strings.Cut(text, "#")
		list = append(list, seed{address, network})
	}
	return list
}

// foreign is a chain that this node cannot or must not take over, however often
// its seed is asked.
type foreign struct{ error }

// fatal is what no seed can help with.
type fatal struct{ error }

// errNoChain says that this node is the first one of its network: a tracker
// that knows all of them said so.
var errNoChain = errors.New("no node has a chain yet")

// joinChain fills an empty data folder with the chain of a seed. It asks until
// one answers; meanwhile RPC says what is going on.
func (d *daemon) joinChain(ctx context.Context, list []seed) (*identity, error) {
	if err := orphanedStore(d.dir); err != nil {
		return nil, err
	}
	d.say("joining " + list[0].address)
	endWarmup, err := d.warmUp(ctx, "Joining "+list[0].address)
	if err != nil {
		return nil, err
	}
	defer endWarmup()
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		refused := 0 // seeds with a chain that is not for this node
		for _, from := range list {
			id, err := d.fetchChain(ctx, from)
			if errors.As(err, new(foreign)) {
				refused++
			}
			if err == nil || errors.As(err, new(fatal)) || refused == len(list) {
				return id, err
			}
			if ctx.Err() != nil {
				return nil, consensus.ErrStopped
			}
			var refusal *protocol.Error
			if errors.As(err, &refusal) && refusal.Code == protocol.CodeNotFound && len(list) == 1 && from.address == d.s.P2P.Tracker {
				return nil, errNoChain
			}
			d.say(fmt.Sprintf("%v; next try in %v", err, wait))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, consensus.ErrStopped
		}
	}
}

// fetchChain asks one seed for its chain and lays it into the data folder.
func (d *daemon) fetchChain(ctx context.Context, from seed) (*identity, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	var file consensus.ChainFile
	var params *consensus.Params
	answer, err := peers.FetchChain(ctx, d.peersConfig(), from.address, func(raw []byte) (want []chainhash.Hash, err error) {
		if file, err = consensus.ParseChainFile(raw); err == nil {
			params, err = file.Params()
		}
		if err != nil {
			return nil, foreign{fmt.Errorf("the chain of %s: %w", from.address, err)}
		}
		if id := fmt.Sprintf("%x", params.NetworkID); from.network != "" && id != from.network {
			return nil, foreign{fmt.Errorf("%s is of network %s, not of %s as p2p.join says", from.address, id, from.network)}
		}
		return []chainhash.Hash{params.Policy0}, nil
	})
	if err != nil {
		return nil, err
	}
	set, err := receivedPolicies(answer.Policies[0])
	if err == nil && set.id != params.Policy0 {
		err = errors.New("they are not those that its chain names")
	}
	if err != nil {
		return nil, foreign{fmt.Errorf("the scripts of %s: %w", from.address, err)}
	}
	if err := d.dir.Write(datadir.JoinedFile, fmt.Appendf(nil, "%s#%x\n", from.address, params.NetworkID)); err != nil {
		return nil, fatal{err}
	}
	id, err := layChain(d.dir, file, set, nil, d.checkMoney)
	if errors.As(err, new(*fs.PathError)) {
		return nil, fatal{err}
	}
	if err != nil {
		return nil, foreign{err}
	}
	id.joined = true
	id.notes = append(id.notes, unusedChainKeys(d.s)...)
	return id, nil
}

// receivedPolicies checks what a peer sent against the hashes that it is named
// by, before anything of it is compiled.
func receivedPolicies(answer *protocol.Policy) (*policySet, error) {
	m, err := policy.ParseManifest(answer.Manifest)
	if err != nil {
		return nil, err
	}
	set := &policySet{manifest: *m, sources: map[policy.Hook]lua.Source{}}
	for _, hook := range hooks {
		for _, script := range answer.Scripts {
			if policy.HashScript(script.Text) == set.spec(hook).Script {
				set.sources[hook] = lua.Source{File: script.File, Text: script.Text}
			}
		}
		if set.sources[hook].Text == nil {
			return nil, fmt.Errorf("the %s script is missing or is not what its hash says", hook)
		}
	}
	set.id, err = set.manifest.ID()
	return set, err
}

// unusedChainKeys names settings of [chain] that somebody gave by hand to a
// node that takes its chain from a peer.
func unusedChainKeys(s *config.Settings) (notes []string) {
	for _, k := range config.Keys() {
		source := s.Source(k.Name)
		if strings.HasPrefix(k.Name, "chain.") && source.Kind >= config.Environment {
			notes = append(notes, fmt.Sprintf("%s is not used: the chain is that of the node which was joined", source))
		}
	}
	return notes
}

// warmUp answers RPC with "not yet" until end is called. The port stays open
// for the server that comes after.
func (d *daemon) warmUp(ctx context.Context, what string) (end func(), err error) {
	cfg := d.rpcConfig()
	cfg.Listener = &lent{d.listener.(*net.TCPListener)}
	server, err := rpc.New(cfg, rpc.Deps{Log: d.out.Log, Stop: d.stop, Version: d.version, Warmup: func() string { return what }})
	if err != nil {
		return nil, err
	}
	own, stop := context.WithCancel(ctx)
	done, ready := make(chan error, 1), make(chan struct{})
	go func() { done <- server.Run(own, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-done:
		stop()
		return nil, err
	}
	err = d.dir.Write(datadir.RPCFile, []byte(d.listener.Addr().String()+"\n"))
	end = func() {
		stop()
		<-done
		_ = d.listener.(*net.TCPListener).SetDeadline(time.Time{})
	}
	if err != nil {
		end()
		return nil, err
	}
	return end, nil
}

// lent is a listener whose Close only ends this borrower's Accept.
type lent struct{ *net.TCPListener }

func (l *lent) Close() error { return l.SetDeadline(time.Unix(1, 0)) }
