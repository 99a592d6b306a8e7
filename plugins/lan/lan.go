// Package lan finds nodes of the same network on the local network, by
// multicast DNS (RFC 6762, RFC 6763), and lets itself be found.
package lan

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/mdns"
)

// LAN is made by New and works in Run.
type LAN struct {
	cfg    Config
	deps   Deps
	name   string // of this run, so that it knows itself
	quiet  *log.Logger
	server *mdns.Server
	text   []string // that is announced
	warned map[string]bool

	loopback bool // also announces what only this machine reaches; for tests
}

// New has no side effects.
func New(cfg Config, deps Deps) *LAN {
	return &LAN{
		cfg: cfg, deps: deps, name: "orrery-" + strings.ToLower(rand.Text()[:16]), warned: map[string]bool{},
		// The library logs each packet that somebody's printer got wrong.
		quiet: log.New(io.Discard, "", 0),
	}
}

// Run announces the node and looks for others until ctx ends. It is ready at
// once: nothing waits for it.
func (l *LAN) Run(ctx context.Context, ready func()) error {
	ready()
	defer l.silence()
	tick := time.NewTicker(l.cfg.Every)
	defer tick.Stop()
	for {
		l.announce()
		l.browse(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// once warns of a thing the first time: it will hardly change.
func (l *LAN) once(text string, args ...any) {
	if !l.warned[text] {
		l.warned[text] = true
		l.deps.Log.Warn(text, args...)
	}
}

// announce tells others where the node listens, if that is somewhere that they
// can reach.
func (l *LAN) announce() {
	id, listen := l.deps.Self()
	if listen == "" {
		return
	}
	addresses := l.reachable(listen, interfaceNets())
	if len(addresses) == 0 {
		l.silence()
		l.once("p2p.lan: this node listens on " + listen + ", which only this machine reaches, so others cannot find it; set p2p.host to 0.0.0.0")
		return
	}
	text := append([]string{"network=" + l.cfg.Network, "node=" + strconv.FormatUint(uint64(id), 10)}, addresses...)
	if l.server != nil && slices.Equal(text, l.text) {
		return
	}
	l.silence()
	host, port, err := split(addresses[0])
	if err != nil {
		return
	}
	// Each node has a host name of its own: by the machine's, two nodes on one
	// would be taken for each other.
	zone, err := mdns.NewMDNSService(l.name, service, "local.", l.name+".local.", port, []net.IP{host}, text)
	if err == nil {
		l.server, err = mdns.NewServer(&mdns.Config{Zone: zone, Iface: l.cfg.Interface, Logger: l.quiet})
	}
	if err != nil {
		l.server = nil
		l.once("p2p.lan: others cannot find this node", "reason", err)
		return
	}
	l.text = text
}

func (l *LAN) silence() {
	if l.server != nil {
		_ = l.server.Shutdown()
		l.server = nil
	}
}

// browse asks who is there. An end of ctx is seen after browseTime: the library
// has a data race when it is made to stop before.
func (l *LAN) browse(ctx context.Context) {
	entries := make(chan *mdns.ServiceEntry, maxLook) // the library drops what does not fit
	err := mdns.Query(&mdns.QueryParam{
		Service: service, Timeout: browseTime, Interface: l.cfg.Interface, Entries: entries, DisableIPv6: true, Logger: l.quiet,
	})
	if err != nil {
		l.once("p2p.lan: the local network cannot be searched", "reason", err)
	}
	nets, found := interfaceNets(), 0
	for len(entries) > 0 {
		e := <-entries
		for _, address := range l.addresses(e, nets) {
			if found++; found > maxFound || l.deps.Found(ctx, address) != nil {
				return
			}
		}
	}
}

// addresses are those of a node of this network on this local network. The
// answer is anybody's word, so others are left out.
func (l *LAN) addresses(e *mdns.ServiceEntry, nets []*net.IPNet) (out []string) {
	if strings.HasPrefix(e.Name, l.name+".") || !slices.Contains(e.InfoFields, "network="+l.cfg.Network) {
		return nil
	}
	for _, field := range e.InfoFields {
		address, ok := strings.CutPrefix(field, "at=")
		if !ok || len(out) >= maxAddresses {
			continue
		}
		if ip, _, err := split(address); err == nil && slices.ContainsFunc(nets, func(n *net.IPNet) bool { return n.Contains(ip) }) {
			out = append(out, address)
		}
	}
	return out
}

// reachable lists where others reach a node that listens there, as fields of a
// TXT record: nowhere when that is this machine only.
func (l *LAN) reachable(listen string, nets []*net.IPNet) (out []string) {
	ip, port, err := split(listen)
	if err != nil || ip.IsLoopback() && !l.loopback {
		return nil
	}
	if !ip.IsUnspecified() {
		nets = []*net.IPNet{{IP: ip}}
	}
	for _, n := range nets {
		if (l.loopback || !n.IP.IsLoopback()) && n.IP.To4() != nil && len(out) < maxAddresses {
			out = append(out, "at="+net.JoinHostPort(n.IP.String(), strconv.Itoa(port)))
		}
	}
	return out
}

// interfaceNets are the networks that this machine is part of.
func interfaceNets() (out []*net.IPNet) {
	list, _ := net.InterfaceAddrs() // none: nobody is near
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			out = append(out, n)
		}
	}
	return out
}

// split takes IP:PORT, with "at=" before it or not.
func split(address string) (net.IP, int, error) {
	host, port, err := net.SplitHostPort(strings.TrimPrefix(address, "at="))
	if err != nil {
		return nil, 0, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	ip := net.ParseIP(host)
	if err != nil || n == 0 || ip == nil {
		return nil, 0, fmt.Errorf("%q is not IP:PORT", address)
	}
	return ip, int(n), nil
}
