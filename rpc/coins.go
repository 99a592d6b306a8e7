package rpc

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/consensus"
)

func (n *nodeMethods) coinMethods() []Method {
	return []Method{
		{
			Name: "gettxout", Category: "blockchain", Permission: PermRead, Handler: n.gettxout,
			Doc: "Returns an unspent output.\nThe answer is null for one that is spent or was never there.",
			Params: []Param{
				{Name: "txid", Type: HashParam, Required: true, Doc: "The transaction that made it"},
				{Name: "n", Type: IntParam, Range: uint32Range, Required: true, Doc: "Its index"},
				{Name: "include_mempool", Type: BoolParam, Default: true, Doc: "Whether outputs that the mempool makes count as there, and those that it spends as spent"},
			},
			Result: OneOf("", "",
				Null("", "").When("if there is no such unspent output"),
				Record("", "",
					Hash("bestblock", "The hash of the tip"),
					Integer("confirmations", "How many blocks there are from the one that made it to the tip; 0 in the mempool"),
					Coins("value", "Its value"),
					Record("scriptPubKey", "Its script", scriptSchema()...),
					Boolean("coinbase", "Whether a coinbase made it")).When("otherwise")),
			Example: `["` + exampleTxid + `", 0]`,
		},
		{
			Name: "gettxoutsetinfo", Category: "blockchain", Permission: PermRead, Handler: n.gettxoutsetinfo,
			Doc: "Counts all unspent outputs and hashes them.\nIt takes time: every output is read.",
			Params: []Param{
				{Name: "hash_type", Type: StringParam, Default: hashSerialized, Doc: "Which hash: 'hash_serialized_3', 'muhash', or 'none'"},
				{Name: "hash_or_height", Type: HeightOrHash, DefaultHint: "the tip", Doc: "Another block; it needs an index that this node does not have"},
				{Name: "use_index", Type: BoolParam, Default: true, Doc: "Has no effect: there is no such index"},
			},
			Result: Record("", "",
				Integer("height", "The height of the tip"),
				Hash("bestblock", "The hash of the tip"),
				Integer("txouts", "The number of unspent outputs"),
				Integer("bogosize", "A measure of their size that is equal on every node: for each 50 bytes and its script"),
				Hash("hash_serialized_3", "The hash of that name").Opt(),
				Hash("muhash", "The hash of that name").Opt(),
				Coins("total_amount", "The sum of their values"),
				Integer("transactions", "The number of transactions that have unspent outputs"),
				Integer("disk_size", "About how many bytes they take on the disk")),
			Example: `["muhash"]`,
		},
	}
}

// exampleTxid is any transaction id.
const exampleTxid = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"

type txOutResult struct {
	BestBlock     string       `json:"bestblock"`
	Confirmations int32        `json:"confirmations"`
	Value         Amount       `json:"value"`
	Script        scriptResult `json:"scriptPubKey"`
	Coinbase      bool         `json:"coinbase"`
}

func (n *nodeMethods) gettxout(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	index := c.Int("n")
	out := wire.OutPoint{Hash: c.Hash("txid"), Index: uint32(index)}
	var coin *consensus.Coin
	if c.Bool("include_mempool") {
		if v.Mempool.Spender(out) != nil {
			return nil, nil
		}
		coin = v.Mempool.Coin(out, v.Tip.Height+1)
	}
	if coin == nil {
		var err error
		if coin, err = v.Store.Coin(out); err != nil || coin == nil {
			return nil, err
		}
	}
	return &txOutResult{
		BestBlock: v.Tip.Hash.String(), Confirmations: v.Tip.Height - coin.Height + 1, Value: Amount(coin.Value),
		Script: newScriptResult(codecOf(v), coin.Script), Coinbase: coin.Coinbase,
	}, nil
}

type txOutSetInfo struct {
	Height       int32  `json:"height"`
	BestBlock    string `json:"bestblock"`
	TxOuts       int64  `json:"txouts"`
	BogoSize     int64  `json:"bogosize"`
	Serialized   string `json:"hash_serialized_3,omitempty"`
	MuHash       string `json:"muhash,omitempty"`
	Total        Amount `json:"total_amount"`
	Transactions int64  `json:"transactions"`
	DiskSize     int64  `json:"disk_size"`
}

const hashSerialized = "hash_serialized_3"

func (n *nodeMethods) gettxoutsetinfo(ctx context.Context, c *Call) (any, error) {
	kind := c.Text("hash_type")
	hash := newCoinHash(kind)
	if hash == nil {
		return nil, Errorf(CodeParameter, "'%s' is not a valid hash_type", shorten(kind))
	}
	if c.Has("hash_or_height") {
		return nil, Errorf(CodeParameter, "Querying specific block heights requires coinstatsindex")
	}
	v, release := n.Node.Acquire()
	defer release()
	info := &txOutSetInfo{Height: v.Tip.Height, BestBlock: v.Tip.Hash.String()}
	if err := info.add(ctx, c, v.Store.EachCoin, hash); err != nil {
		return nil, err
	}
	switch sum := hash.sum(); kind {
	case hashSerialized:
		info.Serialized = sum
	case "muhash":
		info.MuHash = sum
	}
	return info, nil
}

// What an output takes beside its script: in Core's measure, and on the disk
// with its key.
const (
	bogoBase = 32 + 4 + 4 + 8 + 2
	diskBase = 36 + 8
)

// coinsBetweenLooks is how many outputs are read between two looks at whether
// anybody still waits.
const coinsBetweenLooks = 4096

func (info *txOutSetInfo) add(ctx context.Context, c *Call, each func(func(wire.OutPoint, *consensus.Coin) error) error, hash coinHash) error {
	var last wire.OutPoint
	var buffer []byte
	return each(func(o wire.OutPoint, coin *consensus.Coin) error {
		if info.TxOuts%coinsBetweenLooks == 0 {
			if err := ended(ctx, c); err != nil {
				return err
			}
		}
		if o.Hash != last.Hash || info.TxOuts == 0 {
			info.Transactions++
		}
		last = o
		info.TxOuts++
		info.Total += Amount(coin.Value)
		info.BogoSize += int64(bogoBase + len(coin.Script))
		info.DiskSize += int64(diskBase + len(coin.Script))
		buffer = appendCoin(buffer[:0], o, coin)
		hash.add(buffer)
		return nil
	})
}

// ended is an error when nobody waits for the call any more, or the server
// stops.
func ended(ctx context.Context, c *Call) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.Stopping():
		return Errorf(CodeNotConnected, "Shutting down")
	default:
		return nil
	}
}

func reversedHex(b []byte) string {
	b = slices.Clone(b)
	slices.Reverse(b)
	return hex.EncodeToString(b)
}
