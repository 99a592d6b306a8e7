package rpc

import (
	"context"
	"encoding/hex"
	"fmt"
)

const (
	// coreVersion is the release of Bitcoin Core whose interface this is:
	// clients look at it to know which methods there are.
	coreVersion     = 310000
	coreVersionText = "31.0.0"
	// protocolVersion is that release's (Core: PROTOCOL_VERSION).
	protocolVersion = 70016
)

func (n *nodeMethods) networkMethods() []Method {
	return []Method{
		{
			Name: "getnetworkinfo", Category: "network", Permission: PermRead, Handler: n.getnetworkinfo, Express: true,
			Doc: "Tells the state of the network.",
			Result: Record("", "",
				Integer("version", "The release of Bitcoin Core whose interface this is"),
				Text("subversion", "The same, with this program's name and version"),
				Integer("protocolversion", "The version of Bitcoin's protocol that belongs to that release"),
				Hex("localservices", "What the node can do for others, as bits"),
				List("localservicesnames", "The same by name", Text("", "A service")),
				Boolean("localrelay", "Whether transactions are relayed"),
				Integer("timeoffset", "How far the clocks of others are ahead, in seconds"),
				Boolean("networkactive", "Whether there is a network of peers"),
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
				List("localaddresses", "The node's own addresses", Record("", "An address",
					Text("address", "The address"), Integer("port", "The port"), Integer("score", "How sure it is"))),
				List("warnings", "What people should know", Text("", "A warning")),
				Hash("network_id", "What tells this network from others: nodes talk when theirs are equal")),
		},
		{
			Name: "getpeerinfo", Category: "network", Permission: PermRead, Handler: n.getpeerinfo,
			Doc:    "Lists the peers.\nThere are none yet: nodes do not talk to each other so far.",
			Result: List("", "", Record("", "A peer", Integer("id", "Its number"))),
		},
		{
			Name: "getconnectioncount", Category: "network", Permission: PermRead, Handler: n.getconnectioncount, Express: true,
			Doc:    "Returns the number of connections to peers.",
			Result: Integer("", "The number"),
		},
		{
			Name: "getnettotals", Category: "network", Permission: PermRead, Handler: n.getnettotals, Express: true,
			Doc: "Tells how much was sent and received.\nIt is nothing yet: nodes do not talk to each other so far.",
			Result: Record("", "",
				Integer("totalbytesrecv", "How many bytes were received"),
				Integer("totalbytessent", "How many bytes were sent"),
				Integer("timemillis", "The time in milliseconds since 1970"),
				Record("uploadtarget", "How much may be sent: there is no limit",
					Integer("timeframe", "For how many seconds a limit holds"),
					Integer("target", "The limit in bytes, 0 for none"),
					Boolean("target_reached", "Whether it is reached"),
					Boolean("serve_historical_blocks", "Whether old blocks are sent"),
					Integer("bytes_left_in_cycle", "How many bytes are left"),
					Integer("time_left_in_cycle", "How many seconds are left"))),
		},
	}
}

type networkInfo struct {
	Version         int            `json:"version"`
	Subversion      string         `json:"subversion"`
	ProtocolVersion int            `json:"protocolversion"`
	Services        string         `json:"localservices"`
	ServiceNames    []string       `json:"localservicesnames"`
	LocalRelay      bool           `json:"localrelay"`
	TimeOffset      int            `json:"timeoffset"`
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

// Services as in Bitcoin: full blocks, with witnesses (BIP144), also the last
// days' (BIP159).
const (
	serviceNetwork        = 1 << 0
	serviceWitness        = 1 << 3
	serviceNetworkLimited = 1 << 10
)

func (n *nodeMethods) getnetworkinfo(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	info := &networkInfo{
		Version: coreVersion, Subversion: n.subversion(), ProtocolVersion: protocolVersion,
		Services:     fmt.Sprintf("%016x", serviceNetwork|serviceWitness|serviceNetworkLimited),
		ServiceNames: []string{"NETWORK", "WITNESS", "NETWORK_LIMITED"}, LocalRelay: true,
		RelayFee: perKvB(n.Limits.MinRelay), IncrementalFee: perKvB(n.Limits.Incremental),
		LocalAddresses: []localAddress{}, Warnings: warnings(v), NetworkID: hex.EncodeToString(v.Params.NetworkID[:]),
	}
	for _, name := range []string{"ipv4", "ipv6", "onion", "i2p", "cjdns"} {
		info.Networks = append(info.Networks, networkKind{Name: name, Limited: true})
	}
	return info, nil
}

// subversion has the form that clients take the version from (BIP14).
func (n *nodeMethods) subversion() string {
	return fmt.Sprintf("/Satoshi:%s(orrery %s)/", coreVersionText, n.Version)
}

func (n *nodeMethods) getpeerinfo(context.Context, *Call) (any, error) { return []struct{}{}, nil }

func (n *nodeMethods) getconnectioncount(context.Context, *Call) (any, error) { return 0, nil }

type netTotals struct {
	Received int64        `json:"totalbytesrecv"`
	Sent     int64        `json:"totalbytessent"`
	Now      int64        `json:"timemillis"`
	Target   uploadTarget `json:"uploadtarget"`
}

type uploadTarget struct {
	Timeframe int64 `json:"timeframe"`
	Target    int64 `json:"target"`
	Reached   bool  `json:"target_reached"`
	ServesOld bool  `json:"serve_historical_blocks"`
	BytesLeft int64 `json:"bytes_left_in_cycle"`
	TimeLeft  int64 `json:"time_left_in_cycle"`
}

// uploadCycle is the time for which an upload limit would hold, in seconds
// (Core: MAX_UPLOAD_TIMEFRAME).
const uploadCycle = 24 * 3600

func (n *nodeMethods) getnettotals(context.Context, *Call) (any, error) {
	return &netTotals{Now: n.Now().UnixMilli(), Target: uploadTarget{Timeframe: uploadCycle, ServesOld: true}}, nil
}
