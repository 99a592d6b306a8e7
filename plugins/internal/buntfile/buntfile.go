// Package buntfile keeps tables that can be built anew in BuntDB files. BuntDB
// has no checksums, believes every length in its file, lets everybody read it,
// and panics when it cannot shrink it; this package makes up for that. What it
// cannot make up for: a transaction is not atomic when the process dies, and
// its commands are written in any order.
package buntfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tidwall/buntdb"
)

// TmpSuffix names the file in which BuntDB writes a smaller copy.
const TmpSuffix = ".tmp"

// ErrDamaged says that a file is not what was written. It can be built anew.
var ErrDamaged = errors.New("the file is damaged")

// File is an open file. Besides BuntDB's own methods, use Update instead of
// BuntDB's.
type File struct {
	*buntdb.DB
	// ShrinkFrom is the size in bytes from which on Tidy looks at the file.
	ShrinkFrom int64

	path string
	base int64 // bytes that the file had when there was nothing to tidy up
}

// Open opens a file or makes it, readable by its owner only. Its syntax is
// checked before BuntDB sees it; a command that its end cuts is left out. The
// error wraps ErrDamaged if the file, though readable, is not BuntDB's.
func Open(path string) (*File, error) {
	if err := os.Remove(path + TmpSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = file.Chmod(0o600)
	if err == nil {
		err = checkSyntax(file)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	db, err := buntdb.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	// BuntDB's own shrinking would happen at any time, and panic in a goroutine
	// of its own when it fails; see Tidy.
	if err := db.SetConfig(buntdb.Config{SyncPolicy: buntdb.EverySecond, AutoShrinkDisabled: true}); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &File{DB: db, path: path, ShrinkFrom: ShrinkFrom}, nil
}

// Replace opens an empty file in the place of one that must not be open.
func Replace(path string) (*File, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return Open(path)
}

// recordOverhead is what BuntDB writes around a key and a value, in bytes.
const recordOverhead = 32

// Each reads all records in the order of their keys, and stops at an error.
func (f *File) Each(yield func(key, value string) error) error {
	f.base = 0
	var bad error
	err := f.View(func(tx *buntdb.Tx) error {
		return tx.Ascend("", func(key, value string) bool {
			f.base += int64(len(key) + len(value) + recordOverhead)
			bad = yield(key, value)
			return bad == nil
		})
	})
	return errors.Join(err, bad)
}

// Update changes records. It says what to do when the disk does not take the
// change.
func (f *File) Update(change func(*buntdb.Tx) error) error {
	err := f.DB.Update(change)
	var disk *fs.PathError
	if errors.As(err, &disk) {
		return fmt.Errorf("%w; check the disk and its free space, then start again", err)
	}
	return err
}

// Set writes one record.
func (f *File) Set(key, value string) error {
	return f.Update(func(tx *buntdb.Tx) error {
		_, _, err := tx.Set(key, value, nil)
		return err
	})
}
