package directory

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/internal/pmap"
)

// MaxChecks bounds the signatures that are checked in one block, right or
// wrong. A block of 4,000,000 weight units has room for some 9,000 claims, which
// would take 2 s to check; 1,000 take 0.2 s, far less than such a block's own
// signatures, and more names a block than anybody registers by hand. Claims
// beyond are plain data. Every node must count the same: it is part of the
// format.
const MaxChecks = 1000

// Why a claim does not count. The texts end a sentence that names the name.
var (
	ErrSeq       = errors.New("its sequence number is not higher than that of the last claim")
	ErrSignature = errors.New("it is not signed by the holder of the name")
)

// Place is where a claim is in the chain. Txid is of the transaction.
type Place struct {
	Height int32
	Tx     uint32 // index in the block
	Output uint32
	Txid   chainhash.Hash
}

// Compare orders places as the chain does.
func (p Place) Compare(q Place) int {
	return cmp.Or(cmp.Compare(p.Height, q.Height), cmp.Compare(p.Tx, q.Tx), cmp.Compare(p.Output, q.Output))
}

// Holding is a claim that counts. It never changes.
type Holding struct {
	Name   string
	Seq    uint32
	Script []byte // output script of the address
	At     Place
	// Since is the height from which on the name has had this script: renewals
	// do not make it younger.
	Since  int32
	Before *Holding // what counted before, or nil
}

// Table says whom each name is paid to after some block. It is immutable: what
// changes it returns another that shares most with it. It is safe for
// concurrent use.
type Table struct {
	network [32]byte
	names   pmap.Sorted[*Holding]
}

// NewTable is the table of a chain that has its genesis block only.
func NewTable(network [32]byte) Table { return Table{network: network} }

// Len is the number of names.
func (t Table) Len() int { return t.names.Len() }

// Same reports whether two tables are known to be equal at no cost: one was got
// from the other with nothing in between.
func (t Table) Same(u Table) bool { return t == u }

// Get returns what is true of a name now, or nil.
func (t Table) Get(name string) *Holding {
	h, _ := t.names.Get(name)
	return h
}

// From yields all names from a text on, in byte order; "" is before all.
func (t Table) From(name string) iter.Seq[*Holding] {
	return func(yield func(*Holding) bool) {
		for _, h := range t.names.From(name) {
			if !yield(h) {
				return
			}
		}
	}
}

// Apply returns the table after a block at a height, which must be the one
// after those applied before, and the claims of the block that count, in its
// order.
func (t Table) Apply(b *consensus.Block, height int32) (Table, []*Holding) {
	var added []*Holding
	checks := 0
	eachClaim(b, height, func(c *Claim, at Place) bool {
		signer, err := t.signer(c)
		if err != nil || !wellFormed(signer, c.Signature) {
			return true
		}
		if checks++; checks > MaxChecks {
			return false
		}
		if !verify(signer, c.Signature, c.Digest(t.network)) {
			return true
		}
		var h *Holding
		t, h = t.with(c, at)
		added = append(added, h)
		return true
	})
	return t, added
}

// Revert returns the table before a block that was applied last, and what it
// took away: the newest first for each name.
func (t Table) Revert(b *consensus.Block, height int32) (Table, []*Holding) {
	var taken []*Holding
	eachClaim(b, height, func(c *Claim, _ Place) bool {
		for h := t.Get(c.Name); h != nil && h.At.Height >= height; h = h.Before {
			taken = append(taken, h)
			if h.Before != nil {
				t.names = t.names.Set(c.Name, h.Before)
			} else {
				t.names = t.names.Delete(c.Name)
			}
		}
		return true
	})
	return t, taken
}

// eachClaim yields what has the form of a claim, in the order of the chain.
func eachClaim(b *consensus.Block, height int32, yield func(*Claim, Place) bool) {
	for i, tx := range b.Txs {
		for n, out := range tx.Msg.TxOut {
			c, ok := ParseOutput(out.PkScript)
			if ok && !yield(&c, Place{Height: height, Tx: uint32(i), Output: uint32(n), Txid: tx.ID()}) {
				return
			}
		}
	}
}

// signer returns the script that must have signed a claim. The error is ErrSeq.
func (t Table) signer(c *Claim) ([]byte, error) {
	h := t.Get(c.Name)
	switch {
	case h == nil:
		return c.Script, nil
	case c.Seq <= h.Seq:
		return nil, ErrSeq
	}
	return h.Script, nil
}

// Check reports whether a claim would count in the next block: nil, ErrSeq or
// ErrSignature.
func (t Table) Check(c *Claim) error {
	signer, err := t.signer(c)
	if err != nil {
		return err
	}
	if !verify(signer, c.Signature, c.Digest(t.network)) {
		return ErrSignature
	}
	return nil
}

func (t Table) with(c *Claim, at Place) (Table, *Holding) {
	h := &Holding{Name: c.Name, Seq: c.Seq, Script: c.Script, At: at, Since: at.Height, Before: t.Get(c.Name)}
	if b := h.Before; b != nil && bytes.Equal(b.Script, h.Script) {
		h.Since = b.Since
	}
	t.names = t.names.Set(c.Name, h)
	return t, h
}

// Restore returns the table with a claim that counted when it was applied, for
// whoever stored it; for each name, those before it must have been restored
// before. The signature is not needed. The error says what cannot be.
func (t Table) Restore(c Claim, at Place) (Table, error) {
	b := t.Get(c.Name)
	switch {
	case !ValidName(c.Name) || !CanHold(c.Script):
		return t, fmt.Errorf("no claim can have the name %q and the script %x", c.Name, c.Script)
	case b != nil && (c.Seq <= b.Seq || at.Compare(b.At) <= 0):
		return t, fmt.Errorf("the claim of %q at height %d does not follow the one before", c.Name, at.Height)
	}
	t, _ = t.with(&c, at)
	return t, nil
}

// MinConfirmations is how many blocks, the claim's own included, a name must be
// in before it is paid: a claim in the tip may lose against another in a block
// that is found at the same time, one below it hardly ever does.
const MinConfirmations = 2

// Confirmations is in how many blocks up to a tip the name has had its present
// address.
func (h *Holding) Confirmations(tip int32) int32 { return tip - h.Since + 1 }
