package rpc

import (
	"context"
	"errors"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
)

func (n *nodeMethods) submittingMethods() []Method {
	return []Method{{
		Name: "submitblock", Category: "mining", Permission: PermMine, Handler: n.submitblock,
		Doc: "Offers a block to the node (BIP22).\nA missing witness of the coinbase is added.",
		Params: []Param{
			{Name: "hexdata", Type: HexParam, Required: true, Doc: "The serialized block"},
			{Name: "dummy", Type: StringParam, Doc: "Has no effect; BIP22 has it"},
		},
		Result: OneOf("", "",
			Null("", "").When("if the block was accepted"),
			Text("", "\"duplicate\", \"inconclusive\", or the rule that it breaks").When("otherwise")),
		Example: `["00"]`,
	}}
}

func (n *nodeMethods) submitblock(ctx context.Context, c *Call) (any, error) {
	b, err := decodeBlock(c.Text("hexdata"))
	if err != nil {
		return nil, err
	}
	v, release := n.Node.Acquire()
	_, parentKnown := v.Lookup(&b.Header.Prev)
	release()
	if parentKnown {
		b = withWitnessNonce(b)
	}
	err = n.Node.SubmitBlock(ctx, b, true)
	switch {
	case errors.Is(err, chain.ErrKnown):
		return "duplicate", nil
	case errors.Is(err, node.ErrInconclusive):
		return "inconclusive", nil
	}
	return bip22(err)
}

// bip22 answers with the rule that was broken as a result.
func bip22(err error) (any, error) {
	var rule *consensus.RuleError
	if errors.As(err, &rule) {
		return rule.RejectWord(), nil
	}
	return nil, err
}

// withWitnessNonce adds the 32 zero bytes that a miner's own coinbase often
// lacks where it commits to witnesses (Core: UpdateUncommittedBlockStructures).
func withWitnessNonce(b *consensus.Block) *consensus.Block {
	if len(b.Txs) == 0 || b.Txs[0].Msg.HasWitness() || len(b.Txs[0].Msg.TxIn) == 0 || !consensus.CommitsToWitnesses(b.Txs[0].Msg) {
		return b
	}
	msg := b.Txs[0].Msg.Copy()
	msg.TxIn[0].Witness = wire.TxWitness{make([]byte, 32)}
	txs := append([]*consensus.Tx{consensus.NewTx(msg)}, b.Txs[1:]...)
	return consensus.NewBlock(b.Header, txs)
}
