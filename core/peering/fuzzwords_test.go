package peering

import (
	"errors"
	"math"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

func (d *driver) byte() int {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return int(b)
}

var fuzzHosts = []string{"127.0.0.1", "127.0.0.1", "9.9.9.9", "9.9.1.1", "8.8.8.8", "0.0.0.0", "::1", "localhost", "bad host", ""}

func (d *driver) address() string {
	return JoinAddress(fuzzHosts[d.byte()%len(fuzzHosts)], uint16([]int{8000, 8001, 8002, 8003, 8004, 0, 65535, 9000}[d.byte()%8]))
}

func (d *driver) kind() string {
	return []string{"node", "node", "node", "wallet", "tracker", ""}[d.byte()%6]
}

func (d *driver) member() protocol.Member {
	return protocol.Member{ID: d.id(), Address: d.address(), Kind: d.kind()}
}

func (d *driver) id() uint32 {
	return []uint32{0, 8000, 8001, 8002, 8003, 8004, 1_000_000_001, math.MaxUint32}[d.byte()%8]
}

func (d *driver) lease() protocol.Lease {
	l := protocol.Lease{ID: d.id(), Port: uint16(d.byte() * 257), Token: []string{"", "ab", "cd"}[d.byte()%3]}
	if n := len(d.p.leases); n > 0 && d.byte()%2 == 0 {
		return d.p.leases[d.byte()%n].Lease
	}
	return l
}

func (d *driver) members() []protocol.Member {
	var list []protocol.Member
	for range d.byte() % 14 {
		list = append(list, d.member())
	}
	return list
}

func (d *driver) hello() *protocol.Hello {
	return &protocol.Hello{
		Protocol: max(d.byte(), 1) % 3, NetworkID: chainhash.Hash{byte(max(d.byte()/200, 1))}, Nonce: uint64(d.byte() % 8), Kind: d.kind(),
		ID: d.id(), Listen: d.address(), Height: int32(d.byte()), Time: int64(d.byte()-128) << (d.byte() % 57), Agent: string(make([]byte, d.byte()%70)),
	}
}

func (d *driver) request() protocol.Request {
	switch d.byte() % 9 {
	case 0, 1, 2:
		return d.hello()
	case 3, 4:
		return &protocol.Assign{Kind: d.kind(), WantedPort: uint16(d.byte()), Lease: d.lease()}
	case 5:
		return &protocol.Register{Listen: d.address()}
	case 6:
		return &protocol.GetPeers{}
	case 7:
		return &protocol.Ping{Nonce: 7}
	}
	return []protocol.Request{&protocol.GetHeaders{}, &protocol.GetParams{}}[d.byte()%2]
}

// response answers a request of the machine, rightly or not.
func (d *driver) response(r protocol.Request) (protocol.Response, error) {
	if d.byte()%4 == 0 {
		if d.byte()%2 == 0 {
			return nil, errors.New("late")
		}
		return nil, &protocol.Error{Code: protocol.Code(d.byte() % 10), Message: "no", Referral: d.members()}
	}
	if d.byte()%16 == 0 {
		return &protocol.Registered{}, nil
	}
	switch r := r.(type) {
	case *protocol.Hello:
		return d.hello(), nil
	case *protocol.Assign:
		return &protocol.Assigned{Lease: d.lease(), Base: uint32(d.byte()) * 100}, nil
	case *protocol.GetPeers:
		return &protocol.Peers{Peers: d.members()}, nil
	case *protocol.Ping:
		return &protocol.Pong{Nonce: r.Nonce + uint64(d.byte()/200)}, nil
	}
	return &protocol.Registered{}, nil
}

func (d *driver) command() Command {
	switch d.byte() % 9 {
	case 0:
		return AddNode{d.address(), []string{"add", "remove", "onetry", "x"}[d.byte()%4]}
	case 1:
		return Disconnect{Address: d.address(), Peer: protocol.PeerID(d.byte() % 9)}
	case 2, 3:
		return SetBan{Who: fuzzHosts[d.byte()%len(fuzzHosts)], Remove: d.byte()%2 == 0, Seconds: int64(d.byte()) << (d.byte() % 56), Absolute: d.byte()%2 == 0}
	case 4:
		return SetNetworkActive{d.byte()%3 > 0}
	case 5:
		return Ping{}
	case 6:
		return NodeAddresses{d.byte()}
	case 7:
		return Discovered{d.address()}
	}
	return []Command{ListBanned{}, ClearBanned{}, AddedNodeInfo{}}[d.byte()%3]
}
