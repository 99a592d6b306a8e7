package netsync

import (
	"errors"

	"orrery/core/consensus"
	"orrery/core/mempool"
	"orrery/core/protocol"
)

const (
	// stepWeight is how much is checked before the chain gets its turn again, in
	// weight units: a step begins no other transaction after so many. It bounds
	// how long a block waits.
	stepWeight = 100_000
	// maxBadScripts is how many transactions with a bad script a peer may send
	// before its transactions are ignored for badScriptRest. To check them costs
	// more than to make them; but rules that only we have are no fault.
	maxBadScripts = 8
	badScriptRest = 600 * second
)

// Busy reports whether something waits to be done by Go.
func (s *Sync) Busy() bool {
	for _, p := range s.peers {
		if len(p.inbox) > 0 || p.hungry {
			return true
		}
	}
	return false
}

// Go does some of what waits: it files headers, and checks received
// transactions, peer by peer in turn. The chain must be at rest.
func (s *Sync) Go(now int64) {
	now = s.at(now)
	for weight := 0; weight < stepWeight && s.err == nil; {
		p := s.nextInbox()
		if p == nil {
			break
		}
		tx := s.dequeue(p)
		weight += tx.Weight()
		s.checkTx(now, p, tx)
	}
	s.work(now)
}

// nextInbox is the peer whose turn it is.
func (s *Sync) nextInbox() *peer {
	at, _ := s.find(s.turn + 1)
	for i := range s.peers {
		p := s.peers[(at+i)%len(s.peers)]
		if len(p.inbox) > 0 {
			s.turn = p.id
			return p
		}
	}
	return nil
}

func (s *Sync) checkTx(now int64, p *peer, tx *consensus.Tx) {
	id := tx.ID()
	s.unqueue(tx)
	if now < p.ignoreTxs || s.pool.View().Get(id) != nil {
		s.unhold(id)
		return
	}
	err := s.pool.Offer(tx, s.seconds())
	var refusal *consensus.RuleError
	switch {
	case err == nil:
		p.lastTx = s.wall
	case errors.Is(err, consensus.ErrUnverified):
	case errors.Is(err, consensus.MissingInputs):
		s.addOrphan(now, p, tx)
		return
	case !errors.As(err, &refusal):
		s.err = err
		return
	default:
		s.refusedTx(now, p, tx, refusal)
	}
	s.forgetOrphan(tx)
	if witnessFault(refusal) {
		s.unhold(id)
		return
	}
	s.settleTx(id)
}

// witnessFault reports whether the same transaction with another witness might
// be a good one: then it may still come from somebody else.
func witnessFault(why *consensus.RuleError) bool {
	return why != nil && (why.Kind == mempool.ScriptVerifyFailed || why.Kind == mempool.NonstandardWitness)
}

// refusedTx remembers a refusal, unless another witness could have made a
// difference.
func (s *Sync) refusedTx(now int64, p *peer, tx *consensus.Tx, why *consensus.RuleError) {
	switch {
	case breaksConsensus(why.Kind):
		s.fault(p, protocol.FaultConsensus, "transaction "+tx.ID().String()+": "+why.Error())
	case witnessFault(why):
		if p.badScripts++; p.badScripts >= maxBadScripts {
			p.badScripts = 0
			s.dropInbox(p)
			p.ignoreTxs = now + badScriptRest
		}
		return
	}
	if tx.Size() == tx.StrippedSize() {
		id := tx.ID()
		s.txs.refused.add(&id)
	}
}

// breaksConsensus reports whether a transaction can be in no block, whatever
// the chain. Everything else may look different at the sender.
func breaksConsensus(k consensus.Kind) bool {
	switch k {
	case consensus.VinEmpty, consensus.VoutEmpty, consensus.TxOversize, consensus.VoutNegative, consensus.VoutTooLarge,
		consensus.VoutTotal, consensus.InputsDuplicate, consensus.PrevoutNull, consensus.InputValues, consensus.InBelowOut,
		consensus.FeeOutOfRange, mempool.Coinbase:
		return true
	}
	return false
}
