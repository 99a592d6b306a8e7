package addrindex

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/plugins/internal/buntfile"
)

// start opens the file, checks every record, and takes back what was begun. A
// file that does not hold is replaced by an empty one.
func (x *Index) start() error {
	err := x.use(buntfile.Open(x.cfg.Path))
	if err == nil {
		err = x.check()
	}
	if errors.Is(err, buntfile.ErrDamaged) {
		return x.restart(err)
	}
	if err != nil {
		x.close()
		return fmt.Errorf("%w; it can be deleted, it is then built anew", err)
	}
	x.setOpen(true)
	return nil
}

// use takes an open file over.
func (x *Index) use(db *buntfile.File, err error) error {
	if err == nil {
		x.db, db.ShrinkFrom = db, x.shrinkFrom
	}
	return err
}

// restart begins with an empty file.
func (x *Index) restart(reason error) error {
	x.log.Warn("address index is built anew", "file", x.cfg.Path, "reason", reason)
	x.close()
	x.at = state{}
	err := x.use(buntfile.Replace(x.cfg.Path))
	if err == nil {
		err = x.db.Set(formatKey, buntfile.Seal(formatKey, []byte(format)))
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

// check reads everything once: each record's checksum, and the sum of all.
func (x *Index) check() error {
	var at, seen state
	known, empty := false, true
	err := x.db.Each(func(key, value string) (err error) {
		empty = false
		switch {
		case key == formatKey:
			known, err = true, checkFormat(value)
		case key == stateKey:
			at, err = decodeState(value)
		case strings.HasPrefix(key, outputPrefix):
			if _, err = decodeOutput(key, value); err == nil {
				seen.count++
				seen.sum += buntfile.Sum(value)
			}
		default:
			err = fmt.Errorf("%w: unknown record %q", buntfile.ErrDamaged, key)
		}
		return err
	})
	if err != nil {
		return err
	}
	if !known {
		if !empty {
			return fmt.Errorf("%w: it does not name its format", buntfile.ErrDamaged)
		}
		return x.db.Set(formatKey, buntfile.Seal(formatKey, []byte(format)))
	}
	return x.resume(at, seen)
}

func checkFormat(value string) error {
	have, err := buntfile.Unseal(formatKey, value)
	if err == nil && have != format {
		err = fmt.Errorf("%w: it has format %s, this program writes format %s", buntfile.ErrDamaged, have, format)
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
		return fmt.Errorf("%w: it has %d outputs, %d were written", buntfile.ErrDamaged, x.at.count, at.count)
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
	if !ok || r.Status&chain.Connected == 0 { // after a crash there may be its header again, and no more
		return fmt.Errorf("%w: block %v is not known", buntfile.ErrDamaged, x.at.block)
	}
	return x.write(v, r.Node, x.at.doing.opposite())
}
