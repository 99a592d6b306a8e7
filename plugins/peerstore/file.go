package peerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/tidwall/buntdb"
)

const (
	// formatKey names the format of the file; it sorts before other keys.
	formatKey = "\x00format"
	format    = "1"
	// tmpSuffix names the file in which BuntDB writes a smaller copy.
	tmpSuffix = ".tmp"
)

var table = crc32.MakeTable(crc32.Castagnoli)

// seal puts a checksum over key and value before the value: BuntDB has none.
func seal(key string, value []byte) string {
	sum := crc32.Update(crc32.Checksum([]byte(key), table), table, value)
	return string(append(binary.BigEndian.AppendUint32(nil, sum), value...))
}

// unseal is the reverse; the value is not nil.
func unseal(key, sealed string) ([]byte, error) {
	const sumSize = 4
	if len(sealed) < sumSize || seal(key, []byte(sealed[sumSize:])) != sealed {
		return nil, fmt.Errorf("%w: the record %.40q", errDamaged, key)
	}
	return []byte(sealed[sumSize:]), nil
}

// open opens the file and checks all of it.
func (s *Store) open() error {
	if err := os.Remove(s.cfg.Path + tmpSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(s.cfg.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%w: it has %d bytes", errDamaged, info.Size())
	}
	if err == nil {
		err = f.Chmod(0o600) // addresses are nobody else's business
	}
	if err == nil {
		err = checkSyntax(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	db, err := buntdb.Open(s.cfg.Path)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	s.db = db
	// BuntDB's own shrinking would happen at any time, and panic in a goroutine
	// of its own when it fails.
	if err := db.SetConfig(buntdb.Config{SyncPolicy: buntdb.EverySecond, AutoShrinkDisabled: true}); err != nil {
		return err
	}
	live, err := s.checkAll()
	if err == nil && info.Size() > shrinkAt && info.Size() > 2*live {
		err = db.Shrink()
	}
	return err
}

// checkAll reads every record once and returns about how many bytes they take.
func (s *Store) checkAll() (live int64, err error) {
	const overhead = 32 // bytes that BuntDB writes around a key and a value
	s.count = 0
	known, damage := false, error(nil)
	err = s.db.View(func(tx *buntdb.Tx) error {
		return tx.Ascend("", func(key, value string) bool {
			live += int64(len(key) + len(value) + overhead)
			var v []byte
			if v, damage = unseal(key, value); damage != nil {
				return false
			}
			if key != formatKey {
				s.count++
			} else if known = true; string(v) != format {
				damage = fmt.Errorf("%w: it has format %q, this program writes %s", errDamaged, v, format)
			}
			return damage == nil
		})
	})
	switch {
	case errors.Join(err, damage) != nil:
	case !known && s.count > 0:
		damage = fmt.Errorf("%w: it does not name its format", errDamaged)
	case !known:
		err = s.db.Update(func(tx *buntdb.Tx) error {
			_, _, err := tx.Set(formatKey, seal(formatKey, []byte(format)), nil)
			return err
		})
	}
	if damage != nil {
		s.closeDB()
	}
	return live, errors.Join(err, damage)
}
