package lua

import (
	"math"
	"strconv"

	glua "github.com/yuin/gopher-lua"
)

// maxInt is the highest whole number that float64, and so Lua, tells from its
// neighbours.
const maxInt = 1 << 53

// integer is the one way from a Lua number to an integer: it ends the script
// unless v is a whole number within ±2^53. what names the value in the error.
func (m *machine) integer(v glua.LValue, what string) int64 {
	n, ok := v.(glua.LNumber)
	if !ok {
		m.raise("%s must be a number, got %s", what, typeName(v))
	}
	i, ok := wholeNumber(float64(n))
	if !ok {
		m.raise("%s must be a whole number of at most 2^53, got %s", what, formatNumber(float64(n)))
	}
	return i
}

// wholeNumber compares before it converts: what a conversion out of range
// gives differs between CPUs.
func wholeNumber(f float64) (int64, bool) {
	if !(f >= -maxInt && f <= maxInt) || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// formatNumber writes whole numbers plainly and others as short as they can be
// read back.
func formatNumber(f float64) string {
	if i, ok := wholeNumber(f); ok {
		return strconv.FormatInt(i, 10)
	}
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// typeName is what type() says.
func typeName(v glua.LValue) string {
	if u, ok := v.(*glua.LUserData); ok {
		switch u.Value.(type) {
		case *wide:
			return "u256"
		case *signed:
			return "i256"
		}
	}
	return v.Type().String()
}
