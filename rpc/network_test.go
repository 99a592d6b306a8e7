package rpc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"orrery/core/chain/chaintest"
	"orrery/core/protocol"
	"orrery/rpc/rpctest"
)

// wires is the network of a test: the node's own peering, and traffic that the
// test makes up.
type wires struct {
	*rpctest.Node
	traffic map[protocol.PeerID]Traffic
}

func (w *wires) Totals() (received, sent int64) {
	for _, t := range w.traffic {
		received, sent = received+t.Received, sent+t.Sent
	}
	return received, sent
}

func (w *wires) Traffic(id protocol.PeerID) (Traffic, bool) {
	t, ok := w.traffic[id]
	return t, ok
}

// newNetworkRig is a rig whose node is the first of a network.
func newNetworkRig(t *testing.T) (*rig, *wires) {
	t.Helper()
	w := &wires{Node: rpctest.NewNetwork(t, 1), traffic: map[protocol.PeerID]Traffic{}}
	r := newRig(t, 1, func(d *Deps) { d.Node, d.Network = w.Node, w })
	r.node = w.Node
	r.settle()
	return r, w
}

// settle lets a second pass, so that the node shows what is new.
func (r *rig) settle() {
	r.Helper()
	r.node.Mock(r.node.Now().Unix() + 1)
	for _, e := range r.node.Tick(r) {
		if l, ok := e.(protocol.Listen); ok {
			r.node.Happen(r, protocol.Listening{Address: l.Address})
		}
	}
}

