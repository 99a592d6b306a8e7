package ledger

import (
	"iter"
	"math"
	"sort"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"orrery/wallet/keys"
)

// spend says how strongly a coin is spent (Core: CWallet::HowSpent).
type spend uint8

const (
	unspent    spend = iota
	nonMempool       // by a transaction that is not in the mempool
	inMempool
	inBlock
)

// possible tells of a transaction outside the mempool whether it may still
// enter it.
func (r *record) possible() bool {
	return r.state == Inactive && len(r.blockers) == 0 && !r.dead
}

func (l *Ledger) howSpent(o *output) spend {
	how := unspent
	for _, r := range l.slots[o.outpoint()].spenders {
		switch {
		case r.state == Confirmed:
			return inBlock
		case r.state == InMempool:
			how = inMempool
		case r.possible() && how == unspent:
			how = nonMempool
		}
	}
	return how
}

// refreshAround brings the lists of coins up to date for what r makes and what
// it spends.
func (l *Ledger) refreshAround(r *record) {
	for _, o := range r.outs {
		l.refresh(o)
	}
	if r.coinbase {
		return
	}
	for _, in := range r.tx.Msg.TxIn {
		if s := l.slots[in.PreviousOutPoint]; s != nil && s.out != nil {
			l.refresh(s.out)
		}
	}
}

// refresh files a coin: in unspent when it counts, in held when only a
// transaction outside the mempool spends it.
func (l *Ledger) refresh(o *output) {
	exists := o.rec.state == Confirmed || o.rec.state == InMempool
	how := inBlock
	if exists {
		how = l.howSpent(o)
	}
	if how == nonMempool {
		l.held[o] = struct{}{}
	} else {
		delete(l.held, o)
	}
	if want := how == unspent; want != o.listed {
		o.listed = want
		i := sort.Search(len(l.unspent), func(i int) bool { return !before(l.unspent[i], o) })
		if want {
			l.unspent = append(l.unspent, nil)
			copy(l.unspent[i+1:], l.unspent[i:])
			l.unspent[i] = o
		} else {
			l.unspent = append(l.unspent[:i], l.unspent[i+1:]...)
		}
	}
}

// before orders coins: largest first, then in the order in which they were
// seen.
func before(a, b *output) bool {
	if va, vb := a.value, b.value; va != vb {
		return va > vb
	}
	if a.rec != b.rec {
		return a.rec.order < b.rec.order
	}
	return a.index < b.index
}

// Coin is an output of the wallet that nothing spends.
type Coin struct {
	Outpoint      wire.OutPoint
	Value         int64 // satoshi
	Script        []byte
	Path          keys.Path
	Height        int32 // of its block, -1 while unconfirmed
	Confirmations int32 // 0 while unconfirmed
	Coinbase      bool
	Maturing      int32 // blocks until a coinbase output can be spent, else 0
	// Trusted is Core's "safe": confirmed, or in the mempool and made by the
	// wallet from nothing but its own trusted coins.
	Trusted bool
}

// confirmations is 1 for a transaction in the tip, 0 for an unconfirmed one,
// and below 0 for one that a block conflicts with (Core:
// GetTxDepthInMainChain).
func (l *Ledger) confirmations(r *record) int32 {
	switch r.state {
	case Confirmed:
		return l.tip.Height - r.height + 1
	case Conflicted:
		return -(l.tip.Height - r.height + 1)
	}
	return 0
}

// maturing is how many blocks are missing until the outputs of a coinbase can
// be spent. As in Core, the wallet waits one block more than the rules ask for.
func (l *Ledger) maturing(r *record) int32 {
	if !r.coinbase {
		return 0
	}
	return max(0, l.maturity+1-max(0, l.confirmations(r)))
}

func (l *Ledger) coin(o *output, trust trustCache) Coin {
	out := o.txOut()
	c := Coin{
		Outpoint: o.outpoint(), Value: out.Value, Script: out.PkScript, Path: o.path,
		Height: -1, Confirmations: l.confirmations(o.rec), Coinbase: o.rec.coinbase,
		Maturing: l.maturing(o.rec), Trusted: l.trusted(o.rec, trust),
	}
	if o.rec.state == Confirmed {
		c.Height = o.rec.height
	}
	return c
}

// Coins yields every unspent coin, largest first, also immature and untrusted
// ones. The ledger must not change meanwhile.
func (l *Ledger) Coins() iter.Seq[Coin] {
	return l.each(math.MaxInt64, func(*output) bool { return true })
}

// Spendable yields the coins of at most value satoshi that can be spent now,
// largest first: mature ones in blocks, and with unconfirmed also trusted ones
// in the mempool. The ledger must not change meanwhile.
func (l *Ledger) Spendable(value int64, unconfirmed bool) iter.Seq[Coin] {
	trust := trustCache{}
	return l.each(value, func(o *output) bool {
		if o.rec.state == Confirmed {
			return l.maturing(o.rec) == 0
		}
		return unconfirmed && l.trusted(o.rec, trust)
	})
}

