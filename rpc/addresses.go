package rpc

import (
	"cmp"
	"context"
	"encoding/hex"
	"math"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
	"orrery/wallet/address"
)

// AddressIndex finds what an address received in blocks, and what became of
// it.
type AddressIndex interface {
	// EachOutput yields the outputs by outpoint. spender is the input that
	// spent one, in the block at height spentAt; spentAt is -1 if none did. It
	// returns the height of the chain up to which the answer holds.
	EachOutput(ctx context.Context, a address.Address,
		yield func(out wire.OutPoint, coin consensus.Coin, spender wire.OutPoint, spentAt int32)) (height int32, err error)
}

func (n *nodeMethods) addressMethods() []Method {
	place := Param{Name: "address", Type: StringParam, Required: true, Doc: "The address"}
	page := []Param{
		place,
		{Name: "count", Type: IntParam, Default: 1000, Doc: "How many to return at most, up to 100000"},
		{Name: "skip", Type: IntParam, Default: 0, Doc: "How many to leave out before"},
	}
	method := func(m Method) Method {
		m.Category, m.Permission, m.Example = "addressindex", PermRead, `["`+exampleAddress+`"]`
		return m
	}
	return []Method{
		method(Method{
			Name: "getaddressbalance", Handler: n.getaddressbalance, Params: []Param{place},
			Doc: "Adds up what an address received and spent in blocks.",
			Result: Record("", "",
				Coins("balance", "What it has"),
				Coins("immature", "How much of that are coinbases that cannot be spent yet"),
				Coins("received", "What it received, together"),
				Coins("sent", "What was spent of it, together"),
				Integer("outputs", "How many unspent outputs it has"),
				Integer("height", "The height of the chain for which this is true")),
		}),
		method(Method{
			Name: "getaddressutxos", Handler: n.getaddressutxos, Params: page,
			Doc: "Lists the unspent outputs of an address, the oldest first.",
			Result: List("", "", Record("", "An output",
				Text("address", "The address"),
				Hash("txid", "The transaction that made it"),
				Integer("vout", "Its index"),
				Hex("scriptPubKey", "Its script"),
				Coins("amount", "Its value"),
				Integer("height", "The height of the block that made it"),
				Integer("confirmations", "How many blocks there are from that one to the tip"),
				Boolean("coinbase", "Whether a coinbase made it"))),
		}),
		method(Method{
			Name: "getaddresshistory", Handler: n.getaddresshistory, Params: page,
			Doc: "Lists the transactions in blocks that pay to an address or spend from it, the oldest first.",
			Result: List("", "", Record("", "A transaction",
				Hash("txid", "Its id"),
				Integer("height", "The height of its block"),
				Integer("confirmations", "How many blocks there are from that one to the tip"),
				Coins("received", "What the address got"),
				Coins("sent", "What was spent of it"),
				Coins("amount", "The difference"))),
		}),
	}
}

// indexedOutput is an output as the index knows it.
type indexedOutput struct {
	wire.OutPoint
	consensus.Coin
	spender wire.OutPoint
	spentAt int32
}

// outputs reads everything about the address of a call.
func (n *nodeMethods) outputs(ctx context.Context, c *Call) (a address.Address, list []indexedOutput, height int32, err error) {
	v, release := n.Node.Acquire()
	codec := codecOf(v)
	release()
	if a, err = codec.Decode(c.Text("address")); err != nil {
		return a, nil, 0, Errorf(CodeAddress, "Invalid address: %s", err)
	}
	if n.Addresses == nil {
		return a, nil, 0, Errorf(CodeMisc, "This node has no address index")
	}
	height, err = n.Addresses.EachOutput(ctx, a, func(o wire.OutPoint, coin consensus.Coin, spender wire.OutPoint, at int32) {
		list = append(list, indexedOutput{o, coin, spender, at})
	})
	return a, list, height, err
}

type addressBalance struct {
	Balance  Amount `json:"balance"`
	Immature Amount `json:"immature"`
	Received Amount `json:"received"`
	Sent     Amount `json:"sent"`
	Outputs  int    `json:"outputs"`
	Height   int32  `json:"height"`
}

