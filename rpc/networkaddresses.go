package rpc

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"orrery/core/peering"
)

// networkNames are those of Core, in its order. An address of this machine or
// of a private network is in none of them but "not_publicly_routable".
var networkNames = []string{"ipv4", "ipv6", "onion", "i2p", "cjdns"}

const unroutable = "not_publicly_routable"

func (n *nodeMethods) addressBookMethods() []Method {
	counts := func(name string) Schema {
		return Record(name, "The addresses of one network; all_networks has all",
			Integer("new", "How many the node has only heard of"),
			Integer("tried", "How many it was connected to"),
			Integer("total", "Both together"))
	}
	return []Method{
		{
			Name: "getnodeaddresses", Category: "network", Permission: PermRead, Handler: n.getnodeaddresses,
			Doc: "Lists known addresses of nodes, in random order.",
			Params: []Param{
				{Name: "count", Type: IntParam, Range: int32Range, Default: 1, Doc: "How many at most; 0 for all"},
				{Name: "network", Type: StringParam, DefaultHint: "all networks", Doc: "Only addresses of this one: " + strings.Join(networkNames, ", ") + " or " + unroutable},
			},
			Result: List("", "", Record("", "An address",
				Timestamp("time", "When the node was last heard of"),
				Integer("services", "What it does for others, as bits"),
				Text("address", "Its host"),
				Integer("port", "Its port"),
				Text("network", "The network that its address belongs to"),
				Integer("node_id", "Its ID"),
				Text("kind", "What it is: node or tracker"))),
			Example: `[8]`,
		},
		{
			Name: "getaddrmaninfo", Category: "network", Permission: PermRead, Handler: n.getaddrmaninfo,
			Doc:    "Counts the known addresses of nodes by network.",
			Result: Dictionary("", "By network", counts("network")),
		},
	}
}

type knownAddress struct {
	Time     int64  `json:"time"`
	Services int64  `json:"services"`
	Address  string `json:"address"`
	Port     int    `json:"port"`
	Network  string `json:"network"`
	NodeID   uint32 `json:"node_id"`
	Kind     string `json:"kind"`
}

// addressBook lists all addresses that a node can be reached at.
func (n *nodeMethods) addressBook(ctx context.Context) ([]peering.KnownAddress, error) {
	if n.Network == nil {
		return nil, nil
	}
	value, err := n.command(ctx, peering.NodeAddresses{})
	list, _ := value.([]peering.KnownAddress)
	return list, err
}

func (n *nodeMethods) getnodeaddresses(ctx context.Context, c *Call) (any, error) {
	count := c.Int("count")
	if count < 0 {
		return nil, Errorf(CodeParameter, "Address count out of range")
	}
	network := strings.ToLower(c.Text("network"))
	if c.Has("network") && network != unroutable && !slices.Contains(networkNames, network) {
		return nil, Errorf(CodeParameter, "Network not recognized: %s", shorten(c.Text("network")))
	}
	all, err := n.addressBook(ctx)
	if err != nil {
		return nil, err
	}
	list := []knownAddress{}
	for _, a := range all {
		host, port, ok := splitAddress(a.Address)
		if count > 0 && int64(len(list)) == count {
			break
		}
		if of := networkOf(a.Address); ok && (network == "" || network == of) {
			bits, _ := servicesOf(a.Kind)
			list = append(list, knownAddress{a.Time, bits, host, port, of, a.ID, a.Kind})
		}
	}
	return list, nil
}

type addressCount struct {
	New   int `json:"new"`
	Tried int `json:"tried"`
	Total int `json:"total"`
}

func (n *nodeMethods) getaddrmaninfo(ctx context.Context, _ *Call) (any, error) {
	all, err := n.addressBook(ctx)
	if err != nil {
		return nil, err
	}
	counts := map[string]*addressCount{}
	names := append(slices.Clone(networkNames), unroutable, "all_networks")
	for _, name := range names {
		counts[name] = new(addressCount)
	}
	for _, a := range all {
		for _, of := range []*addressCount{counts[networkOf(a.Address)], counts["all_networks"]} {
			of.Total++
			if a.Good {
				of.Tried++
			} else {
				of.New++
			}
		}
	}
	o := ordered{}
	for _, name := range names {
		o = append(o, pair{name, counts[name]})
	}
	return o, nil
}

// splitAddress takes HOST:PORT apart.
func splitAddress(address string) (host string, port int, ok bool) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, false
	}
	number, err := strconv.ParseUint(service, 10, 16)
	return host, int(number), err == nil
}

// hidden are ranges of addresses, beside private and local ones, from which
// nobody is reached over the internet (Core: CNetAddr::IsRoutable).
var hidden = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2001:10::/28"), netip.MustParsePrefix("2001:20::/28"),
}

// networkOf names the network of HOST:PORT. What is behind a name is not known
// here: unless it is local, it is taken for ipv4.
func networkOf(address string) string {
	host, _, ok := splitAddress(address)
	if !ok {
		host = address
	}
	ip, err := netip.ParseAddr(host)
	switch host = strings.ToLower(host); {
	case err != nil && strings.HasSuffix(host, ".onion"):
		return "onion"
	case err != nil && strings.HasSuffix(host, ".b32.i2p"):
		return "i2p"
	case err != nil && strings.Contains(host, ".") && !strings.HasSuffix(host, ".local"):
		return "ipv4"
	case err != nil:
		return unroutable
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast() || ip.IsMulticast() ||
		slices.ContainsFunc(hidden, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return unroutable
	}
	if ip.Is4() {
		return "ipv4"
	}
	return "ipv6"
}
