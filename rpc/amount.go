package rpc

import (
	"errors"
	"math"
	"strconv"

	"orrery/core/consensus"
)

// amountDecimals is how many decimals an amount has: 1 coin is 10^8 satoshi.
const amountDecimals = 8

const coinUnit = uint64(consensus.CoinUnit)

// Amount is a sum of money in satoshi. In JSON it is a number of coins with
// exactly eight decimals; no float is involved in either direction.
type Amount int64

// MarshalJSON writes coins with eight decimals, as Core's ValueFromAmount.
func (a Amount) MarshalJSON() ([]byte, error) {
	return a.append(make([]byte, 0, 24)), nil
}

// String is the amount in coins, as in "0.50000000".
func (a Amount) String() string { return string(a.append(nil)) }

func (a Amount) append(dst []byte) []byte {
	u := uint64(a)
	if a < 0 {
		dst = append(dst, '-')
		u = -u
	}
	dst = strconv.AppendUint(dst, u/coinUnit, 10)
	dst = append(dst, '.')
	frac := u % coinUnit
	for unit := uint64(coinUnit / 10); unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(frac/unit%10))
	}
	return dst
}

// ParseAmount reads coins, written as a JSON number writes them ("0.5",
// "2e-08"), and refuses more than eight decimals and anything outside
// 0…MaxMoney with code -3 and Core's text (AmountFromValue).
func ParseAmount(text string) (Amount, error) {
	v, err := parseFixed([]byte(text), amountDecimals)
	if err != nil {
		return 0, Errorf(CodeType, "Invalid amount")
	}
	if v < 0 || v > consensus.MaxMoney {
		return 0, Errorf(CodeType, "Amount out of range")
	}
	return Amount(v), nil
}

var errFixed = errors.New("not a number of that precision")

// parseFixed reads a JSON number as an integer count of 10^-decimals, exactly
// or not at all. Zeros at the end do not count as decimals (Core:
// ParseFixedPoint).
func parseFixed(b []byte, decimals int) (int64, error) {
	if end, ok := scanNumber(b, 0); !ok || end != len(b) {
		return 0, errFixed
	}
	i, neg := 0, false
	if b[0] == '-' {
		i, neg = 1, true
	}
	// The value is mantissa · 10^(scale+zeros), where zeros counts digits not
	// yet multiplied in, so that "1.50000000000" keeps a small mantissa.
	var mantissa int64
	scale, zeros, fraction := 0, 0, false
	for ; i < len(b) && b[i] != 'e' && b[i] != 'E'; i++ {
		if b[i] == '.' {
			fraction = true
			continue
		}
		if fraction {
			scale--
		}
		if b[i] == '0' {
			zeros++
			continue
		}
		for ; zeros >= 0; zeros-- {
			if mantissa > math.MaxInt64/10 {
				return 0, errFixed
			}
			mantissa *= 10
		}
		zeros = 0
		mantissa += int64(b[i] - '0')
		if mantissa < 0 {
			return 0, errFixed
		}
	}
	if mantissa == 0 {
		return 0, nil
	}
	if i < len(b) {
		exp, err := strconv.Atoi(string(b[i+1:]))
		if err != nil || exp > 1000 || exp < -1000 {
			return 0, errFixed
		}
		scale += exp
	}
	for n := scale + zeros + decimals; n != 0; n-- {
		if n < 0 || mantissa > math.MaxInt64/10 {
			return 0, errFixed
		}
		mantissa *= 10
	}
	if neg {
		mantissa = -mantissa
	}
	return mantissa, nil
}
