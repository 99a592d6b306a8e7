package chain

import (
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

// memSnapshot adds to a memView that it can be closed, by any goroutine. The
// core has no locks, so channels carry that: turn holds one token, and who
// takes it closes closed.
type memSnapshot struct {
	view   memView
	turn   chan struct{}
	closed chan struct{}
}

func newMemSnapshot(v memView) *memSnapshot {
	s := &memSnapshot{view: v, turn: make(chan struct{}, 1), closed: make(chan struct{})}
	s.turn <- struct{}{}
	return s
}

func (s *memSnapshot) Close() error {
	select {
	case <-s.turn:
		close(s.closed)
	default:
	}
	return nil
}

func (s *memSnapshot) open() error {
	select {
	case <-s.closed:
		return errClosed
	default:
		return nil
	}
}

func (s *memSnapshot) Coin(o wire.OutPoint) (*consensus.Coin, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.view.Coin(o)
}

func (s *memSnapshot) Block(seq uint64) (*consensus.Block, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.view.Block(seq)
}

func (s *memSnapshot) Undo(seq uint64) ([]consensus.Coin, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.view.Undo(seq)
}

func (s *memSnapshot) TxPos(txid chainhash.Hash) (TxPos, error) {
	if err := s.open(); err != nil {
		return TxPos{}, err
	}
	return s.view.TxPos(txid)
}

func (s *memSnapshot) Meta(key string) ([]byte, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	return s.view.Meta(key)
}

func (s *memSnapshot) MetaRange(prefix string, yield func(key string, value []byte) error) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.view.MetaRange(prefix, yield)
}

func (s *memSnapshot) EachCoin(yield func(wire.OutPoint, *consensus.Coin) error) error {
	if err := s.open(); err != nil {
		return err
	}
	return s.view.EachCoin(yield)
}
