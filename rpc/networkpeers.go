package rpc

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"orrery/core/netsync"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

func peerInfoSchema() Schema {
	return Record("", "A peer",
		Integer("id", "The number of the connection"),
		Text("addr", "HOST:PORT of the other end"),
		Text("network", "The network that the address belongs to: "+strings.Join(networkNames, ", ")+" or "+unroutable),
		Hex("services", "What it does for others, as bits"),
		List("servicesnames", "The same by name", Text("", "A service")),
		Boolean("relaytxes", "Whether it is told of transactions"),
		Integer("last_inv_sequence", "Always 0: announcements have no numbers"),
		Integer("inv_to_send", "Always 0: announcements do not wait"),
		Timestamp("lastsend", "When something was last sent"),
		Timestamp("lastrecv", "When something was last received"),
		Timestamp("last_transaction", "When it last brought a transaction that was accepted"),
		Timestamp("last_block", "When it last brought a block"),
		Integer("bytessent", "How many bytes were sent"),
		Integer("bytesrecv", "How many bytes were received"),
		Timestamp("conntime", "When the connection was made"),
		Integer("timeoffset", "How far its clock is ahead, in seconds"),
		Float("pingtime", "How long the last ping took, in seconds").Opt(),
		Float("minping", "How long the fastest ping took, in seconds").Opt(),
		Float("pingwait", "For how long a ping has been waiting for its answer, in seconds").Opt(),
		Integer("version", "The version of the peers' protocol that it speaks, 0 before its hello"),
		Text("subver", "Its program and version"),
		Boolean("inbound", "Whether the other side opened the connection"),
		Boolean("bip152_hb_to", "Whether it may tell of a block by short transaction ids, unasked"),
		Boolean("bip152_hb_from", "Whether it is told of blocks like that"),
		Integer("presynced_headers", "The height of a check of headers with little work, -1 for none"),
		Integer("synced_headers", "The height of the last header that both have, -1 if unknown"),
		Integer("synced_blocks", "The height of the last block that both have, -1 if unknown"),
		List("inflight", "The heights of the blocks that it is asked for", Integer("", "A height")),
		Boolean("addr_relay_enabled", "Whether it is told of other nodes"),
		Integer("addr_processed", "How many addresses it told of"),
		Integer("addr_rate_limited", "How many of its addresses were left out"),
		List("permissions", "What it may do beyond others: nothing so far", Text("", "A permission")),
		Coins("minfeefilter", "Always 0: no peer tells from which fee on it takes transactions"),
		Dictionary("bytessent_per_msg", "How many bytes were sent, by method", Integer("method", "The bytes")),
		Dictionary("bytesrecv_per_msg", "How many bytes were received, by method", Integer("method", "The bytes")),
		Text("connection_type", "Why there is a connection: outbound-full-relay, inbound, manual, addr-fetch or feeler"),
		Text("transport_protocol_type", "Always \"v1\": what is said is JSON"),
		Text("session_id", "Always empty"),
		Integer("node_id", "Its ID, 0 before it has one"),
		Text("kind", "What it is: node, wallet or tracker; empty before its hello"),
		Integer("height", "The height of its chain, as far as it tells"),
		Integer("fault_score", "How many faults it committed"),
		Text("listen", "HOST:PORT where it takes peers, empty if nowhere"),
		Text("role", "What it is to this node: inbound, parent, outbound, manual, feeler, probe or join"))
}

type peerInfo struct {
	ID              uint64           `json:"id"`
	Address         string           `json:"addr"`
	Network         string           `json:"network"`
	Services        string           `json:"services"`
	ServiceNames    []string         `json:"servicesnames"`
	RelayTxs        bool             `json:"relaytxes"`
	LastInv         int64            `json:"last_inv_sequence"`
	InvToSend       int64            `json:"inv_to_send"`
	LastSend        int64            `json:"lastsend"`
	LastReceive     int64            `json:"lastrecv"`
	LastTx          int64            `json:"last_transaction"`
	LastBlock       int64            `json:"last_block"`
	Sent            int64            `json:"bytessent"`
	Received        int64            `json:"bytesrecv"`
	Connected       int64            `json:"conntime"`
	TimeOffset      int64            `json:"timeoffset"`
	Ping            *double          `json:"pingtime,omitempty"`
	MinPing         *double          `json:"minping,omitempty"`
	PingWait        *double          `json:"pingwait,omitempty"`
	Version         int              `json:"version"`
	Subversion      string           `json:"subver"`
	Inbound         bool             `json:"inbound"`
	CompactTo       bool             `json:"bip152_hb_to"`
	CompactFrom     bool             `json:"bip152_hb_from"`
	Presynced       int32            `json:"presynced_headers"`
	SyncedHeaders   int32            `json:"synced_headers"`
	SyncedBlocks    int32            `json:"synced_blocks"`
	InFlight        []int32          `json:"inflight"`
	AddressRelay    bool             `json:"addr_relay_enabled"`
	Addresses       int64            `json:"addr_processed"`
	AddressesDenied int64            `json:"addr_rate_limited"`
	Permissions     []string         `json:"permissions"`
	MinFee          Amount           `json:"minfeefilter"`
	SentBy          map[string]int64 `json:"bytessent_per_msg"`
	ReceivedBy      map[string]int64 `json:"bytesrecv_per_msg"`
	ConnectionType  string           `json:"connection_type"`
	Transport       string           `json:"transport_protocol_type"`
	Session         string           `json:"session_id"`
	NodeID          uint32           `json:"node_id"`
	Kind            string           `json:"kind"`
	Height          int32            `json:"height"`
	Faults          int              `json:"fault_score"`
	Listen          string           `json:"listen"`
	Role            string           `json:"role"`
}

