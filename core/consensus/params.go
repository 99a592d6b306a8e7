package consensus

import (
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// Params are the fixed rules of one chain: what chain.json holds, resolved.
type Params struct {
	Name          string
	Genesis       *Block
	Maturity      int32 // blocks until a coinbase output can be spent
	MaxWeight     int64 // weight units a block
	PowLimit      uint256.Int
	Spacing       int64          // seconds wanted between blocks
	MaxFutureTime int64          // seconds that a block's time may be ahead of ours
	MinLead       int32          // blocks between a counted upgrade record and its activation
	ExperimentKey []byte         // BIP340 public key, 32 bytes; empty: policies never change
	Policy0       chainhash.Hash // policy id in force from height 1
	Addresses     AddressVersions
	NetworkID     [32]byte // SHA-256("orrery-chain\0" | chain.json)
}

// AddressVersions are the prefixes of this chain's addresses and keys.
type AddressVersions struct {
	P2PKH byte
	P2SH  byte
	WIF   byte
	HRP   string // bech32 human-readable part
}

// MaxSigopCost is the sigop budget of a block: Core's 80,000 at 4,000,000
// weight units, in the same proportion for other sizes.
func (p *Params) MaxSigopCost() int64 { return p.MaxWeight / 50 }
