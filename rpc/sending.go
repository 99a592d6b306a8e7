package rpc

import (
	"context"
	"errors"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
)

// defaultMaxFeeRate is what sendrawtransaction lets a transaction pay for
// 1,000 virtual bytes, in satoshi (Core: DEFAULT_MAX_RAW_TX_FEE_RATE).
const defaultMaxFeeRate = Amount(consensus.CoinUnit / 10)

func (n *nodeMethods) sendingMethods() []Method {
	maxFeeRate := Param{Name: "maxfeerate", Type: AmountParam, Default: defaultMaxFeeRate,
		Doc: "Refuse a transaction that pays more for 1,000 virtual bytes, in coins.\nIt must be below 1; 0 for no limit."}
	return []Method{
		{
			Name: "sendrawtransaction", Category: "rawtransactions", Permission: PermWallet, Handler: n.sendrawtransaction,
			Doc: "Puts a transaction into the mempool, and so on its way to the network.\nOne that is there already is no error.",
			Params: []Param{
				{Name: "hexstring", Type: HexParam, Required: true, Doc: "The serialized transaction"},
				maxFeeRate,
				{Name: "maxburnamount", Type: AmountParam, Default: Amount(0), Doc: "Refuse a transaction with an output that nobody can spend, as one of OP_RETURN, of more coins"},
			},
			Result:  Hash("", "The transaction id"),
			Example: `["` + exampleTx + `"]`,
		},
		{
			Name: "testmempoolaccept", Category: "rawtransactions", Permission: PermRead, Handler: n.testmempoolaccept,
			Doc: "Tells whether the mempool would accept transactions, and changes nothing.\nSeveral may spend from each other; parents come first.",
			Params: []Param{
				{Name: "rawtxs", Type: ArrayParam, Required: true, Doc: "At most 25 serialized transactions", Inner: []Param{{Name: "rawtx", Type: HexParam, Doc: "A serialized transaction"}}},
				maxFeeRate,
			},
			Result: List("", "", Record("", "What was found of a transaction",
				Hash("txid", "The transaction id"),
				Hash("wtxid", "The hash with the witness"),
				Text("package-error", "Why several transactions together are refused").Opt(),
				Boolean("allowed", "Whether it would be accepted; absent if another one's fault ended the checks").Opt(),
				Integer("vsize", "The virtual size in bytes, if it is allowed").Opt(),
				Record("fees", "Its fee, if it is allowed",
					Coins("base", "The fee"),
					Coins("effective-feerate", "The fee for 1,000 virtual bytes"),
					List("effective-includes", "Whose fees and sizes make that rate", Hash("", "The hash with the witness"))).Opt(),
				Text("reject-reason", "Why it is refused").Opt(),
				Text("reject-details", "The same with more detail").Opt())),
			Example: `[["` + exampleTx + `"]]`,
		},
	}
}

// exampleTx spends an output of the example transaction id.
const exampleTx = "02000000013ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a0000000000fdffffff0100e1f50500000000160014000000000000000000000000000000000000000000000000"

// feeLimit reads maxfeerate.
func feeLimit(c *Call) (mempool.FeeRate, error) {
	rate := c.Amount("maxfeerate")
	if int64(rate) >= consensus.CoinUnit {
		return 0, Errorf(CodeParameter, "Fee rates larger than or equal to 1BTC/kvB are not accepted")
	}
	return mempool.FeeRate(rate), nil
}

func (n *nodeMethods) sendrawtransaction(ctx context.Context, c *Call) (any, error) {
	tx := decodeTx(c.Text("hexstring"), whole)
	if tx == nil {
		return nil, errTxDecode
	}
	for _, out := range tx.Msg.TxOut {
		if Amount(out.Value) > c.Amount("maxburnamount") && (consensus.Unspendable(out.PkScript) || !validOps(out.PkScript)) {
			return nil, Errorf(CodeVerify, "Unspendable output exceeds maximum configured by user (maxburnamount)")
		}
	}
	rate, err := feeLimit(c)
	if err != nil {
		return nil, err
	}
	known, fee, err := n.lookAt(tx)
	if err != nil {
		return nil, err
	}
	id := tx.ID().String()
	if known {
		return id, nil
	}
	if most := rate.Fee(int64(tx.VSize())); most > 0 && (fee < 0 || fee > most) {
		res, err := n.Node.SubmitTx(ctx, tx, true)
		if err != nil {
			return n.sent(tx, err)
		}
		if res.Entry.Fee > most {
			return nil, Errorf(CodeVerify, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
		}
	}
	if _, err := n.Node.SubmitTx(ctx, tx, false); err != nil {
		return n.sent(tx, err)
	}
	return id, nil
}

// sent answers for a transaction that was refused: it may have come by another
// way since we looked.
func (n *nodeMethods) sent(tx *consensus.Tx, err error) (any, error) {
	if errors.Is(err, mempool.AlreadyInMempool) || errors.Is(err, mempool.SameNonWitnessData) {
		return tx.ID().String(), nil
	}
	return nil, TxError(err)
}

var errInUTXOSet = &Error{Code: CodeVerifyInChain, Message: "Transaction outputs already in utxo set"}

// lookAt tells whether the mempool has a transaction, and what fee it pays; -1
// if an input is not known. It fails if an output of it is in the chain.
func (n *nodeMethods) lookAt(tx *consensus.Tx) (known bool, fee int64, err error) {
	v, release := n.Node.Acquire()
	defer release()
	out := wire.OutPoint{Hash: tx.ID()}
	for i := range tx.Msg.TxOut {
		out.Index = uint32(i)
		coin, err := v.Store.Coin(out)
		if err != nil {
			return false, 0, err
		}
		if coin != nil {
			return false, 0, errInUTXOSet
		}
	}
	if v.Mempool.Get(tx.ID()) != nil {
		return true, 0, nil
	}
	for _, in := range tx.Msg.TxIn {
		coin, err := findCoin(v, in.PreviousOutPoint)
		if err != nil {
			return false, 0, err
		}
		if coin == nil {
			return false, -1, nil
		}
		fee += coin.Value
	}
	for _, o := range tx.Msg.TxOut {
		fee -= o.Value
	}
	return false, fee, nil
}

// findCoin finds an output in the mempool or the chain, nil if there is none.
// One that the mempool spends is found too.
func findCoin(v *node.View, o wire.OutPoint) (*consensus.Coin, error) {
	if coin := v.Mempool.Coin(o, v.Tip.Height+1); coin != nil {
		return coin, nil
	}
	return v.Store.Coin(o)
}
