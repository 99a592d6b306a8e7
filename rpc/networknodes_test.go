package rpc

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"orrery/core/protocol"
)

func TestAddNode(t *testing.T) {
	r, w := newNetworkRig(t)
	help := r.table.byName["addnode"].Help()
	r.fails(CodeMisc, help, "addnode", "127.0.0.1:8001", "ad")
	r.fails(CodeSubnet, "", "addnode", "127.0.0.1", "add")
	r.fails(CodeParameter, "Error: v2transport requested but not enabled (see -v2transport)", "addnode", "127.0.0.1:8001", "add", true)
	r.fails(CodeNodeNotAdded, "Error: Node could not be removed. It has not been added previously.", "addnode", "127.0.0.1:8001", "remove")
	w.Happen(t)
	r.same(r.call("addnode", "127.0.0.1:8001", "add", false), "null")
	dialled := w.Happen(t)
	if len(dialled) == 0 || dialled[len(dialled)-1] != (protocol.Dial{Address: "127.0.0.1:8001"}) {
		t.Errorf("asked for %v", dialled)
	}
	r.fails(CodeNodeAdded, "Error: Node already added", "addnode", "127.0.0.1:8001", "add")
	r.same(r.call("getaddednodeinfo"), `[{"addednode":"127.0.0.1:8001","connected":false,"addresses":[]}]`)
	w.Join(t, 1, protocol.KindNode, 8001)
	r.same(r.call("getaddednodeinfo", "127.0.0.1:8001"), `[{"addednode":"127.0.0.1:8001","connected":true,"addresses":[{"address":"127.0.0.1:8001","connected":"inbound"}]}]`)
	r.fails(CodeNodeNotAdded, "Error: Node has not been added.", "getaddednodeinfo", "127.0.0.1:8002")
	r.fails(CodeNodeNotAdded, "Error: Node has not been added.", "getaddednodeinfo", "")
	for n := 2; ; n++ {
		if b, err := r.try("addnode", fmt.Sprintf(`["127.0.0.1:%d","add"]`, 8000+n)); err != nil {
			if err.Code != CodeNodeCapacity || n < 3 || !strings.Contains(err.Message, "too many") {
				t.Errorf("node %d: %s %v", n, b, err)
			}
			break
		}
	}
	r.same(r.call("addnode", "127.0.0.1:8001", "remove"), "null")
	r.fails(CodeNodeNotAdded, "Error: Node has not been added.", "getaddednodeinfo", "127.0.0.1:8001")
}

func TestDisconnectNode(t *testing.T) {
	r, w := newNetworkRig(t)
	for id := protocol.PeerID(1); id <= 3; id++ {
		w.Join(t, id, protocol.KindNode, 8000+uint32(id))
	}
	closed := func(want protocol.PeerID) {
		t.Helper()
		for _, e := range w.Happen(t) {
			if c, ok := e.(protocol.Close); ok {
				if c.Peer != want {
					t.Errorf("%d is closed, not %d", c.Peer, want)
				}
				w.Happen(t, protocol.PeerDown{Peer: c.Peer})
				return
			}
		}
		t.Errorf("%d is not closed", want)
	}
	w.Happen(t)
	r.same(r.call("disconnectnode", "127.0.0.1:40001"), "null")
	closed(1)
	r.same(r.call("disconnectnode", "127.0.0.1:8002"), "null") // where it listens
	closed(2)
	r.same(r.call("disconnectnode", "", 3), "null")
	closed(3)
	const none = "Node not found in connected nodes"
	r.fails(CodeNodeNotConnect, none, "disconnectnode", "127.0.0.1:40001")
	r.fails(CodeNodeNotConnect, none, "disconnectnode", "")
	r.fails(CodeNodeNotConnect, none, "disconnectnode", "", 3)
	r.fails(CodeNodeNotConnect, none, "disconnectnode", nil, 0)
	r.fails(CodeNodeNotConnect, none, "disconnectnode", nil, -1)
	const one = "Only one of address and nodeid should be provided."
	r.fails(CodeInvalidParams, one, "disconnectnode", "127.0.0.1:40001", 1)
	r.fails(CodeInvalidParams, one, "disconnectnode")
}

