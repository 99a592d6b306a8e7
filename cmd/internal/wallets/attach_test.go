package wallets

import (
	"context"
	"sync"
	"testing"

	"orrery/core/peering"
	"orrery/core/protocol"
	"orrery/rpc"
)

// place is a node's place in a network of its own.
type place struct {
	mu sync.Mutex
	p  *peering.Peering
}

func newPlace(wallets int) *place {
	c := peering.Defaults()
	c.Nonce, c.Host, c.Listen, c.Bound, c.First, c.WalletCapacity = 1, "127.0.0.1", "127.0.0.1:8000", true, true, wallets
	p := peering.New(c, nil, 1)
	p.Tick(1)
	p.Handle(1, protocol.Listening{Address: c.Listen})
	return &place{p: p}
}

func (n *place) Command(_ context.Context, c peering.Command) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	value, _, err := n.p.Command(1, c)
	return value, err
}

func (n *place) Totals() (received, sent int64) { return 0, 0 }

func (n *place) Traffic(protocol.PeerID) (t rpc.Traffic, ok bool) { return t, false }

// TestWalletID: a wallet that registers a name gets an ID, or is told why not.
func TestWalletID(t *testing.T) {
	r := newRig(t)
	w := r.on("default")
	const none = "Error: Peer-to-peer functionality missing or disabled"
	w.fails(rpc.CodeNoNetwork, none, "attachwallet")
	w.fails(rpc.CodeNoNetwork, none, "detachwallet")
	r.stop()
	r.network = newPlace(1)
	r.start()
	r.fund("default", 5)
	w = r.on("default")
	type answer struct {
		ID       uint32 `json:"wallet_id"`
		Warnings []string
	}
	var first, again, other answer
	if w.must(&first, "registername", "alice"); first.ID != 1_000_000_001 || len(first.Warnings) != 0 {
		t.Errorf("%+v", first)
	}
	if w.must(&again, "attachwallet"); again.ID != first.ID {
		t.Errorf("%+v", again)
	}
	r.node().must(nil, "createwallet", "other")
	r.fund("other", 5)
	o := r.on("other")
	const full = "here is no ID for a wallet now: all 1 places for wallets are taken: unload one, or let p2p.wallet_capacity be higher"
	if o.must(&other, "registername", "bob"); other.ID != 0 || len(other.Warnings) != 1 || other.Warnings[0] != "T"+full+"; attachwallet asks again" {
		t.Errorf("%+v", other)
	}
	o.fails(rpc.CodeWallet, "Error: t"+full, "attachwallet")
	o.fails(rpc.CodeWallet, "The wallet has no ID in the network", "detachwallet")
	w.must(nil, "detachwallet")
	w.fails(rpc.CodeWallet, "The wallet has no ID in the network", "detachwallet")
	r.node().fails(rpc.CodeWalletNotNamed, "Multiple wallets are loaded. Please select which wallet to use by requesting the RPC through the /wallet/<walletname> URI path.", "attachwallet")
}
