package consensus

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/holiman/uint256"
)

// WorkCheck decides whether a block hash proves the work that bits ask for.
// The real one is CheckProofOfWork; a simulation, in which nobody hashes,
// gives its own.
type WorkCheck func(hash chainhash.Hash, bits uint32, powLimit *uint256.Int) error

// minVersion is the lowest block version: BIP34, BIP66 and BIP65 hold from
// height 1.
const minVersion = 4

// HeaderContext is what the rules of a header need to know of its ancestors.
type HeaderContext struct {
	Bits       uint32 // what the difficulty policy asks for
	MedianTime int64  // of the parent, seconds
	Now        int64  // our clock, seconds
}

// CheckHeaderInContext applies the rules that need the header's ancestors and
// the time (Core: ContextualCheckBlockHeader).
func CheckHeaderInContext(h *Header, c HeaderContext, p *Params) error {
	if h.Bits != c.Bits {
		return ruleError(BadBits, "bits %08x, the difficulty policy asks for %08x", h.Bits, c.Bits)
	}
	if int64(h.Time) <= c.MedianTime {
		return ruleError(TimeTooOld, "time %d is not after the median %d of the last 11 blocks", h.Time, c.MedianTime)
	}
	if int64(h.Time) > c.Now+p.MaxFutureTime {
		return ruleError(TimeTooNew, "time %d is more than %d s ahead of %d", h.Time, p.MaxFutureTime, c.Now)
	}
	if h.Version < minVersion {
		e := ruleError(BadVersion, "block version below %d", minVersion)
		e.Word = fmt.Sprintf("%s(0x%08x)", BadVersion, uint32(h.Version))
		return e
	}
	return nil
}
