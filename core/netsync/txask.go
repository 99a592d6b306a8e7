package netsync

import (
	"fmt"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/protocol"
)

const (
	// maxOffers bounds the transactions that one peer has announced and that were
	// not asked for yet (Core: MAX_PEER_TX_ANNOUNCEMENTS).
	maxOffers = 5000
	// maxWants bounds the transactions that all peers together have announced and
	// that are not here. Then each may still have fairOffers of them: many
	// flooders neither fill the memory nor silence the others.
	maxWants   = 20_000
	fairOffers = 500
	// txRequest is how many one request asks for: few enough that a peer which
	// withholds them holds up little.
	txRequest = 100
	// maxTxCalls bounds the requests that wait at one peer, maxInbox the bytes of
	// its transactions that wait to be checked before it is asked for more.
	maxTxCalls = 2
	maxInbox   = 1 << 20
	// maxAllInbox is the same for all peers together; then each may still have
	// fairInbox. An answer may have megabytes, and what is too much of it is
	// dropped, to be asked for again.
	maxAllInbox = 32 << 20
	fairInbox   = 256 << 10
	// rescanEvery is how often a peer's offers that wait for another peer's answer
	// are gone through again: all of them together may be 300,000.
	rescanEvery = second / 4
	// recentTxs is how many refused, and how many confirmed, transactions are not
	// asked for again.
	recentTxs = 20_000
)

// txWant is a transaction that was announced and is not here.
type txWant struct {
	id    chainhash.Hash
	asked *peer // whose answer is waited for
	held  bool  // it came, and waits to be checked
	refs  int   // offers and calls that name it
	done  bool  // it came, or is not wanted any more
}

// txAsks are the transactions that are wanted.
type txAsks struct {
	wants     map[chainhash.Hash]*txWant
	freed     uint64    // counts what somebody else may be asked for, or nobody any more
	refused   recentSet // until the tip changes
	confirmed recentSet
}

// announcedTxs notes what a peer offers.
func (s *Sync) announcedTxs(p *peer, ids []chainhash.Hash) {
	if len(ids) > protocol.MaxTxids {
		s.fault(p, protocol.FaultSize, fmt.Sprintf("%d transaction ids, at most %d are taken", len(ids), protocol.MaxTxids))
		return
	}
	for _, id := range ids {
		if len(p.offers) >= maxOffers {
			return // the rest is not looked at: a flood must cost us little
		}
		if p.known.has(&id) {
			continue // told before, or by us: whatever became of it then holds
		}
		p.known.add(&id)
		s.offer(p, id, false)
	}
}

// offer queues a transaction to be asked of a peer.
func (s *Sync) offer(p *peer, id chainhash.Hash, first bool) {
	most := maxOffers
	if len(s.txs.wants) >= maxWants {
		most = fairOffers
	}
	if len(p.offers) >= most || !s.wantsTx(&id) {
		return
	}
	w := s.txs.wants[id]
	if w == nil {
		w = &txWant{id: id}
		s.txs.wants[id] = w
	}
	w.refs++
	if first {
		p.offers, p.scanned = slices.Insert(p.offers, 0, w), 0
	} else {
		p.offers = append(p.offers, w)
	}
}

func (s *Sync) wantsTx(id *chainhash.Hash) bool {
	return !s.txs.refused.has(id) && !s.txs.confirmed.has(id) && s.pool.View().Get(*id) == nil
}

// drop takes one reference away.
func (s *Sync) drop(w *txWant) {
	w.refs--
	if w.refs == 0 && !w.held || w.done {
		if s.txs.wants[w.id] == w {
			delete(s.txs.wants, w.id)
		}
	}
}

// settleTx ends the search for a transaction.
func (s *Sync) settleTx(id chainhash.Hash) {
	if w := s.txs.wants[id]; w != nil {
		w.done = true
		s.txs.freed++
		delete(s.txs.wants, id)
	}
}

// unhold lets others be asked for a transaction that came and did not hold.
func (s *Sync) unhold(id chainhash.Hash) {
	if w := s.txs.wants[id]; w != nil {
		s.txs.freed++
		if w.held = false; w.refs == 0 {
			delete(s.txs.wants, id)
		}
	}
}

