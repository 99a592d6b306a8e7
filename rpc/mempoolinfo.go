package rpc

import (
	"context"
	"slices"

	"orrery/core/consensus"
	"orrery/core/mempool"
)

func (n *nodeMethods) mempoolMethods() []Method {
	read := func(m Method) Method {
		m.Category, m.Permission = "blockchain", PermRead
		return m
	}
	txid := Param{Name: "txid", Type: HashParam, Required: true, Doc: "The transaction id"}
	return []Method{
		read(Method{
			Name: "getmempoolinfo", Handler: n.getmempoolinfo, Express: true,
			Doc: "Tells the state of the mempool.",
			Result: Record("", "",
				Boolean("loaded", "Whether what was stored has been read"),
				Integer("size", "The number of transactions"),
				Integer("bytes", "The sum of their virtual sizes"),
				Integer("usage", "How many bytes of memory they take, about"),
				Coins("total_fee", "The sum of their fees"),
				Integer("maxmempool", "How many bytes of memory they may take"),
				Coins("mempoolminfee", "The fee for 1,000 virtual bytes that a transaction has to pay now"),
				Coins("minrelaytxfee", "The fee for 1,000 virtual bytes that a transaction has to pay always"),
				Coins("incrementalrelayfee", "How much more for 1,000 virtual bytes a replacement has to pay"),
				Integer("unbroadcastcount", "How many transactions no peer has taken yet"),
				Boolean("permitbaremultisig", "Whether bare multisig outputs are taken"),
				Integer("maxdatacarriersize", "How many bytes the OP_RETURN outputs of a transaction may have"),
				Integer("limitclustercount", "How many transactions may hang together by spending from each other"),
				Integer("limitclustersize", "How many virtual bytes they may have together"),
				Boolean("optimal", "Whether every cluster is known to be in its best order")),
		}),
		read(Method{
			Name: "getrawmempool", Handler: n.getrawmempool,
			Doc: "Lists the transactions in the mempool, parents before their children.",
			Params: []Param{
				{Name: "verbose", Type: BoolParam, Default: false, Doc: "true for an object that tells about each, false for the ids"},
				{Name: "mempool_sequence", Type: BoolParam, Default: false, Doc: "Whether to add the number that grows with every change; only with verbose = false"},
			},
			Result: OneOf("", "",
				List("", "", Hash("", "A transaction id")).When("for verbose = false"),
				Dictionary("", "", Record("transactionid", "A transaction", entrySchema()...)).When("for verbose = true"),
				Record("", "", List("txids", "The transactions", Hash("", "A transaction id")),
					Integer("mempool_sequence", "A number that grows with every change")).When("for verbose = false and mempool_sequence = true")),
			Example: `[true]`,
		}),
		read(Method{
			Name: "getmempoolentry", Handler: n.getmempoolentry, Params: []Param{txid},
			Doc:     "Tells about a transaction in the mempool.",
			Result:  Record("", "", entrySchema()...),
			Example: `["` + exampleTxid + `"]`,
		}),
	}
}

type mempoolInfo struct {
	Loaded             bool   `json:"loaded"`
	Size               int    `json:"size"`
	Bytes              int64  `json:"bytes"`
	Usage              int64  `json:"usage"`
	TotalFee           Amount `json:"total_fee"`
	MaxMempool         int64  `json:"maxmempool"`
	MinFee             Amount `json:"mempoolminfee"`
	MinRelay           Amount `json:"minrelaytxfee"`
	Incremental        Amount `json:"incrementalrelayfee"`
	UnbroadcastCount   int    `json:"unbroadcastcount"`
	PermitBareMultisig bool   `json:"permitbaremultisig"`
	MaxDatacarrier     int    `json:"maxdatacarriersize"`
	ClusterCount       int    `json:"limitclustercount"`
	ClusterSize        int    `json:"limitclustersize"`
	Optimal            bool   `json:"optimal"`
}

func (n *nodeMethods) getmempoolinfo(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	t := v.Mempool.Totals()
	return &mempoolInfo{
		Loaded: true, Size: t.Count, Bytes: t.VSize, Usage: t.Usage, TotalFee: Amount(t.Fees),
		MaxMempool: n.Limits.MaxUsage, MinFee: perKvB(n.minFeeRate(v)),
		MinRelay: perKvB(n.Limits.MinRelay), Incremental: perKvB(n.Limits.Incremental),
		UnbroadcastCount: t.Count, PermitBareMultisig: n.Limits.BareMultisig, MaxDatacarrier: n.Limits.MaxDatacarrier,
		ClusterCount: mempool.MaxClusterCount, ClusterSize: mempool.MaxClusterWeight / consensus.WitnessScale, Optimal: t.Count == 0,
	}, nil
}

