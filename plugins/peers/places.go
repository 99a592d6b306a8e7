package peers

import (
	"slices"
	"sync"
	"time"
)

// places are few and shared by all peers: each is for one large message in
// memory. When none gets free for a while, whoever has had one the longest loses
// its connection, so that slow peers cannot keep them from the others.
type places struct {
	slots    chan struct{}
	patience time.Duration

	mu   sync.Mutex
	held []*holding // the oldest first
}

type holding struct {
	p     *peer
	since time.Time
}

func newPlaces(n int, patience time.Duration) *places {
	return &places{slots: make(chan struct{}, n), patience: patience}
}

// take waits for a place; it reports false when done comes first.
func (s *places) take(p *peer, done <-chan struct{}) (release func(), ok bool) {
	select {
	case s.slots <- struct{}{}:
		return s.hold(p), true
	default:
	}
	timer := time.NewTicker(s.patience)
	defer timer.Stop()
	for {
		select {
		case s.slots <- struct{}{}:
			return s.hold(p), true
		case <-timer.C:
			s.cutSlowest()
		case <-done:
			return nil, false
		}
	}
}

func (s *places) hold(p *peer) (release func()) {
	h := &holding{p, time.Now()}
	s.mu.Lock()
	s.held = append(s.held, h)
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		i := slices.Index(s.held, h)
		s.held = slices.Delete(s.held, i, i+1)
		s.mu.Unlock()
		<-s.slots
	}
}

func (s *places) cutSlowest() {
	s.mu.Lock()
	var slowest *peer
	if len(s.held) > 0 && time.Since(s.held[0].since) >= s.patience {
		slowest = s.held[0].p
	}
	s.mu.Unlock()
	if slowest != nil {
		slowest.cut("a large message took too long while others waited for their turn")
	}
}
