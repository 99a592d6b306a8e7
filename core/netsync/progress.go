package netsync

// Progress tells people how far a node has come.
type Progress struct {
	Headers int32 // height of the best header in the index
	Blocks  int32 // height of the tip
	Goal    int32 // height that peers claim to have; Headers if that is more
	// Rate is how many blocks were connected a second lately.
	Rate float64
	// ETA is in seconds; -1: cannot be told.
	ETA int64
	// Initial is set until the node has once had all that a peer had.
	Initial bool
	Peers   int // members that have a chain
}

// meterSpan is over how long the rate is measured.
const meterSpan = 4 * second

// meter counts connected blocks.
type meter struct {
	start  int64 // of the running span
	count  int64
	before int64 // in the last whole span, lasted ns
	lasted int64
}

func (m *meter) connected(now int64) {
	if since := now - m.start; since >= meterSpan || since < 0 {
		m.before, m.lasted = m.count, since
		m.start, m.count = now, 0
	}
	m.count++
}

// rate is in blocks a second.
func (m *meter) rate(now int64) float64 {
	since := now - m.start
	if m.start == 0 || since < 0 || since > 2*meterSpan {
		return 0
	}
	span := since
	n := m.count
	if m.lasted > 0 && m.lasted <= 2*meterSpan {
		span, n = span+m.lasted, n+m.before
	}
	if span < second/10 {
		return 0
	}
	return float64(n) * float64(second) / float64(span)
}

// noteSynced ends the initial synchronization when no peer has more than we
// have. Peers that keep us waiting do not count, nor does one whose branch has
// little work as yet.
func (s *Sync) noteSynced() {
	if s.synced || s.window.target != nil || s.bulk != nil {
		return
	}
	tip, all := s.chain.Tip(), 0
	for _, p := range s.peers {
		switch {
		case p.late > 0 || s.low != nil && s.low.peer == p:
		case !p.done || len(p.pending) > 0 || p.best != nil && p.best.Work.Gt(&tip.Work) && !s.chain.Failed(p.best):
			return
		default:
			all++
		}
	}
	s.synced = all > 0
}

// Synced reports whether the node has once had all that a peer had.
func (s *Sync) Synced() bool { return s.synced }

// Progress returns how far the node has come.
func (s *Sync) Progress() Progress {
	pr := Progress{
		Headers: s.chain.BestHeader().Height, Blocks: s.chain.Tip().Height,
		Rate: s.meter.rate(s.mono), ETA: -1, Initial: !s.synced, Peers: len(s.peers),
	}
	pr.Goal = pr.Headers
	for _, p := range s.peers {
		if !p.done {
			pr.Goal = max(pr.Goal, p.hintHeight)
		}
	}
	switch {
	case pr.Goal <= pr.Blocks:
		pr.ETA = 0
	case pr.Rate > 0:
		pr.ETA = int64(float64(pr.Goal-pr.Blocks)/pr.Rate) + 1
	}
	return pr
}
