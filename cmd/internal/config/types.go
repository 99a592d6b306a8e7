package config

import (
	"fmt"
	"strings"
	"time"
)

// Duration is written as text with its unit, "90s" or "1h30m". A bare number
// would be nanoseconds to Go and seconds to most people, so it is refused.
type Duration time.Duration

// String is the form in which it is written, without zero minutes and seconds.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Secret is a text that no output shows. Use Reveal where it is needed.
type Secret string

const hidden = "(hidden)"

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format keeps every verb of fmt from showing the text.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText keeps encoders from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Compact is a target in compact form, written as an integer: 0x207fffff.
type Compact int64

func (c Compact) String() string { return fmt.Sprintf("0x%08x", int64(c)) }
