package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (p *player) run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("run takes a time, such as 10s")
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	return p.net.Run(d)
}

func (p *player) until(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("until takes a time and what is to hold then")
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	from := p.net.Now()
	missing, err := p.holds(args[1:])
	for err == nil && missing != "" && p.net.Now() < from+d && p.net.q.len() > 0 {
		err = p.net.RunUntil(from+d-p.net.Now(), func() bool {
			var wrong error
			if missing, wrong = p.holds(args[1:]); wrong != nil {
				p.net.err = wrong
			}
			return missing == "" || wrong != nil
		})
	}
	if err == nil && missing != "" {
		err = fmt.Errorf("after %v still not: %s", d, missing)
	}
	if err == nil {
		p.out(fmt.Sprintf("%10.3f     it took %.3f s", p.net.Now().Seconds(), (p.net.Now() - from).Seconds()))
	}
	return err
}

// mine finds blocks on a node one after the other.
func (p *player) mine(args []string, opts map[string]string) (err error) {
	nodes, rest, err := p.nodes(args)
	if err != nil {
		return err
	}
	count, every := 1, 10*time.Second
	if len(rest) > 0 {
		count, err = strconv.Atoi(rest[0])
	}
	if v := opts["every"]; v != "" && err == nil {
		every, err = time.ParseDuration(v)
	}
	if err == nil && (len(nodes) != 1 || count > maxMined) {
		err = fmt.Errorf("mine takes one node and at most %d blocks", maxMined)
	}
	for i := 0; i < count && err == nil; i++ {
		if p.net.Mine(nodes[0]) == nil && p.net.err == nil {
			return fmt.Errorf("the clock of %s allows no block", nodes[0].spec.Name)
		}
		err = p.net.Run(every)
	}
	return err
}

// coin is in satoshi.
const coin = 100_000_000

// send FROM TO COINS as NAME
func (p *player) send(args []string) error {
	nodes, rest, err := p.nodes(args)
	if err != nil || len(nodes) != 2 || len(rest) != 3 || rest[1] != "as" {
		return fmt.Errorf("send takes two nodes, an amount, and a name: send a b 1.5 as pay1")
	}
	amount, err := strconv.ParseFloat(rest[0], 64)
	if err != nil {
		return err
	}
	tx, err := p.net.Pay(nodes[0], nodes[1], int64(amount*coin))
	if err != nil {
		return err
	}
	p.txs[rest[2]] = tx
	p.words.names[tx.ID()] = rest[2]
	p.net.Send(nodes[0], tx, func(e error) { err = e })
	if err == nil {
		err = p.net.err
	}
	return err
}

// split a b | c d
func (p *player) split(args []string) error {
	groups := [][]*Node{nil}
	for _, a := range args {
		x := p.names[a]
		switch {
		case a == "|":
			groups = append(groups, nil)
		case x == nil:
			return fmt.Errorf("no node is named %q", a)
		default:
			groups[len(groups)-1] = append(groups[len(groups)-1], x)
		}
	}
	p.net.Split(groups...)
	return nil
}

// holds says what is missing for words of expect to hold, "" when they do.
func (p *player) holds(args []string) (missing string, err error) {
	if len(args) == 0 {
		return "", fmt.Errorf("nothing is expected")
	}
	word, args := args[0], args[1:]
	if word == "tip" {
		return p.oneTip(args)
	}
	nodes, rest, err := p.nodes(args)
	if err != nil || len(nodes) != 1 {
		return "", fmt.Errorf("%s is about one node", word)
	}
	x := nodes[0]
	if x.view == nil || x.machine == nil {
		return x.spec.Name + " is down", nil
	}
	var got, want string
	want = strings.Join(rest, " ")
	switch word {
	case "height":
		got = fmt.Sprint(x.view.Tip.Height)
	case "id":
		got = fmt.Sprint(x.view.Net.Peers.ID)
	case "listen":
		got = x.listen
	case "peers":
		n := 0
		for _, q := range x.view.Net.Peers.Peers {
			if q.Member {
				n++
			}
		}
		got = fmt.Sprint(n)
	case "pool":
		var names []string
		for e := range x.view.Mempool.All() {
			names = append(names, p.words.name(e.Tx.ID()))
		}
		slices.Sort(names)
		slices.Sort(rest)
		got, want = strings.Join(names, " "), strings.Join(rest, " ")
	default:
		return "", fmt.Errorf("unknown word %q", word)
	}
	if got != want {
		return fmt.Sprintf("%s of %s is %q, want %q", word, x.spec.Name, got, want), nil
	}
	return "", nil
}

// oneTip wants one tip on the named nodes, or on all that run.
func (p *player) oneTip(args []string) (string, error) {
	nodes := p.net.nodes
	if len(args) > 0 {
		var err error
		if nodes, _, err = p.nodes(args); err != nil {
			return "", err
		}
	}
	var first *Node
	for _, x := range nodes {
		switch {
		case x.machine == nil:
		case first == nil:
			first = x
		case x.view.Tip.Hash != first.view.Tip.Hash:
			return fmt.Sprintf("%s is at %s, height %d, and %s at %s, height %d", first.spec.Name, p.words.name(first.view.Tip.Hash),
				first.view.Tip.Height, x.spec.Name, p.words.name(x.view.Tip.Hash), x.view.Tip.Height), nil
		}
	}
	return "", nil
}
