package chaintest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// Journal is a store in memory that keeps every batch, so that a test can go
// back to the state after any of them, and that holds each batch to the
// promises of chain.Batch. A broken promise panics: it is a bug of the chain.
type Journal struct {
	*chain.MemStore
	Batches []chain.Batch
}

// NewJournal returns an empty store.
func NewJournal() *Journal { return &Journal{MemStore: chain.NewMemStore()} }

// Commit implements chain.Store.
func (j *Journal) Commit(b *chain.Batch, durable bool) error {
	if err := j.check(b); err != nil {
		panic(fmt.Sprintf("chaintest: batch %d: %v", len(j.Batches), err))
	}
	j.Batches = append(j.Batches, *b)
	return j.MemStore.Commit(b, durable)
}

// Prefix is the store as a crash after n batches leaves it.
func (j *Journal) Prefix(n int) *Journal {
	p := NewJournal()
	for i := range n {
		p.Batches = append(p.Batches, j.Batches[i])
		if err := p.MemStore.Commit(&j.Batches[i], false); err != nil {
			panic(err) // memory does not fail
		}
	}
	return p
}

func (j *Journal) check(b *chain.Batch) error {
	for i := 1; i < len(b.Entries); i++ {
		if b.Entries[i-1].Seq >= b.Entries[i].Seq {
			return fmt.Errorf("entry %d after entry %d", b.Entries[i].Seq, b.Entries[i-1].Seq)
		}
	}
	bodies := map[uint64]bool{}
	for _, x := range b.Bodies {
		if bodies[x.Seq] {
			return fmt.Errorf("body %d twice", x.Seq)
		}
		bodies[x.Seq] = true
	}
	undos := map[uint64]bool{}
	for _, x := range b.Undos {
		if undos[x.Seq] {
			return fmt.Errorf("undo %d twice", x.Seq)
		}
		undos[x.Seq] = true
	}
	txs := map[chainhash.Hash]bool{}
	for _, x := range b.Txs {
		if txs[x.Txid] {
			return fmt.Errorf("transaction %v twice", x.Txid)
		}
		txs[x.Txid] = true
	}
	return j.checkCoins(b.Coins)
}

// checkCoins wants every change to be one: only what is there goes, only what
// is not there comes.
func (j *Journal) checkCoins(changes []consensus.CoinChange) error {
	seen := map[wire.OutPoint]bool{}
	for _, c := range changes {
		if seen[c.Outpoint] {
			return fmt.Errorf("coin %v twice", c.Outpoint)
		}
		seen[c.Outpoint] = true
		old, err := j.Coin(c.Outpoint)
		if err != nil {
			return err
		}
		if (old == nil) == (c.Coin == nil) {
			return fmt.Errorf("coin %v: from %v to %v", c.Outpoint, old, c.Coin)
		}
	}
	return nil
}

// UTXOHash digests all coins of a store: equal hashes, equal coins.
func UTXOHash(s chain.Store) (chainhash.Hash, error) {
	snap, err := s.Snapshot()
	if err != nil {
		return chainhash.Hash{}, err
	}
	h := sha256.New()
	err = snap.EachCoin(func(o wire.OutPoint, c *consensus.Coin) error {
		h.Write(coinBytes(o, c))
		return nil
	})
	if closeErr := snap.Close(); err == nil {
		err = closeErr
	}
	return chainhash.Hash(h.Sum(nil)), err
}

func coinBytes(o wire.OutPoint, c *consensus.Coin) []byte {
	b := append([]byte{}, o.Hash[:]...)
	b = binary.BigEndian.AppendUint32(b, o.Index)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Value))
	b = binary.BigEndian.AppendUint32(b, uint32(c.Height))
	if c.Coinbase {
		b = append(b, 1)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.Script)))
	return append(b, c.Script...)
}
