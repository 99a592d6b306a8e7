package netsync

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// A short id has from 3 to 6 bytes: as many as keep the chance that any of a
// block's transactions is taken for another one of the mempool below one in
// collisionOdds. Such a block costs a round trip more.
const (
	minIDBytes    = 3
	maxIDBytes    = 6
	collisionOdds = 50
)

// idBytes chooses the length for a block and a mempool of so many transactions.
func idBytes(blockTxs, poolTxs int) int {
	n := minIDBytes
	for n < maxIDBytes && uint64(blockTxs)*uint64(max(poolTxs, blockTxs)) > 1<<(8*n)/collisionOdds {
		n++
	}
	return n
}

// shortIDs makes the ids of one block (BIP152, but for their length).
type shortIDs struct {
	k0, k1, mask uint64
}

// newShortIDs takes the key from the header and a nonce, so that nobody can make
// transactions collide before he has the block.
func newShortIDs(h *consensus.Header, nonce uint64, bytes int) shortIDs {
	raw := h.Bytes()
	key := sha256.Sum256(binary.LittleEndian.AppendUint64(raw[:], nonce))
	return shortIDs{binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:]), 1<<(8*bytes) - 1}
}

func (s *shortIDs) of(wtxid chainhash.Hash) uint64 { return sipHash(s.k0, s.k1, wtxid[:]) & s.mask }
