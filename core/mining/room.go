package mining

import (
	"fmt"

	"orrery/core/consensus"
)

const (
	// reservedWeight is kept for the header, the count of transactions and the
	// coinbase (Core: DEFAULT_BLOCK_RESERVED_WEIGHT).
	reservedWeight = 8000
	// reservedSigOps is kept for the coinbase's outputs, which an external
	// miner chooses (Core: DEFAULT_COINBASE_OUTPUT_MAX_ADDITIONAL_SIGOPS).
	reservedSigOps = 400
	// headerWeight is the header and the longest count of transactions that a
	// block has, in weight units.
	headerWeight = (consensus.HeaderSize + 5) * consensus.WitnessScale
)

// room is what a block has left for transactions.
type room struct {
	weight int64 // weight units
	sigops int64
}

// newRoom reserves what the coinbase needs, and more, as Core does; in a chain
// with blocks so small that this is more than half of them, only what it needs.
func newRoom(in *Input, c coinbase) (room, error) {
	tx := c.tx(0)
	need := room{int64(tx.Weight()) + headerWeight, consensus.SigOpCost(tx, nil)}
	all := room{in.Params.MaxWeight, in.Params.MaxSigopCost()}
	left := room{all.weight - max(need.weight, min(reservedWeight, all.weight/2)), all.sigops - max(need.sigops, min(reservedSigOps, all.sigops/2))}
	if left.weight < 0 || left.sigops < 0 {
		return room{}, fmt.Errorf("the coinbase has weight %d and sigop cost %d, a block at most %d and %d",
			tx.Weight(), need.sigops, all.weight, all.sigops)
	}
	return left, nil
}
