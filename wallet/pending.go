package wallet

import (
	"encoding/binary"
	"fmt"

	"orrery/core/consensus"
	"orrery/wallet/ledger"
)

// A pending record is: version | flags | time, 8 bytes big-endian | transaction.
const (
	pendingVersion   = 1
	pendingHeader    = 10
	flagAbandoned    = 1
	pendingFlagsMask = flagAbandoned
)

func encodePending(c ledger.Change) []byte {
	b := []byte{pendingVersion, 0}
	if c.Abandoned {
		b[1] |= flagAbandoned
	}
	b = binary.BigEndian.AppendUint64(b, uint64(c.Received))
	return append(b, c.Tx.Bytes()...)
}

// PendingRecord is a record for Restore of a payment that the mempool has yet to
// take: stored before, it cannot be lost whatever the mempool does later.
// received is in seconds since 1970.
func PendingRecord(tx *consensus.Tx, received int64) []byte {
	return encodePending(ledger.Change{Tx: tx, Pending: true, Received: received})
}

func decodePending(b []byte) (ledger.Change, error) {
	if len(b) < pendingHeader || b[0] != pendingVersion || b[1]&^pendingFlagsMask != 0 {
		return ledger.Change{}, fmt.Errorf("%w: not a record of version %d", consensus.ErrDecode, pendingVersion)
	}
	tx, err := consensus.ParseTx(b[pendingHeader:])
	if err != nil {
		return ledger.Change{}, err
	}
	return ledger.Change{
		Tx: tx, Pending: true, Received: int64(binary.BigEndian.Uint64(b[2:])), Abandoned: b[1]&flagAbandoned != 0,
	}, nil
}
