// Package rpctest runs a whole node inside a test: the real core on a memory
// store, driven by whoever calls.
package rpctest

import (
	"context"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/chain/chaintest"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/mining"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// Start is when the clock of a test node stands: some years after regtest's
// genesis block, so that blocks are never too new by accident.
const Start = 1_700_000_000

// Node is a node with regtest's rules. It answers when what was asked for is
// done, as the real host does.
type Node struct {
	Rules *chaintest.Rules

	mu    sync.Mutex
	node  *node.Node
	store chain.Store
	next  uint64
	snaps []chain.Snapshot

	view    atomic.Pointer[node.View]
	changed atomic.Pointer[chan struct{}]
	mock    atomic.Int64
	flushes atomic.Int64
	effects []protocol.Effect // that the network was asked for
}

// New opens a node with regtest's parameters but for the maturity. It lives
// until the test ends.
func New(tb testing.TB, maturity int32) *Node {
	tb.Helper()
	return open(tb, maturity, nil)
}

func open(tb testing.TB, maturity int32, network *peering.Config) *Node {
	tb.Helper()
	n := &Node{Rules: chaintest.NewRules(), store: chain.NewMemStore()}
	n.mock.Store(Start)
	var err error
	n.node, err = node.Open(node.Config{
		Chain:   chain.Config{Params: chaintest.Params(maturity), Store: n.store, Rules: n.Rules, Verifier: consensus.SerialVerifier{}},
		Mempool: mempool.DefaultConfig(), MinFeeRate: mining.DefaultMinFeeRate,
		Peering: network,
	}, n.Now().UnixNano())
	if err == nil {
		err = n.publish()
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for _, s := range n.snaps {
			_ = s.Close()
		}
	})
	return n
}

// publish shows what the node is now. Snapshots stay until the test ends.
func (n *Node) publish() error {
	v, err := n.node.View()
	if err != nil {
		return err
	}
	if v.Store, err = n.store.Snapshot(); err != nil {
		return err
	}
	n.snaps = append(n.snaps, v.Store)
	n.view.Store(v)
	fresh := make(chan struct{})
	if old := n.changed.Swap(&fresh); old != nil {
		close(*old)
	}
	return nil
}

// do carries an event out, and all that follows from it.
func (n *Node) do(event func(id uint64) node.Event) (any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.next++
	id := n.next
	var done node.Done
	for e := event(id); e != nil; {
		effects, err := n.node.Step(n.Now().UnixNano(), e)
		if err != nil {
			return nil, err
		}
		e = nil
		for _, f := range effects {
			switch f := f.(type) {
			case node.Done:
				if f.ID == id {
					done = f
				}
			case node.Changed:
				if err := n.publish(); err != nil {
					return nil, err
				}
			case node.PeerEffect:
				n.effects = append(n.effects, f.Effect)
			case node.More:
				e = node.Continue{}
			}
		}
	}
	return done.Value, done.Err
}

// Acquire returns the present view.
func (n *Node) Acquire() (v *node.View, release func()) { return n.view.Load(), func() {} }

// Changed is closed when there is a newer view.
func (n *Node) Changed() <-chan struct{} { return *n.changed.Load() }

// Now is the mocked time; the machine's, if that is 0.
func (n *Node) Now() time.Time {
	if s := n.mock.Load(); s != 0 {
		return time.Unix(s, 0)
	}
	return time.Now()
}

// Mock stops the clock at a time in seconds.
func (n *Node) Mock(seconds int64) { n.mock.Store(seconds) }

// SubmitBlock offers a block.
func (n *Node) SubmitBlock(_ context.Context, b *consensus.Block, _ bool) error {
	_, err := n.do(func(id uint64) node.Event { return node.SubmitBlock{ID: id, Block: b} })
	return err
}

// ProposeBlock checks a block but for its proof of work.
func (n *Node) ProposeBlock(_ context.Context, b *consensus.Block) error {
	_, err := n.do(func(id uint64) node.Event { return node.ProposeBlock{ID: id, Block: b} })
	return err
}

// SubmitTx offers a transaction.
func (n *Node) SubmitTx(_ context.Context, tx *consensus.Tx, testOnly bool) (*mempool.Result, error) {
	v, err := n.do(func(id uint64) node.Event { return node.SubmitTx{ID: id, Tx: tx, TestOnly: testOnly} })
	res, _ := v.(*mempool.Result)
	return res, err
}