func TestPeerInfo(t *testing.T) {
	r, w := newNetworkRig(t)
	m := w.Maker()
	r.mine(m.Chain("a", m.Genesis(), 2)...)
	w.Join(t, 1, protocol.KindNode, 8001)
	w.Happen(t, protocol.PeerUp{Peer: 7, Address: "203.0.113.9:5", Inbound: true})
	r.settle()
	start := r.node.Now().Unix() - 1
	w.traffic[1] = Traffic{
		Received: 300, Sent: 50, LastReceived: time.Unix(start+1, 0), LastSent: time.Unix(start, 0),
		ReceivedBy: map[string]int64{"peer.hello": 200, "peer.announce": 100}, SentBy: map[string]int64{"peer.hello": 50},
	}
	got := string(r.call("getpeerinfo"))
	want := fmt.Sprintf(`{"id":1,"addr":"127.0.0.1:40001","network":"not_publicly_routable","services":"0000000000000409","servicesnames":["NETWORK","WITNESS","NETWORK_LIMITED"],`+
		`"relaytxes":true,"last_inv_sequence":0,"inv_to_send":0,"lastsend":%d,"lastrecv":%d,"last_transaction":0,"last_block":0,"bytessent":50,"bytesrecv":300,"conntime":%[1]d,"timeoffset":0,`+
		`"version":1,"subver":"/orrery:1.2.3/","inbound":true,"bip152_hb_to":true,"bip152_hb_from":true,"presynced_headers":-1,"synced_headers":2,"synced_blocks":2,"inflight":[],`+
		`"addr_relay_enabled":true,"addr_processed":0,"addr_rate_limited":0,"permissions":[],"minfeefilter":0.00000000,"bytessent_per_msg":{"peer.hello":50},`+
		`"bytesrecv_per_msg":{"peer.announce":100,"peer.hello":200},"connection_type":"inbound","transport_protocol_type":"v1","session_id":"",`+
		`"node_id":8001,"kind":"node","height":2,"fault_score":0,"listen":"127.0.0.1:8001","role":"inbound"}`, start, start+1)
	if !strings.HasPrefix(got, "["+want+",") {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var list []map[string]any
	r.into(&list, "getpeerinfo")
	if len(list) != 2 || list[1]["kind"] != "" || list[1]["version"] != 0.0 || list[1]["relaytxes"] != false || list[1]["synced_blocks"] != -1.0 || list[1]["network"] != "not_publicly_routable" {
		t.Errorf("the silent one: %v", list)
	}
	r.same(r.call("getconnectioncount"), "2")
	if o := r.object("getnettotals"); o["totalbytesrecv"] != 300.0 || o["totalbytessent"] != 50.0 || o["timemillis"] != float64(start+1)*1000 {
		t.Errorf("totals %v", o)
	}
}

func TestNetworkInfoOfNetwork(t *testing.T) {
	r, w := newNetworkRig(t)
	w.Join(t, 1, protocol.KindNode, 8001)
	w.Join(t, 2, protocol.KindWallet, 8002)
	r.call("addnode", "127.0.0.1:8007", "onetry")
	w.Happen(t, protocol.PeerUp{Peer: 3, Address: "127.0.0.1:8007"})
	r.settle()
	o := r.object("getnetworkinfo")
	for name, want := range map[string]any{
		"networkactive": true, "connections": 3.0, "connections_in": 2.0, "connections_out": 1.0, "timeoffset": 0.0,
		"node_id": 8000.0, "listen": "127.0.0.1:8000", "joined": true, "joining": "",
	} {
		if o[name] != want {
			t.Errorf("%s is %v, not %v", name, o[name], want)
		}
	}
	if got := fmt.Sprint(o["localaddresses"]); got != "[map[address:127.0.0.1 port:8000 score:4]]" {
		t.Errorf("local addresses %s", got)
	}
	for _, n := range o["networks"].([]any) {
		n := n.(map[string]any)
		if reached := n["name"] == "ipv4" || n["name"] == "ipv6"; n["reachable"] != reached || n["limited"] == reached {
			t.Errorf("%v", n)
		}
	}
	r.same(r.call("setnetworkactive", false), "false")
	if o := r.object("getnetworkinfo"); o["networkactive"] != false || o["connections"] != 0.0 {
		t.Errorf("off: %v", o)
	}
	r.fails(CodeNotConnected, "Error: the network is switched off; switch it on with setnetworkactive true", "addnode", "127.0.0.1:8007", "onetry")
	r.same(r.call("setnetworkactive", true), "true")
}

// dial connects the node to a peer whose clock is that much ahead.
func (r *rig) dial(id protocol.PeerID, address string, ahead int64) {
	r.Helper()
	r.call("addnode", address, "onetry")
	v, _ := r.node.Acquire()
	for _, e := range r.node.Happen(r, protocol.PeerUp{Peer: id, Address: address}) {
		if ask, ok := e.(protocol.Ask); ok && ask.Peer == id {
			r.node.Happen(r, protocol.Answered{Peer: id, Call: ask.Call, Response: &protocol.Hello{
				Protocol: 1, NetworkID: v.Params.NetworkID, Agent: "x", Nonce: 100 + uint64(id), Kind: protocol.KindNode, ID: 8000 + uint32(id),
				Listen: address, Time: r.node.Now().Unix() + ahead, Tip: v.Tip.Hash,
			}})
			return
		}
	}
	r.Errorf("%s is not greeted", address)
}

// TestClockWarning: clocks of others that differ are a warning, everywhere.
func TestClockWarning(t *testing.T) {
	r, _ := newNetworkRig(t)
	for id := protocol.PeerID(1); id <= 3; id++ {
		address := fmt.Sprintf("127.0.0.1:%d", 8000+id)
		r.dial(id, address, 5000)
	}
	r.settle()
	o := r.object("getnetworkinfo")
	if o["timeoffset"] != 5000.0 {
		t.Errorf("offset %v", o["timeoffset"])
	}
	for _, method := range []string{"getblockchaininfo", "getmininginfo", "getnetworkinfo"} {
		if list, _ := r.object(method)["warnings"].([]any); len(list) != 1 || !strings.Contains(list[0].(string), "clock") {
			t.Errorf("%s: %v", method, list)
		}
	}
	var list []map[string]any
	r.into(&list, "getpeerinfo")
	for _, p := range list {
		if p["connection_type"] != "manual" || p["inbound"] != false || p["timeoffset"] != 5000.0 {
			t.Errorf("%v", p)
		}
	}
}

func TestNetworkOf(t *testing.T) {
	for address, want := range map[string]string{
		"8.8.8.8:1": "ipv4", "[2606:4700::1]:1": "ipv6", "[::ffff:8.8.8.8]:1": "ipv4", "127.0.0.1:1": unroutable, "[::1]:1": unroutable, "10.1.1.1:1": unroutable,
		"192.168.0.1:1": unroutable, "169.254.1.1:1": unroutable, "[fe80::1%eth0]:1": unroutable, "[fd00::1]:1": unroutable, "100.64.0.1:1": unroutable,
		"192.0.2.1:1": unroutable, "0.0.0.0:1": unroutable, "[2001:db8::1]:1": unroutable, "224.0.0.1:1": unroutable,
		"localhost:1": unroutable, "box.local:1": unroutable, "node.example.com:1": "ipv4", "x.onion:1": "onion", "x.b32.i2p:1": "i2p", "8.8.8.8": "ipv4", "": unroutable,
	} {
		if got := networkOf(address); got != want {
			t.Errorf("%s is %s, not %s", address, got, want)
		}
	}
	if got := plainAgent("/a\x1b[31m:1.0 \"ü\"(b)/"); got != "/a31m:1.0 (b)/" {
		t.Errorf("agent %q", got)
	}
}

// TestPing: the answers of peers are in getpeerinfo.
func TestPing(t *testing.T) {
	r, w := newNetworkRig(t)
	w.Join(t, 1, protocol.KindNode, 8001)
	w.Happen(t)
	r.same(r.call("ping"), "null")
	for _, e := range w.Happen(t) {
		if ask, ok := e.(protocol.Ask); ok {
			if ping, ok := ask.Request.(*protocol.Ping); ok {
				w.Mock(w.Now().Unix() + 1)
				r.peerHas("pingwait", 1)
				w.Happen(t, protocol.Answered{Peer: 1, Call: ask.Call, Response: &protocol.Pong{Nonce: ping.Nonce}})
				r.peerHas("pingtime", 1)
				r.peerHas("minping", 1)
				return
			}
		}
	}
	t.Error("nobody was asked")
}

func (r *rig) peerHas(name string, want float64) {
	r.Helper()
	var list []map[string]any
	if r.into(&list, "getpeerinfo"); len(list) != 1 || list[0][name] != want {
		r.Errorf("%s is not %v: %v", name, want, list)
	}
}

// TestNoNetwork: without a network there is nothing to tell, and what would
// change it says so in Core's words.
func TestNoNetwork(t *testing.T) {
	r := newRig(t, 1)
	for _, method := range []string{"getpeerinfo", "listbanned", "getnodeaddresses"} {
		r.same(r.call(method), "[]")
	}
	r.object("getaddrmaninfo")
	for _, params := range [][]any{{"addnode", "127.0.0.1:1", "add"}, {"disconnectnode", "127.0.0.1:1"}, {"disconnectnode", "", 0}, {"getaddednodeinfo"}, {"getaddednodeinfo", ""}, {"setban", "1.2.3.4", "add"}, {"clearbanned"}, {"setnetworkactive", true}, {"ping"}} {
		r.fails(CodeNoNetwork, "Error: Peer-to-peer functionality missing or disabled", params[0].(string), params[1:]...)
	}
	if o := r.object("getnetworkinfo"); o["networkactive"] != false || o["node_id"] != 0.0 {
		t.Errorf("%v", o)
	}
}

// TestCommandErrors: each has a code of its own, and words.
func TestCommandErrors(t *testing.T) {
	for _, c := range commandErrors {
		if e := asError(commandError(fmt.Errorf("x: %w", c.err))); e.Code != c.code || e.Message == "" || c.code == CodeMisc {
			t.Errorf("%v: %+v", c.err, e)
		}
	}
	if e := asError(commandError(fmt.Errorf("other"))); e.Code != CodeMisc {
		t.Errorf("%+v", e)
	}
}

// TestSync: while a peer has more, getblockchaininfo tells how far the node is.
func TestSync(t *testing.T) {
	r, w := newNetworkRig(t)
	m := w.Maker()
	near := int64(rpctest.Start)
	blocks := []*chaintest.Block{m.Block("first", m.Genesis(), chaintest.At(near))}
	r.mine(blocks[0])
	if o := r.object("getblockchaininfo"); o["sync"] != nil || o["initialblockdownload"] != false {
		t.Errorf("alone: %v", o)
	}
	r.nodes.synced.Store(false) // as after a start
	v, _ := w.Acquire()
	w.Happen(t,
		protocol.PeerUp{Peer: 1, Address: "127.0.0.1:40001", Inbound: true},
		protocol.Asked{Peer: 1, Call: 1, Request: &protocol.Hello{
			Protocol: 1, NetworkID: v.Params.NetworkID, Nonce: 9, Kind: protocol.KindNode, ID: 8001, Listen: "127.0.0.1:8001", Height: 999, Time: w.Now().Unix(),
		}})
	r.settle()
	o := r.object("getblockchaininfo")
	s, _ := o["sync"].(map[string]any)
	if s == nil || s["header_height"] != 1.0 || s["block_height"] != 1.0 || s["goal_height"] != 999.0 || s["blocks_per_second"] != 1.0 || s["eta_seconds"] != 999.0 {
		t.Errorf("sync %v", s)
	}
	r.node.Mock(near + 60) // nothing came
	r.settle()
	if s, _ := r.object("getblockchaininfo")["sync"].(map[string]any); s["blocks_per_second"] != 0.0 || s["eta_seconds"] != nil {
		t.Errorf("a minute later: %v", s)
	}
	if o["initialblockdownload"] != true || o["verificationprogress"] != 0.002 || o["headers"] != 1.0 {
		t.Errorf("syncing: %v", o)
	}
}
