package rpc

import (
	"cmp"
	"context"
	"slices"

	"github.com/btcsuite/btcd/wire/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/node"
)

func (n *nodeMethods) blockStatsMethod() Method {
	value := func(name, doc string) Schema { return Integer(name, doc).Opt() }
	return Method{
		Name: "getblockstats", Category: "blockchain", Permission: PermRead, Handler: n.getblockstats,
		Doc: "Tells figures about a block.\nAmounts are in satoshi, fee rates in satoshi for each virtual byte.",
		Params: []Param{
			{Name: "hash_or_height", Type: HeightOrHash, Required: true, Doc: "The block's hash, or its height on the best chain"},
			{Name: "stats", Type: ArrayParam, DefaultHint: "all figures", Doc: "Which figures", Inner: []Param{{Name: "figure", Type: StringParam, Doc: "The name of a figure"}}},
		},
		Result: Record("", "",
			value("avgfee", "The average fee"), value("avgfeerate", "The average fee rate"), value("avgtxsize", "The average size of a transaction"),
			Hash("blockhash", "The block's hash").Opt(),
			List("feerate_percentiles", "The fee rates at the 10th, 25th, 50th, 75th and 90th percentile of the weight", Integer("", "A fee rate")).Opt(),
			value("height", "The block's height"), value("ins", "The number of inputs without the coinbase's"),
			value("maxfee", "The largest fee"), value("maxfeerate", "The largest fee rate"), value("maxtxsize", "The largest size of a transaction"),
			value("medianfee", "The median fee"), value("mediantime", "The median time of the 11 blocks that end here"),
			value("mediantxsize", "The median size of a transaction"),
			value("minfee", "The least fee"), value("minfeerate", "The least fee rate"), value("mintxsize", "The least size of a transaction"),
			value("outs", "The number of outputs"), value("subsidy", "What the reward policy let the block create"),
			value("swtotal_size", "The size of the transactions with witnesses"), value("swtotal_weight", "Their weight"), value("swtxs", "Their number"),
			value("time", "The block's time"), value("total_out", "The sum of the outputs without the coinbase's"),
			value("total_size", "The size of the transactions without the coinbase"), value("total_weight", "Their weight"),
			value("totalfee", "The sum of the fees"), value("txs", "The number of transactions with the coinbase"),
			value("utxo_increase", "How many more outputs there are than inputs"), value("utxo_size_inc", "How many more bytes they take"),
			value("utxo_increase_actual", "How many more unspent outputs there are: without those that nobody can spend"),
			value("utxo_size_inc_actual", "How many more bytes they take")),
		Example: `[0, ["subsidy", "txs"]]`,
	}
}

