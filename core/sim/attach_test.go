package sim_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/txscript/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/directory"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
	"orrery/core/sim"
)

// book is the names of a chain, as its nodes see them.
type book map[string][]byte

func (b book) Holder(name string) ([]byte, bool) { return b[name], true }

// teller is a real node that also says what a test wants.
type teller struct {
	*node.Node
	say []node.Effect
}

func (m *teller) Step(now int64, e node.Event) ([]node.Effect, error) {
	out, err := m.Node.Step(now, e)
	out = append(m.say, out...)
	m.say = nil
	return out, err
}

// attachWorld is a few nodes with names.
type attachWorld struct {
	*testing.T
	*sim.Net
	names   book
	tellers map[int]*teller
	told    int // attachments that were on their way
	key     *btcec.PrivateKey
	script  []byte
}

func newAttachWorld(t *testing.T, n int) *attachWorld {
	w := &attachWorld{T: t, names: book{}, tellers: map[int]*teller{}}
	one := [32]byte{31: 1}
	var public *btcec.PublicKey
	w.key, public = btcec.PrivKeyFromBytes(one[:])
	w.script = chaintest.Script(txscript.OP_0, chaintest.Hash160(public.SerializeCompressed()))
	m := chaintest.NewMaker(100)
	w.Net = sim.New(sim.Config{
		Seed: 7, Params: m.Params, Rules: m.Rules, Link: sim.Link{Latency: sim.Fixed(20 * time.Millisecond)},
		Open: func(x *sim.Node, b sim.Boot) (sim.Machine, error) {
			c := x.Net().NodeConfig(x, b)
			c.Names = w.names
			real, err := node.Open(c, b.Now)
			w.tellers[x.ID] = &teller{Node: real}
			return w.tellers[x.ID], err
		},
		Watch: func(l sim.Line) {
			if e, ok := l.Effect.(node.PeerEffect); ok {
				if tell, ok := e.Effect.(protocol.Tell); ok {
					if a, ok := tell.Notice.(*protocol.Announce); ok {
						w.told += len(a.Wallets)
					}
				}
			}
		},
	})
	for range n {
		w.join()
	}
	return w
}

// join adds a node.
func (w *attachWorld) join() *sim.Node {
	spec := sim.Spec{}
	if n := len(w.Nodes()); n > 0 {
		spec.Join = []string{w.Nodes()[n-1].Address()}
	}
	x := w.Add(spec)
	run(w, w.Net, time.Minute)
	return x
}

func (w *attachWorld) signed(name string, seq, id uint32) protocol.Wallet {
	a := protocol.Wallet{Name: name, Script: w.script, Seq: seq, NodeID: id}
	if err := directory.Attach(w.key, w.Nodes()[0].View().Params.NetworkID, &a); err != nil {
		w.Fatal(err)
	}
	return a
}

func (w *attachWorld) attach(x *sim.Node, name string, seq uint32, want error) {
	w.Helper()
	var got error
	w.Attach(x, w.signed(name, seq, x.View().Net.Peers.ID), func(err error) { got = err })
	if !errors.Is(got, want) {
		w.Errorf("%s, number %d: %v, want %v", name, seq, got, want)
	}
}

// sees checks where a node believes a name's wallet to be; 0: nowhere.
func (w *attachWorld) sees(x *sim.Node, name string, id uint32) {
	w.Helper()
	now := x.View().Net.Attached
	if a, _ := now.Get(int64(x.View().Params.Genesis.Header.Time+3600)*1e9+int64(w.Now()), name); a.NodeID != id {
		w.Errorf("%s: %s believes that %s is at %d, want %d", w.Now(), x.Name(), name, a.NodeID, id)
	}
}

// say lets a node tell all its peers something, whatever it is.
func (w *attachWorld) say(x *sim.Node, notice protocol.Notice) {
	for _, p := range x.View().Net.Peers.Peers {
		w.tellers[x.ID].say = append(w.tellers[x.ID].say, node.PeerEffect{Effect: protocol.Tell{Peer: p.Peer, Notice: notice}})
	}
	w.Command(x, peering.Ping{}, nil)
	run(w, w.Net, time.Second)
}

// faults is what all nodes hold against their peers.
func (w *attachWorld) faults() (n int) {
	for _, x := range w.Nodes() {
		for _, p := range x.View().Net.Peers.Peers {
			n += p.Faults
		}
	}
	return n
}

