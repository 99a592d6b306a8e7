package directory

import (
	"errors"
	"fmt"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/tidwall/buntdb"

	names "orrery/core/directory"
	"orrery/plugins/internal/buntfile"
)

// start opens the file and reads the table from it. A file that does not hold
// is replaced by an empty one.
func (d *Directory) start() error {
	err := d.use(buntfile.Open(d.cfg.Path))
	if err == nil {
		err = d.load()
	}
	if errors.Is(err, buntfile.ErrDamaged) {
		return d.restart(err)
	}
	if err != nil {
		d.close()
		return fmt.Errorf("%w; it can be deleted, it is then built anew", err)
	}
	return nil
}

// use takes an open file over.
func (d *Directory) use(db *buntfile.File, err error) error {
	if err == nil {
		d.db, db.ShrinkFrom = db, d.shrinkFrom
	}
	return err
}

// restart begins with an empty file.
func (d *Directory) restart(reason error) error {
	d.log.Warn("directory of names is built anew", "file", d.cfg.Path, "reason", reason)
	d.close()
	err := d.use(buntfile.Replace(d.cfg.Path))
	if err == nil {
		err = d.begin()
	}
	if err != nil {
		d.close()
		return fmt.Errorf("%w; delete it, it is then built anew", err)
	}
	return nil
}

// begin makes an empty file one of this format and network.
func (d *Directory) begin() error {
	d.now, d.at, d.stored = names.NewTable(d.cfg.Network), state{}, state{}
	return d.db.Set(formatKey, buntfile.Seal(formatKey, d.format()))
}

// format names layout and network: signatures were checked for one network.
func (d *Directory) format() []byte { return fmt.Appendf(nil, "%s %x", format, d.cfg.Network) }

func (d *Directory) close() {
	d.show(chainhash.Hash{})
	if d.db != nil {
		_ = d.db.Close() // everything in it can be built anew
		d.db = nil
	}
}

// reading is what a file was found to hold.
type reading struct {
	format, state string // sealed values
	table         names.Table
	seen          state    // count and sum of the claims in table
	left          []string // keys of claims above the state's height
}

// load reads everything once: each record's checksum, and the sum of all.
func (d *Directory) load() error {
	r := reading{table: names.NewTable(d.cfg.Network)}
	err := d.db.View(func(tx *buntdb.Tx) (err error) { // they sort after the claims
		if r.format, err = value(tx, formatKey); err == nil {
			r.state, err = value(tx, stateKey)
		}
		return err
	})
	if err == nil && r.format != "" {
		err = d.checkFormat(r.format)
	}
	if err != nil {
		return err
	}
	var at state
	if r.state != "" {
		if at, err = decodeState(r.state); err != nil {
			return err
		}
	}
	records := 0
	err = d.db.Each(func(key, value string) error {
		records++
		return r.take(key, value, at.height)
	})
	switch {
	case err != nil:
		return err
	case records == 0:
		return d.begin()
	case r.format == "":
		return fmt.Errorf("%w: it does not name its format", buntfile.ErrDamaged)
	case r.seen.count != at.count || r.seen.sum != at.sum:
		return fmt.Errorf("%w: it has %d claims, %d were written", buntfile.ErrDamaged, r.seen.count, at.count)
	}
	d.now, d.at, d.stored = r.table, at, at
	return d.clear(r.left)
}

func (d *Directory) checkFormat(value string) error {
	have, err := buntfile.Unseal(formatKey, value)
	if err == nil && have != string(d.format()) {
		err = fmt.Errorf("%w: its format and network are %s, those of this node %s", buntfile.ErrDamaged, have, d.format())
	}
	return err
}

func value(tx *buntdb.Tx, key string) (string, error) {
	v, err := tx.Get(key)
	if errors.Is(err, buntdb.ErrNotFound) {
		return "", nil
	}
	return v, err
}

// take adds a record to what is known. Claims come in the order of the chain
// for each name.
func (r *reading) take(key, value string, height int32) error {
	switch {
	case key == formatKey || key == stateKey:
		return nil
	case !strings.HasPrefix(key, claimPrefix):
		return fmt.Errorf("%w: unknown record %q", buntfile.ErrDamaged, key)
	}
	c, at, err := decode(key, value)
	if err != nil {
		return err
	}
	if at.Height > height {
		r.left = append(r.left, key)
		return nil
	}
	if r.table, err = r.table.Restore(c, at); err != nil {
		return fmt.Errorf("%w: record %q: %w", buntfile.ErrDamaged, key, err)
	}
	r.seen.count++
	r.seen.sum += buntfile.Sum(value)
	return nil
}

// clear deletes what a crash left of a block.
func (d *Directory) clear(keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	d.log.Info("directory of names: a block was begun and not ended", "claims", len(keys))
	return d.db.Update(func(tx *buntdb.Tx) error {
		for _, key := range keys {
			if _, err := tx.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}
