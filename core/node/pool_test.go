package node_test

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/node"
)

// purse makes standard transactions between outputs of one key.
type purse struct{ key chaintest.Key }

func newPurse() purse { return purse{chaintest.NewKey(7)} }

// pay spends an output of the purse to itself, less a fee of so many satoshi.
func (p purse) pay(from chaintest.Out, fee int64) *consensus.Tx {
	tx := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(from.Value-fee, p.key.P2WPKH()))
	p.key.SignP2WPKH(tx, from)
	return consensus.NewTx(tx)
}

func (p purse) out(tx *consensus.Tx) chaintest.Out { return chaintest.OutOf(tx.Msg, 0) }

func with(txs ...*consensus.Tx) chaintest.Option {
	msgs := make([]*wire.MsgTx, len(txs))
	for i, t := range txs {
		msgs[i] = t.Msg
	}
	return chaintest.With(msgs...)
}

func (d *driver) wantPool(txs ...*consensus.Tx) {
	d.Helper()
	pool := d.view().Mempool
	if pool.Len() != len(txs) {
		d.Errorf("%d transactions in the pool, want %d", pool.Len(), len(txs))
	}
	for i, tx := range txs {
		if pool.Get(tx.ID()) == nil {
			d.Errorf("transaction %d is not in the pool", i)
		}
	}
}

// game is a chain with a purse's coinbase at a1 and two branches from a2: a3,
// and b3, b4, which takes over.
type game struct {
	*driver
	purse
	a, b           []*chaintest.Block
	one, two, free *consensus.Tx // two spends one; free is on its own
}

func newGame(t *testing.T, mine func(g *game) (a3, b3, b4 []chaintest.Option)) *game {
	m := chaintest.NewMaker(1)
	g := &game{driver: newDriver(t, m), purse: newPurse()}
	g.a = m.Chain("a", m.Genesis(), 2, chaintest.PayTo(g.key.P2WPKH()))
	g.one = g.pay(g.a[0].Out(0, 0), 1000)
	g.two = g.pay(g.out(g.one), 1000)
	g.free = g.pay(g.a[1].Out(0, 0), 1000)
	a3, b3, b4 := mine(g)
	g.a = append(g.a, m.Block("a3", g.a[1], a3...))
	g.b = append(g.b, m.Block("b3", g.a[1], b3...))
	g.b = append(g.b, m.Block("b4", g.b[0], b4...))
	g.mustSubmit(g.a[:2]...)
	return g
}

func none(*game) (a3, b3, b4 []chaintest.Option) { return nil, nil, nil }

// TestPoolFollows confirms transactions, leaves the block, and confirms them
// elsewhere.
func TestPoolFollows(t *testing.T) {
	g := newGame(t, func(g *game) (a3, b3, b4 []chaintest.Option) {
		return []chaintest.Option{with(g.one, g.two)}, []chaintest.Option{with(g.one)}, nil
	})
	for _, tx := range []*consensus.Tx{g.one, g.two, g.free} {
		if err := g.send(tx); err != nil {
			t.Fatal(err)
		}
	}
	g.wantPool(g.one, g.two, g.free)
	g.mustSubmit(g.a[2])
	g.wantPool(g.free)
	_ = g.submit(g.b[0])
	g.wantPool(g.free)
	g.mustSubmit(g.b[1])
	g.wantPool(g.two, g.free) // one is in b3, two came back
	g.open()
	g.wantPool(g.two, g.free)
	if err := g.invalidate(g.b[0]); err != nil {
		t.Fatal(err)
	}
	g.wantTip(g.a[2])
	g.wantPool(g.free)
	g.open()
	g.wantPool(g.free)
}

// TestPoolConflict has the new branch spend what a transaction of the old one
// spends: it goes for good, with what builds on it.
func TestPoolConflict(t *testing.T) {
	g := newGame(t, func(g *game) (a3, b3, b4 []chaintest.Option) {
		rival := g.pay(g.a[0].Out(0, 0), 5000)
		return []chaintest.Option{with(g.one)}, []chaintest.Option{with(rival)}, nil
	})
	g.mustSubmit(g.a[2])
	for _, tx := range []*consensus.Tx{g.two, g.free} {
		if err := g.send(tx); err != nil {
			t.Fatal(err)
		}
	}
	_ = g.submit(g.b[0])
	g.mustSubmit(g.b[1])
	g.wantPool(g.free)
	g.open()
	g.wantPool(g.free)
	if err := g.send(g.one); !errors.Is(err, consensus.MissingInputs) {
		t.Errorf("what was spent elsewhere: %v", err)
	}
}

// TestSubmitTxDuringReorg answers when the chain is at rest, against the new
// tip.
func TestSubmitTxDuringReorg(t *testing.T) {
	g := newGame(t, func(g *game) (a3, b3, b4 []chaintest.Option) {
		return []chaintest.Option{with(g.one)}, []chaintest.Option{with(g.free)}, nil
	})
	g.mustSubmit(g.a[2])
	_ = g.submit(g.b[0])
	done := g.step(node.SubmitBlock{ID: 1, Block: g.b[1].Block})
	done = append(done, g.step(node.SubmitTx{ID: 2, Tx: g.two})...)
	done = append(done, g.step(node.SubmitTx{ID: 3, Tx: g.free})...)
	done = append(done, g.rest()...)
	answers := map[uint64]error{}
	for _, x := range done {
		if _, twice := answers[x.ID]; twice {
			t.Errorf("%d was answered twice", x.ID)
		}
		answers[x.ID] = x.Err
	}
	if len(answers) != 3 || answers[1] != nil || answers[2] != nil || answers[3] == nil {
		t.Errorf("answers %v: want two accepted, free refused since it is in b3", answers)
	}
	g.wantPool(g.one, g.two)
}

