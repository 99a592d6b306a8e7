package sim

import (
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// Sizes of the parts of messages in bytes, as JSON has them; estimates, since
// writing the JSON only to measure it would cost more than all the rest.
const (
	frameBytes  = 60  // method, call, braces
	hashBytes   = 67  // 64 hex digits, quotes, comma
	headerBytes = 110 // 80 bytes in base64, quotes
	memberBytes = 60
	numberBytes = 12
)

func rawBytes(n int) int { return n/3*4 + 8 } // base64

// messageBytes estimates the length of a message on the wire.
func messageBytes(m any) int {
	n := frameBytes
	switch m := m.(type) {
	case *protocol.Hello:
		n += 450
	case *protocol.Peers:
		n += memberBytes * len(m.Peers)
	case *protocol.GetHeaders:
		n += hashBytes * (len(m.Locator) + 1)
	case *protocol.Headers:
		n += headerBytes * len(m.Headers)
	case *protocol.GetBlocks:
		n += hashBytes * len(m.Hashes)
	case *protocol.Blocks:
		for _, b := range m.Blocks {
			n += rawBytes(b.Size())
		}
	case *protocol.GetTxs:
		n += hashBytes * len(m.Txids)
	case *protocol.Txs:
		n += txBytes(m.Txs)
	case *protocol.GetBlockTxs:
		n += hashBytes + numberBytes*len(m.Indexes)
	case *protocol.BlockTxs:
		n += hashBytes + txBytes(m.Txs)
	case *protocol.Params:
		n += rawBytes(len(m.ChainFile))
	case *protocol.Policy:
		n += rawBytes(len(m.Manifest))
		for _, s := range m.Scripts {
			n += rawBytes(len(s.Text))
		}
	case *protocol.Announce:
		n += headerBytes*len(m.Headers) + hashBytes*len(m.Txids) + memberBytes*len(m.Peers) + 300*len(m.Wallets)
		for _, r := range m.Records {
			n += rawBytes(len(r))
		}
	case *protocol.Compact:
		n += headerBytes + numberBytes*(len(m.ShortIDs)+1)
		for _, p := range m.Prefilled {
			n += rawBytes(p.Tx.Size()) + numberBytes
		}
	default:
		n += 100
	}
	return n
}

func txBytes(list []*consensus.Tx) int {
	n := 0
	for _, tx := range list {
		n += rawBytes(tx.Size())
	}
	return n
}
