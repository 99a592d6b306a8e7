package rpc

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"

	"orrery/core/consensus"
	"orrery/core/directory"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/wallet/address"
)

// Directory is the names that are claimed on the chain.
type Directory interface {
	// Names returns the table after the tip of a view; release the view soon. It
	// waits for the table to get to the newest.
	Names(ctx context.Context) (t directory.Table, v *node.View, release func(), err error)
	// Carry puts a claim into the coinbases of the blocks that this node mines,
	// until the chain has it, this node ends, or it can no longer count.
	Carry(c directory.Claim) error
	// Carried are the claims that wait for that.
	Carried() []directory.Claim
}

func (n *nodeMethods) nameMethods() []Method {
	return []Method{
		{
			Name: "getdirectory", Category: "names", Permission: PermRead, Handler: n.getdirectory,
			Doc: "Lists the names that are claimed on the chain, and whom they are paid to.",
			Params: []Param{
				{Name: "count", Type: IntParam, Default: 1000, Doc: "How many names to return at most, up to 100000"},
				{Name: "from", Type: StringParam, Default: "", Doc: "The name to begin with, or what comes after it"},
			},
			Result: Record("", "",
				Integer("height", "The height of the chain for which this is true"),
				Integer("total", "How many names there are"),
				List("names", "The names in the order of the alphabet", Record("", "A name", nameSchemas()...)),
				pendingSchema("Claims that no block has yet and that would count in the next one")),
			Example: `[10, "alice"]`,
		},
		{
			Name: "resolvename", Category: "names", Permission: PermRead, Handler: n.resolvename,
			Doc: fmt.Sprintf("Tells whom a name is paid to.\nPay it only when confirmations is %d or more.", directory.MinConfirmations),
			Params: []Param{
				{Name: "name", Type: StringParam, Required: true, Doc: "The name"},
			},
			Result:  Record("", "", append(nameSchemas(), pendingSchema("Claims that would change that and that no block has yet"))...),
			Example: `["alice"]`,
		},
	}
}

func nameSchemas() []Schema {
	return []Schema{
		Text("name", "The name"),
		Text("address", "The address that it is paid to"),
		Hex("scriptPubKey", "The script of the address"),
		Integer("seq", "The number of the last claim that counts; the next must have a higher one"),
		Hash("txid", "The transaction with that claim"),
		Integer("vout", "The index of the output that carries it"),
		Integer("height", "The height of its block"),
		Integer("since", "The height from which on the name has this address"),
		Integer("confirmations", "How many blocks there are from that one to the tip"),
		Integer("node_id", "The ID of the node that the wallet with the name says to be attached to; absent when nobody has heard of it within the last hour").Opt(),
	}
}

func pendingSchema(doc string) Schema {
	return List("pending", doc, Record("", "A claim",
		Text("name", "The name"),
		Text("address", "The address that it would be paid to"),
		Integer("seq", "The number of the claim"),
		Hash("txid", "The transaction in the mempool; absent while the claim waits for a block that this node mines").Opt(),
		Integer("vout", "The index of its output").Opt()))
}

type nameEntry struct {
	Name          string `json:"name"`
	Address       string `json:"address"`
	Script        string `json:"scriptPubKey"`
	Seq           uint32 `json:"seq"`
	Txid          string `json:"txid"`
	Vout          uint32 `json:"vout"`
	Height        int32  `json:"height"`
	Since         int32  `json:"since"`
	Confirmations int32  `json:"confirmations"`
	NodeID        uint32 `json:"node_id,omitempty"`
}

type pendingName struct {
	Name    string  `json:"name"`
	Address string  `json:"address"`
	Seq     uint32  `json:"seq"`
	Txid    string  `json:"txid,omitempty"`
	Vout    *uint32 `json:"vout,omitempty"`
	script  []byte
}

// nameBook is the table of names at the tip of a view.
type nameBook struct {
	directory.Table
	*node.View
	codec   address.Codec
	carried []directory.Claim
	now     int64 // Unix nanoseconds
}

var errNoDirectory = &Error{Code: CodeMisc, Message: "This node keeps no directory of names"}

var errFetching = &Error{Code: CodeInitialSync, Message: "The chain of the network is still being fetched: who has a name is not known before it is here"}