// askTxs asks for what was announced. While the chain is far behind, nobody
// could tell what a transaction is worth.
func (s *Sync) askTxs(now int64) {
	if !s.synced {
		return
	}
	for _, p := range s.peers {
		for len(p.offers) > 0 && p.txCalls < maxTxCalls && !s.inboxFull(p) && p.late == 0 && p.pauseAt == 0 {
			c := &call{peer: p, txs: s.nextTxs(now, p)}
			if len(c.txs) == 0 {
				break
			}
			ids := make([]chainhash.Hash, len(c.txs))
			for i, w := range c.txs {
				ids[i] = w.id
			}
			p.txCalls++
			s.ask(now, c, &protocol.GetTxs{Txids: ids})
		}
	}
}

// nextTxs takes the next offers that nobody else is asked for. Those that wait
// for another peer's answer stay, and are passed over until one may be free.
func (s *Sync) nextTxs(now int64, p *peer) []*txWant {
	if p.scanned > 0 && p.freed != s.txs.freed {
		if now >= p.rescanAt {
			p.scanned = 0
		} else {
			s.wakeBy(p.rescanAt)
		}
	}
	if p.scanned == 0 {
		p.freed, p.rescanAt = s.txs.freed, now+rescanEvery
	}
	var wants []*txWant
	kept, at := p.offers[:p.scanned], p.scanned
	for ; at < len(p.offers) && len(wants) < txRequest; at++ {
		w := p.offers[at]
		switch {
		case w.done || !s.wantsTx(&w.id):
			s.drop(w)
		case w.asked != nil || w.held:
			kept = append(kept, w)
		default:
			w.asked = p
			wants = append(wants, w)
		}
	}
	p.scanned = len(kept)
	p.offers = slices.Delete(p.offers, len(kept), at)
	return wants
}

// releaseTxs lets others be asked for what a call has not brought.
func (s *Sync) releaseTxs(c *call) {
	for _, w := range c.txs {
		if w.asked == c.peer {
			w.asked = nil
			s.txs.freed++
		}
	}
}

// endTxs forgets a call.
func (s *Sync) endTxs(c *call) {
	s.releaseTxs(c)
	for _, w := range c.txs {
		s.drop(w)
	}
	c.peer.txCalls--
}

// gotTxs takes the answer to a GetTxs. What came waits for its turn to be
// checked.
func (s *Sync) gotTxs(c *call, e protocol.Answered) {
	p := c.peer
	answer, ok := e.Response.(*protocol.Txs)
	if e.Err != nil || !ok {
		if e.Err == nil {
			s.fault(p, protocol.FaultProtocol, "another answer than transactions")
		}
		s.endTxs(c)
		return
	}
	rest := c.txs
	var again []*txWant
	for _, tx := range answer.Txs {
		at := slices.IndexFunc(rest, func(w *txWant) bool { return w.id == tx.ID() })
		if at < 0 {
			s.fault(p, protocol.FaultProtocol, "a transaction that was not asked for")
			break
		}
		w := rest[at]
		rest = rest[at+1:]
		switch {
		case w.done:
		case s.inboxFull(p) && s.inboxBytes >= maxAllInbox:
			again = append(again, w)
		default:
			w.held = true
			s.enqueue(p, tx)
		}
	}
	cut := len(rest) > 0 && len(answer.Txs) > 0 && sizeOf(answer.Txs)+consensus.HeaderSize >= protocol.MaxBlockBytes/2
	s.endTxs(c)
	if cut { // they may not have fitted into the answer
		again = append(again, rest...)
	}
	for _, w := range again {
		s.offer(p, w.id, true)
	}
}

// inboxFull reports whether a peer has enough that waits to be checked.
func (s *Sync) inboxFull(p *peer) bool {
	return p.inboxBytes >= maxInbox || s.inboxBytes >= maxAllInbox && p.inboxBytes >= fairInbox
}

// enqueue lets a transaction wait to be checked.
func (s *Sync) enqueue(p *peer, tx *consensus.Tx) {
	p.inbox = append(p.inbox, tx)
	p.inboxBytes += tx.Size()
	s.inboxBytes += tx.Size()
}

func (s *Sync) dequeue(p *peer) *consensus.Tx {
	tx := p.inbox[0]
	p.inbox = p.inbox[1:]
	p.inboxBytes -= tx.Size()
	s.inboxBytes -= tx.Size()
	return tx
}

// dropInbox forgets what a peer sent that was not checked yet.
func (s *Sync) dropInbox(p *peer) {
	for _, tx := range p.inbox {
		s.unhold(tx.ID())
		s.unqueue(tx)
	}
	s.inboxBytes -= p.inboxBytes
	p.inbox, p.inboxBytes = nil, 0
}

func sizeOf(txs []*consensus.Tx) int {
	n := 0
	for _, tx := range txs {
		n += tx.Size()
	}
	return n
}
