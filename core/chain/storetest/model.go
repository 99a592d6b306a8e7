package storetest

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// Model says what a store must contain, in the plainest way.
type Model struct {
	Entries map[uint64]chain.Entry
	Bodies  map[uint64]*consensus.Block
	Undos   map[uint64][]consensus.Coin
	Txs     map[chainhash.Hash]chain.TxPos
	Coins   map[wire.OutPoint]consensus.Coin
	Names   map[string][]byte
	Hash    chainhash.Hash
}

// NewModel returns the contents of an empty store.
func NewModel() *Model {
	return &Model{
		Entries: map[uint64]chain.Entry{},
		Bodies:  map[uint64]*consensus.Block{},
		Undos:   map[uint64][]consensus.Coin{},
		Txs:     map[chainhash.Hash]chain.TxPos{},
		Coins:   map[wire.OutPoint]consensus.Coin{},
		Names:   map[string][]byte{},
	}
}

// Clone returns an independent copy.
func (m *Model) Clone() *Model {
	return &Model{maps.Clone(m.Entries), maps.Clone(m.Bodies), maps.Clone(m.Undos), maps.Clone(m.Txs),
		maps.Clone(m.Coins), maps.Clone(m.Names), m.Hash}
}

// Apply does what Commit must do.
func (m *Model) Apply(b *chain.Batch) {
	for _, e := range b.Entries {
		m.Entries[e.Seq] = e
	}
	for _, x := range b.Bodies {
		m.Bodies[x.Seq] = x.Block
	}
	for _, x := range b.Undos {
		m.Undos[x.Seq] = slices.Clone(x.Spent)
	}
	for _, x := range b.Txs {
		m.Txs[x.Txid] = x.Pos
	}
	for _, c := range b.Coins {
		if c.Coin == nil {
			delete(m.Coins, c.Outpoint)
		} else {
			m.Coins[c.Outpoint] = *c.Coin
		}
	}
	for _, kv := range b.Meta {
		if kv.Value == nil {
			delete(m.Names, kv.Key)
		} else {
			m.Names[kv.Key] = slices.Clone(kv.Value)
		}
	}
	if b.Tip != nil {
		m.Hash = *b.Tip
	}
}

// Diff reads all of a store and returns an error for the first difference.
func (m *Model) Diff(s chain.Store) error {
	if tip, err := s.Tip(); err != nil || tip != m.Hash {
		return fmt.Errorf("Tip() = %v, %w, want %v", tip, err, m.Hash)
	}
	var got []chain.Entry
	if err := s.Entries(func(e chain.Entry) error { got = append(got, e); return nil }); err != nil {
		return fmt.Errorf("Entries: %w", err)
	}
	var want []chain.Entry
	for _, seq := range slices.Sorted(maps.Keys(m.Entries)) {
		want = append(want, m.Entries[seq])
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("Entries yields %d entries, not the %d wanted:\n%v\n%v", len(got), len(want), got, want)
	}
	if err := m.diffReads(s); err != nil {
		return err
	}
	snap, err := s.Snapshot()
	if err != nil {
		return fmt.Errorf("Snapshot: %w", err)
	}
	if err := m.DiffSnapshot(snap); err != nil {
		return fmt.Errorf("new snapshot: %w", err)
	}
	return snap.Close()
}

// DiffSnapshot is Diff for what a snapshot shows.
func (m *Model) DiffSnapshot(s chain.Snapshot) error {
	if err := m.diffReads(s); err != nil {
		return err
	}
	type item struct {
		o wire.OutPoint
		c string
	}
	var got, want []item
	err := s.EachCoin(func(o wire.OutPoint, c *consensus.Coin) error {
		got = append(got, item{o, coinText(c)})
		return nil
	})
	if err != nil {
		return fmt.Errorf("EachCoin: %w", err)
	}
	for _, o := range slices.SortedFunc(maps.Keys(m.Coins), compareOutpoints) {
		c := m.Coins[o]
		want = append(want, item{o, coinText(&c)})
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("EachCoin yields %d coins, not the %d wanted:\n%v\n%v", len(got), len(want), got, want)
	}
	return nil
}

// reader is what Store and Snapshot have in common.
type reader interface {
	consensus.Coins
	Block(seq uint64) (*consensus.Block, error)
	Undo(seq uint64) ([]consensus.Coin, error)
	TxPos(txid chainhash.Hash) (chain.TxPos, error)
	Meta(key string) ([]byte, error)
	MetaRange(prefix string, yield func(key string, value []byte) error) error
}

func (m *Model) diffReads(s reader) error {
	for _, seq := range slices.Sorted(maps.Keys(m.Bodies)) {
		want := m.Bodies[seq]
		if got, err := s.Block(seq); err != nil || !sameBlock(got, want) {
			return fmt.Errorf("Block(%d) is not what was stored: %w", seq, err)
		}
	}
	for _, seq := range slices.Sorted(maps.Keys(m.Undos)) {
		want := m.Undos[seq]
		if got, err := s.Undo(seq); err != nil || !sameCoins(got, want) {
			return fmt.Errorf("Undo(%d) has %d coins (%w), want these %d: %v", seq, len(got), err, len(want), want)
		}
	}
	for _, txid := range slices.SortedFunc(maps.Keys(m.Txs), compareHashes) {
		want := m.Txs[txid]
		if got, err := s.TxPos(txid); err != nil || got != want {
			return fmt.Errorf("TxPos(%v) = %v, %w, want %v", txid, got, err, want)
		}
	}
	for _, o := range slices.SortedFunc(maps.Keys(m.Coins), compareOutpoints) {
		want := m.Coins[o]
		got, err := s.Coin(o)
		if err != nil || got == nil || coinText(got) != coinText(&want) {
			return fmt.Errorf("Coin(%v) = %v, %w, want %v", o, got, err, want)
		}
	}
	return m.diffNames(s)
}

