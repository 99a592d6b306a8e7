package rpc

import (
	"context"
	"encoding/hex"

	"orrery/core/chain"
	"orrery/core/node"
)

func (n *nodeMethods) blockMethods() []Method {
	shape := func(tx Schema) Schema {
		return Record("", "", headerSchema(
			Integer("strippedsize", "The size in bytes without witnesses"),
			Integer("size", "The size in bytes"),
			Integer("weight", "The weight (BIP141)"),
			Record("coinbase_tx", "What only a coinbase has",
				Integer("version", "Its version"),
				Integer("locktime", "Its lock time"),
				Integer("sequence", "The sequence number of its input"),
				Hex("coinbase", "The script of its input"),
				Hex("witness", "The witness of its input, if there is one").Opt()),
			List("tx", "The transactions", tx))...)
	}
	return []Method{{
		Name: "getblock", Category: "blockchain", Permission: PermRead, Handler: n.getblock,
		Doc: "Returns a block.\nIt need not be on the best chain.",
		Params: []Param{
			{Name: "blockhash", Type: HashParam, Required: true, Doc: "The block's hash"},
			{Name: "verbosity|verbose", Type: VerbosityParam, Default: 1, Doc: "0 for its bytes in hexadecimal, 1 for an object with the transaction ids,\n" +
				"2 for one with the decoded transactions, 3 for one that shows the outputs they spend too"},
		},
		Result: OneOf("", "",
			Hex("", "The serialized block").When("for verbosity = 0"),
			shape(Hash("", "A transaction id")).When("for verbosity = 1"),
			shape(Record("", "A transaction", txSchema(txShape{fee: true, hex: true})...)).When("for verbosity = 2"),
			shape(Record("", "A transaction", txSchema(txShape{prevout: true, fee: true, hex: true})...)).When("for verbosity = 3")),
		Example: `["` + exampleHash + `"]`,
	}}
}

type blockResult struct {
	headerResult
	StrippedSize int            `json:"strippedsize"`
	Size         int            `json:"size"`
	Weight       int            `json:"weight"`
	Coinbase     coinbaseResult `json:"coinbase_tx"`
	Tx           any            `json:"tx"`
}

type coinbaseResult struct {
	Version  uint32 `json:"version"`
	LockTime uint32 `json:"locktime"`
	Sequence uint32 `json:"sequence"`
	Coinbase string `json:"coinbase"`
	Witness  string `json:"witness,omitempty"`
}

func (n *nodeMethods) getblock(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	hash := c.Hash("blockhash")
	r, ok := v.Lookup(&hash)
	if !ok {
		return nil, errBlockNotFound
	}
	if r.Status&chain.HaveBody == 0 {
		return nil, errNoBody
	}
	b, err := n.blocks.block(v, r.Seq)
	if err != nil {
		return nil, err
	}
	verbosity := c.Verbosity("verbosity")
	if verbosity <= 0 {
		return hex.EncodeToString(b.Bytes()), nil
	}
	res := &blockResult{
		headerResult: newHeaderResult(v, r), StrippedSize: b.StrippedSize(), Size: b.Size(), Weight: b.Weight(),
		Coinbase: newCoinbaseResult(b),
	}
	if verbosity == 1 {
		ids := make([]string, len(b.Txs))
		for i, t := range b.Txs {
			ids[i] = t.ID().String()
		}
		res.Tx = ids
		return res, nil
	}
	parts, err := blockTxs(v, b, r.Status&chain.Connected != 0, verbosity >= 3)
	return &decodedBlock{*res, parts}, err
}

func newCoinbaseResult(b *cachedBlock) coinbaseResult {
	msg := b.Txs[0].Msg
	in := msg.TxIn[0]
	res := coinbaseResult{
		Version: uint32(msg.Version), LockTime: msg.LockTime, Sequence: in.Sequence, Coinbase: hex.EncodeToString(in.SignatureScript),
	}
	if len(in.Witness) > 0 {
		res.Witness = hex.EncodeToString(in.Witness[0])
	}
	return res
}

// decodedBlock is a block with its decoded transactions, which are written
// already: most of the work of a large answer, shared out among processors.
type decodedBlock struct {
	blockResult
	parts []*reply
}

// writeJSON implements writer.
func (d *decodedBlock) writeJSON(r *reply) error {
	d.Tx = []struct{}{} // the last member: it ends with "[]}"
	if err := r.value(&d.blockResult); err != nil {
		return err
	}
	r.Truncate(r.Len() - len("]}"))
	for i, p := range d.parts {
		if i > 0 {
			r.WriteByte(',')
		}
		r.Write(p.Bytes())
	}
	r.WriteString("]}")
	return nil
}

// txsAtOnce is how many transactions a processor takes at a time.
const txsAtOnce = 64

// blockTxs decodes all transactions. The coins that they spend are known once
// the block was connected.
func blockTxs(v *node.View, b *cachedBlock, connected, prevouts bool) ([]*reply, error) {
	detail := txDetail{codec: codecOf(v), hex: true, prevouts: prevouts}
	parts := make([]*reply, (len(b.Txs)+txsAtOnce-1)/txsAtOnce)
	return parts, inParts(len(b.Txs), txsAtOnce, func(part, from, to int) error {
		r := newReply()
		for i := from; i < to; i++ {
			d := detail
			if connected && i > 0 {
				var err error
				if d.spent, err = b.spentBy(v, i); err != nil {
					return err
				}
			}
			if i > from {
				r.WriteByte(',')
			}
			res := newTxResult(b.Txs[i], d)
			if err := r.value(&res); err != nil {
				return err
			}
		}
		parts[part] = r
		return nil
	})
}