// openNames reads the table. Release it soon. known says that it must be that
// of the network, not of the part of the chain that is here.
func (n *nodeMethods) openNames(ctx context.Context, known bool) (*nameBook, func(), error) {
	if n.Names == nil {
		return nil, nil, errNoDirectory
	}
	t, v, release, err := n.Names.Names(ctx)
	if err != nil {
		return nil, nil, Errorf(CodeMisc, "%w", err)
	}
	if known && fetching(v) {
		release()
		return nil, nil, errFetching
	}
	return &nameBook{t, v, codecOf(v), n.Names.Carried(), n.Node.Now().UnixNano()}, release, nil
}

func (b *nameBook) address(script []byte) string {
	a, _ := b.codec.FromScript(script)
	return a.String()
}

func (b *nameBook) entry(h *directory.Holding) nameEntry {
	return nameEntry{
		h.Name, b.address(h.Script), hex.EncodeToString(h.Script), h.Seq, h.At.Txid.String(), h.At.Output,
		h.At.Height, h.Since, h.Confirmations(b.Tip.Height), b.attached(h),
	}
}

// attached is the node to which the wallet with a name is attached; 0: unknown.
func (b *nameBook) attached(h *directory.Holding) uint32 {
	if b.Net == nil {
		return 0
	}
	w, ok := b.Net.Attached.Get(b.now, h.Name)
	if !ok || !bytes.Equal(w.Script, h.Script) {
		return 0 // it was somebody else's
	}
	return w.NodeID
}

// pending lists the claims that no block has yet by name: all, or those of one.
func (b *nameBook) pending(name string) []pendingName {
	list := []pendingName{}
	add := func(c *directory.Claim, txid string, vout *uint32) {
		if name == "" || c.Name == name {
			list = append(list, pendingName{c.Name, b.address(c.Script), c.Seq, txid, vout, c.Script})
		}
	}
	for _, p := range b.Pending(poolTxs(b.Mempool), name) {
		add(&p.Claim, p.Txid.String(), &p.Output)
	}
	for i := range b.carried {
		if c := &b.carried[i]; b.Check(c) == nil {
			add(c, "", nil)
		}
	}
	slices.SortStableFunc(list, func(p, q pendingName) int { return strings.Compare(p.Name, q.Name) })
	return list
}

func poolTxs(v *mempool.View) iter.Seq[*consensus.Tx] {
	return func(yield func(*consensus.Tx) bool) {
		for e := range v.All() {
			if !yield(e.Tx) {
				return
			}
		}
	}
}

type directoryAnswer struct {
	Height  int32         `json:"height"`
	Total   int           `json:"total"`
	Names   []nameEntry   `json:"names"`
	Pending []pendingName `json:"pending"`
}

func (n *nodeMethods) getdirectory(ctx context.Context, c *Call) (any, error) {
	count := c.Int("count")
	if count < 0 {
		return nil, Errorf(CodeParameter, "count cannot be negative")
	}
	b, release, err := n.openNames(ctx, false)
	if err != nil {
		return nil, err
	}
	defer release()
	res := &directoryAnswer{Height: b.Tip.Height, Total: b.Len(), Names: []nameEntry{}, Pending: b.pending("")}
	for h := range b.From(c.Text("from")) {
		if int64(len(res.Names)) >= min(count, maxPage) {
			break
		}
		res.Names = append(res.Names, b.entry(h))
	}
	return res, nil
}

type resolved struct {
	nameEntry
	Pending []pendingName `json:"pending"`
}

func (n *nodeMethods) resolvename(ctx context.Context, c *Call) (any, error) {
	name, err := nameParam(c)
	if err != nil {
		return nil, err
	}
	b, release, err := n.openNames(ctx, true)
	if err != nil {
		return nil, err
	}
	defer release()
	pending := b.pending(name)
	h := b.Get(name)
	switch {
	case h != nil:
		return &resolved{b.entry(h), pending}, nil
	case len(pending) > 0:
		return nil, Errorf(CodeAddress, "The claim of the name %q waits for a block: until then, and until %d blocks have it, somebody else can still get the name",
			name, directory.MinConfirmations)
	}
	return nil, Errorf(CodeAddress, "Nobody has claimed the name %q", name)
}

func nameParam(c *Call) (string, error) {
	name := c.Text("name")
	if !directory.ValidName(name) {
		return "", Errorf(CodeParameter, "%q is no name: a name has 1 to %d of a-z, 0-9 and -, which is neither first nor last", shorten(name), directory.MaxName)
	}
	return name, nil
}
