package mempool

import "orrery/core/consensus"

// Tick removes what has waited too long and lets the minimum fee fall. now is
// in seconds since 1970.
func (p *Pool) Tick(now int64) Change {
	p.decay(now)
	p.expire(now)
	return p.takeChange()
}

// rollingAt does not keep the result, so that a test of acceptance changes nothing.
func (p *Pool) rollingAt(now int64) rollingFee {
	return p.rolling.at(now, p.view.totals.Usage, p.config.MaxUsage, p.config.Incremental)
}

func (p *Pool) decay(now int64) {
	p.rolling = p.rollingAt(now)
	p.setMinFee()
}

func (p *Pool) setMinFee() {
	p.view.totals.MinFee = max(p.config.MinRelay, p.rolling.feeRate(p.config.Incremental))
}

// expire removes what came before now - Expiry, with its descendants (Core:
// CTxMemPool::Expire).
func (p *Pool) expire(now int64) {
	for len(p.oldest.items) > 0 && p.oldest.items[0].entry.Time < now-p.config.Expiry {
		p.removeWithDescendants([]*Entry{p.oldest.items[0].entry}, Expired)
	}
}

// trim removes chunks that pay least until the pool fits, and raises the
// minimum fee above them (Core: CTxMemPool::TrimToSize).
func (p *Pool) trim() {
	for len(p.worst.items) > 0 && p.view.totals.Usage > p.config.MaxUsage {
		c := p.worst.items[0].last() // nothing depends on it
		vsize := (c.Size + consensus.WitnessScale - 1) / consensus.WitnessScale
		p.rolling.raise(Frac{c.Fee, vsize}.Rate() + p.config.Incremental)
		p.remove(c.Txs, SizeLimit)
	}
	p.setMinFee()
}