func (m *Model) diffNames(s reader) error {
	var got, want []string
	err := s.MetaRange("", func(key string, value []byte) error {
		got = append(got, key+"="+string(value))
		return nil
	})
	if err != nil {
		return fmt.Errorf("MetaRange: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(m.Names)) {
		want = append(want, key+"="+string(m.Names[key]))
		if v, err := s.Meta(key); err != nil || v == nil || !bytes.Equal(v, m.Names[key]) {
			return fmt.Errorf("Meta(%q) = %.80q, %w, want %.80q", key, v, err, m.Names[key])
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("MetaRange yields %d names, want %d", len(got), len(want))
	}
	return nil
}

func sameBlock(a, b *consensus.Block) bool {
	return a != nil && a.Hash() == b.Hash() && bytes.Equal(a.Bytes(), b.Bytes())
}

func sameCoins(a, b []consensus.Coin) bool {
	return slices.EqualFunc(a, b, func(a, b consensus.Coin) bool { return coinText(&a) == coinText(&b) })
}

// coinText makes coins comparable; an empty and a nil script are the same.
func coinText(c *consensus.Coin) string {
	if c == nil {
		return "none"
	}
	return fmt.Sprintf("%d sat, script %x, height %d, coinbase %v", c.Value, c.Script, c.Height, c.Coinbase)
}

func compareHashes(a, b chainhash.Hash) int { return bytes.Compare(a[:], b[:]) }

func compareOutpoints(a, b wire.OutPoint) int {
	if c := compareHashes(a.Hash, b.Hash); c != 0 {
		return c
	}
	return cmp.Compare(a.Index, b.Index)
}

// NewBlock makes a block that is well-formed and different for each n, with
// txs transactions of one input and outs outputs whose scripts have scriptLen
// bytes. Its rules do not matter to a store.
func NewBlock(n uint64, txs, outs, scriptLen int) *consensus.Block {
	list := make([]*consensus.Tx, txs)
	for i := range list {
		msg := wire.NewMsgTx(2)
		var tag [16]byte
		binary.BigEndian.PutUint64(tag[:], n)
		binary.BigEndian.PutUint64(tag[8:], uint64(i))
		prev := wire.OutPoint{Hash: chainhash.HashH(tag[:]), Index: uint32(i)}
		msg.AddTxIn(wire.NewTxIn(&prev, tag[:], wire.TxWitness{tag[:]}))
		for j := range outs {
			msg.AddTxOut(wire.NewTxOut(int64(j), script(n, scriptLen)))
		}
		list[i] = consensus.NewTx(msg)
	}
	h := consensus.Header{Version: 4, Time: uint32(n), Bits: 0x207fffff, Nonce: uint32(n >> 32)}
	h.MerkleRoot[0] = byte(txs)
	return consensus.NewBlock(h, list)
}

// script returns length bytes that hardly compress.
func script(n uint64, length int) []byte {
	s := make([]byte, 0, length+chainhash.HashSize)
	for i := uint64(0); len(s) < length; i++ {
		h := chainhash.HashH(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, n), i))
		s = append(s, h[:]...)
	}
	return s[:length]
}

// BlockBatch returns the batch of a block of one transaction that is
// connected as the n-th: what a node commits for each empty block.
func BlockBatch(n uint64) *chain.Batch {
	b := NewBlock(n, 1, 1, 25)
	id, hash := b.Txs[0].ID(), b.Hash()
	return &chain.Batch{
		Entries: []chain.Entry{{Seq: n, Header: b.Header, Status: chain.HaveBody | chain.Connected, TxN: 1, Size: uint32(b.Size())}},
		Bodies:  []chain.Body{{Seq: n, Block: b}},
		Undos:   []chain.Undo{{Seq: n}},
		Coins: []consensus.CoinChange{{
			Outpoint: wire.OutPoint{Hash: id},
			Coin:     &consensus.Coin{Value: 50 * consensus.CoinUnit, Script: b.Txs[0].Msg.TxOut[0].PkScript, Height: int32(n), Coinbase: true},
		}},
		Txs: []chain.TxRef{{Txid: id, Pos: chain.TxPos{Seq: n}}},
		Tip: &hash,
	}
}

func commit(t *testing.T, s chain.Store, m *Model, b *chain.Batch) {
	t.Helper()
	if err := s.Commit(b, false); err != nil {
		t.Fatalf("Commit: %v", err)
	}
	m.Apply(b)
}

func check(t *testing.T, s chain.Store, m *Model) {
	t.Helper()
	if err := m.Diff(s); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t *testing.T, s chain.Store) chain.Snapshot {
	t.Helper()
	snap, err := s.Snapshot()
	if err != nil {
		t.Fatalf("Snapshot: %v", err)
	}
	t.Cleanup(func() { snap.Close() })
	return snap
}

func wantNotFound(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, chain.ErrNotFound) {
		t.Fatalf("%s: error %v, want ErrNotFound", what, err)
	}
}

func hash(n byte) chainhash.Hash { return chainhash.Hash{0: n, 31: n} }

func outpoint(n byte, index uint32) wire.OutPoint { return wire.OutPoint{Hash: hash(n), Index: index} }

func coin(value int64) *consensus.Coin {
	return &consensus.Coin{Value: value, Script: []byte{0x51}, Height: 7}
}

func long(c string, n int) string { return strings.Repeat(c, n) }
