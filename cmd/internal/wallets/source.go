package wallets

import (
	"context"
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/wallet"
)

// source shows one view of the node to a wallet until ctx ends: a wallet that is
// far behind reads blocks for minutes.
type source struct {
	ctx context.Context
	v   *node.View
}

var _ wallet.Source = source{}

func (s source) Changes(since chainhash.Hash) (reverts, applies []chainhash.Hash, err error) {
	if since == (chainhash.Hash{}) { // before genesis
		since = s.v.At(0).Hash
		applies = append(applies, since)
	}
	r, a, err := s.v.Changes(since)
	if errors.Is(err, node.ErrUnknownTip) {
		return nil, nil, wallet.ErrUnknownBlock
	}
	return hashes(nil, r), hashes(applies, a), err
}

func hashes(list []chainhash.Hash, nodes []*chain.Node) []chainhash.Hash {
	for _, n := range nodes {
		list = append(list, n.Hash)
	}
	return list
}

func (s source) Block(hash chainhash.Hash) (*consensus.Block, int32, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, 0, err
	}
	r, ok := s.v.Lookup(&hash)
	if !ok {
		return nil, 0, wallet.ErrUnknownBlock
	}
	b, err := s.v.Block(r.Node)
	return b, r.Height, err
}

func (s source) Exists(o wire.OutPoint) (bool, error) {
	if s.v.Mempool.Coin(o, 0) != nil {
		return true, nil
	}
	coin, err := s.v.Store.Coin(o)
	return coin != nil, err
}
