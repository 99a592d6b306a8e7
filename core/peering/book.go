package peering

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"

	"orrery/core/protocol"
)

// Limits of the address book. Addresses are signed by nobody: whoever sends
// many from one network fills a share of the book, and pushes out none of the
// others'.
const (
	maxEntries   = 2048
	maxOfSource  = 512  // not yet tried addresses from one netgroup
	maxOfGroup   = 64   // addresses that are in one netgroup, but for local ones
	bookBurst    = 1000 // addresses that one netgroup may tell at once, and a day
	bookEvery    = 24 * 60 * 60 * second / bookBurst
	bookGroups   = 1024
	retryFirst   = 10 * second     // after a failed dial, doubling
	retryRefused = 5 * 60 * second // after a node had no place
	retryMax     = 60 * 60 * second
	maxFails     = 4       // of an address that never was good
	maxFailsOld  = 12      // of one that was
	heardFor     = 30 * 60 // seconds that an ID counts as taken after it was heard of
)

// entry is one address.
type entry struct {
	protocol.Member
	Source string // netgroup of who told
	Heard  int64  // seconds since 1970
	Good   bool   // a node was there
	Fails  int    // dials since
	next   int64  // when it may be dialled again
	group  string // netgroup of the address
	dirty  bool
}

// book is the addresses of nodes, whether they are any good or not.
type book struct {
	entries []*entry // by address
	index   map[string]*entry
	sources map[string]int // not yet good ones that a source told
	groups  map[string]int // entries in a netgroup
	rates   keyed
	changed []string // addresses whose record is to be saved
}

func newBook() book {
	return book{index: map[string]*entry{}, sources: map[string]int{}, groups: map[string]int{}, rates: keyed{limit: bookGroups}}
}

// allow reports whether one more address from a netgroup is heard.
func (b *book) allow(source string, now int64) bool {
	return b.rates.of(source).bucket.take(now, 1, bookEvery, bookBurst)
}

// hear takes an address that somebody told, and reports whether that is news.
// wall is in seconds since 1970.
func (b *book) hear(m protocol.Member, source string, wall int64) bool {
	if e := b.index[m.Address]; e != nil {
		news := e.ID != m.ID && m.ID != 0
		if news || e.Heard+60*60 < wall {
			b.mark(e)
		}
		if news {
			e.ID = m.ID
		}
		e.Heard = max(e.Heard, wall)
		return news
	}
	host, _, _ := SplitAddress(m.Address)
	if !b.makeRoom(source, host) {
		return false
	}
	b.insert(&entry{Member: m, Source: source, Heard: wall})
	return true
}

func (b *book) insert(e *entry) {
	i, ok := b.find(e.Address)
	if ok {
		return
	}
	host, _, _ := SplitAddress(e.Address)
	e.group = NetGroup(host)
	b.entries = slices.Insert(b.entries, i, e)
	b.index[e.Address] = e
	b.count(e, 1)
	b.mark(e)
}

func (b *book) find(address string) (int, bool) {
	return slices.BinarySearchFunc(b.entries, address, func(e *entry, a string) int { return cmp.Compare(e.Address, a) })
}

// makeRoom makes place for an address, or says that there is none.
func (b *book) makeRoom(source, host string) bool {
	if !IsLocal(host) && b.groups[NetGroup(host)] >= maxOfGroup {
		return false
	}
	full := len(b.entries) >= maxEntries
	if b.sources[source] < maxOfSource && !full {
		return true
	}
	var worst *entry // of this source, not yet good
	for _, e := range b.entries {
		if e.Source == source && !e.Good && (worst == nil || e.Fails > worst.Fails || e.Fails == worst.Fails && e.Heard < worst.Heard) {
			worst = e
		}
	}
	if worst == nil {
		return false
	}
	b.remove(worst.Address)
	return true
}

