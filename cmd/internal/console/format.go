package console

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/btcsuite/btcd/chainhash/v2"

	"orrery/core/consensus"
)

// Difficulty is how many times harder bits are than Bitcoin's easiest target,
// 0x1d00ffff (Core: GetDifficulty).
func Difficulty(bits uint32) float64 {
	one, _, _ := consensus.CompactToTarget(0x1d00ffff)
	target, _, _ := consensus.CompactToTarget(bits)
	if target.IsZero() {
		return 0
	}
	return one.Float64() / target.Float64()
}

// shortHash keeps the begin, whose zeros are the work, and the end, which tells
// one block from another.
func shortHash(h chainhash.Hash) string {
	s := h.String()
	return s[:6] + "…" + s[len(s)-6:]
}

// dayFrom is from how many seconds on an interval is given in days: between a
// genesis block and the next there may be years.
const dayFrom = 100_000

// span writes an interval; blocks may be earlier than their parents.
func span(seconds int64) string {
	if seconds >= dayFrom || seconds <= -dayFrom {
		return fmt.Sprintf("%+d d", seconds/(24*3600))
	}
	return fmt.Sprintf("%+d s", seconds)
}

// metric writes a number with three digits and a unit, as in "200 k"; a small
// one as in "4.66e-10".
func metric(f float64) string {
	const limit = 999.5 // what is rounded to 1000
	units := []string{"", " k", " M", " G", " T", " P", " E", " Z", " Y"}
	i := 0
	for ; f >= limit && i < len(units)-1; i++ {
		f /= 1000
	}
	return strconv.FormatFloat(f, 'g', 3, 64) + units[i]
}

// coins writes satoshi as coins without superfluous zeros, two decimals at
// least.
func coins(satoshi int64) string {
	s := fmt.Sprintf("%d.%08d", satoshi/consensus.CoinUnit, satoshi%consensus.CoinUnit)
	cut := strings.TrimRight(s, "0")
	if dot := strings.IndexByte(s, '.'); len(cut) < dot+3 {
		cut = s[:dot+3]
	}
	return cut
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
