package tracker

import (
	"context"
	"sync"
	"time"

	"orrery/core/protocol"
)

// founding makes one chain of several first nodes that start at once: one is
// told to make it, the others to wait for it.
type founding struct {
	mu    sync.Mutex
	until time.Time // when somebody else may make it
}

// claim reports whether whoever asks now is to make the chain.
func (f *founding) claim(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	// A clock that was set back must not let them wait for long.
	if now.Before(f.until) && f.until.Sub(now) <= foundTime {
		return false
	}
	f.until = now.Add(foundTime)
	return true
}

var (
	errNoChain  = &protocol.Error{Code: protocol.CodeNotFound, Message: "no node has a chain yet"}
	errFounding = &protocol.Error{Code: protocol.CodeBusy, Message: "another node is making this network's chain just now"}
	errNoPolicy = &protocol.Error{Code: protocol.CodeNotFound, Message: "the tracker has no such policy"}
	errNoNode   = &protocol.Error{Code: protocol.CodeNotFound, Message: "a tracker has no blocks: ask a node"}
)

// serve answers strangers with an empty folder. It is called from several
// goroutines.
func (t *Tracker) serve(_ context.Context, r protocol.Request) (protocol.Response, *protocol.Error) {
	c := t.chain.Load()
	switch r := r.(type) {
	case *protocol.GetParams:
		if c != nil {
			return &protocol.Params{ChainFile: c.File}, nil
		}
		if t.founding.claim(t.deps.Now()) {
			return nil, errNoChain
		}
		return nil, errFounding
	case *protocol.GetPolicy:
		if c != nil {
			if _, policy0, err := parse(c.File); err == nil && r.ID == policy0 {
				return c.Policy, nil
			}
		}
		return nil, errNoPolicy
	}
	return nil, errNoNode
}
