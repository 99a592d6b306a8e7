// Package addrindex answers which outputs an address received and what became
// of them. It follows the chain into a BuntDB file, and builds the file anew
// when it is missing, damaged or of another chain: it can lose nothing.
package addrindex

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	"github.com/tidwall/buntdb"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/plugins/internal/buntfile"
	"orrery/wallet/address"
)

const (
	// maxWait is how long a question waits for the index to reach the tip.
	maxWait = 5 * time.Second
	// maxMoves bounds the blocks that are followed on one view of the node: a
	// view that is held keeps the store from tidying up.
	maxMoves = 1000
)

// ErrBehind says that the index is still being built.
var ErrBehind = errors.New("the address index is still being built")

// Node is the node as the index sees it.
type Node interface {
	Acquire() (v *node.View, release func())
	Changed() <-chan struct{}
}

// Index is made by New and kept up to date by Run.
type Index struct {
	cfg   Config
	node  Node
	codec address.Codec
	log   *slog.Logger

	wait       time.Duration // maxWait
	maxMoves   int
	shrinkFrom int64 // bytes

	// Of Run; readers use db under mu while open.
	db *buntfile.File
	at state

	mu    sync.RWMutex // held by readers while they read, by Run between states
	tip   chainhash.Hash
	moved chan struct{} // closed when tip changes
	open  bool
}

// New has no side effects.
func New(cfg Config, n Node, codec address.Codec, log *slog.Logger) *Index {
	return &Index{
		cfg: cfg, node: n, codec: codec, log: log, moved: make(chan struct{}),
		wait: maxWait, maxMoves: maxMoves, shrinkFrom: buntfile.ShrinkFrom,
	}
}

// Run follows the chain until ctx ends. It is ready at once: opening, checking
// and building go on in the background, and questions wait for them.
func (x *Index) Run(ctx context.Context, ready func()) error {
	ready()
	if err := x.start(); err != nil {
		return err
	}
	defer x.close()
	for ctx.Err() == nil {
		changed := x.node.Changed()
		there, err := x.catchUp(ctx)
		if err == nil && there {
			err = x.db.Tidy()
		}
		switch {
		case errors.Is(err, buntfile.ErrDamaged) || errors.Is(err, node.ErrUnknownTip):
			if err := x.restart(err); err != nil {
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

// catchUp moves the records towards the newest tip, and reports whether they
// are there.
func (x *Index) catchUp(ctx context.Context) (there bool, err error) {
	v, release := x.node.Acquire()
	defer release()
	if x.at.tip == (chainhash.Hash{}) {
		x.at.tip = v.At(0).Hash // genesis pays nobody
	}
	reverts, applies, err := v.Changes(x.at.tip)
	if err != nil {
		return false, err
	}
	if len(reverts)+len(applies) == 0 {
		x.setTip(v.Tip.Hash)
		return true, nil
	}
	x.setTip(chainhash.Hash{}) // half of a change is no answer
	left := x.maxMoves
	for _, step := range []struct {
		direction direction
		blocks    []*chain.Node
	}{{reverting, reverts}, {applying, applies}} {
		for _, n := range step.blocks {
			if left--; left < 0 || ctx.Err() != nil {
				return false, x.settle()
			}
			if err := x.move(v, n, step.direction); err != nil {
				return false, err
			}
		}
	}
	if err := x.settle(); err != nil {
		return false, err
	}
	x.setTip(v.Tip.Hash)
	return true, nil
}

func (x *Index) setTip(tip chainhash.Hash) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.tip == tip {
		return
	}
	x.tip = tip
	close(x.moved)
	x.moved = make(chan struct{})
}

// Outputs lists everything that an address received up to the present tip, in
// the order of the outpoints. height is the tip's. It waits for the index to
// get there, but not for ever: ErrBehind.
func (x *Index) Outputs(ctx context.Context, a address.Address) (list []*Output, height int32, err error) {
	late := time.NewTimer(x.wait)
	defer late.Stop()
	for {
		list, height, moved, err := x.look(a)
		if moved == nil {
			return list, height, err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-late.C:
			return nil, 0, fmt.Errorf("%w: try again in a moment", ErrBehind)
		}
	}
}

// look reads if the index is at the tip. Else it returns what to wait for.
func (x *Index) look(a address.Address) (list []*Output, height int32, moved <-chan struct{}, err error) {
	x.mu.RLock() // Run does not move on
	defer x.mu.RUnlock()
	v, release := x.node.Acquire()
	defer release()
	if !x.open || x.tip != v.Tip.Hash {
		return nil, 0, x.moved, nil
	}
	list, err = x.read(a)
	return list, v.Tip.Height, nil, err
}

func (x *Index) read(a address.Address) (list []*Output, err error) {
	prefix := addressPrefix(a.String())
	end := prefix[:len(prefix)-1] + ";" // the byte after ':'
	rerr := x.db.View(func(tx *buntdb.Tx) error {
		return tx.AscendRange("", prefix, end, func(key, value string) bool {
			var o *Output
			if o, err = decodeOutput(key, value); err != nil {
				return false
			}
			list = append(list, o)
			return true
		})
	})
	return list, errors.Join(err, rerr)
}

// EachOutput yields what Outputs lists. spender is the input that spent an
// output, in the block at height spentAt; spentAt is -1 if none did. It returns
// the height of the chain up to which the answer holds.
func (x *Index) EachOutput(ctx context.Context, a address.Address,
	yield func(out wire.OutPoint, coin consensus.Coin, spender wire.OutPoint, spentAt int32)) (height int32, err error) {
	list, height, err := x.Outputs(ctx, a)
	for _, o := range list {
		coin := consensus.Coin{Value: o.Value, Script: a.Script(), Height: o.Height, Coinbase: o.Coinbase}
		if s := o.Spent; s != nil {
			yield(o.Outpoint, coin, wire.OutPoint{Hash: s.Txid, Index: s.Vin}, s.Height)
		} else {
			yield(o.Outpoint, coin, wire.OutPoint{}, -1)
		}
	}
	return height, err
}
