package node_test

import (
	"testing"

	"github.com/holiman/uint256"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
)

// second is in nanoseconds.
const second = 1_000_000_000

// driver does what a host does, and holds each step to its promises.
type driver struct {
	testing.TB
	chaintest.Maker
	*node.Node
	store  *chaintest.Journal
	now    int64 // seconds
	lastID uint64

	more    bool        // the node asked to go on
	shown   uint256.Int // work of the last view
	changes int         // views since the last run
}

func newDriver(t testing.TB, m chaintest.Maker) *driver {
	d := &driver{TB: t, Maker: m, store: chaintest.NewJournal(), now: int64(m.Params.Genesis.Header.Time) + 1_000_000}
	d.open()
	return d
}

func (d *driver) config() node.Config {
	return node.Config{
		Chain:   chain.Config{Params: d.Params, Store: d.store, Verifier: consensus.SerialVerifier{}, Rules: d.Rules},
		Mempool: mempool.DefaultConfig(),
	}
}

func (d *driver) open() {
	d.Helper()
	n, err := node.Open(d.config(), d.now*second)
	if err != nil {
		d.Fatalf("open: %v", err)
	}
	d.Node = n
	d.shown = d.view().Tip.Work
}

func (d *driver) view() *node.View {
	d.Helper()
	v, err := d.View()
	if err != nil {
		d.Fatalf("view: %v", err)
	}
	return v
}

// step is one Step.
func (d *driver) step(e node.Event) []node.Done {
	d.Helper()
	before := d.view().Tip
	effects, err := d.Step(d.now*second, e)
	if err != nil {
		d.Fatalf("step %T: %v", e, err)
	}
	after := d.view().Tip
	if after != before && after.Parent != before && before.Parent != after {
		d.Fatalf("%T moved the tip from height %d to %d, by more than a block", e, before.Height, after.Height)
	}
	if stored, err := d.store.Tip(); err != nil || stored != after.Hash {
		d.Fatalf("after %T the stored tip is %v, %v; want %v", e, stored, err, after.Hash)
	}
	return d.effects(effects, after)
}

func (d *driver) effects(effects []node.Effect, tip *chain.Node) []node.Done {
	d.Helper()
	var done []node.Done
	changed := 0
	d.more = false
	for _, e := range effects {
		if d.more {
			d.Fatalf("%T after More", e)
		}
		switch e := e.(type) {
		case node.Done:
			done = append(done, e)
		case node.Changed:
			changed++
		case node.More:
			d.more = true
		}
	}
	if changed > 1 {
		d.Fatalf("%d views in one step", changed)
	}
	if changed == 1 {
		d.changes++
		// Readers never see a reorg in the middle.
		if d.more && !tip.Work.Gt(&d.shown) {
			d.Fatalf("a view at height %d on the way to somewhere else", tip.Height)
		}
		d.shown = tip.Work
	}
	return done
}

// rest goes on until nothing is left to do.
func (d *driver) rest() []node.Done {
	d.Helper()
	var done []node.Done
	for n := 0; d.more; n++ {
		if n > 10_000 {
			d.Fatal("no rest")
		}
		done = append(done, d.step(node.Continue{})...)
	}
	return done
}

// run takes an event and comes to rest.
func (d *driver) run(e node.Event) []node.Done {
	d.Helper()
	d.changes = 0
	done := d.step(e)
	return append(done, d.rest()...)
}

func (d *driver) id() uint64 {
	d.lastID++
	return d.lastID
}

// one runs an event that is answered by exactly one Done.
func (d *driver) one(id uint64, e node.Event) node.Done {
	d.Helper()
	done := d.run(e)
	if len(done) != 1 || done[0].ID != id {
		d.Fatalf("%T %d was answered by %v", e, id, done)
	}
	return done[0]
}

func (d *driver) submit(b *chaintest.Block) error {
	d.Helper()
	id := d.id()
	return d.one(id, node.SubmitBlock{ID: id, Block: b.Block}).Err
}

func (d *driver) mustSubmit(blocks ...*chaintest.Block) {
	d.Helper()
	for _, b := range blocks {
		if err := d.submit(b); err != nil {
			d.Fatalf("%s: %v", b.Name, err)
		}
	}
}

func (d *driver) propose(b *chaintest.Block) error {
	d.Helper()
	id := d.id()
	return d.one(id, node.ProposeBlock{ID: id, Block: b.Block}).Err
}

func (d *driver) invalidate(b *chaintest.Block) error {
	d.Helper()
	id := d.id()
	return d.one(id, node.Invalidate{ID: id, Hash: b.Hash()}).Err
}

func (d *driver) reconsider(b *chaintest.Block) error {
	d.Helper()
	id := d.id()
	return d.one(id, node.Reconsider{ID: id, Hash: b.Hash()}).Err
}

func (d *driver) send(tx *consensus.Tx) error {
	d.Helper()
	id := d.id()
	return d.one(id, node.SubmitTx{ID: id, Tx: tx}).Err
}

func (d *driver) wantTip(b *chaintest.Block) {
	d.Helper()
	if tip := d.view().Tip; tip.Hash != b.Hash() {
		d.Fatalf("tip %v at height %d, want %s", tip.Hash, tip.Height, b.Name)
	}
}
