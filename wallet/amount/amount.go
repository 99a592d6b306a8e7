//lint:file-ignore ST1005 these texts are Core's, as clients read them

// Package amount reads and writes amounts of coins without a floating-point
// number anywhere: inside the program every amount is an int64 of satoshi.
package amount

import (
	"errors"
	"strconv"
	"strings"

	"orrery/core/consensus"
)

// decimals is how many digits a coin has behind the point.
const decimals = 8

// maxText bounds the text that Parse looks at. Amounts need 17 characters;
// programs may send trailing zeros.
const maxText = 100

// ErrInvalid says that a text is no amount, ErrRange that it is negative or
// more than there can ever be. Both are Core's words (RPC code -3).
var (
	ErrInvalid = errors.New("Invalid amount")
	ErrRange   = errors.New("Amount out of range")
)

// Parse reads an amount of coins, as "1.5" or "2e-08", and returns satoshi. It
// takes what JSON takes as a number and refuses more than 8 decimals that are
// not zero (ErrInvalid; Core: ParseFixedPoint), negative amounts and those
// above 21 million coins (ErrRange).
func Parse(text string) (int64, error) {
	v, err := ParseFixed(text, decimals)
	if err != nil {
		return 0, err
	}
	if v < 0 || v > consensus.MaxMoney {
		return 0, ErrRange
	}
	return v, nil
}

// ParseFixed reads a JSON number and returns it times 10^places, exactly, or
// ErrInvalid. The sign is kept. With 3 places it reads a fee rate in sat/vB
// and returns sat/kvB.
func ParseFixed(text string, places int) (int64, error) {
	if len(text) > maxText {
		return 0, ErrInvalid
	}
	rest, negative := strings.CutPrefix(text, "-")
	whole, rest := cutDigits(rest)
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return 0, ErrInvalid
	}
	fraction := ""
	if after, ok := strings.CutPrefix(rest, "."); ok {
		if fraction, rest = cutDigits(after); fraction == "" {
			return 0, ErrInvalid
		}
	}
	exponent, err := parseExponent(rest)
	if err != nil {
		return 0, err
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return 0, nil
	}
	trimmed := strings.TrimRight(digits, "0")
	// The value is trimmed × 10^shift.
	shift := places + exponent - len(fraction) + len(digits) - len(trimmed)
	if shift < 0 || len(trimmed)+shift > 18 { // 18 digits always fit into an int64
		return 0, ErrInvalid
	}
	v, err := strconv.ParseInt(trimmed+strings.Repeat("0", shift), 10, 64)
	if err != nil {
		return 0, ErrInvalid
	}
	if negative {
		v = -v
	}
	return v, nil
}

func parseExponent(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	if text[0] != 'e' && text[0] != 'E' {
		return 0, ErrInvalid
	}
	text = text[1:]
	sign := 1
	if text != "" && (text[0] == '+' || text[0] == '-') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	digits, rest := cutDigits(text)
	if digits == "" || rest != "" || len(digits) > 3 {
		return 0, ErrInvalid
	}
	n, err := strconv.Atoi(digits)
	return sign * n, err
}

func cutDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// Format writes satoshi as coins with all 8 decimals, as JSON-RPC does:
// "1.50000000".
func Format(satoshi int64) string {
	sign, v := "", uint64(satoshi)
	if satoshi < 0 {
		sign, v = "-", -v
	}
	unit := uint64(consensus.CoinUnit)
	fraction := strconv.FormatUint(v%unit+unit, 10)[1:]
	return sign + strconv.FormatUint(v/unit, 10) + "." + fraction
}

// Short writes satoshi as coins with as many decimals as are needed, but at
// least two, for people: "1.50", "0.00000226".
func Short(satoshi int64) string {
	s := Format(satoshi)
	end := len(s)
	for end > len(s)-decimals+2 && s[end-1] == '0' {
		end--
	}
	return s[:end]
}
