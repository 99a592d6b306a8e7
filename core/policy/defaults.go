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

// Assign gives the k-th child of parent p the ID (p-base)·capacity + base + k,
// so that no two nodes of a tree collide although each assigns by itself: with
// capacity 3, 8000 gives 8001 … 8003 and 8001 gives 8004 … 8006. The port is
// the one asked for, or else equal to the ID.
func (Defaults) Assign(r Request) (id uint32, port uint16, err error) {
	if r.Capacity < 1 {
		return 0, 0, fmt.Errorf("capacity %d: this node takes no children", r.Capacity)
	}
	if r.Self.ID < AssignBase {
		return 0, 0, fmt.Errorf("own ID %d is below %d", r.Self.ID, AssignBase)
	}
	if len(r.Children) >= r.Capacity {
		return 0, 0, fmt.Errorf("capacity %d reached", r.Capacity)
	}
	first := uint64(r.Self.ID-AssignBase)*uint64(r.Capacity) + AssignBase
	for k := uint64(1); k <= uint64(r.Capacity); k++ { // ends at the latest after one more than there are children
		n := first + k
		if n > math.MaxUint16 {
			return 0, 0, fmt.Errorf("ID %d would be above the highest port %d: join nearer to the root", n, math.MaxUint16)
		}
		if taken(r.Children, uint32(n)) {
			continue
		}
		if r.WantedPort != 0 {
			return uint32(n), r.WantedPort, nil
		}
		return uint32(n), uint16(n), nil
	}
	return 0, 0, fmt.Errorf("capacity %d reached", r.Capacity)
}

func taken(children []Child, id uint32) bool {
	for _, c := range children {
		if c.ID == id {
			return true
		}
	}
	return false
}
