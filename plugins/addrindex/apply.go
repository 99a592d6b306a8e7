package addrindex

import (
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/wire/v2"
	"github.com/tidwall/buntdb"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
	"orrery/plugins/internal/buntfile"
)

// change is what a block does to the records; a nil Output removes one.
type change map[string]*Output

// changeOf collects the records of a block. Both directions only set records
// to what they must be, so doing one twice, or after half of it was done
// before, is the same as doing it once.
func (x *Index) changeOf(b *consensus.Block, height int32, spent []consensus.Coin, d direction) (change, error) {
	c := change{}
	for i, t := range b.Txs {
		if i > 0 {
			if len(spent) < len(t.Msg.TxIn) {
				return nil, fmt.Errorf("undo data of block %v is too short", b.Hash())
			}
			x.addInputs(c, t, height, spent, d)
			spent = spent[len(t.Msg.TxIn):]
		}
		if d == applying {
			x.addOutputs(c, t, height, i == 0)
		}
	}
	if d == reverting { // after the inputs: what the block itself spent goes too
		for _, t := range b.Txs {
			x.removeOutputs(c, t)
		}
	}
	return c, nil
}

func (x *Index) addInputs(c change, t *consensus.Tx, height int32, spent []consensus.Coin, d direction) {
	for vin, in := range t.Msg.TxIn {
		coin := &spent[vin]
		a, ok := x.codec.FromScript(coin.Script)
		if !ok {
			continue
		}
		o := &Output{Outpoint: in.PreviousOutPoint, Value: coin.Value, Height: coin.Height, Coinbase: coin.Coinbase}
		if d == applying {
			o.Spent = &Spend{t.ID(), uint32(vin), height}
		}
		c[outputKey(a.String(), o.Outpoint)] = o
	}
}

func (x *Index) addOutputs(c change, t *consensus.Tx, height int32, coinbase bool) {
	for n, out := range t.Msg.TxOut {
		if a, ok := x.codec.FromScript(out.PkScript); ok {
			o := wire.OutPoint{Hash: t.ID(), Index: uint32(n)}
			c[outputKey(a.String(), o)] = &Output{Outpoint: o, Value: out.Value, Height: height, Coinbase: coinbase}
		}
	}
}

func (x *Index) removeOutputs(c change, t *consensus.Tx) {
	for n, out := range t.Msg.TxOut {
		if a, ok := x.codec.FromScript(out.PkScript); ok {
			c[outputKey(a.String(), wire.OutPoint{Hash: t.ID(), Index: uint32(n)})] = nil
		}
	}
}

// move applies or reverts one block. BuntDB's transactions are not atomic when
// the process dies: what is begun is noted first. That note also says that the
// block before is whole; after the last block, settle does.
func (x *Index) move(v *node.View, n *chain.Node, d direction) error {
	begun := x.at
	begun.doing, begun.block = d, n.Hash
	if err := x.db.Set(stateKey, begun.encode()); err != nil {
		return err
	}
	if err := x.write(v, n, d); err != nil {
		return err
	}
	x.at.tip = n.Hash
	if d == reverting {
		x.at.tip = n.Parent.Hash
	}
	return nil
}

// settle notes that nothing is half done.
func (x *Index) settle() error { return x.db.Set(stateKey, x.at.encode()) }

// write brings the records to what they are with, or without, a block, and
// counts them in x.at.
func (x *Index) write(v *node.View, n *chain.Node, d direction) error {
	b, err := v.Block(n)
	if err != nil {
		return err
	}
	spent, err := v.Undo(n)
	if err != nil {
		return err
	}
	c, err := x.changeOf(b, n.Height, spent, d)
	if err != nil || len(c) == 0 {
		return err
	}
	at := x.at
	err = x.db.Update(func(tx *buntdb.Tx) error {
		for key, o := range c {
			old, had, err := put(tx, key, o, &at)
			if err != nil {
				return err
			}
			if had {
				at.count--
				at.sum -= buntfile.Sum(old)
			}
		}
		return nil
	})
	if err == nil {
		x.at = at
	}
	return err
}

// put writes or deletes one record and returns what was there.
func put(tx *buntdb.Tx, key string, o *Output, at *state) (old string, had bool, err error) {
	if o == nil {
		old, err = tx.Delete(key)
		if errors.Is(err, buntdb.ErrNotFound) {
			return "", false, nil
		}
		return old, true, err
	}
	value := o.encode(key)
	at.count++
	at.sum += buntfile.Sum(value)
	return tx.Set(key, value, nil)
}
