// Package directory keeps the table of names that are claimed on the chain. It
// follows the chain into a BuntDB file, and builds the file anew when it is
// missing, damaged or of another chain: it can lose nothing.
package directory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	names "orrery/core/directory"
	"orrery/core/node"
	"orrery/plugins/internal/buntfile"
)

const (
	// maxWait is how long a question waits for the table to reach the tip.
	maxWait = 5 * time.Second
	// maxMoves bounds the blocks that are followed on one view of the node: a
	// view that is held keeps the store from tidying up.
	maxMoves = 1000
)

// ErrBehind says that the table is still being built.
var ErrBehind = errors.New("the directory of names is still being built")

// Node is the node as the directory sees it.
type Node interface {
	Acquire() (v *node.View, release func())
	Changed() <-chan struct{}
}

// Directory is made by New and kept up to date by Run.
type Directory struct {
	cfg  Config
	node Node
	log  *slog.Logger

	wait       time.Duration // maxWait
	maxMoves   int
	shrinkFrom int64 // bytes

	// Of Run alone:
	db     *buntfile.File
	at     state       // what the file will hold when the next state is written
	stored state       // what the file says of itself
	now    names.Table // after block at.tip

	mu    sync.RWMutex // guards what follows
	table names.Table
	tip   chainhash.Hash // of table; zero: there is none to show
	moved chan struct{}  // closed when tip changes
}

// New has no side effects.
func New(cfg Config, n Node, log *slog.Logger) *Directory {
	return &Directory{
		cfg: cfg, node: n, log: log, moved: make(chan struct{}),
		wait: maxWait, maxMoves: maxMoves, shrinkFrom: buntfile.ShrinkFrom,
	}
}

// Run follows the chain until ctx ends. It is ready at once: opening, checking
// and building go on in the background, and questions wait for them.
func (d *Directory) Run(ctx context.Context, ready func()) error {
	ready()
	if err := d.start(); err != nil {
		return err
	}
	defer d.close()
	for ctx.Err() == nil {
		changed := d.node.Changed()
		there, err := d.catchUp(ctx)
		if err == nil && there {
			err = d.db.Tidy()
		}
		switch {
		case errors.Is(err, buntfile.ErrDamaged) || errors.Is(err, node.ErrUnknownTip):
			if err := d.restart(err); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case !there:
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return nil
}

// catchUp moves the table towards the newest tip, and reports whether it is
// there.
func (d *Directory) catchUp(ctx context.Context) (there bool, err error) {
	v, release := d.node.Acquire()
	defer release()
	if d.at.tip == (chainhash.Hash{}) {
		d.at.tip = v.At(0).Hash // nobody claims anything in genesis
	}
	reverts, applies, err := v.Changes(d.at.tip)
	if err != nil {
		return false, err
	}
	if len(reverts)+len(applies) == 0 {
		d.show(v.Tip.Hash)
		return true, nil
	}
	left := d.maxMoves
	for _, step := range []struct {
		move   func(*node.View, *chain.Node) error
		blocks []*chain.Node
	}{{d.revert, reverts}, {d.apply, applies}} {
		for _, n := range step.blocks {
			if left--; left < 0 || ctx.Err() != nil {
				return false, d.settle()
			}
			if err := step.move(v, n); err != nil {
				return false, err
			}
		}
	}
	if err := d.settle(); err != nil {
		return false, err
	}
	d.show(v.Tip.Hash)
	return true, nil
}

// show lets questions be answered for a tip, or for none. Until the next call
// they are answered with the table as it is now, whatever blocks are followed
// meanwhile: it is immutable.
func (d *Directory) show(tip chainhash.Hash) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tip == tip {
		return
	}
	d.tip, d.table = tip, d.now
	close(d.moved)
	d.moved = make(chan struct{})
}

// Names returns the table after the node's present tip, with the view that has
// this tip; release it soon. It waits for the table to get there, but not for
// ever: ErrBehind.
func (d *Directory) Names(ctx context.Context) (t names.Table, v *node.View, release func(), err error) {
	late := time.NewTimer(d.wait)
	defer late.Stop()
	for {
		t, v, release, moved := d.look()
		if moved == nil {
			return t, v, release, nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return t, nil, nil, ctx.Err()
		case <-late.C:
			return t, nil, nil, fmt.Errorf("%w: try again in a moment", ErrBehind)
		}
	}
}

// look answers if the table is at the tip. Else it returns what to wait for.
func (d *Directory) look() (t names.Table, v *node.View, release func(), moved <-chan struct{}) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	v, release = d.node.Acquire()
	if d.tip == v.Tip.Hash {
		return d.table, v, release, nil
	}
	release()
	return names.Table{}, nil, nil, d.moved
}

// Latest returns the newest table that there is, which may be behind the node,
// and the tip that it belongs to; ok is false if it is being built.
func (d *Directory) Latest() (t names.Table, tip chainhash.Hash, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.table, d.tip, d.tip != chainhash.Hash{}
}
