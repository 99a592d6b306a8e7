package sim

import (
	"encoding/binary"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/node"
	"orrery/core/peering"
	"orrery/core/protocol"
)

// openNode opens the real node.
func openNode(x *Node, b Boot) (Machine, error) { return node.Open(x.net.NodeConfig(x, b), b.Now) }

// NodeConfig is what the real node is opened with. A Config.Open that wants
// another may change it.
func (n *Net) NodeConfig(x *Node, b Boot) node.Config {
	return node.Config{Chain: n.chainConfig(b.Store), Mempool: mempool.DefaultConfig(), Peering: n.peeringConfig(x, b), PeeringSaved: b.Saved}
}

func (n *Net) chainConfig(s chain.Store) chain.Config {
	return chain.Config{Params: n.cfg.Params, Store: s, Verifier: consensus.SerialVerifier{}, Rules: n.cfg.Rules, CheckWork: CheckWork}
}

func (n *Net) peeringConfig(x *Node, b Boot) *peering.Config {
	r := Stream(b.Seed, x.ID, "peering")
	c := peering.Defaults()
	c.NetworkID = chainhash.Hash(n.cfg.Params.NetworkID)
	c.Nonce = r.Uint64() | 1
	for i := 0; i < len(c.Seed); i += 8 {
		binary.LittleEndian.PutUint64(c.Seed[i:], r.Uint64())
	}
	c.Host, c.Listen, c.Bound = x.spec.Host, x.spec.Listen, x.spec.Listen != ""
	c.Join, c.First = x.spec.Join, len(x.spec.Join) == 0
	if x.spec.Capacity > 0 {
		c.Capacity = x.spec.Capacity
	}
	c.MaxFutureTime = n.cfg.Params.MaxFutureTime
	if n.cfg.Peering != nil {
		n.cfg.Peering(x, &c)
	}
	return &c
}

// serve answers a question for a node, as its host would.
func (n *Net) serve(x *Node, r protocol.Request) (protocol.Response, *protocol.Error) {
	return x.view.Serve(r)
}
