package amount

import (
	"fmt"
	"strings"
)

// Holding is what a person wants to know of a balance.
type Holding struct {
	Spendable int64 // satoshi
	Pending   int64 // satoshi, paid to us and not in a block yet
	Maturing  int64 // satoshi of block rewards that cannot be spent yet
	Blocks    int32 // until the first of them can be spent
	Spacing   int64 // seconds wanted between blocks, 0 when unknown
}

// String is one line, as "0.00 spendable, 150.00 maturing: first in 3 blocks
// (about 30 s)". What is zero is left out, except for what is spendable.
func (h Holding) String() string {
	parts := []string{Short(h.Spendable) + " spendable"}
	if h.Pending != 0 {
		parts = append(parts, Short(h.Pending)+" waiting for a block")
	}
	if h.Maturing == 0 {
		return strings.Join(parts, ", ")
	}
	unit := "blocks"
	if h.Blocks == 1 {
		unit = "block"
	}
	last := fmt.Sprintf("%s maturing: first in %d %s", Short(h.Maturing), h.Blocks, unit)
	if h.Spacing > 0 {
		last += fmt.Sprintf(" (about %s)", Span(int64(h.Blocks)*h.Spacing))
	}
	return strings.Join(append(parts, last), ", ")
}

// Span writes a time in seconds for people, rounded to the unit that matters:
// "30 s", "17 min", "5 h", "3 days".
func Span(seconds int64) string {
	round := func(unit int64) int64 { return (seconds + unit/2) / unit }
	switch {
	case seconds < 120:
		return fmt.Sprintf("%d s", seconds)
	case round(60) < 120:
		return fmt.Sprintf("%d min", round(60))
	case round(3600) < 48:
		return fmt.Sprintf("%d h", round(3600))
	}
	return fmt.Sprintf("%d days", round(86400))
}