func (n *nodeMethods) getblockstats(_ context.Context, c *Call) (any, error) {
	v, release := n.Node.Acquire()
	defer release()
	r, err := blockAt(v, c.Raw("hash_or_height"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, item := range c.Items("stats") {
		name, err := item.Text()
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if r.Status&chain.HaveBody == 0 {
		return nil, errNoBody
	}
	if r.Status&chain.Connected == 0 {
		return nil, Errorf(CodeMisc, "The block was never connected, so that nobody knows what it spends")
	}
	b, err := n.blocks.block(v, r.Seq)
	if err != nil {
		return nil, err
	}
	var s blockStats
	for i := range b.Txs {
		if err := s.add(v, r, b, i); err != nil {
			return nil, err
		}
	}
	all := s.figures(v, r, b)
	if names == nil {
		return all, nil
	}
	slices.Sort(names)
	chosen := ordered{}
	for _, name := range slices.Compact(names) {
		i := slices.IndexFunc(all, func(p pair) bool { return p.key == name })
		if i < 0 {
			return nil, Errorf(CodeParameter, "Invalid selected statistic '%s'", shorten(name))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// blockAt finds a block by its hash, or by its height on the best chain (Core:
// ParseHashOrHeight).
func blockAt(v *node.View, which Value) (*chain.Record, error) {
	if which.Kind() != KindNumber {
		hash, err := which.Hash("hash_or_height")
		if err != nil {
			return nil, err
		}
		if r, ok := v.Lookup(&hash); ok {
			return r, nil
		}
		return nil, errBlockNotFound
	}
	height, err := which.within(int32Range)
	switch {
	case err != nil:
		return nil, err
	case height < 0:
		return nil, Errorf(CodeParameter, "Target block height %d is negative", height)
	case height > int64(v.Tip.Height):
		return nil, Errorf(CodeParameter, "Target block height %d after current tip %d", height, v.Tip.Height)
	}
	hash := v.At(int32(height)).Hash
	r, _ := v.Lookup(&hash) // the best chain is known
	return r, nil
}

// outputBase is what an output takes in the set of unspent outputs beside
// itself: its outpoint, height and coinbase flag (Core: PER_UTXO_OVERHEAD).
const outputBase = 36 + 4

func outputSize(value int64, script []byte) int64 {
	return int64(wire.NewTxOut(value, script).SerializeSize()) + outputBase
}

// blockStats adds up a block's transactions (Core: getblockstats).
type blockStats struct {
	fees, rates, sizes []int64 // of each transaction but the coinbase
	weights            []rateWeight
	ins, outs          int64
	paid, fee          int64 // satoshi
	size, weight       int64
	witnessTxs         int64
	witnessSize        int64
	witnessWeight      int64
	setSize            int64 // bytes more in the set of unspent outputs
	spendable          int64 // outputs that somebody can spend
	spendableSize      int64
}

type rateWeight struct{ rate, weight int64 }

func (s *blockStats) add(v *node.View, r *chain.Record, b *cachedBlock, i int) error {
	tx := b.Txs[i]
	var paid int64
	for _, out := range tx.Msg.TxOut {
		paid += out.Value
		size := outputSize(out.Value, out.PkScript)
		s.setSize += size
		if r.Height > 0 && !consensus.Unspendable(out.PkScript) { // genesis makes no coins
			s.spendable++
			s.spendableSize += size
		}
	}
	s.outs += int64(len(tx.Msg.TxOut))
	if i == 0 {
		return nil
	}
	spent, err := b.spentBy(v, i)
	if err != nil {
		return err
	}
	fee := -paid
	for _, coin := range spent {
		fee += coin.Value
		size := outputSize(coin.Value, coin.Script)
		s.setSize -= size
		s.spendableSize -= size
	}
	size, weight := int64(tx.Size()), int64(tx.Weight())
	rate := fee * consensus.WitnessScale / weight
	s.ins += int64(len(tx.Msg.TxIn))
	s.paid, s.fee, s.size, s.weight = s.paid+paid, s.fee+fee, s.size+size, s.weight+weight
	s.fees, s.rates, s.sizes = append(s.fees, fee), append(s.rates, rate), append(s.sizes, size)
	s.weights = append(s.weights, rateWeight{rate, weight})
	if tx.Msg.HasWitness() {
		s.witnessTxs, s.witnessSize, s.witnessWeight = s.witnessTxs+1, s.witnessSize+size, s.witnessWeight+weight
	}
	return nil
}

// figures lists everything in Core's order.
func (s *blockStats) figures(v *node.View, r *chain.Record, b *cachedBlock) ordered {
	for _, list := range [][]int64{s.fees, s.rates, s.sizes} {
		slices.Sort(list)
	}
	txs := int64(len(s.fees))
	return ordered{
		{"avgfee", quotient(s.fee, txs)}, {"avgfeerate", quotient(s.fee*consensus.WitnessScale, s.weight)}, {"avgtxsize", quotient(s.size, txs)},
		{"blockhash", r.Hash.String()}, {"feerate_percentiles", percentiles(s.weights, s.weight)}, {"height", r.Height}, {"ins", s.ins},
		{"maxfee", largest(s.fees)}, {"maxfeerate", largest(s.rates)}, {"maxtxsize", largest(s.sizes)},
		{"medianfee", median(s.fees)}, {"mediantime", r.MedianTime}, {"mediantxsize", median(s.sizes)},
		{"minfee", least(s.fees)}, {"minfeerate", least(s.rates)}, {"mintxsize", least(s.sizes)},
		{"outs", s.outs}, {"subsidy", subsidy(v, r, b)},
		{"swtotal_size", s.witnessSize}, {"swtotal_weight", s.witnessWeight}, {"swtxs", s.witnessTxs},
		{"time", r.Header.Time}, {"total_out", s.paid}, {"total_size", s.size}, {"total_weight", s.weight}, {"totalfee", s.fee}, {"txs", txs + 1},
		{"utxo_increase", s.outs - s.ins}, {"utxo_size_inc", s.setSize},
		{"utxo_increase_actual", s.spendable - s.ins}, {"utxo_size_inc_actual", s.spendableSize},
	}
}

// subsidy is what the reward policy let a connected block create; no policy
// made the genesis block.
func subsidy(v *node.View, r *chain.Record, b *cachedBlock) int64 {
	if r.Parent == nil {
		return b.Txs[0].Msg.TxOut[0].Value
	}
	parent, _ := v.Lookup(&r.Parent.Hash) // its child is known
	return r.Issued - parent.Issued
}

func quotient(sum, n int64) int64 {
	if n == 0 {
		return 0
	}
	return sum / n
}

// least, largest and median are of a sorted list; 0 of an empty one.
func least(list []int64) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[0]
}

func largest(list []int64) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1]
}

func median(list []int64) int64 {
	n := len(list)
	switch {
	case n == 0:
		return 0
	case n%2 == 0:
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[n/2]
}

// percentiles are the rates at which 10, 25, 50, 75 and 90 % of the weight are
// reached (Core: CalculatePercentilesByWeight).
func percentiles(list []rateWeight, total int64) [5]int64 {
	slices.SortFunc(list, func(a, b rateWeight) int { return cmp.Or(cmp.Compare(a.rate, b.rate), cmp.Compare(a.weight, b.weight)) })
	var rates [5]int64
	next, sum := 0, int64(0)
	for _, tx := range list {
		sum += tx.weight
		for next < len(rates) && sum*100 >= total*[...]int64{10, 25, 50, 75, 90}[next] {
			rates[next] = tx.rate
			next++
		}
	}
	return rates
}
