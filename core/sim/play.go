package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"orrery/core/consensus"
)

// Play runs a scenario: a text of one command a line. It writes what happens,
// each command first, by out, and ends with the first that cannot be done or
// does not hold. cfg has the chain, and may have more.
//
//	# a remark
//	net seed=1 latency=50ms loss=0.01 fragile    before any node
//	node a hash=0.2                              the first of a network
//	node b join=a capacity=3 skew=5s
//	link a b latency=2s bandwidth=10000
//	dial a b                                     connect, as by hand
//	run 10s
//	mine a 3 every=10s                           find three blocks
//	hash a 0.2                                   hashes a second; a block takes two
//	send a b 1.5 as pay1                         coins
//	cut a b / mend a b                           one way
//	split a b | c d e / heal
//	crash a / crash a power / restart a
//	mute a peer.blocks / unmute a                it never answers or tells this
//	watch on / watch off                         write events and effects, or not
//	until 30s tip                                run until all have one tip, at most so long
//	until 30s height a 5                         see expect for the words
//	expect tip / tip a b / height a 5 / pool a pay1 / id a 8001 / listen a HOST:PORT / peers a 2
//	check                                        Net.Check
func Play(cfg Config, text string, out func(string)) (*Net, error) {
	p := &player{cfg: cfg, out: out, names: map[string]*Node{}, txs: map[string]*consensus.Tx{}}
	p.cfg.Watch = func(l Line) {
		if p.watch {
			if s := p.words.line(l); s != "" {
				out(s)
			}
		}
	}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		out("> " + line)
		if err := p.command(strings.Fields(line)); err != nil {
			return p.net, fmt.Errorf("line %d, %s: %w", i+1, line, err)
		}
	}
	if p.net == nil {
		return nil, fmt.Errorf("the scenario has no node")
	}
	out(fmt.Sprintf("seed %d, %v", p.cfg.Seed, p.net.Now()))
	return p.net, nil
}

type player struct {
	cfg   Config
	net   *Net
	words *narrator
	out   func(string)
	watch bool
	names map[string]*Node
	txs   map[string]*consensus.Tx
}

// maxMined bounds mine.
const maxMined = 10_000

func (p *player) command(f []string) error {
	args, opts := f[1:], map[string]string{}
	args = slices.DeleteFunc(slices.Clone(args), func(s string) bool {
		k, v, ok := strings.Cut(s, "=")
		if ok {
			opts[k] = v
		}
		return ok
	})
	if p.net == nil && f[0] != "net" && f[0] != "watch" {
		p.net = New(p.cfg)
		p.words = newNarrator(p.net)
	}
	switch f[0] {
	case "net":
		return p.setup(args, opts)
	case "node":
		return p.node(args, opts)
	case "run":
		return p.run(args)
	case "until":
		return p.until(args)
	case "expect":
		holds, err := p.holds(args)
		if err == nil && holds != "" {
			err = fmt.Errorf("%s", holds)
		}
		return err
	case "mine":
		return p.mine(args, opts)
	case "send":
		return p.send(args)
	case "split":
		return p.split(args)
	case "heal":
		p.net.Heal()
		return nil
	case "check":
		return p.net.Check()
	case "watch":
		p.watch = len(args) == 1 && args[0] == "on"
		return nil
	}
	return p.fault(f[0], args, opts)
}

