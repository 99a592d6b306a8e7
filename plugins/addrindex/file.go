package addrindex

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/tidwall/buntdb"
)

// tmpSuffix names the file in which BuntDB writes a smaller copy.
const tmpSuffix = ".tmp"

// start opens the file, checks every record, and takes back what was begun. A
// file that does not hold is replaced by an empty one.
func (x *Index) start() error {
	err := x.load()
	if err == nil {
		err = x.check()
	}
	if errors.Is(err, errDamaged) {
		return x.restart(err)
	}
	if err != nil {
		x.close()
		return fmt.Errorf("%w; it can be deleted, it is then built anew", err)
	}
	x.setOpen(true)
	return nil
}

// load opens the file. BuntDB would let everybody read it, and trusts what is
// in it.
func (x *Index) load() error {
	if err := os.Remove(x.cfg.Path + tmpSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(x.cfg.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = f.Chmod(0o600)
	if err == nil {
		err = checkSyntax(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	db, err := buntdb.Open(x.cfg.Path)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	x.db = db
	// BuntDB's own shrinking would happen at any time, and panic in a goroutine
	// of its own when it fails; see tidy.
	return db.SetConfig(buntdb.Config{SyncPolicy: buntdb.EverySecond, AutoShrinkDisabled: true})
}

// restart begins with an empty file.
func (x *Index) restart(reason error) error {
	x.log.Warn("address index is built anew", "file", x.cfg.Path, "reason", reason)
	x.close()
	err := os.Remove(x.cfg.Path)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = x.load()
	}
	x.at, x.base = state{}, 0
	if err == nil {
		err = x.set(formatKey, seal(formatKey, []byte(format)))
	}
	if err != nil {
		x.close()
		return fmt.Errorf("%w; delete it, it is then built anew", err)
	}
	x.setOpen(true)
	return nil
}

func (x *Index) setOpen(open bool) {
	x.setTip(chainhash.Hash{})
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open = open
}

func (x *Index) close() {
	x.setOpen(false)
	if x.db != nil {
		_ = x.db.Close() // everything in it can be built anew
		x.db = nil
	}
}

// recordOverhead is what BuntDB writes around a key and a value, in bytes.
const recordOverhead = 32

// check reads everything once: each record's checksum, and the sum of all.
func (x *Index) check() error {
	var at, seen state
	known := false
	var bad error
	err := x.db.View(func(tx *buntdb.Tx) error {
		return tx.Ascend("", func(key, value string) bool {
			x.base += int64(len(key) + len(value) + recordOverhead)
			switch {
			case key == formatKey:
				known, bad = true, checkFormat(value)
			case key == stateKey:
				at, bad = decodeState(value)
			case strings.HasPrefix(key, outputPrefix):
				if _, bad = decodeOutput(key, value); bad == nil {
					seen.count++
					seen.sum += sum(value)
				}
			default:
				bad = fmt.Errorf("%w: unknown record %q", errDamaged, key)
			}
			return bad == nil
		})
	})
	if err = errors.Join(err, bad); err != nil {
		return err
	}
	if !known {
		if x.base > 0 {
			return fmt.Errorf("%w: it does not name its format", errDamaged)
		}
		return x.set(formatKey, seal(formatKey, []byte(format)))
	}
	return x.resume(at, seen)
}

func checkFormat(value string) error {
	have, err := unseal(formatKey, value)
	if err == nil && have != format {
		err = fmt.Errorf("%w: it has format %s, this program writes format %s", errDamaged, have, format)
	}
	return err
}

// resume takes back a block that was begun and not ended, and compares what is
// there with what should be.
func (x *Index) resume(at, seen state) error {
	x.at = at
	x.at.count, x.at.sum = seen.count, seen.sum
	if at.doing != "" {
		if err := x.takeBack(); err != nil {
			return err
		}
	}
	if x.at.count != at.count || x.at.sum != at.sum {
		return fmt.Errorf("%w: it has %d outputs, %d were written", errDamaged, x.at.count, at.count)
	}
	if at.doing == "" {
		return nil
	}
	x.log.Info("address index: a block was begun and not ended", "block", at.block.String())
	x.at.doing = ""
	return x.settle()
}

// takeBack brings the records to where they were before the block that was
// begun.
func (x *Index) takeBack() error {
	v, release := x.node.Acquire()
	defer release()
	r, ok := v.Lookup(&x.at.block)
	if !ok {
		return fmt.Errorf("%w: block %v is not known", errDamaged, x.at.block)
	}
	return x.write(v, r.Node, x.at.doing.opposite())
}
