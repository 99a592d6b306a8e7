package sim

import (
	"math/rand/v2"
	"time"
)

// Link is the way between two nodes, in each direction.
type Link struct {
	Latency Delay
	// Bandwidth is in bytes a second; 0: without end.
	Bandwidth int64
	// Loss is the share of messages whose first try is lost. Connections are
	// reliable, so a loss costs time: the next try comes after retryTime, and
	// doubles it.
	Loss float64
	// Repeat is the share of notices that arrive twice, as from a peer that
	// tells everything again. Requests and answers are paired by whoever
	// carries them, so they never do.
	Repeat float64
}

// Delay is a distribution of times: Base, and on top of it a random part.
type Delay struct {
	Base   time.Duration
	Spread time.Duration // evenly from 0 to Spread
	Mean   time.Duration // exponential with this mean
}

// Fixed is a delay without chance.
func Fixed(d time.Duration) Delay { return Delay{Base: d} }

// draw takes nothing from r when there is nothing to draw.
func (d Delay) draw(r *rand.Rand) int64 {
	t := int64(d.Base)
	if d.Spread > 0 {
		t += r.Int64N(int64(d.Spread) + 1)
	}
	if d.Mean > 0 {
		t += int64(r.ExpFloat64() * float64(d.Mean))
	}
	return t
}

const (
	// retryTime is the first wait after a lost packet (TCP's is 200 ms in Linux).
	retryTime = 200 * time.Millisecond
	// maxRetries bounds the tries of one message that chance may lose.
	maxRetries = 6
)

// sendTime is how long a message is under way once the line is free.
func (l *Link) travel(r *rand.Rand) int64 {
	t := l.Latency.draw(r)
	if l.Loss <= 0 {
		return t
	}
	wait := int64(retryTime)
	for n := 0; n < maxRetries && r.Float64() < l.Loss; n++ {
		t += wait
		wait *= 2
	}
	return t
}

// occupy is how long n bytes keep the line busy.
func (l *Link) occupy(n int) int64 {
	if l.Bandwidth <= 0 {
		return 0
	}
	return int64(n) * int64(time.Second) / l.Bandwidth
}
