package tracker

import (
	"context"
	"log/slog"
	"time"

	"orrery/core/peering"
	"orrery/core/protocol"
)

const (
	// MaxMembers bounds who has an ID here, and the connections from outside: at
	// 10 kB each, and with one ping in 15 s, more would need a machine of its own.
	MaxMembers = 1000
	// eventsLen bounds what waits for the loop; peers are read no faster.
	eventsLen = 256
	// foundTime is how long everybody else waits for the one that was told to
	// make the chain: making one takes seconds.
	foundTime = 20 * time.Second
	// lookEvery is how often the tracker looks who came and went.
	lookEvery = time.Second
	// maxTold bounds of how many that came or went is told in toldSpan: whoever
	// takes an ID and goes, again and again, must not fill the log.
	maxTold  = 60
	toldSpan = time.Minute
)

// Config says what a tracker is. Kind is always protocol.KindTracker, and what
// has to do with joining is not used.
type Config struct {
	// Peering is who may come in, which IDs there are, and where to listen. A zero
	// NetworkID: that of an earlier run, or else of the first node that comes.
	Peering peering.Config
	// Chain is what is served to those who have none; nil: that of an earlier run,
	// or else of the first member. It is of the network NetworkID.
	Chain *Chain
}

// Transport carries messages. Do never blocks, and is called by one goroutine.
type Transport interface {
	Run(ctx context.Context, ready func()) error
	Do(protocol.Effect)
}

// Deps are what a tracker needs of whoever runs it.
type Deps struct {
	// Open makes the transport. It delivers events through deliver, which waits
	// while the tracker is busy, and has requests that only read answered by
	// serve. Its Save effects must come back as Saved at the next start.
	Open func(deliver func(context.Context, protocol.Event) error,
		serve func(context.Context, protocol.Request) (protocol.Response, *protocol.Error)) (Transport, error)
	Saved []protocol.Record
	Now   func() time.Time
	// Member is told who came and who went, by the goroutine of Run; may be nil.
	Member func(m protocol.Member, came bool)
	Log    *slog.Logger
}