func (n *nodeMethods) getrawmempool(ctx context.Context, c *Call) (any, error) {
	sequence := c.Bool("mempool_sequence")
	if c.Bool("verbose") && sequence {
		return nil, Errorf(CodeParameter, "Verbose results cannot contain mempool sequence values.")
	}
	v, release := n.Node.Acquire()
	defer release()
	if c.Bool("verbose") {
		return allEntries(ctx, c, v.Mempool) // encoding/json writes the keys in their order
	}
	list := v.Mempool.Topological()
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.Tx.ID().String()
	}
	if !sequence {
		return ids, nil
	}
	return struct {
		Txids    []string `json:"txids"`
		Sequence uint64   `json:"mempool_sequence"`
	}{ids, v.Mempool.Totals().Sequence}, nil
}

// entriesBetweenLooks is how many entries are written between two looks at
// whether anybody still waits.
const entriesBetweenLooks = 256

// allEntries puts each cluster in order once, for all of its members.
func allEntries(ctx context.Context, c *Call, pool *mempool.View) (map[string]*entryResult, error) {
	all := make(map[string]*entryResult, pool.Len())
	chunks := make(map[*mempool.Entry]mempool.Chunk, pool.Len())
	for e := range pool.All() {
		if len(all)%entriesBetweenLooks == 0 {
			if err := ended(ctx, c); err != nil {
				return nil, err
			}
		}
		if _, known := chunks[e]; !known {
			for _, chunk := range pool.Chunks(e) {
				for _, member := range chunk.Txs {
					chunks[member] = chunk
				}
			}
		}
		all[e.Tx.ID().String()] = newEntryResult(pool, e, chunks[e])
	}
	return all, nil
}

func (n *nodeMethods) getmempoolentry(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	e := v.Mempool.Get(c.Hash("txid"))
	if e == nil {
		return nil, errNotInMempool
	}
	return newEntryResult(v.Mempool, e, v.Mempool.ChunkOf(e)), nil
}

// entryResult is a transaction in the mempool (Core: entryToJSON).
type entryResult struct {
	VSize           int64     `json:"vsize"`
	Weight          int       `json:"weight"`
	Time            int64     `json:"time"`
	Height          int32     `json:"height"`
	DescendantCount int       `json:"descendantcount"`
	DescendantSize  int64     `json:"descendantsize"`
	AncestorCount   int       `json:"ancestorcount"`
	AncestorSize    int64     `json:"ancestorsize"`
	Wtxid           string    `json:"wtxid"`
	ChunkWeight     int64     `json:"chunkweight"`
	Fees            entryFees `json:"fees"`
	Depends         []string  `json:"depends"`
	SpentBy         []string  `json:"spentby"`
	Unbroadcast     bool      `json:"unbroadcast"`
}

type entryFees struct {
	Base       Amount `json:"base"`
	Modified   Amount `json:"modified"`
	Ancestor   Amount `json:"ancestor"`
	Descendant Amount `json:"descendant"`
	Chunk      Amount `json:"chunk"`
}

func newEntryResult(pool *mempool.View, e *mempool.Entry, chunk mempool.Chunk) *entryResult {
	up, down := pool.AncestorTotals(e), pool.DescendantTotals(e)
	return &entryResult{
		VSize: e.VSize(), Weight: e.Tx.Weight(), Time: e.Time, Height: e.Height,
		DescendantCount: down.Count, DescendantSize: down.VSize, AncestorCount: up.Count, AncestorSize: up.VSize,
		Wtxid: e.Tx.WitnessID().String(), ChunkWeight: chunk.Size,
		Fees:    entryFees{Amount(e.Fee), Amount(e.ModifiedFee()), Amount(up.Fees), Amount(down.Fees), Amount(chunk.Fee)},
		Depends: sortedIDs(pool.Parents(e)), SpentBy: sortedIDs(pool.Children(e)),
		Unbroadcast: true, // there are no peers that could have taken it
	}
}

func sortedIDs(list []*mempool.Entry) []string {
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.Tx.ID().String()
	}
	slices.Sort(ids)
	return ids
}

func entrySchema() []Schema {
	return []Schema{
		Integer("vsize", "The virtual size in bytes, or more for very many signature operations"),
		Integer("weight", "The weight (BIP141)"),
		Timestamp("time", "When it came"),
		Integer("height", "The height of the tip when it came"),
		Integer("descendantcount", "The number of transactions that need it, with itself"),
		Integer("descendantsize", "Their virtual size"),
		Integer("ancestorcount", "The number of unconfirmed transactions that it needs, with itself"),
		Integer("ancestorsize", "Their virtual size"),
		Hash("wtxid", "The hash with the witness"),
		Integer("chunkweight", "The weight of the chunk in which it would be mined"),
		Record("fees", "Fees",
			Coins("base", "Its own fee"),
			Coins("modified", "Its own fee with the delta for mining order"),
			Coins("ancestor", "The modified fees of the transactions that it needs, with itself"),
			Coins("descendant", "The modified fees of the transactions that need it, with itself"),
			Coins("chunk", "The modified fees of the chunk in which it would be mined")),
		List("depends", "The unconfirmed transactions that it spends from", Hash("", "A transaction id")),
		List("spentby", "The unconfirmed transactions that spend from it", Hash("", "A transaction id")),
		Boolean("unbroadcast", "Whether no peer has taken it yet"),
	}
}
