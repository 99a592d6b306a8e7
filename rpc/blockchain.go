package rpc

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"orrery/core/chain"
	"orrery/core/node"
)

func (n *nodeMethods) blockchainMethods() []Method {
	read := func(m Method) Method {
		m.Category, m.Permission = "blockchain", PermRead
		return m
	}
	return []Method{
		read(Method{
			Name: "getblockchaininfo", Express: true, Handler: n.getblockchaininfo,
			Doc:    "Tells the state of the chain.",
			Result: chainInfoSchema(),
		}),
		read(Method{
			Name: "getbestblockhash", Express: true, Handler: n.getbestblockhash,
			Doc:    "Returns the hash of the tip of the best chain.",
			Result: Hash("", "The block's hash"),
		}),
		read(Method{
			Name: "getblockcount", Express: true, Handler: n.getblockcount,
			Doc:    "Returns the height of the best chain.\nThe genesis block has height 0.",
			Result: Integer("", "The height of the tip"),
		}),
		read(Method{
			Name: "getblockhash", Express: true, Handler: n.getblockhash,
			Doc:     "Returns the hash of the block at a height of the best chain.",
			Params:  []Param{{Name: "height", Type: IntParam, Range: int32Range, Required: true, Doc: "The height"}},
			Result:  Hash("", "The block's hash"),
			Example: `[0]`,
		}),
		read(Method{
			Name: "getblockheader", Handler: n.getblockheader,
			Doc: "Returns the header of a block.\nIt need not be on the best chain.",
			Params: []Param{
				{Name: "blockhash", Called: "hash", Type: HashParam, Required: true, Doc: "The block's hash"},
				{Name: "verbose", Type: BoolParam, Default: true, Doc: "true for an object, false for the 80 bytes in hexadecimal"},
			},
			Result: OneOf("", "",
				Record("", "", headerSchema()...).When("for verbose = true"),
				Hex("", "The header's 80 bytes").When("for verbose = false")),
			Example: `["` + exampleHash + `"]`,
		}),
		read(Method{
			Name: "getchaintips", Handler: n.getchaintips,
			Doc: "Lists the ends of all known branches, the highest first.",
			Result: List("", "", Record("", "A branch",
				Integer("height", "The height of its end"),
				Hash("hash", "The hash of its end"),
				Integer("branchlen", "How many of its blocks are not on the best chain; 0 for the best chain itself"),
				Text("status", "\"active\": the best chain\n\"valid-fork\": all its rules were checked and hold, but it has less work\n"+
					"\"valid-headers\": its blocks are there, but were never checked in full\n\"headers-only\": some of its blocks are missing\n"+
					"\"invalid\": a block broke a rule or was declared invalid"))),
		}),
		n.forkTreeMethod(),
		read(Method{
			Name: "getdifficulty", Express: true, Handler: n.getdifficulty,
			Doc:    "Returns the difficulty of the tip.",
			Result: Float("", "How much harder the target is than Bitcoin's easiest"),
		}),
	}
}

// exampleHash is Bitcoin Core's regtest genesis block.
const exampleHash = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"

func (n *nodeMethods) getbestblockhash(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	return v.Tip.Hash.String(), nil
}

func (n *nodeMethods) getblockcount(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	height := v.Tip.Height
	release()
	return height, nil
}

func (n *nodeMethods) getblockhash(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	height := c.Int("height")
	if height < 0 || height > int64(v.Tip.Height) {
		return nil, Errorf(CodeParameter, "Block height out of range")
	}
	return v.At(int32(height)).Hash.String(), nil
}

func (n *nodeMethods) getblockheader(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	hash := c.Hash("blockhash")
	r, ok := v.Lookup(&hash)
	if !ok {
		return nil, errBlockNotFound
	}
	if !c.Bool("verbose") {
		b := r.Header.Bytes()
		return hex.EncodeToString(b[:]), nil
	}
	return newHeaderResult(v, r), nil
}

func (n *nodeMethods) getdifficulty(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	return difficulty(v.Tip.Header.Bits), nil
}

type chainTip struct {
	Height    int32  `json:"height"`
	Hash      string `json:"hash"`
	BranchLen int32  `json:"branchlen"`
	Status    string `json:"status"`
}

func (n *nodeMethods) getchaintips(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	tips := []chainTip{}
	for _, r := range v.Tips() {
		tips = append(tips, chainTip{r.Height, r.Hash.String(), r.Height - v.ForkPoint(r.Node).Height, tipStatus(v, r)})
	}
	slices.SortFunc(tips, func(a, b chainTip) int {
		return cmp.Or(cmp.Compare(b.Height, a.Height), strings.Compare(a.Hash, b.Hash))
	})
	return tips, nil
}

func tipStatus(v *node.View, r *chain.Record) string {
	switch {
	case v.Contains(r.Node):
		return "active"
	case r.Failed:
		return "invalid"
	case !r.Linked:
		return "headers-only"
	case r.Status&chain.Connected != 0:
		return "valid-fork"
	}
	return "valid-headers"
}

// warnings are what people should know of the node's state.
func (n *nodeMethods) warnings(v *node.View) []string {
	list := []string{}
	for _, f := range v.Failures {
		list = append(list, fmt.Sprintf("The %s script failed for block %d, so its fallback was used: %v", f.Err.Hook, f.Height, f.Err))
	}
	if p, _ := n.peersOf(v); p.Warning != "" {
		list = append(list, p.Warning)
	}
	return list
}
