package consensus

import (
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"
)

// ConnectInput is what connecting a block needs to know beside the block.
type ConnectInput struct {
	Block            *Block
	Height           int32
	ParentMedianTime int64 // seconds
	Subsidy          int64 // satoshi, from the reward policy
	Coins            Coins // as they are after the parent
	// MedianTimeAt is the median time of the ancestor at height, for BIP68.
	MedianTimeAt func(height int32) int64
}

// ConnectResult is what connecting a block does, if its scripts hold.
type ConnectResult struct {
	Changes []CoinChange // no outpoint twice
	Spent   []Coin       // in the order in which the block spends them: its undo data
	Checks  []TxCheck    // the scripts still to be run: those of transaction 1, 2, …
	Fees    int64        // satoshi
}

// Connect applies a block to the coins and returns the difference; nothing is
// changed. It applies every rule of Core's ConnectBlock but the scripts,
// which it returns as checks.
func Connect(in ConnectInput, p *Params) (*ConnectResult, error) {
	if err := checkBIP30(in.Block, in.Coins); err != nil {
		return nil, err
	}
	c := connecting{in: in, p: p, view: newOverlay(in.Coins, in.Block)}
	for i, t := range in.Block.Txs {
		if err := c.connectTx(i, t); err != nil {
			return nil, atTx(err, i)
		}
	}
	var paid int64
	for _, o := range in.Block.Txs[0].Msg.TxOut {
		paid += o.Value
	}
	if paid > in.Subsidy+c.res.Fees {
		return nil, ruleError(BadCoinbaseAmount, "the coinbase pays %d satoshi, at most %d are allowed", paid, in.Subsidy+c.res.Fees)
	}
	c.res.Changes = c.view.changes()
	return &c.res, nil
}

// checkBIP30 refuses a transaction that would overwrite an unspent output.
func checkBIP30(b *Block, coins Coins) error {
	for i, t := range b.Txs {
		for n := range t.Msg.TxOut {
			coin, err := coins.Coin(wire.OutPoint{Hash: t.id, Index: uint32(n)})
			if err != nil {
				return err
			}
			if coin != nil {
				return atTx(ruleError(BIP30, "transaction %d has an unspent twin", i), i)
			}
		}
	}
	return nil
}

type connecting struct {
	in     ConnectInput
	p      *Params
	view   *overlay
	res    ConnectResult
	sigops int64
}

func (c *connecting) connectTx(i int, t *Tx) error {
	var spent []*Coin
	if i > 0 {
		var err error
		if spent, err = c.view.inputs(t); err != nil {
			return err
		}
		fee, err := CheckTxInputs(t, spent, c.in.Height, c.p.Maturity)
		if err != nil {
			return err
		}
		c.res.Fees += fee
		if c.res.Fees > MaxMoney {
			return ruleError(AccumulatedFee, "the fees of the block add up to more than all money")
		}
		if !c.locksMet(t, spent) {
			return ruleError(NonFinalTx, "transaction %d spends an output before its relative lock ends", i)
		}
		for _, coin := range spent {
			c.res.Spent = append(c.res.Spent, *coin)
		}
	}
	c.sigops += SigOpCost(t, spent)
	if c.sigops > c.p.MaxSigopCost() {
		return ruleError(BadBlockSigops, "signature operations cost %d, at most %d", c.sigops, c.p.MaxSigopCost())
	}
	if i > 0 {
		c.res.Checks = append(c.res.Checks, TxCheck{Tx: t, Spent: spent, Flags: BlockFlags})
		c.view.spend(t)
	}
	c.view.create(t, c.in.Height, i == 0)
	return nil
}

func (c *connecting) locksMet(t *Tx, spent []*Coin) bool {
	heights := make([]int32, len(spent))
	for i, coin := range spent {
		heights[i] = coin.Height
	}
	height, time := SequenceLocks(t, heights, c.in.MedianTimeAt)
	return SequenceLocksMet(height, time, c.in.Height, c.in.ParentMedianTime)
}

// Disconnect returns the changes that undo a connected block. spent is its
// undo data.
func Disconnect(b *Block, spent []Coin) []CoinChange {
	created := make(map[wire.OutPoint]bool, len(b.Txs)*2)
	for _, t := range b.Txs {
		for n, o := range t.Msg.TxOut {
			if !Unspendable(o.PkScript) {
				created[wire.OutPoint{Hash: t.id, Index: uint32(n)}] = true
			}
		}
	}
	var changes []CoinChange
	next := 0
	for _, t := range b.Txs[1:] {
		for _, in := range t.Msg.TxIn {
			if created[in.PreviousOutPoint] {
				// The block made and spent it: no coin before, none after.
				delete(created, in.PreviousOutPoint)
			} else {
				changes = append(changes, CoinChange{in.PreviousOutPoint, &spent[next]})
			}
			next++
		}
	}
	for _, t := range b.Txs {
		for n := range t.Msg.TxOut {
			if o := (wire.OutPoint{Hash: t.id, Index: uint32(n)}); created[o] {
				changes = append(changes, CoinChange{o, nil})
			}
		}
	}
	return changes
}

// Unspendable reports whether an output can never be spent, so that it is no
// coin: the script begins with OP_RETURN or is longer than a script may be
// (Core: CScript::IsUnspendable).
func Unspendable(script []byte) bool {
	return len(script) > 0 && script[0] == txscript.OP_RETURN || len(script) > txscript.MaxScriptSize
}
