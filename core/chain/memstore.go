package chain

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/core/internal/pmap"
)

// MemStore is a Store in memory: for tests, for the simulator, and for nodes
// that keep nothing. It shares blocks and coins by pointer, since both are
// immutable, and never fails.
type MemStore struct {
	memView
	entries []Entry // by Seq
}

// memView is everything that a Snapshot shows. All of it is immutable, so a
// copy of the struct is a consistent view.
type memView struct {
	blocks pmap.Map[*consensus.Block] // by seqKey
	undos  pmap.Map[[]consensus.Coin] // by seqKey
	coins  pmap.Map[[]memCoin]        // by txid: its unspent outputs by index, never none
	txs    pmap.Map[TxPos]            // by txid
	meta   pmap.Sorted[[]byte]
	tip    chainhash.Hash
}

type memCoin struct {
	index uint32
	coin  *consensus.Coin
}

var _ Store = (*MemStore)(nil)

// NewMemStore returns an empty store.
func NewMemStore() *MemStore { return new(MemStore) }

// Clone returns an independent store with the same contents.
func (s *MemStore) Clone() *MemStore {
	return &MemStore{memView: s.memView, entries: slices.Clone(s.entries)}
}

// seqKey puts the low byte first, so that neighbours part at the first level.
func seqKey(seq uint64) *chainhash.Hash {
	var k chainhash.Hash
	binary.LittleEndian.PutUint64(k[:], seq)
	return &k
}

// Entries implements Store.
func (s *MemStore) Entries(yield func(Entry) error) error {
	for _, e := range s.entries {
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

// Tip implements Store.
func (s *MemStore) Tip() (chainhash.Hash, error) { return s.tip, nil }

// Sync implements Store; memory has no disk to reach.
func (s *MemStore) Sync() error { return nil }

// Commit implements Store.
func (s *MemStore) Commit(b *Batch, durable bool) error {
	for _, e := range b.Entries {
		s.setEntry(e)
	}
	for _, body := range b.Bodies {
		s.blocks = s.blocks.Set(seqKey(body.Seq), body.Block)
	}
	for _, u := range b.Undos {
		s.undos = s.undos.Set(seqKey(u.Seq), slices.Clone(u.Spent))
	}
	for rest := b.Coins; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Outpoint.Hash == rest[0].Outpoint.Hash {
			n++
		}
		s.changeCoins(rest[:n])
		rest = rest[n:]
	}
	for _, tx := range b.Txs {
		s.txs = s.txs.Set(&tx.Txid, tx.Pos)
	}
	for _, kv := range b.Meta {
		if kv.Value == nil {
			s.meta = s.meta.Delete(kv.Key)
		} else {
			s.meta = s.meta.Set(kv.Key, slices.Clone(kv.Value))
		}
	}
	if b.Tip != nil {
		s.tip = *b.Tip
	}
	return nil
}

func (s *MemStore) setEntry(e Entry) {
	i, found := slices.BinarySearchFunc(s.entries, e.Seq, func(e Entry, seq uint64) int { return cmp.Compare(e.Seq, seq) })
	if found {
		s.entries[i] = e
		return
	}
	s.entries = slices.Insert(s.entries, i, e)
}

// changeCoins applies changes to outputs of one transaction, at least one.
func (s *MemStore) changeCoins(changes []consensus.CoinChange) {
	txid := &changes[0].Outpoint.Hash
	sorted := slices.SortedFunc(slices.Values(changes), func(a, b consensus.CoinChange) int {
		return cmp.Compare(a.Outpoint.Index, b.Outpoint.Index)
	})
	old, _ := s.coins.Get(txid)
	merged := make([]memCoin, 0, len(old)+len(sorted))
	for _, c := range sorted {
		for len(old) > 0 && old[0].index < c.Outpoint.Index {
			merged, old = append(merged, old[0]), old[1:]
		}
		if len(old) > 0 && old[0].index == c.Outpoint.Index {
			old = old[1:]
		}
		if c.Coin != nil {
			merged = append(merged, memCoin{c.Outpoint.Index, c.Coin})
		}
	}
	merged = append(merged, old...)
	if len(merged) == 0 {
		s.coins = s.coins.Delete(txid)
		return
	}
	s.coins = s.coins.Set(txid, merged)
}

// Snapshot implements Store. It costs one small allocation.
func (s *MemStore) Snapshot() (Snapshot, error) { return newMemSnapshot(s.memView), nil }

// Coin implements consensus.Coins.
func (v *memView) Coin(o wire.OutPoint) (*consensus.Coin, error) {
	coins, _ := v.coins.Get(&o.Hash)
	i, found := slices.BinarySearchFunc(coins, o.Index, func(c memCoin, index uint32) int { return cmp.Compare(c.index, index) })
	if !found {
		return nil, nil
	}
	return coins[i].coin, nil
}

// Block implements Store.
func (v *memView) Block(seq uint64) (*consensus.Block, error) {
	b, ok := v.blocks.Get(seqKey(seq))
	if !ok {
		return nil, ErrNotFound
	}
	return b, nil
}

// Undo implements Store.
func (v *memView) Undo(seq uint64) ([]consensus.Coin, error) {
	u, ok := v.undos.Get(seqKey(seq))
	if !ok {
		return nil, ErrNotFound
	}
	return slices.Clone(u), nil
}

// TxPos implements Store.
func (v *memView) TxPos(txid chainhash.Hash) (TxPos, error) {
	pos, ok := v.txs.Get(&txid)
	if !ok {
		return TxPos{}, ErrNotFound
	}
	return pos, nil
}

// Meta implements Store.
func (v *memView) Meta(key string) ([]byte, error) {
	value, _ := v.meta.Get(key)
	return slices.Clone(value), nil
}

// MetaRange implements Store.
func (v *memView) MetaRange(prefix string, yield func(key string, value []byte) error) error {
	for key, value := range v.meta.From(prefix) {
		if !strings.HasPrefix(key, prefix) {
			return nil
		}
		if err := yield(key, value); err != nil {
			return err
		}
	}
	return nil
}

// EachCoin implements Snapshot.
func (v *memView) EachCoin(yield func(wire.OutPoint, *consensus.Coin) error) error {
	for txid, coins := range v.coins.All() {
		for _, c := range coins {
			if err := yield(wire.OutPoint{Hash: txid, Index: c.index}, c.coin); err != nil {
				return err
			}
		}
	}
	return nil
}

// errClosed says that a snapshot was used after Close: our own bug, but an
// answer from a view that somebody gave up would hide it.
var errClosed = errors.New("snapshot is closed")
