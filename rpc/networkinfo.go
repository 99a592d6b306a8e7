package rpc

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"orrery/core/protocol"
)

func networkInfoSchema() Schema {
	return Record("", "",
		Integer("version", "The release of Bitcoin Core whose interface this is"),
		Text("subversion", "The same, with this program's name and version"),
		Integer("protocolversion", "The version of Bitcoin's protocol that belongs to that release"),
		Hex("localservices", "What the node can do for others, as bits"),
		List("localservicesnames", "The same by name", Text("", "A service")),
		Boolean("localrelay", "Whether transactions are relayed"),
		Integer("timeoffset", "How far the clocks of others are ahead, in seconds: their median"),
		Boolean("networkactive", "Whether there is a network of peers, and setnetworkactive has not switched it off"),
		Integer("connections", "The number of connections"),
		Integer("connections_in", "How many of them others opened"),
		Integer("connections_out", "How many of them this node opened"),
		List("networks", "The kinds of networks", Record("", "A kind of network",
			Text("name", "Its name"),
			Boolean("limited", "Whether it is left out"),
			Boolean("reachable", "Whether peers there can be reached"),
			Text("proxy", "The proxy to it, if any"),
			Boolean("proxy_randomize_credentials", "Whether the proxy gets random credentials"))),
		Coins("relayfee", "The fee for 1,000 virtual bytes that a transaction has to pay"),
		Coins("incrementalfee", "How much more for 1,000 virtual bytes a replacement has to pay"),
		List("localaddresses", "Where the node takes peers", Record("", "An address",
			Text("address", "The address"), Integer("port", "The port"), Integer("score", "How sure it is"))),
		List("warnings", "What people should know", Text("", "A warning")),
		Hash("network_id", "What tells this network from others: nodes talk when theirs are equal"),
		Integer("node_id", "The node's own ID, 0 before it has one"),
		Text("listen", "HOST:PORT where it takes peers, empty if nowhere"),
		Boolean("joined", "Whether it has an ID and belongs to the network"),
		Text("joining", "Whom it is trying to join, empty if nobody"))
}

type networkInfo struct {
	Version         int            `json:"version"`
	Subversion      string         `json:"subversion"`
	ProtocolVersion int            `json:"protocolversion"`
	Services        string         `json:"localservices"`
	ServiceNames    []string       `json:"localservicesnames"`
	LocalRelay      bool           `json:"localrelay"`
	TimeOffset      int64          `json:"timeoffset"`
	Active          bool           `json:"networkactive"`
	Connections     int            `json:"connections"`
	ConnectionsIn   int            `json:"connections_in"`
	ConnectionsOut  int            `json:"connections_out"`
	Networks        []networkKind  `json:"networks"`
	RelayFee        Amount         `json:"relayfee"`
	IncrementalFee  Amount         `json:"incrementalfee"`
	LocalAddresses  []localAddress `json:"localaddresses"`
	Warnings        []string       `json:"warnings"`
	NetworkID       string         `json:"network_id"`
	NodeID          uint32         `json:"node_id"`
	Listen          string         `json:"listen"`
	Joined          bool           `json:"joined"`
	Joining         string         `json:"joining"`
}

type networkKind struct {
	Name      string `json:"name"`
	Limited   bool   `json:"limited"`
	Reachable bool   `json:"reachable"`
	Proxy     string `json:"proxy"`
	Randomize bool   `json:"proxy_randomize_credentials"`
}

type localAddress struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
	Score   int    `json:"score"`
}

// scoreManual is that of an address that was set (Core: LOCAL_MANUAL).
const scoreManual = 4

func (n *nodeMethods) getnetworkinfo(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	p, networked := n.peersOf(v)
	info := &networkInfo{
		Version: coreVersion, Subversion: n.subversion(), ProtocolVersion: protocolVersion,
		Services: hex16(services), ServiceNames: serviceNames, LocalRelay: true,
		TimeOffset: p.Clock, Active: p.Active, Connections: len(p.Peers),
		RelayFee: perKvB(n.Limits.MinRelay), IncrementalFee: perKvB(n.Limits.Incremental),
		LocalAddresses: []localAddress{}, Warnings: n.warnings(v), NetworkID: hex.EncodeToString(v.Params.NetworkID[:]),
		NodeID: p.ID, Listen: p.Listen, Joined: p.Joined, Joining: p.Joining,
	}
	for i := range p.Peers {
		if p.Peers[i].Inbound {
			info.ConnectionsIn++
		}
	}
	info.ConnectionsOut = info.Connections - info.ConnectionsIn
	for _, name := range networkNames {
		reached := networked && strings.HasPrefix(name, "ip")
		info.Networks = append(info.Networks, networkKind{Name: name, Limited: !reached, Reachable: reached})
	}
	if host, port, ok := splitAddress(p.Listen); ok {
		info.LocalAddresses = append(info.LocalAddresses, localAddress{host, port, scoreManual})
	}
	return info, nil
}

// subversion has the form that clients take the version from (BIP14).
func (n *nodeMethods) subversion() string {
	return fmt.Sprintf("/Satoshi:%s(orrery %s)/", coreVersionText, n.Version)
}

// services are what a node does for others, as bits that Bitcoin has names for:
// full blocks, with witnesses (BIP144), also the last days' (BIP159).
const services = 1<<0 | 1<<3 | 1<<10

var serviceNames = []string{"NETWORK", "WITNESS", "NETWORK_LIMITED"}

// servicesOf is what a kind of peer does for others: only nodes have a chain.
func servicesOf(kind string) (bits int64, names []string) {
	if kind == protocol.KindNode {
		return services, serviceNames
	}
	return 0, []string{}
}

func hex16(bits int64) string { return fmt.Sprintf("%016x", bits) }