// Invalidate declares a block invalid.
func (n *Node) Invalidate(_ context.Context, hash chainhash.Hash) error {
	_, err := n.do(func(id uint64) node.Event { return node.Invalidate{ID: id, Hash: hash} })
	return err
}

// Reconsider takes that back.
func (n *Node) Reconsider(_ context.Context, hash chainhash.Hash) error {
	_, err := n.do(func(id uint64) node.Event { return node.Reconsider{ID: id, Hash: hash} })
	return err
}

// Flush counts how often it was asked for: a memory store has no disk.
func (n *Node) Flush(context.Context) error {
	n.flushes.Add(1)
	return nil
}

// Flushes is how often Flush was called.
func (n *Node) Flushes() int64 { return n.flushes.Load() }

// Maker makes blocks for the node's chain.
func (n *Node) Maker() chaintest.Maker {
	v, _ := n.Acquire()
	return chaintest.Maker{Params: v.Params, Rules: n.Rules}
}

// Hex is the serialization of a transaction.
func Hex(tx *wire.MsgTx) string { return hex.EncodeToString(consensus.NewTx(tx).Bytes()) }

// BigBlock mines a block with n transactions beside the coinbase, each of which
// pays two addresses by one signed P2WPKH input. The maturity must be 1.
func (n *Node) BigBlock(tb testing.TB, txs int) *chaintest.Block {
	tb.Helper()
	key, other := chaintest.NewKey(1), chaintest.NewKey(2)
	v, _ := n.Acquire()
	if v.Tip.Height != 0 {
		tb.Fatal("the chain is not new")
	}
	m := n.Maker()
	first := m.Block("first", m.Genesis(), chaintest.PayTo(key.P2WPKH()))
	const each = 100_000 // satoshi
	var outs []*wire.TxOut
	for range txs {
		outs = append(outs, chaintest.Pay(each, key.P2WPKH()))
	}
	split := chaintest.Spend([]chaintest.Out{first.Out(0, 0)}, outs...)
	key.SignP2WPKH(split, first.Out(0, 0))
	second := m.Block("second", first, chaintest.With(split))
	var all []*wire.MsgTx
	for i := range txs {
		from := chaintest.OutOf(split, i)
		tx := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(each/2, other.P2WPKH()), chaintest.Pay(each/4, key.P2PKH()))
		key.SignP2WPKH(tx, from)
		all = append(all, tx)
	}
	big := m.Block("big", second, chaintest.With(all...))
	for _, b := range []*chaintest.Block{first, second, big} {
		if err := n.SubmitBlock(context.Background(), b.Block, false); err != nil {
			tb.Fatal(err)
		}
	}
	return big
}

// FillMempool puts n transactions into the mempool, each with one signed
// P2WPKH input and two outputs. The maturity must be 1.
func (n *Node) FillMempool(tb testing.TB, txs int) {
	tb.Helper()
	key := chaintest.NewKey(1)
	v, _ := n.Acquire()
	m := n.Maker()
	first := m.Block("first", m.Genesis(), chaintest.PayTo(key.P2WPKH()))
	const each = 100_000 // satoshi
	var outs []*wire.TxOut
	for range txs {
		outs = append(outs, chaintest.Pay(each, key.P2WPKH()))
	}
	split := chaintest.Spend([]chaintest.Out{first.Out(0, 0)}, outs...)
	key.SignP2WPKH(split, first.Out(0, 0))
	second := m.Block("second", first, chaintest.With(split))
	for _, b := range []*chaintest.Block{first, second} {
		if err := n.SubmitBlock(context.Background(), b.Block, false); err != nil {
			tb.Fatal(err)
		}
	}
	if v.Tip.Height != 0 {
		tb.Fatal("the chain is not new")
	}
	for i := range txs {
		from := chaintest.OutOf(split, i)
		tx := chaintest.Spend([]chaintest.Out{from}, chaintest.Pay(each/2, key.P2WPKH()), chaintest.Pay(each/4+int64(i), key.P2PKH()))
		key.SignP2WPKH(tx, from)
		if _, err := n.SubmitTx(context.Background(), consensus.NewTx(tx), false); err != nil {
			tb.Fatal(err)
		}
	}
}