// TestAttachedWallets: a wallet is seen where it is, by all, also by those who
// join later, for an hour; news are passed on once.
func TestAttachedWallets(t *testing.T) {
	w := newAttachWorld(t, 4)
	first, last := w.Nodes()[0], w.Nodes()[3]
	ends := 0 // of connections
	for _, x := range w.Nodes() {
		ends += len(x.View().Net.Peers.Peers)
	}
	w.attach(first, "alice", 1, directory.ErrNotHolder) // not yet
	w.names["alice"] = w.script
	w.attach(first, "alice", 1, nil)
	run(t, w.Net, time.Second)
	for _, x := range w.Nodes() {
		w.sees(x, "alice", 8000)
	}
	// Everybody but the first tells all but whom they have it from.
	if want := ends - 3; w.told != want {
		t.Errorf("told %d times, want %d", w.told, want)
	}
	run(t, w.Net, time.Minute)
	w.attach(first, "alice", 1, directory.ErrStale)
	w.sees(w.join(), "alice", 8000)

	run(t, w.Net, 50*time.Minute)
	w.attach(first, "alice", 2, nil)
	run(t, w.Net, 50*time.Minute)
	w.sees(last, "alice", 8000)
	run(t, w.Net, 11*time.Minute)
	w.sees(last, "alice", 0)
	run(t, w.Net, 10*time.Minute)
	for id := range w.Nodes() {
		if n := w.tellers[id].known(); n != 0 {
			t.Errorf("node %d keeps it for ever", id)
		}
	}

	// The chain moves the name: the old one's word counts no more.
	w.attach(first, "alice", 3, nil)
	run(t, w.Net, time.Second)
	w.names["alice"] = append(slices.Clone(w.script[:21]), 1)
	w.attach(first, "alice", 4, directory.ErrNotHolder)
	run(t, w.Net, 11*time.Minute)
	w.sees(last, "alice", 0)
	if n := w.faults(); n != 0 {
		t.Errorf("%d faults among honest nodes", n)
	}
}

// TestBadAttachments: who sends nonsense is at fault, who is late or sends much
// is not, and the others notice nothing.
func TestBadAttachments(t *testing.T) {
	w := newAttachWorld(t, 3)
	first, middle, last := w.Nodes()[0], w.Nodes()[1], w.Nodes()[2]
	w.names["alice"] = w.script
	for i := range 1000 {
		w.names[fmt.Sprintf("n%03d", i)] = w.script
	}
	late := &protocol.Announce{Wallets: []protocol.Wallet{w.signed("alice", 1, 8000), w.signed("alice", 1, 8000)}}
	w.say(first, late)
	w.say(first, late)
	w.names["bob"] = append(slices.Clone(w.script[:21]), 1)
	w.say(first, &protocol.Announce{Wallets: []protocol.Wallet{w.signed("bob", 1, 8000)}})
	if n := w.faults(); n != 0 {
		t.Errorf("%d faults for what was late", n)
	}
	w.sees(last, "alice", 8000)

	// More than a peer may say is not looked at.
	before := w.tellers[1].known()
	for i := range 10 {
		many := new(protocol.Announce)
		for j := range protocol.MaxWallets {
			many.Wallets = append(many.Wallets, w.signed(fmt.Sprintf("n%03d", 100*i+j), 1, 8000))
		}
		w.say(first, many)
	}
	if n := w.tellers[1].known() - before; n < 200 || n > 320 {
		t.Errorf("%d were taken in ten seconds", n)
	}
	if n := w.faults(); n != 0 {
		t.Errorf("%d faults for what was much", n)
	}

	forged := w.signed("alice", 2, 8000)
	forged.NodeID++
	run(t, w.Net, time.Minute)
	w.say(first, &protocol.Announce{Wallets: []protocol.Wallet{w.signed("n999", 1, 8000), forged, w.signed("n998", 1, 8000)}})
	w.sees(middle, "n999", 8000)
	w.sees(middle, "n998", 0)
	w.sees(last, "alice", 8000)
	w.say(last, &protocol.Announce{Wallets: make([]protocol.Wallet, protocol.MaxWallets+1)})
	for _, what := range []string{"sent an attachment without a valid name", "sent more attached wallets than a message may hold"} {
		if !slices.ContainsFunc(middle.Said(), func(s string) bool { return strings.Contains(s, what) }) {
			t.Errorf("nobody was blamed: %q", middle.Said())
		}
	}
}

func (m *teller) known() (n int) {
	v, err := m.View()
	if err != nil {
		panic(err)
	}
	for range v.Net.Attached.From(0, "") { // what time has taken, too, until it is forgotten
		n++
	}
	return n
}
