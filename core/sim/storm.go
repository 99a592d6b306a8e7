package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"orrery/core/peering"
)

// The parts of a Storm.
const (
	stormMin     = 2 // nodes: with two, nobody else helps
	stormMax     = 8
	stormLength  = 8 * time.Minute
	stormPause   = 8 * time.Second // between two faults, on average
	stormSpacing = 8 * time.Second // between two blocks, on average
	// stormBound is how soon after the last fault there is one tip. A connection
	// that a cut had swallowed is given up after a minute, and the pauses between
	// dials of an address that failed again and again have grown to ten.
	stormBound = 20 * time.Minute
	// crashWait is how long a crash waits for a node that is at work.
	crashWait = 10 * time.Second
)

// Storm makes a small network, lets faults that the seed chooses rain on it
// while it mines and pays, ends all faults, and wants one tip on all nodes
// within a bound and everything that Check wants. cfg has the chain and the
// seed. The error says what does not hold; the network is returned in any case.
func Storm(cfg Config) (*Net, error) {
	r := Stream(cfg.Seed, -1, "storm")
	cfg.Fragile = true
	cfg.Link = stormLink(r)
	if r.IntN(2) == 0 {
		cfg.Work = time.Duration(r.IntN(50)) * time.Millisecond
	}
	outbound := 1 + r.IntN(3) // the fewer, the fewer ways there are round what is stuck
	cfg.Peering = func(_ *Node, c *peering.Config) { c.Outbound = outbound }
	s := &storm{Net: New(cfg), r: r}
	s.build()
	if err := s.rain(); err != nil {
		return s.Net, err
	}
	return s.Net, s.clear()
}

type storm struct {
	*Net
	r *rand.Rand
}

func stormLink(r *rand.Rand) Link {
	l := Link{Latency: Delay{Base: time.Duration(1+r.IntN(150)) * time.Millisecond, Spread: time.Duration(r.IntN(100)) * time.Millisecond}}
	switch r.IntN(4) {
	case 0:
		l.Loss = 0.1 * r.Float64()
	case 1:
		l.Bandwidth = 5000 + r.Int64N(100_000)
	case 2:
		l.Latency.Mean = time.Duration(r.IntN(500)) * time.Millisecond
	}
	if r.IntN(2) == 0 {
		l.Repeat = 0.3 * r.Float64()
	}
	return l
}

func (s *storm) build() {
	for range stormMin + s.r.IntN(stormMax-stormMin+1) {
		s.join()
		_ = s.Run(time.Duration(s.r.IntN(5000)) * time.Millisecond)
	}
}

// join adds a node.
func (s *storm) join() {
	spec := Spec{
		Skew:     time.Duration(s.r.IntN(120)-60) * time.Second,
		Hashrate: 2 / stormSpacing.Seconds() / 5 * 2 * s.r.Float64(), // a block takes two hashes
		Capacity: 2 + s.r.IntN(3),
	}
	if len(s.nodes) > 0 {
		spec.Join = []string{s.nodes[0].Address()}
		if a := s.any().Address(); a != "" && s.r.IntN(2) == 0 {
			spec.Join = []string{a} // it has joined already
		}
	}
	s.Add(spec)
}

func (s *storm) any() *Node { return s.nodes[s.r.IntN(len(s.nodes))] }

// rain lets faults happen.
func (s *storm) rain() error {
	for end := s.Now() + stormLength; s.Now() < end; {
		if err := s.Run(time.Duration(s.r.ExpFloat64() * float64(stormPause))); err != nil {
			return err
		}
		s.fault()
		for range s.r.IntN(3) {
			s.pay()
		}
	}
	return s.err
}

func (s *storm) fault() {
	a, b := s.any(), s.any()
	switch k := s.r.IntN(15); k {
	case 0:
		s.Cut(a, b)
	case 1, 2:
		s.Cut(a, b)
		s.Cut(b, a)
	case 3:
		s.splitAtRandom()
	case 4, 5:
		s.Heal()
	case 6, 7:
		s.Crash(a, k == 7)
	case 8, 9:
		for _, x := range s.nodes {
			if s.r.IntN(2) == 0 {
				s.Restart(x)
			}
		}
	case 10:
		a.spec.Mute = [][]string{{"peer.blocks"}, {"peer.headers"}, {"peer.announce", "peer.compact"}, {"peer.txs"}, {"peer.blocktxs"}}[s.r.IntN(5)]
	case 11:
		for _, x := range s.nodes {
			x.spec.Mute = nil
		}
	case 12, 13:
		s.crashAtWork(k == 13)
	case 14:
		if len(s.nodes) < stormMax {
			s.join()
		}
	}
}

