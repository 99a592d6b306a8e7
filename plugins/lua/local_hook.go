package lua

import (
	"fmt"
	"sync"
	"sync/atomic"

	"orrery/core/policy"
)

// maxLogged is how many lines a minute one hook may log: what scripts print
// and that they fail. Anybody can make a node call them.
const maxLogged = 20

// localHook is a script that can be replaced while it runs, and what became of
// its calls.
type localHook struct {
	script atomic.Pointer[Script] // nil: built-in

	mu      sync.Mutex
	number  uint64 // of calls, over all scripts: each has random numbers of its own
	info    LocalInfo
	minute  int64 // whose lines are counted
	logged  int
	dropped int
}

func (h *localHook) replace(s *Script, src LocalScript) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.info = LocalInfo{Hook: h.info.Hook, Params: src.Params}
	if s != nil {
		h.info.File, h.info.Script = src.File, policy.HashScript(src.Text)
	}
	h.script.Store(s)
}

func (h *localHook) read() LocalInfo {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.info
}

// call runs f in a machine of the hook's script. It reports false when the
// built-in policy must answer: there is no script, or it failed. now is in
// seconds since 1970.
func (l *Local) call(h *localHook, now int64, f func(*machine) error) bool {
	s := h.script.Load()
	h.mu.Lock()
	h.number++
	h.info.Calls++
	number := h.number
	h.mu.Unlock()
	if s == nil {
		return false
	}
	printed, err := s.callLocal(now, l.cfg.Seed, number, f)
	for _, line := range printed {
		l.log(h, now, false, line)
	}
	if err == nil {
		return true
	}
	why := oneLine(err.Error()) // of a fault of ours it has a stack below
	h.mu.Lock()
	hook := h.info.Hook
	again := h.info.LastError == why && h.info.LastTime/60 == now/60
	h.info.Errors++
	h.info.LastError, h.info.LastTime = why, now
	h.mu.Unlock()
	if !again {
		l.log(h, now, true, fmt.Sprintf("%s; the built-in %s policy answers instead", why, hook))
	}
	return false
}

// log passes a line on unless there were too many in this minute.
func (l *Local) log(h *localHook, now int64, warn bool, line string) {
	h.mu.Lock()
	dropped := 0
	if now/60 != h.minute {
		dropped = h.dropped
		h.minute, h.logged, h.dropped = now/60, 0, 0
	}
	h.logged++
	pass, hook := h.logged <= maxLogged, h.info.Hook
	if !pass {
		h.dropped++
	}
	h.mu.Unlock()
	if dropped > 0 {
		l.cfg.Log(false, fmt.Sprintf("%s: %d more lines were left out", hook, dropped))
	}
	if pass {
		l.cfg.Log(warn, line)
	}
}

// callLocal runs f in a machine; one that failed is not used again, since an
// error leaves it half-way.
func (s *Script) callLocal(now int64, seed, number uint64, f func(*machine) error) (printed []string, err error) {
	m, err := s.take()
	if err != nil {
		return nil, err
	}
	m.begin(now, seed, number)
	err = f(m)
	printed = m.local.printed
	m.local.request, m.local.printed = nil, nil
	if err == nil {
		s.put(m)
	}
	return printed, err
}

// try calls each function of a script once, as the first peer of a new network
// would make it, so that a slip shows before it matters.
func try(s *Script) error {
	for _, w := range s.warnings {
		if w.Wrong {
			return s.scriptError(policy.ReasonError, w.Line, w.Msg)
		}
	}
	const someTime = 1_700_000_000
	_, err := s.callLocal(someTime, 0, 0, func(m *machine) error {
		if s.hook == policy.Assign {
			_, _, _, err := m.assign(&policy.Request{
				Kind: "node", Host: "127.0.0.1", Capacity: 3, Now: someTime,
				Self: policy.Child{ID: policy.AssignBase, Port: policy.AssignBase, Kind: "node"},
			})
			return err
		}
		peer := policy.Peer{
			Address: "127.0.0.1:50000", Host: "127.0.0.1", Port: 50000, NetGroup: "127.0",
			Inbound: true, Agent: "orrery/0", Kind: "node", Now: someTime,
		}
		if _, _, err := m.admit(peer); err != nil {
			return err
		}
		_, _, err := m.punish(peer, policy.Fault{Kind: "protocol", Detail: "a try", Count: 1})
		return err
	})
	return err
}
