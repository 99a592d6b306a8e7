package sim

import (
	"math/rand/v2"

	"orrery/core/chain"
)

// disk is a node's store: memory, and what of it is safe when the power fails.
// After a crash some prefix of the commits is there, at least what was flushed.
type disk struct {
	*chain.MemStore
	safe *chain.MemStore // nil: nothing of this node is ever lost
	tail []chain.Batch   // committed since the last flush
}

// newDisk returns an empty store. One that can lose its tail keeps everything
// twice.
func newDisk(fragile bool) *disk {
	d := &disk{MemStore: chain.NewMemStore()}
	if fragile {
		d.safe = chain.NewMemStore()
	}
	return d
}

// Commit implements chain.Store.
func (d *disk) Commit(b *chain.Batch, durable bool) error {
	if d.safe != nil {
		d.tail = append(d.tail, *b)
	}
	if err := d.MemStore.Commit(b, durable); err != nil {
		return err
	}
	if durable {
		return d.Sync()
	}
	return nil
}

// Sync implements chain.Store.
func (d *disk) Sync() error { return d.keep(len(d.tail)) }

// keep makes the first n commits of the tail safe.
func (d *disk) keep(n int) error {
	for i := range d.tail[:n] {
		if err := d.safe.Commit(&d.tail[i], false); err != nil {
			return err
		}
	}
	clear(d.tail[:n])
	d.tail = d.tail[n:]
	return nil
}

// lose is what a power failure does: of the tail any prefix may have reached
// the disk. It returns how many commits did not.
func (d *disk) lose(r *rand.Rand) (lost int, err error) {
	if d.safe == nil {
		return 0, nil
	}
	if err := d.keep(r.IntN(len(d.tail) + 1)); err != nil {
		return 0, err
	}
	if lost = len(d.tail); lost > 0 {
		d.tail, d.MemStore = nil, d.safe.Clone()
	}
	return lost, nil
}

// snapshot is a store at one moment: all that it shows is immutable, so a copy of
// the struct is enough. Unlike that of chain.MemStore it need not notice a Close
// by another goroutine, which costs more than the rest.
type snapshot struct{ chain.MemStore }

// Close implements chain.Snapshot.
func (*snapshot) Close() error { return nil }

func (d *disk) snapshot() chain.Snapshot { return &snapshot{*d.MemStore} }
