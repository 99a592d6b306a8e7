package directory

import (
	"errors"

	"github.com/tidwall/buntdb"

	"orrery/core/chain"
	names "orrery/core/directory"
	"orrery/core/node"
	"orrery/plugins/internal/buntfile"
)

// The file is only ever appended to, so that a crash leaves a beginning of it.
// Its state says up to which block its records are complete; records of higher
// blocks are those of a block whose claims were being written or deleted, and
// the next start deletes them. So: claims are written before the state that
// includes them, and deleted after a state that does not.

// apply takes the claims of a block in.
func (d *Directory) apply(v *node.View, n *chain.Node) error {
	b, err := v.Block(n)
	if err != nil {
		return err
	}
	table, added := d.now.Apply(b, n.Height)
	next := d.at
	next.tip, next.height = n.Hash, n.Height
	err = d.change(added, func(tx *buntdb.Tx, key, value string) error {
		next.count++
		next.sum += buntfile.Sum(value)
		_, _, err := tx.Set(key, value, nil)
		return err
	})
	if err != nil {
		return err
	}
	d.now, d.at = table, next
	return nil
}

// revert takes the claims of a block back.
func (d *Directory) revert(v *node.View, n *chain.Node) error {
	b, err := v.Block(n)
	if err != nil {
		return err
	}
	table, taken := d.now.Revert(b, n.Height)
	next := d.at
	next.tip, next.height = n.Parent.Hash, n.Parent.Height
	for _, h := range taken {
		_, value := encode(h)
		next.count--
		next.sum -= buntfile.Sum(value)
	}
	d.now, d.at = table, next
	if d.stored.height >= n.Height {
		if err := d.settle(); err != nil {
			return err
		}
	}
	return d.change(taken, func(tx *buntdb.Tx, key, _ string) error {
		_, err := tx.Delete(key)
		if errors.Is(err, buntdb.ErrNotFound) {
			return nil
		}
		return err
	})
}

// change does the same with the records of several claims.
func (d *Directory) change(list []*names.Holding, do func(tx *buntdb.Tx, key, value string) error) error {
	if len(list) == 0 {
		return nil
	}
	return d.db.Update(func(tx *buntdb.Tx) error {
		for _, h := range list {
			key, value := encode(h)
			if err := do(tx, key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle writes how far the records are.
func (d *Directory) settle() error {
	if d.stored == d.at {
		return nil
	}
	if err := d.db.Set(stateKey, d.at.encode()); err != nil {
		return err
	}
	d.stored = d.at
	return nil
}
