package rpc

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"orrery/core/chain"
)

// forkTreeDepth is how many heights getforktree shows unless told.
const forkTreeDepth = 20

func (n *nodeMethods) forkTreeMethod() Method {
	return Method{
		Name: "getforktree", Category: "blockchain", Permission: PermRead, Handler: n.getforktree,
		Doc: "Lists the blocks of all branches near the tip, the highest first.\nThe parents tell how they hang together: two blocks with one parent are a fork.",
		Params: []Param{
			{Name: "depth", Type: IntParam, Range: int32Range, Default: forkTreeDepth, Doc: "How many heights below the highest header to show"},
		},
		Result: List("", "", Record("", "A block",
			Integer("height", "Its height"),
			Hash("hash", "Its hash"),
			Hash("previousblockhash", "Its parent's hash").Opt(),
			Integer("time", "The time in its header"),
			Text("status", "The word that getchaintips has for a branch which ends here"),
			Integer("children", "How many blocks build on it directly"),
			Boolean("tip", "Whether nothing builds on it"))),
		Example: `[10]`,
	}
}

type forkBlock struct {
	Height   int32  `json:"height"`
	Hash     string `json:"hash"`
	Parent   string `json:"previousblockhash,omitempty"`
	Time     uint32 `json:"time"`
	Status   string `json:"status"`
	Children int    `json:"children"`
	Tip      bool   `json:"tip"`
}

func (n *nodeMethods) getforktree(_ context.Context, c *Call) (any, error) {
	depth := c.Int("depth")
	if depth < 0 {
		return nil, Errorf(CodeParameter, "Negative depth")
	}
	v, release := n.Node.Acquire()
	defer release()
	top := int64(max(v.Tip.Height, v.Header.Height))
	children := map[*chain.Node]int{}
	var shown []*chain.Record
	v.Each(func(r *chain.Record) bool {
		if int64(r.Height) >= top-depth {
			shown = append(shown, r)
			children[r.Parent]++
		}
		return true
	})
	tree := make([]forkBlock, 0, len(shown))
	for _, r := range shown {
		b := forkBlock{Height: r.Height, Hash: r.Hash.String(), Time: r.Header.Time, Status: tipStatus(v, r), Children: children[r.Node], Tip: children[r.Node] == 0}
		if r.Parent != nil {
			b.Parent = r.Parent.Hash.String()
		}
		tree = append(tree, b)
	}
	slices.SortFunc(tree, func(a, b forkBlock) int {
		return cmp.Or(cmp.Compare(b.Height, a.Height), strings.Compare(a.Hash, b.Hash))
	})
	return tree, nil
}
