package directory

import (
	"iter"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// MaxPreviews bounds the signatures that Pending checks: enough to show what is
// coming, and some 20 ms at most whatever the mempool is full of.
const MaxPreviews = 100

// Preview is a claim that no block has yet. Of several for one name at most one
// will count, and nobody knows which.
type Preview struct {
	Claim  Claim
	Txid   chainhash.Hash
	Output uint32
}

// Pending finds the claims of transactions without a block that would count if
// each were alone in the next block: all, or with name those of one name.
func (t Table) Pending(txs iter.Seq[*consensus.Tx], name string) []Preview {
	var list []Preview
	checks := 0
	for tx := range txs {
		for n, out := range tx.Msg.TxOut {
			c, ok := ParseOutput(out.PkScript)
			if !ok || name != "" && c.Name != name {
				continue
			}
			signer, err := t.signer(&c)
			if err != nil || !wellFormed(signer, c.Signature) {
				continue
			}
			if checks++; checks > MaxPreviews {
				return list
			}
			if verify(signer, c.Signature, c.Digest(t.network)) {
				list = append(list, Preview{Claim: c, Txid: tx.ID(), Output: uint32(n)})
			}
		}
	}
	return list
}