// TestPaymentsSurviveCrashes opens the store as each commit of a reorg left
// it. What was acknowledged is in the chain or in the pool (I5), and the first
// view is not one from the middle of the reorg.
func TestPaymentsSurviveCrashes(t *testing.T) {
	for name, mine := range map[string]func(g *game) (a3, b3, b4 []chaintest.Option){
		"nothing mined": none,
		"mined on the old branch": func(g *game) (a3, b3, b4 []chaintest.Option) {
			return []chaintest.Option{with(g.one, g.two)}, nil, nil
		},
		"mined on the new branch": func(g *game) (a3, b3, b4 []chaintest.Option) {
			return nil, []chaintest.Option{with(g.one)}, []chaintest.Option{with(g.two)}
		},
		"mined on both": func(g *game) (a3, b3, b4 []chaintest.Option) {
			return []chaintest.Option{with(g.one)}, []chaintest.Option{with(g.one, g.free)}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGame(t, mine)
			for _, tx := range []*consensus.Tx{g.one, g.two, g.free} {
				if err := g.send(tx); err != nil {
					t.Fatal(err)
				}
			}
			from := len(g.store.Batches)
			g.mustSubmit(g.a[2])
			_ = g.submit(g.b[0])
			before := len(g.store.Batches)
			g.mustSubmit(g.b[1])
			whole := g.store
			for n := from; n <= len(whole.Batches); n++ {
				g.store = whole.Prefix(n)
				g.more = false
				g.open()
				if h := g.view().Tip.Height; n >= before && h < 3 {
					t.Errorf("after commit %d the first view is at height %d", n, h)
				}
				g.step(node.Tick{})
				g.rest()
				g.acknowledged(n)
				g.open() // what the first start brought back is still stored
				g.acknowledged(n)
			}
		})
	}
}

// TestPaymentsSurviveCrashesBeforeRest is the same for blocks that come and are
// revoked before the chain is at rest in between.
func TestPaymentsSurviveCrashesBeforeRest(t *testing.T) {
	for name, play := range map[string]func(g *game){
		"a block on the tip": func(g *game) {
			g.step(node.SubmitBlock{ID: g.id(), Block: g.a[2].Block})
			g.step(node.Invalidate{ID: g.id(), Hash: g.a[2].Hash()})
			g.rest()
		},
		"a reorg that is taken back": func(g *game) {
			g.mustSubmit(g.a[2])
			_ = g.submit(g.b[0])
			g.step(node.SubmitBlock{ID: g.id(), Block: g.b[1].Block})
			for g.view().Tip.Hash != g.b[0].Hash() {
				g.step(node.Continue{})
			}
			g.step(node.Invalidate{ID: g.id(), Hash: g.b[0].Hash()})
			g.rest()
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGame(t, func(g *game) (a3, b3, b4 []chaintest.Option) {
				return []chaintest.Option{with(g.one, g.two)}, []chaintest.Option{with(g.one, g.two, g.free)}, nil
			})
			for _, tx := range []*consensus.Tx{g.one, g.two, g.free} {
				if err := g.send(tx); err != nil {
					t.Fatal(err)
				}
			}
			from := len(g.store.Batches)
			play(g)
			whole := g.store
			for n := from; n <= len(whole.Batches); n++ {
				g.store = whole.Prefix(n)
				g.more = false
				g.open()
				g.acknowledged(n)
				g.open()
				g.acknowledged(n)
			}
		})
	}
}

// TestScriptsThatCannotRun: a transaction that makes running scripts fail is
// answered like a refused one and does not end the node; one that is stored
// stays so for a start that can tell.
func TestScriptsThatCannotRun(t *testing.T) {
	g := newGame(t, none)
	if err := g.send(g.one); err != nil {
		t.Fatal(err)
	}
	scripts := &faulty{}
	config := g.config()
	config.Chain.Verifier = scripts
	open := func() {
		t.Helper()
		n, err := node.Open(config, g.now*second)
		if err != nil {
			t.Fatal(err)
		}
		g.Node = n
	}
	scripts.broken = true
	open()
	g.wantPool()
	if err := g.send(g.free); !errors.Is(err, consensus.ErrUnverified) {
		t.Errorf("send: %v", err)
	}
	if err := g.propose(g.Block("p", g.a[1], with(g.free))); !errors.Is(err, consensus.ErrUnverified) {
		t.Errorf("propose: %v", err)
	}
	scripts.broken = false
	open()
	g.wantPool(g.one)
	// What a reorg leaves goes when nobody can tell, and the node goes on.
	c3 := g.Block("c3", g.a[1], with(g.free))
	g.mustSubmit(c3)
	scripts.broken = true
	if err := g.invalidate(c3); err != nil {
		t.Fatal(err)
	}
	g.wantTip(g.a[1])
	g.wantPool(g.one)
}

// faulty cannot tell whether scripts hold while it is broken.
type faulty struct{ broken bool }

func (f *faulty) Verify(checks []consensus.TxCheck) error {
	if f.broken {
		return consensus.ErrUnverified
	}
	return consensus.SerialVerifier{}.Verify(checks)
}

// acknowledged wants every transaction in the chain or the pool.
func (g *game) acknowledged(commit int) {
	g.Helper()
	v := g.view()
	for i, tx := range []*consensus.Tx{g.one, g.two, g.free} {
		found := v.Mempool.Get(tx.ID()) != nil
		for n := v.Tip; n != nil && !found; n = n.Parent {
			b, err := g.store.Block(n.Seq)
			if err != nil {
				g.Fatal(err)
			}
			for _, x := range b.Txs {
				found = found || x.ID() == tx.ID()
			}
		}
		if !found {
			g.Errorf("after commit %d: transaction %d is lost", commit, i)
		}
	}
}
