// Package peerstore keeps what a node knows of the network from one start to
// the next: addresses, bans, anchors, leases. It does not know what is in the
// records; losing them costs a node some time, never its chain.
package peerstore

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"github.com/tidwall/buntdb"

	"orrery/core/protocol"
	"orrery/plugins/internal/buntfile"
)

const (
	// MaxKey and MaxValue bound a record in bytes; larger ones are not kept.
	MaxKey   = 300
	MaxValue = 900
	// MaxRecords bounds how many there are. More are not kept: whoever saves
	// them has limits of its own, far below.
	MaxRecords = 50_000
)

// Store is open until Close. All methods may be called from anywhere.
type Store struct {
	cfg Config
	log *slog.Logger

	mu    sync.Mutex
	file  *buntfile.File // nil: records are not kept
	count int
	told  bool // that records are not kept
}

// Open opens the file and makes it when there is none. A damaged file is
// replaced by an empty one, with one warning. When even that fails the store
// works without a file: nothing is loaded, nothing kept.
func Open(cfg Config, log *slog.Logger) *Store {
	s := &Store{cfg: cfg, log: log}
	err := s.open()
	if isDamage(err) {
		log.Warn("what was known of the network is lost; it is learned anew", "file", cfg.Path, "reason", err)
		if err = os.Remove(cfg.Path); err == nil {
			err = s.open()
		}
	}
	if err != nil {
		s.giveUp(err)
	}
	return s
}

func (s *Store) giveUp(err error) {
	if !s.told {
		s.told = true
		s.log.Warn("what is known of the network is not kept for the next start", "file", s.cfg.Path, "reason", err)
	}
}

// Load returns all records, sorted by their keys.
func (s *Store) Load() []protocol.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	var list []protocol.Record
	err := s.file.Each(func(key, value string) error {
		body, err := buntfile.Unseal(key, value)
		if err == nil && key != formatKey {
			list = append(list, protocol.Record{Key: key, Value: []byte(body)})
		}
		return err
	})
	if err != nil {
		s.giveUp(err)
	}
	return list
}

// Save keeps records, and deletes those without a value. All become visible
// together. They reach the disk within about a second.
func (s *Store) Save(records []protocol.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return
	}
	count, over := s.count, error(nil)
	err := s.file.Update(func(tx *buntdb.Tx) error {
		for _, r := range records {
			if fault := check(r); fault != nil {
				over = fault
			} else if err := put(tx, r, &count); errors.Is(err, errFull) {
				over = err
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.count, err = count, errors.Join(over, s.file.Tidy())
	}
	if err != nil {
		s.giveUp(err)
	}
}

var errFull = fmt.Errorf("there are more than %d records", MaxRecords)

// check refuses what is too large: whoever saves it has limits far below.
func check(r protocol.Record) error {
	if r.Key == "" || r.Key == formatKey || len(r.Key) > MaxKey || len(r.Value) > MaxValue {
		return fmt.Errorf("the record %.40q has %d bytes, at most %d are kept", r.Key, len(r.Value), MaxValue)
	}
	return nil
}

// put writes or deletes one record.
func put(tx *buntdb.Tx, r protocol.Record, count *int) error {
	_, err := tx.Get(r.Key)
	isNew := errors.Is(err, buntdb.ErrNotFound)
	switch {
	case r.Value == nil && isNew:
		return nil
	case r.Value == nil:
		*count--
		_, err = tx.Delete(r.Key)
		return err
	case isNew && *count >= MaxRecords:
		return errFull
	case isNew:
		*count++
	}
	_, _, err = tx.Set(r.Key, buntfile.Seal(r.Key, slices.Clone(r.Value)), nil)
	return err
}

// Close writes everything to the disk.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeFile()
}
