package rpc

import (
	"context"
	"errors"

	"orrery/core/peering"
	"orrery/core/protocol"
)

// connectionMethods change to whom the node is connected.
func (n *nodeMethods) connectionMethods() []Method {
	return []Method{
		{
			Name: "addnode", Category: "network", Permission: PermAdmin, Handler: n.addnode,
			Doc: "Keeps a connection to a node, ends that, or tries to connect once.\nA node that was added is connected to again whenever the connection is lost.",
			Params: []Param{
				{Name: "node", Type: StringParam, Required: true, Doc: "HOST:PORT where it takes peers"},
				{Name: "command", Type: StringParam, Required: true, Doc: "add, remove or onetry"},
				{Name: "v2transport", Type: BoolParam, DefaultHint: "false", Doc: "Whether to use BIP324, which there is not here"},
			},
			Result: Null("", ""), Example: `["127.0.0.1:8001", "onetry"]`,
		},
		{
			Name: "disconnectnode", Category: "network", Permission: PermAdmin, Handler: n.disconnectnode,
			Doc: "Ends a connection, named by its address or by its number.",
			Params: []Param{
				{Name: "address", Type: StringParam, DefaultHint: "use nodeid", Doc: "HOST:PORT of the connection, or where the peer listens"},
				{Name: "nodeid", Type: IntParam, DefaultHint: "use address", Doc: "The id in getpeerinfo"},
			},
			Result: Null("", ""), Example: `["127.0.0.1:8001"]`,
		},
		{
			Name: "getaddednodeinfo", Category: "network", Permission: PermRead, Handler: n.getaddednodeinfo,
			Doc: "Tells of the nodes that were added by addnode.",
			Params: []Param{
				{Name: "node", Type: StringParam, DefaultHint: "all", Doc: "Only this one, as it was added"},
			},
			Result: List("", "", Record("", "A node",
				Text("addednode", "Its address, as it was added"),
				Boolean("connected", "Whether there is a connection"),
				List("addresses", "The connection, if there is one", Record("", "A connection",
					Text("address", "HOST:PORT"),
					Text("connected", "inbound or outbound"))))),
			Example: `["127.0.0.1:8001"]`,
		},
		{
			Name: "setnetworkactive", Category: "network", Permission: PermAdmin, Handler: n.setnetworkactive,
			Doc: "Ends all connections and makes no new ones, or makes connections again at once.",
			Params: []Param{
				{Name: "state", Type: BoolParam, Required: true, Doc: "Whether there is to be a network"},
			},
			Result: Boolean("", "What is set now"), Example: `[true]`,
		},
		{
			Name: "ping", Category: "network", Permission: PermRead, Handler: n.ping,
			Doc:    "Measures now how long each peer takes to answer.\ngetpeerinfo tells it when the answers are there.",
			Result: Null("", ""),
		},
	}
}

func (n *nodeMethods) addnode(ctx context.Context, c *Call) (any, error) {
	action := c.Text("command")
	switch action {
	case "add", "remove", "onetry":
	default:
		return nil, &Error{Code: CodeMisc, Message: c.entry.Help()}
	}
	if c.Bool("v2transport") {
		return nil, Errorf(CodeParameter, "Error: v2transport requested but not enabled (see -v2transport)")
	}
	_, err := n.command(ctx, peering.AddNode{Address: c.Text("node"), Action: action})
	if action == "remove" && errors.Is(err, peering.ErrNotAdded) {
		return nil, Errorf(CodeNodeNotAdded, "Error: Node could not be removed. It has not been added previously.")
	}
	return nil, err
}

func (n *nodeMethods) disconnectnode(ctx context.Context, c *Call) (any, error) {
	address, id := c.Text("address"), c.Int("nodeid")
	var err error
	switch {
	case c.Has("address") && !c.Has("nodeid"):
		_, err = n.command(ctx, peering.Disconnect{Address: address})
	case !c.Has("nodeid") || address != "":
		return nil, Errorf(CodeInvalidParams, "Only one of address and nodeid should be provided.")
	case n.Network != nil && id <= 0: // 0 would stand for the address
		err = commandError(peering.ErrNotConnected)
	default:
		_, err = n.command(ctx, peering.Disconnect{Peer: protocol.PeerID(id)})
	}
	return nil, err
}

type addedNode struct {
	Node      string            `json:"addednode"`
	Connected bool              `json:"connected"`
	Addresses []addedConnection `json:"addresses"`
}

type addedConnection struct {
	Address   string `json:"address"`
	Connected string `json:"connected"`
}

func (n *nodeMethods) getaddednodeinfo(ctx context.Context, c *Call) (any, error) {
	node := c.Text("node")
	if c.Has("node") && node == "" && n.Network != nil { // it would stand for all
		return nil, commandError(peering.ErrNotAdded)
	}
	value, err := n.command(ctx, peering.AddedNodeInfo{Address: node})
	if err != nil {
		return nil, err
	}
	nodes, _ := value.([]peering.AddedNode)
	list := []addedNode{}
	for _, a := range nodes {
		info := addedNode{Node: a.Address, Connected: a.Connected, Addresses: []addedConnection{}}
		switch {
		case a.Connected && a.Inbound:
			info.Addresses = append(info.Addresses, addedConnection{a.Address, "inbound"})
		case a.Connected:
			info.Addresses = append(info.Addresses, addedConnection{a.Address, "outbound"})
		}
		list = append(list, info)
	}
	return list, nil
}

func (n *nodeMethods) setnetworkactive(ctx context.Context, c *Call) (any, error) {
	value, err := n.command(ctx, peering.SetNetworkActive{On: c.Bool("state")})
	if err != nil {
		return nil, err
	}
	on, ok := value.(bool)
	return ok && on, nil
}

func (n *nodeMethods) ping(ctx context.Context, _ *Call) (any, error) {
	_, err := n.command(ctx, peering.Ping{})
	return nil, err
}
