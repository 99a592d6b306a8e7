package rpc

import (
	"context"

	"orrery/core/mempool"
)

// familyMethods list what depends on what in the mempool.
func (n *nodeMethods) familyMethods() []Method {
	method := func(name, doc string, family func(*mempool.View, *mempool.Entry) []*mempool.Entry) Method {
		return Method{
			Name: name, Category: "blockchain", Permission: PermRead, Doc: doc,
			Params: []Param{
				{Name: "txid", Type: HashParam, Required: true, Doc: "The transaction id"},
				{Name: "verbose", Type: BoolParam, Default: false, Doc: "true for an object that tells about each, false for the ids"},
			},
			Result: OneOf("", "",
				List("", "", Hash("", "A transaction id")).When("for verbose = false"),
				Dictionary("", "", Record("transactionid", "A transaction", entrySchema()...)).When("for verbose = true")),
			Example: `["` + exampleTxid + `"]`,
			Handler: func(_ context.Context, c *Call) (any, error) { return n.listFamily(c, family) },
		}
	}
	return []Method{
		method("getmempoolancestors", "Lists the transactions in the mempool that a transaction there needs.", (*mempool.View).Ancestors),
		method("getmempooldescendants", "Lists the transactions in the mempool that need a transaction there.", (*mempool.View).Descendants),
	}
}

func (n *nodeMethods) listFamily(c *Call, family func(*mempool.View, *mempool.Entry) []*mempool.Entry) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	e := v.Mempool.Get(c.Hash("txid"))
	if e == nil {
		return nil, errNotInMempool
	}
	list := family(v.Mempool, e)
	if !c.Bool("verbose") {
		return sortedIDs(list), nil
	}
	all := make(map[string]*entryResult, len(list)) // written in the order of its keys
	for _, relative := range list {
		all[relative.Tx.ID().String()] = newEntryResult(v.Mempool, relative, v.Mempool.ChunkOf(relative))
	}
	return all, nil
}
