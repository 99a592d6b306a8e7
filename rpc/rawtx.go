package rpc

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
)

func (n *nodeMethods) rawTxMethods() []Method {
	place := func(tx []Schema) Schema {
		return Record("", "", append([]Schema{
			Boolean("in_active_chain", "Whether the block that was asked for is on the best chain; only if one was").Opt(),
			Hash("blockhash", "The block that holds it, if one does").Opt(),
			Integer("confirmations", "How many blocks there are from that block to the tip; 0 if it is not on the best chain").Opt(),
			Timestamp("time", "The time of that block, if it is on the best chain").Opt(),
			Timestamp("blocktime", "The same").Opt(),
		}, tx...)...)
	}
	return []Method{
		{
			Name: "getrawtransaction", Category: "rawtransactions", Permission: PermRead, Handler: n.getrawtransaction,
			Doc: "Returns a transaction of the mempool or of any block.",
			Params: []Param{
				{Name: "txid", Called: "parameter 1", Type: HashParam, Required: true, Doc: "The transaction id"},
				{Name: "verbosity|verbose", Type: VerbosityParam, Default: 0, Doc: "0 for its bytes in hexadecimal, 1 for an object, 2 for one that shows the fee and the outputs it spends too"},
				{Name: "blockhash", Called: "parameter 3", Type: HashParam, Doc: "The only block to look into"},
			},
			Result: OneOf("", "",
				Hex("", "The serialized transaction").When("for verbosity = 0"),
				place(txSchema(txShape{hex: true})).When("for verbosity = 1"),
				place(txSchema(txShape{prevout: true, fee: true, hex: true})).When("for verbosity = 2")),
			Example: `["` + exampleTxid + `", 1]`,
		},
		{
			Name: "decoderawtransaction", Category: "rawtransactions", Permission: PermRead, Handler: n.decoderawtransaction,
			Doc: "Decodes a transaction.\nIt need not be valid.",
			Params: []Param{
				{Name: "hexstring", Type: HexParam, Required: true, Doc: "The serialized transaction"},
				{Name: "iswitness", Type: BoolParam, DefaultHint: "what makes sense", Doc: "Whether it is serialized with a witness.\nOne without inputs can be read both ways."},
			},
			Result:  Record("", "", txSchema(txShape{})...),
			Example: `["` + exampleTx + `"]`,
		},
	}
}

// rawTxResult is a transaction and where it is.
type rawTxResult struct {
	InActiveChain *bool `json:"in_active_chain,omitempty"`
	txResult
	BlockHash     string  `json:"blockhash,omitempty"`
	Confirmations *int32  `json:"confirmations,omitempty"`
	Time          *uint32 `json:"time,omitempty"`
	BlockTime     *uint32 `json:"blocktime,omitempty"`
}

// foundTx is a transaction, in a block or in the mempool.
type foundTx struct {
	tx    *consensus.Tx
	in    *chain.Record // nil: the mempool
	block *cachedBlock
	index int // in block
}

func (n *nodeMethods) getrawtransaction(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	id := c.Hash("txid")
	if id == v.Params.Genesis.Header.MerkleRoot {
		return nil, Errorf(CodeAddress, "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved")
	}
	verbosity := c.Verbosity("verbosity")
	var found foundTx
	var err error
	if c.Has("blockhash") {
		found, err = n.findInBlock(v, id, c.Hash("blockhash"))
	} else {
		found, err = n.findTx(v, id)
	}
	if err != nil {
		return nil, err
	}
	if verbosity <= 0 {
		return hex.EncodeToString(found.tx.Bytes()), nil
	}
	res, err := found.result(v, verbosity >= 2)
	if err != nil {
		return nil, err
	}
	if c.Has("blockhash") {
		active := v.Contains(found.in.Node)
		res.InActiveChain = &active
	}
	return res, nil
}

func (n *nodeMethods) findInBlock(v *node.View, id, hash chainhash.Hash) (foundTx, error) {
	r, ok := v.Lookup(&hash)
	if !ok {
		return foundTx{}, Errorf(CodeAddress, "Block hash not found")
	}
	if r.Status&chain.HaveBody == 0 {
		return foundTx{}, Errorf(CodeMisc, "Block not available")
	}
	b, err := n.blocks.block(v, r.Seq)
	if err != nil {
		return foundTx{}, err
	}
	for i, tx := range b.Txs {
		if tx.ID() == id {
			return foundTx{tx, r, b, i}, nil
		}
	}
	return foundTx{}, Errorf(CodeAddress, "No such transaction found in the provided block. Use gettransaction for wallet transactions.")
}

func (n *nodeMethods) findTx(v *node.View, id chainhash.Hash) (foundTx, error) {
	if e := v.Mempool.Get(id); e != nil {
		return foundTx{tx: e.Tx}, nil
	}
	pos, err := v.Store.TxPos(id)
	if errors.Is(err, chain.ErrNotFound) {
		return foundTx{}, Errorf(CodeAddress, "No such mempool or blockchain transaction. Use gettransaction for wallet transactions.")
	}
	if err != nil {
		return foundTx{}, err
	}
	b, err := n.blocks.block(v, pos.Seq)
	if err != nil {
		return foundTx{}, err
	}
	hash := b.Hash()
	r, ok := v.Lookup(&hash)
	if !ok || int(pos.Index) >= len(b.Txs) {
		return foundTx{}, chain.ErrCorrupt
	}
	return foundTx{b.Txs[pos.Index], r, b, int(pos.Index)}, nil
}

func (f *foundTx) result(v *node.View, details bool) (*rawTxResult, error) {
	d := txDetail{codec: codecOf(v), hex: true}
	if details && f.in != nil && f.in.Status&chain.Connected != 0 && f.index > 0 {
		var err error
		if d.spent, err = f.block.spentBy(v, f.index); err != nil {
			return nil, err
		}
		d.prevouts = true
	}
	res := &rawTxResult{txResult: newTxResult(f.tx, d)}
	if f.in == nil {
		return res, nil
	}
	res.BlockHash = f.in.Hash.String()
	deep := max(confirmations(v, f.in.Node), 0)
	res.Confirmations = &deep
	if deep > 0 {
		res.Time, res.BlockTime = &f.in.Header.Time, &f.in.Header.Time
	}
	return res, nil
}

func (n *nodeMethods) decoderawtransaction(_ context.Context, c *Call) (any, error) {
	form := anyForm
	if c.Has("iswitness") {
		form = txForm{witness: c.Bool("iswitness"), legacy: !c.Bool("iswitness")}
	}
	tx := decodeTx(c.Text("hexstring"), form)
	if tx == nil {
		return nil, Errorf(CodeDeserialization, "TX decode failed")
	}
	v, release := n.Node.Acquire()
	defer release()
	return newTxResult(tx, txDetail{codec: codecOf(v)}), nil
}
