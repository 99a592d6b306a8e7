package rpc

import (
	"orrery/wallet"
	"orrery/wallet/sign"
)

func (n *nodeMethods) walletSignMethods() []Method {
	return []Method{{
		Name: "signrawtransactionwithwallet", Handler: n.withWallet(n.signrawtransactionwithwallet), Wallet: true,
		Doc: "Signs a transaction with the wallet's keys, as far as they go.\nNothing is kept or sent.",
		Params: []Param{
			{Name: "hexstring", Type: StringParam, Required: true, Doc: "The serialized transaction"},
			prevtxsParam(),
			sighashParam(),
		},
		Result:  signedSchema(),
		Example: `["` + exampleTx + `"]`,
	}}
}

func (n *nodeMethods) signrawtransactionwithwallet(c *Call, w *wallet.Wallet) (any, error) {
	tx := decodeTx(c.Text("hexstring"), whole)
	if tx == nil {
		return nil, errTxDecode
	}
	v, release := n.Node.Acquire()
	defer release()
	prevouts, err := chainPrevouts(v, tx)
	if err != nil {
		return nil, err
	}
	// The scripts in prevtxs are no use: the wallet has keys of its own only.
	if err := addPrevouts(c.Items("prevtxs"), codecOf(v), nil, prevouts); err != nil {
		return nil, err
	}
	hashType, err := parseSighash(c)
	if err != nil {
		return nil, err
	}
	msg := tx.Msg.Copy()
	failed, err := w.SignTransaction(msg, prevouts, nil, sign.Options{HashType: hashType})
	if err != nil {
		return nil, err
	}
	return signedResult(msg, prevouts, failed)
}
