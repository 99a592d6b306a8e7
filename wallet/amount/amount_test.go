package amount

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want int64
		err  error
	}{
		{"0", 0, nil}, {"1", 1e8, nil}, {"1.5", 15e7, nil}, {"0.5", 5e7, nil},
		{"2e-08", 2, nil}, {"1e-8", 1, nil}, {"1E+2", 100e8, nil}, {"0.00000001", 1, nil},
		{"21000000", 21e14, nil}, {"20999999.99999999", 2099999999999999, nil},
		{"1.000000000000", 1e8, nil}, {"0.000000010", 1, nil}, {"0e99", 0, nil}, {"-0", 0, nil},
		{"1e-7", 10, nil}, {"12300e-2", 123e8, nil}, {"0.1e1", 1e8, nil},
		{"21000000.00000001", 0, ErrRange}, {"-1", 0, ErrRange}, {"-0.00000001", 0, ErrRange},
		{"0.000000001", 0, ErrInvalid}, {"1e-9", 0, ErrInvalid}, {"1.123456789", 0, ErrInvalid},
		{"", 0, ErrInvalid}, {".5", 0, ErrInvalid}, {"1.", 0, ErrInvalid}, {"01", 0, ErrInvalid},
		{"+1", 0, ErrInvalid}, {" 1", 0, ErrInvalid}, {"1 ", 0, ErrInvalid}, {"1,5", 0, ErrInvalid},
		{"--1", 0, ErrInvalid}, {"1e", 0, ErrInvalid}, {"1e+", 0, ErrInvalid}, {"e8", 0, ErrInvalid},
		{"1e1e1", 0, ErrInvalid}, {"0x10", 0, ErrInvalid}, {"NaN", 0, ErrInvalid}, {"1e9999", 0, ErrInvalid},
		{"999999999999999999999", 0, ErrInvalid}, {strings.Repeat("9", 200), 0, ErrInvalid}, {"1_0", 0, ErrInvalid},
		{"-", 0, ErrInvalid}, {"1.5.5", 0, ErrInvalid}, {"٣", 0, ErrInvalid},
	}
	for _, tt := range tests {
		if got, err := Parse(tt.text); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("Parse(%q) = %d, %v, want %d, %v", tt.text, got, err, tt.want, tt.err)
		}
	}
	if got, err := ParseFixed("1.234", 3); got != 1234 || err != nil {
		t.Errorf("fee rate: %d, %v", got, err)
	}
}

func TestFormat(t *testing.T) {
	for sat, want := range map[int64][2]string{
		0:             {"0.00000000", "0.00"},
		1:             {"0.00000001", "0.00000001"},
		15e7:          {"1.50000000", "1.50"},
		-226:          {"-0.00000226", "-0.00000226"},
		21e14:         {"21000000.00000000", "21000000.00"},
		123456789:     {"1.23456789", "1.23456789"},
		math.MinInt64: {"-92233720368.54775808", "-92233720368.54775808"},
	} {
		if got := [2]string{Format(sat), Short(sat)}; got != want {
			t.Errorf("%d: %v, want %v", sat, got, want)
		}
	}
}

func TestHolding(t *testing.T) {
	for want, h := range map[string]Holding{
		"0.00 spendable, 150.00 maturing: first in 3 blocks (about 30 s)": {Maturing: 150e8, Blocks: 3, Spacing: 10},
		"0.00 spendable": {},
		"1.50 spendable, 0.10 waiting for a block":                            {Spendable: 15e7, Pending: 1e7},
		"2.00 spendable, 50.00 maturing: first in 1 block":                    {Spendable: 2e8, Maturing: 50e8, Blocks: 1},
		"0.00 spendable, 50.00 maturing: first in 100 blocks (about 17 h)":    {Maturing: 50e8, Blocks: 100, Spacing: 600},
		"0.00 spendable, 50.00 maturing: first in 100 blocks (about 17 min)":  {Maturing: 50e8, Blocks: 100, Spacing: 10},
		"0.00 spendable, 50.00 maturing: first in 1000 blocks (about 7 days)": {Maturing: 50e8, Blocks: 1000, Spacing: 600},
	} {
		if got := h.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// FuzzParse compares with exact rational arithmetic.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.5", "2e-08", "-3", "0.000000001", "1e400", "21000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse(text)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("Parse(%q) = %d, but it is no number", text, got)
		}
		exact.Mul(exact, big.NewRat(1e8, 1))
		if !exact.IsInt() || exact.Num().Cmp(big.NewInt(got)) != 0 {
			t.Fatalf("Parse(%q) = %d, want %v", text, got, exact)
		}
		if back, err := Parse(Format(got)); err != nil || back != got {
			t.Fatalf("%d comes back as %d, %v", got, back, fmt.Sprint(err))
		}
	})
}
