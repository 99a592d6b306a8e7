// Package pebble keeps the chain in a Pebble database: a chain.Store that
// loses nothing that was durable and never shows half a commit.
package pebble

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/btcsuite/btcd/chainhash/v2"
	pebbledb "github.com/cockroachdb/pebble/v2"

	"orrery/core/chain"
)

// Store is a chain.Store on disk. Its errors are of type *Error, except for
// chain.ErrNotFound and the errors of a caller's own functions.
type Store struct {
	view
	dir    string
	db     *pebbledb.DB
	lock   *pebbledb.Lock
	fuse   *fuse
	logf   func(string, ...any)
	open   sync.Map // of *snapshot
	closed atomic.Bool
	stuck  bool                   // Close gave up waiting for Pebble
	damage atomic.Pointer[string] // the file in which Pebble found damage last

	journal journal
	value   []byte // scratch space of Commit
	key     []byte
}

var _ chain.Store = (*Store)(nil)

// Fatal yields the first failure of the storage, at once, even when nobody is
// writing. The owner must stop then: from that moment on nothing reaches the
// disk any more.
func (s *Store) Fatal() <-chan error { return s.fuse.ch }

// Dir is the store's folder.
func (s *Store) Dir() string { return s.dir }

// DiskUsage is the size of all files in bytes, those included that will be
// removed soon.
func (s *Store) DiskUsage() (uint64, error) {
	if err := s.gate.enter(); err != nil {
		return 0, err
	}
	defer s.gate.leave()
	return s.db.Metrics().DiskSpaceUsage(), nil
}

// Entries implements chain.Store.
func (s *Store) Entries(yield func(chain.Entry) error) error {
	return s.scan([]byte{kindEntry}, func(key, value []byte) error {
		e, err := parseEntry(key, value)
		if err != nil {
			return err
		}
		return stop(yield(e))
	})
}

// Tip implements chain.Store.
func (s *Store) Tip() (tip chainhash.Hash, err error) {
	_, err = s.get(tipKey, func(value []byte) error {
		if len(value) != chainhash.HashSize {
			return errRecord
		}
		copy(tip[:], value)
		return nil
	})
	return tip, err
}

// Commit implements chain.Store: one atomic write to Pebble's log.
func (s *Store) Commit(b *chain.Batch, durable bool) error {
	if b.Empty() {
		if durable {
			return s.Sync()
		}
		return nil
	}
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	batch := s.db.NewBatchWithSize(batchSize(b))
	s.fill(batch, b)
	s.journal.number(batch, commitBatch)
	return s.apply("commit to", batch, durable)
}

// Sync implements chain.Store.
func (s *Store) Sync() error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	batch := s.db.NewBatch()
	if err := batch.LogData(nil, nil); err != nil {
		return s.failed("sync", err)
	}
	return s.apply("sync", batch, true)
}

// apply writes a batch and closes it. Pebble panics or calls Fatalf when its
// log cannot be written, and its Apply then returns nil; both end here as the
// error that blew the fuse.
func (s *Store) apply(doing string, batch *pebbledb.Batch, durable bool) (err error) {
	if err := s.fuse.blown(); err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			err = s.failed(doing, fmt.Errorf("%v", p))
		}
	}()
	options := pebbledb.NoSync
	if durable {
		options = pebbledb.Sync
	}
	if err := s.db.Apply(batch, options); err != nil {
		return s.failed(doing, err)
	}
	if err := s.fuse.blown(); err != nil {
		return err
	}
	if err := batch.Close(); err != nil {
		return s.failed(doing, err)
	}
	return nil
}

// fill translates b into writes. Setting a key in a batch cannot fail.
func (s *Store) fill(batch *pebbledb.Batch, b *chain.Batch) {
	set := func(key, value []byte) {
		s.key, s.value = key, value
		_ = batch.Set(key, value, nil)
	}
	for i := range b.Entries {
		e := &b.Entries[i]
		set(seqKey(s.key[:0], kindEntry, e.Seq), appendEntry(s.value[:0], e))
	}
	for _, x := range b.Bodies {
		_ = batch.Set(seqKey(s.key[:0], kindBody, x.Seq), x.Block.Bytes(), nil)
	}
	for _, x := range b.Undos {
		set(seqKey(s.key[:0], kindUndo, x.Seq), appendUndo(s.value[:0], x.Spent))
	}
	for i := range b.Coins {
		c := &b.Coins[i]
		s.key = coinKey(s.key[:0], &c.Outpoint)
		if c.Coin == nil {
			_ = batch.Delete(s.key, nil)
		} else {
			set(s.key, appendCoin(s.value[:0], c.Coin))
		}
	}
	for i := range b.Txs {
		set(txKey(s.key[:0], &b.Txs[i].Txid), appendTxPos(s.value[:0], b.Txs[i].Pos))
	}
	for _, kv := range b.Meta {
		s.key = metaKey(s.key[:0], kv.Key)
		if kv.Value == nil {
			_ = batch.Delete(s.key, nil)
		} else {
			_ = batch.Set(s.key, kv.Value, nil)
		}
	}
	if b.Tip != nil {
		_ = batch.Set(tipKey, b.Tip[:], nil)
	}
}

// batchSize is about the length of the batch in bytes, so that it is made at
// once and not by doubling.
func batchSize(b *chain.Batch) int {
	n := 256 + 160*len(b.Entries) + 80*len(b.Coins) + 64*len(b.Txs) + 32*len(b.Undos)
	for _, x := range b.Bodies {
		n += 32 + x.Block.Size()
	}
	for _, x := range b.Undos {
		n += 48 * len(x.Spent)
	}
	for _, kv := range b.Meta {
		n += 32 + len(kv.Key) + len(kv.Value)
	}
	return n
}

// failed blows the fuse and returns the first failure.
func (s *Store) failed(doing string, err error) error {
	return s.fuse.blow(&Error{Kind: ErrFailed, Path: s.dir, Doing: doing, Err: err})
}

// readFailed blows the fuse as well: a node must not go on with storage of
// which it cannot read a part.
func (s *Store) readFailed(err error) error {
	e := &Error{Kind: ErrFailed, Path: s.dir, Doing: "read", Err: err}
	if isDamage(err) {
		e.Kind = ErrDamaged
		if path := s.damage.Load(); path != nil {
			e.Path = *path
		}
	}
	s.fuse.blow(e)
	return e
}
