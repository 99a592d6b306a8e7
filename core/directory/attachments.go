package directory

import (
	"bytes"
	"iter"

	"orrery/core/internal/pmap"
	"orrery/core/protocol"
)

const (
	// AttachTime is how long an attachment is believed, in nanoseconds: an hour,
	// so that wallets that are gone fade away. Wallets tell it again in time.
	AttachTime int64 = 3600 * 1_000_000_000
	// AttachEvery is how long the next attachment of the same address is not
	// taken, in nanoseconds: whoever has a name could else have each node of the
	// network tell each other one of news without end.
	AttachEvery int64 = 60 * 1_000_000_000
	// MaxAttached bounds the attachments that are kept. A name on the chain
	// costs something, so that they are bounded by the table as well; each takes
	// some 300 bytes.
	MaxAttached = 10_000
	// MaxUnclaimed bounds those of names that are not on the chain, which cost
	// nothing to make.
	MaxUnclaimed = 100
)

// Attachments is who is attached to which node, as gossip tells it: at most one
// for a name. It belongs to one goroutine.
type Attachments struct {
	network   [32]byte
	names     pmap.Sorted[*attached]
	unclaimed int
}

type attached struct {
	protocol.Wallet
	came    int64 // Unix nanoseconds
	claimed bool  // the chain had the name when this came
}

// NewAttachments knows nobody yet.
func NewAttachments(network [32]byte) *Attachments { return &Attachments{network: network} }

// Len is how many are kept.
func (a *Attachments) Len() int { return a.names.Len() }

// Now is what is known at this moment.
func (a *Attachments) Now() Attached { return Attached{a.names} }

// Attached is what was known at some moment. It never changes and is safe for
// concurrent use; the zero value knows nobody.
type Attached struct{ names pmap.Sorted[*attached] }

// Get returns what is known of a name. now is in Unix nanoseconds.
func (a Attached) Get(now int64, name string) (protocol.Wallet, bool) {
	if e, ok := a.names.Get(name); ok && now-e.came < AttachTime {
		return e.Wallet, true
	}
	return protocol.Wallet{}, false
}

// From yields what is known of all names from a text on, in byte order; "" is
// before all. now is in Unix nanoseconds.
func (a Attached) From(now int64, name string) iter.Seq[protocol.Wallet] {
	return func(yield func(protocol.Wallet) bool) {
		for _, e := range a.names.From(name) {
			if now-e.came < AttachTime && !yield(e.Wallet) {
				return
			}
		}
	}
}

// Add takes an attachment that a peer told. holder is the script of the claim
// that holds the name on the chain, nil if there is none. It is news, to be
// told on, when err is nil; ErrMalformed is the teller's fault, the others are
// not. now is in Unix nanoseconds. The signature is checked last: what is known
// already costs nothing.
func (a *Attachments) Add(now int64, w protocol.Wallet, holder []byte) error {
	if !ValidName(w.Name) || !CanHold(w.Script) {
		return ErrMalformed
	}
	if holder != nil && !bytes.Equal(holder, w.Script) {
		return ErrNotHolder
	}
	old, known := a.names.Get(w.Name)
	if known && now-old.came >= AttachTime {
		a.drop(old)
		known = false
	}
	if known && bytes.Equal(old.Script, w.Script) && (w.Seq <= old.Seq || now-old.came < AttachEvery) {
		return ErrStale
	}
	// The chain's word goes over that of whoever came first.
	if known && !bytes.Equal(old.Script, w.Script) && holder == nil {
		return ErrStale
	}
	if news := !known || old.claimed && holder == nil; news && !a.room(now, holder != nil) {
		return ErrFull
	}
	if err := CheckAttachment(a.network, &w); err != nil {
		return err
	}
	if known {
		a.drop(old)
	}
	a.names = a.names.Set(w.Name, &attached{w, now, holder != nil})
	if holder == nil {
		a.unclaimed++
	}
	return nil
}

// room makes room for one more if need be, and reports whether there is.
func (a *Attachments) room(now int64, claimed bool) bool {
	if a.has(claimed) {
		return true
	}
	a.Expire(now)
	return a.has(claimed)
}

func (a *Attachments) has(claimed bool) bool {
	return a.names.Len() < MaxAttached && (claimed || a.unclaimed < MaxUnclaimed)
}

// Expire forgets what is no longer believed. now is in Unix nanoseconds.
func (a *Attachments) Expire(now int64) {
	for _, e := range a.names.From("") {
		if now-e.came >= AttachTime {
			a.drop(e)
		}
	}
}

// Review does Expire, and Judge for what is left; holder tells the script that
// holds a name now, or nil.
func (a *Attachments) Review(now int64, holder func(name string) []byte) {
	a.Expire(now)
	for name := range a.names.From("") {
		a.Judge(name, holder(name))
	}
}

// Judge looks at an attachment again after the chain has moved: it is forgotten
// if holder, the script that holds its name now, is another's.
func (a *Attachments) Judge(name string, holder []byte) {
	e, ok := a.names.Get(name)
	if !ok || e.claimed && bytes.Equal(holder, e.Script) || !e.claimed && holder == nil {
		return
	}
	a.drop(e)
	if holder != nil && !bytes.Equal(holder, e.Script) {
		return
	}
	next := *e
	next.claimed = holder != nil
	if !next.claimed && a.unclaimed >= MaxUnclaimed {
		return
	}
	a.names = a.names.Set(name, &next)
	if !next.claimed {
		a.unclaimed++
	}
}

func (a *Attachments) drop(e *attached) {
	a.names = a.names.Delete(e.Name)
	if !e.claimed {
		a.unclaimed--
	}
}
