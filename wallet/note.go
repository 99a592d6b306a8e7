package wallet

import (
	"encoding/json"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// Note is what a person wrote about a payment. It is not part of the
// transaction, and words alone do not bring it back.
type Note struct {
	Comment string `json:"comment,omitempty"` // what it is for
	To      string `json:"to,omitempty"`      // who gets it
}

// MaxNote bounds each text of a note in bytes, because all notes are kept in
// memory.
const MaxNote = 1000

// Check returns an error for people when a text is too long.
func (n Note) Check() error {
	if len(n.Comment) > MaxNote || len(n.To) > MaxNote {
		return fmt.Errorf("a comment is longer than %d bytes", MaxNote)
	}
	return nil
}

// Record is what the host stores of a note; nil for an empty one.
func (n Note) Record() []byte {
	if n == (Note{}) {
		return nil
	}
	b, _ := json.Marshal(n) // two strings never fail
	return b
}

// SetNote files a note to a transaction, an empty one takes it away. The host
// stores it.
func (w *Wallet) SetNote(txid chainhash.Hash, n Note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n == (Note{}) {
		delete(w.notes, txid)
		return
	}
	w.notes[txid] = n
}

// RestoreNote takes a record that the host stored.
func (w *Wallet) RestoreNote(txid chainhash.Hash, record []byte) error {
	var n Note
	if err := json.Unmarshal(record, &n); err != nil {
		return fmt.Errorf("wallet %q: %w: the note to %v: %w", w.cfg.Name, consensus.ErrDecode, txid, err)
	}
	w.SetNote(txid, n)
	return nil
}

// Note returns what was written about a transaction.
func (w *Wallet) Note(txid chainhash.Hash) Note {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.notes[txid]
}
