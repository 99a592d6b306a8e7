package netsync

import (
	"slices"

	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/core/protocol"
)

const (
	// maxPrefilled bounds the bytes of transactions that are sent along because
	// the peer is believed not to have them; it asks for the rest. The coinbase has
	// to come along: with a larger one, the block is announced by its header, since
	// a notice beyond protocol.MaxUnasked is a fault of whoever sends it.
	maxPrefilled = 100_000
	// maxCompacted is how many blocks are remembered of whose parts a peer has told:
	// more than there are good ones at a time.
	maxCompacted = 64
	// minTxWeight is that of the smallest transaction that can be in a block
	// (Core: MIN_SERIALIZABLE_TRANSACTION_WEIGHT): it bounds how many there are.
	minTxWeight = 10 * consensus.WitnessScale
)

// lastBlock is the block that was connected last, to be announced.
type lastBlock struct {
	node  *chain.Node
	block *consensus.Block
}

// compact makes the announcement of the last block for a peer.
func (s *Sync) compact(p *peer) *protocol.Compact {
	b, n := s.last.block, s.last.node
	c := &protocol.Compact{
		Header: b.Header, Nonce: s.mark(&n.Hash), IDBytes: idBytes(len(b.Txs), len(b.Txs)+s.pool.View().Len()),
		Prefilled: []protocol.PrefilledTx{{Tx: b.Txs[0]}},
	}
	ids := newShortIDs(&c.Header, c.Nonce, c.IDBytes)
	room := maxPrefilled
	for i, tx := range b.Txs[1:] {
		id := tx.ID()
		if !p.known.has(&id) && tx.Size() <= room {
			room -= tx.Size()
			c.Prefilled = append(c.Prefilled, protocol.PrefilledTx{Index: uint32(i + 1), Tx: tx})
		} else {
			c.ShortIDs = append(c.ShortIDs, ids.of(tx.WitnessID()))
		}
	}
	return c
}

// rebuild is a block that comes in parts.
type rebuild struct {
	want    *want
	header  consensus.Header
	txs     []*consensus.Tx // nil: missing
	missing []uint32
}

// gotCompact takes the announcement of a block without most of its
// transactions.
func (s *Sync) gotCompact(now int64, p *peer, c *protocol.Compact) {
	total := len(c.ShortIDs) + len(c.Prefilled)
	switch {
	case int64(total) > s.cfg.Params.MaxWeight/minTxWeight:
		s.fault(p, protocol.FaultSize, "a block with more transactions than can be")
		return
	case c.IDBytes < minIDBytes || c.IDBytes > maxIDBytes || !placesFit(c, total):
		s.fault(p, protocol.FaultProtocol, "a compact block that contradicts itself")
		return
	}
	hash := c.Header.Hash()
	n := s.chain.Lookup(hash)
	if n != nil {
		p.sees(n)
	} else {
		s.announcedHeaders(now, p, []consensus.Header{c.Header})
		n = s.chain.Lookup(hash)
	}
	tip := s.chain.Tip()
	if n == nil || s.chain.HasBody(n) || s.chain.Failed(n) || !n.Work.Gt(&tip.Work) || !s.chain.Linked(n.Parent) {
		return // nothing that we lack, or nothing that we want now
	}
	if p.compacted.has(&hash) {
		return // to go through the mempool has its price: once a block
	}
	p.compacted.add(&hash)
	x := s.wantFor(n)
	r := &rebuild{want: x, header: c.Header, txs: make([]*consensus.Tx, total)}
	unique := s.fill(r, c)
	switch {
	case !unique:
		// The body is asked for as any other.
	case len(r.missing) == 0:
		s.finishRebuild(now, p, r)
	case x.active() || p.room() <= 0 || 2*len(r.missing) > total:
		// Somebody is asked already, or it is not worth while.
	default:
		x.asked = append(x.asked, p)
		s.window.wants[n.Hash] = x
		p.flight++
		s.ask(now, &call{peer: p, wants: []*want{x}, rebuild: r}, &protocol.GetBlockTxs{Hash: n.Hash, Indexes: r.missing})
	}
}

// placesFit reports whether the prefilled transactions have places in order, the
// coinbase among them.
func placesFit(c *protocol.Compact, total int) bool {
	last := -1
	for _, f := range c.Prefilled {
		if f.Tx == nil || int64(f.Index) <= int64(last) || int64(f.Index) >= int64(total) {
			return false
		}
		last = int(f.Index)
	}
	return last >= 0 && c.Prefilled[0].Index == 0
}

// fill puts in what is here. It reports whether the ids differ from each other.
func (s *Sync) fill(r *rebuild, c *protocol.Compact) (unique bool) {
	for _, f := range c.Prefilled {
		r.txs[f.Index] = f.Tx
	}
	ids := newShortIDs(&c.Header, c.Nonce, c.IDBytes)
	places := make(map[uint64]int, len(c.ShortIDs))
	next := 0
	for _, id := range c.ShortIDs {
		for r.txs[next] != nil {
			next++
		}
		if _, twice := places[id&ids.mask]; twice {
			return false
		}
		places[id&ids.mask] = next
		next++
	}
	two := make([]bool, len(r.txs))
	if len(places) > 0 {
		for e := range s.pool.View().All() {
			if at, ok := places[ids.of(e.Tx.WitnessID())]; ok {
				two[at] = r.txs[at] != nil
				r.txs[at] = e.Tx
			}
		}
	}
	for i, tx := range r.txs {
		if tx == nil || two[i] { // two that fit: the sender knows which
			r.missing = append(r.missing, uint32(i))
		}
	}
	return true
}

// wantFor finds a missing body among those of the window, or makes a new one.
func (s *Sync) wantFor(n *chain.Node) *want {
	w := &s.window
	if i := int(n.Height - w.base - 1); i >= 0 && i < len(w.list) && w.list[i].node == n {
		return w.list[i]
	}
	if x := w.wants[n.Hash]; x != nil {
		return x
	}
	return &want{node: n}
}

// finishRebuild stores a block whose transactions are all here. When they are
// not those of its Merkle root, ids have collided: nobody is to blame, and the
// body is asked for as any other.
func (s *Sync) finishRebuild(now int64, p *peer, r *rebuild) {
	b := consensus.NewBlock(r.header, r.txs)
	if root, mutated := b.TxidRoot(); root != r.header.MerkleRoot || mutated {
		return
	}
	if !s.takeBlock(p, b) {
		s.lacks(now, p, r.want.node)
	}
}

// gotBlockTxs takes the answer to a GetBlockTxs.
func (s *Sync) gotBlockTxs(now int64, c *call, e protocol.Answered) {
	s.release(c)
	p, r := c.peer, c.rebuild
	answer, ok := e.Response.(*protocol.BlockTxs)
	switch {
	case e.Err != nil:
		return // the body is asked for as any other
	case !ok || answer.Hash != r.want.node.Hash || len(answer.Txs) != len(r.missing) || slices.Contains(answer.Txs, nil):
		s.fault(p, protocol.FaultProtocol, "other transactions than were asked for")
		return
	}
	if s.chain.HasBody(r.want.node) {
		return
	}
	for i, at := range r.missing {
		r.txs[at] = answer.Txs[i]
	}
	s.finishRebuild(now, p, r)
}