// fault does the commands that begin with nodes.
func (p *player) fault(verb string, args []string, opts map[string]string) error {
	nodes, rest, err := p.nodes(args)
	if err != nil {
		return err
	}
	want := map[string]int{"link": 2, "dial": 2, "cut": 2, "mend": 2, "hash": 1, "crash": 1, "restart": 1, "mute": 1, "unmute": 1}[verb]
	if want == 0 {
		return fmt.Errorf("unknown command %q", verb)
	}
	if len(nodes) != want {
		return fmt.Errorf("%s takes %d node(s), not %d", verb, want, len(nodes))
	}
	x := nodes[0]
	switch verb {
	case "link":
		return setLink(p.net.Between(x, nodes[1]), opts)
	case "dial":
		p.net.Dial(x, nodes[1])
	case "cut":
		p.net.Cut(x, nodes[1])
	case "mend":
		p.net.Mend(x, nodes[1])
	case "crash":
		p.net.Crash(x, slices.Contains(rest, "power"))
	case "restart":
		p.net.Restart(x)
	case "mute":
		x.spec.Mute = rest
	case "unmute":
		x.spec.Mute = nil
	case "hash":
		rate, err := strconv.ParseFloat(strings.Join(rest, ""), 64)
		if err != nil {
			return err
		}
		p.net.SetHashrate(x, rate)
	}
	return p.net.err
}

// nodes takes the leading words that name nodes.
func (p *player) nodes(args []string) (nodes []*Node, rest []string, err error) {
	for len(args) > 0 && p.names[args[0]] != nil {
		nodes, args = append(nodes, p.names[args[0]]), args[1:]
	}
	if len(nodes) == 0 {
		return nil, nil, fmt.Errorf("no node is named")
	}
	return nodes, args, nil
}

func (p *player) setup(flags []string, opts map[string]string) error {
	if p.net != nil {
		return fmt.Errorf("net comes before all nodes")
	}
	p.cfg.Fragile = p.cfg.Fragile || slices.Contains(flags, "fragile")
	if err := setLink(&p.cfg.Link, opts); err != nil {
		return err
	}
	var err error
	if s := opts["seed"]; s != "" {
		p.cfg.Seed, err = strconv.ParseUint(s, 10, 64)
	}
	for _, o := range []struct {
		key string
		to  *time.Duration
	}{{"work", &p.cfg.Work}, {"patience", &p.cfg.Patience}, {"tick", &p.cfg.Tick}} {
		if s := opts[o.key]; s != "" && err == nil {
			*o.to, err = time.ParseDuration(s)
		}
	}
	return err
}

func setLink(l *Link, opts map[string]string) (err error) {
	for _, o := range []struct {
		key string
		set func(string)
	}{
		{"latency", func(s string) { l.Latency.Base, err = time.ParseDuration(s) }},
		{"spread", func(s string) { l.Latency.Spread, err = time.ParseDuration(s) }},
		{"mean", func(s string) { l.Latency.Mean, err = time.ParseDuration(s) }},
		{"bandwidth", func(s string) { l.Bandwidth, err = strconv.ParseInt(s, 10, 64) }},
		{"loss", func(s string) { l.Loss, err = strconv.ParseFloat(s, 64) }},
		{"repeat", func(s string) { l.Repeat, err = strconv.ParseFloat(s, 64) }},
	} {
		if s := opts[o.key]; s != "" && err == nil {
			o.set(s)
		}
	}
	return err
}

func (p *player) node(args []string, opts map[string]string) (err error) {
	if len(args) != 1 || p.names[args[0]] != nil {
		return fmt.Errorf("node takes one new name")
	}
	s := Spec{Name: args[0], Host: opts["host"], Listen: opts["listen"]}
	if j := opts["join"]; j != "" {
		for _, name := range strings.Split(j, ",") {
			if x := p.names[name]; x != nil {
				name = x.Address()
			}
			s.Join = append(s.Join, name)
		}
	}
	if v := opts["capacity"]; v != "" {
		s.Capacity, err = strconv.Atoi(v)
	}
	if v := opts["skew"]; v != "" && err == nil {
		s.Skew, err = time.ParseDuration(v)
	}
	if v := opts["hash"]; v != "" && err == nil {
		s.Hashrate, err = strconv.ParseFloat(v, 64)
	}
	if err != nil {
		return err
	}
	p.names[s.Name] = p.net.Add(s)
	return p.net.err
}
