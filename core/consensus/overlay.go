package consensus

import "github.com/btcsuite/btcd/wire/v2"

// overlay is the coins as they are in the middle of a block: what the block
// itself made and spent so far, over what was there before. It keeps the
// order of changes, so that the result never depends on a map's order.
type overlay struct {
	base Coins
	at   map[wire.OutPoint]int // index into list
	list []overlayCoin
}

type overlayCoin struct {
	out     wire.OutPoint
	coin    *Coin // nil: spent
	inBlock bool  // made by this block
}

func newOverlay(base Coins, b *Block) *overlay {
	n := 0
	for _, t := range b.Txs {
		n += len(t.Msg.TxIn) + len(t.Msg.TxOut)
	}
	return &overlay{base: base, at: make(map[wire.OutPoint]int, n), list: make([]overlayCoin, 0, n)}
}

// inputs returns the coins that t spends, nil for each that is not there.
func (o *overlay) inputs(t *Tx) ([]*Coin, error) {
	coins := make([]*Coin, len(t.Msg.TxIn))
	for i, in := range t.Msg.TxIn {
		if n, ok := o.at[in.PreviousOutPoint]; ok {
			coins[i] = o.list[n].coin
			continue
		}
		coin, err := o.base.Coin(in.PreviousOutPoint)
		if err != nil {
			return nil, err
		}
		coins[i] = coin
	}
	return coins, nil
}

func (o *overlay) spend(t *Tx) {
	for _, in := range t.Msg.TxIn {
		if n, ok := o.at[in.PreviousOutPoint]; ok {
			o.list[n].coin = nil
			continue
		}
		o.at[in.PreviousOutPoint] = len(o.list)
		o.list = append(o.list, overlayCoin{out: in.PreviousOutPoint})
	}
}

func (o *overlay) create(t *Tx, height int32, coinbase bool) {
	for n, out := range t.Msg.TxOut {
		if Unspendable(out.PkScript) {
			continue
		}
		op := wire.OutPoint{Hash: t.id, Index: uint32(n)}
		o.at[op] = len(o.list)
		o.list = append(o.list, overlayCoin{op, &Coin{out.Value, out.PkScript, height, coinbase}, true})
	}
}

// changes leaves out coins that the block both made and spent.
func (o *overlay) changes() []CoinChange {
	changes := make([]CoinChange, 0, len(o.list))
	for _, c := range o.list {
		if c.inBlock && c.coin == nil {
			continue
		}
		changes = append(changes, CoinChange{c.out, c.coin})
	}
	return changes
}
