package config

import (
	"fmt"
	"math"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
	"orrery/core/policy"
)

// ChainFile makes the chain.json of a new chain from [chain] and searches its
// genesis block. policy0 is the id of the policy in force from height 1,
// experimentKey a BIP340 public key in hex or "", now in seconds since 1970:
// the genesis time where the settings give none. The search ends early
// when stop, asked now and then, says so; it may be nil.
func (c *Config) ChainFile(policy0 chainhash.Hash, experimentKey string, now int64, stop func() bool) (consensus.ChainFile, error) {
	f := c.chainFile()
	f.Policy0 = policy.FormatID(policy0)
	f.ExperimentKey = experimentKey
	if f.Genesis.Time == 0 {
		f.Genesis.Time = now
	}
	f, err := consensus.MineGenesis(f, stop)
	if err != nil {
		return consensus.ChainFile{}, fmt.Errorf("making a chain: %w", err)
	}
	return f, nil
}

// DiffChain names the settings of [chain] that differ from those which a chain
// was made with. What only the making of a chain resolves is left out.
func (c *Config) DiffChain(made consensus.ChainFile) []string {
	f := c.chainFile()
	f.Policy0, f.ExperimentKey, f.Genesis.Nonce = made.Policy0, made.ExperimentKey, made.Genesis.Nonce
	if f.Genesis.Time == 0 {
		f.Genesis.Time = made.Genesis.Time
	}
	return consensus.Diff(made, f)
}

func (c *Config) chainFile() consensus.ChainFile {
	return consensus.ChainFile{
		Format: consensus.ChainFormat,
		Name:   c.Chain.Name,
		Genesis: consensus.ChainGenesis{
			Message: c.Chain.Genesis.Message,
			Time:    c.Chain.Genesis.Time,
			Bits:    int64(c.Chain.Genesis.Bits),
			Nonce:   c.Chain.Genesis.Nonce,
			Reward:  c.Chain.Genesis.Reward,
			Script:  c.Chain.Genesis.Script,
		},
		Addresses: consensus.ChainAddresses{
			P2PKH: c.Chain.Addresses.P2PKH,
			P2SH:  c.Chain.Addresses.P2SH,
			WIF:   c.Chain.Addresses.WIF,
			HRP:   c.Chain.Addresses.HRP,
		},
		Maturity:      c.Chain.Maturity,
		MaxWeight:     c.Chain.MaxWeight,
		PowLimit:      c.Chain.PowLimit,
		Spacing:       c.Chain.Spacing,
		MaxFutureTime: c.Chain.MaxFutureTime,
		MinLead:       c.Chain.MinLead,
	}
}

// checkChain asks the rules themselves about [chain].
func (v *checker) checkChain() {
	f := v.c.chainFile()
	f.Policy0 = strings.Repeat("0", 2*chainhash.HashSize)
	if f.Genesis.Time == 0 { // resolved when the chain is made
		f.Genesis.Time = 1
	}
	for _, fault := range f.Faults() {
		v.fail("chain."+fault.Member, "chain.%v", fault)
	}
	if bits := f.Genesis.Bits; bits >= 0 && bits <= math.MaxUint32 {
		if fault := f.GenesisWorkFault(); fault != nil {
			v.fail("chain.genesis.bits", "chain.%v", fault)
		}
	}
}
