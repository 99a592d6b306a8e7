package policy

import (
	"fmt"
	"math"
)

// BanSeconds is how long Defaults bans for a fault: 24 hours.
const BanSeconds int64 = 24 * 60 * 60

// AssignBase is the ID and port of the first node of a network.
const AssignBase = 8000

// Defaults are the local policies without a script: everybody may connect,
// whoever breaks a rule is banned for a day, and IDs follow from the parent's.
type Defaults struct{}

var _ Local = Defaults{}

// Admit lets every peer in.
func (Defaults) Admit(Peer) (bool, string) { return true, "" }

// Punish bans for BanSeconds for the known kinds of fault; any other one only
// ends the connection.
func (Defaults) Punish(_ Peer, f Fault) int64 {
	switch f.Kind {
	case "consensus", "work", "size", "protocol":
		return BanSeconds
	}
	return 0
}

// WalletBase is where IDs of wallets begin; those of nodes are all below.
const WalletBase = 1_000_000_000

// Ports that an ID is a wish for; any other ID leaves the choice to the node.
const (
	minPort = 1024
	maxPort = math.MaxUint16
)

// Assign gives the k-th child of parent p the ID (p-base)·capacity + base + k,
// so that no two nodes of a tree collide although each assigns by itself, as
// long as all have one capacity: with 3, 8000 gives 8001 … 8003 and 8001 gives
// 8004 … 8006. A wallet's ID is made in the same way from WalletBase. The port
// is the one asked for, or else equal to the ID where that is a port.
func (Defaults) Assign(r Request) (id uint32, port uint16, err error) {
	base := r.FirstID()
	if r.Self.ID < base || r.Self.ID >= WalletBase {
		return 0, 0, fmt.Errorf("own ID %d is not one of the network's: its first is %d", r.Self.ID, base)
	}
	if r.CountKind() >= r.Capacity {
		return 0, 0, fmt.Errorf("capacity %d reached", r.Capacity)
	}
	before, last := uint64(base), uint64(WalletBase-1)
	if r.Kind == "wallet" {
		before, last = WalletBase, math.MaxUint32
	}
	capacity := min(uint64(r.Capacity), math.MaxUint32) // the product below stays in its type
	before += uint64(r.Self.ID-base) * capacity
	for k := uint64(1); k <= capacity; k++ {
		n := before + k
		if n > last {
			return 0, 0, fmt.Errorf("ID %d would be above %d, the highest: join nearer to the root", n, last)
		}
		if !r.IsTaken(uint32(n)) {
			return uint32(n), r.port(uint32(n)), nil
		}
	}
	return 0, 0, fmt.Errorf("the %d IDs of this node are in use or rest", r.Capacity)
}

// port is the one that goes with an ID when the policy has no other wish.
func (r *Request) port(id uint32) uint16 {
	switch {
	case r.Kind == "wallet":
		return 0
	case r.WantedPort == 0 && id >= minPort && id <= maxPort:
		return uint16(id)
	}
	return r.WantedPort
}
