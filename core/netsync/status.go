package netsync

import (
	"slices"

	"orrery/core/protocol"
)

// PeerStatus tells people what goes on with a member.
type PeerStatus struct {
	Peer       protocol.PeerID
	InFlight   []int32 // heights of the bodies that it is asked for, in order
	LowHeaders int32   // height of a check of headers with little work; -1: none
	LastBlock  int64   // Unix nanoseconds when it last sent a new valid body; 0: never
	LastTx     int64   // the same of a transaction that the mempool took
	Unchecked  int     // bytes of transactions that it sent and that wait to be checked
}

// Peers returns what goes on with each member, by Peer.
func (s *Sync) Peers() []PeerStatus {
	list := make([]PeerStatus, 0, len(s.peers))
	for _, p := range s.peers {
		st := PeerStatus{Peer: p.id, LowHeaders: -1, LastBlock: p.lastBlock, LastTx: p.lastTx, Unchecked: p.inboxBytes}
		for _, c := range p.calls {
			for _, x := range c.wants {
				st.InFlight = append(st.InFlight, x.node.Height)
			}
		}
		slices.Sort(st.InFlight)
		if l := s.low; l != nil && l.peer == p {
			st.LowHeaders = l.start.Height + int32(len(l.marks))
			if l.second {
				st.LowHeaders = l.start.Height + int32(l.at)
			}
		}
		list = append(list, st)
	}
	return list
}
