package miner

import (
	"context"
	"time"

	"orrery/core/consensus"
	"orrery/core/mining"
)

// maxChunk is how many hashes a worker tries before it looks up again: a few
// milliseconds, so that a new tip stops it at once.
const maxChunk = 1 << 14

// worker searches for a nonce of one template.
type worker struct {
	m    *Miner
	t    *mining.Template
	pace *pace
}

// run tries nonces until it finds a block, or until job ends.
func (w *worker) run(job context.Context, found chan<- *consensus.Block) {
	target, _, _ := consensus.CompactToTarget(w.t.Bits)
	for {
		// No two headers are the same: each extra nonce is used once.
		extra := w.m.extra.Add(1)
		at := min(max(w.m.src.Now().Unix(), w.t.MinTime), w.t.MaxTime)
		h := w.t.Header(extra, at)
		header := h.Bytes()
		for next := uint64(0); next < 1<<32; next += w.pace.chunk {
			if !w.pace.wait(job) {
				return
			}
			nonce, tried, ok := mining.Search(&header, &target, uint32(next), w.pace.chunk)
			w.m.meter.add(tried)
			w.pace.spend(tried)
			if ok {
				found <- w.t.Block(extra, at, nonce)
				return
			}
		}
	}
}

// pace holds one worker to its share of the allowed rate. What was tried is
// paid for by resting before the next hash, whatever has become of the job
// meanwhile, so that quick blocks are no way around the limit.
type pace struct {
	rate  float64 // hashes per second, 0 for no limit
	chunk uint64  // hashes between two looks
	next  time.Time
}

const (
	// chunksPerSecond is how often a slow worker rests, so that its speed is
	// even.
	chunksPerSecond = 20
	// mostLag is how much lost time a worker may make up for by running faster.
	mostLag = 100 * time.Millisecond
)

func newPaces(cfg Config) []*pace {
	paces := make([]*pace, cfg.Threads)
	for i := range paces {
		paces[i] = &pace{chunk: maxChunk, next: time.Now()}
		if cfg.MaxHashrate > 0 {
			paces[i].rate = float64(cfg.MaxHashrate) / float64(cfg.Threads)
			paces[i].chunk = min(maxChunk, max(1, uint64(paces[i].rate/chunksPerSecond)))
		}
	}
	return paces
}

// wait rests until another chunk is allowed. It reports whether the job goes
// on.
func (p *pace) wait(job context.Context) bool {
	if p.rate > 0 {
		if rest := time.Until(p.next); rest > 0 {
			t := time.NewTimer(rest)
			defer t.Stop()
			select {
			case <-job.Done():
			case <-t.C:
			}
		}
	}
	return job.Err() == nil
}

// spend pays for hashes.
func (p *pace) spend(tried uint64) {
	if p.rate == 0 {
		return
	}
	if earliest := time.Now().Add(-mostLag); p.next.Before(earliest) {
		p.next = earliest
	}
	p.next = p.next.Add(time.Duration(float64(tried) / p.rate * float64(time.Second)))
}
