package rpc

import "context"

// statsMethods tell figures that block explorers show.
func (n *nodeMethods) statsMethods() []Method {
	return []Method{
		n.blockStatsMethod(),
		{
			Name: "getchaintxstats", Category: "blockchain", Permission: PermRead, Handler: n.getchaintxstats,
			Doc: "Tells how many transactions the chain has, and how many came lately.",
			Params: []Param{
				{Name: "nblocks", Type: IntParam, Range: int32Range, DefaultHint: "those of 30 days", Doc: "How many blocks to look at"},
				{Name: "blockhash", Type: HashParam, DefaultHint: "the tip", Doc: "The last of them"},
			},
			Result: Record("", "",
				Timestamp("time", "The time of the last block"),
				Integer("txcount", "The number of transactions in the chain up to it"),
				Hash("window_final_block_hash", "The hash of the last block"),
				Integer("window_final_block_height", "The height of the last block"),
				Integer("window_block_count", "How many blocks were looked at"),
				Integer("window_interval", "How many seconds they took, if there are any").Opt(),
				Integer("window_tx_count", "The number of their transactions, if there are any").Opt(),
				Float("txrate", "Transactions per second, if they took any time").Opt()),
			Example: `[10]`,
		},
		{
			Name: "getindexinfo", Category: "util", Permission: PermRead, Handler: n.getindexinfo,
			Doc:    "Tells how far the indexes are.\nThe index of transactions is part of the chain's store and always as far as the chain.",
			Params: []Param{{Name: "index_name", Type: StringParam, DefaultHint: "all", Doc: "Only this index"}},
			Result: Dictionary("", "", Record("name", "An index",
				Boolean("synced", "Whether it is as far as the chain"),
				Integer("best_block_height", "The height that it has reached"))),
			Example: `["txindex"]`,
		},
	}
}

type chainTxStats struct {
	Time     uint32  `json:"time"`
	Txs      int64   `json:"txcount"`
	Hash     string  `json:"window_final_block_hash"`
	Height   int32   `json:"window_final_block_height"`
	Blocks   int32   `json:"window_block_count"`
	Interval *int64  `json:"window_interval,omitempty"`
	Window   *int64  `json:"window_tx_count,omitempty"`
	Rate     *double `json:"txrate,omitempty"`
}

// statsTime is how long the blocks take that getchaintxstats looks at by
// itself, in seconds.
const statsTime = 30 * 24 * 3600

func (n *nodeMethods) getchaintxstats(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	last := v.Tip
	if c.Has("blockhash") {
		hash := c.Hash("blockhash")
		r, ok := v.Lookup(&hash)
		switch {
		case !ok:
			return nil, errBlockNotFound
		case !v.Contains(r.Node):
			return nil, Errorf(CodeParameter, "Block is not in main chain")
		}
		last = r.Node
	}
	blocks := max(0, int32(min(statsTime/v.Params.Spacing, int64(last.Height-1))))
	if c.Has("nblocks") {
		blocks = int32(c.Int("nblocks"))
		if blocks < 0 || blocks > 0 && blocks >= last.Height {
			return nil, Errorf(CodeParameter, "Invalid block count: should be between 0 and the block's height - 1")
		}
	}
	res := &chainTxStats{
		Time: last.Header.Time, Txs: n.totals.at(v, last.Height).Txs,
		Hash: last.Hash.String(), Height: last.Height, Blocks: blocks,
	}
	if blocks == 0 {
		return res, nil
	}
	first := v.At(last.Height - blocks)
	interval, window := last.MedianTime-first.MedianTime, res.Txs-n.totals.at(v, first.Height).Txs
	res.Interval, res.Window = &interval, &window
	if interval > 0 {
		rate := double(float64(window) / float64(interval))
		res.Rate = &rate
	}
	return res, nil
}

type indexInfo struct {
	Synced bool  `json:"synced"`
	Height int32 `json:"best_block_height"`
}

func (n *nodeMethods) getindexinfo(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	info := map[string]indexInfo{}
	if name := c.Text("index_name"); name == "" || name == "txindex" {
		info["txindex"] = indexInfo{true, v.Tip.Height}
	}
	return info, nil
}