func (l *Ledger) each(value int64, want func(*output) bool) iter.Seq[Coin] {
	return func(yield func(Coin) bool) {
		trust := trustCache{}
		start := sort.Search(len(l.unspent), func(i int) bool { return l.unspent[i].value <= value })
		for _, o := range l.unspent[start:] {
			if want(o) && !yield(l.coin(o, trust)) {
				return
			}
		}
	}
}

// Coin returns an unspent coin of the wallet.
func (l *Ledger) Coin(at wire.OutPoint) (Coin, bool) {
	s := l.slots[at]
	if s == nil || s.out == nil || !s.out.listed {
		return Coin{}, false
	}
	return l.coin(s.out, trustCache{}), true
}

// Output returns what an outpoint of a known transaction that pays to the
// wallet holds, spent or not.
func (l *Ledger) Output(at wire.OutPoint) (*wire.TxOut, keys.Path, bool) {
	s := l.slots[at]
	if s == nil || s.out == nil {
		return nil, keys.Path{}, false
	}
	return s.out.txOut(), s.out.path, true
}

// trustCache remembers answers during one question.
type trustCache map[chainhash.Hash]bool

// trusted is Core's CachedTxIsTrusted. A chain of unconfirmed transactions is
// as long as a mempool cluster at most, so the recursion is shallow.
func (l *Ledger) trusted(r *record, cache trustCache) bool {
	if r.state != InMempool {
		return r.state == Confirmed
	}
	id := r.tx.ID()
	if known, ok := cache[id]; ok {
		return known
	}
	cache[id] = false // ends a cycle, which no valid transaction makes
	for _, in := range r.tx.Msg.TxIn {
		s := l.slots[in.PreviousOutPoint]
		if s == nil || s.out == nil || !l.trusted(s.out.rec, cache) {
			return false
		}
	}
	cache[id] = true
	return true
}

// maxCluster is where counting a cluster ends: Core's mempool accepts clusters
// of 64 transactions.
const maxCluster = 64

// Cluster counts the wallet's mempool transactions that are connected with the
// one that made an outpoint, itself included, up to 64; 0 when it is confirmed
// or unknown.
func (l *Ledger) Cluster(at wire.OutPoint) int {
	r := l.records[at.Hash]
	if r == nil || r.state != InMempool {
		return 0
	}
	seen := map[*record]bool{r: true}
	todo := []*record{r}
	push := func(n *record) {
		if n.state == InMempool && !seen[n] {
			seen[n] = true
			todo = append(todo, n)
		}
	}
	for len(todo) > 0 && len(seen) < maxCluster {
		r := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, in := range r.tx.Msg.TxIn {
			if p := l.records[in.PreviousOutPoint.Hash]; p != nil {
				push(p)
			}
		}
		for i := range r.tx.Msg.TxOut {
			if s := l.slots[r.outpoint(i)]; s != nil {
				for _, n := range s.spenders {
					push(n)
				}
			}
		}
	}
	return min(len(seen), maxCluster)
}

// Balance is getbalances' "mine", in satoshi.
type Balance struct {
	Trusted    int64 // spendable
	Pending    int64 // untrusted_pending: in the mempool, from others
	Immature   int64 // coinbases
	NonMempool int64 // ≤ 0: what transactions outside the mempool spend
	// NextMature is how many blocks are missing until the first immature coin
	// can be spent; 0 when there is none.
	NextMature int32
}

// Balance sums all unspent coins. Trusted coins count from minConf
// confirmations on. With held, coins that only a transaction outside the
// mempool spends count too and are subtracted as NonMempool: getbalances does
// so, getbalance does not.
func (l *Ledger) Balance(minConf int32, held bool) Balance {
	var b Balance
	trust := trustCache{}
	for _, o := range l.unspent {
		if bucket := l.bucket(&b, o, minConf, trust); bucket != nil {
			*bucket += o.value
		}
		if wait := l.maturing(o.rec); wait > 0 && (b.NextMature == 0 || wait < b.NextMature) {
			b.NextMature = wait
		}
	}
	if !held {
		return b
	}
	for o := range l.held { // a sum: its order does not matter
		if bucket := l.bucket(&b, o, minConf, trust); bucket != nil {
			*bucket += o.value
			b.NonMempool -= o.value
		}
	}
	return b
}

func (l *Ledger) bucket(b *Balance, o *output, minConf int32, trust trustCache) *int64 {
	switch trusted := l.trusted(o.rec, trust); {
	case l.maturing(o.rec) > 0:
		return &b.Immature
	case trusted && l.confirmations(o.rec) >= minConf:
		return &b.Trusted
	case !trusted:
		return &b.Pending
	}
	return nil
}
