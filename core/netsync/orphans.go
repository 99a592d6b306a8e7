package netsync

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/chain"
	"orrery/core/consensus"
)

// What one peer may leave here of transactions whose inputs are not known. Each
// has its own share, so that nobody can push out what another sent; a chain of
// 25 has room in it.
const (
	maxOrphans     = 100
	maxOrphanBytes = 400_000
	// orphanTime is how long they are kept.
	orphanTime = 300 * second
)

// orphan is a transaction whose parents are not here.
type orphan struct {
	tx     *consensus.Tx
	owners []*peer // who sent it: it stays while it is in the share of one
	until  int64
	queued bool // it waits in an inbox to be tried again
}

// orphans finds them.
type orphans struct {
	of       map[chainhash.Hash]*orphan   // by wtxid
	byParent map[chainhash.Hash][]*orphan // by the txids that they spend from
}

// addOrphan keeps a transaction in a peer's share, and asks the peer for its
// parents.
func (s *Sync) addOrphan(now int64, p *peer, tx *consensus.Tx) {
	parents, err := s.pool.Missing(tx)
	if err != nil {
		s.err = err
		return
	}
	for i := range parents {
		if s.txs.refused.has(&parents[i]) {
			id := tx.ID()
			s.txs.refused.add(&id) // it cannot come in without
			s.settleTx(id)
			s.forgetOrphan(tx)
			return
		}
	}
	// Others may bring it too: theirs may have the true witness, and stays in
	// their share when this one is pushed out.
	s.unhold(tx.ID())
	if tx.Size() > maxOrphanBytes {
		return
	}
	o := s.orphans.of[tx.WitnessID()]
	if o == nil {
		o = &orphan{tx: tx, until: now + orphanTime}
		s.orphans.of[tx.WitnessID()] = o
		for _, id := range parentsOf(tx) {
			s.orphans.byParent[id] = append(s.orphans.byParent[id], o)
		}
	}
	if !slices.Contains(o.owners, p) {
		o.owners = append(o.owners, p)
		p.orphans = append(p.orphans, o)
		p.orphanBytes += tx.Size()
	}
	for len(p.orphans) > maxOrphans || p.orphanBytes > maxOrphanBytes {
		s.disown(p, p.orphans[0])
	}
	for _, id := range parents {
		s.offer(p, id, true)
	}
}

// parentsOf lists the txids that a transaction spends from, each once.
func parentsOf(tx *consensus.Tx) []chainhash.Hash {
	var ids []chainhash.Hash
	seen := make(map[chainhash.Hash]bool, len(tx.Msg.TxIn))
	for _, in := range tx.Msg.TxIn {
		if id := in.PreviousOutPoint.Hash; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// disown takes an orphan out of a peer's share.
func (s *Sync) disown(p *peer, o *orphan) {
	p.orphans = slices.DeleteFunc(p.orphans, func(x *orphan) bool { return x == o })
	p.orphanBytes -= o.tx.Size()
	o.owners = slices.DeleteFunc(o.owners, func(x *peer) bool { return x == p })
	if len(o.owners) > 0 {
		return
	}
	delete(s.orphans.of, o.tx.WitnessID())
	for _, id := range parentsOf(o.tx) {
		left := slices.DeleteFunc(s.orphans.byParent[id], func(x *orphan) bool { return x == o })
		if len(left) == 0 {
			delete(s.orphans.byParent, id)
		} else {
			s.orphans.byParent[id] = left
		}
	}
}

func (s *Sync) forgetOrphan(tx *consensus.Tx) {
	o := s.orphans.of[tx.WitnessID()]
	for o != nil && len(o.owners) > 0 {
		s.disown(o.owners[0], o)
	}
}

// unqueue notes that a transaction waits no more.
func (s *Sync) unqueue(tx *consensus.Tx) {
	if o := s.orphans.of[tx.WitnessID()]; o != nil {
		o.queued = false
	}
}

// retryOrphans gives those that spend from a transaction another turn. They
// stay orphans until that is over.
func (s *Sync) retryOrphans(parent chainhash.Hash) {
	for _, o := range s.orphans.byParent[parent] {
		s.retry(o)
	}
}

func (s *Sync) retry(o *orphan) {
	if o.queued {
		return // once for all parents that a block has
	}
	o.queued = true
	p := o.owners[0]
	for _, q := range o.owners {
		if q.ignoreTxs <= s.mono {
			p = q
			break
		}
	}
	s.enqueue(p, o.tx)
}

// orphansGone empties a peer's share. Others may have to go on with what was
// about to be tried again in its turn.
func (s *Sync) orphansGone(p *peer) {
	for len(p.orphans) > 0 {
		o := p.orphans[0]
		s.disown(p, o)
		if len(o.owners) > 0 {
			s.retry(o)
		}
	}
}

// expireOrphans forgets what nobody has completed.
func (s *Sync) expireOrphans(now int64) {
	for _, p := range s.peers {
		for len(p.orphans) > 0 && p.orphans[0].until <= now {
			s.disown(p, p.orphans[0])
		}
		if len(p.orphans) > 0 {
			s.wakeBy(p.orphans[0].until)
		}
	}
}

// confirmed takes note of the transactions of a connected block.
func (s *Sync) confirmed(b *consensus.Block) {
	for _, tx := range b.Txs[1:] {
		id := tx.ID()
		s.txs.confirmed.add(&id)
		s.settleTx(id)
		s.forgetOrphan(tx)
	}
	for _, tx := range b.Txs {
		s.retryOrphans(tx.ID())
	}
}

// BlockDisconnected tells that a block was left: its transactions may be
// wanted again.
func (s *Sync) BlockDisconnected(*chain.Node) { s.txs.confirmed.clear() }
