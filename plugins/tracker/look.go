package tracker

import (
	"cmp"
	"slices"

	"orrery/core/protocol"
)

// look tells who came and who went since the last look. It is done now and then
// instead of at each event, so that a flapping member makes two lines a second
// at most, and a thousand cost little.
func (t *Tracker) look() {
	if !t.news || t.deps.Member == nil {
		return
	}
	t.news = false
	var present []protocol.Member
	for _, c := range t.peers.View().Children {
		if c.Connected && (c.Address != "" || c.Kind != protocol.KindNode) {
			present = append(present, c.Member)
		}
	}
	for _, m := range t.shown {
		if !among(present, m) {
			t.deps.Member(m, false)
		}
	}
	for _, m := range present {
		if !among(t.shown, m) {
			t.deps.Member(m, true)
		}
	}
	t.shown = present
}

func among(list []protocol.Member, m protocol.Member) bool {
	_, found := slices.BinarySearchFunc(list, m, func(a, b protocol.Member) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return found
}
