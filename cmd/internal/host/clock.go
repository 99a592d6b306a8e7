package host

import (
	"sync/atomic"
	"time"
)

// Clock is the node's time. Tools may stop it at a moment of their choice.
type Clock struct{ mock *atomic.Int64 }

// NewClock returns a clock that follows the machine's.
func NewClock() Clock { return Clock{new(atomic.Int64)} }

// Now is the mocked time, or the machine's. A mocked second stands, but passes
// again and again: whoever looks at seconds sees no time pass, while the
// network's timers, which go on when a clock is set back, still run.
func (c Clock) Now() time.Time {
	if s := c.mock.Load(); s != 0 {
		return time.Unix(s, int64(time.Now().Nanosecond()))
	}
	return time.Now()
}

// Mock stops the clock at a Unix time in seconds; 0 lets it go again.
func (c Clock) Mock(seconds int64) { c.mock.Store(seconds) }

// Now is the node's clock.
func (h *Host) Now() time.Time { return h.clock.Now() }

// Mock stops the node's clock at a Unix time in seconds; 0 lets it go again.
func (h *Host) Mock(seconds int64) { h.clock.Mock(seconds) }
