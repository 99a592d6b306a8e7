package pebble

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	pebbledb "github.com/cockroachdb/pebble/v2"
)

// journal numbers the commits, each in a key of its own, without gaps.
//
// Pebble reads its manifest up to the first record that is wrong and takes
// that for the end. So a flipped bit or a cut there drops a flushed table
// without a word, and the log goes on with later commits, or there is none.
// With the numbers, the gap between what the tables and what the log have
// shows. Pebble keeps a log until another has taken its place, so there is
// always one that shows it; opening writes a commit for that, too.
//
// Old numbers are removed, but only those that were in tables before the
// oldest log that may still be there began: the gap would be among the others.
// Each number has the lowest one that was kept as its value, so that a gap
// below all that is left shows as well.
type journal struct {
	last   uint64 // number of the newest commit
	end    byte   // what the newest was when opening found it
	opened uint64 // number of the commit that opening wrote
	lowest uint64 // number that is kept; 1 at first

	mu sync.Mutex // Pebble tells of a new log from any goroutine
	// logStarts has, for each of the newest logs, a commit that is in an older
	// one, by age.
	logStarts []uint64
	newest    uint64 // last, for logBegins
}

// keptLogs is above the number of logs that Pebble has at a time: one for each
// memtable, and one more than that waiting to be used again. removeStep is how
// many numbers are removed at once, since range tombstones slow reading down.
const (
	keptLogs   = 2*maxMemTables + 4
	removeStep = 1024
)

// What a numbered commit is.
const (
	commitNone = iota
	commitBatch
	commitOpened
	commitClosed
)

// number adds the next number to a batch that is about to be applied.
func (j *journal) number(batch *pebbledb.Batch, what byte) {
	j.last++
	j.mu.Lock()
	j.newest = j.last
	oldest := uint64(0)
	if len(j.logStarts) == keptLogs {
		oldest = j.logStarts[0]
	}
	j.mu.Unlock()
	if oldest >= j.lowest+removeStep {
		j.remove(batch, oldest)
	}
	var key [seqKeySize]byte
	var value [1 + binary.MaxVarintLen64]byte
	value[0] = what
	_ = batch.Set(seqKey(key[:0], kindCommit, j.last), binary.AppendUvarint(value[:1], j.lowest), nil)
}

// logBegins is called when Pebble begins a new log. The commit that caused it
// is numbered already and goes into the new one.
func (j *journal) logBegins() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.newest == 0 {
		return // still opening
	}
	if len(j.logStarts) == keptLogs {
		j.logStarts = append(j.logStarts[:0], j.logStarts[1:]...)
	}
	j.logStarts = append(j.logStarts, j.newest-1)
}

// remove removes the numbers below lowest, which must itself be in use.
func (j *journal) remove(batch *pebbledb.Batch, lowest uint64) {
	_ = batch.DeleteRange(seqKey(nil, kindCommit, 0), seqKey(nil, kindCommit, lowest), nil)
	j.lowest = lowest
}

// loadJournal checks the numbers and continues after the newest.
func (s *Store) loadJournal(state state) error {
	j := &s.journal
	var first uint64
	err := s.scan([]byte{kindCommit}, func(key, value []byte) (err error) {
		if len(key) != seqKeySize || len(value) == 0 {
			return errRecord
		}
		n := binary.BigEndian.Uint64(key[1:])
		if first == 0 {
			first = n
		} else if n != j.last+1 {
			return stop(s.missing(j.last+1, n-1))
		}
		j.last, j.end = n, value[0]
		j.lowest, _, err = uvarint(value[1:])
		return err
	})
	switch {
	case err != nil:
		return err
	case first == 0 && state == stateExisting:
		return s.damaged(errors.New("all commits are missing"))
	case first == 0:
		j.lowest = 1
	case first != j.lowest:
		return s.missing(j.lowest, first-1)
	}
	return nil
}

func (s *Store) missing(from, to uint64) error {
	return s.damaged(fmt.Errorf("the commits from %d to %d are missing", from, to))
}

// Recovered reports whether opening found commits in the log of a process that
// ended without Close.
func (s *Store) Recovered() bool { return s.journal.end == commitBatch }

func (s *Store) damaged(err error) *Error {
	return &Error{Kind: ErrDamaged, Path: s.dir, Doing: "open", Err: err}
}

// mark writes a commit that changes nothing.
func (s *Store) mark(doing string, what byte, durable bool) error {
	batch := s.db.NewBatch()
	if s.journal.opened == 0 && s.journal.last > 0 {
		// Opening has moved all older logs into tables.
		s.journal.remove(batch, s.journal.last)
	}
	s.journal.number(batch, what)
	return s.apply(doing, batch, durable)
}
