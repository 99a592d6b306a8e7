package daemon

import (
	"context"
	"time"

	names "orrery/core/directory"
	"orrery/core/protocol"
)

const (
	// attachEvery is how often a wallet says again where it is: twice before
	// others forget it.
	attachEvery = time.Duration(names.AttachTime) / 2
	// attachAgain is how soon it can say something else: others take no more from
	// one address, and their clocks and ways differ.
	attachAgain = time.Duration(names.AttachEvery) + 5*time.Second
	// lookEvery is how often that is looked at, if nothing happens; lookPause how
	// seldom, whatever happens.
	lookEvery = time.Minute
	lookPause = time.Second
	// maxHeld bounds the names of this node's wallets of which others are told:
	// as many as a node tells a new member of.
	maxHeld = protocol.MaxWallets
)

// holders is the table of names as the node asks it.
type holders struct{ d *daemon }

func (h holders) Holder(name string) (script []byte, ok bool) {
	t, _, ok := h.d.names.Latest()
	if held := t.Get(name); ok && held != nil {
		return held.Script, true
	}
	return nil, ok
}

// attacher says that the wallets of this node which hold names are attached to
// it. The keys stay in the wallets.
type attacher struct {
	network [32]byte
	now     func() time.Time
	wallets func() []keeper
	tell    func(context.Context, protocol.Wallet) error
	problem func(name string, err error)

	scanned time.Time // when held was made, from last
	last    names.Table
	held    []held
	told    map[string]*saying // by name, of those held
}

// keeper is a wallet, which keeps its keys.
type keeper interface {
	Has(script []byte) bool
	SignAttachment(network [32]byte, a *protocol.Wallet) error
}

// held is a name and who has it.
type held struct {
	*names.Holding
	by keeper
}

// saying is what a wallet said last of a name.
type saying struct {
	protocol.Wallet
	at     time.Time
	failed bool
}

// attachWallets runs an attacher until ctx ends.
func (d *daemon) attachWallets(ctx context.Context, ready func()) error {
	ready()
	a := &attacher{
		network: d.chain.params.NetworkID, now: d.clock.Now, tell: d.host.Attach, told: map[string]*saying{},
		wallets: d.loadedWallets,
		problem: func(name string, err error) {
			d.out.Log.Debug("others are not told where a wallet is", "name", name, "reason", err)
		},
	}
	for ctx.Err() == nil {
		changed := d.host.Changed()
		v, release := d.host.Acquire()
		id, tip := v.Net.Peers.ID, v.Tip
		release()
		t, at, _ := d.names.Latest()
		a.look(ctx, t, id, tip.Height)
		if at == tip.Hash { // else the table follows soon
			wait(ctx, changed, lookEvery)
		}
		wait(ctx, nil, lookPause)
	}
	return nil
}

// wait ends with a change, after some time or when ctx ends.
func wait(ctx context.Context, changed <-chan struct{}, most time.Duration) {
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-changed:
	case <-late.C:
	case <-ctx.Done():
	}
}

func (d *daemon) loadedWallets() (list []keeper) {
	for _, name := range d.wallets.Names() {
		if w, err := d.wallets.Loaded(name); err == nil { // else it was unloaded just now
			list = append(list, w)
		}
	}
	return list
}

// look says what is to be said now, at node id, which has so many blocks.
func (a *attacher) look(ctx context.Context, t names.Table, id uint32, tip int32) {
	if id == 0 {
		return
	}
	now := a.now()
	if gone := now.Sub(a.scanned); !t.Same(a.last) || gone < 0 || gone >= lookEvery {
		a.scan(t)
		a.last, a.scanned = t, now
	}
	for _, h := range a.held {
		if h.Confirmations(tip) < names.MinConfirmations {
			continue // another may still get it
		}
		next := protocol.Wallet{Name: h.Name, Script: h.Script, NodeID: id, Seq: uint32(now.Unix())}
		if before := a.told[h.Name]; before != nil {
			if !before.due(now, &next) {
				continue
			}
			next.Seq = max(next.Seq, before.Seq+1) // clocks may be set
		}
		err := h.by.SignAttachment(a.network, &next)
		if err == nil {
			err = a.tell(ctx, next)
		}
		if err != nil {
			a.problem(h.Name, err)
		}
		a.told[h.Name] = &saying{next, now, err != nil}
	}
}

// due reports whether it is time to say something after s.
func (s *saying) due(now time.Time, next *protocol.Wallet) bool {
	gone := now.Sub(s.at)
	if gone < 0 || gone >= attachEvery {
		return true
	}
	news := s.failed || next.NodeID != s.NodeID || string(next.Script) != string(s.Script)
	return news && gone >= attachAgain
}

// scan finds the names of this node's wallets, and forgets what was said of
// others.
func (a *attacher) scan(t names.Table) {
	list := a.wallets()
	a.held = a.held[:0]
	told := map[string]*saying{}
	for h := range t.From("") {
		for _, w := range list {
			if !w.Has(h.Script) {
				continue
			}
			a.held = append(a.held, held{h, w})
			if s := a.told[h.Name]; s != nil {
				told[h.Name] = s
			}
			break
		}
		if len(a.held) >= maxHeld {
			break
		}
	}
	a.told = told
}
