// Package chain keeps the block tree: it takes headers and blocks in any
// order, knows which branch has the most work, and moves the coins along it
// block by block, forwards and back.
package chain

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/internal/pmap"
	"orrery/core/policy"
)

// Config is what a chain is made of.
type Config struct {
	Params   *consensus.Params
	Store    Store
	Verifier Verifier
	Rules    policy.Rules // in force from height 1
	// Stop is asked now and then while a chain is opened; when it says so, Open
	// fails with consensus.ErrStopped. What was committed stays. nil never does.
	Stop func() bool
	// CheckWork replaces the check of proof of work in simulations; nil is the
	// real one.
	CheckWork consensus.WorkCheck
}

// ErrForeign says that a store holds another chain than the one asked for.
var ErrForeign = errors.New("the data folder holds another chain")

// ErrCorrupt says that a store contradicts itself.
var ErrCorrupt = errors.New("the chain data is damaged")

// PolicyFailure says at which block a consensus script failed, so that the
// fallback was used.
type PolicyFailure struct {
	Height int32 // of the block that the result was for
	Err    *policy.ScriptError
}

// Chain is owned by one goroutine. Its changes collect in a batch until
// Commit writes them; what it returns already includes them.
type Chain struct {
	cfg   Config
	coins *coinCache

	nodes   map[chainhash.Hash]*Node
	bySeq   []*Node // all nodes; the index is the Seq
	best    []*Node // by height
	shared  bool    // a View has the array of best
	records pmap.Map[*Record]

	headers    headers // the first has the most work of the good ones
	home       *Node   // the last tip at which Advance came to rest
	refuge     *Node   // the nearest good block at or below home; nil: to be found
	away       bool    // home is stored: the tip may be on no branch's end
	candidates []*Node // linked, not failed, perhaps with more work than home
	arrivals   uint64

	batch    batch
	recent   blockRing
	ahead    aheadBlocks
	failures []*PolicyFailure
}

// Open loads a chain from its store, or begins one with the genesis block. It
// fails with ErrForeign or ErrCorrupt.
func Open(cfg Config) (*Chain, error) {
	c := &Chain{cfg: cfg, coins: newCoinCache(cfg.Store), nodes: map[chainhash.Hash]*Node{}}
	if err := cfg.Store.Entries(c.load); err != nil {
		return nil, err
	}
	if len(c.bySeq) == 0 {
		return c, c.begin()
	}
	return c, c.restoreTip()
}

// begin files the genesis block. Its coinbase is no coin (as in Bitcoin).
func (c *Chain) begin() error {
	g := c.cfg.Params.Genesis
	n := c.addNode(g.Header, nil)
	n.s.status = HaveBody | Connected
	n.s.linked = true
	n.s.txN, n.s.size = uint32(len(g.Txs)), uint32(g.Size())
	c.changed(n)
	c.batch.Bodies = append(c.batch.Bodies, Body{n.Seq, g})
	c.batch.Undos = append(c.batch.Undos, Undo{Seq: n.Seq})
	c.setTip(n)
	c.home = n
	c.headers = newHeaders(c.bySeq)
	return c.Commit(nil, true)
}

// loadStride is how many headers are loaded between two looks at Stop.
const loadStride = 1000

// Stopped asks Stop.
func (cfg *Config) Stopped() bool { return cfg.Stop != nil && cfg.Stop() }

// load takes one entry of the store.
func (c *Chain) load(e Entry) error {
	if e.Seq%loadStride == 0 && c.cfg.Stopped() {
		return consensus.ErrStopped
	}
	if e.Seq != uint64(len(c.bySeq)) {
		return fmt.Errorf("%w: header %d is missing", ErrCorrupt, len(c.bySeq))
	}
	var parent *Node
	if e.Seq > 0 {
		if parent = c.nodes[e.Header.Prev]; parent == nil {
			return fmt.Errorf("%w: header %d has no parent", ErrCorrupt, e.Seq)
		}
	} else if e.Header != c.cfg.Params.Genesis.Header {
		return fmt.Errorf("%w: its genesis block is %v, not %v", ErrForeign, e.Header.Hash(), c.cfg.Params.Genesis.Hash())
	}
	n := c.addNode(e.Header, parent)
	n.s.status, n.s.txN, n.s.size, n.s.issued, n.s.reason = e.Status, e.TxN, e.Size, e.Issued, e.Reason
	n.s.failed = e.Status&(Failed|Revoked) != 0 || parent != nil && parent.s.failed
	n.s.linked = e.Status&HaveBody != 0 && (parent == nil || parent.s.linked)
	// The order of headers stands for that of whole branches, which is not
	// stored; 0 is left for the best chain.
	n.s.arrival = e.Seq + 1
	c.arrivals = n.s.arrival
	c.publish(n)
	return nil
}

