package sim

import (
	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
)

// NodeConfig is what the real node is opened with; Config.Open may change it.
func (n *Net) NodeConfig(_ *Node, b Boot) node.Config {
	return node.Config{
		Chain: chain.Config{
			Params: n.cfg.Params, Store: b.Store, Verifier: consensus.SerialVerifier{}, Rules: n.cfg.Rules, CheckWork: CheckWork,
		},
		Mempool: mempool.DefaultConfig(),
	}
}
