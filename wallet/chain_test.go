package wallet

import (
	"encoding/binary"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/address"
	"orrery/wallet/keys"
	"orrery/wallet/ledger"
)

const maturity = 3

var codec = address.Codec{Versions: consensus.AddressVersions{P2PKH: 0x6f, P2SH: 0xc4, WIF: 0xef, HRP: "bcrt"}}

var foreign = []byte{txscript.OP_TRUE}

// chain is a small node without rules: blocks, the best branch, a mempool. It
// is the Source of the tests' wallets.
type chain struct {
	mu      sync.Mutex
	n       uint32
	blocks  map[chainhash.Hash]*consensus.Block
	heights map[chainhash.Hash]int32
	best    []*consensus.Block
	pool    []*consensus.Tx
}

func newChain() *chain {
	c := &chain{blocks: map[chainhash.Hash]*consensus.Block{}, heights: map[chainhash.Hash]int32{}}
	c.mine(foreign) // genesis
	return c
}

func (c *chain) Changes(since chainhash.Hash) (reverts, applies []chainhash.Hash, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for since != (chainhash.Hash{}) {
		b, ok := c.blocks[since]
		if !ok {
			return nil, nil, ErrUnknownBlock
		}
		if h := c.heights[since]; int(h) < len(c.best) && c.best[h].Hash() == since {
			break
		}
		reverts = append(reverts, since)
		since = b.Header.Prev
	}
	from := int32(0)
	if since != (chainhash.Hash{}) {
		from = c.heights[since] + 1
	}
	for _, b := range c.best[from:] {
		applies = append(applies, b.Hash())
	}
	return reverts, applies, nil
}

func (c *chain) Block(hash chainhash.Hash) (*consensus.Block, int32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.blocks[hash], c.heights[hash], nil
}

func (c *chain) Exists(o wire.OutPoint) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.coins(false)[o]
	return ok || slices.ContainsFunc(c.pool, func(tx *consensus.Tx) bool { return tx.ID() == o.Hash }), nil
}

// coins is a walk over everything: the truth.
func (c *chain) coins(pool bool) map[wire.OutPoint]*wire.TxOut {
	m := map[wire.OutPoint]*wire.TxOut{}
	apply := func(tx *consensus.Tx) {
		for _, in := range tx.Msg.TxIn {
			delete(m, in.PreviousOutPoint)
		}
		for i, out := range tx.Msg.TxOut {
			m[wire.OutPoint{Hash: tx.ID(), Index: uint32(i)}] = out
		}
	}
	for _, b := range c.best {
		for _, tx := range b.Txs {
			apply(tx)
		}
	}
	if pool {
		for _, tx := range c.pool {
			apply(tx)
		}
	}
	return m
}

// mine makes a block that pays 50 coins to each script and takes the mempool.
func (c *chain) mine(scripts ...[]byte) *consensus.Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	m := wire.NewMsgTx(2)
	m.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{}, 0xffffffff), binary.BigEndian.AppendUint32(nil, c.n), nil))
	for _, s := range scripts {
		m.AddTxOut(wire.NewTxOut(50*consensus.CoinUnit, s))
	}
	if len(scripts) == 0 {
		m.AddTxOut(wire.NewTxOut(50*consensus.CoinUnit, foreign))
	}
	var prev chainhash.Hash
	if len(c.best) > 0 {
		prev = c.best[len(c.best)-1].Hash()
	}
	h := consensus.Header{Prev: prev, Time: 1_700_000_000 + 10*c.n, Nonce: c.n}
	b := consensus.NewBlock(h, append([]*consensus.Tx{consensus.NewTx(m)}, c.pool...))
	c.pool = nil
	c.blocks[b.Hash()], c.heights[b.Hash()] = b, int32(len(c.best))
	c.best = append(c.best, b)
	return b
}

// rewind disconnects blocks; their transactions go back into the mempool when
// their coins exist.
func (c *chain) rewind(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var back []*consensus.Tx
	for range n {
		b := c.best[len(c.best)-1]
		c.best = c.best[:len(c.best)-1]
		back = append(slices.Clone(b.Txs[1:]), back...)
	}
	back = append(back, c.pool...)
	c.pool = nil
	for _, tx := range back {
		c.offer(tx)
	}
}

func (c *chain) offer(tx *consensus.Tx) bool {
	coins := c.coins(true)
	for _, in := range tx.Msg.TxIn {
		if coins[in.PreviousOutPoint] == nil {
			return false
		}
	}
	c.pool = append(c.pool, tx)
	return true
}

func (c *chain) send(t testing.TB, tx *consensus.Tx) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	verify(t, tx, c.coins(true))
	if !c.offer(tx) {
		t.Fatalf("the mempool refuses %v", tx.ID())
	}
}

// verify runs all scripts under the flags of mempools.
func verify(t testing.TB, tx *consensus.Tx, coins map[wire.OutPoint]*wire.TxOut) {
	t.Helper()
	fetcher := txscript.NewMultiPrevOutFetcher(coins)
	hashes := txscript.NewTxSigHashes(tx.Msg, fetcher)
	for i, in := range tx.Msg.TxIn {
		out := coins[in.PreviousOutPoint]
		if out == nil {
			t.Fatalf("input %d spends what does not exist", i)
		}
		vm, err := txscript.NewEngine(out.PkScript, tx.Msg, i, txscript.StandardVerifyFlags, nil, hashes, out.Value, fetcher)
		if err == nil {
			err = vm.Execute()
		}
		if err != nil {
			t.Fatalf("input %d: %v", i, err)
		}
	}
}

func config(t testing.TB) Config {
	return Config{
		Name: "w", Path: filepath.Join(t.TempDir(), "w.json"), Codec: codec, Maturity: maturity,
		Now: func() int64 { return 1_800_000_000 },
	}
}

func newWallet(t testing.TB) *Wallet {
	t.Helper()
	w, err := Create(config(t), "", ledger.NoTip)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// kill ends a wallet as kill -9 does: nothing is saved.
func kill(t testing.TB, w *Wallet) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if err := w.file.Close(); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, cfg Config) *Wallet {
	t.Helper()
	w, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func newAddress(t testing.TB, w *Wallet, purpose keys.Purpose) address.Address {
	t.Helper()
	a, err := w.NewAddress(purpose, "")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func follow(t testing.TB, w *Wallet, c *chain) {
	t.Helper()
	if err := w.Sync(c); err != nil {
		t.Fatal(err)
	}
	if err := w.SetMempool(slices.Clone(c.pool), c); err != nil {
		t.Fatal(err)
	}
}

// fund gives the wallet mature coins of 50 each.
func fund(t testing.TB, w *Wallet, c *chain, n int) {
	t.Helper()
	a := newAddress(t, w, keys.BIP44)
	for range n {
		c.mine(a.Script())
	}
	for range maturity {
		c.mine()
	}
	follow(t, w, c)
}