func TestBans(t *testing.T) {
	r, w := newNetworkRig(t)
	now := r.node.Now().Unix()
	for _, c := range []struct {
		who, shown    string
		seconds, ends int64
		absolute      bool
	}{
		{"192.0.2.1", "192.0.2.1/32", 0, now + 86400, false},
		{"10.1.2.3/16", "10.1.0.0/16", 60, now + 60, false},
		{"10.2.0.0/255.255.0.0", "10.2.0.0/16", 1, now + 1, false},
		{"192.0.2.7/32", "192.0.2.7/32", now + 9, now + 9, true},
		{"2001:DB8::1", "2001:db8::1/128", 5, now + 5, false},
		{"2001:db8:1::/48", "2001:db8:1::/48", 5, now + 5, false},
		{"127.0.0.1:8001", "127.0.0.1:8001", -7, now + 86400, false},
	} {
		r.same(r.call("setban", c.who, "add", c.seconds, c.absolute), "null")
		var list []banInfo
		r.into(&list, "listbanned")
		want := banInfo{c.shown, now, c.ends, c.ends - now, c.ends - now, "banned by a person", true}
		if len(list) != 1 || list[0] != want {
			t.Errorf("%s: %+v, want %+v", c.who, list, want)
		}
		r.fails(CodeNodeAdded, "Error: IP/Subnet already banned", "setban", c.shown, "add")
		r.same(r.call("setban", c.shown, "remove"), "null")
		r.fails(CodeSubnet, "Error: Unban failed. Requested address/subnet was not previously manually banned.", "setban", c.who, "remove")
	}
	for _, who := range []string{"", "x", "localhost", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/255.0.255.0", "::/129", "1.2.3.4/x", "127.0.0.1:0", ":8000", "1.2.3.4/ffff::", "1.2.3.4/8/8"} {
		r.fails(CodeSubnet, "Error: Invalid IP/Subnet", "setban", who, "add")
	}
	r.fails(CodeMisc, r.table.byName["setban"].Help(), "setban", "192.0.2.1", "ban")
	r.fails(CodeParameter, "Error: Absolute timestamp is in the past", "setban", "192.0.2.1", "add", now-1, true)
	w.Join(t, 1, protocol.KindNode, 8001)
	w.Happen(t)
	r.call("setban", "127.0.0.1:8001", "add", 10)
	if got := fmt.Sprint(w.Happen(t)); !strings.Contains(got, "{1 banned here}") {
		t.Errorf("the banned peer: %s", got)
	}
	r.call("setban", "192.0.2.1", "add")
	r.node.Mock(now + 11) // the first is over, whether the node has seen that or not
	var list []banInfo
	if r.into(&list, "listbanned"); len(list) != 1 || list[0].Remaining != 86400-11 {
		t.Errorf("later: %+v", list)
	}
	r.same(r.call("clearbanned"), "null")
	r.same(r.call("listbanned"), "[]")
}

func TestNodeAddresses(t *testing.T) {
	r, w := newNetworkRig(t)
	w.Join(t, 1, protocol.KindNode, 8001)
	now := r.node.Now().Unix()
	r.same(r.call("getnodeaddresses"), fmt.Sprintf(`[{"time":%d,"services":1033,"address":"127.0.0.1","port":8001,"network":"not_publicly_routable","node_id":8001,"kind":"node"}]`, now))
	var members []protocol.Member
	for n := range 3 {
		members = append(members, protocol.Member{ID: 8100 + uint32(n), Address: fmt.Sprintf("8.8.%d.1:8100", n), Kind: protocol.KindNode})
	}
	w.Happen(t, protocol.Told{Peer: 1, Notice: &protocol.Announce{Peers: members}})
	r.settle()
	r.peerHas("addr_processed", 3)
	for params, want := range map[string]int{`[]`: 1, `[2]`: 2, `[0]`: 4, `[100]`: 4, `[0,"ipv4"]`: 3, `[2,"IPv4"]`: 2, `[0,"ipv6"]`: 0, `[0,"not_publicly_routable"]`: 1} {
		b, err := r.try("getnodeaddresses", params)
		if got := strings.Count(string(b), `"address"`); err != nil || got != want {
			t.Errorf("%s: %d addresses, want %d (%v)", params, got, want, err)
		}
	}
	r.fails(CodeParameter, "Address count out of range", "getnodeaddresses", -1)
	r.fails(CodeParameter, "Network not recognized: tor", "getnodeaddresses", 1, "tor")
	r.dial(2, "8.8.2.1:8100", 0)
	var counts map[string]addressCount
	r.into(&counts, "getaddrmaninfo")
	want := map[string]addressCount{
		"ipv4": {2, 1, 3}, "ipv6": {}, "onion": {}, "i2p": {}, "cjdns": {}, unroutable: {1, 0, 1}, "all_networks": {3, 1, 4},
	}
	if !maps.Equal(counts, want) {
		t.Errorf("got  %v\nwant %v", counts, want)
	}
}
