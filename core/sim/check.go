package sim

import (
	"fmt"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
)

// Check holds every running node, at rest, to what must always be true:
//
//   - its coins are those of a plain replay of its branch from genesis, and
//     their sum is what was issued less what was burned;
//   - its tip has the most work of all branches that it knows to be whole and
//     holds for good;
//   - disconnecting its last blocks and connecting them again leaves the same
//     coins;
//   - every transaction of its mempool is valid on its tip;
//   - every block and payment that its owner was told is taken is still there,
//     but for payments whose coins a reorg took away.
//
// The first that is not is the error.
func (n *Net) Check() error {
	var last *replay
	for _, x := range n.nodes {
		if x.machine == nil {
			continue
		}
		if last == nil || last.tip != x.view.Tip.Hash {
			var err error
			if last, err = replayOf(x.view); err != nil {
				return n.broken(x, err)
			}
		}
		for _, check := range []func() error{
			func() error { return last.compare(x.view) },
			func() error { return checkWork(x.view) },
			func() error { return n.checkReturn(x) },
			func() error { return n.checkPool(x) },
			func() error { return n.checkPromises(x) },
		} {
			if err := check(); err != nil {
				return n.broken(x, err)
			}
		}
	}
	return nil
}

func (n *Net) broken(x *Node, err error) error {
	return fmt.Errorf("seed %d, at %v: node %s at height %d: %w", n.cfg.Seed, n.Now(), x.spec.Name, x.view.Tip.Height, err)
}

// replay is what a branch must leave, computed as plainly as can be.
type replay struct {
	tip    [32]byte
	coins  map[wire.OutPoint]consensus.Coin
	burned int64 // satoshi never paid out, or paid to nobody
	issued int64
}

func replayOf(v *node.View) (*replay, error) {
	r := &replay{tip: v.Tip.Hash, coins: map[wire.OutPoint]consensus.Coin{}}
	for h := int32(1); h <= v.Tip.Height; h++ {
		at := v.At(h)
		rec, _ := v.Lookup(&at.Hash)
		b, err := v.Block(at)
		if err != nil {
			return nil, err
		}
		left := rec.Issued - r.issued
		r.issued = rec.Issued
		for i, t := range b.Txs {
			left += r.apply(t, i == 0, h)
		}
		if left < 0 {
			return nil, fmt.Errorf("block %v at height %d pays out %d satoshi too much", at.Hash, h, -left)
		}
		r.burned += left
	}
	return r, nil
}

// apply returns what a transaction leaves to the miner, in satoshi; negative
// for what a coinbase takes.
func (r *replay) apply(t *consensus.Tx, coinbase bool, height int32) int64 {
	var left int64
	for _, in := range t.Msg.TxIn {
		if !coinbase {
			left += r.coins[in.PreviousOutPoint].Value
			delete(r.coins, in.PreviousOutPoint)
		}
	}
	for i, o := range t.Msg.TxOut {
		left -= o.Value
		if consensus.Unspendable(o.PkScript) {
			r.burned += o.Value
			continue
		}
		r.coins[wire.OutPoint{Hash: t.ID(), Index: uint32(i)}] = consensus.Coin{Value: o.Value, Script: o.PkScript, Height: height, Coinbase: coinbase}
	}
	return left
}

func (r *replay) compare(v *node.View) error {
	var sum int64
	n := 0
	err := v.Store.EachCoin(func(o wire.OutPoint, c *consensus.Coin) error {
		want, ok := r.coins[o]
		if !ok || want.Value != c.Value || want.Height != c.Height || want.Coinbase != c.Coinbase || string(want.Script) != string(c.Script) {
			return fmt.Errorf("coin %v is %v, a replay has %v", o, *c, want)
		}
		sum += c.Value
		n++
		return nil
	})
	switch {
	case err != nil:
		return err
	case n != len(r.coins):
		return fmt.Errorf("%d coins, a replay has %d", n, len(r.coins))
	case sum != r.issued-r.burned:
		return fmt.Errorf("coins of %d satoshi, %d were issued and %d burned", sum, r.issued, r.burned)
	}
	return nil
}

func checkWork(v *node.View) error {
	var err error
	v.Each(func(r *chain.Record) bool {
		if r.Linked && !r.Failed && r.Work.Gt(&v.Tip.Work) {
			err = fmt.Errorf("the tip is %v, though block %v at height %d has more work and nothing is known against it", v.Tip.Hash, r.Hash, r.Height)
		}
		return err == nil
	})
	return err
}

// returnDepth is how many blocks checkReturn takes back.
const returnDepth = 10

// checkReturn works on a copy of the disk.
func (n *Net) checkReturn(x *Node) error {
	v := x.view
	if v.Tip.Height == 0 {
		return nil
	}
	store := x.disk.Clone()
	c, err := chain.Open(n.chainConfig(store))
	if err != nil {
		return err
	}
	if c.Tip().Hash != v.Tip.Hash {
		return fmt.Errorf("the disk's tip is %v, the view's %v", c.Tip().Hash, v.Tip.Hash)
	}
	fork := v.At(max(1, v.Tip.Height-returnDepth+1))
	for _, mark := range []func() error{
		func() error { return c.Invalidate(fork.Hash) },
		func() error { return c.Reconsider(fork.Hash) },
	} {
		if err := mark(); err != nil {
			return err
		}
		for more := true; more; {
			if _, more, err = c.Advance(); err == nil {
				err = c.Commit(nil, false)
			}
			if err != nil {
				return err
			}
		}
	}
	if c.Tip().Hash != v.Tip.Hash {
		return fmt.Errorf("after going back %d blocks and forth the tip is %v, was %v", returnDepth, c.Tip().Hash, v.Tip.Hash)
	}
	snap, err := store.Snapshot()
	if err != nil {
		return err
	}
	return sameCoins(v.Store, snap)
}

func sameCoins(a, b chain.Snapshot) error {
	n := 0
	err := a.EachCoin(func(o wire.OutPoint, c *consensus.Coin) error {
		n++
		d, err := b.Coin(o)
		if err == nil && (d == nil || d.Value != c.Value || d.Height != c.Height || d.Coinbase != c.Coinbase || string(d.Script) != string(c.Script)) {
			err = fmt.Errorf("coin %v was %v, and is %v after going back and forth", o, *c, d)
		}
		return err
	})
	if err != nil {
		return err
	}
	return b.EachCoin(func(o wire.OutPoint, _ *consensus.Coin) error {
		if n--; n < 0 {
			return fmt.Errorf("going back and forth made more coins")
		}
		return nil
	})
}

func (n *Net) checkPool(x *Node) error {
	v := x.view
	env := &mempool.Env{
		Params: n.cfg.Params, Coins: v.Store, Height: v.Tip.Height, MedianTime: v.Tip.MedianTime,
		MedianTimeAt: func(h int32) int64 { return v.Tip.Ancestor(h).MedianTime },
		Now:          x.clock() / 1e9, Verifier: consensus.SerialVerifier{},
	}
	pool := mempool.New(mempool.DefaultConfig())
	for _, e := range v.Mempool.Topological() {
		if _, err := pool.Accept(e.Tx, env, mempool.Options{}); err != nil {
			return fmt.Errorf("transaction %v of the mempool: %w", e.Tx.ID(), err)
		}
	}
	return nil
}