func (n *nodeMethods) getpeerinfo(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	list := []*peerInfo{}
	p, _ := n.peersOf(v)
	for i := range p.Peers {
		list = append(list, n.peerInfo(v, &p.Peers[i]))
	}
	return list, nil
}

func (n *nodeMethods) peerInfo(v *node.View, p *peering.PeerView) *peerInfo {
	isNode := p.Member && p.Kind == protocol.KindNode
	bits, names := servicesOf(p.Kind)
	info := &peerInfo{
		ID: uint64(p.Peer), Address: p.Address, Network: networkOf(p.Address), Services: hex16(bits), ServiceNames: names,
		RelayTxs: isNode, CompactTo: isNode, CompactFrom: isNode, Connected: seconds(time.Unix(0, p.Connected)), TimeOffset: p.Clock,
		Ping: took(p.Ping), MinPing: took(p.MinPing),
		Version: p.Protocol, Subversion: plainAgent(p.Agent), Inbound: p.Inbound,
		Presynced: -1, SyncedHeaders: -1, SyncedBlocks: -1, InFlight: []int32{}, AddressRelay: isNode, Addresses: p.Heard, AddressesDenied: p.Unheard, Permissions: []string{},
		SentBy: map[string]int64{}, ReceivedBy: map[string]int64{}, ConnectionType: connectionType(p), Transport: "v1",
		NodeID: p.NodeID, Kind: p.Kind, Height: p.Height, Faults: p.Faults, Listen: p.Listen, Role: p.Role,
	}
	if t, ok := n.Network.Traffic(p.Peer); ok {
		info.Sent, info.Received, info.LastSend, info.LastReceive = t.Sent, t.Received, seconds(t.LastSent), seconds(t.LastReceived)
		if t.SentBy != nil {
			info.SentBy = t.SentBy
		}
		if t.ReceivedBy != nil {
			info.ReceivedBy = t.ReceivedBy
		}
	}
	if p.PingSent != 0 {
		info.PingWait = took(n.Node.Now().UnixNano() - p.PingSent)
	}
	at, found := slices.BinarySearchFunc(v.Net.Syncing, p.Peer, func(s netsync.PeerStatus, id protocol.PeerID) int { return cmp.Compare(s.Peer, id) })
	if found {
		s := &v.Net.Syncing[at]
		info.Presynced, info.LastBlock, info.LastTx = s.LowHeaders, s.LastBlock/int64(time.Second), s.LastTx/int64(time.Second)
		info.InFlight = append(info.InFlight, s.InFlight...)
	}
	// Its best block tells what both have, if it is known here.
	if r, ok := v.Lookup(&p.Tip); p.Member && ok {
		info.SyncedHeaders, info.SyncedBlocks = r.Height, v.ForkPoint(r.Node).Height
	}
	return info
}

// seconds since 1970; 0 for never.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// took is how long something took in seconds, given in nanoseconds; nil if it
// has not been measured.
func took(ns int64) *double {
	if ns <= 0 {
		return nil
	}
	d := double(time.Duration(ns).Seconds())
	return &d
}

// connectionType is Core's word for why there is a connection
// (ConnectionTypeAsString).
func connectionType(p *peering.PeerView) string {
	switch {
	case p.Inbound:
		return "inbound"
	case p.Role == "manual":
		return "manual"
	case p.Role == "feeler" || p.Role == "probe":
		return "feeler"
	case p.Role == "join":
		return "addr-fetch"
	}
	return "outbound-full-relay"
}

// plainAgent leaves out of a peer's text what could do something to a terminal
// (Core: SanitizeString).
func plainAgent(agent string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(" .,;-_/:?@()", r) {
			return r
		}
		return -1
	}, agent)
}