// restoreTip goes to the stored tip and checks that its block is whole.
func (c *Chain) restoreTip() error {
	hash, err := c.cfg.Store.Tip()
	if err != nil {
		return err
	}
	tip := c.nodes[hash]
	if tip == nil || tip.s.status&Connected == 0 || !tip.s.linked {
		return fmt.Errorf("%w: its tip %v is not among its connected blocks", ErrCorrupt, hash)
	}
	b, err := c.cfg.Store.Block(tip.Seq)
	if err == nil {
		_, err = c.cfg.Store.Undo(tip.Seq)
	}
	if err != nil {
		return fmt.Errorf("%w: block %v at height %d: %w", ErrCorrupt, hash, tip.Height, err)
	}
	if b.Hash() != hash {
		return fmt.Errorf("%w: the body of block %v is that of %v", ErrCorrupt, hash, b.Hash())
	}
	c.best = make([]*Node, tip.Height+1)
	for n := tip; n != nil; n = n.Parent {
		c.best[n.Height] = n
	}
	c.home = tip
	if err := c.restoreHome(); err != nil {
		return err
	}
	// It was the first seen, or it would not have been the best.
	for n := c.home; n != nil; n = n.Parent {
		n.s.arrival = 0
	}
	c.headers = newHeaders(c.bySeq)
	c.findCandidates()
	return nil
}

// homeKey names the stored hash of the tip that a running reorg has left. If
// a crash cuts the reorg, and its branch then turns out to be bad, that tip
// still goes before others with as much work.
const homeKey = "chain/home"

func (c *Chain) restoreHome() error {
	value, err := c.cfg.Store.Meta(homeKey)
	if err != nil || value == nil {
		return err
	}
	var h chainhash.Hash
	if copy(h[:], value) != len(value) || c.nodes[h] == nil || !c.nodes[h].s.linked {
		return fmt.Errorf("%w: %s is %x, not a block that was connected", ErrCorrupt, homeKey, value)
	}
	c.home, c.away = c.nodes[h], true
	return nil
}

// Left is the tip that an unfinished reorg comes from, which a crash may have
// cut, or nil.
func (c *Chain) Left() *Node {
	if c.away {
		return c.home
	}
	return nil
}

// leave stores where a reorg comes from, arrive that it is over.
func (c *Chain) leave() {
	if !c.away {
		c.away = true
		h := c.home.Hash
		c.batch.Meta = append(c.batch.Meta, KV{homeKey, h[:]})
	}
}

func (c *Chain) arrive() {
	if c.away {
		c.away = false
		c.batch.Meta = append(c.batch.Meta, KV{Key: homeKey})
	}
}

// addNode appends a header to the tree.
func (c *Chain) addNode(h consensus.Header, parent *Node) *Node {
	n := newNode(uint64(len(c.bySeq)), h, parent)
	c.nodes[n.Hash] = n
	c.bySeq = append(c.bySeq, n)
	return n
}

// Tip is the block up to which the coins are.
func (c *Chain) Tip() *Node { return c.best[len(c.best)-1] }

// Lookup finds a header, nil if unknown.
func (c *Chain) Lookup(hash chainhash.Hash) *Node { return c.nodes[hash] }

// Record returns what is known of a node now.
func (c *Chain) Record(n *Node) *Record {
	r, _ := c.records.Get(&n.Hash)
	return r
}

// Coin implements consensus.Coins: the coins after the tip.
func (c *Chain) Coin(o outPoint) (*consensus.Coin, error) { return c.coins.Coin(o) }

// View returns the tree as it is now. It costs nothing to keep.
func (c *Chain) View() *View {
	c.shared = true
	return &View{
		Params: c.cfg.Params, Tip: c.Tip(), Header: c.headers[0], Failures: c.failures,
		best: c.best[:len(c.best):len(c.best)], records: c.records, recent: c.recent,
	}
}

// setTip moves the end of the best chain by one block, or to genesis.
func (c *Chain) setTip(n *Node) {
	if int(n.Height) < len(c.best) {
		if c.shared { // what views see beyond n must stay
			c.best = append(make([]*Node, 0, n.Height+64), c.best[:n.Height+1]...)
			c.shared = false
		}
		c.best = c.best[:n.Height+1]
	} else {
		c.best = append(c.best, n)
	}
	h := n.Hash
	c.batch.Tip = &h
}

// changed notes that a node's entry must be written and shown.
func (c *Chain) changed(n *Node) {
	c.batch.touch(n)
	c.publish(n)
}

func (c *Chain) publish(n *Node) {
	c.records = c.records.Set(&n.Hash, &Record{
		Node: n, Status: n.s.status, Failed: n.s.failed, Linked: n.s.linked,
		TxN: n.s.txN, Size: n.s.size, Issued: n.s.issued, Reason: n.s.reason,
	})
}
