package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"

	"orrery/core/policy"
)

// newPeer makes the arguments of admit and punish, which each call fills anew.
func (m *machine) newPeer() {
	m.local.peer, m.local.fault = m.frozen(), m.frozen()
	// The fields come first, so that each call only overwrites them.
	m.setPeer(policy.Peer{})
	m.setFault(policy.Fault{})
}

func (m *machine) setPeer(p policy.Peer) {
	t := m.local.peer
	t.RawSetString("address", shortText(p.Address))
	t.RawSetString("host", shortText(p.Host))
	t.RawSetString("port", glua.LNumber(p.Port))
	t.RawSetString("netgroup", shortText(p.NetGroup))
	t.RawSetString("inbound", glua.LBool(p.Inbound))
	t.RawSetString("agent", shortText(p.Agent))
	t.RawSetString("height", glua.LNumber(p.Height))
	t.RawSetString("kind", shortText(p.Kind))
	t.RawSetString("inbound_count", glua.LNumber(p.InboundCount))
	t.RawSetString("outbound_count", glua.LNumber(p.OutboundCount))
	t.RawSetString("netgroup_count", glua.LNumber(p.NetGroupCount))
	t.RawSetString("banned_until", glua.LNumber(p.BannedUntil))
	t.RawSetString("seconds_now", glua.LNumber(p.Now))
}

func (m *machine) setFault(f policy.Fault) {
	t := m.local.fault
	t.RawSetString("kind", shortText(f.Kind))
	t.RawSetString("detail", shortText(f.Detail))
	t.RawSetString("count", glua.LNumber(f.Count))
}

// shortText keeps what others said within the length of a script's strings.
func shortText(s string) glua.LString { return glua.LString(s[:min(len(s), MaxString)]) }

// newRequest makes the argument of assign.
func (m *machine) newRequest() {
	t := m.frozen()
	m.local.asked = t
	m.setRequest(&policy.Request{})
	t.RawSetString("taken", m.function(lookupUnits, func(m *machine) int {
		if m.state.Get(1) != t {
			m.raise("call it with a colon: request:taken(…)")
		}
		id := m.integer(m.state.Get(2), "request:taken: ID")
		if id < 1 || id > math.MaxUint32 {
			m.raise("request:taken: %d is not between 1 and 2^32 - 1", id)
		}
		return m.push(glua.LBool(m.local.request.IsTaken(uint32(id))))
	}))
}

func (m *machine) setRequest(r *policy.Request) {
	m.local.request = r
	t := m.local.asked
	t.RawSetString("kind", shortText(r.Kind))
	t.RawSetString("host", shortText(r.Host))
	t.RawSetString("wanted_port", glua.LNumber(r.WantedPort))
	self := m.childTable(r.Self)
	self.RawSetString("capacity", glua.LNumber(r.Capacity))
	t.RawSetString("self", self)
	children := m.frozen()
	for i, c := range r.Children {
		children.RawSetInt(i+1, m.childTable(c))
	}
	t.RawSetString("children", children)
	t.RawSetString("base", glua.LNumber(r.FirstID()))
	t.RawSetString("seconds_now", glua.LNumber(r.Now))
}

func (m *machine) childTable(c policy.Child) *glua.LTable {
	t := m.frozen()
	t.RawSetString("id", glua.LNumber(c.ID))
	t.RawSetString("port", glua.LNumber(c.Port))
	t.RawSetString("kind", shortText(c.Kind))
	return t
}
