package rpc

import (
	"context"
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
			Doc: "Tells the state of the network.", Result: networkInfoSchema(),
		},
		{
			Name: "getpeerinfo", Category: "network", Permission: PermRead, Handler: n.getpeerinfo, Express: true,
			Doc:    "Lists the connections, those included on which nobody has said hello yet.",
			Result: List("", "", peerInfoSchema()),
		},
		{
			Name: "getconnectioncount", Category: "network", Permission: PermRead, Handler: n.getconnectioncount, Express: true,
			Doc:    "Returns the number of connections to peers.",
			Result: Integer("", "The number"),
		},
		{
			Name: "getnettotals", Category: "network", Permission: PermRead, Handler: n.getnettotals, Express: true,
			Doc: "Tells how much was sent to and received from peers since the node started.",
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

func (n *nodeMethods) getconnectioncount(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	p, _ := n.peersOf(v)
	return len(p.Peers), nil
}

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
	t := &netTotals{Now: n.Node.Now().UnixMilli(), Target: uploadTarget{Timeframe: uploadCycle, ServesOld: true}}
	if n.Network != nil {
		t.Received, t.Sent = n.Network.Totals()
	}
	return t, nil
}