func (n *nodeMethods) getaddressbalance(ctx context.Context, c *Call) (any, error) {
	_, list, height, err := n.outputs(ctx, c)
	if err != nil {
		return nil, err
	}
	v, release := n.Node.Acquire()
	maturity := v.Params.Maturity
	release()
	sum := &addressBalance{Height: height}
	for i := range list {
		o := &list[i]
		sum.Received += Amount(o.Value)
		if o.spentAt >= 0 {
			sum.Sent += Amount(o.Value)
			continue
		}
		sum.Balance += Amount(o.Value)
		sum.Outputs++
		if o.Coinbase && height+1-o.Height < maturity {
			sum.Immature += Amount(o.Value)
		}
	}
	return sum, nil
}

// maxPage bounds one answer.
const maxPage = 100_000

// paging reads count and skip.
func paging(c *Call) (skip, count int, err error) {
	s, k := c.Int("skip"), c.Int("count")
	if s < 0 || k < 0 || s > math.MaxInt32 {
		return 0, 0, Errorf(CodeParameter, "count and skip cannot be negative or above %d", math.MaxInt32)
	}
	return int(s), int(min(k, maxPage)), nil
}

func page[T any](list []T, skip, count int) []T {
	from := min(skip, len(list))
	return list[from:min(from+count, len(list))]
}

type addressUTXO struct {
	Address       string `json:"address"`
	Txid          string `json:"txid"`
	Vout          uint32 `json:"vout"`
	Script        string `json:"scriptPubKey"`
	Amount        Amount `json:"amount"`
	Height        int32  `json:"height"`
	Confirmations int32  `json:"confirmations"`
	Coinbase      bool   `json:"coinbase"`
}

func (n *nodeMethods) getaddressutxos(ctx context.Context, c *Call) (any, error) {
	skip, count, err := paging(c)
	if err != nil {
		return nil, err
	}
	a, list, height, err := n.outputs(ctx, c)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(o indexedOutput) bool { return o.spentAt >= 0 })
	slices.SortStableFunc(list, func(a, b indexedOutput) int { return cmp.Compare(a.Height, b.Height) })
	script := hex.EncodeToString(a.Script())
	res := []addressUTXO{}
	for _, o := range page(list, skip, count) {
		res = append(res, addressUTXO{
			a.String(), o.Hash.String(), o.Index, script, Amount(o.Value), o.Height, height + 1 - o.Height, o.Coinbase,
		})
	}
	return res, nil
}

type addressTx struct {
	Txid          string `json:"txid"`
	Height        int32  `json:"height"`
	Confirmations int32  `json:"confirmations"`
	Received      Amount `json:"received"`
	Sent          Amount `json:"sent"`
	Amount        Amount `json:"amount"`
}

func (n *nodeMethods) getaddresshistory(ctx context.Context, c *Call) (any, error) {
	skip, count, err := paging(c)
	if err != nil {
		return nil, err
	}
	_, list, height, err := n.outputs(ctx, c)
	if err != nil {
		return nil, err
	}
	byID := map[chainhash.Hash]*addressTx{}
	at := func(id chainhash.Hash, h int32) *addressTx {
		if byID[id] == nil {
			byID[id] = &addressTx{Txid: id.String(), Height: h, Confirmations: height + 1 - h}
		}
		return byID[id]
	}
	for i := range list {
		o := &list[i]
		at(o.Hash, o.Height).Received += Amount(o.Value)
		if o.spentAt >= 0 {
			at(o.spender.Hash, o.spentAt).Sent += Amount(o.Value)
		}
	}
	txs := make([]*addressTx, 0, len(byID))
	for _, tx := range byID {
		tx.Amount = tx.Received - tx.Sent
		txs = append(txs, tx)
	}
	slices.SortFunc(txs, func(a, b *addressTx) int {
		return cmp.Or(cmp.Compare(a.Height, b.Height), strings.Compare(a.Txid, b.Txid))
	})
	return page(txs, skip, count), nil
}
