package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/cmd/internal/host"
	names "orrery/core/directory"
	"orrery/core/node"
	"orrery/plugins/directory"
)

const (
	// maxCarried bounds the claims that wait for a block of this node: some 2 kB
	// of coinbase, which a block always has room for.
	maxCarried = 16
	// claimSettled is how many blocks deep a claim must be, or the one that it
	// lost against, until it is forgotten here: a reorg that is less deep brings
	// it into a block again.
	claimSettled = 100
)

var errManyClaims = errors.New("too many claims wait for a block of this node: try again after the next one")

// directoryService is the directory of names, with the claims that wait for a
// block of this node.
type directoryService struct {
	*directory.Directory
	host    *host.Host
	mu      sync.Mutex
	carried []names.Claim
}

// Carry puts a claim into the coinbases of the blocks that this node mines,
// until the chain has it or it can no longer count.
func (s *directoryService) Carry(c names.Claim) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.carried {
		if s.carried[i].Name == c.Name {
			return fmt.Errorf("a claim of the name %q waits for a block of this node already", c.Name)
		}
	}
	if len(s.carried) >= maxCarried {
		return errManyClaims
	}
	s.carried = append(s.carried, c)
	return nil
}

// Carried are the claims that wait.
func (s *directoryService) Carried() []names.Claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.carried)
}

// view is the node for the next template, and the outputs that its coinbase
// carries: each claim that would count.
func (s *directoryService) view(ctx context.Context) (v *node.View, release func(), outs []*wire.TxOut) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.carried) > 0 {
		// Blocks may follow each other faster than the directory follows them.
		if t, v, release, err := s.Names(ctx); err == nil {
			return v, release, s.outputs(t, v.Tip.Height)
		}
	}
	v, release = s.host.Acquire()
	return v, release, nil
}

func (s *directoryService) outputs(t names.Table, tip int32) (outs []*wire.TxOut) {
	s.carried = slices.DeleteFunc(s.carried, func(c names.Claim) bool {
		h := t.Get(c.Name)
		return h != nil && h.Seq >= c.Seq && tip-h.At.Height >= claimSettled
	})
	for i := range s.carried {
		if c := &s.carried[i]; t.Check(c) == nil {
			outs = append(outs, wire.NewTxOut(0, c.OutputScript()))
		}
	}
	return outs
}
