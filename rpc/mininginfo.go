package rpc

import (
	"context"
	"runtime"

	"github.com/holiman/uint256"

	"orrery/core/node"
)

// Miner mines on the node's own processors.
type Miner interface {
	// SetGenerate starts or stops it; threads below 1 keeps their number.
	SetGenerate(on bool, threads int)
	// Generating tells whether it mines, on how many threads, and how many
	// hashes per second it has lately tried.
	Generating() (on bool, threads int, rate float64)
}

func (n *nodeMethods) miningMethods() []Method {
	return []Method{
		{
			Name: "getmininginfo", Category: "mining", Permission: PermRead, Handler: n.getmininginfo,
			Doc: "Tells the state of mining.",
			Result: Record("", "",
				Integer("blocks", "The height of the best chain"),
				Integer("currentblockweight", "The weight of the block that was last assembled for getblocktemplate, if one was").Opt(),
				Integer("currentblocktx", "The number of its transactions, without the coinbase").Opt(),
				Hex("bits", "The tip's target in compact form"),
				Float("difficulty", "The tip's difficulty"),
				Hash("target", "The tip's target"),
				Float("networkhashps", "About how many hashes per second the whole network tries"),
				Integer("pooledtx", "The number of transactions in the mempool"),
				Coins("blockmintxfee", "The fee for 1,000 virtual bytes from which transactions are mined"),
				Text("chain", "Always \"regtest\", as in getblockchaininfo"),
				Record("next", "The next block",
					Integer("height", "Its height"), Hex("bits", "Its target in compact form"),
					Float("difficulty", "Its difficulty"), Hash("target", "Its target")),
				List("warnings", "What people should know", Text("", "A warning")),
				Boolean("generate", "Whether this node mines on its own processors"),
				Integer("genthreads", "On how many threads it does, or would"),
				Float("hashespersec", "How many hashes per second it tries")),
		},
		{
			Name: "getnetworkhashps", Category: "mining", Permission: PermRead, Handler: n.getnetworkhashps,
			Doc: "Estimates how many hashes per second the whole network tries.",
			Params: []Param{
				{Name: "nblocks", Type: IntParam, Range: int32Range, Default: 120, Doc: "From how many blocks; -1 for those since the difficulty last changed"},
				{Name: "height", Type: IntParam, Range: int32Range, Default: -1, Doc: "As of which height; -1 for the tip"},
			},
			Result:  Float("", "Hashes per second"),
			Example: `[120, -1]`,
		},
		{
			Name: "setgenerate", Category: "mining", Permission: PermMine, Handler: n.setgenerate,
			Doc: "Starts or stops mining on the node's own processors.",
			Params: []Param{
				{Name: "generate", Type: BoolParam, Required: true, Doc: "Whether to mine"},
				{Name: "threads", Type: IntParam, DefaultHint: "as before", Doc: "On how many threads; -1 for as many as the machine has processors"},
			},
			Result: Null("", ""), Example: `[true, 1]`,
		},
	}
}

type miningInfo struct {
	Blocks        int32     `json:"blocks"`
	BlockWeight   *int64    `json:"currentblockweight,omitempty"`
	BlockTxs      *int      `json:"currentblocktx,omitempty"`
	Bits          string    `json:"bits"`
	Difficulty    double    `json:"difficulty"`
	Target        string    `json:"target"`
	NetworkHashPS double    `json:"networkhashps"`
	PooledTx      int       `json:"pooledtx"`
	MinTxFee      Amount    `json:"blockmintxfee"`
	Chain         string    `json:"chain"`
	Next          nextBlock `json:"next"`
	Warnings      []string  `json:"warnings"`
	Generate      bool      `json:"generate"`
	Threads       int       `json:"genthreads"`
	HashesPerSec  double    `json:"hashespersec"`
}

type nextBlock struct {
	Height     int32  `json:"height"`
	Bits       string `json:"bits"`
	Difficulty double `json:"difficulty"`
	Target     string `json:"target"`
}

func (n *nodeMethods) getmininginfo(context.Context, *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	bits := v.Tip.Header.Bits
	info := &miningInfo{
		Blocks: v.Tip.Height, Bits: hex32(bits), Difficulty: difficulty(bits), Target: target(bits),
		NetworkHashPS: hashRate(v, 120, v.Tip.Height), PooledTx: v.Mempool.Len(), MinTxFee: perKvB(v.MinFeeRate),
		Chain:    chainName,
		Next:     nextBlock{v.Tip.Height + 1, hex32(v.NextBits), difficulty(v.NextBits), target(v.NextBits)},
		Warnings: n.warnings(v),
	}
	if w := n.templates.last(); w != nil {
		count := len(w.Txs)
		info.BlockWeight, info.BlockTxs = &w.Weight, &count
	}
	if n.Miner != nil {
		on, threads, rate := n.Miner.Generating()
		info.Generate, info.Threads, info.HashesPerSec = on, threads, double(rate)
	}
	return info, nil
}

func (n *nodeMethods) getnetworkhashps(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	blocks, height := c.Int("nblocks"), c.Int("height")
	if blocks < -1 || blocks == 0 {
		return nil, Errorf(CodeParameter, "Invalid nblocks. Must be a positive number or -1.")
	}
	if height < -1 || height > int64(v.Tip.Height) {
		return nil, Errorf(CodeParameter, "Block does not exist at specified height")
	}
	if height == -1 {
		height = int64(v.Tip.Height)
	}
	return hashRate(v, int32(blocks), int32(height)), nil
}

// hashRate is the work of the last blocks up to a height over the time that
// they took; blocks = -1: since the target last changed (Core:
// GetNetworkHashPS).
func hashRate(v *node.View, blocks, height int32) double {
	last := v.At(height)
	if height == 0 {
		return 0
	}
	first := last
	earliest, latest := last.Header.Time, last.Header.Time
	for i := int32(0); first.Height > 0 && i != blocks; i++ {
		if blocks < 0 && first.Header.Bits != last.Header.Bits {
			break
		}
		first = first.Parent
		earliest, latest = min(earliest, first.Header.Time), max(latest, first.Header.Time)
	}
	if earliest == latest {
		return 0
	}
	var work uint256.Int
	work.Sub(&last.Work, &first.Work)
	return double(toFloat(&work) / float64(latest-earliest))
}

func (n *nodeMethods) setgenerate(_ context.Context, c *Call) (any, error) {
	threads := c.Int("threads")
	if c.Has("threads") && (threads == 0 || threads < -1 || threads > maxThreads) {
		return nil, Errorf(CodeParameter, "threads must be -1 or between 1 and %d", maxThreads)
	}
	if n.Miner == nil {
		return nil, Errorf(CodeMisc, "This node cannot mine by itself")
	}
	if threads == -1 {
		threads = int64(processors())
	}
	n.Miner.SetGenerate(c.Bool("generate"), int(threads))
	return nil, nil
}

// maxThreads is far more than a machine has processors.
const maxThreads = 1024

func processors() int { return runtime.GOMAXPROCS(0) }