// crashAtWork waits for a node that has been busy for some steps, in a sync or a
// reorg, and crashes it there.
func (s *storm) crashAtWork(power bool) {
	steps := 2 + s.r.IntN(8)
	_ = s.RunUntil(crashWait, func() bool {
		for _, x := range s.nodes {
			if x.mores >= steps && x.machine != nil {
				s.Crash(x, power)
				return true
			}
		}
		return false
	})
}

func (s *storm) splitAtRandom() {
	groups := make([][]*Node, 2)
	for _, x := range s.nodes {
		i := s.r.IntN(2)
		groups[i] = append(groups[i], x)
	}
	s.Split(groups...)
}

// pay sends a transaction between two nodes, if it can.
func (s *storm) pay() {
	a, b := s.any(), s.any()
	if a.machine == nil {
		return
	}
	if tx, err := s.Pay(a, b, 1000+s.r.Int64N(10*coin)); err == nil {
		s.Send(a, tx, nil)
	}
}

// clear ends all faults, waits, and looks.
func (s *storm) clear() error {
	s.Heal()
	for _, x := range s.nodes {
		x.spec.Mute = nil
		s.Restart(x)
	}
	healed := s.Now()
	if err := s.RunUntil(stormBound, s.OneTip); err != nil {
		return err
	}
	if err := s.Run(time.Minute); err != nil {
		return err
	}
	for _, x := range s.nodes {
		s.SetHashrate(x, 0)
	}
	// Two branches of the same work may stand side by side: one more block ends
	// that, wherever it is found.
	if err := s.RunUntil(stormBound, s.SameWork); err != nil {
		return err
	}
	if s.Mine(s.any()) == nil {
		return s.failed("a node's clock allows no block")
	}
	if err := s.RunUntil(stormBound-(s.Now()-healed), s.OneTip); err != nil {
		return err
	}
	if !s.OneTip() {
		return s.failed("%v after the last fault there is more than one tip", stormBound)
	}
	s.count.Healing = s.Now() - healed
	// IDs of nodes that came back with another one rest for ten minutes, and a
	// joiner may wait for them. Two that got one ID in two parts of the network
	// hear of each other by gossip.
	if err := s.RunUntil(stormBound, s.joined); err != nil {
		return err
	}
	// What is still under way, such as transactions, arrives.
	if err := s.Run(10 * time.Second); err != nil {
		return err
	}
	if err := s.members(); err != nil {
		return err
	}
	return s.Check()
}

func (s *storm) joined() bool {
	var ids []uint32
	for _, x := range s.nodes {
		v := x.view.Net.Peers
		if !v.Joined || slices.Contains(ids, v.ID) {
			return false
		}
		ids = append(ids, v.ID)
	}
	return true
}

// members wants every node to be one of the network again, with an ID that
// nobody else has, and nobody to have been found at fault: all are honest.
func (s *storm) members() error {
	names := map[uint32]string{}
	for _, x := range s.nodes {
		v := x.view.Net.Peers
		if other := names[v.ID]; other != "" {
			return s.failed("%s and %s both have the ID %d", other, x.spec.Name, v.ID)
		}
		names[v.ID] = x.spec.Name
		if v.Parent != 0 && !slices.ContainsFunc(v.Peers, func(q peering.PeerView) bool { return q.Peer == v.Parent && q.Member }) {
			return s.failed("%s takes %d for its parent, which it is not connected to", x.spec.Name, v.Parent)
		}
		if len(v.Bans) > 0 {
			return s.failed("%s has banned an honest node: %s", x.spec.Name, v.Bans[0].Reason)
		}
		for _, line := range x.said {
			if strings.HasPrefix(line, "Closed ") || strings.HasPrefix(line, "Banned ") {
				return s.failed("%s has found a fault with an honest node: %s", x.spec.Name, line)
			}
		}
		if !v.Joined || len(v.Peers) == 0 {
			return s.failed("%s is no member: %s, %d peers", x.spec.Name, v.State, len(v.Peers))
		}
	}
	return nil
}

func (s *storm) failed(format string, args ...any) error {
	err := fmt.Errorf("seed %d: "+format, append([]any{s.cfg.Seed}, args...)...)
	for _, x := range s.nodes {
		if x.view != nil {
			err = fmt.Errorf("%w\n\t%s: height %d, tip %v", err, x.spec.Name, x.view.Tip.Height, x.view.Tip.Hash)
		}
	}
	return err
}
