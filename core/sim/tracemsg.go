package sim

import (
	"orrery/core/consensus"
	"orrery/core/protocol"
)

// message mixes a message in: its kind, and enough of what it holds to tell
// different ones apart, without hashing blocks again.
func (h *TraceHash) message(m any) {
	switch m := m.(type) {
	case *protocol.Hello:
		h.word(50)
		h.word(m.Nonce)
		h.word(uint64(m.ID))
		h.word(uint64(m.Height))
		h.hash(&m.Tip)
		h.text(m.Listen)
	case *protocol.Assign:
		h.word(51)
		h.word(uint64(m.WantedPort))
		h.word(uint64(m.Lease.ID))
	case *protocol.Assigned:
		h.word(52)
		h.word(uint64(m.Lease.ID))
		h.word(uint64(m.Lease.Port))
	case *protocol.Register:
		h.word(53)
		h.text(m.Listen)
	case *protocol.Peers:
		h.word(54)
		h.members(m.Peers)
	case *protocol.Ping:
		h.word(63)
		h.word(m.Nonce)
	case *protocol.Pong:
		h.word(64)
		h.word(m.Nonce)
	default:
		h.chainMessage(m)
	}
}

// chainMessage is for what is said about blocks and transactions, and for what
// has no form of its own here.
func (h *TraceHash) chainMessage(m any) {
	switch m := m.(type) {
	case *protocol.GetHeaders:
		h.word(55)
		for i := range m.Locator {
			h.hash(&m.Locator[i])
		}
		h.hash(&m.Stop)
	case *protocol.Headers:
		h.word(56)
		h.headers(m.Headers)
	case *protocol.GetBlocks:
		h.word(57)
		for i := range m.Hashes {
			h.hash(&m.Hashes[i])
		}
	case *protocol.Blocks:
		h.word(58)
		for _, b := range m.Blocks {
			hash := b.Hash()
			h.hash(&hash)
		}
	case *protocol.GetTxs:
		h.word(59)
		for i := range m.Txids {
			h.hash(&m.Txids[i])
		}
	case *protocol.Txs:
		h.word(60)
		h.txs(m.Txs)
	case *protocol.GetBlockTxs:
		h.word(61)
		h.hash(&m.Hash)
		for _, i := range m.Indexes {
			h.word(uint64(i))
		}
	case *protocol.BlockTxs:
		h.word(62)
		h.hash(&m.Hash)
		h.txs(m.Txs)
	case *protocol.Announce:
		h.announce(m)
	case *protocol.Compact:
		h.word(66)
		h.headers([]consensus.Header{m.Header})
		h.word(m.Nonce)
		for _, id := range m.ShortIDs {
			h.word(id)
		}
		h.word(uint64(len(m.Prefilled)))
	case protocol.Request:
		h.text(m.Method())
	default:
		h.word(67)
	}
}

func (h *TraceHash) announce(m *protocol.Announce) {
	h.word(65)
	h.headers(m.Headers)
	for i := range m.Txids {
		h.hash(&m.Txids[i])
	}
	h.members(m.Peers)
	for _, w := range m.Wallets {
		h.text(w.Name)
		h.word(uint64(w.Seq))
	}
	h.word(uint64(len(m.Records)))
}

// headers takes the Merkle roots, which differ as the blocks do.
func (h *TraceHash) headers(list []consensus.Header) {
	h.word(uint64(len(list)))
	for i := range list {
		h.hash(&list[i].MerkleRoot)
		h.word(uint64(list[i].Nonce))
	}
}

func (h *TraceHash) members(list []protocol.Member) {
	h.word(uint64(len(list)))
	for _, m := range list {
		h.word(uint64(m.ID))
		h.text(m.Address)
	}
}

func (h *TraceHash) txs(list []*consensus.Tx) {
	for _, tx := range list {
		id := tx.WitnessID()
		h.hash(&id)
	}
}
