package tracker

import (
	"cmp"
	"slices"

	"orrery/core/protocol"
)

// look tells who came and who went since the last look. It is done now and then
// instead of at each event, so that a thousand cost little.
func (t *Tracker) look() {
	if !t.news || t.deps.Member == nil {
		return
	}
	t.news = false
	now := t.deps.Now()
	if d := now.Sub(t.toldSince); d >= toldSpan || d < 0 {
		if t.mute > 0 {
			t.deps.Log.Info("members came and went more often than is shown", "times", t.mute)
		}
		t.toldSince, t.told, t.mute = now, 0, 0
	}
	var present []protocol.Member
	for _, c := range t.peers.View().Children {
		if c.Connected && (c.Address != "" || c.Kind != protocol.KindNode) {
			present = append(present, c.Member)
		}
	}
	for _, m := range t.shown {
		if !among(present, m) {
			t.tell(m, false)
		}
	}
	for _, m := range present {
		if !among(t.shown, m) {
			t.tell(m, true)
		}
	}
	t.shown = present
}

func (t *Tracker) tell(m protocol.Member, came bool) {
	if t.told++; t.told > maxTold {
		t.mute++
		return
	}
	t.deps.Member(m, came)
}

func among(list []protocol.Member, m protocol.Member) bool {
	_, found := slices.BinarySearchFunc(list, m, func(a, b protocol.Member) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return found
}
