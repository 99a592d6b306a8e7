package pebble

import (
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"
	pebbledb "github.com/cockroachdb/pebble/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// view reads records from the database or from a snapshot of it. It holds the
// gate while it reads, so nothing is closed under it.
type view struct {
	r     pebbledb.Reader
	gate  *gate
	store *Store
}

// get calls parse with the value of key, which is valid during the call only,
// and returns false when there is none.
func (v *view) get(key []byte, parse func(value []byte) error) (found bool, err error) {
	if err := v.gate.enter(); err != nil {
		return false, err
	}
	defer v.gate.leave()
	value, closer, err := v.r.Get(key)
	if errors.Is(err, pebbledb.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, v.store.readFailed(err)
	}
	err = parse(value)
	if err := firstError(err, closer.Close()); err != nil {
		return false, v.store.readFailed(err)
	}
	return true, nil
}

// yieldError carries an error of the caller's function through scan, so that
// it is not taken for a failure of the storage.
type yieldError struct{ error }

// scan calls yield for each record whose key begins with prefix, in order.
func (v *view) scan(prefix []byte, yield func(key, value []byte) error) (err error) {
	if err := v.gate.enter(); err != nil {
		return err
	}
	defer v.gate.leave()
	it, err := v.r.NewIter(&pebbledb.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return v.store.readFailed(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		if err = v.gate.open(); err != nil {
			break
		}
		var value []byte
		if value, err = it.ValueAndErr(); err != nil {
			err = v.store.readFailed(err)
			break
		}
		if err = yield(it.Key(), value); err != nil {
			break
		}
	}
	if errClose := it.Close(); errClose != nil {
		return v.store.readFailed(errClose)
	}
	var stopped yieldError
	if errors.As(err, &stopped) {
		return stopped.error
	}
	if errors.Is(err, errRecord) || errors.Is(err, consensus.ErrDecode) {
		return v.store.readFailed(err)
	}
	return err
}

// after returns the first key that is above all that begin with prefix, whose
// first byte is a kind and so not the highest.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for end[len(end)-1] == 0xff {
		end = end[:len(end)-1]
	}
	end[len(end)-1]++
	return end
}

// Coin implements consensus.Coins.
func (v *view) Coin(o wire.OutPoint) (c *consensus.Coin, err error) {
	var buf [coinKeySize]byte
	_, err = v.get(coinKey(buf[:0], &o), func(value []byte) (err error) {
		c, err = parseCoin(value)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Block implements chain.Store.
func (v *view) Block(seq uint64) (b *consensus.Block, err error) {
	found, err := v.get(seqKey(nil, kindBody, seq), func(value []byte) (err error) {
		b, err = consensus.ParseBlock(value)
		return err
	})
	return b, notFound(found, err)
}

// Undo implements chain.Store.
func (v *view) Undo(seq uint64) (coins []consensus.Coin, err error) {
	found, err := v.get(seqKey(nil, kindUndo, seq), func(value []byte) (err error) {
		coins, err = parseUndo(value)
		return err
	})
	return coins, notFound(found, err)
}

// TxPos implements chain.Store.
func (v *view) TxPos(txid chainhash.Hash) (pos chain.TxPos, err error) {
	found, err := v.get(txKey(nil, &txid), func(value []byte) (err error) {
		pos, err = parseTxPos(value)
		return err
	})
	return pos, notFound(found, err)
}

func notFound(found bool, err error) error {
	if err == nil && !found {
		return chain.ErrNotFound
	}
	return err
}

// Meta implements chain.Store.
func (v *view) Meta(key string) (value []byte, err error) {
	_, err = v.get(metaKey(nil, key), func(stored []byte) error {
		value = append([]byte{}, stored...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// MetaRange implements chain.Store.
func (v *view) MetaRange(prefix string, yield func(key string, value []byte) error) error {
	return v.scan(metaKey(nil, prefix), func(key, value []byte) error {
		return stop(yield(string(key[1:]), value))
	})
}

func stop(err error) error {
	if err != nil {
		return yieldError{err}
	}
	return nil
}
