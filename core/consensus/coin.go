package consensus

import "github.com/btcsuite/btcd/wire/v2"

// Amounts are in satoshi.
const (
	CoinUnit int64 = 100_000_000           // satoshi in one coin
	MaxMoney       = 21_000_000 * CoinUnit // Core: MAX_MONEY
)

// Coin is an unspent output. It is immutable.
type Coin struct {
	Value    int64 // satoshi
	Script   []byte
	Height   int32 // of the block that made it
	Coinbase bool
}

// Coins looks unspent outputs up.
type Coins interface {
	// Coin returns nil, nil when the output does not exist or is spent. An
	// error means that the storage failed, never that the coin is missing.
	Coin(wire.OutPoint) (*Coin, error)
}

// CoinChange sets a coin, or with a nil Coin removes it.
type CoinChange struct {
	Outpoint wire.OutPoint
	Coin     *Coin
}
