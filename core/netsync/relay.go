package netsync

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/protocol"
)

const (
	// flushEvery is how long accepted transactions wait to be announced, many in
	// one message.
	flushEvery = second / 20
	// knownTxs is how many transactions are remembered that a peer knows.
	knownTxs = 2 * protocol.MaxTxids
	// maxFresh bounds the transactions that wait to be announced: as many as a
	// reorg can bring back at once. Later ones are not announced by us.
	maxFresh = 100_000
)

// relay announces transactions.
type relay struct {
	fresh   []chainhash.Hash // accepted since the last announcement
	flushAt int64            // never: nothing waits
}

// TxAccepted tells that a transaction has come into the mempool, wherever it is
// from.
func (s *Sync) TxAccepted(now int64, txid chainhash.Hash) {
	now = s.at(now)
	if len(s.relay.fresh) < maxFresh {
		s.relay.fresh = append(s.relay.fresh, txid)
	}
	s.flushBy(now + flushEvery)
	s.settleTx(txid)
	s.retryOrphans(txid)
}

func (s *Sync) flushBy(at int64) {
	s.relay.flushAt = min(s.relay.flushAt, at)
	s.wakeBy(s.relay.flushAt)
}

// flush announces what came in since, to everybody who does not know it.
func (s *Sync) flush(now int64) {
	if now < s.relay.flushAt {
		s.wakeBy(s.relay.flushAt)
		return
	}
	s.relay.flushAt = never
	fresh := s.relay.fresh
	s.relay.fresh = nil
	pool := s.pool.View()
	var all []chainhash.Hash // of the mempool, for all newcomers
	for _, p := range s.peers {
		ids := fresh
		if p.greet {
			p.greet = false
			if all == nil {
				all = s.poolIDs()
			}
			ids = all
		}
		var news []chainhash.Hash
		for i := range ids {
			if !p.known.has(&ids[i]) && pool.Get(ids[i]) != nil {
				p.known.add(&ids[i])
				news = append(news, ids[i])
			}
		}
		for chunk := range slices.Chunk(news, protocol.MaxTxids) {
			s.tell(p, &protocol.Announce{Txids: chunk})
		}
	}
}

// poolIDs lists what a new member is told of, parents first: as much of the
// mempool as fits into one message.
func (s *Sync) poolIDs() []chainhash.Hash {
	entries := s.pool.View().FirstTopological(protocol.MaxTxids)
	ids := make([]chainhash.Hash, len(entries))
	for i, e := range entries {
		ids[i] = e.Tx.ID()
	}
	return ids
}