// count keeps the sums that makeRoom asks for.
func (b *book) count(e *entry, by int) {
	add := func(m map[string]int, key string) {
		if m[key] += by; m[key] == 0 {
			delete(m, key)
		}
	}
	add(b.groups, e.group)
	if !e.Good {
		add(b.sources, e.Source)
	}
}

func (b *book) remove(address string) {
	i, ok := b.find(address)
	if !ok {
		return
	}
	b.mark(b.entries[i])
	b.count(b.entries[i], -1)
	delete(b.index, address)
	b.entries = slices.Delete(b.entries, i, i+1)
}

func (b *book) mark(e *entry) {
	if !e.dirty {
		e.dirty = true
		b.changed = append(b.changed, e.Address)
	}
}

// good records that a node is at an address. wall is in seconds since 1970.
func (b *book) good(m protocol.Member, source string, wall int64) {
	e := b.index[m.Address]
	if e == nil {
		host, _, _ := SplitAddress(m.Address)
		if !b.makeRoom(source, host) {
			return
		}
		e = &entry{Source: source}
		e.Member = m
		b.insert(e)
	}
	if !e.Good || e.ID != m.ID || e.Heard+60*60 < wall {
		b.mark(e)
	}
	b.count(e, -1)
	e.Member, e.Good, e.Fails, e.Heard = m, true, 0, wall
	b.count(e, 1)
}

// try records that an address is being dialled: not again before a pause.
func (b *book) try(address string, now, pause int64) {
	if e := b.index[address]; e != nil {
		e.next = now + pause
	}
}

// failed records that nobody was at an address: then nobody has its ID, either.
func (b *book) failed(address string, now int64) {
	e := b.index[address]
	if e == nil {
		return
	}
	e.Fails++
	e.ID = 0
	b.mark(e)
	limit := maxFails
	if e.Good {
		limit = maxFailsOld
	}
	if e.Fails >= limit {
		b.remove(address)
		return
	}
	e.next = now + min(retryFirst<<e.Fails, retryMax)
}

// parted records that a connection to a node ended, so that it is not dialled
// again at once.
func (b *book) parted(q *peer, now int64) {
	if e := b.index[q.listen]; e != nil {
		e.next = now + retryFirst
	}
}

// impatient lets all addresses be dialled again at once.
func (b *book) impatient() {
	for _, e := range b.entries {
		e.next = 0
	}
}

// pick chooses an address to dial, as often one that was good as one that was
// not tried.
func (b *book) pick(rng *rand.Rand, now int64, ok func(*entry) bool) string {
	wantGood := rng.IntN(2) == 0
	first := b.walk(rng, now, func(e *entry) bool { return e.Good == wantGood && ok(e) })
	if first == "" {
		first = b.walk(rng, now, ok)
	}
	return first
}

// untried chooses an address that nobody was met at.
func (b *book) untried(rng *rand.Rand, now int64, ok func(*entry) bool) string {
	return b.walk(rng, now, func(e *entry) bool { return !e.Good && ok(e) })
}

func (b *book) walk(rng *rand.Rand, now int64, ok func(*entry) bool) string {
	n := len(b.entries)
	if n == 0 {
		return ""
	}
	at := rng.IntN(n)
	for i := range n {
		if e := b.entries[(at+i)%n]; e.next <= now && ok(e) {
			return e.Address
		}
	}
	return ""
}

// holder returns the entry that has an ID, as far as was heard lately. wall is
// in seconds since 1970.
func (b *book) holder(id uint32, wall int64) *entry {
	for _, e := range b.entries {
		if e.ID == id && e.Heard+heardFor > wall {
			return e
		}
	}
	return nil
}

func (b *book) load(value []byte) {
	e := &entry{}
	if json.Unmarshal(value, e) != nil || len(b.entries) >= maxEntries {
		return
	}
	if a, ok := dialable(e.Address, ""); ok && a == e.Address && e.Kind == protocol.KindNode {
		b.insert(e)
		e.dirty = false
	}
}
