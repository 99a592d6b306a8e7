package tracker

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"go.uber.org/goleak"

	"orrery/core/consensus"
	"orrery/core/peering"
	"orrery/core/policy"
	"orrery/core/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a tracker whose transport is the test.
type rig struct {
	*Tracker
	t       *testing.T
	deliver func(context.Context, protocol.Event) error
	stop    context.CancelFunc
	ended   chan error
	peers   protocol.PeerID
	calls   uint64
	disk    []protocol.Record

	mu      sync.Mutex
	effects []protocol.Effect
	told    []string // who came and went
}

// start runs a tracker on what an earlier one saved. Call it in a bubble.
func start(t *testing.T, saved []protocol.Record) *rig {
	t.Helper()
	r := &rig{t: t, ended: make(chan error, 1), disk: saved}
	c := peering.Defaults()
	c.Listen, c.Nonce, c.Seed[0], c.Capacity = "127.0.0.1:7999", 1, 1, MaxMembers
	var err error
	r.Tracker, err = New(Config{Peering: c}, Deps{
		Open: func(deliver func(context.Context, protocol.Event) error, _ func(context.Context, protocol.Request) (protocol.Response, *protocol.Error)) (Transport, error) {
			r.deliver = deliver
			return r, nil
		},
		Saved: saved, Now: time.Now, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Member: func(m protocol.Member, came bool) {
			word := "-"
			if came {
				word = "+"
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.told = append(r.told, word+m.Address)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r.stop = stop
	ready := make(chan struct{})
	go func() { r.ended <- r.Tracker.Run(ctx, func() { close(ready) }) }()
	<-ready
	if got := r.Address(); got != c.Listen {
		t.Errorf("it listens at %q", got)
	}
	return r
}

func (r *rig) end() {
	r.t.Helper()
	r.stop()
	if err := <-r.ended; err != nil {
		r.t.Error(err)
	}
}

// Run and Do are the transport's.
func (r *rig) Run(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}

func (r *rig) Do(e protocol.Effect) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := e.(type) {
	case protocol.Listen:
		go func() { _ = r.deliver(context.Background(), protocol.Listening{Address: e.Address}) }()
	case protocol.Save:
		r.disk = append(r.disk, e.Records...)
	default:
		r.effects = append(r.effects, e)
	}
}

// event delivers one and returns what came of it.
func (r *rig) event(e protocol.Event) []protocol.Effect {
	r.t.Helper()
	if err := r.deliver(r.t.Context(), e); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.effects
	r.effects = nil
	return out
}

// hello connects a node of a network and says hello.
func (r *rig) hello(network chainhash.Hash, listen string) (protocol.PeerID, []protocol.Effect) {
	r.t.Helper()
	r.peers++
	id := r.peers
	r.event(protocol.PeerUp{Peer: id, Address: "127.0.0.1:40000", Inbound: true})
	return id, r.ask(id, &protocol.Hello{
		Protocol: protocol.Version, NetworkID: network, Nonce: 100 + uint64(id), Kind: protocol.KindNode, Listen: listen, Time: time.Now().Unix(),
	})
}

func (r *rig) ask(id protocol.PeerID, request protocol.Request) []protocol.Effect {
	r.calls++
	return r.event(protocol.Asked{Peer: id, Call: r.calls, Request: request})
}

// find returns the first effect of a type.
func find[T protocol.Effect](list []protocol.Effect) (e T, ok bool) {
	for _, f := range list {
		if e, ok = f.(T); ok {
			return e, true
		}
	}
	return e, false
}

// testChain is a chain, and the id of its network.
func testChain(t *testing.T, name string) (*Chain, chainhash.Hash) {
	t.Helper()
	texts := []string{"return 1", "return 2"}
	m := policy.Manifest{ABI: policy.ABI1, Budget: policy.DefaultBudget}
	m.Difficulty.Script, m.Reward.Script = policy.HashScript([]byte(texts[0])), policy.HashScript([]byte(texts[1]))
	id, err := m.ID()
	if err != nil {
		t.Fatal(err)
	}
	file := consensus.ChainFile{
		Format: consensus.ChainFormat, Name: name, Maturity: 5, MaxWeight: 4_000_000, Spacing: 10, MaxFutureTime: 30, MinLead: 1,
		Genesis:   consensus.ChainGenesis{Message: "test", Time: 1_700_000_000, Bits: 0x207fffff, Nonce: 2, Script: "6a"},
		Addresses: consensus.ChainAddresses{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"},
		PowLimit:  "7f" + strings.Repeat("ff", 31), Policy0: policy.FormatID(id),
	}
	c := &Chain{Policy: &protocol.Policy{}}
	for ; file.Genesis.Nonce < 100; file.Genesis.Nonce++ { // every second one will do
		if c.File, err = file.Bytes(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := parse(c.File); err == nil {
			break
		}
	}
	if c.Policy.Manifest, err = m.Canonical(); err != nil {
		t.Fatal(err)
	}
	for i, hook := range []policy.Hook{policy.Difficulty, policy.Subsidy} {
		c.Policy.Scripts = append(c.Policy.Scripts, protocol.Script{Hook: string(hook), File: string(hook) + ".lua", Text: []byte(texts[i])})
	}
	network, _, err := c.check()
	if err != nil {
		t.Fatal(err)
	}
	return c, network
}
