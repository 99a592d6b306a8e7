package miner

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// meterSpan is over how long the hash rate is averaged.
	meterSpan = 5 * time.Second
	// markEvery is how often the count is noted; also the shortest time that a
	// rate is told of, since over less it would be chance.
	markEvery = time.Second
)

// meter counts hashes and tells the rate of the last seconds.
type meter struct {
	total atomic.Uint64

	mu    sync.Mutex
	marks []mark // oldest first; the first is a span old, or the begin
}

type mark struct {
	at    time.Time
	total uint64
}

func (m *meter) add(n uint64) { m.total.Add(n) }

// note is called again and again while the miner works.
func (m *meter) note(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.marks); n > 0 && now.Sub(m.marks[n-1].at) < markEvery {
		return
	}
	m.marks = append(m.marks, mark{now, m.total.Load()})
	for len(m.marks) > 1 && now.Sub(m.marks[1].at) >= meterSpan {
		m.marks = m.marks[1:]
	}
}

// rest says that the miner does not work.
func (m *meter) rest() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.marks = nil
}

// rate is in hashes per second.
func (m *meter) rate(now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.marks) == 0 {
		return 0
	}
	first := m.marks[0]
	return float64(m.total.Load()-first.total) / max(now.Sub(first.at), markEvery).Seconds()
}
