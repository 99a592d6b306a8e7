// Package mempool keeps the valid transactions that no block holds yet, by
// the relay policy of Bitcoin Core 31: cluster limits, full replacement,
// eviction of the chunk that pays least. It is pure: coins, script
// verification and the time are arguments. A Pool is owned by one goroutine;
// a View of it can be read by any.
//
// Left out of Core's policy: TRUC rules (version 3 is taken as any other),
// packages, and the search for the best order of a cluster.
package mempool

import (
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// Config are the limits of a pool.
type Config struct {
	MaxUsage    int64   // estimated memory, bytes
	Expiry      int64   // seconds that a transaction may wait
	MinRelay    FeeRate // the least that any transaction pays
	Incremental FeeRate // what a replacement pays more, and how eviction raises the minimum

	MaxDatacarrier int  // bytes of OP_RETURN output scripts in a transaction
	BareMultisig   bool // take outputs that are a multisig without a hash
}

// DefaultConfig is Core's.
func DefaultConfig() Config {
	return Config{
		MaxUsage: 300_000_000, Expiry: 336 * 3600, MinRelay: 100, Incremental: 100,
		MaxDatacarrier: maxStandardWeight / consensus.WitnessScale, BareMultisig: true,
	}
}

// Reason says why a transaction left, in Core's words.
type Reason string

// The reasons (Core: kernel/mempool_removal_reason.cpp).
const (
	Expired   Reason = "expiry"
	SizeLimit Reason = "sizelimit"
	Reorg     Reason = "reorg"
	InBlock   Reason = "block"
	Conflict  Reason = "conflict"
	Replaced  Reason = "replaced"
)

// Change is what one call did to the pool. A transaction that came and went
// within the call is in both lists.
type Change struct {
	Added   []*Entry
	Removed []Removed
}

// Removed is an entry that left.
type Removed struct {
	Entry  *Entry
	Reason Reason
}

// Empty reports whether nothing changed.
func (c *Change) Empty() bool { return len(c.Added)+len(c.Removed) == 0 }

// Pool is the mempool. Make one with New.
type Pool struct {
	config  Config
	view    View
	nodes   map[chainhash.Hash]*node // by txid; what is in view
	worst   heap[*cluster]           // by what a miner takes last
	oldest  heap[*node]              // by time
	rolling rollingFee
	pending disconnected
	change  Change // of the call under way
}

// New makes an empty pool.
func New(c Config) *Pool {
	p := &Pool{
		config: c,
		nodes:  map[chainhash.Hash]*node{},
		worst:  heap[*cluster]{less: worse, index: func(c *cluster) *int { return &c.index }},
		oldest: heap[*node]{less: older, index: func(n *node) *int { return &n.index }},
	}
	p.setMinFee()
	return p
}

func older(a, b *node) bool {
	if a.entry.Time != b.entry.Time {
		return a.entry.Time < b.entry.Time
	}
	return compareID(a.entry, b.entry) < 0
}

// View returns the pool as it is now; later changes leave it as it was.
func (p *Pool) View() *View {
	v := p.view
	return &v
}

// Config returns the limits.
func (p *Pool) Config() Config { return p.config }

// Prioritise adds delta satoshi to what a transaction counts for in mining and
// eviction. It reports whether the transaction is here.
func (p *Pool) Prioritise(txid chainhash.Hash, delta int64) bool {
	n := p.nodes[txid]
	if n == nil {
		return false
	}
	e := *n.entry
	e.FeeDelta = clampMoney(e.FeeDelta + clampMoney(delta))
	members := n.cluster.entries()
	members[slices.Index(members, n.entry)] = &e
	p.worst.remove(n.cluster)
	n.entry = &e
	p.view = p.view.put(&e)
	p.view.totals.Sequence++
	p.setCluster(members)
	return true
}

// clampMoney keeps sums of fees far from overflow.
func clampMoney(n int64) int64 { return min(max(n, -consensus.MaxMoney), consensus.MaxMoney) }

// takeChange ends a call.
func (p *Pool) takeChange() Change {
	c := p.change
	p.change = Change{}
	return c
}

// insert puts an entry into the pool, into one cluster with its parents.
func (p *Pool) insert(e *Entry) {
	members := []*Entry{e}
	for _, c := range p.clustersOf(p.view.Parents(e)) {
		p.worst.remove(c)
		members = append(members, c.entries()...)
	}
	n := &node{entry: e}
	p.nodes[e.Tx.ID()] = n
	p.oldest.push(n)
	p.view = p.view.add(e)
	p.setCluster(members)
	p.change.Added = append(p.change.Added, e)
}

// remove takes entries out, each once, and puts what is left of their clusters
// in order again.
func (p *Pool) remove(entries []*Entry, why Reason) {
	touched := p.clustersOf(entries)
	for _, e := range entries {
		id := e.Tx.ID()
		p.oldest.remove(p.nodes[id])
		delete(p.nodes, id)
		p.view = p.view.remove(e)
		p.change.Removed = append(p.change.Removed, Removed{e, why})
	}
	for _, c := range touched {
		p.worst.remove(c)
		left := slices.DeleteFunc(c.entries(), func(e *Entry) bool { return p.nodes[e.Tx.ID()] == nil })
		for _, part := range split(left) {
			p.setCluster(part)
		}
	}
}

// removeWithDescendants leaves nothing behind that needs a removed entry.
func (p *Pool) removeWithDescendants(entries []*Entry, why Reason) {
	if len(entries) > 0 {
		p.remove(walk(entries, p.view.Children), why)
	}
}
